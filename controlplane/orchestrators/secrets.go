package orchestrators

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	sb "signalbox"
)

// seal makes credentials ready for the database; null, which takes one away, becomes nil.
func (r *Registry) seal(id string, secrets map[string]json.RawMessage) (map[string][]byte, error) {
	sealed := make(map[string][]byte, len(secrets))
	for name, value := range secrets {
		if isNull(value) {
			sealed[name] = nil
			continue
		}
		box, err := r.keys.Seal(value, tie(id, name))
		if err != nil {
			return nil, err
		}
		sealed[name] = box
	}
	return sealed, nil
}

// open reads an orchestrator's credentials, but for those that are about to be replaced.
func (r *Registry) open(ctx context.Context, id string, but map[string]json.RawMessage) (map[string]json.RawMessage, error) {
	sealed, err := r.store.OrchestratorSecrets(ctx, id)
	if err != nil {
		return nil, err
	}
	secrets := make(map[string]json.RawMessage, len(sealed))
	for name, box := range sealed {
		if _, replaced := but[name]; replaced {
			continue
		}
		plain, err := r.keys.Open(box, tie(id, name))
		if err != nil {
			return nil, sb.Wrap(err, sb.Invalid, "the server's keyset does not open the credential %s; an admin must enter it again", name)
		}
		secrets[name] = plain
	}
	return secrets, nil
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

// tie names the place of a credential.
func tie(id, name string) []byte { return []byte("orchestrator " + id + " " + name) }

func isNull(value json.RawMessage) bool {
	text := strings.TrimSpace(string(value))
	return text == "" || text == "null"
}

// without leaves out what is null.
func without(secrets map[string]json.RawMessage) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	for name, value := range secrets {
		if !isNull(value) {
			out[name] = value
		}
	}
	return out
}
