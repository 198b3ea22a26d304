package workflows

import (
	"context"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	sb "signalbox"
)

// controlStop is how long a stopping Control worker waits for the questions it is asking.
const controlStop = 10 * time.Second

// Worker takes tasks of one queue.
type Worker struct {
	client   *Client
	queue    string
	options  worker.Options
	register func(worker.Registry)
	// open waits until tasks may be taken; the channel closes when none may be taken any more.
	open  func(context.Context) (shut <-chan struct{}, err error)
	drain func()
	rest  sync.WaitGroup // what ends with the tasks it has begun, and takes no more
}

// Control makes the worker of the control plane: the workflows, and their questions to the settler and the bridge. The same client
// starts the workflows, so that their first task comes with the answer to the start. Before it takes tasks it registers
// the search attributes of runs, where that is allowed.
func Control(c *Client, s Settler, b Bridge) *Worker {
	return &Worker{
		client:  c,
		queue:   ControlQueue,
		options: worker.Options{WorkerStopTimeout: controlStop},
		register: func(r worker.Registry) {
			r.RegisterWorkflowWithOptions(RunWorkflow, workflow.RegisterOptions{Name: runName})
			r.RegisterWorkflowWithOptions(WatchWorkflow, workflow.RegisterOptions{Name: watchName})
			r.RegisterActivityWithOptions(settling{s}.Settle, activity.RegisterOptions{Name: settleName})
			there := bridging{b}
			r.RegisterActivityWithOptions(there.Submit, activity.RegisterOptions{Name: submitName})
			r.RegisterActivityWithOptions(there.Stop, activity.RegisterOptions{Name: stopName})
			r.RegisterActivityWithOptions(there.Ended, activity.RegisterOptions{Name: endedName})
			r.RegisterActivityWithOptions(there.Look, activity.RegisterOptions{Name: lookName})
			r.RegisterActivityWithOptions(there.LookAtSource, activity.RegisterOptions{Name: lookSourceName})
		},
		open: func(ctx context.Context) (<-chan struct{}, error) {
			_, _ = c.hasAttributes(ctx) // each start asks again until there was an answer
			return nil, ctx.Err()
		},
		drain: func() {},
	}
}

// Pool makes a worker of an orchestrator's pool that lets the doer work on so many attempts at once.
//
// It takes attempts only while the doer is open. When its Run is told to stop it takes nothing more, hands back what comes in that moment, and waits until the doer is
// done with the rest, for however long that takes: how long running work may go on is the doer's to decide, which has
// to be told to drain at the same time.
func Pool(c *Client, orchestrator, pool string, concurrency int, d Doer) (*Worker, error) {
	tuner, err := worker.NewFixedSizeTuner(worker.FixedSizeTunerOptions{
		NumActivitySlots: concurrency, NumWorkflowSlots: 2, NumLocalActivitySlots: 1, NumNexusSlots: 1,
	})
	if err != nil {
		return nil, sb.Wrap(err, sb.Invalid, "a worker cannot work on %d attempts at once", concurrency)
	}
	w := &working{doer: d, every: beatEvery, beat: func(ctx context.Context, token []byte) error {
		return c.sdk.RecordActivityHeartbeat(ctx, token)
	}}
	return &Worker{
		client: c,
		queue:  PoolQueue(orchestrator, pool),
		options: worker.Options{
			Tuner:                 tuner, // shared with what ends after the doer was shut, so that concurrency holds over all
			DisableWorkflowWorker: true,
			WorkerStopTimeout:     forever,
		},
		register: func(r worker.Registry) {
			r.RegisterActivityWithOptions(w.Work, activity.RegisterOptions{Name: workName})
		},
		open:  d.Open,
		drain: func() { w.draining.Store(true) },
	}, nil
}

// Run takes tasks until ctx is done, then ends what it has begun and returns nil. While Temporal cannot be reached it
// tries again, at most every half minute.
func (w *Worker) Run(ctx context.Context) error {
	defer w.rest.Wait()
	for wait := 250 * time.Millisecond; ; wait = min(2*wait, 30*time.Second) {
		began := time.Now()
		err := w.serve(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err == nil || time.Since(began) > time.Minute {
			wait = 250 * time.Millisecond
		}
		if err == nil {
			continue
		}
		w.client.log.WithError(err).WithField("queue", w.queue).Warn("cannot take tasks from Temporal; trying again")
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// serve runs one worker of the SDK until ctx is done, no task may be taken any more (nil), or the worker gives up.
func (w *Worker) serve(ctx context.Context) error {
	if err := w.reachable(ctx); err != nil {
		return err
	}
	shut, err := w.open(ctx)
	if err != nil {
		return err
	}
	gaveUp := make(chan error, 1)
	options := w.options
	options.OnFatalError = func(err error) { gaveUp <- err }
	options.DisableRegistrationAliasing = true
	sdk := worker.New(w.client.sdk, w.queue, options)
	w.register(sdk)
	if err := sdk.Start(); err != nil {
		return w.client.unavailable(err)
	}
	select {
	case <-ctx.Done():
	case <-shut:
		w.rest.Go(sdk.Stop) // what runs goes on, perhaps for hours
		return nil
	case err = <-gaveUp:
	}
	if err == nil {
		w.drain()
	}
	sdk.Stop()
	return err
}

// reachable asks before the worker starts, because a start cannot be interrupted.
func (w *Worker) reachable(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	if _, err := w.client.sdk.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		return sb.Wrap(err, sb.Unavailable, "Temporal at %s cannot be reached", w.client.options.Address)
	}
	return nil
}
