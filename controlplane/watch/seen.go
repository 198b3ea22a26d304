package watch

import (
	"context"
	"time"

	sb "signalbox"
)

// seen keeps how the open work was found, records ends that are certain, and asks again for ends that are wanted. What is
// asked there about single runs has little time, so that the next look is not late; what was not told by then is told later.
func (l *looker) seen(ctx context.Context, adapter sb.Adapter, open []sb.Run, places []sb.Seen) error {
	now, err := l.store.Now(ctx)
	if err != nil {
		return err
	}
	byName := make(map[string]sb.Run, len(open))
	for _, run := range open {
		byName[run.Work.Ref] = run
	}
	var alive []sb.AttemptRef
	s := l.newSteps(ctx, adapter, now)
	defer s.done()
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
			l.asked.set(run.Ref(), time.Time{})
		}
		s.take(run, seen.Sight)
	}
	if err := s.wait(); err != nil {
		return err
	}
	return notRaced(l.store.SeeWorks(ctx, l.ref(), alive))
}

// observe keeps a sighting that tells something new.
func (l *looker) observe(ctx context.Context, run sb.Run, seen sb.Seen, now time.Time) (sb.Run, error) {
	_, events, err := run.Apply(sb.Observed{At: now, Attempt: run.Attempt, Seen: seen})
	if err != nil || len(events) == 0 {
		return run, nil //nolint:nilerr // the run has gone on
	}
	after, err := l.life.Observed(ctx, l.ref(), run.Ref(), seen)
	if sb.CodeOf(err) == sb.Conflict { // it has gone on, or another watches, as keeping will tell
		return run, nil
	}
	return after, err
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
