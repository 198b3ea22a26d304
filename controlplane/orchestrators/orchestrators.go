// Package orchestrators registers the places that run work: it checks what admins say of them, seals the credentials, and
// makes the adapters that reach those which we do not own.
package orchestrators

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	sb "signalbox"
)

const (
	defaultQuota = 8
	maxConfig    = 256 << 10        // bytes of config and credentials
	probeTime    = 60 * time.Second // of a probe
	faultsTime   = 15 * time.Second // of comparing routes, or runs, with what is there
	page         = 500              // runs that are read at once
)

// Registry registers orchestrators. It is safe for use by several goroutines.
type Registry struct {
	store Store
	keys  Keys
	kinds map[sb.OrchestratorKind]Build
	logs  Logs

	mu    sync.Mutex
	built map[string]built // by id
}

// New makes a registry of these kinds, besides the builtin one.
func New(store Store, keys Keys, kinds map[sb.OrchestratorKind]Build, logs Logs) *Registry {
	return &Registry{store: store, keys: keys, kinds: kinds, logs: logs, built: map[string]built{}}
}

// Register keeps a new orchestrator. Errors: Invalid with every fault; Conflict (the name is taken).
func (r *Registry) Register(ctx context.Context, o sb.Orchestrator, secrets map[string]json.RawMessage) (sb.Orchestrator, error) {
	if o.Quota < 0 {
		o.Quota = defaultQuota
	}
	if message := r.known(o.Kind); message != "" {
		return o, sb.Faulty(faulty, sb.Fault{Location: "body.kind", Message: message, Value: string(o.Kind)})
	}
	faults := append(checkRoutes(o.Kind, o.Routes), r.logFaults(o.Config)...)
	if message := sb.CheckName(o.Name); message != "" {
		faults = append(faults, sb.Fault{Location: "body.name", Message: message, Value: o.Name})
	}
	o.Config = orObject(o.Config)
	secrets = without(secrets)
	adapter, err := r.build(o, secrets)
	if faults = append(faults, faultsOf(err)...); len(faults) > 0 {
		return o, sb.Faulty(faulty, faults...)
	}
	if err := r.checkThere(ctx, adapter, o.Routes, nil); err != nil {
		return o, err
	}
	o.ID = newID()
	sealed, err := r.seal(o.ID, secrets)
	if err != nil {
		return o, err
	}
	return r.store.CreateOrchestrator(ctx, o, sealed)
}

// Change changes an orchestrator. Errors: Invalid with every fault, NotFound, Conflict (also when another changed config or
// credentials meanwhile, or when it moves to where its open runs are not).
func (r *Registry) Change(ctx context.Context, idOrName string, p sb.OrchestratorPatch) (sb.Orchestrator, error) {
	o, kept, err := r.store.SealedOrchestrator(ctx, idOrName)
	if err != nil {
		return o, err
	}
	if err := r.check(ctx, o, kept, p); err != nil {
		return o, err
	}
	sealed, err := r.seal(o.ID, p.Secrets)
	if err != nil {
		return o, err
	}
	return r.store.ChangeOrchestrator(ctx, o.ID, sealed, func(now sb.Orchestrator) (sb.Orchestrator, error) {
		if now.Version != o.Version && reaches(p) {
			return now, sb.Errorf(sb.Conflict, "%s was changed meanwhile; look at it again", o.Name)
		}
		return patched(now, p), nil
	})
}

// check lists what is wrong with an orchestrator as it would become.
func (r *Registry) check(ctx context.Context, o sb.Orchestrator, kept map[string][]byte, p sb.OrchestratorPatch) error {
	after := patched(o, p)
	var faults []sb.Fault
	if p.Routes != nil {
		faults = checkRoutes(o.Kind, after.Routes)
	}
	if o.Kind == sb.Builtin {
		faults = append(faults, builtinFaults(p)...)
		if len(faults) > 0 {
			return sb.Faulty(faulty, faults...)
		}
		return nil
	}
	if p.Name != nil {
		if message := sb.CheckName(*p.Name); message != "" {
			faults = append(faults, sb.Fault{Location: "body.name", Message: message, Value: *p.Name})
		}
	}
	if p.Config != nil {
		faults = append(faults, r.logFaults(after.Config)...)
	}
	adapter, err := r.afterwards(ctx, after, kept, p)
	if code := sb.CodeOf(err); code == sb.Unavailable || code == sb.Conflict {
		return err
	}
	if faults = append(faults, faultsOf(err)...); len(faults) > 0 {
		return sb.Faulty(faulty, faults...)
	}
	if p.Routes == nil {
		return nil
	}
	return r.checkThere(ctx, adapter, after.Routes, o.Routes)
}

// reaches tells whether a patch changes how an orchestrator is reached.
func reaches(p sb.OrchestratorPatch) bool { return p.Config != nil || len(p.Secrets) > 0 }

// Remove removes an orchestrator. Errors: Invalid (the builtin one), NotFound, Conflict (runs wait for it or are there).
func (r *Registry) Remove(ctx context.Context, idOrName string) error {
	o, err := r.store.Orchestrator(ctx, idOrName)
	if err != nil {
		return err
	}
	if o.Kind == sb.Builtin {
		return sb.Errorf(sb.Invalid, "the builtin orchestrator cannot be removed; disable it instead")
	}
	defer r.forget(o.ID)
	return r.store.DeleteOrchestrator(ctx, o.ID)
}

// Probe asks an orchestrator what an admin wants to know of it. What fails is a check, never an error. Errors: NotFound,
// Invalid (there is nothing to ask a builtin one).
func (r *Registry) Probe(ctx context.Context, idOrName string) ([]sb.Check, error) {
	o, err := r.store.Orchestrator(ctx, idOrName)
	if err != nil {
		return nil, err
	}
	if o.Kind == sb.Builtin {
		return nil, sb.Errorf(sb.Invalid, "the builtin orchestrator is not probed; its workers tell how it is")
	}
	_, adapter, err := r.Adapter(ctx, o.ID)
	if sb.CodeOf(err) == sb.Invalid {
		return []sb.Check{{Name: "config", Detail: sb.MessageOf(err), Fix: "Correct the config or enter the credentials again."}}, nil
	}
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	return append(adapter.Probe(ctx, o.Routes), r.logs.Probe(ctx, o.Config)...), nil
}

func orObject(config json.RawMessage) json.RawMessage {
	if isNull(config) {
		return json.RawMessage("{}")
	}
	return config
}

func patched(o sb.Orchestrator, p sb.OrchestratorPatch) sb.Orchestrator {
	set(&o.Name, p.Name)
	set(&o.Enabled, p.Enabled)
	set(&o.Quota, p.Quota)
	set(&o.Routes, p.Routes)
	if p.Config != nil {
		o.Config = p.Config
	}
	return o
}

func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}
