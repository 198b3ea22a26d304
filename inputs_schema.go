package signalbox

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// described is all that a JSON Schema says of one value: a schema, with those that it refers to and is made of.
type described struct {
	root map[string]any // what references are looked up in
	met  map[string]bool
	all  []map[string]any
	lost bool // a reference leads to what is not here
}

// describe gives what a document says of the whole value.
func describe(root map[string]any) described {
	d := described{root: root, met: map[string]bool{}}
	d.add(root)
	return d
}

// add takes what is said by one more schema.
func (d *described) add(schema any) {
	o, ok := schema.(map[string]any)
	if !ok {
		return
	}
	d.all = append(d.all, o)
	for _, word := range []string{"$ref", "$dynamicRef", "$recursiveRef"} {
		ref, ok := o[word].(string)
		if !ok || d.met[ref] {
			continue
		}
		d.met[ref] = true
		there, found := d.lookUp(ref)
		d.lost = d.lost || !found
		d.add(there)
	}
	for _, word := range []string{"allOf", "anyOf", "oneOf"} {
		list, _ := o[word].([]any)
		for _, one := range list {
			d.add(one)
		}
	}
	for _, word := range []string{"if", "then", "else"} {
		d.add(o[word])
	}
	for _, word := range []string{"dependentSchemas", "dependencies"} {
		d.addAll(o[word])
	}
}

func (d *described) addAll(named any) {
	o, _ := named.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(o)) {
		d.add(o[name])
	}
}

// lookUp finds what a reference within the document leads to.
func (d *described) lookUp(ref string) (at any, found bool) {
	pointer, within := strings.CutPrefix(ref, "#")
	pointer, err := url.PathUnescape(pointer)
	if !within || err != nil || pointer != "" && !strings.HasPrefix(pointer, "/") {
		return nil, false
	}
	at = d.root
	for _, name := range strings.Split(pointer, "/")[1:] {
		name = strings.ReplaceAll(strings.ReplaceAll(name, "~1", "/"), "~0", "~")
		switch here := at.(type) {
		case map[string]any:
			at, found = here[name]
		case []any:
			i, err := strconv.Atoi(name)
			if found = err == nil && i >= 0 && i < len(here); found {
				at = here[i]
			}
		default:
			found = false
		}
		if !found {
			return nil, false
		}
	}
	return at, true
}

// below is what is said of the member of that name.
func (d described) below(name string) described {
	member := described{root: d.root, met: map[string]bool{}, lost: d.lost}
	for _, o := range d.all {
		properties, _ := o["properties"].(map[string]any)
		named, declared := properties[name]
		member.add(named)
		member.addAll(o["patternProperties"])
		if !declared {
			member.add(o["additionalProperties"])
			member.add(o["unevaluatedProperties"])
		}
	}
	return member
}

// secret tells whether the value itself is one, or may be for all that can be seen.
func (d described) secret() bool {
	return d.lost || slices.ContainsFunc(d.all, func(o map[string]any) bool { return o["writeOnly"] == true || o["format"] == "password" })
}

// secretIn names the first secret at or below a path; "" for none. What a reference leads to is looked at once.
func (d described) secretIn(path string) string {
	if d.secret() {
		return path
	}
	in := func(schema any, path string) string {
		part := described{root: d.root, met: d.met}
		part.add(schema)
		return part.secretIn(path)
	}
	for _, o := range d.all {
		for _, word := range []string{"properties", "patternProperties"} {
			members, _ := o[word].(map[string]any)
			for _, name := range slices.Sorted(maps.Keys(members)) {
				if found := in(members[name], path+"."+name); found != "" {
					return found
				}
			}
		}
		for _, word := range []string{"additionalProperties", "unevaluatedProperties"} {
			if found := in(o[word], path+".*"); found != "" {
				return found
			}
		}
		for _, word := range []string{"items", "prefixItems", "additionalItems", "unevaluatedItems", "contains"} {
			list, many := o[word].([]any)
			if !many {
				list = []any{o[word]}
			}
			for _, one := range list {
				if found := in(one, path+"[]"); found != "" {
					return found
				}
			}
		}
	}
	return ""
}
