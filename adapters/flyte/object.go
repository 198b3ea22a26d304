package flyte

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// object is a message of Flyte as JSON. FlyteAdmin names fields in snake or in camel case, by its version and by what a
// proxy makes of our headers, so both are read. Keys of maps are names of people's and stay as they are.
type object map[string]json.RawMessage

// objectOf reads a message; what is none has no fields.
func objectOf(raw json.RawMessage) object {
	var o object
	if json.Unmarshal(raw, &o) != nil {
		return nil
	}
	return o
}

// raw is a field by its name in snake case; nil for one that is not there or null.
func (o object) raw(name string) json.RawMessage {
	for _, n := range []string{name, camel(name)} {
		if v, ok := o[n]; ok && string(v) != "null" {
			return v
		}
	}
	return nil
}

func (o object) text(name string) string {
	var s string
	_ = json.Unmarshal(o.raw(name), &s)
	return s
}

func (o object) flag(name string) bool { return string(o.raw(name)) == "true" }

// number reads a whole number, which Flyte writes as a text when it has 64 bits.
func (o object) number(name string) int {
	n, _ := strconv.Atoi(strings.Trim(string(o.raw(name)), `"`))
	return n
}

func (o object) object(name string) object { return objectOf(o.raw(name)) }

func (o object) list(name string) []object {
	var all []object
	_ = json.Unmarshal(o.raw(name), &all)
	return all
}

// entries reads a map of messages, whose keys are people's names.
func (o object) entries(name string) map[string]object {
	var all map[string]object
	_ = json.Unmarshal(o.raw(name), &all)
	return all
}

// words reads a map of texts.
func (o object) words(name string) map[string]string {
	var all map[string]string
	_ = json.Unmarshal(o.raw(name), &all)
	return all
}

func (o object) time(name string) *time.Time {
	t, err := time.Parse(time.RFC3339Nano, o.text(name))
	if err != nil {
		return nil
	}
	return &t
}

// duration reads one such as "1.217s".
func (o object) duration(name string) time.Duration {
	d, _ := time.ParseDuration(o.text(name))
	return d
}

func camel(snake string) string {
	words := strings.Split(snake, "_")
	for i, w := range words[1:] {
		if w != "" {
			words[i+1] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, "")
}
