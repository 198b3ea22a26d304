package client

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	sb "signalbox"
)

// Orchestrators is the part of the API about the places that run work.
type Orchestrators struct{ c *conn }

// Orchestrator is a place that runs work.
type Orchestrator struct {
	Document
	ID      string              `json:"id"`
	Name    string              `json:"name"`
	Kind    sb.OrchestratorKind `json:"kind"`
	Enabled bool                `json:"enabled"`
	Quota   int                 `json:"quota"`
	Config  json.RawMessage     `json:"config"`
	Secrets []string            `json:"secret_names"` // their values are never shown
	Routes  []sb.Route          `json:"routes"`
}

// UnmarshalJSON reads an orchestrator and keeps its text.
func (o *Orchestrator) UnmarshalJSON(b []byte) error {
	type plain Orchestrator
	return keep(b, (*plain)(o), &o.JSON)
}

// OrchestratorPatch changes one; nil fields stay. Of the secrets those that are named change, and null takes one away. Name and
// kind are required of a new one.
type OrchestratorPatch struct {
	Name    string                     `json:"name,omitempty"`
	Kind    sb.OrchestratorKind        `json:"kind,omitempty"` // of a new one only
	Enabled *bool                      `json:"enabled,omitempty"`
	Quota   *int                       `json:"quota,omitempty"`
	Config  json.RawMessage            `json:"config,omitempty"`
	Secrets map[string]json.RawMessage `json:"secrets,omitempty"`
	Routes  []sb.Route                 `json:"routes,omitempty"`
}

// Probe is what asking an orchestrator has shown.
type Probe struct {
	Document
	OK     bool    `json:"ok"`
	Checks []Check `json:"checks"`
}

// UnmarshalJSON reads a probe and keeps its text.
func (p *Probe) UnmarshalJSON(b []byte) error {
	type plain Probe
	return keep(b, (*plain)(p), &p.JSON)
}

// Ledger compares what an orchestrator was asked to do with what was last seen there.
type Ledger struct {
	PolledAt     *time.Time `json:"polled_at"`
	LagSeconds   *float64   `json:"lag_seconds"`
	Calls        int        `json:"calls"`
	NextAt       *time.Time `json:"next_at"`
	Failures     int        `json:"failures"`
	FailingSince *time.Time `json:"failing_since"`
	Trouble      string     `json:"trouble"`
	Version      string     `json:"version"`
	Open         int        `json:"open"`
	Blocked      []struct {
		Target string `json:"target"`
		Why    string `json:"why"`
	} `json:"blocked"`
	Mismatches []Drift  `json:"mismatches"`
	Lost       []Drift  `json:"lost"`
	Orphans    []Orphan `json:"orphans"`
}

// Drift is a run whose work differs from what is seen there.
type Drift struct {
	RunID    string       `json:"run_id"`
	Attempt  int          `json:"attempt"`
	Ref      string       `json:"ref"`
	Asserted sb.WorkState `json:"asserted"`
	Observed sb.Sight     `json:"observed"`
	Word     string       `json:"word"`
	Why      string       `json:"why"`
}

// Orphan is something of ours there that is no open work.
type Orphan struct {
	Ref      string   `json:"ref"`
	URL      string   `json:"url"`
	Observed sb.Sight `json:"observed"`
	RunID    *string  `json:"run_id"`
	Known    string   `json:"known"`
}

// OpenWork is a page of the runs that hold a slot, with the ledger of an orchestrator that is not builtin.
type OpenWork struct {
	Document
	Items      []Run   `json:"items"`
	NextCursor *string `json:"next_cursor"`
	Ledger     *Ledger `json:"ledger"`
}

// UnmarshalJSON reads open work and keeps its text.
func (w *OpenWork) UnmarshalJSON(b []byte) error {
	type plain OpenWork
	return keep(b, (*plain)(w), &w.JSON)
}

// Worker is a process that executes builtin runs of one pool.
type Worker struct {
	Document
	Name        string          `json:"name"`
	Pool        string          `json:"pool"`
	Version     string          `json:"version"`
	Concurrency int             `json:"concurrency"`
	Running     []sb.AttemptRef `json:"running"`
	Draining    bool            `json:"draining"`
	Warnings    []string        `json:"warnings"`
	SeenAt      time.Time       `json:"seen_at"`
}

// UnmarshalJSON reads a worker and keeps its text.
func (w *Worker) UnmarshalJSON(b []byte) error {
	type plain Worker
	return keep(b, (*plain)(w), &w.JSON)
}

// List reads a page of orchestrators.
func (o Orchestrators) List(ctx context.Context, p Paging) (Page[Orchestrator], error) {
	return read[Page[Orchestrator]](ctx, o.c, "/orchestrators", p.into(nil))
}

// Get reads one by id or name.
func (o Orchestrators) Get(ctx context.Context, idOrName string) (Orchestrator, error) {
	return read[Orchestrator](ctx, o.c, "/orchestrators"+segment(idOrName), nil)
}

// Create registers one.
func (o Orchestrators) Create(ctx context.Context, p OrchestratorPatch) (Orchestrator, error) {
	return do[Orchestrator](ctx, o.c, http.MethodPost, "/orchestrators", p)
}

// Delete removes one without open work.
func (o Orchestrators) Delete(ctx context.Context, idOrName string) error {
	return o.c.remove(ctx, "/orchestrators"+segment(idOrName))
}

// Probe asks one whether runs can be sent there.
func (o Orchestrators) Probe(ctx context.Context, idOrName string) (Probe, error) {
	return do[Probe](ctx, o.c, http.MethodPost, "/orchestrators"+segment(idOrName)+"/probe", nil)
}

// Reconcile has one's work looked at now.
func (o Orchestrators) Reconcile(ctx context.Context, idOrName string) error {
	return o.c.call(ctx, request{method: http.MethodPost, path: "/orchestrators" + segment(idOrName) + "/reconcile"}, nil)
}

// Drift reads one's ledger, with the first page of its work.
func (o Orchestrators) Drift(ctx context.Context, idOrName string) (OpenWork, error) {
	return read[OpenWork](ctx, o.c, "/orchestrators"+segment(idOrName)+"/work", nil)
}

// Patch changes one.
func (o Orchestrators) Patch(ctx context.Context, idOrName string, p OrchestratorPatch) (Orchestrator, error) {
	return do[Orchestrator](ctx, o.c, http.MethodPatch, "/orchestrators"+segment(idOrName), p)
}

// Workers reads the workers of the last day.
func (o Orchestrators) Workers(ctx context.Context, idOrName string, p Paging) (Page[Worker], error) {
	return read[Page[Worker]](ctx, o.c, "/orchestrators"+segment(idOrName)+"/workers", p.into(nil))
}

// Work reads a page of the runs that hold a slot there.
func (o Orchestrators) Work(ctx context.Context, idOrName string, p Paging) (Page[Run], error) {
	return read[Page[Run]](ctx, o.c, "/orchestrators"+segment(idOrName)+"/work", p.into(nil))
}

// Keys are the keys that open the work API there.
func (o Orchestrators) Keys(idOrName string) Keys {
	return Keys{o.c, "/orchestrators" + segment(idOrName) + "/keys"}
}
