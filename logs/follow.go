package logs

import (
	"context"
	"io"
	"time"

	sb "signalbox"
)

// pieceLines is how many lines a piece has at most.
const pieceLines = 500

// Follow calls f with the log from an offset on, where a line starts, then with what comes, until the log is complete.
// Chunks of several processes come in the order in which they were found. A traceback is held back until it is whole,
// or nothing follows for a while. f's error ends it.
func (l *Logs) Follow(ctx context.Context, run sb.Run, offset int64, f func(sb.LogPiece) error) error {
	notes := l.notes.Notes(ctx) // before the first look, so that nothing falls between
	tick := time.NewTicker(l.opts.Refresh)
	defer tick.Stop()
	w := newFollower(l, offset, f)
	for {
		fresh, err := l.store.Run(ctx, run.ID)
		if err != nil {
			return err
		}
		complete, err := l.complete(ctx, fresh)
		if err != nil {
			return err
		}
		if err := w.look(ctx, fresh, complete); err != nil || complete {
			return err
		}
		if !awaitNote(ctx, notes, tick.C, run.ID) {
			return sb.Wrap(ctx.Err(), sb.Unavailable, "following the log of run %s was given up", run.ID)
		}
	}
}

// awaitNote waits for a note about the run, or the tick; false when ctx is done.
func awaitNote(ctx context.Context, notes <-chan sb.Note, tick <-chan time.Time, run string) bool {
	for {
		select {
		case n, ok := <-notes:
			if !ok {
				notes = nil
				continue
			}
			if n.ID == run && (n.Topic == sb.TopicLog || n.Topic == sb.TopicRun || n.Topic == sb.TopicEnded) {
				return true
			}
		case <-tick:
			return true
		case <-ctx.Done():
			return false
		}
	}
}

// follower remembers how far a log was given.
type follower struct {
	logs   *Logs
	f      func(sb.LogPiece) error
	parser *parser
	lines  []sb.Line
	at     int64 // bytes read, in the layout of then
	begun  bool
	chunks []sb.Chunk
	next   map[sb.Process]int64 // the number of the chunk wanted
	last   sb.Process
}

func newFollower(l *Logs, offset int64, f func(sb.LogPiece) error) *follower {
	w := &follower{logs: l, f: f, at: offset, next: map[sb.Process]int64{}}
	w.parser = newParser(offset, w.entry)
	return w
}

func (w *follower) entry(e entry) error {
	w.lines = append(w.lines, e.line())
	if len(w.lines) < pieceLines {
		return nil
	}
	return w.give(e.end)
}

func (w *follower) give(next int64) error {
	if len(w.lines) == 0 {
		return nil
	}
	piece := sb.LogPiece{Next: next, Lines: w.lines}
	w.lines = nil
	return w.f(piece)
}

// look gives what is new.
func (w *follower) look(ctx context.Context, run sb.Run, complete bool) error {
	before := w.at
	if err := w.readNew(ctx, run); err != nil {
		return err
	}
	idle := w.at == before
	if complete || idle {
		if err := w.parser.Close(); err != nil {
			return err
		}
	} else if !w.parser.fold.Open() {
		if err := w.parser.flush(); err != nil {
			return err
		}
	}
	return w.give(w.behind())
}

// behind is the offset behind what was given: where the entry held back starts.
func (w *follower) behind() int64 {
	if w.parser.begun {
		return w.parser.open.start
	}
	return w.parser.offset
}

func (w *follower) readNew(ctx context.Context, run sb.Run) error {
	if kept(run) {
		return w.copy(w.logs.read(ctx, run, keptLayout(run), w.at, run.Log.Size), run.Log.Size)
	}
	fresh, err := w.refresh(ctx, run.ID)
	if err != nil || len(fresh) == 0 {
		return err
	}
	lay := join(w.chunks)
	if !w.begun {
		w.begun, w.last = true, w.chunks[len(w.chunks)-1].Process
		return w.copy(w.logs.read(ctx, run, lay, w.at, lay.size), lay.size)
	}
	for _, c := range fresh {
		if err := w.chunk(ctx, run, c); err != nil {
			return err
		}
	}
	w.at, w.parser.offset = lay.size, lay.size-int64(len(w.parser.line))
	return nil
}

// copy parses what r reads, up to an offset of the log.
func (w *follower) copy(r *reader, end int64) error {
	defer func() { _ = r.Close() }()
	if _, err := io.Copy(w.parser, onlyReader{r}); err != nil {
		return err
	}
	w.at = max(w.at, end)
	return nil
}

// chunk parses one new chunk, below a heading if it is another process's than the one before.
func (w *follower) chunk(ctx context.Context, run sb.Run, c sb.Chunk) error {
	var part layout
	if c.Process != w.last {
		h := heading(c.Process, false)
		part.add(segment{size: int64(len(h)), heading: h})
		w.last = c.Process
	}
	part.add(segment{size: c.Size, key: c.Key()})
	r := w.logs.read(ctx, run, part, 0, part.size)
	defer func() { _ = r.Close() }()
	_, err := io.Copy(w.parser, onlyReader{r})
	return err
}

// refresh reads the rows that are new. Rows behind the known ones are all there is to it, unless a process that is not
// the last one added some: then all rows are read again.
func (w *follower) refresh(ctx context.Context, run string) ([]sb.Chunk, error) {
	rows, err := w.logs.rows(ctx, run, len(w.chunks))
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	all := append(w.chunks[:len(w.chunks):len(w.chunks)], rows...)
	if fresh := w.unseen(rows); len(fresh) < len(rows) {
		if all, err = w.logs.rows(ctx, run, 0); err != nil {
			return nil, err
		}
	}
	fresh := w.unseen(all)
	for _, c := range fresh {
		w.next[c.Process] = c.Seq + 1
	}
	w.chunks = all
	return fresh, nil
}

func (w *follower) unseen(rows []sb.Chunk) []sb.Chunk {
	var fresh []sb.Chunk
	for _, c := range rows {
		if c.Seq >= w.next[c.Process] {
			fresh = append(fresh, c)
		}
	}
	return fresh
}
