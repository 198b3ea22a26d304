// Package connecttest is a stand-in for Flyte 2 that behaves: a Connect server that reads every request and writes every
// answer by Flyte's own interface definitions (idl/, from version 2.0.53 of the PyPI wheel flyteidl2, which is under the
// Apache License 2.0). What surprises in the real runs service is there too: a name used twice overwrites the inputs of the
// first run and starts it again, a run that could not be queued is accepted all the same, the abort of a run that has
// succeeded makes it an aborted one. It knows no passing of time: every request moves all runs on by one step, so tests
// wait for nothing.
package connecttest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// The project and domain that a server has.
const (
	Project = "flytesnacks"
	Domain  = "development"
)

// Server is one Flyte 2.
type Server struct {
	*httptest.Server
	idl idl

	mu       sync.Mutex
	tasks    map[string]*Task
	runs     []*run
	meddler  func(w http.ResponseWriter, r *http.Request, next http.Handler) bool
	counts   map[string]int // requests by method
	headers  map[string]http.Header
	lost     bool // what is created is not queued
	dropped  bool // the pods are gone, and their logs with them
	database bool // the database is away
	early    bool // it is an early version, whose lists know no filters
}

// Start starts a server with the tasks of Tasks. It ends with the test.
func Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{idl: readIDL(), tasks: map[string]*Task{}, counts: map[string]int{}, headers: map[string]http.Header{}}
	for _, task := range Tasks() {
		s.tasks[task.Name] = &task
	}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// Meddle lets a test answer requests itself, or break the connection: it is asked first, and tells whether it dealt with
// the request. next is the server as it would have answered. nil ends it.
func (s *Server) Meddle(with func(w http.ResponseWriter, r *http.Request, next http.Handler) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.meddler = with
}

// LoseAnswer makes the next call of a method, such as CreateRun, be done, and its answer lost.
func (s *Server) LoseAnswer(method string) {
	var once sync.Once
	s.Meddle(func(w http.ResponseWriter, r *http.Request, next http.Handler) (dealt bool) {
		if !strings.HasSuffix(r.URL.Path, "/"+method) {
			return false
		}
		once.Do(func() {
			next.ServeHTTP(httptest.NewRecorder(), r)
			hangUp(w)
			dealt = true
		})
		return dealt
	})
}

func hangUp(w http.ResponseWriter) {
	if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = c.Close()
	}
}

// LoseQueue makes the queue refuse what is created, which nobody is told.
func (s *Server) LoseQueue() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost = true
}

// LoseDatabase takes the database away, or gives it back.
func (s *Server) LoseDatabase(away bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.database = away
}

// BeEarly makes it an early version, which lists all runs whatever it is asked for.
func (s *Server) BeEarly() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.early = true
}

// DropPods removes the pods of all tasks.
func (s *Server) DropPods() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropped = true
}

// Change changes a task.
func (s *Server) Change(task string, how func(*Task)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	how(s.tasks[task])
}

// Foreign adds runs that somebody else started, of a phase such as SUCCEEDED.
func (s *Server) Foreign(prefix, phase string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		r := &run{task: s.tasks[OK], version: "v1", name: prefix + word(len(s.runs)), phase: phase, created: s.now(), spec: json.RawMessage(`{}`)}
		s.runs = append(s.runs, r)
	}
}

// Finish ends all runs well, without further steps.
func (s *Server) Finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.runs {
		if !r.over() {
			r.end(succeeded, s.now())
		}
	}
}

// Delete removes a run, as a database that is cleaned up does.
func (s *Server) Delete(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, r := range s.runs {
		if r.name == name {
			s.runs = append(s.runs[:i], s.runs[i+1:]...)
			return
		}
	}
}

// Starts tells how often a run was queued; 0 when it is not there.
func (s *Server) Starts(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.run(name); r != nil {
		return r.starts
	}
	return 0
}

// Sent gives what a run was created with: its inputs and its runSpec, as JSON.
func (s *Server) Sent(name string) (inputs, spec string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.run(name); r != nil {
		return string(r.inputs), string(r.spec)
	}
	return "", ""
}

// Requests tells how often a method was called, such as "ListRuns".
func (s *Server) Requests(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[method]
}

// Header gives the header of a method's last call.
func (s *Server) Header(method string) http.Header {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.headers[method]
}

// ServeHTTP answers as Flyte does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	meddler := s.meddler
	s.mu.Unlock()
	next := http.HandlerFunc(s.answer)
	if meddler == nil || !meddler(w, r, next) {
		next(w, r)
	}
}

func (s *Server) now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

func (s *Server) run(name string) *run {
	for _, r := range s.runs {
		if r.name == name {
			return r
		}
	}
	return nil
}
