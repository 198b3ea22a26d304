package catalog

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	sb "signalbox"
)

// maxOperators bounds the operators of one plugin, so that a list of all plugins stays readable.
const maxOperators = 1000

// ParseManifest reads a plugin's manifest as FiftyOne does, and its `signalbox` key. file is its name, for the
// faults' locations. What FiftyOne accepts is accepted: unknown keys are ignored, free text stays as it is written.
// Errors: Invalid with every fault.
func ParseManifest(file string, text []byte) (sb.Manifest, error) {
	d := &document{file: file}
	var m sb.Manifest
	if top := d.parse(text); top != nil {
		m = d.manifest(top)
	}
	if len(d.faults) > 0 {
		return sb.Manifest{}, sb.Faulty("The plugin's manifest "+file+" has faults.", d.faults...)
	}
	return m, nil
}

func (d *document) manifest(top *yaml.Node) sb.Manifest {
	if top.Kind != yaml.MappingNode {
		d.fault(top, "", "must be a mapping with the key name")
		return sb.Manifest{}
	}
	keys := map[string]*yaml.Node{}
	for _, e := range d.entries(top, "", false) {
		keys[e.name] = e.value
	}
	d.kind(keys["type"])
	m := sb.Manifest{
		Name:        d.name(top, keys["name"]),
		Version:     d.text(keys["version"], "version"),
		Author:      d.free(keys["author"], "author"),
		URL:         d.text(keys["url"], "url"),
		License:     d.free(keys["license"], "license"),
		Description: d.text(keys["description"], "description"),
		FiftyOne:    d.constraint(keys["fiftyone"]),
		Operators:   d.operators(keys["operators"]),
		Panels:      d.texts(keys["panels"], "panels"),
		Secrets:     d.secrets(keys["secrets"]),
	}
	m.Commands = d.commands(keys["signalbox"], m.Operators)
	return m
}

// kind refuses manifests of other things than plugins: datasets and models of FiftyOne's zoo use the same file name.
func (d *document) kind(n *yaml.Node) {
	if t := d.text(n, "type"); t != "" && t != "plugin" {
		d.fault(n, "type", "is %q; only a plugin can be installed", t)
	}
}

func (d *document) name(top, n *yaml.Node) string {
	if isNull(n) || n.Kind == yaml.ScalarNode && n.Value == "" {
		if n == nil {
			n = top
		}
		d.fault(n, "name", "is missing; it is the one key that every plugin needs")
		return ""
	}
	before := len(d.faults)
	name := d.text(n, "name")
	if wrong := sb.CheckName(name); wrong != "" && len(d.faults) == before {
		d.fault(n, "name", "%s", wrong)
	}
	return name
}

// free reads text that some write as a list.
func (d *document) free(n *yaml.Node, path string) string {
	if n != nil && n.Kind == yaml.SequenceNode {
		return strings.Join(d.texts(n, path), ", ")
	}
	return d.text(n, path)
}

// constraint reads fiftyone.version. It is shown, never enforced: the runtime checks it where it runs.
func (d *document) constraint(n *yaml.Node) string {
	if n == nil || n.Kind != yaml.MappingNode {
		return ""
	}
	for _, e := range d.entries(n, "fiftyone", false) {
		if e.name == "version" {
			return d.text(e.value, "fiftyone.version")
		}
	}
	return ""
}

func (d *document) operators(n *yaml.Node) []string {
	names := unique(d.texts(n, "operators"))
	if len(names) > maxOperators {
		d.fault(n, "operators", "has %d operators; at most %d are allowed", len(names), maxOperators)
		return nil
	}
	for _, name := range names {
		wrong := sb.CheckName(name)
		if wrong == "" && strings.Contains(name, "/") {
			wrong = "an operator's name has no slash; it is joined with the plugin's name by one"
		}
		if wrong != "" {
			d.fault(n, "operators", "%q: %s", name, wrong)
		}
	}
	return names
}

// maxVariable bounds an environment variable's name.
const maxVariable = 200

var variable = regexp.MustCompile(`^[^=\x00-\x20\x7f]+$`)

// secrets reads names that become environment variables of the operators' processes.
func (d *document) secrets(n *yaml.Node) []string {
	names := unique(d.texts(n, "secrets"))
	for _, name := range names {
		switch {
		case len(name) > maxVariable || !variable.MatchString(name):
			d.fault(n, "secrets", "%.100q cannot be the name of an environment variable", name)
		case sb.ReservedVariable(name):
			d.fault(n, "secrets", "%q: this variable decides how processes run, so no secret can have its name", name)
		}
	}
	return names
}

// unique keeps the first of each.
func unique(names []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(names, func(name string) bool {
		twice := seen[name]
		seen[name] = true
		return twice
	})
}
