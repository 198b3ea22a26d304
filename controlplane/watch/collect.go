package watch

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	sb "signalbox"
)

const (
	collectEvery = 5 * time.Second
	collectMost  = 50             // logs in one turn
	mostLog      = 10 << 30       // bytes of one try
	unaskedMost  = 24 * time.Hour // how long a log is waited for while the orchestrator cannot be asked
	piece        = sb.MaxChunk / 2
)

// collectAll collects logs that are due until ctx is done: whenever an end was recorded, and every few seconds those that
// were late.
func (l *looker) collectAll(ctx context.Context) {
	tick := time.NewTicker(collectEvery)
	defer tick.Stop()
	for {
		if err := l.collectDue(ctx); err != nil && ctx.Err() == nil && sb.CodeOf(err) != sb.Conflict {
			l.log.WithError(err).WithField("orchestrator", l.id).Warn("logs could not be collected; it is tried again")
		}
		select {
		case <-ctx.Done():
			return
		case <-l.collect:
		case <-tick.C:
		}
	}
}

func (l *looker) collectDue(ctx context.Context) error {
	due, err := l.store.LogsDue(ctx, l.id, collectMost)
	if err != nil || len(due) == 0 {
		return err
	}
	_, adapter, err := l.adapters.Adapter(ctx, l.id)
	if err != nil {
		return err
	}
	for _, d := range due {
		if err := l.collectOne(ctx, adapter, d); err != nil {
			return err
		}
	}
	return nil
}

// collectOne collects the log of an attempt, unless it sent its own, and its outcome if that is still to be read. What is not
// there yet is waited for.
func (l *looker) collectOne(ctx context.Context, adapter sb.Adapter, d sb.DueLog) error {
	own, err := l.store.HasLog(ctx, d.AttemptRef)
	if err != nil {
		return err
	}
	now, err := l.store.Now(ctx)
	if err != nil {
		return err
	}
	told, err := l.foundLate(ctx, adapter, d)
	switch {
	case err != nil:
		return err
	case own && !d.Begun && !told && now.Before(d.Until):
		return nil
	case own && !d.Begun:
		return l.store.LogDone(ctx, l.ref(), d.AttemptRef, "")
	}
	got, err := l.takeOver(ctx, adapter, d)
	switch code := sb.CodeOf(err); {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil && got:
		return l.store.LogDone(ctx, l.ref(), d.AttemptRef, "")
	case code == sb.Conflict:
		return l.store.LogDone(ctx, l.ref(), d.AttemptRef, "Its log is not complete: "+message(err)+".")
	case now.Before(d.Until), err != nil && code != sb.NotFound && now.Before(d.Until.Add(unaskedMost)):
		return nil
	}
	return l.store.LogDone(ctx, l.ref(), d.AttemptRef, missing(d, err))
}

// foundLate reads an outcome for which there was no time at the end. It tells whether there is no more to be asked.
func (l *looker) foundLate(ctx context.Context, adapter sb.Adapter, d sb.DueLog) (told bool, err error) {
	if !d.Untold {
		return true, nil
	}
	o, err := adapter.Outcome(ctx, d.Place)
	if err != nil || o.Completed != (d.Sight == sb.SeenSucceeded) {
		return sb.CodeOf(err) == sb.NotFound, nil // it is asked for again as long as the log is waited for
	}
	return true, notRaced(l.life.FoundLate(ctx, l.ref(), d.AttemptRef, o))
}

func (l *looker) ref() sb.WatchRef { return sb.WatchRef{OrchestratorID: l.id, Epoch: l.epoch} }

// missing tells why there is no log.
func missing(d sb.DueLog, err error) string {
	switch {
	case d.Sight == sb.SeenGone:
		return "Its log is missing: it was deleted there with everything about it."
	case err != nil:
		return fmt.Sprintf("Its log is missing: it could not be read there within %s: %s.", sb.LogWait, message(err))
	}
	return fmt.Sprintf("Its log is missing: there was none within %s after its end.", sb.LogWait)
}

// takeOver reads the logs of all tries of all parts of an attempt into its log. It tells whether there was any. Conflict:
// what is there differs from what was read before.
func (l *looker) takeOver(ctx context.Context, adapter sb.Adapter, d sb.DueLog) (got bool, err error) {
	parts, err := adapter.Parts(ctx, d.Place)
	if err != nil {
		return false, err
	}
	if !d.Begun {
		if err := l.store.LogBegun(ctx, l.ref(), d.AttemptRef); err != nil {
			return false, err
		}
	}
	var late error
	for _, p := range parts {
		for try := 1; try <= p.Try; try++ {
			err := l.takePart(ctx, adapter, d, p, try)
			switch sb.CodeOf(err) {
			case "":
				got = true
			case sb.NotFound:
				late = err
			default:
				return false, err
			}
		}
	}
	if late != nil { // the rest may be known already; it is the same again
		return false, late
	}
	return got, nil
}

func (l *looker) takePart(ctx context.Context, adapter sb.Adapter, d sb.DueLog, part sb.Part, try int) error {
	body, err := adapter.Log(ctx, d.Place, part, try)
	if err != nil {
		return err
	}
	defer body.Close()
	p := sb.Process{AttemptRef: d.AttemptRef, Source: part.Source, Try: try}
	lines := bufio.NewReaderSize(io.LimitReader(body, mostLog), sb.MaxChunk/4)
	var seq int64
	for {
		chunk, end := nextPiece(lines)
		if len(chunk) > 0 {
			if err := l.keepPiece(ctx, p, seq, chunk); err != nil {
				return err
			}
			seq++
		}
		switch {
		case errors.Is(end, io.EOF):
			return nil
		case end != nil:
			return sb.Wrap(end, sb.Unavailable, "the log of %s broke off", part.Source)
		}
	}
}

func (l *looker) keepPiece(ctx context.Context, p sb.Process, seq int64, chunk []byte) error {
	chunk, err := l.life.Masked(ctx, p, chunk, false)
	if err != nil {
		return err
	}
	err = l.logs.Append(ctx, p, seq, chunk, false)
	sb.FaultPoint("collect.piece")
	return err
}

// nextPiece reads whole lines, up to a chunk's size; a longer line comes in parts. Always the same pieces of the same log.
func nextPiece(r *bufio.Reader) (lines []byte, err error) {
	for len(lines) < piece {
		line, err := r.ReadSlice('\n')
		lines = append(lines, line...)
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return lines, err
		}
	}
	return lines, nil
}
