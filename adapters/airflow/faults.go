package airflow

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	sb "signalbox"
)

// Faults compares a route with its DAG: what it maps by a fixed value must fit the param of that name, and a param that
// has no value of its own must be mapped. A name that the DAG does not declare is none. See sb.Adapter.
func (a *Adapter) Faults(ctx context.Context, r sb.Route) ([]sb.Fault, error) {
	faults := foreign(r.Target)
	mapped, whole, fault := readInputs(r.Inputs)
	faults = append(faults, fault...)
	if r.Target.DAG == "" {
		return append(faults, sb.Fault{Location: "target.dag_id", Message: "is missing: the DAG that runs the operators"}), nil
	}
	d, err := a.details(ctx, r.Target.DAG)
	if sb.CodeOf(err) == sb.NotFound {
		return append(faults, sb.Fault{Location: "target.dag_id", Message: "Airflow has no such DAG", Value: r.Target.DAG}), nil
	}
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(d.Params)) {
		faults = append(faults, d.Params[name].check(name, mapped, whole)...)
	}
	return faults, nil
}

func foreign(t sb.Target) []sb.Fault {
	var faults []sb.Fault
	for _, f := range []struct{ name, value string }{
		{"pool", t.Pool}, {"launch_plan", t.LaunchPlan}, {"task", t.Task}, {"version", t.Version},
	} {
		if f.value != "" {
			faults = append(faults, sb.Fault{Location: "target." + f.name, Message: "means nothing to Airflow; its routes lead to a dag_id"})
		}
	}
	return faults
}

// readInputs reads what a route maps: an object, or the run's params as a whole.
func readInputs(raw json.RawMessage) (mapped map[string]json.RawMessage, whole bool, faults []sb.Fault) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, false, nil
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		if text == "$params" {
			return nil, true, nil
		}
		return nil, false, []sb.Fault{{Location: "inputs", Message: "is an object, or $params for all of them", Value: text}}
	}
	if json.Unmarshal(raw, &mapped) != nil {
		return nil, false, []sb.Fault{{Location: "inputs", Message: "is an object, or $params for all of them"}}
	}
	if _, taken := mapped[ours]; taken {
		faults = append(faults, sb.Fault{Location: "inputs." + ours, Message: "is where the run's ids stand in conf"})
	}
	return mapped, false, faults
}

func (p param) check(name string, mapped map[string]json.RawMessage, whole bool) []sb.Fault {
	where := "inputs." + name
	value, ok := mapped[name]
	switch {
	case whole, ok && variable(value):
		return nil // known when a run is there
	case ok:
		if wrong := p.fits(value); wrong != "" {
			return []sb.Fault{{Location: where, Message: "does not fit the DAG's param: " + wrong, Value: value}}
		}
	case p.fits(p.own()) != "":
		return []sb.Fault{{Location: where, Message: "the DAG's param has no value of its own, so something must be mapped to it"}}
	}
	return nil
}

func (p param) own() json.RawMessage {
	if len(p.Value) == 0 {
		return json.RawMessage("null")
	}
	return p.Value
}

// variable tells whether a mapped value is filled in from the run.
func variable(value json.RawMessage) bool {
	var text string
	return json.Unmarshal(value, &text) == nil && strings.HasPrefix(text, "$")
}

// fits says what is wrong with a value by the param's schema, "" for nothing. A schema that cannot be read allows all.
func (p param) fits(value json.RawMessage) string {
	if len(p.Schema) == 0 {
		return ""
	}
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(p.Schema))
	if err != nil {
		return ""
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(jsonschema.SchemeURLLoader{}) // a schema refers to nothing outside of itself
	if c.AddResource("param.json", schema) != nil {
		return ""
	}
	compiled, err := c.Compile("param.json")
	if err != nil {
		return ""
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(value))
	if err != nil {
		return "it is no JSON"
	}
	var wrong *jsonschema.ValidationError
	if errors.As(compiled.Validate(v), &wrong) {
		return leaf(wrong)
	}
	return ""
}

// leaf is the innermost reason, in the library's words.
func leaf(e *jsonschema.ValidationError) string {
	for len(e.Causes) > 0 {
		e = e.Causes[0]
	}
	return e.ErrorKind.LocalizedString(message.NewPrinter(language.English))
}
