package logs

import (
	"bytes"
	"slices"
	"strings"
	"time"

	sb "signalbox"
)

// maxEntry is how large a folded entry grows, in bytes; what follows begins another.
const maxEntry = 256 << 10

// entry is one entry of a log: a line, or a traceback in one piece.
type entry struct {
	start, end int64 // offsets in the log; start is where a line starts
	at         *time.Time
	severity   sb.Severity
	message    []byte // good until the next entry
}

// line is the entry as people read it.
func (e entry) line() sb.Line {
	return sb.Line{Timestamp: e.at, Severity: e.severity, Message: strings.ToValidUTF8(string(e.message), "\uFFFD")}
}

// parser reads a log that is written to it into entries, with bounded memory. It may begin at the start of any entry
// and then finds the same entries. Not safe for use by several goroutines.
type parser struct {
	emit   func(entry) error
	offset int64 // of the line being read
	line   []byte
	fold   sb.Fold
	begun  bool // open holds an entry that may go on
	open   entry
	stack  bool
}

func newParser(offset int64, emit func(entry) error) *parser {
	return &parser{emit: emit, offset: offset}
}

// Write reads more of the log. It fails only when emit does.
func (p *parser) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		room := sb.MaxLine - len(p.line)
		i := bytes.IndexByte(b[:min(room, len(b))], '\n')
		var part []byte
		switch {
		case i >= 0:
			part, b = b[:i], b[i+1:]
		case len(b) < room:
			p.line = append(p.line, b...)
			return n, nil
		default: // a line of more than MaxLine is split
			part, b = b[:room], b[room:]
		}
		if err := p.endLine(part, i >= 0); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// endLine takes the line that part ends.
func (p *parser) endLine(part []byte, newline bool) error {
	line := part
	if len(p.line) > 0 {
		p.line = append(p.line, part...)
		line = p.line
	}
	end := p.offset + int64(len(line))
	if newline {
		end++
	}
	err := p.take(line, end)
	p.offset, p.line = end, p.line[:0]
	return err
}

func (p *parser) take(line []byte, end int64) error {
	ts, sev, message, known := sb.ParseLine(line)
	rest, continues := p.fold.Next(sev, message, known)
	if continues && p.begun && len(p.open.message)+len(rest) < maxEntry {
		p.open.message = append(append(p.open.message, '\n'), rest...)
		p.open.end, p.stack = end, p.fold.Stack()
		return nil
	}
	if continues {
		p.fold = sb.Fold{}
		rest, _ = p.fold.Next(sev, message, known)
	}
	if err := p.flush(); err != nil {
		return err
	}
	p.begun, p.stack = true, p.fold.Stack()
	p.open = entry{start: p.offset, end: end, at: ts, severity: sev, message: append(p.open.message[:0], rest...)}
	return nil
}

// flush ends the open entry.
func (p *parser) flush() error {
	if !p.begun {
		return nil
	}
	p.begun = false
	e := p.open
	e.message = bytes.TrimRight(e.message, "\n")
	if p.stack && slices.Index(sb.Severities, e.severity) < slices.Index(sb.Severities, sb.ErrorLine) {
		e.severity = sb.ErrorLine
	}
	return p.emit(e)
}

// Close takes a last line without a newline, and ends the open entry.
func (p *parser) Close() error {
	if len(p.line) > 0 {
		if err := p.endLine(nil, false); err != nil {
			return err
		}
	}
	return p.flush()
}
