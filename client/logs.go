package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/tmaxmax/go-sse"

	sb "signalbox"
)

// Log is a run's log as the API shows it: its lines up to 1 MiB, else only its size.
type Log struct {
	Document
	Size         int64     `json:"size"`     // bytes
	Complete     bool      `json:"complete"` // nothing will be added
	DownloadOnly bool      `json:"download_only"`
	Entries      []sb.Line `json:"entries"`
}

// UnmarshalJSON reads a log and keeps its text.
func (l *Log) UnmarshalJSON(b []byte) error {
	type plain Log
	return keep(b, (*plain)(l), &l.JSON)
}

// Logs reads a run's log.
func (r Runs) Logs(ctx context.Context, id string) (Log, error) {
	var log Log
	q := get("/runs"+segment(id)+"/logs", nil)
	q.limit = maxRun // JSON makes many short lines several times longer than their text
	err := r.c.call(ctx, q, &log)
	return log, err
}

// Scrub blanks out texts in a run's log for ever, and gives how many places that were.
func (r Runs) Scrub(ctx context.Context, id string, texts ...string) (places int, err error) {
	q, err := send(http.MethodPost, "/runs"+segment(id)+"/logs/scrub", map[string]any{"texts": texts})
	if err != nil {
		return 0, err
	}
	var said struct {
		Places int `json:"places"`
	}
	err = r.c.call(ctx, q, &said)
	return said.Places, err
}

// piece is a message of a live log.
type piece struct {
	Next    *int64    `json:"next"` // the offset behind it
	Entries []sb.Line `json:"entries"`
}

func unmarshal(text string, into any) error { return json.Unmarshal([]byte(text), into) }

// StreamLogs calls f with the lines of a run's log from its beginning, then with new ones as they come, until the log
// is complete (nil), ctx is done, or f returns an error, which StreamLogs returns. When the stream breaks it goes on
// where it broke off, so that no line is missing or doubled.
func (r Runs) StreamLogs(ctx context.Context, id string, f func([]sb.Line) error) error {
	var next int64
	err := r.c.follow(ctx, func(ctx context.Context) (bool, error) {
		before := next
		err := r.streamOnce(ctx, id, &next, f)
		return next > before, err
	})
	if errors.Is(err, errDone) {
		return nil
	}
	return err
}

func (r Runs) streamOnce(ctx context.Context, id string, next *int64, f func([]sb.Line) error) error {
	h := http.Header{}
	if *next > 0 {
		h.Set("Last-Event-ID", strconv.FormatInt(*next, 10))
	}
	return r.c.stream(ctx, "/runs"+segment(id)+"/logs/stream", h, func() error { return nil }, func(e sse.Event) error {
		var p piece
		if e.Data != "" && unmarshal(e.Data, &p) != nil {
			return nil // a kind of message of a newer server
		}
		if len(p.Entries) > 0 {
			if err := f(p.Entries); err != nil {
				return err
			}
		}
		if p.Next != nil {
			*next = *p.Next
		}
		if e.Type == "end" {
			return errDone
		}
		return nil
	})
}

// Download writes a run's log, as it is now and from an offset on, to w, and tells how many bytes it wrote. When the
// connection breaks it goes on where it broke off, up to 5 times without a single byte in between.
func (r Runs) Download(ctx context.Context, id string, w io.Writer, from int64) (int64, error) {
	at, wait := from, time.Duration(0)
	for tries := 0; ; {
		n, err := r.downloadOnce(ctx, id, w, at)
		at += n
		var local writeError
		if err == nil || errors.As(err, &local) || ctx.Err() != nil || !passing(err) {
			return at - from, err
		}
		if n > 0 {
			tries, wait = 0, 0
		}
		if tries++; tries > 5 {
			return at - from, err
		}
		if err := sleep(ctx, wait); err != nil {
			return at - from, r.c.broken(ctx, err)
		}
		wait = min(max(2*wait, againFirst), againMost)
	}
}

func (r Runs) downloadOnce(ctx context.Context, id string, w io.Writer, at int64) (int64, error) {
	q := get("/runs"+segment(id)+"/logs/download", nil)
	q.header = http.Header{"Accept": {"*/*"}, "Accept-Encoding": {"identity"}}
	if at > 0 {
		q.header.Set("Range", fmt.Sprintf("bytes=%d-", at))
	}
	resp, err := r.c.exchange(ctx, q)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	switch {
	case at > 0 && resp.StatusCode == http.StatusRequestedRangeNotSatisfiable:
		return 0, nil // the log ends just there
	case resp.StatusCode/100 != 2:
		return 0, r.c.failure(resp)
	}
	if at > 0 && resp.StatusCode != http.StatusPartialContent {
		if _, err := io.CopyN(io.Discard, resp.Body, at); err != nil {
			return 0, r.c.broken(ctx, err)
		}
	}
	return r.c.copy(ctx, w, resp.Body)
}
