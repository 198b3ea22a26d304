package runs

import (
	"context"
	"time"

	"github.com/sirupsen/logrus"

	sb "signalbox"
)

const (
	sweepEvery    = 2 * time.Second
	sweepPage     = 500
	stopConfirmed = 5 * time.Minute // then a stop that is not confirmed says so
)

// Sweep notices what nobody reports: leases that are not renewed, time-outs, stops that are not confirmed. Any number
// of replicas may sweep.
type Sweep struct {
	store Store
	fence time.Duration
	log   *logrus.Entry
}

// NewSweep makes the sweep; fence is how long a lease may go unrenewed before its work counts as lost.
func NewSweep(store Store, fence time.Duration, log *logrus.Entry) *Sweep {
	return &Sweep{store: store, fence: fence, log: log}
}

// Run sweeps until ctx is done. The fence counts only while this process was up and could have heard a sign of life.
func (s *Sweep) Run(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	var w watch
	for {
		now, err := s.store.Now(ctx)
		if err == nil {
			err = s.Once(ctx, now, w.since(now))
		}
		if err == nil {
			err = s.store.ForgetLent(ctx)
		}
		if err == nil {
			now, err = s.store.Now(ctx)
		}
		if err == nil {
			w.rest(now)
		} else if ctx.Err() == nil {
			s.log.WithError(err).Warn("the sweep of open runs failed; it goes on")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// watch tells since when signs of life could have been heard: since the first sweep without a long gap before it, in
// which the process slept or had no database. A sweep itself may take long: meanwhile they are heard.
type watch struct{ up, last time.Time }

// since tells it at the beginning of a sweep.
func (w *watch) since(now time.Time) time.Time {
	if now.Sub(w.last) > sb.UnseenAfter {
		w.up = now
	}
	return w.up
}

// rest notes that a sweep has succeeded.
func (w *watch) rest(now time.Time) { w.last = now }

// Once looks at all runs that hold a slot. up is since when somebody could have heard a sign of life.
func (s *Sweep) Once(ctx context.Context, now, up time.Time) error {
	for after := ""; ; {
		held, err := s.store.Held(ctx, after, sweepPage)
		if err != nil {
			return err
		}
		for _, run := range held {
			after = run.ID
			if due(run, now, up, s.fence) == nil {
				continue
			}
			_, err := s.store.Change(ctx, run.ID, s.sweep(now, up))
			switch sb.CodeOf(err) {
			case "", sb.Conflict:
			case sb.Unavailable:
				return err
			default: // the others are swept nevertheless
				s.log.WithError(err).WithField("run", run.ID).Warn("an open run cannot be swept")
			}
		}
		if len(held) < sweepPage {
			return nil
		}
	}
}

// sweep decides again on the run as it is in the transaction.
func (s *Sweep) sweep(now, up time.Time) sb.ChangeFunc {
	return func(run sb.Run) (sb.Run, []sb.Event, error) {
		c := due(run, now, up, s.fence)
		if c == nil {
			return run, nil, nil
		}
		return run.Apply(c)
	}
}

// due tells what time has done to a run that holds a slot; nil for nothing. up is since when somebody could have
// heard a sign of life.
func due(run sb.Run, now, up time.Time, fence time.Duration) sb.Change {
	w := run.Work
	silent := now.Sub(latest(w.SeenAt, up))
	switch {
	case !w.Taken(), run.Outside(): // there only the orchestrator's word ends work
	case silent > fence:
		return sb.EndWork{At: now, Attempt: run.Attempt, End: sb.End{
			WorkerLost: true, Reason: "No sign of life from " + w.Taker() + " for " + fence.String() + ".",
		}}
	case silent > sb.UnseenAfter && w.State != sb.WorkUnknown:
		return sb.Unseen{At: now}
	}
	switch {
	case run.StopWanted():
		if since(w.EndingAt, now) > stopConfirmed && !w.EndingTold {
			return sb.StopWaits{At: now}
		}
	case run.StartedAt != nil && run.Timeout > 0 && since(run.StartedAt, now) > run.Timeout,
		run.Status == sb.Queued && run.StartWithin > 0 && since(run.QueuedAt, now) > run.StartWithin:
		return sb.TimeOut{At: now}
	}
	return nil
}

func latest(t *time.Time, up time.Time) time.Time {
	if t == nil || t.Before(up) {
		return up
	}
	return *t
}
