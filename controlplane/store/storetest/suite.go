package storetest

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/store"
)

// Fresh gives the options of a new, empty database.
type Fresh func(t *testing.T) store.Options

// Run holds a database to everything the ports promise. Each test has a database of its own.
func Run(t *testing.T, fresh Fresh) {
	t.Helper()
	for _, group := range []map[string]func(*testing.T, Fresh){
		runTests, listTests, workTests, queueTests, catalogTests, peopleTests, loginTests, invitationTests, groupTests, sharingTests, previewTests, logTests, watchTests, sourceTests, questionTests, keysetTests, auditTests, secretTests, baseTests, departedTests, demandTests, properties,
	} {
		for name, test := range group {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t, fresh)
			})
		}
	}
}

// clock is a clock that stands until it is moved.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// world is a database with people, a dataset and a plugin.
type world struct {
	*store.Store
	options store.Options
	clock   *clock
	admin   sb.Principal
	ann     sb.Principal // a Member
	data    sb.Dataset   // Ann's
	plugin  sb.Plugin
	builtin sb.Orchestrator
}

const (
	hello = "@acme/tools/hello"
	count = "@acme/tools/count"
)

func setup(t *testing.T, fresh Fresh) *world {
	t.Helper()
	w := &world{options: fresh(t), clock: newClock()}
	w.options.Now = w.clock.now
	w.Store = Open(t, w.options)
	w.admin = w.principal(t, "root", sb.Admin)
	w.ann = w.principal(t, "Ann Lee", sb.Member)
	var err error
	w.data, err = w.CreateDataset(t.Context(), sb.Dataset{Name: "cats", DefaultPermission: sb.NoAccess, Creator: w.ann.Who()})
	require.NoError(t, err)
	w.plugin, _, err = w.Install(t.Context(), upload("@acme/tools", "1", "hello", "count"))
	require.NoError(t, err)
	w.builtin, err = w.Orchestrator(t.Context(), store.BuiltinName)
	require.NoError(t, err)
	return w
}

func (w *world) principal(t *testing.T, name string, role sb.Role) sb.Principal {
	t.Helper()
	p, err := w.CreatePrincipal(t.Context(), sb.Principal{
		Kind: sb.User, Name: name, Email: strings.ReplaceAll(name, " ", ".") + "@example.org", Role: role,
	})
	require.NoError(t, err)
	return p
}

func upload(name, version string, operators ...string) sb.Upload {
	return sb.Upload{
		Manifest: sb.Manifest{
			Name: name, Version: version, Operators: operators,
			Commands: map[string]sb.Command{operators[0]: {Label: "Say", Command: []string{"true"}}},
		},
		SHA256: strings.Repeat(version[:1], 64), Size: 10, By: sb.Who{ID: "x", Name: "X"},
	}
}

func as(p sb.Principal) func(*sb.Run) { return func(r *sb.Run) { r.CreatedBy = p.Who() } }

func of(operator string) func(*sb.Run) { return func(r *sb.Run) { r.Operator = operator } }

func in(dataset string) func(*sb.Run) { return func(r *sb.Run) { r.DatasetID = dataset } }

func labelled(label string) func(*sb.Run) { return func(r *sb.Run) { r.Label = label } }

func urgent(priority int) func(*sb.Run) { return func(r *sb.Run) { r.Priority = priority } }

// schedule keeps a run of Ann's on her dataset, a moment after the one before.
func (w *world) schedule(t require.TestingT, with ...func(*sb.Run)) sb.Run {
	w.clock.pass(time.Millisecond)
	run := sb.Run{
		Operator: hello, OperatorLabel: "Say", Plugin: w.plugin.Name, PluginVersion: "1", PluginRevision: 1,
		RevisionID: w.plugin.Revision.ID, DatasetID: w.data.ID, OrchestratorID: w.builtin.ID, Status: sb.Scheduled,
		Target: sb.Target{Pool: sb.DefaultPool}, CreatedBy: w.ann.Who(), Timeout: time.Hour,
		ScheduledAt: w.clock.now(), UpdatedAt: w.clock.now(), Params: []byte(`{"b":1,"a":2}`),
	}
	for _, f := range with {
		f(&run)
	}
	kept, _, err := w.Schedule(ctx(t), sb.NewRun{Ask: sb.Ask{PrincipalID: run.CreatedBy.ID}},
		func(sb.Facts, []sb.Orchestrator) (sb.Run, []sb.Event, error) {
			return run, []sb.Event{{Kind: sb.EventScheduled, Actor: run.CreatedBy}}, nil
		})
	require.NoError(t, err)
	return kept
}

// admit admits all it may.
func (w *world) admit(t require.TestingT) sb.Admission {
	a, err := w.Admit(ctx(t), w.builtin.ID, sb.Targets{}, func(c sb.Candidate) sb.Change { return sb.Admit{At: c.Now} })
	require.NoError(t, err)
	return a
}

// apply applies changes to a run, one transaction each.
func (w *world) apply(t require.TestingT, id string, changes ...sb.Change) sb.Run {
	var run sb.Run
	for _, c := range changes {
		var err error
		run, err = w.Change(ctx(t), id, applying(c))
		require.NoError(t, err)
	}
	return run
}

func applying(c sb.Change) sb.ChangeFunc {
	return func(r sb.Run) (sb.Run, []sb.Event, error) { return r.Apply(c) }
}

// claim takes a run's current attempt for worker w1.
func (w *world) claim(t *testing.T, run sb.Run) (sb.Run, sb.Process) {
	t.Helper()
	p := sb.Process{AttemptRef: run.Ref(), Source: sb.MainSource, Try: 1}
	c := sb.Claim{Process: p, Nonce: "n", OrchestratorID: w.builtin.ID, Worker: "w1", Incarnation: "i1", At: w.clock.now()}
	run, _, err := w.Claim(t.Context(), c, applying(sb.Take{Claim: c}))
	require.NoError(t, err)
	return run, p
}

// running schedules a run and brings it to Running.
func (w *world) running(t *testing.T, with ...func(*sb.Run)) (sb.Run, sb.Process) {
	t.Helper()
	run := w.schedule(t, with...)
	require.Contains(t, w.admit(t).Admitted, run.ID)
	run, err := w.Run(t.Context(), run.ID)
	require.NoError(t, err)
	run, p := w.claim(t, run)
	return w.apply(t, run.ID, sb.Start{At: w.clock.now(), Attempt: run.Attempt}), p
}

func (w *world) quota(t *testing.T, n int) {
	t.Helper()
	_, err := w.UpdateOrchestrator(t.Context(), w.builtin.ID, func(o sb.Orchestrator) (sb.Orchestrator, error) {
		o.Quota = n
		return o, nil
	})
	require.NoError(t, err)
}

func (w *world) end(ok bool) sb.EndWork {
	code := 1
	if ok {
		code = 0
	}
	return sb.EndWork{At: w.clock.now(), Attempt: 1, End: sb.End{ExitCode: &code}}
}

func requireCode(t require.TestingT, code sb.Code, err error) {
	require.Error(t, err)
	require.Equal(t, code, sb.CodeOf(err), err.Error())
}

func ids(runs []sb.Run) []string {
	list := make([]string, 0, len(runs))
	for _, r := range runs {
		list = append(list, r.ID)
	}
	return list
}
