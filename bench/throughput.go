package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	sb "signalbox"
	"signalbox/client"
)

const callers = 16 // at the same time

// throughput sends the same number of runs and of bare workflows through the same server, in turns.
func throughput(ctx context.Context, s settings) (section, error) {
	d, b, err := both(ctx, s)
	if err != nil {
		return section{}, err
	}
	defer d.stop()
	defer b.close()
	rounds, n := 3, 400
	if s.quick {
		rounds, n = 1, 50
	}
	var ours, theirs []float64
	var details [][]string
	var work, bareWork time.Duration // of processors, whatever else the machine did
	for i := range rounds {
		s.say("round %d of %d", i+1, rounds)
		began := cpu() + d.cpu()
		a, err := oursPerSecond(ctx, d, n)
		if err != nil {
			return section{}, err
		}
		between := cpu() + d.cpu()
		t, err := barePerSecond(ctx, b, n)
		if err != nil {
			return section{}, err
		}
		work, bareWork = work+between-began, bareWork+cpu()+d.cpu()-between
		ours, theirs = append(ours, a), append(theirs, t)
		details = append(details, []string{fmt.Sprint(i + 1), fmt.Sprintf("%.1f", a), fmt.Sprintf("%.1f", t), fmt.Sprintf("%.2f", a/t)})
	}
	a, t := mean(ours), mean(theirs)
	return section{
		title: "Throughput",
		text: fmt.Sprintf("The same process as for latency. %d runs are asked for by %d callers at once; the rate is from the first call to the end of the\n"+
			"last run. Then as many bare workflows, and again. Quota, worker and bare worker allow %d at once.", n, callers, slot),
		rows: []row{
			{"schedule → Completed, against bare", "≥ 0.5 × bare", fmt.Sprintf("%.2f × bare", a/t), met(a >= t/2)},
			{"runs a second", "", fmt.Sprintf("%.1f", a), nil},
			{"bare workflows a second", "", fmt.Sprintf("%.1f", t), nil},
			{"processor time of a run, client included", "", fmt.Sprintf("%s (%.2f × bare)", short(work/time.Duration(rounds*n)), ratio(work, bareWork)), nil},
		},
		details: []table{{"Rounds", []string{"round", "runs/s", "bare/s", "ratio"}, details}},
	}, nil
}

func mean(all []float64) (sum float64) {
	for _, x := range all {
		sum += x
	}
	return sum / float64(len(all))
}

// each calls f so often, by several callers.
func each(ctx context.Context, n int, f func(ctx context.Context) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(callers)
	for range n {
		group.Go(func() error { return f(ctx) })
	}
	return group.Wait()
}

// schedule asks for so many runs that do nothing.
func schedule(ctx context.Context, d *site, n int) error {
	return each(ctx, n, func(ctx context.Context) error {
		_, err := d.api.Runs.Schedule(ctx, client.Draft{Operator: ok})
		return err
	})
}

func oursPerSecond(ctx context.Context, d *site, n int) (float64, error) {
	began := time.Now()
	if err := schedule(ctx, d, n); err != nil {
		return 0, err
	}
	if err := d.calm(ctx); err != nil {
		return 0, err
	}
	last, err := d.api.Runs.List(ctx, client.RunFilter{Sort: sb.SortUpdated, Paging: client.Paging{Limit: 500}})
	if err != nil {
		return 0, err
	}
	end := began
	for _, r := range last.Items {
		if r.EndedAt != nil && r.EndedAt.After(end) {
			end = *r.EndedAt
		}
	}
	return float64(n) / end.Sub(began).Seconds(), nil
}

func barePerSecond(ctx context.Context, b *bare, n int) (float64, error) {
	began := time.Now()
	err := each(ctx, n, func(ctx context.Context) error {
		_, err := b.start(ctx)
		return err
	})
	if err == nil {
		err = b.await(ctx, n)
	}
	return float64(n) / time.Since(began).Seconds(), err
}

const burstQuota = 32

// burst schedules many runs behind one that holds the only slot, looks at their positions, lets them go, and counts.
func burst(ctx context.Context, s settings) (section, error) {
	d, err := dev(ctx, s, "dev", roomy)
	if err != nil {
		return section{}, err
	}
	defer d.stop()
	if err := d.quota(ctx, 1); err != nil {
		return section{}, err
	}
	first, err := d.api.Runs.Schedule(ctx, client.Draft{Operator: hang})
	if err != nil {
		return section{}, err
	}
	s.say("%d runs at once", s.burst)
	began := time.Now()
	if err := schedule(ctx, d, s.burst); err != nil {
		return section{}, err
	}
	scheduled := time.Since(began)
	waiting, err := d.all(ctx, client.RunFilter{Statuses: []sb.Status{sb.Scheduled}, Sort: sb.SortOldest})
	if err != nil {
		return section{}, err
	}
	if err := d.quota(ctx, burstQuota); err != nil {
		return section{}, err
	}
	if _, err := d.api.Runs.Stop(ctx, first.ID); err != nil {
		return section{}, err
	}
	began = time.Now()
	if err := d.calm(ctx); err != nil {
		return section{}, err
	}
	drained := time.Since(began)
	runs, err := d.all(ctx, client.RunFilter{Sort: sb.SortOldest})
	if err != nil {
		return section{}, err
	}
	held, err := d.api.Orchestrators.Work(ctx, "builtin", client.Paging{Limit: 500})
	if err != nil {
		return section{}, err
	}
	runs = slices.DeleteFunc(runs, func(r client.Run) bool { return r.ID == first.ID })
	return burstSection(s.burst, waiting, runs, len(held.Items), scheduled, drained), nil
}

func burstSection(n int, waiting, runs []client.Run, held int, scheduled, drained time.Duration) section {
	completed := 0
	for _, r := range runs {
		if r.Status == sb.Completed {
			completed++
		}
	}
	wrong, overtaken, most := misplaced(waiting), overtakings(runs), mostAtOnce(runs)
	return section{
		title: fmt.Sprintf("%d runs at once", n),
		text: fmt.Sprintf("A run holds the only slot; %d callers ask for the others. Their positions are read, then the quota is raised to %d and the first\n"+
			"run stopped. How many held a slot at once is counted from `queued_at` and `ended_at` of all runs.", callers, burstQuota),
		rows: []row{
			{"completed", fmt.Sprint(n), fmt.Sprint(completed), met(completed == n && len(runs) == n)},
			{"most slots at once", fmt.Sprintf("≤ %d", burstQuota), fmt.Sprint(most), met(most <= burstQuota)},
			{"positions that are not 1, 2, 3 …", "0", fmt.Sprintf("%d of %d", wrong, len(waiting)), met(wrong == 0 && len(waiting) == n)},
			{"admitted out of turn", "0", fmt.Sprint(overtaken), met(overtaken == 0)},
			{"admitted more than once", "", fmt.Sprint(again(runs)), nil},
			{"slots held at the end", "0", fmt.Sprint(held), met(held == 0)},
			{"runs accepted a second", "", fmt.Sprintf("%.0f", float64(n)/scheduled.Seconds()), nil},
			{"runs carried out a second", "", fmt.Sprintf("%.1f", float64(n)/drained.Seconds()), nil},
		},
	}
}

// misplaced counts the runs whose position is not their place in the order of the queue.
func misplaced(waiting []client.Run) (n int) {
	for i, r := range waiting {
		if r.Queue == nil || r.Queue.Position != int64(i+1) {
			n++
		}
	}
	return n
}

// overtakings counts the runs, given in the order of their queue, that were admitted before the one before them. Of a
// run that was admitted again the first time is not known any more.
func overtakings(runs []client.Run) (n int) {
	var last time.Time
	for _, r := range runs {
		if r.QueuedAt == nil || r.Attempt > 1 {
			continue
		}
		if r.QueuedAt.Before(last) {
			n++
		}
		last = *r.QueuedAt
	}
	return n
}

// again counts the runs that were admitted more than once: their work had vanished before it began.
func again(runs []client.Run) (n int) {
	for _, r := range runs {
		if r.Attempt > 1 {
			n++
		}
	}
	return n
}

// mostAtOnce tells how many runs held a slot at once. What ends in the same microsecond makes room first.
func mostAtOnce(runs []client.Run) (most int) {
	type edge struct {
		at   time.Time
		more int
	}
	var edges []edge
	for _, r := range runs {
		if r.QueuedAt != nil && r.EndedAt != nil {
			edges = append(edges, edge{*r.QueuedAt, 1}, edge{*r.EndedAt, -1})
		}
	}
	slices.SortFunc(edges, func(a, b edge) int {
		if c := a.at.Compare(b.at); c != 0 {
			return c
		}
		return a.more - b.more
	})
	held := 0
	for _, e := range edges {
		held += e.more
		most = max(most, held)
	}
	return most
}
