package catalog

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"go.yaml.in/yaml/v3"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

const (
	// schemaURL stands for the schema itself; nothing is ever loaded from it.
	schemaURL = "signalbox:///schema.json"
	draft     = "https://json-schema.org/draft/2020-12/schema"
)

// nowhere loads no schema: what one refers to is part of it.
type nowhere struct{}

var errOutside = errors.New("refers to a schema outside of this one; nothing is loaded from elsewhere")

// Load refuses.
func (nowhere) Load(string) (any, error) { return nil, errOutside }

// compile makes a JSON Schema 2020-12 ready to check values.
func compile(text json.RawMessage) (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.UseLoader(nowhere{})
	if err := c.AddResource(schemaURL, doc); err != nil {
		return nil, err
	}
	return c.Compile(schemaURL)
}

// schema reads a JSON Schema written in YAML. It is nil with a fault noted when it is not a good one.
func (d *document) schema(n *yaml.Node, path string) (json.RawMessage, *jsonschema.Schema) {
	if isNull(n) {
		return nil, nil
	}
	if n.Kind != yaml.MappingNode {
		d.fault(n, path, "must be a JSON Schema: a mapping such as {type: object, properties: {…}}")
		return nil, nil
	}
	text := d.json(n, path)
	if text == nil {
		return nil, nil
	}
	if at, v := d.walk(n, path, []string{"$schema"}); v != n && strings.TrimSuffix(v.Value, "#") != draft {
		d.fault(v, at, "is another kind of JSON Schema; known is %s, which is also meant without this key", draft)
		return nil, nil
	}
	s, err := compile(text)
	if err != nil {
		d.schemaFaults(n, path, err)
		return nil, nil
	}
	return text, s
}

func (d *document) schemaFaults(n *yaml.Node, path string, err error) {
	var invalid *jsonschema.SchemaValidationError
	var because *jsonschema.ValidationError
	if errors.As(err, &invalid) && errors.As(invalid.Err, &because) {
		found, _ := leaves(because)
		for _, wrong := range found {
			at, v := d.walk(n, path, wrong.tokens)
			d.fault(v, at, "is not a good JSON Schema: %s", wrong.message)
		}
		return
	}
	if errors.Is(err, errOutside) {
		d.fault(n, path, "%s", errOutside)
		return
	}
	text := err.Error()
	if load := new(jsonschema.LoadURLError); errors.As(err, &load) {
		text = load.URL + " " + errOutside.Error()
	}
	d.fault(n, path, "is not a good JSON Schema: %s", strings.ReplaceAll(text, schemaURL, ""))
}

// walk follows a JSON pointer's tokens in YAML as far as it can: to the place that a person has to look at.
func (d *document) walk(n *yaml.Node, path string, tokens []string) (string, *yaml.Node) {
	for _, token := range tokens {
		next := child(n, token)
		if next == nil {
			break
		}
		if n.Kind == yaml.SequenceNode {
			path += "[" + token + "]"
		} else {
			path = join(path, token)
		}
		n = next
	}
	return path, n
}

func child(n *yaml.Node, token string) *yaml.Node {
	if n.Kind == yaml.SequenceNode {
		if i, err := strconv.Atoi(token); err == nil && i >= 0 && i < len(n.Content) {
			return resolve(n.Content[i])
		}
		return nil
	}
	for i := 0; i+1 < len(n.Content) && n.Kind == yaml.MappingNode; i += 2 {
		if n.Content[i].Value == token {
			return resolve(n.Content[i+1])
		}
	}
	return nil
}

// defaults finds defaults that their own schema refuses: every run that left them to be filled in would be refused.
func (d *document) defaults(n *yaml.Node, s *jsonschema.Schema, path string) {
	seen := map[*jsonschema.Schema]bool{}
	var visit func(*jsonschema.Schema)
	visit = func(s *jsonschema.Schema) {
		if s == nil || seen[s] {
			return
		}
		seen[s] = true
		if s.Default != nil {
			d.checkDefault(n, s, path)
		}
		for _, part := range parts(s) {
			visit(part)
		}
	}
	visit(s)
}

func (d *document) checkDefault(n *yaml.Node, s *jsonschema.Schema, path string) {
	var wrong *jsonschema.ValidationError
	if !errors.As(s.Validate(*s.Default), &wrong) {
		return
	}
	at, v := d.walk(n, path, append(pointer(s.Location), "default"))
	found, _ := leaves(wrong)
	for _, leaf := range found {
		d.fault(v, at, "does not fit its own schema: %s", leaf.message)
	}
}

// parts gives the schemas that defaults are filled in from below one, and beside it.
func parts(s *jsonschema.Schema) []*jsonschema.Schema {
	out := append(same(s)[1:], s.Items2020)
	out = append(out, s.PrefixItems...)
	if more, ok := s.AdditionalProperties.(*jsonschema.Schema); ok {
		out = append(out, more)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		out = append(out, s.Properties[name])
	}
	patterns := slices.SortedFunc(maps.Keys(s.PatternProperties), func(a, b jsonschema.Regexp) int {
		return strings.Compare(a.String(), b.String())
	})
	for _, pattern := range patterns {
		out = append(out, s.PatternProperties[pattern])
	}
	return out
}

var unescapePointer = strings.NewReplacer("~1", "/", "~0", "~")

// pointer gives the tokens of the JSON pointer behind a schema's location.
func pointer(location string) []string {
	_, fragment, _ := strings.Cut(location, "#/")
	if fragment == "" {
		return nil
	}
	tokens := strings.Split(fragment, "/")
	for i, token := range tokens {
		if plain, err := url.PathUnescape(token); err == nil {
			token = plain
		}
		tokens[i] = unescapePointer.Replace(token)
	}
	return tokens
}

// leaf is one thing wrong with a value: where in it, and what.
type leaf struct {
	tokens  []string
	message string
}

// leaves lists what is wrong with a value, each thing once, in the order of places: most of it, and how much more.
func leaves(e *jsonschema.ValidationError) (found []leaf, more int) {
	c := &collector{printer: message.NewPrinter(language.English)}
	c.collect(e)
	slices.SortStableFunc(c.found, func(a, b leaf) int {
		return cmp.Or(slices.Compare(a.tokens, b.tokens), strings.Compare(a.message, b.message))
	})
	return slices.CompactFunc(c.found, func(a, b leaf) bool {
		return a.message == b.message && slices.Equal(a.tokens, b.tokens)
	}), c.more
}

// maxLeaves bounds a list of faults: a longer one helps nobody, and takes long to write.
const maxLeaves = 1000

// collector collects the leaves of an error.
type collector struct {
	printer *message.Printer
	found   []leaf
	more    int
}

func (c *collector) add(tokens []string, message func() string) {
	if len(c.found) >= maxLeaves {
		c.more++
		return
	}
	c.found = append(c.found, leaf{tokens, message()})
}

func (c *collector) members(e *jsonschema.ValidationError, names []string, text string) {
	for _, name := range names {
		c.add(append(slices.Clone(e.InstanceLocation), name), func() string { return text })
	}
}

func (c *collector) collect(e *jsonschema.ValidationError) {
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		c.members(e, k.Missing, "is required")
		return
	case *kind.AdditionalProperties:
		c.members(e, k.Properties, "is not known here")
		return
	case *kind.FalseSchema:
		c.add(e.InstanceLocation, func() string { return "is not allowed" })
		return
	case *kind.AnyOf, *kind.OneOf:
		if len(e.Causes) > 0 {
			c.add(e.InstanceLocation, func() string { return "fits none of the allowed forms: " + alternatives(e) })
			return
		}
	}
	if len(e.Causes) == 0 {
		c.add(e.InstanceLocation, func() string { return e.ErrorKind.LocalizedString(c.printer) })
	}
	for _, cause := range e.Causes {
		c.collect(cause)
	}
}

// maxReasons bounds how many reasons each of several forms gives.
const maxReasons = 5

// alternatives says in one sentence why none of several forms fits.
func alternatives(e *jsonschema.ValidationError) string {
	var forms []string
	for _, cause := range e.Causes {
		found, _ := leaves(cause)
		var reasons []string
		for _, l := range found[:min(len(found), maxReasons)] {
			reason := l.message
			if inner := l.tokens[min(len(e.InstanceLocation), len(l.tokens)):]; len(inner) > 0 {
				reason = strings.Join(inner, ".") + " " + reason
			}
			reasons = append(reasons, reason)
		}
		forms = append(forms, strings.Join(reasons, ", "))
	}
	return strings.Join(forms, "; or ")
}
