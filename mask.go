package signalbox

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Masked stands where a secret was.
const Masked = "***"

// Mask replaces the values of secrets in what a run says: as they are, and each of their lines. It finds them as plain
// text, as text in JSON and in JSON within JSON, in URLs and in Base64, alone or amid other text; not encoded in another
// way. The zero value replaces nothing. It never changes, and is safe for use by several goroutines.
type Mask struct {
	forms   *forms // nil: none
	longest int
}

// NewMask makes a mask of all values that are long enough.
func NewMask(values ...string) Mask {
	var m Mask
	var found []string
	add := func(value string) {
		if utf8.RuneCountInString(value) < MinSecret {
			return
		}
		for _, form := range slices.Concat(escaped(value), inURL(value), inBase64(value)) {
			found = append(found, form)
			if !strings.Contains(form, "\n") { // what has several lines is found line by line
				m.longest = max(m.longest, len(form))
			}
		}
	}
	for _, value := range values {
		add(value)
		for line := range strings.Lines(value) {
			add(strings.TrimRight(line, "\r\n"))
		}
	}
	if len(found) == 0 {
		return Mask{}
	}
	m.forms = newForms(found)
	return m
}

// escaped are the forms of a text in JSON, with letters beyond ASCII as they are or not, twice: a line of a log may hold
// JSON within JSON.
func escaped(value string) []string {
	forms := []string{value}
	for range 2 {
		for _, form := range slices.Clone(forms) {
			quoted, _ := json.Marshal(form) // text can always be written
			var plain bytes.Buffer
			encoder := json.NewEncoder(&plain)
			encoder.SetEscapeHTML(false)
			_ = encoder.Encode(form)
			unquoted := strings.TrimSuffix(plain.String(), "\n")
			forms = append(forms, inside(string(quoted)), inside(unquoted), inside(strconv.QuoteToASCII(form)))
		}
		slices.Sort(forms)
		forms = slices.Compact(forms)
	}
	return forms
}

// inURL are the forms of a text in a URL, with a slash as it is or not, a space in either way, digits in upper or lower case.
func inURL(value string) (forms []string) {
	query := url.QueryEscape(value)
	for _, form := range []string{query, strings.ReplaceAll(query, "+", "%20"), url.PathEscape(value)} {
		for _, form := range []string{form, strings.ReplaceAll(form, "%2F", "/")} {
			forms = append(forms, form, percent.ReplaceAllStringFunc(form, strings.ToLower))
		}
	}
	return forms
}

var percent = regexp.MustCompile(`%[0-9A-F]{2}`)

// inBase64 are the forms of a text in Base64: alone, and what it makes of itself in the middle of other text, wherever
// that begins, which is all but what it shares with its neighbours.
func inBase64(value string) (forms []string) {
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		bare := encoding.WithPadding(base64.NoPadding)
		forms = append(forms, encoding.EncodeToString([]byte(value)), bare.EncodeToString([]byte(value)))
		for before, shared := range []int{0, 2, 3} { // bytes before it, and letters that hold some of them
			end := (before + len(value)) * 8 / 6
			form := bare.EncodeToString(append(make([]byte, before), value...))[shared:end]
			if len(form) >= MinSecret {
				forms = append(forms, form)
			}
		}
	}
	return forms
}

func inside(quoted string) string { return quoted[1 : len(quoted)-1] }

// Longest is the most bytes that a value has in one line: who cuts a line keeps that much back.
func (m Mask) Longest() int { return m.longest }

// Bytes is the text with the values replaced; the same slice when there are none in it.
func (m Mask) Bytes(text []byte) []byte {
	var out []byte
	rest := 0
	for at, n := m.forms.next(text, 0); n > 0; at, n = m.forms.next(text, rest) {
		out = append(append(out, text[rest:at]...), Masked...)
		rest = at + n
	}
	if rest == 0 {
		return text
	}
	return append(out, text[rest:]...)
}

// Text is the text with the values replaced.
func (m Mask) Text(text string) string {
	if m.forms == nil {
		return text
	}
	return string(m.Bytes([]byte(text)))
}

// Spans are where the values stand in a text, in the order of the text and without overlaps. The bytes between two spans hold
// no value.
func (m Mask) Spans(text []byte) []Span {
	var all []Span
	for at, n := m.forms.next(text, 0); n > 0; at, n = m.forms.next(text, at+1) {
		if last := len(all) - 1; last >= 0 && at < all[last].To {
			all[last].To = max(all[last].To, at+n)
			continue
		}
		all = append(all, Span{at, at + n})
	}
	return all
}

// Span is a stretch of a text, in bytes.
type Span struct{ From, To int }

func (m Mask) in(text []byte) bool {
	_, n := m.forms.next(text, 0)
	return n > 0
}

var jsonNumber = regexp.MustCompile(`-?[0-9][0-9.eE+-]*`)

// JSON is a JSON text with the values replaced in its strings, however they are escaped, and in its numbers. It stays
// JSON, and what holds no value stays as it was written.
func (m Mask) JSON(raw []byte) []byte {
	if m.forms == nil || !m.in(raw) && bytes.IndexByte(raw, '\\') < 0 {
		return raw
	}
	out := make([]byte, 0, len(raw))
	for rest := raw; len(rest) > 0; {
		i := bytes.IndexByte(rest, '"')
		if i < 0 {
			i = len(rest)
		}
		out = append(out, m.numbers(rest[:i])...)
		n := literal(rest[i:])
		out = append(out, m.literal(rest[i:i+n])...)
		rest = rest[i+n:]
	}
	return out
}

// numbers masks the numbers between strings.
func (m Mask) numbers(between []byte) []byte {
	if !m.in(between) {
		return between
	}
	return jsonNumber.ReplaceAllFunc(between, func(number []byte) []byte {
		if m.in(number) {
			return []byte(`"` + Masked + `"`)
		}
		return number
	})
}

// literal is the length of the string that a text begins with, with its quotes; 0 for no text.
func literal(text []byte) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

func (m Mask) literal(quoted []byte) []byte {
	if len(quoted) < 2 || quoted[len(quoted)-1] != '"' { // no JSON
		return m.Bytes(quoted)
	}
	if bytes.IndexByte(quoted, '\\') < 0 {
		inside := m.Bytes(quoted[1 : len(quoted)-1])
		return slices.Concat([]byte{'"'}, inside, []byte{'"'})
	}
	var text string
	if json.Unmarshal(quoted, &text) != nil {
		return m.Bytes(quoted)
	}
	clean := m.Text(text)
	if clean == text {
		return quoted
	}
	written, err := json.Marshal(clean)
	if err != nil {
		return []byte(`"` + Masked + `"`)
	}
	return written
}
