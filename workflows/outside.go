package workflows

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	sb "signalbox"
)

// Bridge reaches orchestrators that we do not own. It is safe for use by several goroutines. An error is tried again, for
// ever, so it says that it may help to ask again.
type Bridge interface {
	// Submit sends an attempt there, once, however often it is asked, or tells that its work has ended: also when it may not
	// be sent any more and never was.
	Submit(ctx context.Context, ref sb.AttemptRef) (ended bool, err error)
	// Stop notes that a person wants an attempt to end, unless it knows already, and asks for that there. It tells whether
	// the work has ended by that, as it does when nothing was sent.
	Stop(ctx context.Context, ref sb.AttemptRef) (ended bool, err error)
	// Ended tells whether an attempt's work has ended.
	Ended(ctx context.Context, ref sb.AttemptRef) (bool, error)
	// Watch looks at an orchestrator again and again until ctx is done, or for a good while. It tells whether the
	// orchestrator is gone, so that nobody needs to look any more.
	Watch(ctx context.Context, orchestratorID string) (gone bool, err error)
	// WatchSource does the same for a database of FiftyOne.
	WatchSource(ctx context.Context, sourceID string) (gone bool, err error)
}

// The names that histories know the parts by; they never change.
const (
	submitName  = "Submit"
	stopName    = "Stop"
	endedName   = "Ended"
	endedSignal = "ended"
)

// Sent is what is seen of an attempt that its orchestrator has.
const Sent Sign = "sent"

const (
	askFirst   = 10 * time.Minute // should the word that the work has ended get lost
	askMost    = time.Hour
	submitTime = 2 * time.Minute // for one try
)

// outside carries an attempt to an orchestrator that we do not own, and waits for the word that its work has ended.
func (r *carried) outside(ctx workflow.Context) error {
	if r.in.Seen == nil {
		if ended := r.submit(ctx); ended {
			r.say(sayRecorded)
			return ctx.Err()
		}
		r.in.Seen = &How{Sign: Sent}
	}
	return r.await(ctx)
}

// submit sends the attempt there. A cancel that comes before is noted, so that a next try is refused.
func (r *carried) submit(ctx workflow.Context) (ended bool) {
	r.say(saySubmitting(r.in))
	sent := r.bridge(submitName)
	stop := false
	workflow.NewSelector(r.quiet).
		AddFuture(sent, func(workflow.Future) {}).
		AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) { stop = true }).
		Select(r.quiet)
	if stop && r.stop() {
		return true
	}
	if err := sent.Get(r.quiet, &ended); err != nil {
		workflow.GetLogger(r.quiet).Error("an attempt was not sent", "error", err) // only if somebody fails the activity by hand
	}
	return ended
}

// stop asks there for the end, and tells whether the work has ended by that.
func (r *carried) stop() (ended bool) {
	r.stopped = true
	r.say(sayStoppingThere)
	if err := r.bridge(stopName).Get(r.quiet, &ended); err != nil {
		workflow.GetLogger(r.quiet).Error("the end was not asked for there", "error", err)
	}
	return ended
}

// await waits until the work has ended: who watches the orchestrator tells. Should that get lost, it asks after a while.
func (r *carried) await(ctx workflow.Context) error {
	word := workflow.GetSignalChannel(r.quiet, endedSignal)
	for wait := askFirst; ; wait = min(2*wait, askMost) {
		r.say(sayThere(r.in, r.stopped))
		timer, cancel := workflow.WithCancel(r.quiet)
		due := workflow.NewTimer(timer, wait)
		told, stop := false, false
		s := workflow.NewSelector(r.quiet).
			AddReceive(word, func(c workflow.ReceiveChannel, _ bool) { c.Receive(r.quiet, nil); told = true }).
			AddFuture(due, func(workflow.Future) {})
		if !r.stopped {
			s.AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) { stop = true })
		}
		s.Select(r.quiet)
		cancel()
		switch {
		case told:
		case stop:
			told = r.stop()
		default:
			if err := r.bridge(endedName).Get(r.quiet, &told); err != nil {
				return err
			}
		}
		if told {
			r.say(sayRecorded)
			return ctx.Err()
		}
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			return workflow.NewContinueAsNewError(r.quiet, runName, r.in)
		}
	}
}

// bridge asks the control plane to do something there, until it is done.
func (r *carried) bridge(name string) workflow.Future {
	ctx := workflow.WithActivityOptions(r.quiet, workflow.ActivityOptions{
		TaskQueue:           ControlQueue,
		StartToCloseTimeout: submitTime,
		HeartbeatTimeout:    lookQuiet, // a server that dies at it must not cost the whole time
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, MaximumInterval: 30 * time.Second},
		Summary:             name + " at " + r.in.Orchestrator,
	})
	return workflow.ExecuteActivity(ctx, name, r.ref)
}

// bridging are the activities that ask a Bridge.
type bridging struct{ bridge Bridge }

// Submit sends an attempt to its orchestrator.
func (b bridging) Submit(ctx context.Context, ref sb.AttemptRef) (bool, error) {
	return told(ctx, ref, b.bridge.Submit)
}

// Stop asks for the end of an attempt there.
func (b bridging) Stop(ctx context.Context, ref sb.AttemptRef) (bool, error) {
	return told(ctx, ref, b.bridge.Stop)
}

// Ended tells whether an attempt's work has ended.
func (b bridging) Ended(ctx context.Context, ref sb.AttemptRef) (bool, error) {
	return told(ctx, ref, b.bridge.Ended)
}

func told(ctx context.Context, ref sb.AttemptRef, ask func(context.Context, sb.AttemptRef) (bool, error)) (bool, error) {
	ctx, cancel := context.WithCancel(ctx)
	var alive sync.WaitGroup
	alive.Go(func() { sayAlive(ctx, cancel) })
	ended, err := ask(ctx, ref)
	cancel()
	alive.Wait()
	switch sb.CodeOf(err) {
	case "":
		return ended, nil
	case sb.NotFound: // there is no such run
		return true, nil
	default:
		activity.GetLogger(ctx).Warn("an orchestrator could not be asked; it is asked again", "run_id", ref.Run, "attempt", ref.Attempt, "error", err)
		return false, plain(err)
	}
}

// Settled tells the attempt's workflow that its work has ended. It may be repeated; a workflow that is closed or was never
// there is fine. Errors: Unavailable.
func (c *Client) Settled(ctx context.Context, ref sb.AttemptRef) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	err := c.sdk.SignalWorkflow(ctx, ref.Name(), "", endedSignal, nil)
	var missing *serviceerror.NotFound
	if err == nil || errors.As(err, &missing) {
		return nil
	}
	return c.unavailable(err)
}
