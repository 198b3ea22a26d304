package watch

import (
	"context"
	"maps"
	"slices"
	"time"

	sb "signalbox"
)

const (
	collectEvery = 5 * time.Second
	collectMost  = 50             // logs in one turn
	unaskedMost  = 24 * time.Hour // how long a log is waited for while where it lies cannot be asked
)

// collectAll collects logs that are due until ctx is done: whenever an end was recorded, and every few seconds those that
// were late.
func (l *looker) collectAll(ctx context.Context) {
	tick := time.NewTicker(collectEvery)
	defer tick.Stop()
	for {
		if err := l.collectDue(ctx); err != nil && ctx.Err() == nil && sb.CodeOf(err) != sb.Conflict {
			l.log.WithError(err).WithField("orchestrator", l.id).Warn("logs could not be collected; it is tried again")
		}
		select {
		case <-ctx.Done():
			return
		case <-l.collect:
		case <-tick.C:
		}
	}
}

// collectDue collects some of the logs that are due: each has its turn, however many others are waited for.
func (l *looker) collectDue(ctx context.Context) error {
	due, err := l.store.LogsDue(ctx, l.id, l.turn, collectMost)
	if l.turn = (sb.AttemptRef{}); len(due) == collectMost {
		l.turn = due[collectMost-1].AttemptRef
	}
	if err != nil || len(due) == 0 {
		return err
	}
	o, adapter, err := l.adapters.Adapter(ctx, l.id)
	if err != nil {
		return err
	}
	for _, d := range due {
		if err := l.collectOne(ctx, o, adapter, d); err != nil {
			return err
		}
	}
	return nil
}

// collectOne collects the log of an attempt, but for what its processes sent themselves, and its outcome if that is still to
// be read. What is not there yet is waited for.
func (l *looker) collectOne(ctx context.Context, o sb.Orchestrator, adapter sb.Adapter, d sb.DueLog) error {
	now, err := l.store.Now(ctx)
	if err != nil {
		return err
	}
	told, err := l.foundLate(ctx, adapter, d)
	if err != nil {
		return err
	}
	c, err := l.collection(ctx, o, adapter, d, now)
	if err != nil {
		return err
	}
	switch err := c.all(ctx); {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		c.wrong = append(c.wrong, wrong{err: err})
	}
	if c.waits() || !told && now.Before(d.Until) {
		return nil
	}
	for _, p := range slices.Collect(maps.Keys(l.taken)) {
		if p.AttemptRef == d.AttemptRef {
			delete(l.taken, p)
		}
	}
	return l.store.LogDone(ctx, l.ref(), d.AttemptRef, c.missing())
}

// foundLate reads an outcome for which there was no time at the end. It tells whether there is no more to be asked.
func (l *looker) foundLate(ctx context.Context, adapter sb.Adapter, d sb.DueLog) (told bool, err error) {
	if !d.Untold {
		return true, nil
	}
	o, err := adapter.Outcome(ctx, d.Place)
	if err != nil || o.Completed != (d.Sight == sb.SeenSucceeded) {
		return sb.CodeOf(err) == sb.NotFound, nil // it is asked for again as long as the log is waited for
	}
	err = notRaced(l.life.FoundLate(ctx, l.ref(), d.AttemptRef, o))
	if sb.CodeOf(err) == sb.Invalid {
		l.log.WithError(err).WithField("run", d.Run).Warn("the outcome of a run can never be kept")
		err = nil
	}
	return err == nil, err
}

func (l *looker) ref() sb.WatchRef { return sb.WatchRef{OrchestratorID: l.id, Epoch: l.epoch} }
