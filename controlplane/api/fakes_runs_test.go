package api

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	sb "signalbox"
	"signalbox/controlplane/access"
)

// --- runs

func (w *world) put(r sb.Run) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r.Work.State == "" {
		r.Work.State = sb.WorkNone
	}
	w.runs[r.ID] = r
	w.tell(sb.Note{Topic: sb.TopicRun, ID: r.ID})
}

// tell sends a note to all who listen. The caller holds the lock.
func (w *world) tell(n sb.Note) {
	for _, c := range w.notes {
		c <- n
	}
}

func (w *world) Notes(ctx context.Context) <-chan sb.Note {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := make(chan sb.Note, 64)
	w.notes = append(w.notes, c)
	w.heard <- struct{}{}
	context.AfterFunc(ctx, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.notes = slices.DeleteFunc(w.notes, func(o chan sb.Note) bool { return o == c })
	})
	return c
}

func (w *world) Schedule(ctx context.Context, who sb.Principal, d sb.Draft) (sb.Run, error) {
	f, err := w.Facts(ctx, sb.Ask{PrincipalID: who.ID, Dataset: d.Dataset, Operator: d.Operator})
	if err != nil {
		return sb.Run{}, err
	}
	if d.Dataset != "" && f.Dataset == nil {
		return sb.Run{}, access.NoDataset()
	}
	if err := access.Check(f, sb.ActSchedule); err != nil {
		return sb.Run{}, err
	}
	r := sb.Run{
		ID: fmt.Sprintf("r%d", len(w.runs)+1), Operator: d.Operator, Plugin: f.Plugin.Name, Status: sb.Scheduled, Label: d.Label,
		Orchestrator: "builtin", OrchestratorID: "o1", CreatedBy: who.Who(), ScheduledAt: day, UpdatedAt: day, Params: d.Params,
		InputsSchema: f.Operator.Command.Inputs, Priority: d.Priority,
	}
	if r.Params == nil {
		r.Params = json.RawMessage("{}")
	}
	if f.Dataset != nil {
		r.Dataset, r.DatasetID = f.Dataset.Name, f.Dataset.ID
	}
	w.put(r)
	return r, nil
}

func (w *world) Run(ctx context.Context, who sb.Principal, id string) (sb.Run, error) {
	return w.may(ctx, who, id, sb.ActSeeRun)
}

func (w *world) may(ctx context.Context, who sb.Principal, id string, a sb.Action) (sb.Run, error) {
	f, err := w.Facts(ctx, sb.Ask{PrincipalID: who.ID, Run: id})
	if err != nil {
		return sb.Run{}, err
	}
	if err := access.Check(f, a); err != nil {
		return sb.Run{}, err
	}
	return *f.Run, nil
}

func (w *world) Runs(_ context.Context, _ sb.Principal, q sb.RunQuery) (sb.Page[sb.Run], error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var page sb.Page[sb.Run]
	for _, r := range w.runs {
		fits := func(asked, has string) bool { return asked == "" || asked == has }
		if fits(q.UserID, r.CreatedBy.ID) && fits(q.DatasetID, r.DatasetID) && fits(q.Operator, r.Operator) {
			page.Items = append(page.Items, r)
		}
	}
	return page, nil
}

func (w *world) Patch(ctx context.Context, who sb.Principal, id string, label *string, pinned *bool) (sb.Run, error) {
	r, err := w.may(ctx, who, id, sb.ActRenameRun)
	if err != nil {
		return r, err
	}
	set(&r.Label, label)
	set(&r.Pinned, pinned)
	w.put(r)
	return r, nil
}

func (w *world) Rerun(ctx context.Context, who sb.Principal, id string, params json.RawMessage, key string) (sb.Run, error) {
	r, err := w.may(ctx, who, id, sb.ActSeeRun)
	if err != nil {
		return r, err
	}
	if params == nil {
		params = r.Params
	}
	again, err := w.Schedule(ctx, who, sb.Draft{Operator: r.Operator, Dataset: r.DatasetID, Params: params, IdempotencyKey: key})
	again.RerunOf = id
	return again, err
}

func (w *world) change(ctx context.Context, who sb.Principal, id string, c sb.Change) (sb.Run, error) {
	r, err := w.may(ctx, who, id, sb.ActEndRun)
	if err != nil {
		return r, err
	}
	r, _, err = r.Apply(c)
	if err == nil {
		w.put(r)
	}
	return r, err
}

func (w *world) Mark(ctx context.Context, who sb.Principal, id string) (sb.Run, error) {
	return w.change(ctx, who, id, sb.MarkFailed{At: day, By: who.Who()})
}

func (w *world) Stop(ctx context.Context, who sb.Principal, id string) (sb.Run, error) {
	return w.change(ctx, who, id, sb.Stop{At: day, By: who.Who()})
}

func (w *world) Scrubbed(context.Context, sb.Principal, string, int) error { return nil }

func (w *world) Release(ctx context.Context, who sb.Principal, id string) (sb.Run, error) {
	return w.may(ctx, who, id, sb.ActSeeRun)
}

func (w *world) Events(ctx context.Context, who sb.Principal, id string, after int64, limit int) ([]sb.Event, error) {
	if _, err := w.may(ctx, who, id, sb.ActSeeRun); err != nil {
		return nil, err
	}
	var out []sb.Event
	for _, e := range w.events {
		if e.RunID == id && e.Seq > after && len(out) < limit {
			out = append(out, e)
		}
	}
	return out, nil
}

func (w *world) MayHear(ctx context.Context, who sb.Principal, id string) bool {
	_, err := w.may(ctx, who, id, sb.ActSeeRun)
	return err == nil
}

func (w *world) Result(context.Context, sb.Run) (json.RawMessage, error) {
	return json.RawMessage(`{"large":true}`), nil
}
