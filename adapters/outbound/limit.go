package outbound

import (
	"context"
	"io"
	"time"

	"golang.org/x/time/rate"

	sb "signalbox"
)

// DefaultRates are the requests a second of each share.
var DefaultRates = map[Share]float64{Polls: 2, Stops: 1, Dispatches: 2}

// shares hold the limiter of each. Details have none of their own: they take turns of the polls, and only one of them at a
// time stands in line for one, so that a poll waits for one of them at most, however many there are.
type shares struct {
	limiters map[Share]*rate.Limiter
	detail   chan struct{} // has room for the one in line
}

func limiters(rates map[Share]float64) shares {
	all := shares{limiters: make(map[Share]*rate.Limiter, len(DefaultRates)), detail: make(chan struct{}, 1)}
	for share, perSecond := range DefaultRates {
		if own, ok := rates[share]; ok {
			perSecond = own
		}
		all.limiters[share] = rate.NewLimiter(rate.Limit(perSecond), 2)
	}
	return all
}

func (all shares) wait(ctx context.Context, s Share) error {
	turn, ok := all.limiters[s]
	if !ok {
		turn = all.limiters[Polls]
	}
	if s == Details {
		select {
		case all.detail <- struct{}{}:
			defer func() { <-all.detail }()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	err := turn.Wait(ctx)
	if err != nil && ctx.Err() == nil {
		return context.DeadlineExceeded // its turn would come after the deadline
	}
	return err
}

type shareKey struct{}

func withShare(ctx context.Context, s Share) context.Context {
	return context.WithValue(ctx, shareKey{}, s)
}

func shareOf(ctx context.Context) Share {
	s, _ := ctx.Value(shareKey{}).(Share)
	return s
}

// stream is a body that ends the call when it is silent for too long, or too long.
type stream struct {
	body   io.ReadCloser
	left   int64
	host   string
	cancel func()
	idle   *time.Timer
}

func (s *stream) Read(p []byte) (int, error) {
	if s.left <= 0 {
		return 0, sb.Errorf(sb.TooLarge, "the log of %s has more than %d GiB", s.host, MaxStream>>30)
	}
	n, err := s.body.Read(p[:min(int64(len(p)), s.left)])
	s.left -= int64(n)
	s.idle.Reset(streamIdle)
	if err != nil && err != io.EOF { //nolint:errorlint // readers compare it so
		err = sb.Wrap(safe(err), sb.Unavailable, "the log of %s broke off", s.host)
	}
	return n, err
}

func (s *stream) Close() error {
	s.idle.Stop()
	defer s.cancel()
	return s.body.Close()
}
