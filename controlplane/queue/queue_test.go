package queue_test

import (
	"context"
	"errors"
	"flag"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	sb "signalbox"
	"signalbox/controlplane/access"
	"signalbox/controlplane/queue"
	"signalbox/controlplane/runs/runstest"
)

func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "20"); err != nil { // the command line may ask for more
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// counts are the metrics of a queue.
type counts struct {
	mu                 sync.Mutex
	admitted, rejected int
	longest            time.Duration
}

func (c *counts) Admitted(_ string, waited time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.admitted++
	c.longest = max(c.longest, waited)
}

func (c *counts) Rejected(string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rejected++
}

// rejections reads the counter.
func (c *counts) rejections() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rejected
}

// replica is one queue on a world's database.
func replica(w *runstest.World, store queue.Store, c *counts) *queue.Queue {
	log := logrus.New()
	log.SetOutput(io.Discard)
	return queue.New(store, w, access.Check, c, logrus.NewEntry(log))
}

func admitted(t *testing.T, w *runstest.World, runs ...sb.Run) []bool {
	t.Helper()
	list := make([]bool, 0, len(runs))
	for _, r := range runs {
		list = append(list, w.Get(t, r.ID).Status == sb.Queued)
	}
	return list
}

func quota(t require.TestingT, w *runstest.World, n int) {
	w.Orchestrate(t, func(o *sb.Orchestrator) { o.Quota = n })
}

func TestAdmissionTakesByPriorityThenTime(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	quota(t, w, 3)
	q := replica(w, w.Store, &counts{})
	a, b, c, d := w.Schedule(t), w.Schedule(t), w.Schedule(t, runstest.Urgent(2)), w.Schedule(t, runstest.Urgent(-1))
	positions, err := q.Positions(t.Context(), []sb.Run{a, b, c, d})
	require.NoError(t, err)
	require.Equal(t, map[string]int64{c.ID: 1, a.ID: 2, b.ID: 3, d.ID: 4}, positions)
	q.AdmitAll(t.Context())
	require.Equal(t, []bool{true, true, true, false}, admitted(t, w, a, b, c, d))
	e := w.Schedule(t, runstest.Urgent(10))
	q.AdmitAll(t.Context())
	require.Equal(t, []bool{false, false}, admitted(t, w, d, e), "the quota is held")
	_, err = w.Life.Mark(t.Context(), w.Ann, a.ID)
	require.NoError(t, err)
	q.AdmitAll(t.Context())
	require.Equal(t, []bool{false, true}, admitted(t, w, d, e), "the first in the queue gets the slot")
	positions, err = q.Positions(t.Context(), []sb.Run{w.Get(t, a.ID), w.Get(t, e.ID)})
	require.NoError(t, err)
	require.Empty(t, positions)
}

func TestMoreThanOneTransactionOfRunsIsAdmitted(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	quota(t, w, 130)
	c := &counts{}
	for range 140 {
		w.Schedule(t)
	}
	w.Clock.Pass(time.Second)
	replica(w, w.Store, c).AdmitAll(t.Context())
	held, err := w.Held(t.Context(), "", 200)
	require.NoError(t, err)
	require.Len(t, held, 130)
	require.Equal(t, 130, c.admitted)
	require.InDelta(t, 1.139, c.longest.Seconds(), 0.001)
}

func TestWhoCannotStartIsPassed(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	q := replica(w, w.Store, &counts{})
	w.Orchestrate(t, func(o *sb.Orchestrator) {
		o.Routes = append([]sb.Route{{Operators: []string{runstest.Once}, Target: sb.Target{Pool: "gpu"}}}, o.Routes...)
	})
	gpu, plain := w.Schedule(t, runstest.Of(runstest.Once)), w.Schedule(t)
	q.AdmitAll(t.Context())
	require.Equal(t, []bool{false, true}, admitted(t, w, gpu, plain), "a pool without a worker")
	w.Orchestrate(t, func(o *sb.Orchestrator) { o.Routes = o.Routes[1:] })
	q.AdmitAll(t.Context())
	require.Equal(t, []bool{false}, admitted(t, w, gpu), "also when no route leads there any more")
	see := func(draining bool) {
		_, err := w.Work.Workers(t.Context(), w.Builtin.ID, sb.Worker{Name: "gpu", Incarnation: "i", Pool: "gpu", Draining: draining})
		require.NoError(t, err)
		q.AdmitAll(t.Context())
	}
	see(true)
	require.Equal(t, []bool{false}, admitted(t, w, gpu), "a worker that drains")
	see(false)
	require.Equal(t, []bool{true}, admitted(t, w, gpu))

	w.Clock.Pass(61 * time.Second)
	silent := w.Schedule(t)
	q.AdmitAll(t.Context())
	require.Equal(t, []bool{false}, admitted(t, w, silent), "no word for a minute")
	w.SeeWorkerNow(t)
	w.Orchestrate(t, func(o *sb.Orchestrator) { o.Enabled = false })
	q.AdmitAll(t.Context())
	require.Equal(t, []bool{false}, admitted(t, w, silent), "a disabled orchestrator")
	admission, err := w.Admit(t.Context(), w.Builtin.ID, sb.Targets{}, func(c sb.Candidate) sb.Change { return sb.Admit{At: c.Now} })
	require.NoError(t, err)
	require.Empty(t, admission.Admitted, "also one that was disabled a moment ago")
	w.Orchestrate(t, func(o *sb.Orchestrator) { o.Enabled = true })
	q.AdmitAll(t.Context())
	require.Equal(t, []bool{true}, admitted(t, w, silent))
}

func TestRightsAreAskedAgainAtAdmission(t *testing.T) {
	t.Parallel()
	no, admin := false, sb.Admin
	for name, c := range map[string]struct {
		change func(*testing.T, *runstest.World)
		says   string
	}{
		"the operator was disabled": {func(t *testing.T, w *runstest.World) {
			_, err := w.SetOperator(t.Context(), w.Plugin.ID, "hello", sb.OperatorPatch{Enabled: &no})
			require.NoError(t, err)
		}, "operator @acme/tools/hello is disabled"},
		"the plugin was disabled": {func(t *testing.T, w *runstest.World) {
			_, err := w.EnablePlugin(t.Context(), w.Plugin.ID, false)
			require.NoError(t, err)
		}, "plugin @acme/tools is disabled"},
		"the operator needs a higher role": {func(t *testing.T, w *runstest.World) {
			_, err := w.SetOperator(t.Context(), w.Plugin.ID, "hello", sb.OperatorPatch{MinimumRole: &admin})
			require.NoError(t, err)
		}, "needs the role admin"},
		"the submitter is gone": {func(t *testing.T, w *runstest.World) {
			require.NoError(t, w.DeletePrincipal(t.Context(), w.Ann.ID))
		}, "no role"},
		"the submitter became a guest": {func(t *testing.T, w *runstest.World) {
			_, err := w.UpdatePrincipal(t.Context(), w.Ann.ID, func(p sb.Principal) (sb.Principal, error) {
				p.Role = sb.Guest
				return p, nil
			})
			require.NoError(t, err)
		}, "needs the role member"},
		"the dataset was deleted": {func(t *testing.T, w *runstest.World) {
			require.NoError(t, w.DeleteDataset(t.Context(), w.Cats.ID, w.Admin.Who(), func(sb.Facts) error { return nil }))
		}, "dataset"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := runstest.New(t)
			quota(t, w, 1)
			counted := &counts{}
			q := replica(w, w.Store, counted)
			first := w.Schedule(t)
			w.Clock.Pass(time.Millisecond)
			other, err := w.Life.Schedule(t.Context(), w.Admin, sb.Draft{Operator: runstest.Once})
			require.NoError(t, err)
			c.change(t, w)
			q.AdmitAll(t.Context())
			run := w.Get(t, first.ID)
			require.Equal(t, []any{sb.Failed, 0, false}, []any{run.Status, run.Attempt, run.Slot})
			require.Equal(t, sb.FailRejected, run.Failure.Kind)
			require.Contains(t, run.Failure.Message, c.says)
			gone := name == "the plugin was disabled" // for the next too
			require.Equal(t, map[bool]int{false: 1, true: 2}[gone], counted.rejections())
			require.Equal(t, !gone, w.Get(t, other.ID).Status == sb.Queued, "the slot goes to the next")
		})
	}
}

func TestACommitWakesTheQueue(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	quota(t, w, 1)
	ctx, end := context.WithCancel(t.Context())
	notes := w.Notes(t.Context())
	ran := make(chan error)
	go func() { ran <- replica(w, w.Store, &counts{}).Run(ctx) }()
	first := w.Schedule(t)
	dispatched := func(id string) time.Duration {
		begin := time.Now()
		for n := range notes {
			if n == (sb.Note{Topic: sb.TopicDispatch, ID: id}) {
				break
			}
		}
		return time.Since(begin)
	}
	dispatched(first.ID) // from here on the queue listens
	for range 3 {
		next := w.Schedule(t)
		_, err := w.Life.Mark(t.Context(), w.Ann, first.ID)
		require.NoError(t, err)
		require.Less(t, dispatched(next.ID), 500*time.Millisecond, "not only by the tick")
		first = next
	}
	end()
	require.NoError(t, <-ran)
}

func TestADeletionWakesWhoRejects(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	ctx, end := context.WithCancel(t.Context())
	notes := w.Notes(t.Context())
	ran := make(chan error)
	go func() { ran <- queue.NewRejecting(w.Store, w.Store, logrus.NewEntry(logrus.New())).Run(ctx) }()
	for _, d := range []sb.Dataset{w.Cats, w.Secret} { // after the first it listens
		run := w.Schedule(t, func(r *sb.Draft) { r.Dataset = d.ID })
		require.NoError(t, w.DeleteDataset(t.Context(), d.ID, w.Ann.Who(), func(sb.Facts) error { return nil }))
		begin := time.Now()
		for n := range notes {
			if n == (sb.Note{Topic: sb.TopicEnded, ID: run.ID}) {
				break
			}
		}
		require.Less(t, time.Since(begin), 5*time.Second, "not only by the tick")
		require.Equal(t, sb.FailRejected, w.Get(t, run.ID).Failure.Kind)
	}
	end()
	require.NoError(t, <-ran)
}

// broken is a store whose reads of one kind fail.
type broken struct {
	*runstest.World
	pools, admit error
}

func (b broken) Pools(ctx context.Context, id string) (map[string]time.Time, error) {
	if b.pools != nil {
		return nil, b.pools
	}
	return b.World.Pools(ctx, id)
}

func (b broken) Admit(ctx context.Context, id string, targets sb.Targets, judge func(sb.Candidate) sb.Change) (sb.Admission, error) {
	if b.admit != nil {
		return sb.Admission{}, b.admit
	}
	return b.World.Admit(ctx, id, targets, judge)
}

func TestAdmissionGoesOnAfterAFault(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	run := w.Schedule(t)
	for _, b := range []broken{{World: w, pools: errors.New("away")}, {World: w, admit: errors.New("away")}} {
		replica(w, b, &counts{}).AdmitAll(t.Context())
		require.Equal(t, sb.Scheduled, w.Get(t, run.ID).Status)
	}
	replica(w, broken{World: w}, &counts{}).AdmitAll(t.Context())
	require.Equal(t, sb.Queued, w.Get(t, run.ID).Status)
}

func TestARunKeepsTheRevisionItIsPinnedTo(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	q := replica(w, w.Store, &counts{})
	run := w.Schedule(t)
	_, _, err := w.Store.Install(t.Context(), sb.Upload{
		Manifest: sb.Manifest{Name: "@acme/tools", Version: "9", Operators: []string{"once"}, Commands: map[string]sb.Command{"once": {Command: []string{"true"}}}},
		SHA256:   "9", Size: 10, By: w.Admin.Who(), Overwrite: true,
	})
	require.NoError(t, err)
	q.AdmitAll(t.Context())
	require.Equal(t, sb.Queued, w.Get(t, run.ID).Status, "the upgrade took the operator away, not the run")
}
