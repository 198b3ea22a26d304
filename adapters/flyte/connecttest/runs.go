package connecttest

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"signalbox/adapters/flyte/idltest"
)

// runID names a run.
type runID struct{ Org, Project, Domain, Name string }

func (id runID) here() bool { return id.Project == Project && id.Domain == Domain }

type taskID struct{ Org, Project, Domain, Name, Version string }

// dns is what Kubernetes takes for the name of a run's pods.
var dns = regexp.MustCompile(`^[a-z]([-a-z0-9]*[a-z0-9])?$`)

// createRun takes a name that is used already: inputs are written before anything is compared, and the run is queued
// again. That it could not be queued is not told.
func (s *Server) createRun(read func(into any) *fault) (any, *fault) {
	var in struct {
		RunID  runID
		TaskID taskID
		Inputs struct{ Literals []literal }
		Spec   json.RawMessage `json:"runSpec"`
	}
	if wrong := read(&in); wrong != nil {
		return nil, wrong
	}
	task := s.tasks[in.TaskID.Name]
	switch {
	case !dns.MatchString(in.RunID.Name) || len(in.RunID.Name) > 30:
		return nil, no("invalid_argument", "run_id.name: not a DNS-1035 label of at most 30 characters")
	case in.RunID.Project != Project:
		return nil, no("not_found", "project "+in.RunID.Project+" not found")
	case s.database:
		return nil, no("unknown", "dial tcp 10.0.0.7:5432: connect: connection refused")
	case task == nil || in.TaskID.Domain != Domain || !slices.Contains(task.Versions, in.TaskID.Version):
		return nil, no("unknown", "task not found: "+in.TaskID.Name)
	}
	inputs, err := json.Marshal(task.filled(in.Inputs.Literals))
	idltest.Must(err)
	r := s.run(in.RunID.Name)
	if r == nil {
		r = &run{task: task, name: in.RunID.Name, version: in.TaskID.Version, spec: in.Spec, phase: queued, created: s.now()}
		s.runs = append(s.runs, r)
	}
	r.inputs = inputs
	r.start(s.lost)
	return object{"run": object{"action": r.action("a0")}}, nil
}

// getRunDetails calls everything that fails "not found", also a database that is away.
func (s *Server) getRunDetails(read func(into any) *fault) (any, *fault) {
	var in struct{ RunID runID }
	if wrong := read(&in); wrong != nil {
		return nil, wrong
	}
	r := s.run(in.RunID.Name)
	if r == nil || !in.RunID.here() || s.database {
		return nil, no("not_found", "run not found: "+in.RunID.Name)
	}
	return object{"details": object{"runSpec": r.spec, "action": r.details("a0")}}, nil
}

// abortRun aborts whatever the phase is.
func (s *Server) abortRun(read func(into any) *fault) (any, *fault) {
	var in struct {
		RunID  runID
		Reason string
	}
	if wrong := read(&in); wrong != nil {
		return nil, wrong
	}
	r := s.run(in.RunID.Name)
	if r == nil || !in.RunID.here() {
		return nil, no("not_found", "run not found: "+in.RunID.Name)
	}
	r.reason = in.Reason
	r.end(aborted, s.now())
	return object{}, nil
}

// listing is how lists are asked for.
type listing struct {
	Limit   int
	Token   string
	Filters []struct {
		Function, Field string
		Values          []string
	}
	SortByFields []struct{ Key, Direction string }
}

const (
	pageDefault = 50
	pageMost    = 200
)

// columns are those that the open-source server filters by.
var columns = []string{
	"project", "domain", "run_name", "phase", "run_source", "task_project", "task_domain", "task_name", "task_version",
	"function_name", "created_at", "updated_at", "ended_at", "duration_ms",
}

func (s *Server) listRuns(read func(into any) *fault) (any, *fault) {
	var in struct {
		Request   listing
		ProjectID struct{ Organization, Domain, Name string }
	}
	if wrong := read(&in); wrong != nil {
		return nil, wrong
	}
	if s.database {
		return nil, no("internal", "dial tcp 10.0.0.7:5432: connect: connection refused")
	}
	if s.early {
		in.Request.Filters = nil
	}
	var found []*run
	for i := len(s.runs) - 1; i >= 0; i-- { // the latest first
		ok, wrong := in.Request.fits(s.runs[i])
		if wrong != nil {
			return nil, wrong
		}
		if ok && in.ProjectID.Name == Project && in.ProjectID.Domain == Domain {
			found = append(found, s.runs[i])
		}
	}
	from, to, next, wrong := in.Request.page(len(found))
	if wrong != nil {
		return nil, wrong
	}
	runs := []object{}
	for _, r := range found[from:to] {
		runs = append(runs, object{"action": r.action("a0")})
	}
	return object{"runs": runs, "token": next}, nil
}

func (l listing) page(of int) (from, to int, next string, wrong *fault) {
	size := l.Limit
	if size == 0 {
		size = pageDefault
	}
	if size > pageMost {
		return 0, 0, "", no("invalid_argument", "invalid limit: "+strconv.Itoa(size)+" (exceeds maximum of 200)")
	}
	if l.Token != "" {
		n, err := strconv.Atoi(strings.TrimPrefix(l.Token, "from-"))
		if err != nil {
			return 0, 0, "", no("invalid_argument", "invalid token")
		}
		from = n
	}
	from = min(from, of)
	to = min(from+size, of)
	if to < of {
		next = "from-" + strconv.Itoa(to)
	}
	return from, to, next, nil
}

// fits tells whether a run is among what is asked for. VALUE_IN with one value is no list to the server's database.
func (l listing) fits(r *run) (bool, *fault) {
	for _, f := range l.Filters {
		value := map[string]string{"run_name": r.name, "phase": numbers[r.phase], "task_name": r.task.Name}[f.Field]
		switch {
		case !slices.Contains(columns, f.Field):
			return false, no("invalid_argument", "failed to convert filters: invalid filter field: "+f.Field)
		case len(f.Values) == 0:
			return false, no("invalid_argument", "failed to convert filters: filter "+f.Field+" has no values")
		case value == "" && r.phase != "":
			return false, no("unimplemented", "the stand-in knows no filter for "+f.Field)
		case f.Function == "VALUE_IN" && len(f.Values) == 1:
			return false, no("internal", "pq: malformed array literal")
		case f.Function != "VALUE_IN" && f.Function != "" && f.Function != "EQUAL":
			return false, no("unimplemented", "the stand-in knows no filter "+f.Function)
		case !slices.Contains(f.Values, value):
			return false, nil
		}
	}
	return true, nil
}

func (s *Server) listActions(read func(into any) *fault) (any, *fault) {
	var in struct {
		Request listing
		RunID   runID
	}
	if wrong := read(&in); wrong != nil {
		return nil, wrong
	}
	r := s.run(in.RunID.Name)
	if r == nil || !in.RunID.here() {
		return object{}, nil
	}
	names := r.actions()
	slices.Reverse(names) // the latest first
	from, to, next, wrong := in.Request.page(len(names))
	if wrong != nil {
		return nil, wrong
	}
	actions := []object{}
	for _, name := range names[from:to] {
		actions = append(actions, r.action(name))
	}
	return object{"actions": actions, "token": next}, nil
}
