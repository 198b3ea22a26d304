package signalbox

import (
	"bytes"
	"time"
	"unicode/utf8"
)

// MaxLine is the most bytes of a line of a log, its time and severity included. Longer lines are split there.
const MaxLine = 64 << 10

// lineTime is how FormatLine writes a time: RFC 3339 in UTC, always with microseconds.
const lineTime = "2006-01-02T15:04:05.000000Z"

// FormatLine writes a line as our logs hold it, `2026-05-01T10:00:00.123456Z INFO message`, without a newline at its
// end. A message of several lines stays one entry: each line after the first begins with a tab, which reading cuts.
func FormatLine(ts time.Time, sev Severity, message []byte) []byte {
	out := make([]byte, 0, len(lineTime)+len(sev)+len(message)+2)
	out = ts.UTC().AppendFormat(out, lineTime)
	out = append(append(append(out, ' '), sev...), ' ')
	message = bytes.TrimRight(message, "\r\n")
	for {
		line, rest, more := bytes.Cut(message, []byte{'\n'})
		out = append(out, line...)
		if !more {
			return out
		}
		out, message = append(out, '\n', '\t'), rest
	}
}

// ParseLine reads the time, severity and message of a line given without its newline. It knows our own format,
// Python's logging with its usual formats, logrus as text and JSON, other JSON with a level or severity, and what a
// container's runtime makes of any of them. A line in no known format is INFO, without a time, and its message is all of it; so are bytes that are no UTF-8. Times without
// a zone count as UTC. The message is as a terminal would show it: colours are cut and \r keeps the last state. It may
// share memory with the line.
func ParseLine(line []byte) (ts *time.Time, sev Severity, message []byte, known bool) {
	line = bytes.TrimRight(line, "\r")
	if bytes.IndexByte(line, esc) >= 0 {
		line = uncolour(line)
	}
	p, ok := parseKnown(line)
	if ok {
		p.message = lastState(p.message)
		return p.when(), p.severity, p.message, true
	}
	last := lastState(line)
	if len(last) == len(line) {
		return nil, Info, line, false
	}
	if p, ok = parseKnown(last); ok {
		return p.when(), p.severity, p.message, true
	}
	return nil, Info, last, false
}

// parsed is a line in a known format.
type parsed struct {
	at       time.Time // zero: the line has none
	severity Severity
	message  []byte
}

func (p parsed) when() *time.Time {
	if p.at.IsZero() {
		return nil
	}
	at := p.at
	return &at
}

// parseKnown tells the formats apart by the line's first byte.
func parseKnown(line []byte) (parsed, bool) {
	if len(line) == 0 {
		return parsed{}, false
	}
	switch c := line[0]; {
	case '0' <= c && c <= '9':
		at, n := parseTime(line)
		if n == 0 {
			return parsed{}, false
		}
		if p, ok := ownFormat(at, line[n-1:]); ok {
			return p, true
		}
		if p, ok := containerFormat(line); ok {
			return p, true
		}
		return afterTime(at, line[n:])
	case c == '[':
		at, n := parseTime(line[1:])
		if n == 0 || len(line) < n+2 || line[n+1] != ']' {
			return parsed{}, false
		}
		return afterTime(at, line[n+2:])
	case c == '{':
		if p, ok := containerFormat(line); ok {
			return p, true
		}
		return parseJSONLine(line)
	case c == 't' || c == 'l':
		return parseLogrus(line)
	case 'A' <= c && c <= 'Z':
		return parseLevelFirst(line)
	}
	return parsed{}, false
}

// ownFormat reads what FormatLine writes behind the time: the message is taken as it is. rest begins with the zone.
func ownFormat(at time.Time, rest []byte) (parsed, bool) {
	if len(rest) < 2 || rest[0] != 'Z' || rest[1] != ' ' {
		return parsed{}, false
	}
	word, message, _ := bytes.Cut(rest[2:], []byte{' '})
	sev, ok := severityOf(word)
	return parsed{at: at, severity: sev, message: message}, ok
}

// afterTime reads what follows the time: `LEVEL message`, ` - name - LEVEL - message`, `{file:1} LEVEL - message`.
func afterTime(at time.Time, rest []byte) (parsed, bool) {
	if len(rest) == 0 || rest[0] != ' ' && rest[0] != '\t' {
		return parsed{}, false
	}
	rest = bytes.TrimLeft(rest, " \t")
	if dashed, ok := bytes.CutPrefix(rest, []byte("- ")); ok {
		return afterDash(at, dashed)
	}
	if len(rest) > 0 && rest[0] == '{' {
		_, after, ok := bytes.Cut(rest, []byte("} "))
		if !ok {
			return parsed{}, false
		}
		rest = after
	}
	word, message := cutWord(rest)
	sev, ok := severityOf(word)
	return parsed{at: at, severity: sev, message: message}, ok
}

// afterDash reads fields between dashes: the level is one of the first three.
func afterDash(at time.Time, rest []byte) (parsed, bool) {
	for range 3 {
		field, after, ok := bytes.Cut(rest, []byte(" - "))
		if sev, is := severityOf(bytes.TrimSpace(field)); is {
			return parsed{at: at, severity: sev, message: after}, true
		}
		if !ok {
			break
		}
		rest = after
	}
	return parsed{}, false
}

// cutWord cuts the level, bare or in brackets, and what parts it from the message.
func cutWord(b []byte) (word, rest []byte) {
	end := bytes.IndexAny(b[:min(len(b), 16)], " \t:]")
	if end < 0 {
		end = len(b)
	}
	word, rest = b[:end], b[end:]
	if len(word) > 0 && word[0] == '[' {
		word, rest = word[1:], bytes.TrimPrefix(rest, []byte{']'})
	}
	rest = bytes.TrimPrefix(rest, []byte{':'})
	if len(rest) > 0 && rest[0] == ' ' {
		rest = rest[1:]
		if padded := bytes.TrimLeft(rest, " "); len(padded) < len(rest) && bytes.HasPrefix(padded, []byte("- ")) {
			rest = padded
		}
	}
	return word, bytes.TrimPrefix(rest, []byte("- "))
}

// parseLevelFirst reads `LEVEL:logger:message`, `LEVEL: message` and logrus's `LEVEL[0000] message`.
func parseLevelFirst(line []byte) (parsed, bool) {
	end := bytes.IndexAny(line[:min(len(line), 16)], ":[ ")
	if end < 0 || line[end] == ' ' {
		return parsed{}, false
	}
	sev, ok := severityOf(line[:end])
	if !ok {
		return parsed{}, false
	}
	rest := line[end+1:]
	if line[end] == '[' {
		seconds, message, ok := bytes.Cut(rest, []byte{']'})
		if !ok || len(bytes.Trim(seconds, "0123456789")) > 0 {
			return parsed{}, false
		}
		return parsed{severity: sev, message: bytes.TrimPrefix(message, []byte{' '})}, true
	}
	if len(rest) > 0 && rest[0] == ' ' {
		return parsed{severity: sev, message: bytes.TrimLeft(rest, " ")}, true
	}
	if logger, message, ok := bytes.Cut(rest, []byte{':'}); ok && bytes.IndexByte(logger, ' ') < 0 {
		return parsed{severity: sev, message: message}, true
	}
	return parsed{severity: sev, message: rest}, true
}

// severityOf reads a level in capitals, in the spellings of Python, logrus, zap and syslog.
func severityOf(word []byte) (Severity, bool) {
	switch string(word) {
	case "INFO", "NOTICE", "SUCCESS":
		return Info, true
	case "WARNING", "WARN":
		return Warning, true
	case "ERROR", "ERRO", "ERR":
		return ErrorLine, true
	case "DEBUG", "DEBU", "TRACE", "TRAC":
		return Debug, true
	case "CRITICAL", "FATAL", "FATA", "PANIC", "PANI", "CRIT", "ALERT", "EMERGENCY":
		return Critical, true
	}
	return "", false
}

// parseTime reads a time at the start of b and tells how many bytes it took; 0 when there is none. It takes a comma or
// a point before the fraction, and Z, an offset, " UTC" or nothing as the zone.
func parseTime(b []byte) (time.Time, int) {
	if len(b) < 19 || b[4] != '-' || b[7] != '-' {
		return time.Time{}, 0
	}
	n := 11
	if b[10] == ',' && b[11] == ' ' && len(b) >= 20 { // as Airflow writes it
		n = 12
	} else if b[10] != 'T' && b[10] != ' ' && b[10] != 't' {
		return time.Time{}, 0
	}
	c := b[n : n+8]
	if c[2] != ':' || c[5] != ':' {
		return time.Time{}, 0
	}
	year, month, day := two(b[:2])*100+two(b[2:4]), two(b[5:7]), two(b[8:10])
	hour, minute, second := two(c[:2]), two(c[3:5]), two(c[6:8])
	if year < 1 || month < 1 || month > 12 || day < 1 || day > 31 || uint(hour) > 23 || uint(minute) > 59 || uint(second) > 60 {
		return time.Time{}, 0
	}
	n += 8
	nanos, f := fraction(b[n:])
	n += f
	offset, z := zone(b[n:])
	return time.Date(year, time.Month(month), day, hour, minute-offset, second, nanos, time.UTC), n + z
}

// two reads a number of two digits; anything else makes it negative, also when multiplied or added to another.
func two(b []byte) int {
	tens, ones := b[0]-'0', b[1]-'0'
	if tens > 9 || ones > 9 {
		return -1 << 20
	}
	return int(tens)*10 + int(ones)
}

// fraction reads the fraction of a second at the start of b: the nanoseconds, and its length.
func fraction(b []byte) (nanos, n int) {
	if len(b) < 2 || b[0] != '.' && b[0] != ',' {
		return 0, 0
	}
	unit := int(100 * time.Millisecond)
	for n = 1; n < len(b) && '0' <= b[n] && b[n] <= '9'; n++ {
		nanos += unit * int(b[n]-'0')
		unit /= 10
	}
	if n == 1 {
		return 0, 0
	}
	return nanos, n
}

// zone reads the zone at the start of b: minutes east of UTC, and its length.
func zone(b []byte) (offset, n int) {
	switch {
	case len(b) == 0:
		return 0, 0
	case b[0] == 'Z' || b[0] == 'z':
		return 0, 1
	case bytes.HasPrefix(b, []byte(" UTC")):
		return 0, 4
	case b[0] != '+' && b[0] != '-' || len(b) < 5:
		return 0, 0
	}
	minutes, n := b[3:5], 5
	if b[3] == ':' && len(b) >= 6 {
		minutes, n = b[4:6], 6
	}
	h, m := two(b[1:3]), two(minutes)
	if h < 0 || m < 0 {
		return 0, 0
	}
	offset = h*60 + m
	if b[0] == '-' {
		offset = -offset
	}
	return offset, n
}

const esc = 0x1b

// lastState keeps what a terminal would still show of a line that was overwritten with \r.
func lastState(b []byte) []byte {
	if bytes.IndexByte(b, '\r') < 0 { // much faster than the search from behind
		return b
	}
	return b[bytes.LastIndexByte(b, '\r')+1:]
}

// uncolour cuts ANSI escape sequences: CSI and OSC ones whole, others with the byte after ESC.
func uncolour(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for len(b) > 0 {
		i := bytes.IndexByte(b, esc)
		if i < 0 {
			return append(out, b...)
		}
		out = append(out, b[:i]...)
		b = b[i+escapeLen(b[i:]):]
	}
	return out
}

// escapeLen tells how many bytes the escape sequence at the start of b has.
func escapeLen(b []byte) int {
	if len(b) < 2 {
		return len(b)
	}
	switch b[1] {
	case '[':
		for i := 2; i < len(b); i++ {
			if 0x40 <= b[i] && b[i] <= 0x7e {
				return i + 1
			}
		}
		return len(b)
	case ']':
		if i := bytes.IndexByte(b, 0x07); i > 0 {
			return i + 1
		}
		return len(b)
	}
	_, n := utf8.DecodeRune(b[1:])
	return 1 + n
}
