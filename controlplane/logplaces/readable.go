package logplaces

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	sb "signalbox"
)

// readable reads lines as people can read them: those that a container's runtime cut into pieces are joined, up to the
// longest line that a log has, and exceptions that Airflow 3 keeps as data are written out. All else stays as it is.
func readable(in io.Reader) io.Reader {
	return &lines{in: bufio.NewReaderSize(in, sb.MaxLine)}
}

// lines gives lines one by one, some of them rewritten.
type lines struct {
	in    *bufio.Reader
	ready []byte
	err   error
	long  bool      // within a line that is too long to be looked at
	held  [2][]byte // of standard output and error: the beginning of a line, as a line of CRI without its newline
}

func (l *lines) Read(p []byte) (int, error) {
	for len(l.ready) == 0 {
		if l.err != nil {
			return 0, l.err
		}
		l.next()
	}
	n := copy(p, l.ready)
	l.ready = l.ready[n:]
	return n, nil
}

func (l *lines) next() {
	line, err := l.in.ReadSlice('\n')
	whole := !l.long
	l.long = errors.Is(err, bufio.ErrBufferFull)
	if !l.long {
		l.err = err
	}
	l.ready = line
	if whole && !l.long && len(line) > 0 {
		l.ready = l.rewritten(line)
	}
	if l.err != nil { // what is held ends here
		l.ready = append(append(bytes.Clone(l.ready), l.release(0)...), l.release(1)...)
	}
}

// rewritten is what becomes of a line; nothing while it is held.
func (l *lines) rewritten(line []byte) []byte {
	c, ok := sb.CutContainerLine(bytes.TrimRight(line, "\r\n"))
	if !ok {
		return sb.WriteOutError(line)
	}
	stream := 0
	if c.Stderr {
		stream = 1
	}
	held := l.held[stream]
	switch {
	case held == nil && !c.Partial:
		return line
	case held == nil:
		held = append(bytes.Clone(c.Head), " F "...)
	case len(held)+len(c.Text) >= sb.MaxLine:
		out := l.release(stream)
		return append(out, l.rewritten(line)...)
	}
	l.held[stream] = append(held, c.Text...)
	if c.Partial {
		return nil
	}
	return l.release(stream)
}

// release ends a line that was held.
func (l *lines) release(stream int) []byte {
	held := l.held[stream]
	l.held[stream] = nil
	if held == nil {
		return nil
	}
	return append(held, '\n')
}
