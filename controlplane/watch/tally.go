package watch

import (
	"context"
	"slices"
	"time"

	sb "signalbox"
)

const (
	tallyEvery = 15 * time.Second
	tallyMost  = 100 // runs whose tasks are counted at once; of more each has its turn
)

// tallyAll counts tasks until ctx is done. It needs nothing that a round does, and holds up none.
func (l *looker) tallyAll(ctx context.Context) {
	tick := time.NewTicker(tallyEvery)
	defer tick.Stop()
	turns := map[sb.AttemptRef]int{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := l.tally(ctx, turns); err != nil && ctx.Err() == nil && sb.CodeOf(err) != sb.Conflict {
			l.log.WithError(err).WithField("orchestrator", l.id).Warn("tasks of runs could not be counted; it is tried again")
		}
	}
}

// tally counts the tasks of runs that tell no progress themselves, those first that had the fewest turns.
func (l *looker) tally(ctx context.Context, turns map[sb.AttemptRef]int) error {
	_, adapter, err := l.adapters.Adapter(ctx, l.id)
	t, can := adapter.(sb.Tallier)
	if err != nil || !can {
		return err
	}
	open, err := l.open(ctx)
	if err != nil {
		return err
	}
	runs := nextTurn(open, turns)
	if len(runs) == 0 {
		return nil
	}
	places := make([]sb.Place, len(runs))
	for i, run := range runs {
		places[i] = placeOf(run)
		turns[run.Ref()]++
	}
	tallies, asked := t.Tally(ctx, places)
	if err := l.keepTallies(ctx, runs, tallies); err != nil {
		return err
	}
	if sb.CodeOf(asked) == sb.Unavailable {
		return nil // the next look tells
	}
	return asked
}

// nextTurn chooses runs whose tasks are counted now, and forgets the turns of those that are not there any more. Who is new
// has had as many as who had the fewest.
func nextTurn(open []sb.Run, turns map[sb.AttemptRef]int) []sb.Run {
	runs := slices.DeleteFunc(slices.Clone(open), func(r sb.Run) bool { return !r.Countable() })
	before := make(map[sb.AttemptRef]int, len(turns))
	least := -1
	for ref, n := range turns {
		before[ref] = n
		if least < 0 || n < least {
			least = n
		}
	}
	clear(turns)
	for _, run := range runs {
		n, known := before[run.Ref()]
		if !known {
			n = max(least, 0)
		}
		turns[run.Ref()] = n
	}
	slices.SortStableFunc(runs, func(a, b sb.Run) int { return turns[a.Ref()] - turns[b.Ref()] })
	return runs[:min(len(runs), tallyMost)]
}

func (l *looker) keepTallies(ctx context.Context, runs []sb.Run, tallies []sb.Tally) error {
	if len(tallies) == 0 {
		return nil
	}
	now, err := l.store.Now(ctx)
	if err != nil {
		return err
	}
	byPlace := make(map[string]sb.Run, len(runs))
	for _, run := range runs {
		byPlace[run.Work.Ref] = run
	}
	var changed []sb.Counted
	for _, t := range tallies {
		if c, is := byPlace[t.Name].Count(t, now); is {
			changed = append(changed, c)
		}
	}
	if len(changed) == 0 {
		return nil
	}
	err = l.store.SetTallies(ctx, l.ref(), changed)
	sb.FaultPoint("tally.kept")
	return err
}
