// Package flytetest is a stand-in for FlyteAdmin of Flyte 1: its REST API by its own interface definitions, with the
// behaviours of a real server that matter to a client, the unpleasant ones among them. Requests are read strictly, answers
// come in snake or camel case as they do there. What runs moves on with every question about it.
package flytetest

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"signalbox/adapters/flyte/idltest"
)

// The launch plans of project flytesnacks, domain development, all of version v1 and active.
const (
	OK      = "sb.ok"     // takes threshold (float, 0.5), items (list of text), when (time or nothing); returns n: 1
	Fail    = "sb.fail"   // ends with an exception
	Mapped  = "sb.mapped" // a task over three elements, the last of which is tried twice
	Single  = "sb.single" // a task over one element, which is tried twice
	Nested  = "sb.nested" // n0 is a sub-workflow of n0-0-n0 and of n0-0-n1, which makes n0-0-n1-0-dn0; n1 starts another execution
	Sleep   = "sb.sleep"  // goes on until it is terminated
	Params  = "sb.params" // takes env: dev or prod, and must: a text that has to be given; sets fixed itself
	IDs     = "sb.ids"    // takes signalbox_run and signalbox_attempt
	Big     = "sb.big"    // returns more than is inlined
	Broken  = "sb.broken" // is accepted and cannot be started
	Limited = "sb.limited"
	Idle    = "sb.idle" // has no active version
	Task    = "sb.task" // a task, not a launch plan, of version v1
)

// Project and Domain are where all of it is.
const (
	Project = "flytesnacks"
	Domain  = "development"
	Version = "v1"
)

// Server is a stand-in. It is safe for use by several goroutines.
type Server struct {
	URL string

	idl idl

	mu         sync.Mutex
	executions map[string]*execution
	order      []string
	counts     map[string]int
	lose       map[string]int // by method, how many answers get lost
	token      string         // that is taken; "" for no login
	secret     string         // of the client
	tokenURL   string         // where tokens come from, as it says; "" for here
	tokens     int
}

// execution is one, with what was asked for.
type execution struct {
	name        string
	plan        map[string]any // the identifier that was sent
	kind        string
	annotations map[string]any
	inputs      map[string]any
	phase       string
	steps       int
	cause       string
	created     time.Time
	started     *time.Time
	ended       *time.Time
	archived    bool
}

// New makes a server that does not listen: a http.Handler for the address that it is told.
func New(url string) *Server {
	return &Server{URL: url, idl: readIDL(), executions: map[string]*execution{}, counts: map[string]int{}, lose: map[string]int{}}
}

// Start starts a server that ends with the test.
func Start(t testing.TB) *Server {
	t.Helper()
	s := New("")
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// WithLogin lets the server take tokens only that it has given for a client's secret.
func (s *Server) WithLogin(secret string) {
	s.with(func() { s.secret, s.token = secret, "first" })
}

// TokensFrom says that tokens come from another address.
func (s *Server) TokensFrom(url string) { s.with(func() { s.tokenURL = url }) }

// Forget lets the tokens that were given so far not be taken any more.
func (s *Server) Forget() { s.with(func() { s.tokens++; s.token = fmt.Sprintf("later-%d", s.tokens) }) }

// LoseAnswer does what the next call of a method asks for, and loses the answer.
func (s *Server) LoseAnswer(method string) { s.with(func() { s.lose[method]++ }) }

// Archive hides an execution from lists, as people may.
func (s *Server) Archive(name string) { s.with(func() { s.executions[name].archived = true }) }

// Delete forgets an execution, which no call can: it stands for a database that was restored.
func (s *Server) Delete(name string) { s.with(func() { delete(s.executions, name) }) }

// Abort terminates an execution as a person does there.
func (s *Server) Abort(name string) { s.with(func() { s.executions[name].abort("by hand") }) }

// Inputs are those that the server has stored for an execution.
func (s *Server) Inputs(name string) (inputs map[string]any) {
	s.with(func() { inputs = s.executions[name].inputs })
	return inputs
}

// Executions counts those of a launch plan or task.
func (s *Server) Executions(kind string) (n int) {
	s.with(func() {
		for _, e := range s.executions {
			if e.kind == kind {
				n++
			}
		}
	})
	return n
}

// Foreign adds an execution that goes on and is somebody else's.
func (s *Server) Foreign(name string) {
	s.with(func() { s.add(&execution{name: name, kind: Sleep, plan: identifier("LAUNCH_PLAN", Sleep)}) })
}

// Calls tells how often a method was called.
func (s *Server) Calls(method string) (n int) {
	s.with(func() { n = s.counts[method] })
	return n
}

func (s *Server) with(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
}

func (s *Server) add(e *execution) {
	e.created, e.phase = time.Now().UTC(), "UNDEFINED"
	s.executions[e.name] = e
	s.order = append(s.order, e.name)
}

// step moves an execution on.
func (e *execution) step() {
	e.steps++
	now := time.Now().UTC()
	switch {
	case e.phase == "UNDEFINED" && e.kind == Broken:
		e.phase, e.ended = "FAILED", &now
	case e.phase == "UNDEFINED" && e.steps > 1: // QUEUED is often not seen at all
		e.phase, e.started = "RUNNING", &now
	case e.phase == "ABORTING":
		e.phase, e.ended = "ABORTED", &now
	case e.phase == "RUNNING" && e.steps > 3 && e.kind == Fail:
		e.phase, e.ended = "FAILED", &now
	case e.phase == "RUNNING" && e.steps > 3 && e.kind != Sleep && e.kind != Limited:
		e.phase, e.ended = "SUCCEEDED", &now
	}
}

// abort asks for the end; false when it has ended.
func (e *execution) abort(cause string) bool {
	if e.over() {
		return false
	}
	e.phase, e.cause = "ABORTING", cause
	return true
}

func (e *execution) over() bool {
	return e.phase == "SUCCEEDED" || e.phase == "FAILED" || e.phase == "ABORTED"
}

func identifier(kind, name string) map[string]any {
	return map[string]any{"resourceType": kind, "project": Project, "domain": Domain, "name": name, "version": Version}
}

// said is what a failed execution says.
const said = `[1/1] currentAttempt done. Last Error: USER::
Traceback (most recent call last):

      File "/root/flow.py", line 12, in fail
        raise ValueError("deliberate failure")

ValueError: deliberate failure

Message:

    ValueError: deliberate failure`

// message writes an execution as the definitions want it. Lists cut what errors say.
func (e *execution) message(cut bool) map[string]any {
	closure := map[string]any{"phase": e.phase, "createdAt": e.created, "updatedAt": e.created, "workflowId": identifier("WORKFLOW", e.kind)}
	if e.started != nil {
		closure["startedAt"] = e.started
	}
	if e.ended != nil {
		closure["updatedAt"] = e.ended
		if e.started != nil {
			closure["duration"] = fmt.Sprintf("%.6fs", max(e.ended.Sub(*e.started), time.Millisecond).Seconds())
		}
	}
	switch e.phase {
	case "SUCCEEDED":
		closure["outputs"] = map[string]any{"uri": "s3://flyte/metadata/" + e.name + "/outputs.pb"}
	case "ABORTING", "ABORTED":
		closure["abortMetadata"] = map[string]any{"cause": e.cause, "principal": ""}
	case "FAILED":
		closure["error"] = e.failure(cut)
	}
	return map[string]any{
		"id": map[string]any{"project": Project, "domain": Domain, "name": e.name},
		"spec": map[string]any{
			"launchPlan": e.plan, "metadata": map[string]any{"mode": "MANUAL"}, "annotations": map[string]any{"values": e.annotations},
		},
		"closure": closure,
	}
}

func (e *execution) failure(cut bool) map[string]any {
	text := said
	if e.kind == Broken {
		text = "failed to create workflow in propeller namespaces \"flytesnacks-development\" not found"
	}
	if cut {
		text = text[:min(len(text), 100)]
	}
	if e.kind == Broken {
		return map[string]any{"code": "Internal", "kind": "SYSTEM", "message": text}
	}
	return map[string]any{"code": "RetriesExhausted|USER:Error", "kind": "USER", "message": text}
}

func remarshal(from, into any) {
	b, err := json.Marshal(from)
	idltest.Must(err)
	idltest.Must(json.Unmarshal(b, into))
}
