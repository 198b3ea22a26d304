package airflowtest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// The DAGs that servers have, the stand-in and the real ones of the tests alike (testdata/dags of package airflow).
const (
	OK      = "sb_ok"      // returns {"n": 1, "who": "…"} after a print
	Fail    = "sb_fail"    // prints and raises ValueError
	BigLog  = "sb_big_log" // prints 20,000 lines
	Mapped  = "sb_mapped"  // three tasks m[0] to m[2], which print
	Paused  = "sb_paused"  // is paused
	Limited = "sb_limited" // one run at a time, which sleeps until it is stopped
	Sleep   = "sb_sleep"   // sleeps until it is stopped
	Chain   = "sb_chain"   // sleeps until it is stopped, and a task follows
	Params  = "sb_params"  // env: dev or prod; count: 1 to 10; must: a text without a value
)

// DAG is a DAG with its tasks, each of which follows the one before.
type DAG struct {
	ID             string
	Paused, Stale  bool
	Broken, NoRuns bool
	MostActive     int
	Tasks          []Task
	Params         map[string]Param
}

// Task is what a task does.
type Task struct {
	ID     string
	Mapped int    // how many of it, 0 for one
	Does   string // "ok", "fail" or "sleep"
	Lines  int    // that it prints
	Python string // what it returns, as Python writes it
	JSON   string // the same as JSON
}

// Param is what a DAG declares about a key of conf.
type Param struct {
	Value  any            `json:"value"`
	Schema map[string]any `json:"schema"`
}

// DAGs are the DAGs of a new server.
func DAGs() []DAG {
	sleep := []Task{{ID: "sleep", Does: "sleep", Lines: 3}}
	all := []DAG{
		{ID: OK, Tasks: []Task{{ID: "echo", Does: "ok", Lines: 1, Python: `{'n': 1, 'who': "it's me", 'none': None, 'yes': True}`, JSON: `{"n":1,"who":"it's me","none":null,"yes":true}`}}},
		{ID: Fail, Tasks: []Task{{ID: "boom", Does: "fail", Lines: 1}}},
		{ID: BigLog, Tasks: []Task{{ID: "talk", Does: "ok", Lines: 20_000}}},
		{ID: Mapped, Tasks: []Task{{ID: "m", Mapped: 3, Does: "ok", Lines: 1}}},
		{ID: Paused, Paused: true, Tasks: sleep},
		{ID: Limited, MostActive: 1, Tasks: sleep},
		{ID: Sleep, Tasks: sleep},
		{ID: Chain, Tasks: []Task{{ID: "sleep", Does: "sleep", Lines: 3}, {ID: "after", Does: "ok"}}},
		{ID: Params, Tasks: []Task{{ID: "echo", Does: "ok"}}, Params: map[string]Param{
			"env":   {Value: "dev", Schema: map[string]any{"type": "string", "enum": []any{"dev", "prod"}}},
			"count": {Value: 1, Schema: map[string]any{"type": "integer", "minimum": 1, "maximum": 10}},
			"must":  {Schema: map[string]any{"type": "string"}},
		}},
	}
	for i := range all {
		if all[i].MostActive == 0 {
			all[i].MostActive = 16
		}
	}
	return all
}

// run is a DAG run.
type run struct {
	dag        *DAG
	name       string
	conf       json.RawMessage
	note       *string
	state      string
	logical    time.Time
	noLogical  bool
	start, end *time.Time
	tasks      []*instance
	stopped    int // steps since it was stopped; 0: it was not
}

// instance is a task instance, with the states in which its tries ended.
type instance struct {
	task       Task
	index, try int
	state      string // "" before it is scheduled
	start, end *time.Time
}

func newRun(d *DAG, name string) *run {
	r := &run{dag: d, name: name, state: "queued"}
	for _, t := range d.Tasks {
		for i := range max(t.Mapped, 1) {
			one := &instance{task: t, index: i}
			if t.Mapped == 0 {
				one.index = -1
			}
			r.tasks = append(r.tasks, one)
		}
	}
	return r
}

func (r *run) over() bool { return r.state == "success" || r.state == "failed" }

func (r *run) clear() {
	r.state, r.start, r.end, r.stopped = "queued", nil, nil, 0
	for _, t := range r.tasks {
		t.state, t.start, t.end = "", nil, nil
	}
}

// step moves a run on.
func (r *run) step(s *Server) {
	now := s.now()
	switch {
	case r.stopped > 0:
		r.revive(s, now)
	case r.state == "queued" && !r.dag.Paused && s.active(r.dag) < r.dag.MostActive && (s.major == 3 || !r.logical.After(now)):
		r.state, r.start = "running", &now
	case r.state == "running" && !r.logical.After(now): // of a date in the future nothing starts
		r.advance(now)
	}
}

// revive is what 2.10 does with a stopped run: when its task has ended, it runs on. A stop after that stays.
func (r *run) revive(s *Server, now time.Time) {
	r.stopped++
	if !s.revives() || r.stopped < 8 {
		return
	}
	switch r.stopped {
	case 8:
		r.state, r.end = "running", nil
	case 14:
		r.state, r.end = "success", &now
		if last := r.tasks[len(r.tasks)-1]; last.state == "failed" {
			r.state = "failed"
		}
	}
}

// stop is what PATCH failed does.
func (r *run) stop(now time.Time) {
	before := r.stopped
	r.state, r.end, r.stopped = "failed", &now, 0
	for _, t := range r.tasks {
		switch t.state {
		case "running", "queued":
			t.state, t.end = "failed", &now
			if before == 0 {
				r.stopped = 1
			}
		case "":
			t.state = "skipped"
		}
	}
}

func (r *run) advance(now time.Time) {
	for i, t := range r.tasks {
		if i > 0 && t.task.ID != r.tasks[i-1].task.ID && r.tasks[i-1].state != "success" {
			break
		}
		if !t.advance(now) {
			return
		}
	}
	r.state, r.end = "success", &now
	for i, t := range r.tasks {
		if t.state == "" {
			t.state = "upstream_failed"
		}
		if t.state == "failed" || i == len(r.tasks)-1 && t.state == "upstream_failed" {
			r.state = "failed"
		}
	}
}

// advance moves a task on, and tells whether it has ended.
func (t *instance) advance(now time.Time) bool {
	switch t.state {
	case "":
		t.state, t.try = "queued", t.try+1
	case "queued":
		t.state, t.start = "running", &now
	case "running":
		if t.task.Does != "sleep" {
			t.state, t.end = map[string]string{"ok": "success", "fail": "failed"}[t.task.Does], &now
		}
	default:
		return true
	}
	return false
}

func (s *Server) active(d *DAG) int {
	n := 0
	for _, r := range s.runs {
		if r.dag == d && r.state == "running" {
			n++
		}
	}
	return n
}

func word(n int) string { return fmt.Sprintf("%06d", n) }

func mark(n int) string { return strconv.Itoa(n) }
