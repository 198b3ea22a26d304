package orchestrators

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	sb "signalbox"
)

// built is an adapter with the version of its orchestrator that it was made for.
type built struct {
	version int64
	adapter sb.Adapter
}

// Adapter gives an orchestrator with what reaches it, made anew when config or credentials have changed. Errors: NotFound,
// Invalid (this version knows no such kind, or the settings do not make an adapter), Unavailable.
func (r *Registry) Adapter(ctx context.Context, id string) (sb.Orchestrator, sb.Adapter, error) {
	o, err := r.store.Orchestrator(ctx, id)
	if sb.CodeOf(err) == sb.NotFound {
		r.forget(id)
	}
	if err != nil {
		return o, nil, err
	}
	r.mu.Lock()
	have, there := r.built[o.ID]
	r.mu.Unlock()
	if there && have.version == o.Version {
		return o, have.adapter, nil
	}
	o, sealed, err := r.store.SealedOrchestrator(ctx, o.ID) // as one, whatever has changed since
	if err != nil {
		return o, nil, err
	}
	secrets, err := r.unseal(o.ID, sealed, nil)
	if err != nil {
		return o, nil, err
	}
	adapter, err := r.build(o, secrets)
	if err != nil {
		return o, nil, err
	}
	r.keep(ctx, o, adapter)
	return o, adapter, nil
}

// keep remembers an adapter, and forgets those of orchestrators that another replica removed.
func (r *Registry) keep(ctx context.Context, o sb.Orchestrator, adapter sb.Adapter) {
	all, err := r.store.Orchestrators(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.built[o.ID] = built{o.Version, adapter}
	if err == nil {
		maps.DeleteFunc(r.built, func(id string, _ built) bool {
			return id != o.ID && !slices.ContainsFunc(all, func(o sb.Orchestrator) bool { return o.ID == id })
		})
	}
}

func (r *Registry) forget(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.built, id)
}

// build makes an adapter. Errors: Invalid with every fault.
func (r *Registry) build(o sb.Orchestrator, secrets map[string]json.RawMessage) (sb.Adapter, error) {
	build, known := r.kinds[o.Kind]
	if !known {
		return nil, sb.Errorf(sb.Invalid, "this version knows no orchestrator of kind %s", o.Kind)
	}
	text, err := json.Marshal(secrets)
	if err != nil {
		return nil, sb.Faulty(faulty, sb.Fault{Location: "body.secrets", Message: "credentials are JSON"})
	}
	if len(text)+len(o.Config) > maxConfig {
		return nil, sb.Faulty(faulty, sb.Fault{Location: "body.config", Message: "config and credentials have at most 256 KiB"})
	}
	return build(sb.WithoutLogs(o.Config), text)
}
