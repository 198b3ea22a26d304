package logs

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path"
	"slices"
	"strconv"
	"sync"

	sb "signalbox"
)

// backMost is how many chunks before one are looked at, for a secret that was cut into many.
const backMost = 64

// border blanks out a secret that stands across the border of a chunk and those before it. Each chunk was masked by itself;
// only who cuts lines in two can bring a secret past that. It is done before the chunk counts: what nobody finished hides at most
// the beginning of a secret whose end is in no log.
func (l *Logs) border(ctx context.Context, c sb.Chunk, body []byte) error {
	whole := len(body) == 0 || body[len(body)-1] == '\n'
	before, known := l.ends.swap(c.Process, c.Seq, whole)
	if c.Seq == 0 || known && before {
		return nil
	}
	mask, err := l.opts.Mask(ctx, c.Process)
	if err != nil || mask.Longest() == 0 {
		return err
	}
	found, err := l.across(ctx, c, body, mask)
	if err == nil && len(found) == 0 { // a beginning that somebody blanked out, and went no further, is found no more
		found, err = l.noted(ctx, c.Run)
	}
	if err != nil || len(found) == 0 {
		return err
	}
	return l.insist(ctx, c.Run, func(ctx context.Context) error {
		found, err := l.across(ctx, c, body, mask) // as they are now that no other works on them
		if err != nil {
			return err
		}
		return l.blankOut(ctx, c.Run, found)
	})
}

// across finds what stands across the beginning of a chunk and the ends of those before it.
func (l *Logs) across(ctx context.Context, c sb.Chunk, body []byte, mask sb.Mask) (blanks, error) {
	parts, err := l.before(ctx, c, mask.Longest())
	if err != nil || len(parts) == 0 {
		return nil, err
	}
	return blanksAcross(append(parts, part{key: c.Key(), text: body[:min(len(body), mask.Longest())]}), mask), nil
}

// part is the end of a chunk's object, or of the last one its beginning.
type part struct {
	key  string
	from int64 // where it begins in the object
	text []byte
}

// before reads the ends of the chunks before one, the oldest first: back to the end of a line, as far as a secret may reach.
func (l *Logs) before(ctx context.Context, c sb.Chunk, most int) (parts []part, err error) {
	for seq := c.Seq - 1; seq >= 0 && most > 0 && len(parts) < backMost; seq-- {
		var found []sb.Blob
		err := l.blobs.List(ctx, path.Dir(c.Key())+"/"+strconv.FormatInt(seq, 10)+"-", func(b sb.Blob) error {
			found = append(found, b)
			return nil
		})
		if err != nil || len(found) != 1 { // joined, or sent in two ways: only one of them is in the log
			return parts, err
		}
		tail, err := l.tail(ctx, found[0], most)
		if err != nil {
			return nil, err
		}
		from := found[0].Size - int64(len(tail))
		if i := bytes.LastIndexByte(tail, '\n'); i >= 0 {
			tail, from, most = tail[i+1:], from+int64(i+1), 0
		}
		most -= len(tail)
		if len(tail) > 0 {
			parts = slices.Insert(parts, 0, part{found[0].Key, from, tail})
		}
	}
	return parts, nil
}

// putChunk writes the object of a chunk. One that may have been blanked out since it was sent first stays as it is.
func (l *Logs) putChunk(ctx context.Context, c sb.Chunk, body []byte) error {
	if !l.ends.fresh(c) {
		if size, err := l.blobs.Size(ctx, c.Key()); err == nil && size == int64(len(body)) {
			return nil
		}
	}
	return l.blobs.Put(ctx, c.Key(), bytes.NewReader(body))
}

// blanksAcross are the places in all parts of what stands across the beginning of the last one.
func blanksAcross(parts []part, mask sb.Mask) blanks {
	var joined []byte
	for _, p := range parts {
		joined = append(joined, p.text...)
	}
	border := len(joined) - len(parts[len(parts)-1].text)
	b := blanks{}
	for _, s := range mask.Spans(joined) {
		if s.From >= border || s.To <= border {
			continue
		}
		at := 0
		for _, p := range parts {
			from, to := max(s.From-at, 0), min(s.To-at, len(p.text))
			b.add(p.key, stretch{p.from + int64(from), p.from + int64(to)})
			at += len(p.text)
		}
	}
	return b
}

func (l *Logs) tail(ctx context.Context, b sb.Blob, most int) ([]byte, error) {
	from := max(b.Size-int64(most), 0)
	r, err := l.blobs.Get(ctx, b.Key, from, b.Size-from)
	if err != nil {
		return nil, err
	}
	tail, err := io.ReadAll(r)
	return tail, errors.Join(err, r.Close())
}

// ends remembers of processes whether their last chunk ended with a line. What it has forgotten is looked up.
type ends struct {
	mu   sync.Mutex
	last map[sb.Process]end
}

type end struct {
	seq   int64
	whole bool
}

// endsMost is how many processes are remembered; then all are forgotten.
const endsMost = 10_000

// fresh tells whether a chunk is known to be sent for the first time: the one before is the last that came.
func (e *ends) fresh(c sb.Chunk) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	last, ok := e.last[c.Process]
	return ok && last.seq == c.Seq-1
}

// swap notes how a chunk ended, unless later ones have come, and tells how the one before it did, if that is known.
func (e *ends) swap(p sb.Process, seq int64, whole bool) (before, known bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	last, ok := e.last[p]
	if e.last == nil || len(e.last) >= endsMost {
		e.last = map[sb.Process]end{}
	}
	if !ok || seq > last.seq {
		e.last[p] = end{seq, whole}
	}
	return last.whole, ok && last.seq == seq-1
}
