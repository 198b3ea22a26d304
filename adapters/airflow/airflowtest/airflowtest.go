// Package airflowtest is a stand-in for Airflow that behaves: it takes runs, starts and ends them, and refuses what Airflow
// refuses, in the bytes that real servers answered with (wire/, recorded from 2.10.3 and 3.3.1). What surprises in them is
// there too: a stopped run that comes back on 2.10, numbers that are no JSON, dates in the future that never start, logs
// that are missing with status 200. It knows no passing of time: every request moves all runs on by one step, so tests
// wait for nothing.
package airflowtest

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The accounts that a server knows; each is its own password. The viewer may only read.
const (
	Admin  = "admin"
	Viewer = "viewer"
)

// Server is one Airflow.
type Server struct {
	*httptest.Server
	version string
	major   int
	wire    map[string]exchange

	mu      sync.Mutex
	dags    map[string]*DAG
	runs    []*run
	skew    time.Duration
	tokens  map[string]string // token → account
	issued  int
	meddler func(w http.ResponseWriter, r *http.Request, next http.Handler) bool
	counts  map[string]int // requests by method and kind of path
	broken  int            // files that cannot be imported
}

// Start starts a server of a version, such as 2.10.3, with the DAGs of DAGs. It ends with the test.
func Start(t testing.TB, version string) *Server {
	t.Helper()
	s := New(version)
	t.Cleanup(s.Close)
	return s
}

// New starts a server that ends when it is closed.
func New(version string) *Server {
	s := &Server{version: version, major: int(version[0] - '0'), tokens: map[string]string{}, counts: map[string]int{}, dags: map[string]*DAG{}}
	s.wire = exchanges(s.major)
	for _, d := range DAGs() {
		s.dags[d.ID] = &d
	}
	s.Server = httptest.NewServer(s)
	return s
}

// Meddle lets a test answer requests itself, or break the connection: it is asked first, and tells whether it dealt with
// the request. next is the server as it would have answered. nil ends it.
func (s *Server) Meddle(with func(w http.ResponseWriter, r *http.Request, next http.Handler) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.meddler = with
}

// Upgrade makes it another version, as an upgrade over night does.
func (s *Server) Upgrade(version string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version, s.major = version, int(version[0]-'0')
	s.wire = exchanges(s.major)
}

// SetSkew sets how far its clock is ahead of ours.
func (s *Server) SetSkew(by time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.skew = by
}

// Change changes a DAG.
func (s *Server) Change(dag string, how func(*DAG)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	how(s.dags[dag])
}

// Forget makes all tokens given so far invalid, as a restart with another secret does.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// Break makes it list files that cannot be imported.
func (s *Server) Break(files int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = files
}

// Foreign adds runs that somebody else started, finished ones; conf is what they hold, not necessarily JSON.
func (s *Server) Foreign(dag, prefix string, n int, conf string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		now := s.now()
		s.runs = append(s.runs, &run{
			dag: s.dags[dag], name: prefix + "-" + word(len(s.runs)), conf: json.RawMessage(conf), state: "success", logical: now, start: &now, end: &now,
		})
	}
}

// Finish ends all runs well, without further steps.
func (s *Server) Finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.runs {
		if !r.over() {
			now := s.now()
			r.state, r.start, r.end = "success", &now, &now
		}
	}
}

// End ends a run in a state, success or failed, without further steps.
func (s *Server) End(dag, name, state string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.run(dag, name); r != nil {
		now := s.now()
		r.state, r.end = state, &now
	}
}

// Delete removes a run, as people do.
func (s *Server) Delete(dag, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runs = slices.DeleteFunc(s.runs, func(r *run) bool { return r.dag.ID == dag && r.name == name })
}

// Clear runs a run again, as people do.
func (s *Server) Clear(dag, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.run(dag, name); r != nil {
		r.clear()
	}
}

// Runs tells how many runs of a DAG have names that begin so.
func (s *Server) Runs(dag, prefix string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, r := range s.runs {
		if r.dag.ID == dag && strings.HasPrefix(r.name, prefix) {
			n++
		}
	}
	return n
}

// Conf gives a run's conf.
func (s *Server) Conf(dag, name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.run(dag, name); r != nil {
		return string(r.conf)
	}
	return ""
}

// Requests tells how often something was asked for, such as "POST list" or "GET run".
func (s *Server) Requests(what string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[what]
}

// Counts tells how often each kind of thing was asked for.
func (s *Server) Counts() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.counts)
}

// ServeHTTP answers as Airflow does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	meddler := s.meddler
	s.mu.Unlock()
	next := http.HandlerFunc(s.answer)
	if meddler == nil || !meddler(w, r, next) {
		next(w, r)
	}
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
	for _, one := range s.runs {
		one.step(s)
	}
	s.route(w, r)
}

func (s *Server) now() time.Time { return time.Now().Add(s.skew).UTC().Truncate(time.Microsecond) }

func (s *Server) run(dag, name string) *run {
	for _, r := range s.runs {
		if r.dag.ID == dag && r.name == name {
			return r
		}
	}
	return nil
}

// revives tells whether a stopped run comes back when its task ends: until 2.11 it does.
func (s *Server) revives() bool { return strings.HasPrefix(s.version, "2.10.") }

// LoseAnswer makes the next request with this method and end of path be done, and its answer lost.
func (s *Server) LoseAnswer(method, suffix string) {
	var once sync.Once
	s.Meddle(func(w http.ResponseWriter, r *http.Request, next http.Handler) (dealt bool) {
		if r.Method != method || !strings.HasSuffix(r.URL.Path, suffix) {
			return false
		}
		once.Do(func() {
			next.ServeHTTP(httptest.NewRecorder(), r)
			if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
				_ = c.Close()
			}
			dealt = true
		})
		return dealt
	})
}
