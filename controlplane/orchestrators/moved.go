package orchestrators

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	sb "signalbox"
)

// afterwards makes the adapter that an orchestrator would have; nil when nothing changes it.
func (r *Registry) afterwards(ctx context.Context, after sb.Orchestrator, sealed map[string][]byte, p sb.OrchestratorPatch) (sb.Adapter, error) {
	if !reaches(p) {
		if p.Routes == nil {
			return nil, nil
		}
		_, adapter, err := r.Adapter(ctx, after.ID)
		if sb.CodeOf(err) == sb.Invalid { // said when it was saved; routes may change nevertheless
			err = nil
		}
		return adapter, err
	}
	kept, err := r.unseal(after.ID, sealed, p.Secrets)
	if err != nil {
		return nil, err
	}
	secrets := maps.Clone(kept)
	maps.Copy(secrets, p.Secrets)
	adapter, err := r.build(after, without(secrets))
	if err != nil {
		return nil, err
	}
	return adapter, r.checkMoved(ctx, after, adapter, kept)
}

// checkMoved compares where an orchestrator is with where it would be. Errors: those of checkKept and checkOpen.
func (r *Registry) checkMoved(ctx context.Context, o sb.Orchestrator, after sb.Adapter, kept map[string]json.RawMessage) error {
	_, before, err := r.Adapter(ctx, o.ID)
	switch sb.CodeOf(err) {
	case "":
	case sb.Invalid: // nothing is known of where it was
		return checkKept(nil, after.Origins(), kept)
	default:
		return err
	}
	if err := checkKept(before.Origins(), after.Origins(), kept); err != nil || before.Home() == after.Home() {
		return err
	}
	return r.checkOpen(ctx, o, after)
}

// checkKept demands that credentials which stay are sent where they were sent before: whoever may change an address must
// not learn by that what he was never shown. Error: Invalid, with a fault for each that has to be given again.
func checkKept(known, origins []string, kept map[string]json.RawMessage) error {
	added := slices.DeleteFunc(slices.Clone(origins), func(o string) bool { return slices.Contains(known, o) })
	if len(added) == 0 || len(kept) == 0 {
		return nil
	}
	var faults []sb.Fault
	for _, name := range slices.Sorted(maps.Keys(kept)) {
		faults = append(faults, sb.Fault{Location: "secrets." + name, Message: "give it again, or null: it would be sent to " + strings.Join(added, " and ") + ", for which it was not given"})
	}
	return sb.Faulty(faulty, faults...)
}

// checkOpen demands that what is open at an orchestrator is also where that moves to: else it would count as deleted. Error:
// Conflict.
func (r *Registry) checkOpen(ctx context.Context, o sb.Orchestrator, moved sb.Adapter) error {
	open, err := r.open(ctx, o.ID)
	if err != nil || len(open) == 0 {
		return err
	}
	installation, err := r.store.Installation(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, faultsTime)
	defer cancel()
	const advice = "; end or release them first, or register another orchestrator"
	view, err := moved.Look(ctx, open, installation, "")
	if err != nil {
		return sb.Errorf(sb.Conflict, "whether the runs that are open at %s are at %s, it does not tell: %s"+advice, o.Name, moved.Home(), sb.MessageOf(err))
	}
	gone := 0
	for _, seen := range view.Places {
		if seen.Sight == sb.SeenGone {
			gone++
		}
	}
	if gone > 0 {
		return sb.Errorf(sb.Conflict, "runs that are open at %s and that %s does not have: %d of %d"+advice, o.Name, moved.Home(), gone, len(open))
	}
	return nil
}

// open lists what has arrived at an orchestrator and has not ended.
func (r *Registry) open(ctx context.Context, id string) (places []sb.Place, err error) {
	for after := ""; ; {
		runs, err := r.store.OpenWork(ctx, id, after, page)
		if err != nil {
			return nil, err
		}
		for _, run := range runs {
			if after = run.ID; run.Work.Ref != "" && run.Work.State != sb.WorkSubmitting {
				places = append(places, sb.Place{Target: run.Target, Name: run.Work.Ref, URL: run.Work.URL})
			}
		}
		if len(runs) < page {
			return places, nil
		}
	}
}
