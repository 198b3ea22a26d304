package orchestrators

import (
	"encoding/json"
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

// unseal opens an orchestrator's credentials, but for those that are about to be replaced.
func (r *Registry) unseal(id string, sealed map[string][]byte, but map[string]json.RawMessage) (map[string]json.RawMessage, error) {
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
