package main

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	sb "signalbox"
	"signalbox/client"
)

const (
	ok   = "@signalbox/dummy/ok"
	hang = "@signalbox/dummy/hang"
	slot = 64 // quota, and what a worker does at once, where the quota shall not hold anything
)

var roomy = "SIGNALBOX_WORKER_CONCURRENCY=" + strconv.Itoa(slot)

// both starts a process with everything and a bare worker beside it, both warm.
func both(ctx context.Context, s settings) (*site, *bare, error) {
	d, err := dev(ctx, s, "dev", roomy)
	if err != nil {
		return nil, nil, err
	}
	b, err := newBare(d.temporal, slot)
	if err == nil {
		err = warm(ctx, d, b)
	}
	if err != nil {
		d.stop()
		return nil, nil, err
	}
	return d, b, nil
}

func warm(ctx context.Context, d *site, b *bare) error {
	if err := d.quota(ctx, slot); err != nil {
		return err
	}
	const runs = 20
	for range runs {
		if _, err := d.api.Runs.Schedule(ctx, client.Draft{Operator: ok}); err != nil {
			return err
		}
		if _, err := b.start(ctx); err != nil {
			return err
		}
	}
	if err := b.await(ctx, runs); err != nil {
		return err
	}
	return d.calm(ctx)
}

func latency(ctx context.Context, s settings) (section, error) {
	d, b, err := both(ctx, s)
	if err != nil {
		return section{}, err
	}
	defer d.stop()
	defer b.close()
	n := 600
	if s.quick {
		n = 60
	}
	s.say("%d runs at 20 a second", n)
	accepted, queued, err := steady(ctx, d, n)
	if err != nil {
		return section{}, err
	}
	s.say("%d runs and bare workflows in turns", s.pairs)
	ours, theirs, steps, err := inTurns(ctx, d, b, s.pairs)
	if err != nil {
		return section{}, err
	}
	started, most := ours.p50(), 2*theirs.p50()+20*time.Millisecond
	return section{
		title: "Latency",
		text: "`signalbox dev` with its embedded Temporal server, SQLite and the dummy executor, warm, quota free. First runs are asked for at\n" +
			"20 a second, whatever has been answered. Then a run and a bare workflow begin in turns, each 100 ms after the other. Bare counts\n" +
			"from the client's call to the first line of its activity; ours from the run's `scheduled_at` to its `started_at`.",
		rows: []row{
			atMost("`POST /runs` at 20 requests/s, p50", accepted.p50(), 5*time.Millisecond),
			atMost("`POST /runs` at 20 requests/s, p99", accepted.p99(), 25*time.Millisecond),
			atMost("Scheduled → Queued with quota free, p50", queued.p50(), 10*time.Millisecond),
			atMost("accepted → work started, p50", started, 60*time.Millisecond),
			{"the same, against bare", "≤ 2 × bare + 20 ms = " + short(most), fmt.Sprintf("%s (%.2f × bare)", short(started), ratio(started, theirs.p50())), met(started <= most)},
			{"bare: call → activity started, p50", "", short(theirs.p50()), nil},
		},
		details: []table{{"Distribution", []string{"what", "measured"}, [][]string{
			{"`POST /runs`", accepted.String()},
			{"Scheduled → Queued", queued.String()},
			{"accepted → work started", ours.String()},
			{"bare: call → activity started", theirs.String()},
		}}, steps},
	}, nil
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(max(b, 1)) }

// steady asks for runs at a steady rate, and gives how long the answers took, and how long the runs waited for a slot.
func steady(ctx context.Context, d *site, n int) (accepted, queued times, err error) {
	var (
		calls sync.WaitGroup
		mu    sync.Mutex
		fault error
		ids   = map[string]bool{}
	)
	tick := time.NewTicker(d.rate)
	defer tick.Stop()
	for range n {
		<-tick.C
		calls.Go(func() {
			began := time.Now()
			run, err := d.api.Runs.Schedule(ctx, client.Draft{Operator: ok})
			took := time.Since(began)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				fault = err
				return
			}
			accepted, ids[run.ID] = append(accepted, took), true
		})
	}
	calls.Wait()
	if fault != nil {
		return nil, nil, fault
	}
	if err := d.calm(ctx); err != nil {
		return nil, nil, err
	}
	runs, err := d.all(ctx, client.RunFilter{})
	for _, r := range runs {
		if ids[r.ID] {
			queued = append(queued, r.QueuedAt.Sub(r.ScheduledAt))
		}
	}
	return accepted, queued, err
}

// inTurns starts runs and bare workflows one after the other, and tells how long each took to begin its work.
func inTurns(ctx context.Context, d *site, b *bare, n int) (ours, theirs times, steps table, err error) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	var ids []string
	calls := map[string]time.Time{}
	for range n {
		<-tick.C
		run, err := d.api.Runs.Schedule(ctx, client.Draft{Operator: ok})
		if err != nil {
			return nil, nil, steps, err
		}
		ids = append(ids, run.ID)
		<-tick.C
		began := time.Now()
		id, err := b.start(ctx)
		if err != nil {
			return nil, nil, steps, err
		}
		calls[id] = began
	}
	if err := b.await(ctx, n); err != nil {
		return nil, nil, steps, err
	}
	if err := d.calm(ctx); err != nil {
		return nil, nil, steps, err
	}
	for id, began := range calls {
		at, _ := b.began.Load(id)
		theirs = append(theirs, at.(time.Time).Sub(began))
	}
	ours, steps, err = stepsOf(ctx, d, ids)
	return ours, theirs, steps, err
}

// stepsOf reads the timelines of runs: how long after its acceptance each met which event.
func stepsOf(ctx context.Context, d *site, ids []string) (started times, steps table, err error) {
	kinds := []sb.EventKind{sb.EventQueued, sb.EventDispatched, sb.EventClaimed, sb.EventStarted, sb.EventWorkEnded, sb.EventCompleted}
	found := map[sb.EventKind]times{}
	for _, id := range ids {
		page, err := d.api.Runs.Events(ctx, id, client.Paging{Limit: 50})
		if err != nil {
			return nil, steps, err
		}
		for _, e := range page.Items {
			found[e.Kind] = append(found[e.Kind], e.At.Sub(page.Items[0].At))
		}
	}
	steps = table{title: "A run's way, since it was accepted", head: []string{"event", "p50", "p99"}}
	for _, kind := range kinds {
		if t := found[kind]; len(t) > 0 {
			steps.rows = append(steps.rows, []string{string(kind), short(t.p50()), short(t.p99())})
		}
	}
	return found[sb.EventStarted], steps, nil
}
