package logs

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path"
	"strconv"
	"sync"

	sb "signalbox"
)

// borderBytes is how much on either side of the border between two chunks is looked at: no line of a secret is longer.
const borderBytes = 4 << 10

// border blanks out a secret that stands across the border of a chunk and the one before it. Each chunk was masked by itself;
// only who cuts lines in two can bring a secret past that. It is done before the chunk is acknowledged, so that a sender that
// had no answer does it again.
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
	return l.blobs.List(ctx, path.Dir(c.Key())+"/"+strconv.FormatInt(c.Seq-1, 10)+"-", func(b sb.Blob) error {
		return l.blankAcross(ctx, b, c.Key(), body, mask)
	})
}

// putChunk writes the object of a chunk. One that may have been blanked out since it was sent first stays as it is.
func (l *Logs) putChunk(ctx context.Context, c sb.Chunk, body []byte) error {
	if c.Seq > 0 && !l.ends.wholeBefore(c) {
		if size, err := l.blobs.Size(ctx, c.Key()); err == nil && size == int64(len(body)) {
			return nil
		}
	}
	return l.blobs.Put(ctx, c.Key(), bytes.NewReader(body))
}

// blankAcross looks at the end of one object and the beginning of the next, and blanks out in both what stands across.
func (l *Logs) blankAcross(ctx context.Context, before sb.Blob, key string, body []byte, mask sb.Mask) error {
	tail, err := l.tail(ctx, before)
	if err != nil || len(tail) == 0 || tail[len(tail)-1] == '\n' {
		return err
	}
	joined := append(bytes.Clone(tail), body[:min(len(body), borderBytes)]...)
	for _, s := range mask.Spans(joined) {
		if s.From >= len(tail) || s.To <= len(tail) {
			continue
		}
		begin := before.Size - int64(len(tail))
		err := l.rewrite(ctx, before.Key, stretch{begin + int64(s.From), before.Size})
		err = errors.Join(err, l.rewrite(ctx, key, stretch{0, int64(s.To - len(tail))}))
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *Logs) tail(ctx context.Context, b sb.Blob) ([]byte, error) {
	from := max(b.Size-borderBytes, 0)
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

// wholeBefore tells whether the chunk before is known to have ended with a line.
func (e *ends) wholeBefore(c sb.Chunk) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	last, ok := e.last[c.Process]
	return ok && last.seq == c.Seq-1 && last.whole
}

// swap notes how a chunk ended, and tells how the one before it did, if that is known.
func (e *ends) swap(p sb.Process, seq int64, whole bool) (before, known bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	last, ok := e.last[p]
	if e.last == nil || len(e.last) >= endsMost {
		e.last = map[sb.Process]end{}
	}
	e.last[p] = end{seq, whole}
	return last.whole, ok && last.seq == seq-1
}
