package api

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
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
	identity      Identity
}

func orchestratorOf(o sb.Orchestrator) Orchestrator {
	config := o.Config
	if len(config) == 0 {
		config = json.RawMessage("{}")
	}
	return Orchestrator{
		ID: o.ID, Name: o.Name, Kind: o.Kind, Enabled: o.Enabled, Quota: o.Quota, Config: config, Routes: some(o.Routes),
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
	Name    string              `json:"name" minLength:"1" maxLength:"200"`
	Kind    sb.OrchestratorKind `json:"kind" enum:"builtin,airflow,flyte"`
	Enabled *bool               `json:"enabled,omitempty"`
	Quota   *int                `json:"quota,omitempty" minimum:"0" maximum:"100000"`
	Config  json.RawMessage     `json:"config,omitempty"`
	Secrets json.RawMessage     `json:"secrets,omitempty" writeOnly:"true"`
	Routes  []sb.Route          `json:"routes,omitempty"`
}

func (orchestrators) create(_ context.Context, in *struct{ Body orchestratorBody }) (*placed[Orchestrator], error) {
	message := "this version knows no orchestrator of this kind"
	if in.Body.Kind == sb.Builtin {
		message = "there is one builtin orchestrator, and it exists; change it with PATCH /orchestrators/builtin"
	}
	return nil, sb.Faulty(faultyDetail, sb.Fault{Location: "body.kind", Message: message, Value: string(in.Body.Kind)})
}

func (h orchestrators) delete(ctx context.Context, in *ByName) (*none, error) {
	if _, err := h.orchestrators.Orchestrator(ctx, in.Name); err != nil {
		return nil, err
	}
	return nil, sb.Errorf(sb.Invalid, "the builtin orchestrator cannot be removed; disable it instead")
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
		Enabled *bool       `json:"enabled,omitempty"`
		Quota   *int        `json:"quota,omitempty" minimum:"0" maximum:"100000"`
		Routes  *[]sb.Route `json:"routes,omitempty" maxItems:"1000" doc:"All of them, in the order they are tried."`
	}
}

func (h orchestrators) patch(ctx context.Context, in *orchestratorPatch) (*answer[Orchestrator], error) {
	o, err := h.orchestrators.Orchestrator(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	if in.Body.Routes != nil {
		if err := checkRoutes(*in.Body.Routes); err != nil {
			return nil, err
		}
	}
	o, err = h.orchestrators.UpdateOrchestrator(ctx, o.ID, func(o sb.Orchestrator) (sb.Orchestrator, error) {
		set(&o.Enabled, in.Body.Enabled)
		set(&o.Quota, in.Body.Quota)
		set(&o.Routes, in.Body.Routes)
		return o, nil
	})
	if err != nil {
		return nil, err
	}
	return answerOf(orchestratorOf(o)), nil
}

func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

var poolName = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)

// checkRoutes lists what is wrong with routes of a builtin orchestrator.
func checkRoutes(routes []sb.Route) error {
	var found []sb.Fault
	for i, r := range routes {
		at := fmt.Sprintf("body.routes[%d]", i)
		if len(r.Operators) == 0 {
			found = append(found, sb.Fault{Location: at + ".operators", Message: "name at least one operator or pattern"})
		}
		if !poolName.MatchString(r.Target.Pool) {
			found = append(found, sb.Fault{Location: at + ".target.pool", Message: "a pool has 1 to 40 characters of a-z, 0-9 and -", Value: r.Target.Pool})
		}
		if r.StartWithin < 0 {
			found = append(found, sb.Fault{Location: at + ".start_within", Message: "a time cannot be negative"})
		}
	}
	if found != nil {
		return sb.Faulty(faultyDetail, found...)
	}
	return nil
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

func (h orchestrators) work(ctx context.Context, in *placeInput) (*answer[List[RunItem]], error) {
	o, err := h.orchestrators.Orchestrator(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	found, err := h.orchestrators.OpenWork(ctx, o.ID, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	page := sb.Page[sb.Run]{Items: found}
	if len(found) > 0 && len(found) == in.Limit {
		page.Next = found[len(found)-1].ID
	}
	return listOf(page, func(r sb.Run) RunItem { return runItemOf(r, nil) }), nil
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
