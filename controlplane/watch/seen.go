package watch

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	sb "signalbox"
)

// seen keeps how the open work was found, records ends that are certain, and asks again for ends that are wanted.
func (l *looker) seen(ctx context.Context, adapter sb.Adapter, open []sb.Run, places []sb.Seen) error {
	byName := make(map[string]sb.Run, len(open))
	for _, run := range open {
		byName[run.Work.Ref] = run
	}
	var alive []sb.AttemptRef
	ends, endsCtx := errgroup.WithContext(ctx)
	ends.SetLimit(endsAtOnce)
	reads := outcomesMost
	now, err := l.store.Now(ctx)
	if err != nil {
		return err
	}
	for _, seen := range places {
		run, known := byName[seen.Name]
		if !known {
			continue
		}
		if seen.Sight != sb.SeenGone {
			alive = append(alive, run.Ref())
		}
		before := run.Work.Seen
		if run, err = l.observe(ctx, run, seen, now); err != nil {
			return err
		}
		if before != nil && before.Sight != "" && before.Sight.Over() && !seen.Sight.Over() { // it came back: asked again at once
			l.asked[run.Ref()] = time.Time{}
		}
		if _, certain := run.Settled(now); certain {
			delete(l.asked, run.Ref())
			ask := reads > 0 && untold(run)
			if ask {
				reads--
			}
			ends.Go(func() error { return l.end(endsCtx, adapter, run, ask) })
		} else if run.StopWanted() && !seen.Sight.Over() {
			l.stopAgain(ctx, adapter, run, now)
		}
	}
	if err := ends.Wait(); err != nil {
		return err
	}
	return notRaced(l.store.SeeWorks(ctx, l.w.Ref(), alive))
}

// observe keeps a sighting that tells something new.
func (l *looker) observe(ctx context.Context, run sb.Run, seen sb.Seen, now time.Time) (sb.Run, error) {
	_, events, err := run.Apply(sb.Observed{At: now, Attempt: run.Attempt, Seen: seen})
	if err != nil || len(events) == 0 {
		return run, nil //nolint:nilerr // the run has gone on
	}
	after, err := l.life.Observed(ctx, l.w.Ref(), run.Ref(), seen)
	if sb.CodeOf(err) == sb.Conflict { // it has gone on, or another watches, as keeping will tell
		return run, nil
	}
	return after, err
}

// end records an end that is certain; when asked to, with the outcome as the orchestrator knows it.
func (l *looker) end(ctx context.Context, adapter sb.Adapter, run sb.Run, ask bool) error {
	var found *sb.Outcome
	if ask {
		found = l.found(ctx, adapter, run)
	}
	err := l.life.EndSeen(ctx, l.w.Ref(), run.Ref(), found)
	select {
	case l.collect <- struct{}{}:
	default:
	}
	return notRaced(err)
}

// untold tells whether a run needs to know what its orchestrator knows of its outcome.
func untold(run sb.Run) bool {
	s := run.Work.Seen.Sight
	return run.Work.Reported == nil && !run.Status.Terminal() && !run.StopWanted() && (s == sb.SeenSucceeded || s == sb.SeenFailed)
}

// found asks for the outcome of work that has ended. Without an answer the run ends without, and it is asked for later.
func (l *looker) found(ctx context.Context, adapter sb.Adapter, run sb.Run) *sb.Outcome {
	ctx, cancel := context.WithTimeout(ctx, outcomeTime)
	defer cancel()
	o, err := adapter.Outcome(ctx, placeOf(run))
	if err != nil {
		l.log.WithError(err).WithField("run", run.ID).Warn("the outcome of a run cannot be read where it ran")
		return nil
	}
	if o.Completed != (run.Work.Seen.Sight == sb.SeenSucceeded) {
		return nil // it was cleared in between
	}
	return &o
}

// stopAgain asks once more for the end of work that goes on.
func (l *looker) stopAgain(ctx context.Context, adapter sb.Adapter, run sb.Run, now time.Time) {
	last, asked := l.asked[run.Ref()]
	if !asked && run.Work.EndingAt != nil {
		last = *run.Work.EndingAt // the first request is not ours
	}
	if now.Sub(last) < sb.StopAgain {
		return
	}
	l.asked[run.Ref()] = now
	if err := adapter.Stop(ctx, placeOf(run), why(run)); err != nil && ctx.Err() == nil {
		l.log.WithError(err).WithField("run", run.ID).Warn("the end of a run cannot be asked for where it runs; it is asked again")
	}
}

// strays tells runs that were revived so, and gives those that go on.
func (l *looker) strays(ctx context.Context, found []sb.Stray) []sb.Stray {
	var going []sb.Stray
	for _, stray := range found {
		if !stray.Sight.Over() && len(going) < straysKept {
			going = append(going, stray)
		}
		run, err := l.store.Run(ctx, stray.Of.Run)
		if err != nil || run.Attempt != stray.Of.Attempt || run.Work.State != sb.WorkEnded {
			continue
		}
		if _, err := l.observe(ctx, run, stray.Seen, l.at()); err != nil {
			l.log.WithError(err).WithField("run", run.ID).Warn("a run that was revived could not be told so")
		}
	}
	return going
}

func (l *looker) at() time.Time { return *l.w.PolledAt }

// notRaced forgives that others were faster; whether another watches is told when the watching is kept.
func notRaced(err error) error {
	if sb.CodeOf(err) == sb.Conflict {
		return nil
	}
	return err
}
