package airflow

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// pythonLiteral reads Python's text of a value into JSON: dicts, lists, tuples, strings, numbers, True, False and None.
// Airflow 2 gives results in no other way. Anything else is not read.
func pythonLiteral(text string) (json.RawMessage, bool) {
	p := &literal{rest: strings.TrimSpace(text)}
	v, ok := p.value(0)
	if !ok || strings.TrimSpace(p.rest) != "" {
		return nil, false
	}
	return appendJSON(nil, v), true
}

// literalDepth is how deep values may be nested.
const literalDepth = 200

type literal struct{ rest string }

func (p *literal) blank() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

func (p *literal) take(s string) bool {
	p.blank()
	rest, ok := strings.CutPrefix(p.rest, s)
	if ok {
		p.rest = rest
	}
	return ok
}

var pythonNumber = regexp.MustCompile(`^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?`)

func (p *literal) value(depth int) (any, bool) {
	p.blank()
	if depth > literalDepth || p.rest == "" {
		return nil, false
	}
	switch p.rest[0] {
	case '{':
		return p.dict(depth)
	case '[':
		return p.list("[", "]", depth)
	case '(':
		return p.list("(", ")", depth)
	case '\'', '"':
		return p.text()
	}
	for word, v := range map[string]any{"True": true, "False": false, "None": nil} {
		if p.word(word) {
			return v, true
		}
	}
	return p.number()
}

// word takes a name that ends there.
func (p *literal) word(w string) bool {
	rest, ok := strings.CutPrefix(p.rest, w)
	if !ok || rest != "" && (rest[0] == '_' || rest[0] >= '0' && rest[0] <= '9' || rest[0]|0x20 >= 'a' && rest[0]|0x20 <= 'z') {
		return false
	}
	p.rest = rest
	return true
}

// number keeps the digits as they are: Python's integers have no limit.
func (p *literal) number() (any, bool) {
	n := pythonNumber.FindString(p.rest)
	p.rest = p.rest[len(n):]
	return json.Number(n), n != ""
}

func (p *literal) list(start, end string, depth int) (any, bool) {
	p.take(start)
	all := []any{}
	for !p.take(end) {
		v, ok := p.value(depth + 1)
		if !ok {
			return nil, false
		}
		all = append(all, v)
		if p.take(",") {
			continue
		}
		if start == "(" && len(all) == 1 {
			return nil, false // brackets, but no tuple
		}
		if !p.take(end) {
			return nil, false
		}
		break
	}
	return all, true
}

// dict takes what JSON has as keys: text, and what Python's own JSON makes text of. Their order is kept.
func (p *literal) dict(depth int) (any, bool) {
	p.take("{")
	all, met := object{}, map[string]bool{}
	for !p.take("}") {
		k, ok := p.value(depth + 1)
		name, isName := keyText(k)
		if !ok || !isName || met[name] || !p.take(":") {
			return nil, false
		}
		met[name] = true
		v, ok := p.value(depth + 1)
		if !ok {
			return nil, false
		}
		all = append(all, field{name, v})
		if p.take(",") {
			continue
		}
		if !p.take("}") {
			return nil, false
		}
		break
	}
	return all, true
}

// object is an object whose fields have an order.
type object []field

type field struct {
	name  string
	value any
}

// appendJSON writes what was read.
func appendJSON(b []byte, v any) []byte {
	switch v := v.(type) {
	case object:
		b = append(b, '{')
		for i, f := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSON(append(appendJSON(b, f.name), ':'), f.value)
		}
		return append(b, '}')
	case []any:
		b = append(b, '[')
		for i, e := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSON(b, e)
		}
		return append(b, ']')
	}
	plain, err := json.Marshal(v) // text, a number, true, false or nothing
	if err != nil {
		return append(b, "null"...)
	}
	return append(b, plain...)
}

func keyText(k any) (string, bool) {
	switch k := k.(type) {
	case string:
		return k, true
	case json.Number:
		return k.String(), true
	case bool:
		return strconv.FormatBool(k), true
	case nil:
		return "null", true
	}
	return "", false
}

// escapes of Python's text; repr writes no others.
var pythonEscapes = map[byte]string{'n': "\n", 'r': "\r", 't': "\t", '\\': "\\", '\'': "'", '"': "\"", 'a': "\a", 'b': "\b", 'f': "\f", 'v': "\v"}

func (p *literal) text() (any, bool) {
	quote := p.rest[0]
	var b strings.Builder
	for i := 1; i < len(p.rest); i++ {
		switch c := p.rest[i]; c {
		case quote:
			p.rest = p.rest[i+1:]
			return b.String(), true
		case '\\':
			n, ok := unescape(p.rest[i+1:], &b)
			if !ok {
				return nil, false
			}
			i += n
		default:
			b.WriteByte(c)
		}
	}
	return nil, false
}

// unescape reads what follows a backslash, and tells how many bytes it took.
func unescape(s string, into *strings.Builder) (int, bool) {
	if s == "" {
		return 0, false
	}
	if plain, ok := pythonEscapes[s[0]]; ok {
		into.WriteString(plain)
		return 1, true
	}
	digits, ok := map[byte]int{'x': 2, 'u': 4, 'U': 8}[s[0]]
	if !ok || len(s) < 1+digits {
		return 0, false
	}
	n, err := strconv.ParseUint(s[1:1+digits], 16, 32)
	if err != nil || n > utf8.MaxRune {
		return 0, false
	}
	into.WriteRune(rune(n))
	return 1 + digits, true
}
