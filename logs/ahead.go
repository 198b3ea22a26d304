package logs

import (
	"context"
	"errors"
	"io"
	"sync"

	sb "signalbox"
)

const (
	pieceBytes  = sb.MaxChunk // of one object that are fetched at once
	piecesAhead = 6           // how many are in memory, or on their way
)

// ahead reads a log from an offset to its end, several objects at a time, for stores whose answers take a while. It
// takes no more memory than its pieces, and fails rather than give fewer bytes than the log has.
type ahead struct {
	ctx    context.Context
	cancel context.CancelFunc
	group  sync.WaitGroup
	queue  chan chan piece // in the order of the log
	free   chan []byte     // for the next pieces; nil until it is used
	piece  piece           // that is being read
	rest   []byte          // of it
	left   int64           // bytes of the log that are not taken from the queue
}

type piece struct {
	bytes []byte
	err   error
}

func (l *Logs) ahead(ctx context.Context, run sb.Run, lay layout, from int64) *ahead {
	ctx, cancel := context.WithCancel(ctx)
	a := &ahead{ctx: ctx, cancel: cancel, queue: make(chan chan piece, piecesAhead), free: make(chan []byte, piecesAhead), left: lay.size - from}
	for range piecesAhead {
		a.free <- nil
	}
	a.group.Go(func() { a.fetchAll(l, run, lay, from) })
	return a
}

func (a *ahead) fetchAll(l *Logs, run sb.Run, lay layout, begin int64) {
	for _, s := range lay.segments {
		for from := max(s.start, begin); from < s.start+s.size; from += pieceBytes {
			result, to := make(chan piece, 1), min(from+pieceBytes, s.start+s.size)
			select {
			case buffer := <-a.free:
				a.group.Go(func() { result <- a.fetch(l.read(a.ctx, run, lay, from, to), buffer, to-from) })
			case <-a.ctx.Done():
				return
			}
			a.queue <- result // has room for as many as there are buffers
		}
	}
}

func (a *ahead) fetch(r *reader, buffer []byte, size int64) piece {
	if int64(cap(buffer)) < size {
		buffer = make([]byte, size)
	}
	_, err := io.ReadFull(r, buffer[:size])
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = sb.Errorf(sb.Internal, "the log of run %s is shorter than it should be", r.run.ID)
	}
	return piece{buffer[:size], errors.Join(err, r.Close())}
}

func (a *ahead) Read(p []byte) (int, error) {
	if len(a.rest) == 0 {
		if a.left == 0 {
			return 0, io.EOF
		}
		if err := a.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

// next takes the next piece, when it is there, and gives the one before back.
func (a *ahead) next() error {
	if a.piece.bytes != nil {
		a.free <- a.piece.bytes
		a.piece = piece{}
	}
	select {
	case result := <-a.queue:
		a.piece = <-result
	case <-a.ctx.Done():
		return sb.Wrap(a.ctx.Err(), sb.Unavailable, "reading a log was given up")
	}
	if a.piece.err != nil {
		return a.piece.err
	}
	a.rest, a.left = a.piece.bytes, a.left-int64(len(a.piece.bytes))
	return nil
}

// Close ends reading, and waits for what is under way.
func (a *ahead) Close() error {
	a.cancel()
	a.group.Wait()
	return nil
}
