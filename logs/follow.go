package logs

import (
	"context"
	"io"
	"maps"
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
	chunks []sb.Chunk           // that are known, those of one process in one
	next   map[sb.Process]int64 // the number of the chunk wanted
	given  map[sb.Process]int64 // how many bytes of a process were read
	last   sb.Process
}

func newFollower(l *Logs, offset int64, f func(sb.LogPiece) error) *follower {
	w := &follower{logs: l, f: f, at: offset, next: map[sb.Process]int64{}, given: map[sb.Process]int64{}}
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
	lay, fresh, err := w.refresh(ctx, run.ID)
	if err != nil || !fresh {
		return err
	}
	if !w.begun {
		w.begun, w.last = true, w.chunks[len(w.chunks)-1].Process
		for _, c := range w.chunks {
			w.given[c.Process] = c.Size
		}
		return w.copy(w.logs.read(ctx, run, lay, w.at, lay.size), lay.size)
	}
	for _, s := range lay.segments {
		if err := w.segment(ctx, run, s); err != nil {
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

// segment parses what is new of a segment, below a heading if it is another process's than what came before.
func (w *follower) segment(ctx context.Context, run sb.Run, s segment) error {
	known := w.given[s.process] - s.pos
	if s.heading != "" || known >= s.size {
		return nil
	}
	var part layout
	if s.process != w.last {
		h := heading(s.process, false)
		part.add(segment{size: int64(len(h)), heading: h})
		w.last = s.process
	}
	s.skip, s.pos, s.size = s.skip+known, s.pos+known, s.size-known
	w.given[s.process] = s.pos + s.size
	part.add(s)
	r := w.logs.read(ctx, run, part, 0, part.size)
	defer func() { _ = r.Close() }()
	_, err := io.Copy(w.parser, onlyReader{r})
	return err
}

// refresh reads the rows that are new, and lays out the log with them. Rows behind the known ones are all there is to it,
// unless a process that is not the last one added some, or known ones were joined with new ones: then all are read again.
func (w *follower) refresh(ctx context.Context, run string) (lay layout, fresh bool, err error) {
	known := int64(0)
	for _, c := range w.chunks {
		known += c.Joined + 1
	}
	rows, err := w.logs.store.Chunks(ctx, run, known)
	if err != nil || len(rows) == 0 {
		return lay, false, err
	}
	all := append(w.chunks[:len(w.chunks):len(w.chunks)], rows...)
	if !w.follows(rows) {
		if all, err = w.logs.store.Chunks(ctx, run, 0); err != nil {
			return lay, false, err
		}
	}
	for _, c := range all {
		if c.Seq >= w.next[c.Process] {
			w.next[c.Process], fresh = c.Seq+1, true
		}
	}
	w.chunks = byProcess(all)
	return join(all), fresh, nil
}

// follows tells whether rows go on where those that are known ended.
func (w *follower) follows(rows []sb.Chunk) bool {
	next := maps.Clone(w.next)
	for _, c := range rows {
		if c.First() != next[c.Process] {
			return false
		}
		next[c.Process] = c.Seq + 1
	}
	return true
}

// byProcess counts the chunks of each process in one, so that following a long log takes little.
func byProcess(rows []sb.Chunk) []sb.Chunk {
	var list []sb.Chunk
	for _, c := range rows {
		if last := len(list) - 1; last >= 0 && list[last].Process == c.Process {
			c.Joined, c.Size = c.Seq-list[last].First(), c.Size+list[last].Size
			list[last] = c
			continue
		}
		list = append(list, c)
	}
	return list
}
