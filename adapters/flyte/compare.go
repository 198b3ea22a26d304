package flyte

import (
	"encoding/json"
	"strings"

	sb "signalbox"
)

// compare lists what would not be accepted of a route's mapping: names that the interface does not have, fixed values of
// another type, and inputs that must be given and are not. What comes from a run is known only then.
func compare(r sb.Route, inputs map[string]parameter) []sb.Fault {
	mapped, whole := readInputs(r.Inputs)
	var faults []sb.Fault
	for _, name := range sorted(mapped) {
		p, has := inputs[name]
		var err error
		switch {
		case !has:
			err = misfit("is no input of " + targetName(r.Target))
		case p.fixed, !variable(mapped[name]):
			_, err = p.literal(mapped[name])
		}
		if err != nil {
			faults = append(faults, sb.Fault{Location: "inputs." + name, Message: err.Error(), Value: mapped[name]})
		}
	}
	for _, name := range sorted(inputs) {
		_, given := mapped[name]
		if inputs[name].required && !given && !whole && name != inputRun && name != inputAttempt {
			faults = append(faults, sb.Fault{Location: "inputs." + name, Message: "must be given: " + targetName(r.Target) + " has no value of its own for it"})
		}
	}
	return faults
}

// variable tells whether a mapped value is filled in from the run.
func variable(value json.RawMessage) bool {
	var text string
	return json.Unmarshal(value, &text) == nil && strings.HasPrefix(text, "$")
}
