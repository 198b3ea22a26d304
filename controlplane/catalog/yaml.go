package catalog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"

	sb "signalbox"
)

// Bounds of a manifest's YAML. Aliases make a small file mean a large one, so what is counted is what it means.
const (
	maxDepth = 64
	maxNodes = 100_000
	maxBytes = 4 << 20 // of text
)

// document is a manifest while it is read: it collects every fault, each with its line.
type document struct {
	file   string // the manifest's name, for locations
	nodes  int    // visited so far
	bytes  int    // of text, read so far
	faults []sb.Fault
}

// fault notes something wrong at a node; path is empty for the whole file.
func (d *document) fault(n *yaml.Node, path, format string, args ...any) {
	location := d.file
	if n != nil && n.Line > 0 {
		location += ":" + strconv.Itoa(n.Line)
	}
	if path != "" {
		location += " " + path
	}
	d.faults = append(d.faults, sb.Fault{Location: location, Message: fmt.Sprintf(format, args...)})
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// parse reads the one YAML document of a manifest; nil when it cannot be read, with the fault noted.
func (d *document) parse(text []byte) *yaml.Node {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var doc yaml.Node
	switch err := decoder.Decode(&doc); {
	case errors.Is(err, io.EOF):
		d.fault(nil, "", "is empty")
		return nil
	case err != nil:
		d.syntax(err)
		return nil
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		d.fault(nil, "", "holds more than one YAML document")
		return nil
	}
	return resolve(doc.Content[0])
}

func (d *document) syntax(err error) {
	n, message := &yaml.Node{}, err.Error()
	if m := yamlLine.FindStringSubmatch(message); m != nil {
		n.Line, _ = strconv.Atoi(m[1])
		message = m[2]
	}
	d.fault(n, "", "is not valid YAML: %s (text that begins with @, {, %% or * must stand in quotes)", message)
}

// resolve follows an alias to what it stands for.
func resolve(n *yaml.Node) *yaml.Node {
	for range maxDepth {
		if n.Kind != yaml.AliasNode || n.Alias == nil {
			return n
		}
		n = n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool {
	return n == nil || n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}

// entry is a key of a mapping with its value; aliases are resolved.
type entry struct {
	name       string
	key, value *yaml.Node
}

// entries gives a mapping's keys in their order, merged ones (<<) after its own. A key that comes twice counts as
// its last value, as in FiftyOne, or is a fault when strict. Not a mapping: a fault, unless it is null.
func (d *document) entries(n *yaml.Node, path string, strict bool) []entry {
	if isNull(n) {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		d.fault(n, path, "must be a mapping of keys to values")
		return nil
	}
	m := &mapping{document: d, path: path, strict: strict, at: map[string]int{}}
	m.collect(n, 0)
	return m.entries
}

// mapping is a mapping while its keys, and those it merges, are collected.
type mapping struct {
	*document
	path    string
	strict  bool
	entries []entry
	at      map[string]int // where a key is in entries
}

func (m *mapping) collect(n *yaml.Node, depth int) {
	own := len(m.entries)
	var merged []*yaml.Node
	for i := 0; i+1 < len(n.Content) && m.visit(n, m.path, depth); i += 2 {
		key, value := resolve(n.Content[i]), resolve(n.Content[i+1])
		switch {
		case key.ShortTag() == "!!merge":
			merged = append(merged, value)
		case key.Kind != yaml.ScalarNode:
			m.fault(key, m.path, "has a key that is not text")
		default:
			m.add(entry{key.Value, key, value}, own)
		}
	}
	for _, other := range merged {
		m.merge(other, depth+1)
	}
}

// add keeps an entry. Entries before own are of a mapping that merges this one: its word counts.
func (m *mapping) add(e entry, own int) {
	at, twice := m.at[e.name]
	switch {
	case !twice:
		m.at[e.name] = len(m.entries)
		m.entries = append(m.entries, e)
	case at < own:
	case m.strict:
		m.fault(e.key, join(m.path, e.name), "comes twice")
	default:
		m.entries[at] = e
	}
}

func (m *mapping) merge(n *yaml.Node, depth int) {
	others := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		others = n.Content
	}
	for _, other := range others {
		if !m.visit(n, m.path, depth) {
			return
		}
		if other = resolve(other); other.Kind != yaml.MappingNode {
			m.fault(other, m.path, "merges something that is not a mapping")
			return
		}
		m.collect(other, depth)
	}
}

// visit counts a node, and tells whether the manifest is still within its bounds. Crossing them is one fault.
func (d *document) visit(n *yaml.Node, path string, depth int) bool {
	if d.nodes > maxNodes {
		return false
	}
	d.nodes++
	switch {
	case d.nodes > maxNodes:
		d.fault(n, path, "means more than %d values, with its aliases written out", maxNodes)
	case depth > maxDepth:
		d.nodes = maxNodes + 1
		d.fault(n, path, "is more than %d levels deep", maxDepth)
	default:
		return true
	}
	return false
}

// text reads a scalar as it is written: 1.0 stays "1.0". Null is "".
func (d *document) text(n *yaml.Node, path string) string {
	if isNull(n) {
		return ""
	}
	if n.Kind != yaml.ScalarNode {
		d.fault(n, path, "must be text; put it in quotes if it begins with @ or {")
		return ""
	}
	if !d.spend(n, path) {
		return ""
	}
	return n.Value
}

// spend counts a scalar's bytes, and tells whether the manifest is still within its bounds.
func (d *document) spend(n *yaml.Node, path string) bool {
	before := d.bytes
	d.bytes += len(n.Value)
	if before <= maxBytes && d.bytes > maxBytes {
		d.fault(n, path, "means more than %d bytes, with its aliases written out", maxBytes)
	}
	return d.bytes <= maxBytes
}

// items gives a list's items, aliases resolved. Null is an empty list; anything else a fault.
func (d *document) items(n *yaml.Node, path string) []*yaml.Node {
	if isNull(n) {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		d.fault(n, path, "must be a list")
		return nil
	}
	var out []*yaml.Node
	for _, item := range n.Content {
		if !d.visit(item, path, 0) {
			return nil
		}
		out = append(out, resolve(item))
	}
	return out
}

// texts reads a list of texts; an empty one is a fault.
func (d *document) texts(n *yaml.Node, path string) []string {
	var out []string
	for i, item := range d.items(n, path) {
		at := path + "[" + strconv.Itoa(i) + "]"
		if isNull(item) || item.Kind == yaml.ScalarNode && item.Value == "" {
			d.fault(item, at, "is empty")
			continue
		}
		if text := d.text(item, at); text != "" {
			out = append(out, text)
		}
	}
	return out
}

// json writes a node as JSON, keys in their order. What JSON cannot say is a fault.
func (d *document) json(n *yaml.Node, path string) json.RawMessage {
	var b bytes.Buffer
	before := len(d.faults)
	d.write(&b, n, path, 0)
	if len(d.faults) > before {
		return nil
	}
	return b.Bytes()
}

func (d *document) write(b *bytes.Buffer, n *yaml.Node, path string, depth int) {
	if !d.visit(n, path, depth) {
		return
	}
	switch n.Kind {
	case yaml.MappingNode:
		b.WriteByte('{')
		for i, e := range d.entries(n, path, true) {
			separate(b, i)
			quote(b, e.name)
			b.WriteByte(':')
			d.write(b, e.value, join(path, e.name), depth+1)
		}
		b.WriteByte('}')
	case yaml.SequenceNode:
		b.WriteByte('[')
		for i, item := range d.items(n, path) {
			separate(b, i)
			d.write(b, item, path+"["+strconv.Itoa(i)+"]", depth+1)
		}
		b.WriteByte(']')
	default:
		d.scalar(b, n, path)
	}
}

func (d *document) scalar(b *bytes.Buffer, n *yaml.Node, path string) {
	if !d.spend(n, path) {
		return
	}
	switch n.ShortTag() {
	case "!!null":
		b.WriteString("null")
	case "!!bool", "!!int", "!!float":
		if json.Valid([]byte(n.Value)) { // as written: no digit is lost
			b.WriteString(n.Value)
			return
		}
		var v any
		err := n.Decode(&v)
		if err == nil {
			var text []byte
			text, err = json.Marshal(v)
			b.Write(text)
		}
		if err != nil {
			d.fault(n, path, "%s cannot be written as JSON", n.Value)
		}
	case "!!binary":
		d.fault(n, path, "binary data cannot be written as JSON")
	default:
		quote(b, n.Value)
	}
}

func separate(b *bytes.Buffer, i int) {
	if i > 0 {
		b.WriteByte(',')
	}
}

// quote writes a JSON string, with <, > and & as they are.
func quote(b *bytes.Buffer, s string) {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // strings always encode
	b.Truncate(b.Len() - 1)
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
