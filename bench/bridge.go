package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	sb "signalbox"
	"signalbox/adapters/airflow/airflowtest"
	"signalbox/client"
)

// bridged is an installation with many open runs at an orchestrator that it does not own.
type bridged struct {
	*site
	there *there
	ids   []string // of open runs, in no order
}

// What is measured, and what is promised of it.
const (
	visible   = 15 * time.Second // until what changed there shows here
	allTrue   = 60 * time.Second // after a start
	mostAsked = 30               // requests for all that ended meanwhile
	mostRate  = 5.0              // requests a second
)

// bridge opens many runs on one orchestrator, and looks how soon what changes there is known here: as it is, while others
// are sent and stopped, and after the control plane was killed.
func bridge(ctx context.Context, s settings) (section, error) {
	open, changes, others := 1000, 25, 100
	if s.quick {
		open, changes, others = 100, 5, 20
	}
	b, err := opened(ctx, s, open+3*changes, others)
	if err != nil {
		return section{}, err
	}
	defer b.there.Close()
	defer func() { b.stop() }()
	s.say("%d changes there", changes)
	calm, calmRate, err := b.change(ctx, changes)
	if err != nil {
		return section{}, err
	}
	s.say("%d changes there, while %d are sent and %d stopped", changes, others, changes)
	busy, busyRate, err := b.flooded(ctx, changes, others)
	if err != nil {
		return section{}, err
	}
	if err := b.settle(ctx); err != nil {
		return section{}, err
	}
	s.say("killed, and %d ended meanwhile", changes)
	few, fewRate, _, err := b.away(ctx, changes)
	if err != nil {
		return section{}, err
	}
	s.say("killed, and all ended meanwhile")
	many := len(b.ids)
	all, allRate, kinds, err := b.away(ctx, many)
	if err != nil {
		return section{}, err
	}
	return section{
		title: fmt.Sprintf("%d open runs on one Airflow", open),
		text: fmt.Sprintf("`signalbox dev` on SQLite and the stand-in for Airflow 3, with the rates as they are by default. Runs end there at moments of our\n"+
			"choice; visible is when `GET /runs/{id}` says so. The second row is measured while %d runs are sent and %d asked to stop. The\n"+
			"process is killed as by kill -9, runs end there, and it is started: true is when every open run was seen since, and each that\n"+
			"ended there has ended here. Rates are those of the busiest ten seconds, of all requests. Results and logs follow in their share.", others, changes),
		rows: []row{
			atMost("a change there is visible, the slowest", calm.at(1), visible),
			atMost("the same, while runs are sent and stopped", busy.at(1), visible),
			atMost("restart → all are true", few, allTrue),
			atMost(fmt.Sprintf("restart → all are true, %d having ended meanwhile", many), all, allTrue),
			{"requests that tell of those", fmt.Sprintf("≤ %d", mostAsked), fmt.Sprint(looked(kinds)), met(looked(kinds) <= mostAsked)},
			perSecond("requests a second, nothing else going on", calmRate),
			{"requests a second, while runs are sent and stopped", "", fmt.Sprintf("%.1f", busyRate), nil},
			perSecond("requests a second, after a restart", max(fewRate, allRate)),
		},
		details: []table{{"Distribution", []string{"what", "measured"}, [][]string{
			{"a change there → visible", calm.String()},
			{"the same, while runs are sent and stopped", busy.String()},
			{"requests until all that ended meanwhile were true", words(kinds)},
		}}},
	}, nil
}

func perSecond(what string, got float64) row {
	return row{what, fmt.Sprintf("≤ %.0f", mostRate), fmt.Sprintf("%.1f", got), met(got <= mostRate)}
}

// opened has so many runs open there, with room for others.
func opened(ctx context.Context, s settings, n, room int) (*bridged, error) {
	d, err := dev(ctx, s, "dev")
	if err != nil {
		return nil, err
	}
	b := &bridged{site: d, there: standIn(n + room)}
	if err = b.there.register(ctx, d, n+room); err == nil {
		s.say("%d runs are sent there", n)
		err = b.open(ctx, n)
	}
	if err == nil {
		err = b.there.rest(ctx, d)
	}
	if err != nil {
		b.stop()
		b.there.Close()
	}
	return b, err
}

func (b *bridged) open(ctx context.Context, n int) error {
	if err := b.send(ctx, n); err != nil {
		return err
	}
	for {
		runs, err := b.all(ctx, client.RunFilter{Statuses: []sb.Status{sb.Running}})
		if err != nil {
			return err
		}
		if len(runs) == n {
			for _, r := range runs {
				b.ids = append(b.ids, r.ID)
			}
			return nil
		}
		if err := pause(ctx, 500*time.Millisecond); err != nil {
			return fmt.Errorf("%d of %d runs are there: %w", len(runs), n, err)
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// send asks for runs there.
func (b *bridged) send(ctx context.Context, n int) error {
	return each(ctx, n, func(ctx context.Context) error {
		_, err := b.api.Runs.Schedule(ctx, client.Draft{Operator: ok, Orchestrator: elsewhere})
		return err
	})
}

// take takes so many of the open runs.
func (b *bridged) take(n int) (ids []string) {
	ids, b.ids = b.ids[:n], b.ids[n:]
	return ids
}

// end ends a run there, every third one as failed.
func (b *bridged) end(ctx context.Context, i int, id string) error {
	run, err := b.api.Runs.Get(ctx, id)
	if err != nil {
		return err
	}
	b.there.End(airflowtest.Sleep, run.Work.Ref, [...]string{"success", "success", "failed"}[i%3])
	return nil
}

// change ends runs there, one after the other, and tells how long each took to end here, and the rate of requests.
func (b *bridged) change(ctx context.Context, n int) (took times, rate float64, err error) {
	b.there.stretch()
	got := make(times, n)
	group, ctx := errgroup.WithContext(ctx)
	for i, id := range b.take(n) {
		if err := pause(ctx, 1300*time.Millisecond); err != nil {
			return nil, 0, errors.Join(err, group.Wait())
		}
		if err := b.end(ctx, i, id); err != nil {
			return nil, 0, errors.Join(err, group.Wait())
		}
		began := time.Now()
		group.Go(func() error {
			err := b.over(ctx, id)
			got[i] = time.Since(began)
			return err
		})
	}
	err = group.Wait()
	return got, b.there.rate(), err
}

// over waits until a run has ended here.
func (b *bridged) over(ctx context.Context, id string) error {
	for {
		run, err := b.api.Runs.Get(ctx, id)
		if err != nil || run.Status.Terminal() {
			return err
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}

// flooded is change while others are sent and stopped.
func (b *bridged) flooded(ctx context.Context, changes, others int) (took times, rate float64, err error) {
	if err := b.send(ctx, others); err != nil {
		return nil, 0, err
	}
	for _, id := range b.take(changes) {
		if _, err := b.api.Runs.Stop(ctx, id); err != nil {
			return nil, 0, err
		}
	}
	return b.change(ctx, changes)
}

// settle waits until what was sent is there, and what was stopped has ended.
func (b *bridged) settle(ctx context.Context) error {
	for {
		waiting, err := b.all(ctx, client.RunFilter{Statuses: []sb.Status{sb.Scheduled, sb.Queued}})
		if err != nil {
			return err
		}
		work, err := b.api.Orchestrators.Drift(ctx, elsewhere)
		if err != nil {
			return err
		}
		if len(waiting) == 0 && len(work.Ledger.Mismatches) == 0 {
			return nil
		}
		if err := pause(ctx, time.Second); err != nil {
			return fmt.Errorf("%d runs are not there, %d differ: %w", len(waiting), len(work.Ledger.Mismatches), err)
		}
	}
}

// away kills the process, ends runs there, starts it again, and tells how long it took until all was true.
func (b *bridged) away(ctx context.Context, ended int) (took time.Duration, rate float64, kinds map[string]int, err error) {
	ids := b.take(ended)
	var names []string
	for _, id := range ids {
		run, err := b.api.Runs.Get(ctx, id)
		if err != nil {
			return 0, 0, nil, err
		}
		names = append(names, run.Work.Ref)
	}
	_ = b.cmd.Process.Kill()
	<-b.gone
	for _, name := range names {
		b.there.End(airflowtest.Sleep, name, "success")
	}
	b.there.stretch()
	began := time.Now()
	if err := b.start(ctx, "dev"); err != nil {
		return 0, 0, nil, err
	}
	if err := b.allTrue(ctx, began, ids); err != nil {
		return 0, 0, nil, err
	}
	took, kinds = time.Since(began), b.there.kinds()
	return took, b.there.rate(), kinds, nil
}

// allTrue waits until every run that holds a slot there was seen since, and these have ended.
func (b *bridged) allTrue(ctx context.Context, since time.Time, ended []string) error {
	for {
		open, err := b.all(ctx, client.RunFilter{Statuses: []sb.Status{sb.Running}})
		if err != nil {
			return err
		}
		still := map[string]bool{}
		late := 0
		for _, r := range open {
			still[r.ID] = true
			if r.Work.SeenAt == nil || r.Work.SeenAt.Before(since) {
				late++
			}
		}
		for _, id := range ended {
			if still[id] {
				late++
			}
		}
		if late == 0 {
			return nil
		}
		if err := pause(ctx, 200*time.Millisecond); err != nil {
			return fmt.Errorf("%d runs are not true: %w", late, err)
		}
	}
}
