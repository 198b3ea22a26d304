package catalog

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"

	"github.com/santhosh-tekuri/jsonschema/v6"

	sb "signalbox"
)

// Bounds of a run's params.
const (
	MaxParams = 1 << 20 // bytes, as sent and with defaults filled in
	// makeCosts is what an object made of defaults counts for, since each is checked by itself.
	makeCosts = 50 // bytes
)

// Params checks a run's params against its operator's inputs and gives them with the defaults filled in, at every
// level: of properties (of those in $ref, allOf, array items and additionalProperties too), and of an object that is
// left out if its defaults alone make it a good one. No schema accepts every object; no params are {}. Numbers keep
// all their digits. Errors: Invalid with every fault found, at places such as "body.params.boxes[2].width"; TooLarge.
func Params(schema, params json.RawMessage) (json.RawMessage, error) {
	if len(params) > MaxParams {
		return nil, errTooLarge()
	}
	value, err := decodeParams(params)
	if err != nil {
		return nil, err
	}
	if len(schema) == 0 || string(schema) == "null" {
		return encode(value)
	}
	s, err := compile(schema)
	if err != nil {
		return nil, sb.Wrap(err, sb.Internal, "the operator's inputs cannot be read")
	}
	f := filler{left: MaxParams}
	f.fill(s, value, nil)
	if f.left < 0 {
		return nil, errTooLarge()
	}
	if err := s.Validate(value); err != nil {
		return nil, paramFaults(value, err)
	}
	return encode(value)
}

func errTooLarge() *sb.Error {
	return sb.Errorf(sb.TooLarge, "the params have more than %d bytes, with defaults filled in", MaxParams)
}

func decodeParams(params json.RawMessage) (map[string]any, error) {
	if len(bytes.TrimSpace(params)) == 0 {
		return map[string]any{}, nil
	}
	d := json.NewDecoder(bytes.NewReader(params))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return nil, sb.Faulty("The params are not JSON.", sb.Fault{Location: "body.params", Message: "is not JSON"})
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, sb.Faulty("The params are not JSON.", sb.Fault{Location: "body.params", Message: "is more than one JSON value"})
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, sb.Faulty("The params are not an object.", sb.Fault{Location: "body.params", Message: "must be an object"})
	}
	return object, nil
}

func encode(value any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return nil, sb.Wrap(err, sb.Invalid, "the params cannot be written as JSON")
	}
	if b.Len() > MaxParams {
		return nil, errTooLarge()
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func paramFaults(value any, err error) error {
	var wrong *jsonschema.ValidationError
	if !errors.As(err, &wrong) {
		return sb.Wrap(err, sb.Invalid, "the params cannot be checked")
	}
	var faults []sb.Fault
	found, more := leaves(wrong)
	for _, l := range found {
		location, at := locate(value, l.tokens)
		faults = append(faults, sb.Fault{Location: location, Message: l.message, Value: shown(at)})
	}
	if more > 0 {
		faults = append(faults, sb.Fault{Location: "body.params", Message: "has " + strconv.Itoa(more) + " more faults"})
	}
	return sb.Faulty("The params do not fit the operator's inputs.", faults...)
}

// locate writes a JSON pointer the way the API names places, and gives the value there.
func locate(value any, tokens []string) (string, any) {
	location := "body.params"
	for _, token := range tokens {
		switch v := value.(type) {
		case []any:
			location += "[" + token + "]"
			value = nil
			if i, err := strconv.Atoi(token); err == nil && i >= 0 && i < len(v) {
				value = v[i]
			}
		case map[string]any:
			location, value = location+"."+token, v[token]
		default:
			location, value = location+"."+token, nil
		}
	}
	return location, value
}

// shown keeps small plain values; others say nothing that the location does not.
func shown(value any) any {
	switch v := value.(type) {
	case bool, json.Number:
		return v
	case string:
		if len(v) <= 100 {
			return v
		}
	}
	return nil
}

// filler fills defaults into values, as long as what they add stays within bytes left.
type filler struct{ left int }

// fill fills what the schema knows defaults for. above are the schemas of the values that this one is in: nothing is
// made of them again below, or a recursive schema would never end.
func (f *filler) fill(s *jsonschema.Schema, value any, above []*jsonschema.Schema) {
	if s == nil || f.left < 0 {
		return
	}
	parts := same(s)
	above = union(above, parts)
	for _, part := range parts {
		switch v := value.(type) {
		case map[string]any:
			f.object(part, v, above)
		case []any:
			f.list(part, v, above)
		}
	}
}

// union gives a new list of what is in either.
func union(a, b []*jsonschema.Schema) []*jsonschema.Schema {
	a = slices.Clip(a)
	for _, s := range b {
		if !slices.Contains(a, s) {
			a = append(a, s)
		}
	}
	return a
}

// same gives a schema and those that describe the same value, whatever it is: what it refers to and has in allOf.
func same(s *jsonschema.Schema) []*jsonschema.Schema {
	all := []*jsonschema.Schema{s}
	for i := 0; i < len(all); i++ {
		for _, part := range append([]*jsonschema.Schema{all[i].Ref}, all[i].AllOf...) {
			if part != nil && !slices.Contains(all, part) {
				all = append(all, part)
			}
		}
	}
	return all
}

func (f *filler) object(s *jsonschema.Schema, object map[string]any, above []*jsonschema.Schema) {
	for name, value := range object {
		for _, part := range member(s, name) {
			f.fill(part, value, above)
		}
	}
	for name, property := range s.Properties {
		if _, given := object[name]; given || f.left < 0 {
			continue
		}
		if value, ok := f.make(property, above); ok {
			object[name] = value
			f.left -= len(name) + 4
		}
	}
}

// member gives the schemas of an object's member.
func member(s *jsonschema.Schema, name string) []*jsonschema.Schema {
	var out []*jsonschema.Schema
	if property, known := s.Properties[name]; known {
		out = append(out, property)
	}
	for pattern, more := range s.PatternProperties {
		if pattern.MatchString(name) {
			out = append(out, more)
		}
	}
	if more, ok := s.AdditionalProperties.(*jsonschema.Schema); ok && len(out) == 0 {
		out = append(out, more)
	}
	return out
}

func (f *filler) list(s *jsonschema.Schema, list []any, above []*jsonschema.Schema) {
	for i, value := range list {
		item := s.Items2020
		if i < len(s.PrefixItems) {
			item = s.PrefixItems[i]
		}
		f.fill(item, value, above)
	}
}

// make gives what a missing value is filled with, if anything.
func (f *filler) make(s *jsonschema.Schema, above []*jsonschema.Schema) (any, bool) {
	parts, describesObject := same(s), false
	if slices.ContainsFunc(parts, func(part *jsonschema.Schema) bool { return slices.Contains(above, part) }) {
		return nil, false
	}
	for _, part := range parts {
		if part.Default != nil {
			value := f.copy(*part.Default)
			f.fill(s, value, above)
			return value, true
		}
		describesObject = describesObject || part.Types != nil && slices.Equal(part.Types.ToStrings(), []string{"object"})
	}
	if !describesObject {
		return nil, false
	}
	object := map[string]any{}
	f.left -= makeCosts
	f.fill(s, object, above)
	return object, len(object) > 0 && f.left >= 0 && s.Validate(object) == nil
}

// copy copies a default, since a schema is used for many values.
func (f *filler) copy(value any) any {
	f.left -= 4
	if f.left < 0 {
		return nil
	}
	switch v := value.(type) {
	case map[string]any:
		object := make(map[string]any, len(v))
		for name, member := range v {
			f.left -= len(name)
			object[name] = f.copy(member)
		}
		return object
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = f.copy(item)
		}
		return list
	case string:
		f.left -= len(v)
	}
	return value
}
