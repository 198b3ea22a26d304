package logs

import (
	"context"

	sb "signalbox"
)

// So much is joined to one object: bytes for what a crash in the middle costs, and chunks for how long the transaction
// that takes their rows away keeps others from writing.
const (
	joinBytes  = 256 << 20
	joinChunks = 2000
)

// fewRows is a hundredth of the rows of chunks that a log may have: how many of a process are joined at least, and how
// many are left, so that who follows the log seldom reads joined ones.
func (l *Logs) fewRows() int { return max(l.opts.Rows/100, 1) }

// maybeLong notes now and then that a log has got longer. What is missed is noted by a later chunk.
func (l *Logs) maybeLong(c sb.Chunk) {
	if (c.Seq+1)%int64(5*l.fewRows()) != 0 {
		return
	}
	select {
	case l.long <- c.Run:
	default:
	}
}

// joinLong joins the chunks of logs that got long, one log at a time, until ctx is done.
func (l *Logs) joinLong(ctx context.Context) error {
	for {
		select {
		case run := <-l.long:
			if err := l.Join(ctx, run); err != nil && ctx.Err() == nil {
				l.opts.Log.WithField("run", run).WithError(err).Warn("the chunks of the log could not be joined; it is tried again")
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// Join joins the chunks of a running log when they are too many, but for the newest of each process, to few objects.
// Like Compact it may be repeated and given up at any point: the chunks go only when joined ones are in their place.
func (l *Logs) Join(ctx context.Context, id string) error {
	rows, err := l.store.Chunks(ctx, id, 0)
	if err != nil || len(rows) <= l.opts.Rows {
		return err
	}
	return l.alone(ctx, id, func(ctx context.Context) error {
		run, err := l.store.Run(ctx, id)
		if err != nil || kept(run) {
			return err
		}
		if rows, err = l.store.Chunks(ctx, id, 0); err != nil {
			return err
		}
		for _, part := range l.parts(rows) {
			if err := l.joinPart(ctx, run, part); err != nil {
				return err
			}
		}
		return nil
	})
}

// parts picks the chunks that become one object each. What was joined once is not joined again, so that each byte is
// copied once.
func (l *Logs) parts(rows []sb.Chunk) (parts [][]sb.Chunk) {
	var part []sb.Chunk
	size := int64(0)
	end := func(left int) {
		if n := len(part) - left; n > 1 && n >= l.fewRows() {
			parts = append(parts, part[:n])
		}
		part, size = nil, 0
	}
	for _, c := range rows {
		switch {
		case len(part) > 0 && part[0].Process != c.Process:
			end(l.fewRows())
		case c.Joined > 0, c.URI != "", len(part) == joinChunks, size+c.Size > joinBytes:
			end(0)
		}
		if c.Joined == 0 && c.URI == "" {
			part, size = append(part, c), size+c.Size
		}
	}
	end(l.fewRows())
	return parts
}

// joinPart writes the bytes of chunks to one object, lets its row take the place of theirs, and removes them.
func (l *Logs) joinPart(ctx context.Context, run sb.Run, list []sb.Chunk) error {
	joined := sb.JoinedChunk(list)
	r := l.readAhead(ctx, run, join(list))
	defer func() { _ = r.Close() }()
	if err := l.blobs.Put(ctx, joined.Key(), r); err != nil {
		return err
	}
	sb.FaultPoint("join.put") // the object without its row
	if err := l.store.JoinChunks(ctx, joined); err != nil {
		return err
	}
	sb.FaultPoint("join.after") // the objects of the chunks are still there
	keys := make([]string, len(list))
	for i, c := range list {
		keys[i] = c.Key()
	}
	return l.remove(ctx, keys)
}
