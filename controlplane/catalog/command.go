package catalog

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	sb "signalbox"
)

// Bounds of what a manifest says about a command.
const (
	maxRetries = sb.MaxAttempts - 1
	maxLabel   = 200 // bytes
	maxTimeout = 365 * 24 * time.Hour
)

var (
	accesses  = []string{"read", "write", "exclusive"}
	executors = []string{sb.DummyExecutor}
)

// commands reads `signalbox.operators`: how operators run without FiftyOne.
func (d *document) commands(n *yaml.Node, operators []string) map[string]sb.Command {
	var out map[string]sb.Command
	for _, section := range d.entries(n, "signalbox", true) {
		if section.name != "operators" {
			d.fault(section.key, "signalbox."+section.name, "is not known here; known is operators")
			continue
		}
		for _, e := range d.entries(section.value, "signalbox.operators", true) {
			path := "signalbox.operators." + e.name
			if !slices.Contains(operators, e.name) {
				d.fault(e.key, path, "is not listed in operators")
			}
			if out == nil {
				out = map[string]sb.Command{}
			}
			out[e.name] = d.command(e.key, e.value, path)
		}
	}
	return out
}

func (d *document) command(key, n *yaml.Node, path string) sb.Command {
	c := sb.Command{Access: "write"}
	read := map[string]func(*yaml.Node, string){
		"label":    func(n *yaml.Node, at string) { c.Label = d.label(n, at) },
		"command":  func(n *yaml.Node, at string) { c.Command = d.words(n, at) },
		"inputs":   func(n *yaml.Node, at string) { c.Inputs = d.inputs(n, at) },
		"outputs":  func(n *yaml.Node, at string) { c.Outputs, _ = d.schema(n, at) },
		"timeout":  func(n *yaml.Node, at string) { c.Timeout = d.duration(n, at) },
		"retries":  func(n *yaml.Node, at string) { c.Retries = d.retries(n, at) },
		"access":   func(n *yaml.Node, at string) { c.Access = d.choice(n, at, accesses, "write") },
		"executor": func(n *yaml.Node, at string) { c.Executor = d.choice(n, at, executors, "") },
	}
	given := map[string]bool{}
	for _, e := range d.entries(n, path, true) {
		given[e.name] = !isNull(e.value)
		if f, known := read[e.name]; known {
			f(e.value, path+"."+e.name)
			continue
		}
		d.fault(e.key, path+"."+e.name, "is not known here; known are command, label, inputs, outputs, timeout, retries, access and executor")
	}
	if !given["command"] && (isNull(n) || n.Kind == yaml.MappingNode) {
		d.fault(key, path+".command", "is missing")
	}
	return c
}

func (d *document) label(n *yaml.Node, path string) string {
	label := d.text(n, path)
	if len(label) > maxLabel || strings.ContainsAny(label, "\r\n\x00") {
		d.fault(n, path, "must be one line of at most %d bytes", maxLabel)
	}
	return label
}

// words reads a command line that is already split: no shell ever sees it.
func (d *document) words(n *yaml.Node, path string) []string {
	if isNull(n) {
		return nil
	}
	if n.Kind == yaml.ScalarNode {
		d.fault(n, path, `must be a list of words, such as ["python3", "hello.py"]; no shell splits it`)
		return nil
	}
	var out []string
	for i, item := range d.items(n, path) {
		word := d.text(item, path+"["+strconv.Itoa(i)+"]")
		if strings.ContainsRune(word, 0) {
			d.fault(item, path, "a word of a command cannot hold a NUL character")
		}
		out = append(out, word)
	}
	if n.Kind == yaml.SequenceNode && (len(out) == 0 || out[0] == "") {
		d.fault(n, path, "needs at least the program to run")
	}
	return out
}

func (d *document) duration(n *yaml.Node, path string) time.Duration {
	before := len(d.faults)
	text := d.text(n, path)
	if text == "" || len(d.faults) > before {
		return 0
	}
	v, err := time.ParseDuration(text)
	if err != nil || v <= 0 || v > maxTimeout {
		d.fault(n, path, "is %.100q; it must be a time above zero with a unit, such as 90s, 30m or 24h, and at most 8760h", text)
		return 0
	}
	return v
}

func (d *document) retries(n *yaml.Node, path string) int {
	before := len(d.faults)
	text := d.text(n, path)
	if text == "" || len(d.faults) > before {
		return 0
	}
	v, err := strconv.Atoi(text)
	if err != nil || v < 0 || v > maxRetries {
		d.fault(n, path, "is %.100q; it must be a whole number from 0 to %d", text, maxRetries)
		return 0
	}
	return v
}

func (d *document) choice(n *yaml.Node, path string, from []string, otherwise string) string {
	before := len(d.faults)
	text := d.text(n, path)
	if text == "" || len(d.faults) > before {
		return otherwise
	}
	if !slices.Contains(from, text) {
		d.fault(n, path, "is %.100q; it can be %s", text, strings.Join(from, ", "))
		return otherwise
	}
	return text
}

// inputs reads the schema of an operator's params, which are always an object.
func (d *document) inputs(n *yaml.Node, path string) json.RawMessage {
	text, s := d.schema(n, path)
	if s == nil {
		return text
	}
	if s.Types != nil && !slices.Contains(s.Types.ToStrings(), "object") {
		d.fault(n, path, "must describe an object, since params are one: type: object")
	}
	d.defaults(n, s, path)
	return text
}
