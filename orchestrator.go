package signalbox

import (
	"encoding/json"
	"path"
	"slices"
	"time"
)

// OrchestratorKind is the kind of system that runs work.
type OrchestratorKind string

// The kinds of orchestrator.
const (
	Builtin OrchestratorKind = "builtin"
	Airflow OrchestratorKind = "airflow"
	Flyte   OrchestratorKind = "flyte"
)

// Orchestrator is a place that runs work, with a quota of slots.
type Orchestrator struct {
	ID        string
	Name      string
	Kind      OrchestratorKind
	Enabled   bool
	Quota     int // most runs that hold a slot at once
	Config    json.RawMessage
	Secrets   []string // the names of its credentials; their values are read where they are used
	Routes    []Route
	Version   int64 // rises when config or credentials change
	CreatedAt time.Time
	UpdatedAt time.Time
}

// OrchestratorPatch changes what is not nil; of the credentials those that are named, null takes one away.
type OrchestratorPatch struct {
	Name    *string
	Enabled *bool
	Quota   *int
	Config  json.RawMessage
	Secrets map[string]json.RawMessage
	Routes  *[]Route
}

// Route says where on an orchestrator some operators run. Routes are tried in order.
type Route struct {
	Operators   []string        `json:"operators"` // URIs or patterns such as "@acme/*" or "*"
	Target      Target          `json:"target"`
	Inputs      json.RawMessage `json:"inputs,omitempty"`
	StartWithin Duration        `json:"start_within,omitempty"`
	AnyLogPath  bool            `json:"any_log_path,omitempty" doc:"A log path that a task reports need not name the run. Whoever writes the tasks of this route may then show any log under the orchestrator's log_roots."`
}

// Target is the place a route leads to: a pool of a builtin orchestrator, a DAG of Airflow, or a launch plan or task of
// Flyte. A launch plan without a version is the active one.
type Target struct {
	Pool       string `json:"pool,omitempty"`
	DAG        string `json:"dag_id,omitempty"`
	LaunchPlan string `json:"launch_plan,omitempty"`
	Task       string `json:"task,omitempty"`
	Version    string `json:"version,omitempty"`
}

// Outside tells whether the target lies at an orchestrator that we do not own.
func (t Target) Outside() bool { return t.DAG != "" || t.LaunchPlan != "" || t.Task != "" }

// there is what the target is called at its orchestrator.
func (t Target) there() string { return t.DAG + t.LaunchPlan + t.Task }

// Key names the target among all of its orchestrator: "" for none.
func (t Target) Key() string {
	name, kind := t.Pool, ""
	switch {
	case t.DAG != "":
		name, kind = t.DAG, "dag "
	case t.LaunchPlan != "":
		name, kind = t.LaunchPlan, "launch plan "
	case t.Task != "":
		name, kind = t.Task, "task "
	}
	if t.Version != "" {
		name += "@" + t.Version
	}
	return kind + name
}

// Targets says which targets are meant, by their keys.
type Targets struct {
	Only []string // nil: any
	Not  []string
}

// None tells whether no target is meant.
func (t Targets) None() bool { return t.Only != nil && len(t.Only) == 0 }

// DefaultPool is the builtin pool used where a route names none.
const DefaultPool = "default"

// Route finds the first route for an operator.
func (o Orchestrator) Route(operator string) (Route, bool) {
	for _, r := range o.Routes {
		for _, pattern := range r.Operators {
			if Matches(pattern, operator) {
				return r, true
			}
		}
	}
	return Route{}, false
}

// RouteTo finds the first route for an operator to a target.
func (o Orchestrator) RouteTo(operator string, t Target) (Route, bool) {
	for _, r := range o.Routes {
		if r.Target == t && slices.ContainsFunc(r.Operators, func(p string) bool { return Matches(p, operator) }) {
			return r, true
		}
	}
	return Route{}, false
}

// Matches tells whether an operator's URI fits a pattern: the URI itself, "*" for all, or a pattern whose last
// part is "*", such as "@acme/*" (every operator below it) .
func Matches(pattern, uri string) bool {
	if pattern == "*" || pattern == uri {
		return true
	}
	if dir, ok := cutSuffix(pattern, "/*"); ok {
		return len(uri) > len(dir)+1 && uri[:len(dir)+1] == dir+"/"
	}
	ok, err := path.Match(pattern, uri)
	return err == nil && ok
}

func cutSuffix(s, suffix string) (string, bool) {
	if len(s) > len(suffix) && s[len(s)-len(suffix):] == suffix {
		return s[:len(s)-len(suffix)], true
	}
	return s, false
}

// Duration is a time.Duration that reads and writes as text, such as "30m".
type Duration time.Duration

// MarshalText writes the duration.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads a duration.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	*d = Duration(v)
	return err
}

// Worker is a process that executes builtin runs of one pool, as it last told us.
type Worker struct {
	OrchestratorID string
	Name           string // host/pool or a setting, never a process id
	Incarnation    string // fresh at each start
	Version        string
	Pool           string
	Concurrency    int
	Running        []AttemptRef
	Draining       bool
	Warnings       []string // what there is not as its settings ask
	SeenAt         time.Time
}

// WorkerAlive is how long a worker counts as alive after its last word.
const WorkerAlive = 30 * time.Second
