package api

import (
	"context"
	"maps"
	"slices"
	"time"

	sb "signalbox"
)

// OpenWork is a page of the runs that hold a slot of an orchestrator, with what is seen there.
type OpenWork struct {
	List[RunItem]
	Ledger Null[Ledger] `json:"ledger" doc:"Null for a builtin orchestrator, whose workers tell by themselves."`
}

// Ledger compares what an orchestrator was asked to do with what was last seen there.
type Ledger struct {
	PolledAt     *time.Time `json:"polled_at" doc:"When the last look that succeeded began."`
	LagSeconds   *float64   `json:"lag_seconds" doc:"How old that picture is."`
	TookSeconds  float64    `json:"took_seconds"`
	Calls        int        `json:"calls" doc:"Requests of that look."`
	NextAt       *time.Time `json:"next_at"`
	Failures     int        `json:"failures" doc:"Looks that failed since."`
	FailingSince *time.Time `json:"failing_since"`
	Trouble      string     `json:"trouble" doc:"Why the last of them failed."`
	Version      string     `json:"version" doc:"Of the orchestrator, as it says."`
	Open         int        `json:"open" doc:"Runs that hold a slot."`
	Blocked      []Blocked  `json:"blocked"`
	Mismatches   []Drift    `json:"mismatches"`
	Lost         []Drift    `json:"lost" doc:"Not there any more."`
	Orphans      []Orphan   `json:"orphans" doc:"There under our names, and no open work here."`
}

// Blocked is a target that would start nothing now; what is routed there waits.
type Blocked struct {
	Target string `json:"target"`
	Why    string `json:"why"`
}

// Drift is a run whose work differs from what is seen there.
type Drift struct {
	RunID    string       `json:"run_id"`
	Attempt  int          `json:"attempt"`
	Ref      string       `json:"ref"`
	URL      string       `json:"url"`
	Asserted sb.WorkState `json:"asserted"`
	Observed sb.Sight     `json:"observed" doc:"Empty for not seen yet."`
	Word     string       `json:"word" doc:"The orchestrator's own."`
	Since    *time.Time   `json:"since"`
	Why      string       `json:"why"`
}

// Orphan is something of ours there that is no open work.
type Orphan struct {
	Ref      string   `json:"ref"`
	URL      string   `json:"url"`
	Observed sb.Sight `json:"observed"`
	Word     string   `json:"word"`
	RunID    *string  `json:"run_id"`
	Known    string   `json:"known" doc:"What is known of it, in words."`
}

func (h orchestrators) work(ctx context.Context, in *placeInput) (*answer[OpenWork], error) {
	o, err := h.orchestrators.Orchestrator(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	found, err := h.orchestrators.OpenWork(ctx, o.ID, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	page := sb.Page[sb.Run]{Items: found}
	if len(found) > 0 && len(found) == in.Limit {
		page.Next = found[len(found)-1].ID
	}
	out := OpenWork{List: listOf(page, func(r sb.Run) RunItem { return runItemOf(r, nil) }).Body}
	if o.Kind != sb.Builtin {
		ledger, err := h.bridge.Ledger(ctx, o)
		if err != nil {
			return nil, err
		}
		out.Ledger = maybe(ledgerOf(ledger))
	}
	return answerOf(out), nil
}

func (h orchestrators) reconcile(ctx context.Context, in *ByName) (*none, error) {
	o, err := h.orchestrators.Orchestrator(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	if o.Kind == sb.Builtin {
		return nil, sb.Errorf(sb.Invalid, "the builtin orchestrator is not looked at; its workers tell by themselves")
	}
	return nil, h.bridge.Nudge(ctx, o)
}

func ledgerOf(l sb.Ledger) *Ledger {
	out := &Ledger{
		PolledAt: momentOf(l.PolledAt), TookSeconds: l.Took.Seconds(), Calls: l.Calls, NextAt: momentOf(l.NextAt),
		Failures: l.Failures, FailingSince: momentOf(l.FailingSince), Trouble: l.Trouble, Version: l.Version, Open: l.Open,
		Blocked: []Blocked{}, Mismatches: driftsOf(l.Mismatches), Lost: driftsOf(l.Lost), Orphans: []Orphan{},
	}
	if l.PolledAt != nil {
		lag := l.Now.Sub(*l.PolledAt).Seconds()
		out.LagSeconds = &lag
	}
	for _, target := range slices.Sorted(maps.Keys(l.Blocked)) {
		out.Blocked = append(out.Blocked, Blocked{target, l.Blocked[target]})
	}
	for _, o := range l.Orphans {
		out.Orphans = append(out.Orphans, Orphan{o.Name, o.URL, o.Sight, o.Word, textOf(o.Run), o.Known})
	}
	return out
}

func driftsOf(list []sb.Drift) []Drift {
	out := make([]Drift, 0, len(list))
	for _, d := range list {
		drift := Drift{
			RunID: d.Run, Attempt: d.Attempt, Ref: d.Place.Name, URL: d.URL, Asserted: d.Asserted, Observed: d.Observed, Word: d.Word, Why: d.Why,
		}
		if !d.Since.IsZero() {
			drift.Since = momentOf(&d.Since)
		}
		out = append(out, drift)
	}
	return out
}
