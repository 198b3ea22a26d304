package api

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	sb "signalbox"
	"signalbox/controlplane/access"
	registry "signalbox/controlplane/orchestrators"
)

// world is a small control plane in memory. It decides by the real rules of controlplane/access.
type world struct {
	mu         sync.Mutex
	settings   sb.Settings
	principals map[string]sb.Principal // by id
	secrets    map[string]string       // key → owner
	keys       []sb.Key
	datasets   map[string]sb.Dataset
	grants     map[string]sb.Permission // principal + "/" + dataset
	places     map[string]sb.Orchestrator
	sources    map[string]sb.Source
	plugins    map[string]sb.Plugin
	archives   map[string][]byte
	runs       map[string]sb.Run
	events     []sb.Event
	logs       map[string][]byte
	next       map[string]int64 // chunk wanted next, by run
	complete   map[string]chan struct{}
	notes      []chan sb.Note
	heard      chan struct{} // gets one for each new listener
	broken     error         // what every read answers, when set
	ended      []sb.End
	fractions  []float64
	workers    []sb.Worker
	offers     []sb.Offer

	environments map[string][]sb.Environment // by revision
}

var day = time.Date(2026, 5, 1, 10, 0, 0, 123456789, time.FixedZone("CEST", 7200))

func newWorld() *world {
	w := &world{
		settings: sb.DefaultSettings(), principals: map[string]sb.Principal{}, secrets: map[string]string{}, datasets: map[string]sb.Dataset{},
		grants: map[string]sb.Permission{}, places: map[string]sb.Orchestrator{}, plugins: map[string]sb.Plugin{}, archives: map[string][]byte{},
		runs: map[string]sb.Run{}, logs: map[string][]byte{}, next: map[string]int64{}, complete: map[string]chan struct{}{},
		heard: make(chan struct{}, 16),
	}
	for name, role := range map[string]sb.Role{"root": sb.Admin, "ann": sb.Member, "gus": sb.Guest} {
		w.principals[name] = sb.Principal{ID: name, Kind: sb.User, Name: name, Role: role, CreatedAt: day}
		w.secrets["sbk_"+name] = name
	}
	w.secrets["sbo_builtin"] = "o1"
	w.datasets["d1"] = sb.Dataset{ID: "d1", Name: "quick/start", DefaultPermission: sb.CanEdit, Creator: sb.Who{ID: "root", Name: "root"}, CreatedAt: day, UpdatedAt: day}
	w.datasets["d2"] = sb.Dataset{ID: "d2", Name: "secret", DefaultPermission: sb.NoAccess, CreatedAt: day, UpdatedAt: day}
	w.places["o1"] = sb.Orchestrator{ID: "o1", Name: "builtin", Kind: sb.Builtin, Enabled: true, Quota: 8, Routes: []sb.Route{{Operators: []string{"*"}, Target: sb.Target{Pool: "default"}}}}
	return w
}

func (w *world) deps() Deps {
	return Deps{
		Gate:  Gate{Identity: w, Groups: noGroups{}, Access: rules{}, Facts: w},
		Life:  Life{Runs: w, Queue: w, Work: fakeWork{w}, Logs: fakeLogs{w}, Notes: w},
		Stock: Stock{Catalog: fakeCatalog{w}, Datasets: w, Orchestrators: w, Sources: fakeSources{w}, Registrar: registry.New(w, noKeys{}, nil, noLogs{})},
	}
}

type rules struct{}

func (rules) Check(f sb.Facts, a sb.Action) error            { return access.Check(f, a) }
func (rules) Explain(f sb.Facts, a sb.Action) sb.Explanation { return access.Explain(f, a) }
func (rules) Basis(f sb.Facts) (bool, string)                { return access.Basis(f) }
func (rules) MayGrant(f sb.Facts, p sb.Permission) error     { return access.MayGrant(f, p) }
func (rules) Effective(f sb.Facts) sb.Permission             { return access.Effective(f) }
func (rules) Viewer(p sb.Principal, s sb.Settings) sb.Viewer { return access.Viewer(p, s) }
func missing(what string) error                              { return sb.Errorf(sb.NotFound, "this %s does not exist", what) }

func (w *world) Positions(context.Context, []sb.Run) (map[string]int64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := map[string]int64{}
	for id, r := range w.runs {
		if r.Status == sb.Scheduled {
			out[id] = 3
		}
	}
	return out, nil
}

func (w *world) Wait(_ context.Context, r sb.Run) (sb.Wait, error) {
	return sb.Wait{Position: 3, Ahead: 2, Holds: "quota", Quota: 8, Held: 8, Summary: "All 8 slots are in use.", Since: r.ScheduledAt}, nil
}

func (w *world) Outlook(_ context.Context, _ string, o sb.Orchestrator, _ sb.Target) (sb.Wait, error) {
	return sb.Wait{Position: 4, Ahead: 3, Holds: "quota", Quota: o.Quota, Held: o.Quota, Estimate: 4 * time.Minute, Summary: "All slots are held."}, nil
}

// --- identity

func (w *world) APIKey(_ context.Context, secret string) (sb.Caller, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.broken != nil {
		return sb.Caller{}, w.broken
	}
	p, ok := w.principals[w.secrets[secret]]
	if !ok {
		return sb.Caller{}, sb.Errorf(sb.Unauthenticated, "no such key")
	}
	return sb.Caller{Principal: p, Settings: w.settings, Via: "key:" + secret}, nil
}

func (w *world) OrchestratorKey(_ context.Context, secret string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.places[w.secrets[secret]]; !ok {
		return "", sb.Errorf(sb.Unauthenticated, "no such key")
	}
	return w.secrets[secret], nil
}

func (w *world) RunToken(secret string) (sb.Process, error) {
	run, ok := strings.CutPrefix(secret, "sbr_")
	if !ok || strings.HasPrefix(run, "end_") {
		return sb.Process{}, sb.Errorf(sb.Unauthenticated, "no such token")
	}
	return sb.Process{AttemptRef: sb.AttemptRef{Run: run, Attempt: 1}, Source: sb.MainSource}, nil
}

func (w *world) EndsWork(secret string) (sb.Process, error) {
	run, ok := strings.CutPrefix(secret, "sbr_end_")
	if !ok {
		return sb.Process{}, sb.Errorf(sb.Unauthenticated, "no such token")
	}
	return sb.Process{AttemptRef: sb.AttemptRef{Run: run, Attempt: 1}, Source: sb.MainSource}, nil
}

func (w *world) ServiceAccounts(_ context.Context, _ sb.PrincipalQuery) (sb.Page[sb.Principal], error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var page sb.Page[sb.Principal]
	for _, p := range w.principals {
		if p.Kind == sb.ServiceAccount {
			page.Items = append(page.Items, p)
		}
	}
	return page, nil
}

func (w *world) ServiceAccount(_ context.Context, idOrName string) (sb.Principal, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.principals {
		if p.Kind == sb.ServiceAccount && (p.ID == idOrName || p.Name == idOrName) {
			return p, nil
		}
	}
	return sb.Principal{}, missing("service account")
}

func (w *world) CreateServiceAccount(_ context.Context, name string, role sb.Role, description string) (sb.Principal, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := sb.Principal{ID: "sa-" + name, Kind: sb.ServiceAccount, Name: name, Role: role, Description: description, CreatedAt: day}
	if _, taken := w.principals[p.ID]; taken {
		return p, sb.Errorf(sb.Conflict, "the name %q is taken", name)
	}
	w.principals[p.ID] = p
	return p, nil
}

func (w *world) UpdateServiceAccount(ctx context.Context, id string, name *string, role *sb.Role, description *string) (sb.Principal, error) {
	p, err := w.ServiceAccount(ctx, id)
	if err != nil {
		return p, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	set(&p.Name, name)
	set(&p.Role, role)
	set(&p.Description, description)
	w.principals[p.ID] = p
	return p, nil
}

func (w *world) DeleteServiceAccount(ctx context.Context, id string) error {
	p, err := w.ServiceAccount(ctx, id)
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.principals, p.ID)
	return err
}

func (w *world) CreateKey(_ context.Context, owner, name string, expires *time.Time) (sb.Key, string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	k := sb.Key{ID: fmt.Sprintf("k%d", len(w.keys)+1), Owner: owner, Name: name, CreatedAt: day, ExpiresAt: expires}
	w.keys = append(w.keys, k)
	w.secrets["sbk_"+k.ID] = owner
	return k, "sbk_" + k.ID, nil
}

func (w *world) CreateOrchestratorKey(ctx context.Context, id, name string) (sb.Key, string, error) {
	k, _, err := w.CreateKey(ctx, id, name, nil)
	return k, "sbo_" + k.ID, err
}

func (w *world) Keys(_ context.Context, owner string) ([]sb.Key, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []sb.Key
	for _, k := range w.keys {
		if k.Owner == owner {
			out = append(out, k)
		}
	}
	return out, nil
}

func (w *world) DeleteKey(_ context.Context, owner, id string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.IndexFunc(w.keys, func(k sb.Key) bool { return k.Owner == owner && k.ID == id })
	if i < 0 {
		return missing("key")
	}
	delete(w.secrets, "sbk_"+id)
	w.keys = slices.Delete(w.keys, i, i+1)
	return nil
}

// --- facts and datasets

func (w *world) Facts(_ context.Context, ask sb.Ask) (sb.Facts, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.broken != nil {
		return sb.Facts{}, w.broken
	}
	f := sb.Facts{Principal: w.principals[ask.PrincipalID], Settings: w.settings}
	dataset := ask.Dataset
	if ask.Run != "" {
		r, ok := w.runs[ask.Run]
		if !ok {
			return f, nil
		}
		f.Run, dataset, ask.Operator = &r, r.DatasetID, r.Operator
	}
	for _, d := range w.datasets {
		if dataset != "" && (d.ID == dataset || d.Name == dataset) {
			f.Dataset, f.Own = &d, w.grants[ask.PrincipalID+"/"+d.ID]
		}
	}
	if name, operator, ok := sb.SplitURI(ask.Operator); ok {
		if p, ok := w.plugins[name]; ok {
			f.Plugin = &p
			for _, o := range p.Operators {
				if o.Name == operator {
					f.Operator = &o
				}
			}
		}
	}
	return f, nil
}

func (w *world) Datasets(ctx context.Context, v sb.Viewer, _, _ string, _ int) (sb.Page[sb.Facts], error) {
	var page sb.Page[sb.Facts]
	for _, id := range []string{"d1", "d2"} {
		f, _ := w.Facts(ctx, sb.Ask{PrincipalID: v.Principal.ID, Dataset: id})
		if access.Check(f, sb.ActViewDataset) == nil {
			page.Items = append(page.Items, f)
		}
	}
	return page, nil
}

func (w *world) CreateDataset(_ context.Context, d sb.Dataset) (sb.Dataset, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	d.ID, d.CreatedAt, d.UpdatedAt = "d-"+d.Name, day, day
	if _, taken := w.datasets[d.ID]; taken {
		return d, sb.Errorf(sb.Conflict, "the name %q is taken", d.Name)
	}
	w.datasets[d.ID] = d
	w.grants[d.Creator.ID+"/"+d.ID] = sb.CanManage
	return d, nil
}

func (w *world) UpdateDataset(_ context.Context, _, id string, patch sb.DatasetPatch, _ func(sb.Facts) error) (sb.Dataset, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.datasets[id]
	set(&d.Name, patch.Name)
	set(&d.DefaultPermission, patch.DefaultPermission)
	w.datasets[id] = d
	return d, nil
}

func (w *world) DeleteDataset(_ context.Context, id string, _ sb.Who, _ func(sb.Facts) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.datasets, id)
	return nil
}

// --- orchestrators

func (w *world) Orchestrators(context.Context) ([]sb.Orchestrator, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return sorted(slices.Collect(maps.Values(w.places)), func(o sb.Orchestrator) string { return o.ID }), nil
}

func (w *world) Orchestrator(_ context.Context, idOrName string) (sb.Orchestrator, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if o := w.places["o1"]; idOrName == o.ID || idOrName == o.Name {
		return o, nil
	}
	return sb.Orchestrator{}, missing("orchestrator")
}

func (w *world) OrchestratorID(ctx context.Context, idOrName string) (string, error) {
	o, err := w.Orchestrator(ctx, idOrName)
	return o.ID, err
}

func (w *world) CreateOrchestrator(_ context.Context, o sb.Orchestrator, _ map[string][]byte) (sb.Orchestrator, error) {
	return o, nil
}

func (w *world) DeleteOrchestrator(context.Context, string) error { return nil }

func (w *world) SealedOrchestrator(ctx context.Context, idOrName string) (sb.Orchestrator, map[string][]byte, error) {
	o, err := w.Orchestrator(ctx, idOrName)
	return o, nil, err
}

// noKeys leave credentials as they are.
type noKeys struct{}

func (noKeys) Seal(plain, _ []byte) ([]byte, error)  { return plain, nil }
func (noKeys) Open(sealed, _ []byte) ([]byte, error) { return sealed, nil }

func (w *world) ChangeOrchestrator(_ context.Context, id string, _ map[string][]byte, f func(sb.Orchestrator) (sb.Orchestrator, error)) (sb.Orchestrator, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	o, err := f(w.places[id])
	if err == nil {
		w.places[id] = o
	}
	return o, err
}

func (w *world) Workers(context.Context, string) ([]sb.Worker, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.workers, nil
}

func (w *world) Watch(context.Context, string) (sb.Watch, error) { return sb.Watch{}, nil }

func (w *world) Installation(context.Context) (string, error) { return "here", nil }

func (w *world) OpenWork(context.Context, string, string, int) ([]sb.Run, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []sb.Run
	for _, r := range w.runs {
		if r.Slot {
			out = append(out, r)
		}
	}
	return out, nil
}

// noLogs are of no orchestrator that we do not own.
type noLogs struct{}

func (noLogs) Faults(json.RawMessage) []sb.Fault                     { return nil }
func (noLogs) Probe(context.Context, json.RawMessage) (c []sb.Check) { return c }

// fakeSources are the FiftyOne databases of a world.
type fakeSources struct{ w *world }

func (f fakeSources) Sources(context.Context) ([]sb.Source, error) {
	return slices.Collect(maps.Values(f.w.sources)), nil
}

func (f fakeSources) Source(_ context.Context, id string) (sb.Source, error) {
	if s, is := f.w.sources[id]; is {
		return s, nil
	}
	return sb.Source{}, sb.Errorf(sb.NotFound, "there is none")
}

func (fakeSources) SourceState(context.Context, string) (sb.SourceState, error) {
	return sb.SourceState{}, nil
}
