package executors

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	sb "signalbox"
)

// How often output is sent.
const (
	shipAfter   = time.Second            // the oldest line waits no longer
	shipWatched = 250 * time.Millisecond // while somebody watches
)

// shipper sends what a spool keeps, in chunks, until the spool is closed and empty.
type shipper struct {
	api        WorkAPI
	run, token string
	spool      *spool
	watched    atomic.Bool
	sent       chan struct{} // closed when nothing is left, or nothing more is taken
}

// Run sends until all is acknowledged (nil), until the control plane takes no more of this attempt (its error), or
// until ctx is done.
func (s *shipper) Run(ctx context.Context) error {
	defer close(s.sent)
	defer s.spool.Close() // nobody will read it any more: writers must not wait
	for seq := int64(0); ; {
		more, err := s.await(ctx)
		if err != nil {
			return err
		}
		chunk, err := s.spool.Next(chunkMost)
		if err != nil {
			return err
		}
		if len(chunk) == 0 {
			if more {
				continue
			}
			return nil
		}
		if seq, err = s.send(ctx, seq, chunk); err != nil {
			return err
		}
		s.spool.Ack(len(chunk))
	}
}

// await waits until a chunk is due: enough, or old enough, or the last.
func (s *shipper) await(ctx context.Context) (more bool, err error) {
	var due <-chan time.Time
	for {
		unsent, more := s.spool.Unsent()
		if !more || unsent >= chunkMost {
			return more, ctx.Err()
		}
		if unsent > 0 && due == nil {
			due = time.After(s.wait())
		}
		select {
		case <-s.spool.grown:
		case <-due:
			return true, nil
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

func (s *shipper) wait() time.Duration {
	if s.watched.Load() {
		return shipWatched
	}
	return shipAfter
}

// send sends one chunk until it is acknowledged and returns the number of the next.
func (s *shipper) send(ctx context.Context, seq int64, chunk []byte) (next int64, err error) {
	err = persist(ctx, callMost, func(ctx context.Context) error {
		answer, err := s.api.Logs(ctx, s.run, s.token, seq, chunk)
		var gap *sb.Error
		if errors.As(err, &gap) && gap.Want != nil && *gap.Want != seq {
			seq = *gap.Want
			return sb.Wrap(err, sb.Unavailable, "the chunk is sent again as number %d", seq)
		}
		if err == nil {
			s.watched.Store(answer.Watched)
		}
		return err
	})
	return seq + 1, err
}
