package workflows

import (
	"context"
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
	drain    func()
}

// Control makes the worker of the control plane: the run workflow, and its questions to the settler. The same client
// starts the workflows, so that their first task comes with the answer to the start.
func Control(c *Client, s Settler) *Worker {
	return &Worker{
		client:  c,
		queue:   ControlQueue,
		options: worker.Options{WorkerStopTimeout: controlStop},
		register: func(r worker.Registry) {
			r.RegisterWorkflowWithOptions(RunWorkflow, workflow.RegisterOptions{Name: runName})
			r.RegisterActivityWithOptions(settling{s}.Settle, activity.RegisterOptions{Name: settleName})
		},
		drain: func() {},
	}
}

// Pool makes a worker of an orchestrator's pool that lets the doer work on so many attempts at once.
//
// When its Run is told to stop it takes nothing more, hands back what comes in that moment, and waits until the doer is
// done with the rest, for however long that takes: how long running work may go on is the doer's to decide, which has
// to be told to drain at the same time.
func Pool(c *Client, orchestrator, pool string, concurrency int, d Doer) *Worker {
	w := &working{doer: d, every: beatEvery, beat: func(ctx context.Context, token []byte) error {
		return c.sdk.RecordActivityHeartbeat(ctx, token)
	}}
	return &Worker{
		client: c,
		queue:  PoolQueue(orchestrator, pool),
		options: worker.Options{
			MaxConcurrentActivityExecutionSize: concurrency,
			DisableWorkflowWorker:              true,
			WorkerStopTimeout:                  forever,
		},
		register: func(r worker.Registry) {
			r.RegisterActivityWithOptions(w.Work, activity.RegisterOptions{Name: workName})
		},
		drain: func() { w.draining.Store(true) },
	}
}

// Run takes tasks until ctx is done, then ends what it has begun and returns nil. While Temporal cannot be reached it
// tries again, at most every half minute.
func (w *Worker) Run(ctx context.Context) error {
	for wait := 250 * time.Millisecond; ; wait = min(2*wait, 30*time.Second) {
		began := time.Now()
		err := w.serve(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if time.Since(began) > time.Minute {
			wait = 250 * time.Millisecond
		}
		w.client.log.WithError(err).WithField("queue", w.queue).Warn("cannot take tasks from Temporal; trying again")
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// serve runs one worker of the SDK until ctx is done or the worker gives up.
func (w *Worker) serve(ctx context.Context) error {
	if err := w.reachable(ctx); err != nil {
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
	var err error
	select {
	case <-ctx.Done():
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
