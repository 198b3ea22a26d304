package watch

import (
	"context"
	"fmt"

	sb "signalbox"
)

// Ledger compares what is asserted of an orchestrator's open work with what was last seen there.
func (b *Bridge) Ledger(ctx context.Context, o sb.Orchestrator) (sb.Ledger, error) {
	var ledger sb.Ledger
	var err error
	if ledger.Now, err = b.store.Now(ctx); err != nil {
		return ledger, err
	}
	if ledger.Watch, err = b.store.Watch(ctx, o.ID); err != nil {
		return ledger, err
	}
	open := map[string]bool{}
	for after := ""; ; {
		runs, err := b.store.OpenWork(ctx, o.ID, after, page)
		if err != nil {
			return ledger, err
		}
		for _, run := range runs {
			after, open[run.Work.Ref] = run.ID, true
			ledger.Open++
			ledger.Add(run)
		}
		if len(runs) < page {
			break
		}
	}
	for _, stray := range ledger.Strays {
		if open[stray.Name] {
			continue // it has come to be known meanwhile
		}
		orphan, err := b.orphan(ctx, stray)
		if err != nil {
			return ledger, err
		}
		ledger.Orphans = append(ledger.Orphans, orphan)
	}
	return ledger, nil
}

// Nudge asks whoever watches an orchestrator to look at once.
func (b *Bridge) Nudge(ctx context.Context, o sb.Orchestrator) error { return b.store.Nudge(ctx, o) }

// orphan tells what is known of something of ours that is no open work.
func (b *Bridge) orphan(ctx context.Context, stray sb.Stray) (sb.Orphan, error) {
	o, ref := sb.Orphan{Stray: stray, Known: "no run has this name here"}, stray.Of
	run, err := b.store.Run(ctx, ref.Run)
	switch {
	case sb.CodeOf(err) == sb.NotFound:
		return o, nil
	case err != nil:
		return o, err
	}
	o.Run = run.ID
	o.Known = fmt.Sprintf("attempt %d of a run whose current attempt is %d", ref.Attempt, run.Attempt)
	if run.Attempt == ref.Attempt {
		o.Known = fmt.Sprintf("the run is %s and its work has ended here: it was cleared or revived there", run.Status)
	}
	return o, nil
}
