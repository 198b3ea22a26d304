package api

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	sb "signalbox"
)

func withLog(t *testing.T, text string) *bench {
	t.Helper()
	b := setup(t)
	b.complete["r1"] = make(chan struct{})
	b.put(sb.Run{ID: "r1", Status: sb.Running, CreatedBy: sb.Who{ID: "ann"}})
	b.logs["r1"] = []byte(text)
	return b
}

func TestLogTable(t *testing.T) {
	t.Parallel()
	t.Run("up to a mebibyte with its lines", func(t *testing.T) {
		t.Parallel()
		b := withLog(t, "one\ntwo\n")
		require.JSONEq(t, `{"size":8,"complete":false,"download_only":false,"entries":[
			{"timestamp":"2026-05-01T08:00:00.123456Z","severity":"INFO","message":"one"},
			{"timestamp":"2026-05-01T08:00:00.123456Z","severity":"INFO","message":"two"}]}`, b.do("ann", "GET", "/api/v1/runs/r1/logs", "").body)
	})
	t.Run("an empty one has no entries but the field", func(t *testing.T) {
		t.Parallel()
		require.JSONEq(t, `{"size":0,"complete":false,"download_only":false,"entries":[]}`, withLog(t, "").do("ann", "GET", "/api/v1/runs/r1/logs", "").body)
	})
	t.Run("a larger one for download only", func(t *testing.T) {
		t.Parallel()
		b := withLog(t, strings.Repeat("x", sb.MaxShownLog+1))
		require.JSONEq(t, `{"size":1048577,"complete":true,"download_only":true}`, b.do("ann", "GET", "/api/v1/runs/r1/logs", "").body)
	})
	t.Run("windows", func(t *testing.T) {
		t.Parallel()
		b := withLog(t, "one\ntwo\nthree\n")
		got := b.do("ann", "GET", "/api/v1/runs/r1/logs/lines?from=1&count=1", "").json(t)
		require.EqualValues(t, 2, got["next"])
		require.Equal(t, "two", got["lines"].([]any)[0].(map[string]any)["message"])
		require.JSONEq(t, `{"lines":3,"levels":{"INFO":3},"first_error":null,"complete":false}`, b.do("ann", "GET", "/api/v1/runs/r1/logs/index", "").body)
	})
}

func TestDownloadRanges(t *testing.T) {
	t.Parallel()
	b := withLog(t, "0123456789")
	for name, row := range map[string]struct {
		header, body, span string
		status             int
	}{
		"the whole":        {"", "0123456789", "", 200},
		"from the middle":  {"bytes=4-", "456789", "bytes 4-9/10", 206},
		"a piece":          {"bytes=2-4", "234", "bytes 2-4/10", 206},
		"the first byte":   {"bytes=0-0", "0", "bytes 0-0/10", 206},
		"beyond the end":   {"bytes=8-99", "89", "bytes 8-9/10", 206},
		"the last three":   {"bytes=-3", "789", "bytes 7-9/10", 206},
		"the last hundred": {"bytes=-100", "0123456789", "bytes 0-9/10", 206},
		"behind the end":   {"bytes=10-", "", "bytes */10", 416},
		"the last none":    {"bytes=-0", "", "bytes */10", 416},
		"several":          {"bytes=0-1,4-5", "0123456789", "", 200},
		"turned around":    {"bytes=5-2", "0123456789", "", 200},
		"another unit":     {"lines=1-2", "0123456789", "", 200},
		"rubbish":          {"bytes=x-y", "0123456789", "", 200},
		"no dash":          {"bytes=5", "0123456789", "", 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var headers []string
			if row.header != "" {
				headers = []string{"Range", row.header}
			}
			got := b.do("ann", "GET", "/api/v1/runs/r1/logs/download", "", append(headers, "Accept-Encoding", "gzip")...)
			require.Equal(t, row.status, got.StatusCode)
			require.Equal(t, row.span, got.Header.Get("Content-Range"))
			require.Empty(t, got.Header.Get("Content-Encoding"))
			if row.status == 416 {
				require.Equal(t, "invalid", got.json(t)["code"])
				return
			}
			require.Equal(t, row.body, got.body)
			require.Equal(t, "attachment; filename=r1.log", got.Header.Get("Content-Disposition"))
			require.Equal(t, "bytes", got.Header.Get("Accept-Ranges"))
			require.EqualValues(t, len(row.body), got.ContentLength)
		})
	}
}

// broken tells of downloads that broke off.
type broken chan struct{}

func (broken) Levels() []logrus.Level { return logrus.AllLevels }

func (b broken) Fire(e *logrus.Entry) error {
	if e.Message == "a download broke off" {
		b <- struct{}{}
	}
	return nil
}

func TestAReaderWhoTakesNothingLosesTheConnection(t *testing.T) {
	t.Parallel()
	off := make(broken, 1)
	b := setup(t, func(d *Deps) {
		d.Patience, d.Log = 100*time.Millisecond, logrus.New()
		d.Log.SetOutput(io.Discard)
		d.Log.AddHook(off)
	})
	b.put(sb.Run{ID: "r1", Status: sb.Completed, CreatedBy: sb.Who{ID: "ann"}})
	b.logs["r1"] = make([]byte, 32<<20) // more than all buffers on the way
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+"/api/v1/runs/r1/logs/download", nil)
	require.NoError(t, err)
	req.Header.Set("X-API-Key", "sbk_ann")
	resp, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(t, err)
	<-off
	_, err = io.Copy(io.Discard, resp.Body)
	require.Error(t, err, "a piece is not taken for the whole")
	require.NoError(t, resp.Body.Close())
}

func TestLargeAnswersArePackedButNotDownloads(t *testing.T) {
	t.Parallel()
	b := withLog(t, strings.Repeat("line\n", 1000))
	table := b.do("ann", "GET", "/api/v1/runs/r1/logs", "", "Accept-Encoding", "gzip")
	require.Equal(t, "gzip", table.Header.Get("Content-Encoding"))
	download := b.do("ann", "GET", "/api/v1/runs/r1/logs/download", "", "Accept-Encoding", "gzip")
	require.Empty(t, download.Header.Get("Content-Encoding"))
	require.Len(t, download.body, 5000)
}

// listen opens a stream of events; its lines come without the empty ones.
func (b *bench) listen(who, path string, headers ...string) (next func() string, stop func()) {
	b.t.Helper()
	ctx, cancel := context.WithCancel(b.t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url+path, nil)
	require.NoError(b.t, err)
	req.Header.Set("X-API-Key", "sbk_"+who)
	req.Header.Set("Accept-Encoding", "gzip")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(b.t, err)
	require.Equal(b.t, 200, resp.StatusCode)
	require.Equal(b.t, "text/event-stream; charset=utf-8", resp.Header.Get("Content-Type"))
	require.Empty(b.t, resp.Header.Get("Content-Encoding"))
	lines := bufio.NewScanner(resp.Body)
	next = func() string {
		for lines.Scan() {
			if text := lines.Text(); text != "" {
				return text
			}
		}
		return "end of stream"
	}
	stop = func() { cancel(); _ = resp.Body.Close() }
	b.t.Cleanup(stop)
	require.Equal(b.t, ": ", next(), "the stream opens at once")
	return next, stop
}

func TestEventsCarryIdsOfRunsThatTheReaderMaySeeNow(t *testing.T) {
	t.Parallel()
	b := setup(t)
	next, _ := b.listen("ann", "/api/v1/events")
	<-b.heard
	b.put(sb.Run{ID: "r1", DatasetID: "d2", CreatedBy: sb.Who{ID: "root"}})
	b.put(sb.Run{ID: "r2", DatasetID: "d1", CreatedBy: sb.Who{ID: "root"}})
	require.Equal(t, `data: {"kind":"run","id":"r2"}`, next())

	b.mu.Lock()
	b.grants["ann/d2"] = sb.CanView
	b.mu.Unlock()
	b.put(sb.Run{ID: "r1", DatasetID: "d2", CreatedBy: sb.Who{ID: "root"}})
	require.Equal(t, `data: {"kind":"run","id":"r1"}`, next(), "a grant counts at once")

	b.mu.Lock()
	p := b.principals["ann"]
	p.Role = sb.Guest
	b.principals["ann"] = p
	b.mu.Unlock()
	b.put(sb.Run{ID: "r1", DatasetID: "d2", CreatedBy: sb.Who{ID: "root"}})
	b.put(sb.Run{ID: "r3", DatasetID: "d2", CreatedBy: sb.Who{ID: "ann"}})
	require.Equal(t, `data: {"kind":"run","id":"r3"}`, next(), "so does a lesser role")

	b.mu.Lock()
	delete(b.secrets, "sbk_ann")
	b.mu.Unlock()
	b.put(sb.Run{ID: "r3", DatasetID: "d2", CreatedBy: sb.Who{ID: "ann"}})
	require.Equal(t, "end of stream", next(), "a key that ended ends the stream")
}

func TestEventsTellAdminsOfPlugins(t *testing.T) {
	t.Parallel()
	b := setup(t)
	admin, _ := b.listen("root", "/api/v1/events")
	<-b.heard
	member, _ := b.listen("ann", "/api/v1/events")
	<-b.heard
	b.mu.Lock()
	b.tell(sb.Note{Topic: sb.TopicPlugin, ID: "p1"})
	b.mu.Unlock()
	b.put(sb.Run{ID: "r1", DatasetID: "d1", CreatedBy: sb.Who{ID: "root"}})
	require.Equal(t, `data: {"kind":"plugin","id":"p1"}`, admin())
	require.Equal(t, `data: {"kind":"run","id":"r1"}`, admin())
	require.Equal(t, `data: {"kind":"run","id":"r1"}`, member())
}

func TestStreamsEndWhenTheServerCloses(t *testing.T) {
	t.Parallel()
	closing := make(chan struct{})
	b := setup(t, func(d *Deps) { d.Closing = closing })
	next, _ := b.listen("ann", "/api/v1/events")
	close(closing)
	require.Equal(t, "end of stream", next())
}

func TestLogStream(t *testing.T) {
	t.Parallel()
	b := withLog(t, "one\ntwo\n")
	next, _ := b.listen("ann", "/api/v1/runs/r1/logs/stream")
	require.Equal(t, "id: 8", next())
	require.Contains(t, next(), `data: {"next":8,"entries":[{"timestamp":"2026-05-01T08:00:00.123456Z","severity":"INFO","message":"one"}`)
	require.Equal(t, true, b.do("sbr_r1", "POST", "/api/v1/work/r1/heartbeat", "").json(t)["watched"])
	close(b.complete["r1"])
	require.Equal(t, "event: end", next())
	require.Equal(t, `data: {"complete":true}`, next())
	require.Equal(t, "end of stream", next())
	resumed, _ := b.listen("ann", "/api/v1/runs/r1/logs/stream", "Last-Event-ID", "4")
	require.Equal(t, "id: 8", resumed())
	require.NotContains(t, resumed(), "one")
	require.Equal(t, "event: end", resumed())
}
