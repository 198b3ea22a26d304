package intake_test

import (
	"context"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	sb "signalbox"
	"signalbox/controlplane/identity"
	"signalbox/controlplane/intake"
	"signalbox/controlplane/runs"
	"signalbox/controlplane/runs/runstest"
	"signalbox/controlplane/secrets"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("database/sql.(*DB).connectionOpener"))
}

const (
	hello = "@acme/hello/hello"
	boom  = "@acme/hello/boom"
	slow  = "@acme/hello/slow"
	pipe  = "@acme/hello/pipe"
)

// world is a control plane with a source whose database a test gives.
type world struct {
	*runstest.World
	t       *testing.T
	robot   sb.Principal // on whose behalf operations are taken
	source  sb.Source
	open    func() (sb.OperationDatabase, error)
	people  *identity.Identity
	life    intake.Life
	changed func(*intake.Options)
	reads   reads
}

// reads counts what a watcher reads of the own database.
type reads struct{ runs, standings, sources atomic.Int64 }

// counting is a database whose reads are counted.
type counting struct {
	intake.Store
	reads *reads
}

func (c counting) Run(ctx context.Context, id string) (sb.Run, error) {
	c.reads.runs.Add(1)
	return c.Store.Run(ctx, id)
}

func (c counting) Standings(ctx context.Context, runs []string) (map[string]sb.Standing, error) {
	c.reads.standings.Add(1)
	return c.Store.Standings(ctx, runs)
}

func (c counting) Source(ctx context.Context, id string) (sb.Source, error) {
	c.reads.sources.Add(1)
	return c.Store.Source(ctx, id)
}

// quick is a pace at which a test has not long to wait.
var quick = intake.Pace{
	Poll: 20 * time.Millisecond, Tick: 100 * time.Millisecond, Look: 100 * time.Millisecond, Beat: 30 * time.Second, Datasets: 50 * time.Millisecond,
	Count: 200 * time.Millisecond, Stranded: 300 * time.Millisecond,
}

// setup makes a world whose source takes operations on behalf of a service account with Can edit on everything of it.
func setup(t *testing.T, open func() (sb.OperationDatabase, error)) *world {
	t.Helper()
	w := &world{World: runstest.New(t), t: t, open: open, changed: func(*intake.Options) {}}
	w.Orchestrate(t, func(o *sb.Orchestrator) { o.Quota = 1000 })
	commands := map[string]sb.Command{}
	for _, name := range []string{"hello", "boom", "slow", "pipe"} {
		commands[name] = sb.Command{Command: []string{"true"}}
	}
	_, _, err := w.Store.Install(t.Context(), sb.Upload{
		Manifest: sb.Manifest{Name: "@acme/hello", Version: "1", Operators: []string{"hello", "boom", "slow", "pipe"}, Commands: commands},
		SHA256:   strings.Repeat("7", 64), Size: 10, By: w.Admin.Who(),
	})
	require.NoError(t, err)
	w.robot, err = w.CreatePrincipal(t.Context(), sb.Principal{Kind: sb.ServiceAccount, Name: "intake", Role: sb.Member})
	require.NoError(t, err)
	w.source, err = w.CreateSource(t.Context(), sb.Source{
		Name: "vision", Kind: sb.FiftyOne, Database: "fiftyone", Principal: w.robot.Who(), DefaultPermission: sb.CanEdit, Intake: true,
		Pools: []sb.SourcePool{{OrchestratorID: w.Builtin.ID, Pool: sb.DefaultPool}},
	}, []byte("sealed"))
	require.NoError(t, err)
	keys, err := secrets.Create(t.Context(), t.TempDir()+"/keyset")
	require.NoError(t, err)
	signer, err := keys.Derive("test")
	require.NoError(t, err)
	w.people, w.life = identity.New(w.Store, signer), runs.Elsewhere{Runs: w.Life}
	return w
}

// Open gives the source with the test's database.
func (w *world) Open(ctx context.Context, id string) (sb.Source, sb.OperationDatabase, error) {
	s, err := w.Source(ctx, id)
	if err != nil {
		return s, nil, err
	}
	db, err := w.open()
	return s, db, err
}

// intake is one replica's.
func (w *world) intake() *intake.Intake {
	log := logrus.New()
	log.SetOutput(io.Discard)
	o := intake.Options{Pages: "https://here.example/", Log: logrus.NewEntry(log), Pace: quick}
	w.changed(&o)
	return intake.New(counting{w.Store, &w.reads}, w.life, w.people, w, o)
}

// watching is a replica that watches.
type watching struct {
	cancel context.CancelFunc
	ended  chan error
	gone   bool
}

// watch starts a replica.
func (w *world) watch() *watching {
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.t.Context()))
	r := &watching{cancel: cancel, ended: make(chan error, 1)}
	i := w.intake()
	go func() {
		var err error
		r.gone, err = i.Watch(ctx, w.source.ID)
		r.ended <- err
		close(r.ended)
	}()
	w.t.Cleanup(func() {
		cancel()
		<-r.ended
	})
	return r
}

// stop ends a replica and waits for its end.
func (r *watching) stop() {
	r.cancel()
	<-r.ended
}

// until waits for something to be so.
func (w *world) until(what string, is func() bool) {
	w.t.Helper()
	require.Eventually(w.t, is, 20*time.Second, 5*time.Millisecond, what)
}

// change changes the source.
func (w *world) change(f func(*sb.Source)) {
	w.t.Helper()
	_, err := w.ChangeSource(w.t.Context(), w.source.ID, nil, func(s sb.Source) (sb.Source, error) {
		f(&s)
		return s, nil
	})
	require.NoError(w.t, err)
}

// runsOf reads all runs of an operator, oldest first.
func (w *world) runsOf(operator string) []sb.Run {
	w.t.Helper()
	page, err := w.Store.Runs(w.t.Context(), sb.RunQuery{Viewer: sb.Viewer{Principal: w.Admin, Others: true}, Operator: operator, Sort: sb.SortOldest, Limit: sb.MaxLimit})
	require.NoError(w.t, err)
	return page.Items
}

// only waits for the only run of an operator.
func (w *world) only(operator string) sb.Run {
	w.t.Helper()
	w.until("a run of "+operator, func() bool { return len(w.runsOf(operator)) == 1 })
	return w.Get(w.t, w.runsOf(operator)[0].ID)
}

// begin brings a run to where its work goes on.
func (w *world) begin(id string) sb.Process {
	w.t.Helper()
	w.AdmitAll(w.t)
	run := w.Get(w.t, id)
	require.NoError(w.t, w.Work.Dispatched(w.t.Context(), run.Ref(), run.Ref().Name(), ""))
	p := runstest.Main(run)
	_, err := w.Work.Claim(w.t.Context(), w.Builtin.ID, w.ClaimOf(p))
	require.NoError(w.t, err)
	require.NoError(w.t, w.Work.Start(w.t.Context(), p, "", ""))
	return p
}

// finish ends a run's work well, or with an error.
func (w *world) finish(p sb.Process, result, failure, stack string) {
	w.t.Helper()
	if failure == "" {
		require.NoError(w.t, w.Work.Complete(w.t.Context(), p, []byte(result), nil))
	} else {
		require.NoError(w.t, w.Work.Fail(w.t.Context(), p, failure, stack))
	}
	require.NoError(w.t, w.Work.EndWork(w.t.Context(), p.AttemptRef, runstest.Exit(0)))
}

// work does the work of every run that comes, until the test ends.
func (w *world) work(done map[string]bool) {
	for _, run := range w.runsOf("") {
		if !run.Status.Terminal() && !done[run.ID] {
			done[run.ID] = true
			w.finish(w.begin(run.ID), `{"by":"signalbox"}`, "", "")
		}
	}
}
