package logs

import (
	"context"
	"errors"
	"io"
	"iter"
	"slices"
	"sync"

	sb "signalbox"
)

const (
	pieceBytes    = sb.MaxChunk // about so much is given at once
	requestsAhead = 4           // how many are under way, each with one piece in memory
)

// span is a part of a log: from one offset to another.
type span struct{ from, to int64 }

// request is what is fetched at once: spans, each where the one before ends.
type request []span

// piece is what a span of a log holds; nil bytes when nobody wants it.
type piece struct {
	span
	bytes []byte
	err   error
	back  chan<- []byte // where the bytes are wanted again
}

// ahead fetches requestes of a log, several at a time, and gives their spans in their order. It takes no more memory than a piece for
// each request, and fails rather than give fewer bytes than the log has.
type ahead struct {
	ctx    context.Context
	cancel context.CancelFunc
	group  sync.WaitGroup
	queue  chan chan piece // in the order of the requests; closed behind the last
	free   chan []byte     // for the next requests; nil until it is used
	pieces chan piece      // of the request that is being given
	piece  piece           // that was given last
}

// ahead begins to fetch. What want, if it is not nil, says of bytes is whether they are to be given: it is asked in the order in
// which they come, by several goroutines.
func (l *Logs) ahead(ctx context.Context, run sb.Run, lay layout, requests iter.Seq[request], want func([]byte) bool) *ahead {
	ctx, cancel := context.WithCancel(ctx)
	a := &ahead{ctx: ctx, cancel: cancel, queue: make(chan chan piece, requestsAhead), free: make(chan []byte, requestsAhead)}
	for range requestsAhead {
		a.free <- nil
	}
	a.group.Go(func() {
		defer close(a.queue)
		for s := range requests {
			in := func() *reader { return l.read(ctx, run, lay, s[0].from, s[len(s)-1].to) }
			if !a.begin(s, in, want) {
				return
			}
		}
	})
	return a
}

// begin makes a request when there is a buffer for it; false: it was given up.
func (a *ahead) begin(s request, in func() *reader, want func([]byte) bool) bool {
	pieces := make(chan piece, len(s)+1)
	select {
	case buffer := <-a.free:
		a.group.Go(func() {
			defer close(pieces)
			a.free <- a.fetch(in(), s, pieces, buffer, want)
		})
	case <-a.ctx.Done():
		return false
	}
	select {
	case a.queue <- pieces:
		return true
	case <-a.ctx.Done():
		return false
	}
}

// fetch reads what is requested, and gives the buffer for the next.
func (a *ahead) fetch(r *reader, s request, pieces chan<- piece, buffer []byte, want func([]byte) bool) []byte {
	back := make(chan []byte, 1)
	for _, next := range s {
		buffer = slices.Grow(buffer[:0], int(next.to-next.from))[:next.to-next.from]
		if _, err := io.ReadFull(r, buffer); err != nil {
			pieces <- piece{span: next, err: r.failed(err)}
			break
		}
		if want != nil && !want(buffer) {
			pieces <- piece{span: next}
			continue
		}
		pieces <- piece{next, buffer, nil, back}
		select {
		case buffer = <-back:
		case <-a.ctx.Done():
			buffer = nil
		}
	}
	if err := r.Close(); err != nil {
		pieces <- piece{err: err}
	}
	return buffer
}

// failed is the error of a log that ends too early.
func (r *reader) failed(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return sb.Errorf(sb.Internal, "the log of run %s is shorter than it should be", r.run.ID)
	}
	return err
}

// next gives the next piece, good until it is called again, when it is there; EOF behind the last.
func (a *ahead) next() (piece, error) {
	if a.piece.bytes != nil {
		a.piece.back <- a.piece.bytes
		a.piece = piece{}
	}
	for {
		if a.pieces != nil {
			if next, more := <-a.pieces; more {
				a.piece = next
				return next, next.err
			}
		}
		pieces, more := <-a.queue
		if a.ctx.Err() != nil {
			return piece{}, sb.Wrap(a.ctx.Err(), sb.Unavailable, "reading a log was given up")
		}
		if !more {
			return piece{}, io.EOF
		}
		a.pieces = pieces
	}
}

// Close ends fetching, and waits for what is under way.
func (a *ahead) Close() error {
	a.cancel()
	a.group.Wait()
	return nil
}

// aheadReader reads what is fetched ahead.
type aheadReader struct {
	*ahead
	rest []byte
}

// readAhead reads a log from its start to its end, several objects at a time, for stores whose answers take a while.
func (l *Logs) readAhead(ctx context.Context, run sb.Run, lay layout) *aheadReader {
	return &aheadReader{ahead: l.ahead(ctx, run, lay, lay.requests, nil)}
}

// requests read it all: each of one object.
func (y layout) requests(yield func(request) bool) {
	for _, s := range y.segments {
		end := s.start + s.size
		for from := s.start; from < end; from += pieceBytes {
			if !yield(request{{from, min(from+pieceBytes, end)}}) {
				return
			}
		}
	}
}

func (r *aheadReader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		next, err := r.next()
		if err != nil {
			return 0, err
		}
		r.rest = next.bytes
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}
