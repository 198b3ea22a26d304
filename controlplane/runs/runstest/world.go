// Package runstest is a small world for tests of the parts around runs: a real database with people, a dataset, a
// plugin and a worker, the life of runs on it, and a clock that stands until it is moved.
package runstest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/access"
	"signalbox/controlplane/catalog"
	"signalbox/controlplane/runs"
	"signalbox/controlplane/store"
	"signalbox/controlplane/store/storetest"
)

// The operators of the world's plugin.
const (
	Hello = "@acme/tools/hello" // a command with inputs and two retries
	Once  = "@acme/tools/once"  // a command without retries
	Embed = "@acme/tools/embed" // needs the FiftyOne runtime
)

// OnceOutputs is the schema of the results of Once.
const OnceOutputs = `{"title":"What came of it"}`

// WorkerName is how the world's worker calls itself.
const WorkerName = "host/default"

// World is a database with people, a dataset and a plugin, and the life of runs on it.
type World struct {
	*store.Store
	Clock   *Clock
	Admin   sb.Principal
	Ann     sb.Principal // a Member
	Bob     sb.Principal // another Member
	Gil     sb.Principal // a Guest
	Cats    sb.Dataset   // Ann's; Members may edit it
	Secret  sb.Dataset   // Ann's; nobody else may see it
	Plugin  sb.Plugin
	Builtin sb.Orchestrator
	Secrets Secrets
	Blobs   *Blobs
	Life    *runs.Runs
	Work    *runs.Work
}

// New makes a world of its own for a test. A worker of the default pool has just said a word.
func New(t *testing.T) *World {
	t.Helper()
	w := &World{Clock: &Clock{at: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}, Secrets: Secrets{}, Blobs: &Blobs{kept: map[string][]byte{}}}
	w.Store = storetest.Open(t, store.Options{URL: t.TempDir() + "/test.db", Now: w.Clock.Now})
	w.Admin = w.person(t, "root", sb.Admin)
	w.Ann = w.person(t, "Ann", sb.Member)
	w.Bob = w.person(t, "Bob", sb.Member)
	w.Gil = w.person(t, "Gil", sb.Guest)
	w.Cats = w.dataset(t, "cats", sb.CanEdit)
	w.Secret = w.dataset(t, "secret", sb.NoAccess)
	w.Install(t, "1")
	var err error
	w.Builtin, err = w.Orchestrator(t.Context(), store.BuiltinName)
	require.NoError(t, err)
	w.Life = runs.New(w.Store, access.Check, catalog.Params, w.Blobs)
	w.Work = runs.NewWork(w.Store, Archives{w.Store}, Tokens{}, w.Secrets, w.Blobs)
	w.SeeWorkerNow(t)
	return w
}

func (w *World) person(t *testing.T, name string, role sb.Role) sb.Principal {
	t.Helper()
	p, err := w.CreatePrincipal(t.Context(), sb.Principal{Kind: sb.User, Name: name, Email: name + "@example.org", Role: role})
	require.NoError(t, err)
	return p
}

func (w *World) dataset(t *testing.T, name string, members sb.Permission) sb.Dataset {
	t.Helper()
	d, err := w.CreateDataset(t.Context(), sb.Dataset{Name: name, DefaultPermission: members, Creator: w.Ann.Who()})
	require.NoError(t, err)
	return d
}

// Secrets are the secrets of the world, by key.
type Secrets map[string]string

// Values gives those that exist.
func (s Secrets) Values(_ context.Context, keys []string) (map[string]string, error) {
	found := map[string]string{}
	for _, key := range keys {
		if value, there := s[key]; there {
			found[key] = value
		}
	}
	return found, nil
}

// Lend writes them down for a process.
func (s Secrets) Lend(values map[string]string, p sb.Process) ([]byte, error) {
	return json.Marshal(lent{p, values})
}

// Lent reads what was written down for the same process.
func (s Secrets) Lent(sealed []byte, p sb.Process) (map[string]string, error) {
	var l lent
	if err := json.Unmarshal(sealed, &l); err != nil || l.Process != p {
		return nil, sb.Errorf(sb.Invalid, "it does not open")
	}
	return l.Values, nil
}

// Reach tells that no run has a source.
func (s Secrets) Reach(context.Context, sb.Run) (*sb.Reach, error) { return nil, nil }

// ReachFor tells that no dataset has a source.
func (s Secrets) ReachFor(context.Context, sb.Dataset, string, sb.Target) (*sb.Reach, error) {
	return nil, nil
}

type lent struct {
	Process sb.Process
	Values  map[string]string
}

// Install installs a version of the plugin, or upgrades to it.
func (w *World) Install(t *testing.T, version string) {
	t.Helper()
	inputs := `{"type":"object","properties":{"name":{"type":"string","default":"World"},"times":{"type":"integer","minimum":1}},"additionalProperties":false}`
	var err error
	w.Plugin, _, err = w.Store.Install(t.Context(), sb.Upload{
		Manifest: sb.Manifest{
			Name: "@acme/tools", Version: version, Operators: []string{"hello", "once", "embed"},
			Commands: map[string]sb.Command{
				"hello": {Label: "Say hello", Command: []string{"true"}, Inputs: []byte(inputs), Timeout: time.Hour, Retries: 2},
				"once":  {Command: []string{"true"}, Outputs: []byte(OnceOutputs)},
			},
			Secrets: []string{"API_KEY", "OTHER_KEY"},
		},
		SHA256: strings.Repeat(version[:1], 64), Size: 10, Root: "tools", By: w.Admin.Who(), Overwrite: true,
	})
	require.NoError(t, err)
}

// SeeWorkerNow lets the worker of the default pool say a word, naming what it runs.
func (w *World) SeeWorkerNow(t require.TestingT, running ...sb.AttemptRef) []sb.AttemptRef {
	stop, err := w.Work.Workers(contextOf(t), w.Builtin.ID, sb.Worker{
		Name: WorkerName, Incarnation: "i1", Pool: sb.DefaultPool, Concurrency: 4, Running: running,
	})
	require.NoError(t, err)
	return stop
}

// Schedule schedules a run of Ann's on her dataset, a moment after the one before; with changes the draft.
func (w *World) Schedule(t require.TestingT, with ...func(*sb.Draft)) sb.Run {
	w.Clock.Pass(time.Millisecond)
	d := sb.Draft{Operator: Hello, Dataset: w.Cats.Name}
	for _, f := range with {
		f(&d)
	}
	run, err := w.Life.Schedule(contextOf(t), w.Ann, d)
	require.NoError(t, err)
	return run
}

// Of chooses the operator of a draft.
func Of(operator string) func(*sb.Draft) { return func(d *sb.Draft) { d.Operator = operator } }

// Urgent chooses the priority of a draft.
func Urgent(priority int) func(*sb.Draft) { return func(d *sb.Draft) { d.Priority = priority } }

// Queued schedules a run and admits it.
func (w *World) Queued(t require.TestingT, with ...func(*sb.Draft)) sb.Run {
	run := w.Schedule(t, with...)
	w.AdmitAll(t)
	return w.Get(t, run.ID)
}

// AdmitAll admits what the quota allows, without looking at rights again.
func (w *World) AdmitAll(t require.TestingT) {
	_, err := w.Admit(contextOf(t), w.Builtin.ID, sb.Targets{}, func(c sb.Candidate) sb.Change { return sb.Admit{At: c.Now} })
	require.NoError(t, err)
}

// Dispatched schedules a run and sends it out.
func (w *World) Dispatched(t require.TestingT, with ...func(*sb.Draft)) sb.Run {
	run := w.Queued(t, with...)
	require.NoError(t, w.Work.Dispatched(contextOf(t), run.Ref(), run.Ref().Name(), ""))
	return w.Get(t, run.ID)
}

// Claimed schedules a run and has the worker take it.
func (w *World) Claimed(t require.TestingT, with ...func(*sb.Draft)) (sb.Run, sb.Process) {
	run := w.Dispatched(t, with...)
	p := Main(run)
	_, err := w.Work.Claim(contextOf(t), w.Builtin.ID, w.ClaimOf(p))
	require.NoError(t, err)
	return w.Get(t, run.ID), p
}

// Running schedules a run and has the worker begin it.
func (w *World) Running(t require.TestingT, with ...func(*sb.Draft)) (sb.Run, sb.Process) {
	run, p := w.Claimed(t, with...)
	require.NoError(t, w.Work.Start(contextOf(t), p, "", ""))
	return w.Get(t, run.ID), p
}

// Main is the first process of a run's current attempt.
func Main(run sb.Run) sb.Process {
	return sb.Process{AttemptRef: run.Ref(), Source: sb.MainSource, Try: 1}
}

// ClaimOf is a process's claim by the world's worker.
func (w *World) ClaimOf(p sb.Process) sb.Claim {
	return sb.Claim{Process: p, Nonce: "n", Worker: WorkerName, Incarnation: "i1"}
}

// Get reads a run.
func (w *World) Get(t require.TestingT, id string) sb.Run {
	run, err := w.Run(contextOf(t), id)
	require.NoError(t, err)
	return run
}

// Kinds lists what has happened to a run.
func (w *World) Kinds(t require.TestingT, id string) []sb.EventKind {
	events, err := w.Store.Events(contextOf(t), id, 0, 1000)
	require.NoError(t, err)
	kinds := make([]sb.EventKind, 0, len(events))
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// Orchestrate changes the builtin orchestrator.
func (w *World) Orchestrate(t require.TestingT, change func(*sb.Orchestrator)) {
	_, err := w.UpdateOrchestrator(contextOf(t), w.Builtin.ID, func(o sb.Orchestrator) (sb.Orchestrator, error) {
		change(&o)
		return o, nil
	})
	require.NoError(t, err)
}

// Exit is the end of a process that exited by itself.
func Exit(code int) sb.End { return sb.End{ExitCode: &code} }

// RequireCode demands an error with a code; "" demands none.
func RequireCode(t require.TestingT, code sb.Code, err error) {
	if code == "" {
		require.NoError(t, err)
		return
	}
	require.Error(t, err)
	require.Equal(t, code, sb.CodeOf(err), err.Error())
}

// contextOf gives the context of a test or of a property, both of which have one.
func contextOf(t require.TestingT) context.Context {
	return t.(interface{ Context() context.Context }).Context()
}

// Clock is a clock that stands until it is moved.
type Clock struct {
	mu sync.Mutex
	at time.Time
}

// Now tells the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// Pass moves the clock.
func (c *Clock) Pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// Archives finds revisions in a store; each archive is its own checksum.
type Archives struct{ *store.Store }

// Bytes opens a revision's archive.
func (Archives) Bytes(_ context.Context, r sb.Revision) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(r.SHA256)), nil
}

// Tokens makes tokens that anyone can read.
type Tokens struct{}

// Token makes a token.
func (Tokens) Token(p sb.Process) (string, error) { return p.Name() + "/" + p.Source, nil }

// EndToken makes a token for the end.
func (Tokens) EndToken(p sb.Process) (string, error) { return p.Name() + "/" + p.Source + "/end", nil }

// Blobs keeps objects in memory, unless Fail is set.
type Blobs struct {
	sb.Blobs
	Fail error
	mu   sync.Mutex
	kept map[string][]byte
}

// Put keeps an object.
func (b *Blobs) Put(_ context.Context, key string, r io.Reader) error {
	body, err := io.ReadAll(r)
	if b.Fail != nil {
		err = b.Fail
	}
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kept[key] = body
	return nil
}

// Get reads an object whole.
func (b *Blobs) Get(_ context.Context, key string, _, _ int64) (io.ReadCloser, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	body, ok := b.kept[key]
	if !ok {
		return nil, sb.Errorf(sb.NotFound, "there is no object %s", key)
	}
	return io.NopCloser(bytes.NewReader(body)), nil
}

// Count tells how many objects are kept.
func (b *Blobs) Count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.kept)
}
