package signalbox

import "bytes"

// ContainerLine is a line of a program's output as a container's runtime keeps it: CRI's `2026-01-01T00:00:00.0Z stdout F text`,
// as under Kubernetes, or Docker's `{"log":"text\n","stream":"stdout","time":"…"}`.
type ContainerLine struct {
	Head    []byte // of a CRI line up to its stream: `2026-01-01T00:00:00.0Z stdout`
	Stderr  bool
	Partial bool   // the next line of this stream goes on where its text ends
	Text    []byte // without its newline
}

// CutContainerLine reads a line, given without its newline, as a container's; false for any other.
func CutContainerLine(line []byte) (ContainerLine, bool) {
	if len(line) == 0 {
		return ContainerLine{}, false
	}
	switch c := line[0]; {
	case '0' <= c && c <= '9':
		return cutCRI(line)
	case c == '{' && bytes.HasPrefix(line, []byte(`{"log":`)): // which comes first there
		return cutDocker(line)
	}
	return ContainerLine{}, false
}

// cutCRI reads `<time> <stdout|stderr> <F|P>[:tags] <text>`.
func cutCRI(line []byte) (c ContainerLine, ok bool) {
	at := bytes.IndexByte(line[:min(len(line), 40)], ' ')
	if at < 19 {
		return c, false
	}
	rest := line[at:]
	switch {
	case bytes.HasPrefix(rest, []byte(" stdout ")):
	case bytes.HasPrefix(rest, []byte(" stderr ")):
		c.Stderr = true
	default:
		return c, false
	}
	if _, n := parseTime(line); n != at {
		return c, false
	}
	c.Head = line[:at+len(" stdout")]
	tags, text, _ := bytes.Cut(rest[len(" stdout "):], []byte{' '})
	tag, _, _ := bytes.Cut(tags, []byte{':'})
	c.Partial, c.Text = string(tag) == "P", text
	return c, c.Partial || string(tag) == "F"
}

// cutDocker reads a line of Docker's json-file. Its head is that of the same line of CRI.
func cutDocker(line []byte) (c ContainerLine, ok bool) {
	var log, stream, at []byte
	whole := eachField(line, func(key, value []byte) {
		switch string(key) {
		case "log":
			log = value
		case "stream":
			stream = value
		case "time":
			at = unquoteJSON(value)
		}
	})
	if !whole || len(log) < 2 || log[0] != '"' || len(at) == 0 {
		return c, false
	}
	switch string(stream) {
	case `"stdout"`:
	case `"stderr"`:
		c.Stderr = true
	default:
		return c, false
	}
	c.Partial = !bytes.HasSuffix(log, []byte(`\n"`))
	c.Head, c.Text = bytes.Join([][]byte{at, unquoteJSON(stream)}, []byte{' '}), unquoteJSON(log)
	return c, true
}

// containerFormat reads what a program wrote out of a container's line: by its own format where it has one, else as of the
// time when it was written, INFO from standard output and WARNING from standard error.
func containerFormat(line []byte) (parsed, bool) {
	c, ok := CutContainerLine(line)
	if !ok {
		return parsed{}, false
	}
	at, _ := parseTime(c.Head)
	text := bytes.TrimRight(c.Text, "\r")
	if bytes.IndexByte(text, esc) >= 0 {
		text = uncolour(text)
	}
	p, known := parseKnown(text)
	if !known {
		p = parsed{severity: Info, message: text}
		if c.Stderr {
			p.severity = Warning
		}
	}
	if p.at.IsZero() {
		p.at = at
	}
	return p, true
}
