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
	kept, err := r.open(after.ID, sealed, p.Secrets)
	if err != nil {
		return nil, err
	}
	secrets := maps.Clone(kept)
	maps.Copy(secrets, p.Secrets)
	adapter, err := r.build(after, without(secrets))
	if err != nil {
		return nil, err
	}
	return adapter, r.checkMoved(ctx, after.ID, adapter, kept)
}

// checkMoved demands that credentials which stay are sent where they were sent before: whoever may change an address must
// not learn by that what he was never shown. Error: Invalid, with a fault for each that has to be given again.
func (r *Registry) checkMoved(ctx context.Context, id string, after sb.Adapter, kept map[string]json.RawMessage) error {
	if len(kept) == 0 {
		return nil
	}
	var known []string
	_, before, err := r.Adapter(ctx, id)
	switch sb.CodeOf(err) {
	case "":
		known = before.Origins()
	case sb.Invalid: // nothing is known of where they went
	default:
		return err
	}
	added := slices.DeleteFunc(slices.Clone(after.Origins()), func(o string) bool { return slices.Contains(known, o) })
	if len(added) == 0 {
		return nil
	}
	var faults []sb.Fault
	for _, name := range slices.Sorted(maps.Keys(kept)) {
		faults = append(faults, sb.Fault{Location: "secrets." + name, Message: "give it again, or null: it would be sent to " + strings.Join(added, " and ") + ", for which it was not given"})
	}
	return sb.Faulty(faulty, faults...)
}
