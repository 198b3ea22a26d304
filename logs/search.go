package logs

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"time"

	sb "signalbox"
)

// searchTime is how long one answer searches a finished log; the next goes on from there.
const searchTime = time.Second

// search picks lines of a finished log from a block on. Blocks in whose bytes the word cannot be are not parsed.
func (l *Logs) search(ctx context.Context, run sb.Run, lay layout, w *window, from int64) error {
	in := l.ahead(ctx, run, lay, from)
	defer func() { _ = in.Close() }()
	s := scan{word: w.search, plain: plain(w.search)}
	for i := w.number / blockEntries; i < int64(len(w.index.blocks)); i++ {
		w.number = i * blockEntries
		if l.opts.Now().Sub(w.asked) > searchTime && w.number > w.query.From {
			w.out.Next = w.number
			return errEnough
		}
		next, ok := w.skip(w.index)
		if !ok {
			return nil
		}
		start := w.index.blocks[i].offset
		if next-start > piecesAhead*pieceBytes {
			return errSkip // not worth reading what lies between
		}
		i = w.number / blockEntries
		if _, err := io.CopyN(io.Discard, in, next-start); err != nil {
			return err
		}
		if err := s.read(in, w.index.end(i)-next); err != nil {
			return err
		}
		if w.begun && !s.mayHold() {
			continue
		}
		p := newParser(next, w.entry)
		_, err := p.Write(s.text)
		if err = errors.Join(err, closed(p, err)); err != nil {
			return err
		}
	}
	return nil
}

// closed ends a parser that did not fail.
func closed(p *parser, failed error) error {
	if failed != nil {
		return nil
	}
	return p.Close()
}

// end is where a block ends.
func (x *index) end(i int64) int64 {
	if i+1 < int64(len(x.blocks)) {
		return x.blocks[i+1].offset
	}
	return x.size
}

// scan looks for a word in the bytes of a block.
type scan struct {
	word  []byte // in lower case
	plain bool
	text  []byte
	lower []byte
}

func (s *scan) read(in io.Reader, size int64) error {
	s.text = slices.Grow(s.text[:0], int(size))[:size]
	_, err := io.ReadFull(in, s.text)
	return err
}

// mayHold tells whether a message of the block may hold the word; false is certain.
func (s *scan) mayHold() bool {
	if !s.plain || escaped(s.text) {
		return true
	}
	s.lower = slices.Grow(s.lower[:0], len(s.text))[:len(s.text)]
	for i, c := range s.text {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		s.lower[i] = c
	}
	return bytes.Contains(s.lower, s.word)
}

// plain tells whether a word is written in a log as it is in a message, whatever its format: nothing in it is quoted, nor
// stands where parts of a line are joined.
func plain(word []byte) bool {
	for _, c := range word {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

// escaped tells whether a letter may be written in another way: as a number, with colours within, or as one of the two
// that have an ASCII letter as their lower case.
func escaped(text []byte) bool {
	if bytes.IndexByte(text, 0x1b) >= 0 || bytes.Contains(text, []byte("\u212a")) || bytes.Contains(text, []byte("\u0130")) {
		return true
	}
	for {
		i := bytes.IndexByte(text, '\\')
		if i < 0 || i+1 == len(text) {
			return false
		}
		if bytes.IndexByte([]byte("uUx01234567"), text[i+1]) >= 0 {
			return true
		}
		text = text[i+1:]
	}
}
