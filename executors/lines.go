package executors

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	sb "signalbox"
)

// How output is cut into lines.
const (
	lineMost  = sb.MaxLine - 64 // bytes, with room for time and severity; a longer line is split
	blockMost = 128 << 10       // bytes of a traceback that are kept in one piece
	redraw    = time.Second     // a line that is drawn again with \r counts once in this time
)

// lines cuts one stream of an operator into log lines. A line in a known format is kept as it is; another gets the
// time and the stream's severity. The lines of a traceback stay together: they leave in one piece, whatever the other
// stream writes meanwhile. Safe for use by several goroutines.
type lines struct {
	severity sb.Severity
	now      func() time.Time
	mask     sb.Mask
	out      func([]byte) // gets whole lines
	tail     *tail        // nil: not wanted

	mu     sync.Mutex
	line   []byte // so far
	cr     bool   // the last byte was \r
	drawn  []byte // the last state of a line that is drawn again and again
	held   bool   // drawn has not been given out
	gaveAt time.Time

	block []byte      // lines of a traceback that have not left
	entry bool        // they begin an entry
	level sb.Severity // of the entry
	trace trace       // where in a traceback the stream is
	last  sb.Severity // of the last line in a known format; a traceback right after it is about it
}

// Write takes a piece of output. It never fails.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for rest := p; len(rest) > 0; {
		i := bytes.IndexAny(rest, "\r\n")
		part := rest
		if i >= 0 {
			part = rest[:i]
		}
		l.text(part)
		if i < 0 {
			break
		}
		l.control(rest[i])
		rest = rest[i+1:]
	}
	return len(p), nil
}

// Flush gives out what is left when the stream has ended.
func (l *lines) Flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.cr:
		l.cr = false
		l.draw()
	case len(l.line) > 0:
		l.endLine()
	}
	if l.held {
		l.give(l.drawn)
	}
	l.endBlock()
}

func (l *lines) text(part []byte) {
	if len(part) == 0 {
		return
	}
	if l.cr {
		l.cr = false
		l.draw()
	}
	l.line = append(l.line, part...)
	l.split()
}

func (l *lines) control(c byte) {
	l.cr = c == '\r'
	if c == '\n' {
		l.endLine()
	}
}

// endLine gives out a line that ended with \n; it replaces what was drawn in its place.
func (l *lines) endLine() {
	l.drawn, l.held = nil, false
	line := l.line
	l.line = nil
	l.give(l.mask.Bytes(line))
}

// draw takes a line that ended with \r: the next one is drawn over it.
func (l *lines) draw() {
	if len(l.line) == 0 {
		return
	}
	l.drawn, l.held = l.mask.Bytes(l.line), true
	l.line = nil
	if now := l.now(); now.Sub(l.gaveAt) >= redraw {
		l.gaveAt, l.held = now, false
		l.give(l.drawn)
	}
}

// split gives out pieces of a line that is too long. It keeps enough to find a secret that is not yet whole.
func (l *lines) split() {
	keep := max(l.mask.Longest(), utf8.UTFMax)
	for len(l.line) >= lineMost+keep {
		l.line = l.mask.Bytes(l.line)
		if len(l.line) < lineMost+keep {
			return
		}
		cut := lineMost
		for cut > lineMost-utf8.UTFMax && !utf8.RuneStart(l.line[cut]) {
			cut--
		}
		piece := slices.Clone(l.line[:cut])
		l.line = slices.Clone(l.line[cut:])
		l.give(piece)
	}
}

// give gives out one line without its end, in the form it is shipped.
func (l *lines) give(line []byte) {
	line = bytes.ToValidUTF8(line, []byte("\uFFFD"))
	if l.tail != nil {
		l.tail.add(line)
	}
	began := !l.trace.inside()
	if l.trace.next(line) && len(l.block)+len(line) < blockMost {
		l.traced(line, began)
		return
	}
	l.trace = trace{}
	l.endBlock()
	l.out(append(l.shipped(line), '\n'))
}

// traced takes a line of a traceback. What is whole leaves at once; another traceback that it led to joins its entry.
func (l *lines) traced(line []byte, began bool) {
	if began {
		l.entry, l.level = true, l.severity
		if l.last != "" {
			l.level = l.last
		}
	}
	l.block = append(append(l.block, line...), '\n')
	if l.trace.state != traceFrames {
		l.endBlock()
	}
}

// endBlock gives out the traceback so far, as an entry or the rest of one: its lines begin with a tab.
func (l *lines) endBlock() {
	if len(l.block) == 0 {
		return
	}
	block := bytes.TrimSuffix(l.block, []byte("\n"))
	if l.entry {
		block = sb.FormatLine(l.now(), l.level, block)
	} else {
		block = append([]byte("\t"), bytes.ReplaceAll(block, []byte("\n"), []byte("\n\t"))...)
	}
	l.block, l.entry, l.last = nil, false, ""
	l.out(append(block, '\n'))
}

// shipped is a line as it is shipped.
func (l *lines) shipped(line []byte) []byte {
	_, severity, _, known := sb.ParseLine(line)
	if known {
		l.last = severity
		return slices.Clone(line)
	}
	l.last = ""
	return sb.FormatLine(l.now(), l.severity, line)
}

// trace follows a Python traceback: its head, indented lines, the line of the exception, and perhaps another traceback
// that it led to.
type trace struct{ state traceState }

type traceState int

const (
	traceNone traceState = iota
	traceFrames
	traceAfter // the exception's line was seen: a chained traceback may follow
	traceChain // the sentence between two tracebacks was seen
)

const traceHead = "Traceback (most recent call last):"

var traceChains = []string{
	"During handling of the above exception, another exception occurred:",
	"The above exception was the direct cause of the following exception:",
}

func (t *trace) inside() bool { return t.state != traceNone }

// next tells whether a line belongs to a traceback.
func (t *trace) next(line []byte) bool {
	text := strings.TrimRight(string(line), " \t")
	head := strings.HasPrefix(strings.TrimLeft(text, " |+"), traceHead)
	indented := strings.HasPrefix(text, " ") || strings.HasPrefix(text, "\t")
	switch {
	case head:
		t.state = traceFrames
	case t.state == traceFrames && (indented || text == ""):
	case t.state == traceFrames:
		t.state = traceAfter
	case t.state == traceAfter && slices.Contains(traceChains, text):
		t.state = traceChain
	case (t.state == traceAfter || t.state == traceChain) && text == "":
	default:
		t.state = traceNone
		return false
	}
	return true
}

// tail keeps the last lines of a stream.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

func (t *tail) add(line []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(append(t.kept, line...), '\n')
	if len(t.kept) > 2*sb.MaxStack {
		t.kept = slices.Clone(t.cut())
	}
}

// cut is the end of what is kept, whole lines if possible.
func (t *tail) cut() []byte {
	if len(t.kept) <= sb.MaxStack {
		return t.kept
	}
	end := t.kept[len(t.kept)-sb.MaxStack:]
	if i := bytes.IndexByte(end, '\n'); i >= 0 && i < len(end)-1 {
		return end[i+1:]
	}
	return end
}

// String gives the last lines, at most MaxStack bytes of valid text.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.ToValidUTF8(string(t.cut()), "")
}
