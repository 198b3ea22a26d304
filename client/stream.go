package client

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/tmaxmax/go-sse"

	sb "signalbox"
)

const (
	silence    = 45 * time.Second // the server says something every 15 s; then the connection counts as dead
	againFirst = 250 * time.Millisecond
	againMost  = 5 * time.Second
	maxEvent   = 8 << 20
)

// errDone ends a stream from inside: its reader has all he wanted.
var errDone = sb.Errorf(sb.Gone, "the stream has ended")

// Change is a message of the server's stream of changes: the kind and id of what changed. A client reads the row
// again, since messages carry nothing more and may be lost.
type Change struct {
	Kind string `json:"kind"` // "run", "plugin", or Connected
	ID   string `json:"id"`
}

// Connected is the kind of the message that the client itself gives after each connection: what happened before it
// was not heard, so look again.
const Connected = "connected"

// Watch calls f with each change that the key's owner may hear of, until ctx is done or f returns an error, which
// Watch returns. It connects again when the stream breaks. Errors: the server's refusals such as Unauthenticated.
func (r Runs) Watch(ctx context.Context, f func(Change) error) error {
	return r.c.follow(ctx, func(ctx context.Context) (bool, error) {
		heard := false
		err := r.c.stream(ctx, "/events", nil, func() error { return f(Change{Kind: Connected}) }, func(e sse.Event) error {
			heard = true
			var change Change
			if unmarshal(e.Data, &change) != nil {
				return nil // a kind of message of a newer server
			}
			return f(change)
		})
		return heard, err
	})
}

// stop wraps an error of a stream's reader, so that it is not taken for the connection's.
type stop struct{ error }

// Unwrap gives the reader's error.
func (s stop) Unwrap() error { return s.error }

// follow calls once again and again, at growing distances while nothing is heard, until its reader stops it, the
// server refuses, or ctx is done.
func (c *conn) follow(ctx context.Context, once func(context.Context) (heard bool, err error)) error {
	wait := time.Duration(0)
	for {
		heard, err := once(ctx)
		if s, ok := err.(stop); ok { //nolint:errorlint // made by stream below, never wrapped
			return s.error
		}
		if ctx.Err() != nil {
			return c.broken(ctx, err)
		}
		if err != nil && !passing(err) {
			return err
		}
		if heard {
			wait = 0
		}
		if err := sleep(ctx, wait); err != nil {
			return c.broken(ctx, err)
		}
		wait = min(max(2*wait, againFirst), againMost)
	}
}

// passing tells whether an error may be over at the next try.
func passing(err error) bool {
	switch sb.CodeOf(err) {
	case sb.Unavailable, sb.RateLimited, sb.Internal:
		return true
	default:
		return false
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// stream reads one connection's messages until it ends (nil), breaks (Unavailable), or a reader returns an error,
// which comes back as a stop.
func (c *conn) stream(ctx context.Context, path string, h http.Header, opened func() error, f func(sse.Event) error) error {
	ctx, hangUp := context.WithCancel(ctx)
	defer hangUp()
	r := get(path, nil)
	r.header = h.Clone()
	if r.header == nil {
		r.header = http.Header{}
	}
	r.header.Set("Accept", "text/event-stream, application/problem+json")
	resp, err := c.open(ctx, r)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if err := opened(); err != nil {
		return stop{err}
	}
	alive := watched{r: resp.Body, timer: time.AfterFunc(silence, hangUp)}
	defer alive.timer.Stop()
	for event, err := range sse.Read(alive, &sse.ReadConfig{MaxEventSize: maxEvent}) {
		if err != nil {
			return sb.Wrap(err, sb.Unavailable, "the stream of %s broke off", c.base)
		}
		if err := f(event); err != nil {
			return stop{err}
		}
	}
	return nil
}

// watched is a reader that puts off its timer whenever something comes.
type watched struct {
	r     io.Reader
	timer *time.Timer
}

// Read reads and notes that the connection lives.
func (w watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if n > 0 {
		w.timer.Reset(silence)
	}
	return n, err
}
