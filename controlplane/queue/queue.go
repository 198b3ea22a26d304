// Package queue admits Scheduled runs: it gives each orchestrator's free slots to the first in its queue, says who
// stands where, and why. Commits wake it; a sweep finds what a wake-up missed.
package queue

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/sirupsen/logrus"

	sb "signalbox"
)

const (
	sweepEvery = 2 * time.Second
	poolGone   = 60 * time.Second // a pool without a worker for so long is not sent anything
)

// Check judges what the principal of the facts may do; see controlplane/access.
type Check func(f sb.Facts, a sb.Action) error

// Notes gives the notes that follow from now on.
type Notes interface {
	Notes(ctx context.Context) <-chan sb.Note
}

// Metrics counts what admission does.
type Metrics interface {
	Admitted(orchestrator string, waited time.Duration)
	Rejected(orchestrator string)
}

// Queue admits runs. Any number of replicas may admit; the store's lock keeps the quota.
type Queue struct {
	store   Store
	notes   Notes
	check   Check
	metrics Metrics
	log     *logrus.Entry
}

// New makes the queue.
func New(store Store, notes Notes, check Check, metrics Metrics, log *logrus.Entry) *Queue {
	return &Queue{store: store, notes: notes, check: check, metrics: metrics, log: log}
}

// Run admits until ctx is done.
func (q *Queue) Run(ctx context.Context) error {
	notes := q.notes.Notes(ctx)
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	q.admitAll(ctx)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			q.admitAll(ctx)
		case n, ok := <-notes:
			if !ok {
				return nil
			}
			q.admitSome(ctx, woken(notes, n))
		}
	}
}

// woken drains the notes that wait, so that a burst of them is one round of admission.
func woken(notes <-chan sb.Note, first sb.Note) map[string]bool {
	ids := map[string]bool{}
	for n, ok := first, true; ; {
		if ok && n.Topic == sb.TopicQueue {
			ids[n.ID] = true
		}
		select {
		case n, ok = <-notes:
			if !ok {
				return ids
			}
		default:
			return ids
		}
	}
}

func (q *Queue) admitAll(ctx context.Context) { q.admitSome(ctx, nil) }

// admitSome admits on the orchestrators with these ids; nil is all.
func (q *Queue) admitSome(ctx context.Context, ids map[string]bool) {
	if ids != nil && len(ids) == 0 {
		return
	}
	all, err := q.store.Orchestrators(ctx)
	q.warn(ctx, err, "")
	for _, o := range all {
		if o.Enabled && (ids == nil || ids[o.ID]) {
			q.warn(ctx, q.admit(ctx, o), o.Name)
		}
	}
}

func (q *Queue) warn(ctx context.Context, err error, orchestrator string) {
	if err != nil && ctx.Err() == nil {
		q.log.WithError(err).WithField("orchestrator", orchestrator).Warn("admission failed; it is tried again")
	}
}

func (q *Queue) admit(ctx context.Context, o sb.Orchestrator) error {
	targets, err := q.open(ctx, o)
	if err != nil {
		return err
	}
	for {
		waited := map[string]time.Duration{}
		a, err := q.store.Admit(ctx, o.ID, targets, func(c sb.Candidate) sb.Change {
			waited[c.Run.ID] = c.Now.Sub(c.Run.ScheduledAt)
			return q.judge(c)
		})
		if err != nil {
			return err
		}
		if len(a.Admitted) > 0 {
			sb.FaultPoint("admit.after")
		}
		for _, id := range a.Admitted {
			q.metrics.Admitted(o.Name, waited[id])
		}
		for range a.Rejected {
			q.metrics.Rejected(o.Name)
		}
		if !a.More {
			return nil
		}
	}
}

// judge looks again at what was true when the run was scheduled.
func (q *Queue) judge(c sb.Candidate) sb.Change {
	if c.Run.DatasetID != "" && c.Facts.Dataset == nil {
		return sb.Reject{At: c.Now, Reason: "Its dataset was deleted before it could start."}
	}
	if err := q.check(c.Facts, sb.ActSchedule); err != nil {
		return sb.Reject{At: c.Now, Reason: "Not allowed any more when its turn came: " + err.Error() + "."}
	}
	return sb.Admit{At: c.Now}
}

// open tells to which targets of an orchestrator runs may go: pools that a worker serves; elsewhere all that are not known
// to start nothing. Runs for others stay Scheduled; those behind them pass.
func (q *Queue) open(ctx context.Context, o sb.Orchestrator) (sb.Targets, error) {
	if o.Kind != sb.Builtin {
		w, err := q.store.Watch(ctx, o.ID)
		return sb.Targets{Not: slices.Collect(maps.Keys(w.Blocked))}, err
	}
	seen, err := q.store.Pools(ctx, o.ID)
	if err != nil {
		return sb.Targets{}, err
	}
	now, err := q.store.Now(ctx)
	if err != nil {
		return sb.Targets{}, err
	}
	pools := []string{}
	for pool, at := range seen {
		if !quiet(at, now) {
			pools = append(pools, pool)
		}
	}
	return sb.Targets{Only: pools}, nil
}
