package airflow

import (
	"context"

	sb "signalbox"
)

var _ sb.Tallier = (*Adapter)(nil)

// tallyRuns is how many runs one list of tasks is asked for.
const tallyRuns = 50

// Tally counts the tasks of many runs. Too many tasks for one answer are asked for with fewer runs at once; a run that has too
// many alone is left out. See sb.Tallier.
func (a *Adapter) Tally(ctx context.Context, at []sb.Place) ([]sb.Tally, error) {
	var all []sb.Tally
	for size := tallyRuns; len(at) > 0; {
		some := at[:min(size, len(at))]
		counted, err := a.count(ctx, some)
		switch {
		case sb.CodeOf(err) == sb.TooLarge && len(some) > 1:
			size = max(len(some)/4, 1)
			continue
		case err != nil && sb.CodeOf(err) != sb.TooLarge:
			return all, err
		}
		all, at = append(all, counted...), at[len(some):]
	}
	return all, nil
}

// count is Tally in one list.
func (a *Adapter) count(ctx context.Context, at []sb.Place) ([]sb.Tally, error) {
	tasks, total, err := a.list(ctx, at)
	if err == nil && total > len(tasks) {
		err = sb.Errorf(sb.TooLarge, "there are %d task instances", total)
	}
	if err != nil {
		return nil, err
	}
	counts := map[key]sb.Tally{}
	for _, t := range tasks {
		k := key{t.DAG, t.Run}
		n := counts[k]
		if n.All++; taskSight(t.word()).Over() {
			n.Over++
		}
		counts[k] = n
	}
	var all []sb.Tally
	for _, p := range at {
		if n, known := counts[keyOf(p)]; known {
			n.Place = p
			all = append(all, n)
		}
	}
	return all, nil
}
