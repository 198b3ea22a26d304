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
	Routes  []sb.Route          `json:"routes"`
}

// UnmarshalJSON reads an orchestrator and keeps its text.
func (o *Orchestrator) UnmarshalJSON(b []byte) error {
	type plain Orchestrator
	return keep(b, (*plain)(o), &o.JSON)
}

// OrchestratorPatch changes one; nil fields stay.
type OrchestratorPatch struct {
	Enabled *bool      `json:"enabled,omitempty"`
	Quota   *int       `json:"quota,omitempty"`
	Routes  []sb.Route `json:"routes,omitempty"`
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

// Patch changes one's quota, routes, or whether it takes work.
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
