package cli_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"signalbox/cli"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noon is now in all tests.
var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// world is a small server that behaves like the API for what these tests do, and a command line beside it.
type world struct {
	t      *testing.T
	server *httptest.Server
	env    cli.Env
	out    bytes.Buffer
	errs   io.Writer
	errors bytes.Buffer
	vars   map[string]string

	mu      sync.Mutex
	run     map[string]any
	lines   []string
	logOver bool
	down    bool
	news    chan struct{} // closed and made anew when anything changes
	drops   int           // streams that ended are opened again
	bodies  []string      // of requests that change something
	plain   map[string]string
}

func setup(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, vars: map[string]string{}, news: make(chan struct{}), plain: map[string]string{}}
	w.run = map[string]any{
		"id": "01R", "operator": "@acme/tools/hello", "status": "scheduled", "orchestrator": "builtin", "attempt": 0,
		"created_by": map[string]string{"id": "1", "name": "Ana"}, "scheduled_at": noon.Add(-3 * time.Minute),
		"queue": map[string]int{"position": 2, "ahead": 1}, "work": map[string]string{"state": "none"},
	}
	w.server = httptest.NewServer(w.routes())
	web := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(func() {
		web.CloseIdleConnections()
		w.server.CloseClientConnections()
		w.server.Close()
	})
	w.vars["SIGNALBOX_URL"], w.vars["SIGNALBOX_API_KEY"] = w.server.URL, "sbk_right"
	w.errs = &w.errors
	w.env = cli.Env{
		Stdin: strings.NewReader(""), Getenv: func(name string) string { return w.vars[name] }, HTTP: web,
		Now: func() time.Time { return noon }, Terminal: func(io.Writer) int { return 0 },
	}
	return w
}

// do runs a command and gives its exit code.
func (w *world) do(args ...string) int {
	w.env.Stdout, w.env.Stderr = &w.out, w.errs
	cmd := cli.Command(w.env)
	cmd.SetArgs(args)
	return cli.Report(w.errs, cmd.ExecuteContext(w.t.Context()))
}

func (w *world) routes() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("POST /api/v1/runs", func(rw http.ResponseWriter, r *http.Request) { w.note(r); w.answerRun(rw) })
	m.HandleFunc("GET /api/v1/runs/{id}", func(rw http.ResponseWriter, _ *http.Request) { w.answerRun(rw) })
	m.HandleFunc("GET /api/v1/runs/{id}/wait", func(rw http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(rw, `{"position":2,"summary":"Number 2 in the queue of builtin: 1 of 1 slots are in use."}`)
	})
	m.HandleFunc("GET /api/v1/events", w.events)
	m.HandleFunc("GET /api/v1/runs/{id}/logs/stream", w.logStream)
	m.HandleFunc("/", w.other)
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		key := r.Header.Get("Authorization")
		if key != "Bearer sbk_right" && key != "Bearer sbr_token" {
			problem(rw, 401, `"code":"unauthenticated","detail":"This needs an API key"`)
			return
		}
		m.ServeHTTP(rw, r)
	})
}

func problem(rw http.ResponseWriter, status int, members string) {
	rw.Header().Set("Content-Type", "application/problem+json")
	rw.WriteHeader(status)
	_, _ = fmt.Fprintf(rw, "{%s}", members)
}

// other answers what a test set for "METHOD path", and keeps what it was sent.
func (w *world) other(rw http.ResponseWriter, r *http.Request) {
	w.note(r)
	w.mu.Lock()
	text, known := w.plain[r.Method+" "+r.RequestURI]
	w.mu.Unlock()
	status, members, failed := strings.Cut(text, " problem ")
	switch code, _ := strconv.Atoi(status); {
	case !known:
		problem(rw, 404, `"code":"not_found","detail":"`+r.Method+" "+r.URL.Path+` is not there"`)
	case failed:
		problem(rw, code, members)
	default:
		_, _ = io.WriteString(rw, text)
	}
}

func (w *world) note(r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.mu.Lock()
	defer w.mu.Unlock()
	if r.Method != http.MethodGet {
		w.bodies = append(w.bodies, strings.TrimSpace(string(body)))
	}
}

func (w *world) answerRun(rw http.ResponseWriter) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.down {
		problem(rw, 503, `"code":"unavailable","detail":"later"`)
		return
	}
	_ = json.NewEncoder(rw).Encode(w.run)
}

// events tells of each change of the run.
func (w *world) events(rw http.ResponseWriter, r *http.Request) {
	w.stream(rw, r, func(bool) (string, bool) { return "data: {\"kind\":\"run\",\"id\":\"01R\"}\n\n", false })
}

// logStream gives the lines from where the reader was; an offset is a number of lines here.
func (w *world) logStream(rw http.ResponseWriter, r *http.Request) {
	at, _ := strconv.Atoi(r.Header.Get("Last-Event-ID"))
	w.stream(rw, r, func(bool) (string, bool) {
		var text strings.Builder
		for ; at < len(w.lines); at++ {
			fmt.Fprintf(&text, "id: %d\ndata: {\"next\":%d,\"entries\":[{\"timestamp\":null,\"severity\":\"INFO\",\"message\":%q}]}\n\n", at+1, at+1, w.lines[at])
		}
		if w.logOver {
			text.WriteString("event: end\ndata: {\"complete\":true}\n\n")
		}
		return text.String(), w.logOver
	})
}

func (w *world) stream(rw http.ResponseWriter, r *http.Request, next func(first bool) (text string, last bool)) {
	rw.Header().Set("Content-Type", "text/event-stream")
	_, _ = io.WriteString(rw, ": \n\n")
	w.mu.Lock()
	drops := w.drops
	w.mu.Unlock()
	for first := true; ; first = false {
		w.mu.Lock()
		text, last := next(first)
		news, dropped := w.news, w.drops != drops
		w.mu.Unlock()
		if dropped {
			return
		}
		_, _ = io.WriteString(rw, text)
		_ = http.NewResponseController(rw).Flush()
		if last {
			return
		}
		select {
		case <-news:
		case <-r.Context().Done():
			return
		}
	}
}

// change does something to the world and tells all streams.
func (w *world) change(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
	close(w.news)
	w.news = make(chan struct{})
}

func (w *world) become(status string, more ...any) {
	w.change(func() {
		w.run["status"], w.run["queue"], w.run["attempt"] = status, nil, 1
		for i := 0; i < len(more); i += 2 {
			w.run[more[i].(string)] = more[i+1]
		}
	})
}

func (w *world) serve(call, text string) { w.plain[call] = text }

// golden compares text that has no blanks at line ends with what is expected, which is indented for reading.
func golden(t *testing.T, want, got string) {
	t.Helper()
	want = strings.ReplaceAll(strings.TrimPrefix(want, "\n"), "\t", "")
	require.Equal(t, want, got)
}
