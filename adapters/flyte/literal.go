package flyte

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	sb "signalbox"
)

// literal is a value as Flyte writes it, with its type spelt out.
type literal map[string]any

func scalar(kind string, v any) literal { return literal{"scalar": map[string]any{kind: v}} }

func primitive(kind string, v any) literal { return scalar("primitive", map[string]any{kind: v}) }

// misfit says why a value does not have a type.
type misfit string

func (m misfit) Error() string { return string(m) }

// encode writes a JSON value as a literal of a type, strictly: Flyte takes no whole number for a float, and no text for a
// time. The error is for people and quotes no value.
func encode(t object, v json.RawMessage) (literal, error) {
	if string(v) == "null" {
		if optional(t) {
			return wrapped(t, scalar("noneType", map[string]any{}), "NONE"), nil
		}
		return nil, misfit("null is no " + nameOf(t))
	}
	switch {
	case t.raw("simple") != nil:
		return encodeSimple(t, v)
	case t.raw("collection_type") != nil:
		return encodeList(t.object("collection_type"), v)
	case t.raw("map_value_type") != nil:
		return encodeMap(t.object("map_value_type"), v)
	case t.raw("union_type") != nil:
		return encodeUnion(t, v)
	case t.raw("enum_type") != nil:
		return encodeEnum(t.object("enum_type"), v)
	case t.raw("blob") != nil:
		return encodeBlob(t.object("blob"), v)
	case t.raw("structured_dataset_type") != nil:
		return encodeDataset(t.object("structured_dataset_type"), v)
	}
	return nil, misfit("nothing can be mapped to its type " + nameOf(t))
}

func encodeSimple(t object, v json.RawMessage) (literal, error) {
	kind := t.text("simple")
	wrong := misfit("is no " + nameOf(t))
	switch kind {
	case "INTEGER":
		n, err := strconv.ParseInt(string(v), 10, 64)
		if err != nil {
			return nil, wrong
		}
		return primitive("integer", strconv.FormatInt(n, 10)), nil
	case "FLOAT":
		var f float64
		if json.Unmarshal(v, &f) != nil || math.IsInf(f, 0) {
			return nil, wrong
		}
		return primitive("floatValue", f), nil
	case "BOOLEAN":
		var b bool
		if json.Unmarshal(v, &b) != nil {
			return nil, wrong
		}
		return primitive("boolean", b), nil
	case "STRUCT":
		if v = trimmed(v); v[0] != '{' {
			return nil, wrong
		}
		return scalar("generic", v), nil
	}
	var text string
	if json.Unmarshal(v, &text) != nil {
		return nil, wrong
	}
	switch kind {
	case "STRING":
		return primitive("stringValue", text), nil
	case "DATETIME":
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return nil, misfit("is no time such as 2026-01-02T03:04:05Z")
		}
		return primitive("datetime", at.UTC().Format(time.RFC3339Nano)), nil
	case "DURATION":
		d, err := time.ParseDuration(text)
		if err != nil {
			return nil, misfit("is no duration such as 90s or 1h30m")
		}
		return primitive("duration", strconv.FormatFloat(d.Seconds(), 'f', -1, 64)+"s"), nil
	}
	return nil, misfit("nothing can be mapped to its type " + nameOf(t))
}

func trimmed(v json.RawMessage) json.RawMessage { return json.RawMessage(strings.TrimSpace(string(v))) }

func encodeList(of object, v json.RawMessage) (literal, error) {
	var values []json.RawMessage
	if json.Unmarshal(v, &values) != nil {
		return nil, misfit("is no list")
	}
	all := make([]literal, 0, len(values))
	for i, one := range values {
		l, err := encode(of, one)
		if err != nil {
			return nil, misfit(fmt.Sprintf("element %d %s", i, err))
		}
		all = append(all, l)
	}
	return literal{"collection": map[string]any{"literals": all}}, nil
}

func encodeMap(of object, v json.RawMessage) (literal, error) {
	var values map[string]json.RawMessage
	if json.Unmarshal(v, &values) != nil {
		return nil, misfit("is no object")
	}
	all := make(map[string]literal, len(values))
	for key, one := range values {
		l, err := encode(of, one)
		if err != nil {
			return nil, misfit("one of its values " + err.Error())
		}
		all[key] = l
	}
	return literal{"map": map[string]any{"literals": all}}, nil
}

// encodeUnion takes the first of the types that the value has.
func encodeUnion(t object, v json.RawMessage) (literal, error) {
	for _, one := range t.object("union_type").list("variants") {
		if l, err := encode(one, v); err == nil {
			return union(one, l), nil
		}
	}
	return nil, misfit("is none of the types " + nameOf(t))
}

func union(of object, l literal) literal {
	return scalar("union", map[string]any{"value": l, "type": of})
}

// optional tells whether a type has room for nothing.
func optional(t object) bool {
	if t.text("simple") == "NONE" {
		return true
	}
	for _, one := range t.object("union_type").list("variants") {
		if one.text("simple") == "NONE" {
			return true
		}
	}
	return false
}

// wrapped puts a literal into the union that its type is, if it is one.
func wrapped(t object, l literal, simple string) literal {
	for _, one := range t.object("union_type").list("variants") {
		if one.text("simple") == simple {
			return union(one, l)
		}
	}
	return l
}

// encodeEnum checks the value, which FlyteAdmin does not.
func encodeEnum(t object, v json.RawMessage) (literal, error) {
	var text string
	var values []string
	_ = json.Unmarshal(t.raw("values"), &values)
	if json.Unmarshal(v, &text) == nil {
		for _, one := range values {
			if one == text {
				return primitive("stringValue", text), nil
			}
		}
	}
	return nil, misfit("is none of " + strings.Join(values, ", "))
}

func encodeBlob(t object, v json.RawMessage) (literal, error) {
	var uri string
	if json.Unmarshal(v, &uri) != nil || !strings.Contains(uri, "://") {
		return nil, misfit("is no address of a file, such as s3://bucket/file")
	}
	kind := map[string]any{"format": t.text("format"), "dimensionality": t.text("dimensionality")}
	if kind["dimensionality"] == "" {
		kind["dimensionality"] = "SINGLE"
	}
	return scalar("blob", map[string]any{"metadata": map[string]any{"type": kind}, "uri": uri}), nil
}

func encodeDataset(t object, v json.RawMessage) (literal, error) {
	var uri string
	if json.Unmarshal(v, &uri) != nil || !strings.Contains(uri, "://") {
		return nil, misfit("is no address of a dataset, such as s3://bucket/folder")
	}
	kind := map[string]any{"format": t.text("format")}
	return scalar("structuredDataset", map[string]any{"uri": uri, "metadata": map[string]any{"structuredDatasetType": kind}}), nil
}

// nameOf names a type for people.
func nameOf(t object) string {
	switch {
	case t.raw("simple") != nil:
		return strings.ToLower(t.text("simple"))
	case t.raw("collection_type") != nil:
		return "list of " + nameOf(t.object("collection_type"))
	case t.raw("map_value_type") != nil:
		return "map of " + nameOf(t.object("map_value_type"))
	case t.raw("enum_type") != nil:
		return "enum"
	case t.raw("blob") != nil:
		return "blob"
	case t.raw("structured_dataset_type") != nil:
		return "structured dataset"
	case t.raw("schema") != nil:
		return "schema"
	}
	var names []string
	for _, one := range t.object("union_type").list("variants") {
		names = append(names, nameOf(one))
	}
	if names != nil {
		return strings.Join(names, " or ")
	}
	return "unknown"
}

// parameter is an input of a launch plan or task.
type parameter struct {
	of       object
	required bool
	fixed    bool // the launch plan sets it; nothing may be sent for it
}

// literals writes what is mapped as the inputs of an execution, the ids where the interface has them. Error: Invalid,
// with every fault in its words.
func literals(d sb.Submission, inputs map[string]parameter) (map[string]literal, error) {
	values := map[string]json.RawMessage{}
	if len(d.Inputs) > 0 && string(d.Inputs) != "null" && json.Unmarshal(d.Inputs, &values) != nil {
		return nil, sb.Errorf(sb.Invalid, "what is mapped is no object")
	}
	for name, value := range map[string]any{inputRun: d.Run, inputAttempt: d.Attempt} {
		if p, has := inputs[name]; has && !p.fixed {
			values[name] = encoded(value)
		}
	}
	all, wrong := map[string]literal{}, []string{}
	for _, name := range sorted(values) {
		l, err := inputs[name].literal(values[name])
		if _, has := inputs[name]; !has {
			err = misfit("is no input of it")
		}
		if err != nil {
			wrong = append(wrong, name+" "+err.Error())
			continue
		}
		all[name] = l
	}
	for _, name := range sorted(inputs) {
		if _, given := values[name]; inputs[name].required && !given {
			wrong = append(wrong, name+" must be given, and nothing is mapped to it")
		}
	}
	if len(wrong) > 0 {
		return nil, sb.Errorf(sb.Invalid, "the inputs do not fit %s: %s", targetName(d.Target), strings.Join(wrong, "; "))
	}
	return all, nil
}

func (p parameter) literal(v json.RawMessage) (literal, error) {
	if p.fixed {
		return nil, misfit("is set by the launch plan itself")
	}
	return encode(p.of, v)
}

// The inputs that ids travel in, where an interface has them.
const (
	inputRun     = "signalbox_run"
	inputAttempt = "signalbox_attempt"
)

func targetName(t sb.Target) string {
	if t.Task != "" {
		return "task " + t.Task
	}
	return "launch plan " + t.LaunchPlan
}
