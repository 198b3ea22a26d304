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

// MaxWindow is how many lines a window has at most. So many may be long: their messages have windowBytes at most, but for a
// line that is longer by itself.
const (
	MaxWindow   = 5000
	windowBytes = 4 << 20
)

var errEnough = errors.New("the window is full")

// Lines reads a window of a log's lines. A finished log is read from near the window on, and over stretches without a
// line of the level; a running one from its start. Errors: NotFound, Unavailable.
func (l *Logs) Lines(ctx context.Context, run sb.Run, q sb.LineQuery) (sb.LogWindow, error) {
	if q.Count <= 0 || q.Count > MaxWindow {
		q.Count = MaxWindow
	}
	q.From = max(q.From, 0)
	complete, err := l.complete(ctx, run)
	if err != nil {
		return sb.LogWindow{}, err
	}
	lay, err := l.layout(ctx, run)
	if err != nil {
		return sb.LogWindow{}, err
	}
	x, err := l.index(ctx, run)
	if err != nil {
		return sb.LogWindow{}, err
	}
	w := &window{query: q, search: bytes.ToLower([]byte(q.Search)), level: max(slices.Index(sb.Severities, q.Level), 0)}
	w.begun, w.asked = q.Since.IsZero(), l.opts.Now()
	w.out = sb.LogWindow{Lines: []sb.NumberedLine{}, Next: -1, Complete: complete}
	for from, ok := w.start(x); ok; from, ok = w.skip(x) {
		err := l.pick(ctx, run, lay, w, from)
		if err == nil || errors.Is(err, errEnough) {
			break
		}
		if !errors.Is(err, errSkip) {
			return sb.LogWindow{}, err
		}
	}
	return w.out, nil
}

func (l *Logs) pick(ctx context.Context, run sb.Run, lay layout, w *window, from int64) error {
	if w.index != nil && len(w.search) > 0 {
		return l.search(ctx, run, lay, w)
	}
	return l.parse(ctx, run, lay, from, w.entry)
}

// Index counts a log's lines. A running log is read for it from its start.
func (l *Logs) Index(ctx context.Context, run sb.Run) (sb.LogIndex, error) {
	complete, err := l.complete(ctx, run)
	if err != nil {
		return sb.LogIndex{}, err
	}
	x, err := l.index(ctx, run)
	if err != nil {
		return sb.LogIndex{}, err
	}
	if x == nil {
		lay, err := l.layout(ctx, run)
		if err != nil {
			return sb.LogIndex{}, err
		}
		x = newIndex()
		if err := l.parse(ctx, run, lay, 0, x.add); err != nil {
			return sb.LogIndex{}, err
		}
	}
	return x.answer(complete), nil
}

// index reads the index of a finished log; nil when there is none.
func (l *Logs) index(ctx context.Context, run sb.Run) (*index, error) {
	if !kept(run) || run.Log.Size == 0 {
		return nil, nil
	}
	r, err := l.blobs.Get(ctx, run.Log.Path+indexSuffix, 0, -1)
	if sb.CodeOf(err) == sb.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		return nil, sb.Wrap(err, sb.Unavailable, "the index of the log of run %s cannot be read", run.ID)
	}
	x, err := decodeIndex(b)
	if err != nil || x.size != run.Log.Size {
		return nil, nil //nolint:nilerr // an index of another version or log is as good as none
	}
	return x, nil
}

var errSkip = errors.New("the next block holds nothing of the level")

// window picks lines.
type window struct {
	query  sb.LineQuery
	search []byte // in lower case
	level  int
	number int64 // of the next entry
	index  *index
	asked  time.Time
	bytes  int // of the messages that were picked
	out    sb.LogWindow
	begun  bool // the time that was asked for has come
}

// start finds where to begin to read.
func (w *window) start(x *index) (int64, bool) {
	if x == nil {
		return 0, true
	}
	w.index, w.number = x, w.query.From/blockEntries*blockEntries
	return w.skip(x)
}

// skip goes on to the next block that holds a line of the level; false at the end of the log.
func (w *window) skip(x *index) (int64, bool) {
	for i := w.number / blockEntries; x != nil && i < int64(len(x.blocks)); i++ {
		if w.wants(x.blocks[i]) {
			w.number = i * blockEntries
			return x.blocks[i].offset, true
		}
	}
	return 0, false
}

// wants tells whether a block may hold a line of the level, and of the time.
func (w *window) wants(b block) bool {
	return b.levels&atLeast(w.query.Level) != 0 && (w.begun || w.reaches(b))
}

// reaches tells whether a line of the time that is asked for, or a later one, stands before the end of a block.
func (w *window) reaches(b block) bool {
	return w.query.Since.IsZero() || b.latest >= w.query.Since.UnixMilli()
}

// late tells whether an entry lies behind the first of the time that is asked for.
func (w *window) late(e entry) bool {
	w.begun = w.begun || w.query.Since.IsZero() || e.at != nil && !e.at.Before(w.query.Since)
	return w.begun
}

func (w *window) entry(e entry) error {
	n := w.number
	if w.index != nil && n%blockEntries == 0 && w.index.blocks[n/blockEntries].levels&atLeast(w.query.Level) == 0 {
		return errSkip
	}
	w.number++
	if !w.late(e) || n < w.query.From || slices.Index(sb.Severities, e.severity) < w.level {
		return nil
	}
	if len(w.search) > 0 && !bytes.Contains(bytes.ToLower(e.message), w.search) {
		return nil
	}
	if w.bytes += len(e.message); len(w.out.Lines) == w.query.Count || len(w.out.Lines) > 0 && w.bytes > windowBytes {
		w.out.Next = n
		return errEnough
	}
	w.out.Lines = append(w.out.Lines, sb.NumberedLine{Number: n, Line: e.line()})
	return nil
}
