// Package runs is the life of a run: scheduling it, what people and workers do with it, and the sweep that notices
// what nobody reports. It is the only code that changes a run's status, always by signalbox.Run.Apply inside one
// transaction of the store.
package runs

import (
	"context"
	"encoding/json"
	"io"

	sb "signalbox"
)

// Check judges what the principal of the facts may do; see controlplane/access.
type Check func(f sb.Facts, a sb.Action) error

// Fill checks params against a JSON Schema and fills in its defaults. Errors: Invalid with every fault.
type Fill func(schema, params json.RawMessage) (json.RawMessage, error)

// Runs is the life of runs for people. Every method checks the right of who calls.
type Runs struct {
	store Store
	check Check
	fill  Fill
	blobs sb.Blobs
}

// New makes the life of runs.
func New(store Store, check Check, fill Fill, blobs sb.Blobs) *Runs {
	return &Runs{store: store, check: check, fill: fill, blobs: blobs}
}

// Run reads a run.
func (r *Runs) Run(ctx context.Context, who sb.Principal, id string) (sb.Run, error) {
	f, err := r.facts(ctx, who, id, sb.ActSeeRun)
	if err != nil {
		return sb.Run{}, err
	}
	return *f.Run, nil
}

// Runs reads a page of runs. The query's viewer must be the caller's.
func (r *Runs) Runs(ctx context.Context, _ sb.Principal, q sb.RunQuery) (sb.Page[sb.Run], error) {
	return r.store.Runs(ctx, q)
}

// Patch changes a run's label and pin; nil stays.
func (r *Runs) Patch(ctx context.Context, who sb.Principal, id string, label *string, pinned *bool) (sb.Run, error) {
	actions := []sb.Action{sb.ActSeeRun}
	if label != nil {
		actions = append(actions, sb.ActRenameRun)
	}
	if pinned != nil {
		actions = append(actions, sb.ActPinRun)
	}
	f, err := r.facts(ctx, who, id, actions...)
	if err != nil || len(actions) == 1 {
		return orNone(f.Run), err
	}
	if label != nil {
		if fault := checkLabel(*label); fault != nil {
			return sb.Run{}, sb.Faulty("the label cannot be used", *fault)
		}
	}
	now, err := r.store.Now(ctx)
	if err != nil {
		return sb.Run{}, err
	}
	var changes []sb.Change
	if label != nil {
		changes = append(changes, sb.Rename{At: now, By: who.Who(), Label: *label})
	}
	if pinned != nil {
		changes = append(changes, sb.Pin{At: now, By: who.Who(), Pinned: *pinned})
	}
	return r.store.Change(ctx, id, applyAll(changes...))
}

// Mark fails a run by a person's word; its work goes on.
func (r *Runs) Mark(ctx context.Context, who sb.Principal, id string) (sb.Run, error) {
	run, err := r.end(ctx, who, id, sb.ActEndRun, func(now stamp) sb.Change { return sb.MarkFailed{At: now, By: who.Who()} })
	sb.FaultPoint("mark.after")
	return run, err
}

// Stop fails a run and asks its work to end.
func (r *Runs) Stop(ctx context.Context, who sb.Principal, id string) (sb.Run, error) {
	run, err := r.end(ctx, who, id, sb.ActEndRun, func(now stamp) sb.Change { return sb.Stop{At: now, By: who.Who()} })
	sb.FaultPoint("stop.after") // nobody has asked the work to end yet
	return run, err
}

// Release ends the work of a run by an admin's word and frees its slot.
func (r *Runs) Release(ctx context.Context, who sb.Principal, id string) (sb.Run, error) {
	f, err := r.facts(ctx, who, id, sb.ActSeeRun, sb.ActAdminister)
	if err != nil {
		return sb.Run{}, err
	}
	run := *f.Run
	if !run.Slot {
		return sb.Run{}, sb.Errorf(sb.Conflict, "run %s holds no slot", id)
	}
	end := sb.End{WorkerLost: true, Reason: "Released by " + who.Name + ", who says that its work has ended."}
	run, err = r.end(ctx, who, id, sb.ActAdminister, func(now stamp) sb.Change {
		return sb.EndWork{At: now, Attempt: f.Run.Attempt, By: who.Who(), End: end}
	})
	sb.FaultPoint("release.after")
	return run, err
}

// Scrubbed notes that text was blanked out in a run's log.
func (r *Runs) Scrubbed(ctx context.Context, who sb.Principal, id string, places int) error {
	_, err := r.end(ctx, who, id, sb.ActAdminister, func(now stamp) sb.Change { return sb.Scrubbed{At: now, By: who.Who(), Places: places} })
	return err
}

func (r *Runs) end(ctx context.Context, who sb.Principal, id string, a sb.Action, change func(stamp) sb.Change) (sb.Run, error) {
	if err := r.may(ctx, who, id, a); err != nil {
		return sb.Run{}, err
	}
	now, err := r.store.Now(ctx)
	if err != nil {
		return sb.Run{}, err
	}
	return r.store.Change(ctx, id, applyAll(change(now)))
}

// Events reads a run's timeline, oldest first.
func (r *Runs) Events(ctx context.Context, who sb.Principal, id string, after int64, limit int) ([]sb.Event, error) {
	if err := r.may(ctx, who, id, sb.ActSeeRun); err != nil {
		return nil, err
	}
	return r.store.Events(ctx, id, after, limit)
}

// MayHear tells whether someone may hear of a run now.
func (r *Runs) MayHear(ctx context.Context, who sb.Principal, id string) bool {
	return r.may(ctx, who, id, sb.ActSeeRun) == nil
}

// Result reads a run's result, also when it lies in the blob store.
func (r *Runs) Result(ctx context.Context, run sb.Run) (json.RawMessage, error) {
	if run.ResultKey == "" {
		return run.Result, nil
	}
	body, err := r.blobs.Get(ctx, run.ResultKey, 0, -1)
	if err != nil {
		return nil, sb.Wrap(err, sb.Unavailable, "the result of run %s cannot be read now; try again", run.ID)
	}
	defer body.Close()
	return io.ReadAll(io.LimitReader(body, maxResult+1))
}

// may checks a right on a run; an unknown run and an invisible one give the same answer.
func (r *Runs) may(ctx context.Context, who sb.Principal, id string, a sb.Action) error {
	_, err := r.facts(ctx, who, id, sb.ActSeeRun, a)
	return err
}

// facts reads the facts about a run once and checks rights by them, the right to see it first.
func (r *Runs) facts(ctx context.Context, who sb.Principal, id string, actions ...sb.Action) (sb.Facts, error) {
	f, err := r.store.Facts(ctx, sb.Ask{PrincipalID: who.ID, Run: id})
	if err != nil {
		return f, err
	}
	for _, a := range actions {
		if err := r.check(f, a); err != nil {
			return sb.Facts{}, err
		}
	}
	return f, nil
}

func orNone(run *sb.Run) sb.Run {
	if run == nil {
		return sb.Run{}
	}
	return *run
}

// applyAll makes a change function that applies changes one after the other.
func applyAll(changes ...sb.Change) sb.ChangeFunc {
	return func(run sb.Run) (sb.Run, []sb.Event, error) {
		var all []sb.Event
		for _, c := range changes {
			after, events, err := run.Apply(c)
			if err != nil {
				return run, nil, err
			}
			run, all = after, append(all, events...)
		}
		return run, all, nil
	}
}
