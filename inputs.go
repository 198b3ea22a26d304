package signalbox

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// MaxInputs is the most bytes of what a route hands over: what an orchestrator shows to all who see its pages should be
// small.
const MaxInputs = 48 << 10

// What a route's inputs may name, besides parts of the params.
const (
	inputParams  = "$params"
	inputDataset = "$dataset"
	inputView    = "$view"
	inputLabel   = "$label"
)

// CheckInputs lists what is wrong with a route's inputs as such: they are "$params", or an object whose values are
// constants, "$params", "$params.<name>…", "$dataset", "$view" or "$label". A text that begins with "$$" is that text
// with one less.
func (r Route) CheckInputs(at string) []Fault {
	if len(r.Inputs) == 0 || string(r.Inputs) == "null" {
		return nil
	}
	var whole string
	if json.Unmarshal(r.Inputs, &whole) == nil {
		if whole == inputParams {
			return nil
		}
		return []Fault{{Location: at, Message: `inputs are "$params", or an object`, Value: whole}}
	}
	var named map[string]any
	if json.Unmarshal(r.Inputs, &named) != nil {
		return []Fault{{Location: at, Message: `inputs are "$params", or an object`}}
	}
	var found []Fault
	for _, name := range slices.Sorted(maps.Keys(named)) {
		text, isText := named[name].(string)
		switch {
		case name == "signalbox":
			found = append(found, Fault{Location: at + "." + name, Message: "this name is ours: it carries the run's id"})
		case isText && !knownInput(text):
			found = append(found, Fault{Location: at + "." + name, Message: `name "$params", "$params.<name>", "$dataset", "$view" or "$label"; for a text that begins with "$" write "$$"`, Value: text})
		}
	}
	return found
}

func knownInput(text string) bool {
	rest, param := strings.CutPrefix(text, inputParams+".")
	return !strings.HasPrefix(text, "$") || strings.HasPrefix(text, "$$") || param && rest != "" ||
		slices.Contains([]string{inputParams, inputDataset, inputView, inputLabel}, text)
}

// InputsOf gives what the route hands over for a run: an object, nil for nothing. A param that the run does not have is left
// out. Errors: Invalid (a secret would travel, or too much).
func (r Route) InputsOf(run Run) (json.RawMessage, error) {
	if len(r.Inputs) == 0 || string(r.Inputs) == "null" {
		return nil, nil
	}
	m := mapping{run: run}
	if err := json.Unmarshal(run.InputsSchema, &m.schema); err != nil && len(run.InputsSchema) > 0 {
		return nil, Errorf(Invalid, "the inputs schema of run %s cannot be read", run.ID)
	}
	if err := json.Unmarshal(run.Params, &m.params); err != nil && len(run.Params) > 0 {
		return nil, Errorf(Invalid, "the params of run %s cannot be read", run.ID)
	}
	out, err := m.all(r.Inputs)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(out)
	if err == nil && len(text) > MaxInputs {
		return nil, Errorf(Invalid, "the route's inputs for this run have %d bytes; at most %d travel", len(text), MaxInputs)
	}
	return text, err
}

// mapping is a run's params with what their schema says of them.
type mapping struct {
	run    Run
	params map[string]any
	schema map[string]any
}

func (m mapping) all(inputs json.RawMessage) (map[string]any, error) {
	var named map[string]any
	if json.Unmarshal(inputs, &named) != nil { // "$params", as was checked when it was saved
		return m.params, open(describe(m.schema), inputParams)
	}
	out := map[string]any{}
	for name, wanted := range named {
		value, there, err := m.value(wanted)
		if err != nil {
			return nil, err
		}
		if there {
			out[name] = value
		}
	}
	return out, nil
}

func (m mapping) value(wanted any) (value any, there bool, err error) {
	text, ok := wanted.(string)
	switch rest, param := strings.CutPrefix(text, inputParams+"."); {
	case !ok, !strings.HasPrefix(text, "$"):
		return wanted, true, nil
	case strings.HasPrefix(text, "$$"):
		return text[1:], true, nil
	case text == inputDataset:
		return m.run.Dataset, m.run.Dataset != "", nil
	case text == inputLabel:
		return m.run.Label, true, nil
	case text == inputView:
		return m.run.View, len(m.run.View) > 0, nil
	case param:
		return m.param(rest)
	}
	return m.params, true, open(describe(m.schema), inputParams)
}

// param finds a param by the names on its way. What lies in a secret is one.
func (m mapping) param(path string) (value any, there bool, err error) {
	value = m.params
	said := describe(m.schema)
	way := inputParams
	for name := range strings.SplitSeq(path, ".") {
		if said.secret() {
			return nil, false, secretInput(way)
		}
		object, _ := value.(map[string]any)
		if value, there = object[name]; !there {
			return nil, false, nil
		}
		said, way = said.below(name), way+"."+name
	}
	return value, true, open(said, way)
}

// open demands that nothing at or below a path is a secret.
func open(said described, path string) error {
	if found := said.secretIn(path); found != "" {
		return secretInput(found)
	}
	return nil
}

func secretInput(path string) error {
	return Errorf(Invalid, "%s is a secret, and no secret travels as an input", path)
}

// Words tells in one line where a target leads.
func (t Target) Words() string {
	switch {
	case t.DAG != "":
		return "DAG " + t.DAG
	case t.LaunchPlan != "":
		return "launch plan " + t.LaunchPlan + version(t.Version)
	case t.Task != "":
		return "task " + t.Task + version(t.Version)
	}
	return "pool " + t.Pool
}

func version(v string) string {
	if v == "" {
		return ""
	}
	return ", version " + v
}
