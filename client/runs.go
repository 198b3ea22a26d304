package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"

	sb "signalbox"
)

// Runs is the part of the API about runs.
type Runs struct{ c *conn }

// Run is a run as the API shows it. Runs of a list have no params, view, schemas, result and failure stack.
type Run struct {
	Document
	ID             string          `json:"id"`
	Operator       string          `json:"operator"`
	OperatorLabel  string          `json:"operator_label"`
	Plugin         string          `json:"plugin"`
	PluginVersion  string          `json:"plugin_version"`
	PluginRevision int             `json:"plugin_revision"`
	Label          string          `json:"label"`
	Dataset        *string         `json:"dataset"`
	Status         sb.Status       `json:"status"`
	Progress       *sb.Progress    `json:"progress"`
	Orchestrator   string          `json:"orchestrator"`
	Attempt        int             `json:"attempt"`
	Priority       int             `json:"priority"`
	CreatedBy      Who             `json:"created_by"`
	ScheduledAt    time.Time       `json:"scheduled_at"`
	QueuedAt       *time.Time      `json:"queued_at"`
	StartedAt      *time.Time      `json:"started_at"`
	EndedAt        *time.Time      `json:"ended_at"`
	UpdatedAt      time.Time       `json:"updated_at"`
	Pinned         bool            `json:"pinned"`
	RerunOf        *string         `json:"rerun_of"`
	Params         json.RawMessage `json:"params"`
	View           json.RawMessage `json:"view"`
	InputsSchema   json.RawMessage `json:"inputs_schema"`
	OutputsSchema  json.RawMessage `json:"outputs_schema"`
	Result         json.RawMessage `json:"result"`
	Failure        *Failure        `json:"failure"`
	Work           RunWork         `json:"work"`
	Log            *sb.Log         `json:"log"`
	Queue          *Queued         `json:"queue"`
}

// UnmarshalJSON reads a run and keeps its text.
func (r *Run) UnmarshalJSON(b []byte) error {
	type plain Run
	return keep(b, (*plain)(r), &r.JSON)
}

// Who names a principal.
type Who struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Failure is why a run failed.
type Failure struct {
	Kind    sb.FailureKind `json:"kind"`
	Message string         `json:"message"`
	Stack   string         `json:"stack"`
}

// RunWork is what really happens for the run's current attempt.
type RunWork struct {
	State    sb.WorkState `json:"state"`
	Ref      string       `json:"ref"`
	URL      string       `json:"url"`
	SeenAt   *time.Time   `json:"seen_at"`
	Reported *string      `json:"reported"` // completed or failed, as the attempt said; nil while it said nothing
	Worker   string       `json:"worker"`
}

// Queued is where a Scheduled run stands.
type Queued struct {
	Position int64 `json:"position"` // from 1
	Ahead    int64 `json:"ahead"`
}

// Wait says why a run waits.
type Wait struct {
	Document
	Position int64      `json:"position"` // from 1; 0 when it does not wait in a queue
	Ahead    int64      `json:"ahead"`
	Holds    string     `json:"holds"` // quota, no_worker, disabled, retry, resources; "" for nothing
	Quota    int        `json:"quota"`
	Held     int        `json:"held"`    // slots in use
	Summary  string     `json:"summary"` // all of it in words
	Since    *time.Time `json:"since"`
}

// UnmarshalJSON reads a wait and keeps its text.
func (w *Wait) UnmarshalJSON(b []byte) error {
	type plain Wait
	return keep(b, (*plain)(w), &w.JSON)
}

// Event is a line of a run's timeline.
type Event struct {
	Document
	Seq     int64        `json:"seq"`
	At      time.Time    `json:"at"`
	Kind    sb.EventKind `json:"kind"`
	Attempt int          `json:"attempt"`
	Actor   *Who         `json:"actor"` // null: it happened by itself
	Message string       `json:"message"`
}

// UnmarshalJSON reads an event and keeps its text.
func (e *Event) UnmarshalJSON(b []byte) error {
	type plain Event
	return keep(b, (*plain)(e), &e.JSON)
}

// Draft is a run that someone wants to schedule. Only the operator is required.
type Draft struct {
	Operator     string          `json:"operator"` // URI
	Dataset      string          `json:"dataset,omitempty"`
	Params       json.RawMessage `json:"params,omitempty"`
	View         json.RawMessage `json:"view,omitempty"`
	Selection    *sb.Selection   `json:"selection,omitempty"` // in the view
	Orchestrator string          `json:"orchestrator,omitempty"`
	Label        string          `json:"label,omitempty"`
	Priority     int             `json:"priority,omitempty"`
	// IdempotencyKey makes repeating safe: the same key and draft within 24 h give the same run.
	IdempotencyKey string `json:"-"`
}

// RunFilter says which runs to list, and in which order. Zero fields do not filter.
type RunFilter struct {
	Paging
	Dataset      string
	Mine         bool
	Statuses     []sb.Status
	Operator     string
	Orchestrator string
	User         string
	Search       string
	Match        string // how Search is meant, in the API's words
	Pinned       *bool
	Sort         sb.RunSort
}

func (f RunFilter) query() url.Values {
	q := url.Values{}
	for name, value := range map[string]string{
		"dataset": f.Dataset, "operator": f.Operator, "orchestrator": f.Orchestrator, "user": f.User,
		"search": f.Search, "match": f.Match, "sort": string(f.Sort),
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if f.Mine {
		q.Set("mine", "true")
	}
	if f.Pinned != nil {
		q.Set("pinned", strconv.FormatBool(*f.Pinned))
	}
	for _, s := range f.Statuses {
		q.Add("status", string(s))
	}
	return f.into(q)
}

// RunPatch changes what people decide about a run; nil fields stay.
type RunPatch struct {
	Label  *string `json:"label,omitempty"`
	Pinned *bool   `json:"pinned,omitempty"`
}

// Schedule asks for a run. When it returns one, the run is kept for good.
func (r Runs) Schedule(ctx context.Context, d Draft) (Run, error) {
	return r.post(ctx, "/runs", d, d.IdempotencyKey)
}

// List reads one page of runs.
func (r Runs) List(ctx context.Context, f RunFilter) (Page[Run], error) {
	return read[Page[Run]](ctx, r.c, "/runs", f.query())
}

// All reads runs page by page, as far as they are ranged over.
func (r Runs) All(ctx context.Context, f RunFilter) iter.Seq2[Run, error] {
	return All(ctx, f.Paging, func(ctx context.Context, p Paging) (Page[Run], error) {
		f.Paging = p
		return r.List(ctx, f)
	})
}

// Get reads a whole run.
func (r Runs) Get(ctx context.Context, id string) (Run, error) {
	var run Run
	q := get("/runs"+segment(id), nil)
	q.limit = maxRun
	err := r.c.call(ctx, q, &run)
	return run, err
}

// Patch changes a run's label or pin.
func (r Runs) Patch(ctx context.Context, id string, p RunPatch) (Run, error) {
	return do[Run](ctx, r.c, http.MethodPatch, "/runs"+segment(id), p)
}

// Rerun schedules a run again and gives the new one. Without params it takes the old ones; an idempotency key may be
// empty.
func (r Runs) Rerun(ctx context.Context, id string, params json.RawMessage, idempotencyKey string) (Run, error) {
	var body any
	if params != nil {
		body = map[string]json.RawMessage{"params": params}
	}
	return r.post(ctx, "/runs"+segment(id)+"/rerun", body, idempotencyKey)
}

// Fail marks a run as failed; its work goes on.
func (r Runs) Fail(ctx context.Context, id string) (Run, error) { return r.act(ctx, id, "fail") }

// Stop fails a run and ends its work.
func (r Runs) Stop(ctx context.Context, id string) (Run, error) { return r.act(ctx, id, "stop") }

// Release frees the slot of a run whose work nobody can see any more, by an admin's word.
func (r Runs) Release(ctx context.Context, id string) (Run, error) { return r.act(ctx, id, "release") }

func (r Runs) act(ctx context.Context, id, verb string) (Run, error) {
	return r.post(ctx, "/runs"+segment(id)+"/"+verb, nil, "")
}

func (r Runs) post(ctx context.Context, path string, body any, idempotencyKey string) (Run, error) {
	var run Run
	q, err := send(http.MethodPost, path, body)
	if err != nil {
		return run, err
	}
	q.limit = maxRun
	if idempotencyKey != "" {
		q.header = http.Header{"Idempotency-Key": {idempotencyKey}}
	}
	err = r.c.call(ctx, q, &run)
	return run, err
}

// Events reads a page of a run's timeline, oldest first.
func (r Runs) Events(ctx context.Context, id string, p Paging) (Page[Event], error) {
	return read[Page[Event]](ctx, r.c, "/runs"+segment(id)+"/events", p.into(nil))
}

// Wait tells why a run waits.
func (r Runs) Wait(ctx context.Context, id string) (Wait, error) {
	return read[Wait](ctx, r.c, "/runs"+segment(id)+"/wait", nil)
}
