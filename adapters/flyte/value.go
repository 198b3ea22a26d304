package flyte

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
)

// valueOf reads a literal as plain JSON. What has no such form, such as a file, is its address; what cannot be read at all
// stays a literal.
func valueOf(l object) any {
	switch {
	case l.raw("scalar") != nil:
		return scalarValue(l.object("scalar"))
	case l.raw("collection") != nil:
		all := []any{}
		for _, one := range l.object("collection").list("literals") {
			all = append(all, valueOf(one))
		}
		return all
	case l.raw("map") != nil:
		return valuesOf(l.object("map").entries("literals"))
	case l.raw("offloaded_metadata") != nil:
		return map[string]any{"uri": l.object("offloaded_metadata").text("uri")}
	}
	return l
}

func valuesOf(literals map[string]object) map[string]any {
	all := map[string]any{}
	for name, l := range literals {
		all[name] = valueOf(l)
	}
	return all
}

func scalarValue(s object) any {
	switch {
	case s.raw("primitive") != nil:
		return primitiveValue(s.object("primitive"))
	case s.raw("generic") != nil:
		return s.raw("generic")
	case s.raw("none_type") != nil:
		return nil
	case s.raw("union") != nil:
		return valueOf(s.object("union").object("value"))
	case s.raw("binary") != nil:
		return binaryValue(s.object("binary"))
	}
	for _, kind := range []string{"blob", "structured_dataset", "schema"} {
		if s.raw(kind) != nil {
			return s.object(kind).text("uri")
		}
	}
	return s
}

// primitiveValue reads the one field that is set. 64-bit numbers come as texts, and are numbers again.
func primitiveValue(p object) any {
	if v := p.raw("integer"); v != nil {
		return json.Number(trimQuotes(v))
	}
	for _, kind := range []string{"float_value", "string_value", "boolean", "datetime", "duration"} {
		if v := p.raw(kind); v != nil {
			return v
		}
	}
	return nil
}

func trimQuotes(v json.RawMessage) string {
	if len(v) >= 2 && v[0] == '"' {
		return string(v[1 : len(v)-1])
	}
	return string(v)
}

// binaryValue reads what flytekit writes for dicts and dataclasses: MessagePack.
func binaryValue(b object) any {
	raw, err := base64.StdEncoding.DecodeString(b.text("value"))
	if err == nil && b.text("tag") == "msgpack" {
		if v, err := unpack(raw); err == nil {
			return v
		}
	}
	return map[string]any{"base64": b.text("value"), "tag": b.text("tag")}
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
