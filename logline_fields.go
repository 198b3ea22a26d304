package signalbox

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// parseLogrus reads `time="…" level=info msg="…" key=value`; the fields after the message stay behind it.
func parseLogrus(line []byte) (parsed, bool) {
	if !bytes.HasPrefix(line, []byte("time=")) && !bytes.HasPrefix(line, []byte("level=")) {
		return parsed{}, false
	}
	var p parsed
	for len(line) > 0 {
		key, value, rest, ok := cutField(line)
		if !ok {
			break
		}
		switch string(key) {
		case "time":
			p.at, _ = parseTime(value)
		case "level":
			p.severity, _ = severityOf(bytes.ToUpper(value))
		case "msg":
			p.message = bytes.Join([][]byte{value, rest}, []byte{' '})
			if len(rest) == 0 {
				p.message = value
			}
			return p, p.severity != ""
		default:
			return parsed{}, false
		}
		line = rest
	}
	p.message = line
	return p, p.severity != ""
}

// cutField cuts the first key=value, the value unquoted, and the blank behind it.
func cutField(b []byte) (key, value, rest []byte, ok bool) {
	key, after, ok := bytes.Cut(b, []byte{'='})
	if !ok || bytes.IndexByte(key, ' ') >= 0 {
		return nil, nil, nil, false
	}
	if len(after) == 0 || after[0] != '"' {
		value, rest, _ = bytes.Cut(after, []byte{' '})
		return key, value, rest, true
	}
	end := quotedLen(after)
	if end == 0 {
		return nil, nil, nil, false
	}
	return key, unquoteGo(after[:end]), bytes.TrimPrefix(after[end:], []byte{' '}), true
}

// quotedLen tells how many bytes the quoted text at the start of b has, quotes included; 0 when it does not end.
func quotedLen(b []byte) int {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}

func unquoteGo(b []byte) []byte {
	inner := b[1 : len(b)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	s, err := strconv.Unquote(string(b))
	if err != nil {
		return inner
	}
	return []byte(s)
}

// parseJSONLine reads an object with a level and a message, under the names that loggers give them.
func parseJSONLine(line []byte) (parsed, bool) {
	var p parsed
	found := false
	whole := eachField(line, func(key, value []byte) {
		switch string(key) {
		case "level", "severity", "levelname", "lvl":
			if sev, ok := severityOf(bytes.ToUpper(unquoteJSON(value))); ok {
				p.severity = sev
			}
		case "msg", "message", "event":
			p.message, found = unquoteJSON(value), true
		case "time", "timestamp", "ts", "asctime", "@timestamp":
			p.at = jsonTime(value)
		}
	})
	if !whole || p.severity == "" {
		return parsed{}, false
	}
	if !found {
		p.message = line
	}
	return p, true
}

// jsonTime reads a time as text, or as seconds or milliseconds since 1970.
func jsonTime(value []byte) time.Time {
	if len(value) > 0 && value[0] == '"' {
		at, _ := parseTime(unquoteJSON(value))
		return at
	}
	n, err := strconv.ParseFloat(string(value), 64)
	switch {
	case err != nil || n <= 0 || n > 1e14:
		return time.Time{}
	case n > 1e11:
		n /= 1e3
	}
	return time.UnixMicro(int64(n * 1e6)).UTC()
}

// eachField calls f for each field of the flat or nested object that b is, and tells whether b is a whole object. It
// does not check what is inside of values.
func eachField(b []byte, f func(key, value []byte)) bool {
	b = skipBlank(b[1:])
	if len(b) > 0 && b[0] == '}' {
		return len(skipBlank(b[1:])) == 0
	}
	for len(b) > 0 && b[0] == '"' {
		n := quotedLen(b)
		if n == 0 {
			return false
		}
		key := b[1 : n-1]
		b = skipBlank(b[n:])
		if len(b) == 0 || b[0] != ':' {
			return false
		}
		b = skipBlank(b[1:])
		n = valueLen(b)
		if n == 0 {
			return false
		}
		f(key, bytes.TrimRight(b[:n], " \t"))
		b = b[n:]
		if b[0] == '}' {
			return len(skipBlank(b[1:])) == 0
		}
		b = skipBlank(b[1:])
	}
	return false
}

// valueLen tells how many bytes the value at the start of b has, up to the comma or brace behind it; 0 when there is none.
func valueLen(b []byte) int {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			n := quotedLen(b[i:])
			if n == 0 {
				return 0
			}
			i += n - 1
		case '{', '[':
			depth++
		case '}', ']', ',':
			if depth == 0 {
				return i
			}
			if b[i] != ',' {
				depth--
			}
		}
	}
	return 0
}

func skipBlank(b []byte) []byte { return bytes.TrimLeft(b, " \t\r") }

// unquoteJSON gives the text of a JSON value; what is no string is given as it is written.
func unquoteJSON(value []byte) []byte {
	if len(value) < 2 || value[0] != '"' {
		return value
	}
	if bytes.IndexByte(value, '\\') < 0 {
		return value[1 : len(value)-1]
	}
	var s string
	if err := json.Unmarshal(value, &s); err != nil {
		return value[1 : len(value)-1]
	}
	return []byte(strings.TrimRight(s, "\n"))
}
