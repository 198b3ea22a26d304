package workflows

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	sb "signalbox"
)

// Doer does the work of attempts on this machine. It is safe for use by several goroutines.
type Doer interface {
	// Open waits until attempts may be taken; the channel closes when none may be taken any more, until Open returns
	// again. Error: only when ctx is done.
	Open(ctx context.Context) (shut <-chan struct{}, err error)
	// Do does the attempt's work and returns when everything it started is gone and its end has been reported: then
	// nil, however the work ended. told says that the report was taken, so that nobody needs to ask any more; it is
	// false when there was nothing to do. When ctx is done, a person wants it to end; it ends the work and returns as always.
	// It is called once for an attempt, unless a person resets the workflow. An error says that the end was not
	// reported. Errors: Unavailable (nothing was begun; another worker may take it), any other (its message is for
	// people and is kept in Temporal).
	Do(ctx context.Context, ref sb.AttemptRef) (told bool, err error)
}

// beatEvery is how often a running activity asks Temporal whether it was cancelled.
const beatEvery = 2 * time.Second

// working is the activity that lets a Doer work.
type working struct {
	doer     Doer
	beat     func(ctx context.Context, token []byte) error
	every    time.Duration
	draining atomic.Bool
}

// Work does an attempt's work. The Doer's context ends only when Temporal says that the activity was cancelled: neither
// an outage of Temporal, nor its time-outs, nor a terminated workflow, nor this worker's own stop end running work.
// Those are for the work's lease, the control plane's sweep and the Doer itself. It tells whether the end was reported.
func (w *working) Work(ctx context.Context, ref sb.AttemptRef) (told bool, err error) {
	if w.draining.Load() {
		return false, plain(sb.Errorf(sb.Unavailable, "the worker shuts down"))
	}
	calm, stop := context.WithCancel(context.WithoutCancel(ctx))
	beats, end := context.WithCancel(context.WithoutCancel(ctx))
	var beating sync.WaitGroup
	beating.Go(func() { w.heartbeat(beats, activity.GetInfo(ctx).TaskToken, stop) })
	defer func() {
		stop()
		end()
		beating.Wait()
	}()
	told, err = w.doer.Do(calm, ref)
	if err == nil {
		return told, nil
	}
	activity.GetLogger(ctx).Warn("the work was not done here", "run_id", ref.Run, "attempt", ref.Attempt, "error", err)
	return false, plain(err)
}

// heartbeat asks Temporal until ctx is done, also while the work is being ended. It asks by the client because the
// activity's own heartbeat would end the work when Temporal does not answer for a moment.
func (w *working) heartbeat(ctx context.Context, token []byte, stop context.CancelFunc) {
	tick := time.NewTicker(w.every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := w.once(ctx, token)
		var (
			canceled *temporal.CanceledError
			closed   *serviceerror.NotFound
		)
		switch {
		case errors.As(err, &canceled):
			stop()
		case errors.As(err, &closed):
			return // Temporal has closed the activity; the work goes on under its lease
		}
	}
}

func (w *working) once(ctx context.Context, token []byte) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	return w.beat(ctx, token)
}
