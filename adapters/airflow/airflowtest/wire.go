package airflowtest

import (
	"embed"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// exchange is an answer of a real server.
type exchange struct {
	Status int    `json:"status"`
	Type   string `json:"type"`
	Body   string `json:"body"`
}

//go:embed wire/v1.json wire/v2.json
var recorded embed.FS

// exchanges are the recorded answers by name.
func exchanges(major int) map[string]exchange {
	return map[int]func() map[string]exchange{2: wireV1, 3: wireV2}[major]()
}

var (
	wireV1 = sync.OnceValue(func() map[string]exchange { return readWire("wire/v1.json") })
	wireV2 = sync.OnceValue(func() map[string]exchange { return readWire("wire/v2.json") })
)

func readWire(name string) map[string]exchange {
	b, err := recorded.ReadFile(name)
	if err != nil {
		panic(err)
	}
	var all map[string]exchange
	if err := json.Unmarshal(b, &all); err != nil {
		panic(fmt.Sprintf("%s: %v", name, err))
	}
	var tasks struct {
		All []json.RawMessage `json:"task_instances"`
	}
	if err := json.Unmarshal([]byte(all["task_instances_batch"].Body), &tasks); err != nil {
		panic(fmt.Sprintf("%s: %v", name, err))
	}
	all[oneTask] = exchange{Body: string(tasks.All[0])}
	return all
}

// oneTask is a task instance of a recorded list.
const oneTask = "one of task_instances_batch"

// say answers with recorded bytes, in which words are replaced, each pair an old one and a new one.
func (s *Server) say(w http.ResponseWriter, name string, replace ...string) {
	e, ok := s.wire[name]
	if !ok {
		panic("airflowtest: nothing recorded as " + name)
	}
	if e.Type != "" {
		w.Header().Set("Content-Type", e.Type)
	}
	w.WriteHeader(e.Status)
	_, _ = w.Write([]byte(strings.NewReplacer(replace...).Replace(e.Body)))
}

// object is a recorded object, to be changed.
func (s *Server) object(name string) map[string]any {
	var o map[string]any
	if err := json.Unmarshal([]byte(s.wire[name].Body), &o); err != nil {
		panic(fmt.Sprintf("airflowtest: %s: %v", name, err))
	}
	return o
}

// give answers with JSON. Raw values in it are written as they are, also when they are no JSON.
func (s *Server) give(w http.ResponseWriter, v any, raw ...string) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(strings.NewReplacer(raw...).Replace(string(b))))
}

// date writes a time as the version does.
func (s *Server) date(t *time.Time) any {
	switch {
	case t == nil:
		return nil
	case s.major == 2:
		return t.UTC().Format("2006-01-02T15:04:05.000000+00:00")
	}
	return t.UTC().Format("2006-01-02T15:04:05.000000Z")
}

// runJSON is a run as it is listed, and what to replace in it afterwards: a conf that is no JSON.
func (s *Server) runJSON(r *run) (map[string]any, []string) {
	o := s.object("get_run_success")
	for name, v := range map[string]any{
		"dag_id": r.dag.ID, "dag_run_id": r.name, "state": r.state, "note": r.note, "conf": json.RawMessage("{}"),
		"start_date": s.date(r.start), "end_date": s.date(r.end), "logical_date": s.date(&r.logical),
	} {
		o[name] = v
	}
	if r.noLogical {
		o["logical_date"] = nil
	}
	if json.Valid(r.conf) {
		o["conf"] = r.conf
		return o, nil
	}
	o["conf"] = "conf of " + r.name
	return o, []string{`"conf of ` + r.name + `"`, string(r.conf)}
}

func (s *Server) taskJSON(r *run, t *instance) map[string]any {
	o := s.object(oneTask)
	for name, v := range map[string]any{
		"dag_id": r.dag.ID, "dag_run_id": r.name, "task_id": t.task.ID, "map_index": t.index, "try_number": t.try,
		"state": t.state, "start_date": s.date(t.start), "end_date": s.date(t.end),
	} {
		o[name] = v
	}
	if t.state == "" {
		o["state"] = nil
	}
	return o
}

func (s *Server) dagJSON(d *DAG, details bool) map[string]any {
	name := "dag_get"
	if details {
		name = "dag_with_params_details"
	}
	o := s.object(name)
	o["dag_id"], o["is_paused"], o["has_import_errors"], o["max_active_runs"] = d.ID, d.Paused, d.Broken, d.MostActive
	if s.major == 2 {
		o["is_active"] = !d.Stale
	} else {
		o["is_stale"] = d.Stale
	}
	if details {
		o["params"] = d.Params
	}
	return o
}
