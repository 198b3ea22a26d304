package workflows

import (
	"errors"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	sb "signalbox"
)

// The names that histories know the workflow and its activities by; they never change.
const (
	runName    = "Run"
	workName   = "Work"
	settleName = "Settle"
)

// ControlQueue is the task queue of the run workflow and of what it asks the control plane.
const ControlQueue = "signalbox-control"

// Times of the run workflow.
const (
	forever     = 10 * 365 * 24 * time.Hour // the run's own timeout decides; Temporal wants a number
	settleFirst = 10 * time.Second          // between two questions whether the work has ended
	settleMost  = time.Minute
	noteStop    = 30 * time.Second // then the worker is asked to end the work, noted or not
	silence     = 30 * time.Second // without a heartbeat: then it is asked whether a worker holds the work at all
)

// PoolQueue is the task queue of a pool's workers. The colon, which neither name can hold, keeps pool c of a-b apart
// from pool b-c of a.
func PoolQueue(orchestrator, pool string) string { return "signalbox-" + orchestrator + ":" + pool }

// Input is all that a run workflow is told.
type Input struct {
	Run          string `json:"run_id"`
	Attempt      int    `json:"attempt"`
	Orchestrator string `json:"orchestrator"`
	Pool         string `json:"pool"`
	Outside      bool   `json:"outside,omitempty"` // the orchestrator is one that we do not own; Pool is then what it is sent to
	Seen         *How   `json:"seen,omitempty"`    // goes on from an earlier history: what was seen there
}

// RunWorkflow carries one attempt: it sends the work to its pool and does not end before the work's end is recorded.
// Temporal's own time-outs never end a run; whether the work has ended is for the Settler to say.
func RunWorkflow(ctx workflow.Context, in Input) error {
	r := &carried{in: in, ref: sb.AttemptRef{Run: in.Run, Attempt: in.Attempt}}
	r.quiet, _ = workflow.NewDisconnectedContext(ctx)
	if in.Outside {
		return r.outside(ctx)
	}
	if in.Seen == nil {
		how, told := r.work(ctx)
		if told { // the end is recorded: a question to the Settler would only cost time
			r.say(sayRecorded)
			return ctx.Err()
		}
		r.in.Seen = &how
	}
	return r.settle(ctx)
}

// carried is an attempt on its way.
type carried struct {
	in      Input
	ref     sb.AttemptRef
	quiet   workflow.Context // goes on after a cancel
	stopped bool             // a stop was noted
}

// work has the work done on the pool, and tells what was seen of it, and whether its end is recorded.
func (r *carried) work(ctx workflow.Context) (how How, told bool) {
	if ctx.Err() != nil {
		r.say(sayUnsent)
		return How{Sign: Cancelled}, false
	}
	r.say(saySent(r.in))
	there, cancel := workflow.WithCancel(r.quiet)
	there = workflow.WithActivityOptions(there, workflow.ActivityOptions{
		TaskQueue:           PoolQueue(r.in.Orchestrator, r.in.Pool),
		StartToCloseTimeout: forever,
		HeartbeatTimeout:    silence,
		WaitForCancellation: true,
		RetryPolicy:         &temporal.RetryPolicy{MaximumAttempts: 1},
		Summary:             "the work, on pool " + r.in.Pool,
	})
	done := workflow.ExecuteActivity(there, workName, r.ref)
	r.orStop(ctx, done)
	if r.stopped {
		cancel()
	}
	err := done.Get(r.quiet, &told)
	return howOf(err), told
}

// orStop waits for the future; a cancel that comes before is noted, once, and ends the wait.
func (r *carried) orStop(ctx workflow.Context, f workflow.Future) {
	if r.stopped {
		_ = f.Get(r.quiet, nil) // a timer: only a cancel could fail it
		return
	}
	stop := false
	workflow.NewSelector(r.quiet).
		AddFuture(f, func(workflow.Future) {}).
		AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) { stop = true }).
		Select(r.quiet)
	if !stop {
		return
	}
	r.stopped = true
	r.say(sayStopping)
	if _, err := r.ask(How{Sign: Stopping}, noteStop); err != nil {
		workflow.GetLogger(r.quiet).Warn("the stop was not noted in time", "error", err)
	}
}

// settle asks until the work has ended. It asks for days if it must: long histories go on in a new one.
func (r *carried) settle(ctx workflow.Context) error {
	for asked, wait := 1, settleFirst; ; asked, wait = asked+1, min(2*wait, settleMost) {
		done, err := r.ask(*r.in.Seen, 0)
		if err != nil {
			return err
		}
		if done {
			r.say(sayRecorded)
			return ctx.Err()
		}
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			return workflow.NewContinueAsNewError(r.quiet, runName, r.in)
		}
		r.say(sayWaiting(*r.in.Seen, asked, wait))
		r.orStop(ctx, workflow.NewTimer(r.quiet, wait))
	}
}

// ask asks the Settler, again after errors: for ever, or within the time given.
func (r *carried) ask(how How, within time.Duration) (done bool, err error) {
	ctx := workflow.WithActivityOptions(r.quiet, workflow.ActivityOptions{
		TaskQueue:              ControlQueue,
		StartToCloseTimeout:    30 * time.Second,
		ScheduleToCloseTimeout: within,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: 500 * time.Millisecond, MaximumInterval: 30 * time.Second},
		Summary:                "has it ended? " + string(how.Sign),
	})
	err = workflow.ExecuteActivity(ctx, settleName, r.ref, how).Get(ctx, &done)
	return done, err
}

func (r *carried) say(text string) { workflow.SetCurrentDetails(r.quiet, text) }

// howOf tells from the activity's result what was seen of the work.
func howOf(err error) How {
	var (
		canceled *temporal.CanceledError
		timeout  *temporal.TimeoutError
		failed   *temporal.ApplicationError
		panicked *temporal.PanicError
	)
	switch {
	case err == nil:
		return How{Sign: Returned}
	case errors.As(err, &canceled):
		return How{Sign: Cancelled}
	case errors.As(err, &timeout) && timeout.TimeoutType() == enumspb.TIMEOUT_TYPE_HEARTBEAT:
		return How{Sign: Silent}
	case errors.As(err, &failed) && failed.Type() == string(sb.Unavailable):
		return How{Sign: HandedBack, Reason: failed.Message()}
	case errors.As(err, &failed):
		return How{Sign: Broke, Reason: failed.Message()}
	case errors.As(err, &panicked):
		return How{Sign: Broke, Reason: "the worker met a fault of its own"}
	}
	return How{Sign: Broke, Reason: "Temporal ended it"}
}
