package outbound

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	sb "signalbox"
)

// ReadFields reads a JSON object into a struct field by field, so that one fault does not hide the others. where is the
// object's name in the faults, kind that of the orchestrator.
func ReadFields(raw json.RawMessage, into any, where, kind string) []sb.Fault {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return []sb.Fault{{Location: where, Message: "is an object"}}
	}
	var faults []sb.Fault
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		one, _ := json.Marshal(map[string]json.RawMessage{name: fields[name]})
		d := json.NewDecoder(bytes.NewReader(one))
		d.DisallowUnknownFields()
		var wrong *json.UnmarshalTypeError
		switch err := d.Decode(into); {
		case errors.As(err, &wrong):
			faults = append(faults, sb.Fault{Location: where + "." + name, Message: "is of another type: " + wrong.Type.String()})
		case err != nil && strings.HasPrefix(err.Error(), "json: unknown field"):
			faults = append(faults, sb.Fault{Location: where + "." + name, Message: "an orchestrator of kind " + kind + " has no such field"})
		case err != nil:
			faults = append(faults, sb.Fault{Location: where + "." + name, Message: "cannot be read"})
		}
	}
	return faults
}

// ConfigFaults gives the faults of New under the names that they have in an orchestrator's config and secrets.
func ConfigFaults(err error) []sb.Fault {
	var e *sb.Error
	if !errors.As(err, &e) {
		return nil
	}
	faults := slices.Clone(e.Faults)
	for i, f := range faults {
		where := "config."
		if f.Location == "client_key" {
			where = "secrets."
		}
		faults[i].Location = where + f.Location
	}
	return faults
}
