package api

import (
	"context"
	"encoding/json"
	"time"

	sb "signalbox"
)

// Orchestrator is a place that runs work.
type Orchestrator struct {
	ID        string              `json:"id"`
	Name      string              `json:"name"`
	Kind      sb.OrchestratorKind `json:"kind"`
	Enabled   bool                `json:"enabled"`
	Quota     int                 `json:"quota" doc:"Most runs that hold a slot at once."`
	Config    json.RawMessage     `json:"config"`
	Secrets   []string            `json:"secret_names" doc:"The credentials that are kept; their values are never shown."`
	Routes    []sb.Route          `json:"routes"`
	CreatedAt time.Time           `json:"created_at"`
	UpdatedAt time.Time           `json:"updated_at"`
}

// Worker is a process that executes builtin runs of one pool, as it last told us.
type Worker struct {
	Name        string          `json:"name"`
	Incarnation string          `json:"incarnation"`
	Version     string          `json:"version"`
	Pool        string          `json:"pool"`
	Concurrency int             `json:"concurrency"`
	Running     []sb.AttemptRef `json:"running"`
	Draining    bool            `json:"draining"`
	Warnings    []string        `json:"warnings" doc:"What there is not as its settings ask."`
	SeenAt      time.Time       `json:"seen_at"`
}

type orchestrators struct {
	orchestrators Orchestrators
	registrar     Registrar
	bridge        Bridge
	identity      Identity
}

func orchestratorOf(o sb.Orchestrator) Orchestrator {
	config := o.Config
	if len(config) == 0 {
		config = json.RawMessage("{}")
	}
	return Orchestrator{
		ID: o.ID, Name: o.Name, Kind: o.Kind, Enabled: o.Enabled, Quota: o.Quota, Config: config, Secrets: some(o.Secrets), Routes: some(o.Routes),
		CreatedAt: moment(o.CreatedAt), UpdatedAt: moment(o.UpdatedAt),
	}
}

func (h orchestrators) list(ctx context.Context, in *Paging) (*answer[List[Orchestrator]], error) {
	all, err := h.orchestrators.Orchestrators(ctx)
	if err != nil {
		return nil, err
	}
	name := func(o sb.Orchestrator) string { return o.Name }
	page, err := cut(sorted(all, name), name, *in)
	if err != nil {
		return nil, err
	}
	return listOf(page, orchestratorOf), nil
}

type orchestratorBody struct {
	Name    string                     `json:"name" minLength:"1" maxLength:"200"`
	Kind    sb.OrchestratorKind        `json:"kind" enum:"builtin,airflow,flyte"`
	Enabled *bool                      `json:"enabled,omitempty"`
	Quota   *int                       `json:"quota,omitempty" minimum:"0" maximum:"100000"`
	Config  json.RawMessage            `json:"config,omitempty" doc:"An object; what it holds depends on the kind."`
	Secrets map[string]json.RawMessage `json:"secrets,omitempty" writeOnly:"true" doc:"Credentials by name; they are sealed and never shown."`
	Routes  []sb.Route                 `json:"routes,omitempty" maxItems:"1000"`
}

func (h orchestrators) create(ctx context.Context, in *struct{ Body orchestratorBody }) (*placed[Orchestrator], error) {
	body := in.Body
	o := sb.Orchestrator{Name: body.Name, Kind: body.Kind, Enabled: true, Quota: -1, Config: body.Config, Routes: body.Routes}
	set(&o.Enabled, body.Enabled)
	set(&o.Quota, body.Quota)
	o, err := h.registrar.Register(ctx, o, body.Secrets)
	if err != nil {
		return nil, err
	}
	return &placed[Orchestrator]{Location: base + "/orchestrators/" + o.ID, Body: orchestratorOf(o)}, nil
}

func (h orchestrators) delete(ctx context.Context, in *ByName) (*none, error) {
	return nil, h.registrar.Remove(ctx, in.Name)
}

func (h orchestrators) show(ctx context.Context, in *ByName) (*answer[Orchestrator], error) {
	o, err := h.orchestrators.Orchestrator(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	return answerOf(orchestratorOf(o)), nil
}

type orchestratorPatch struct {
	ByName
	Body struct {
		Name    *string                    `json:"name,omitempty" minLength:"1" maxLength:"200"`
		Enabled *bool                      `json:"enabled,omitempty"`
		Quota   *int                       `json:"quota,omitempty" minimum:"0" maximum:"100000"`
		Config  json.RawMessage            `json:"config,omitempty" doc:"All of it."`
		Secrets map[string]json.RawMessage `json:"secrets,omitempty" writeOnly:"true" doc:"Those to change; null takes one away."`
		Routes  *[]sb.Route                `json:"routes,omitempty" maxItems:"1000" doc:"All of them, in the order they are tried."`
	}
}

func (h orchestrators) patch(ctx context.Context, in *orchestratorPatch) (*answer[Orchestrator], error) {
	o, err := h.registrar.Change(ctx, in.Name, sb.OrchestratorPatch(in.Body))
	if err != nil {
		return nil, err
	}
	return answerOf(orchestratorOf(o)), nil
}

// Probe is what asking an orchestrator has shown.
type Probe struct {
	OK     bool    `json:"ok"`
	Checks []Check `json:"checks"`
}

func (h orchestrators) probe(ctx context.Context, in *ByName) (*answer[Probe], error) {
	checks, err := h.registrar.Probe(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	out := Probe{OK: true, Checks: []Check{}}
	for _, c := range checks {
		out.OK = out.OK && c.OK
		out.Checks = append(out.Checks, Check(c))
	}
	return answerOf(out), nil
}

func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

type placeInput struct {
	ByName
	Paging
}

func (h orchestrators) workers(ctx context.Context, in *placeInput) (*answer[List[Worker]], error) {
	o, err := h.orchestrators.Orchestrator(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	all, err := h.orchestrators.Workers(ctx, o.ID)
	if err != nil {
		return nil, err
	}
	name := func(w sb.Worker) string { return w.Name }
	page, err := cut(sorted(all, name), name, in.Paging)
	if err != nil {
		return nil, err
	}
	return listOf(page, func(w sb.Worker) Worker {
		return Worker{w.Name, w.Incarnation, w.Version, w.Pool, w.Concurrency, some(w.Running), w.Draining, some(w.Warnings), moment(w.SeenAt)}
	}), nil
}

func (h orchestrators) keys(ctx context.Context, in *placeInput) (*answer[List[Key]], error) {
	o, err := h.orchestrators.Orchestrator(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	keys, err := h.identity.Keys(ctx, o.ID)
	if err != nil {
		return nil, err
	}
	return keyList(keys, in.Paging)
}

type placeNewKey struct {
	ByName
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"200"`
	}
}

func (h orchestrators) createKey(ctx context.Context, in *placeNewKey) (*answer[NewKey], error) {
	if err := checkName("body.name", in.Body.Name); err != nil {
		return nil, err
	}
	o, err := h.orchestrators.Orchestrator(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	key, secret, err := h.identity.CreateOrchestratorKey(ctx, o.ID, in.Body.Name)
	if err != nil {
		return nil, err
	}
	return answerOf(NewKey{keyOfOwner(key), secret}), nil
}

type placeOldKey struct {
	ByName
	ByID
}

func (h orchestrators) deleteKey(ctx context.Context, in *placeOldKey) (*none, error) {
	o, err := h.orchestrators.Orchestrator(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	return nil, h.identity.DeleteKey(ctx, o.ID, in.ID)
}
