package queue_test

import (
	"crypto/rand"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	sb "signalbox"
	"signalbox/controlplane/queue"
	"signalbox/controlplane/runs"
	"signalbox/controlplane/runs/runstest"
)

const (
	fence    = time.Minute
	replicas = 3
)

// TestTheQuotaHoldsWhateverHappens lets several replicas do random things at the same time, with workers that vanish:
// the quota is never exceeded, a slot belongs to work that has not ended, and none is left over.
func TestTheQuotaHoldsWhateverHappens(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	rapid.Check(t, func(rt *rapid.T) {
		g := newGame(t, rt, w)
		for range rapid.IntRange(5, 20).Draw(rt, "rounds") {
			g.round(rt)
			g.look(rt)
		}
		g.finish(rt)
	})
}

// game is one random sequence.
type game struct {
	*runstest.World
	t      *testing.T
	quota  int
	queues []*queue.Queue
	works  []*runs.Work
	sweep  *runs.Sweep
	up     time.Time

	mu          sync.Mutex
	incarnation string
	last        map[string]sb.Run
	faults      []error
}

func newGame(t *testing.T, rt *rapid.T, w *runstest.World) *game {
	log := logrus.New()
	log.SetOutput(io.Discard)
	g := &game{
		World: w, t: t, quota: rapid.IntRange(1, 3).Draw(rt, "quota"), last: map[string]sb.Run{}, up: w.Clock.Now(),
		sweep: runs.NewSweep(w.Store, fence, logrus.NewEntry(log)),
	}
	for range replicas {
		g.queues = append(g.queues, replica(w, w.Store, &counts{}))
		g.works = append(g.works, runs.NewWork(w.Store, runstest.Archives{Store: w.Store}, runstest.Tokens{}, w.Secrets, w.Blobs))
	}
	quota(rt, w, g.quota)
	g.restart(0, 0)
	return g
}

// round lets some things happen at the same time.
func (g *game) round(rt *rapid.T) {
	acts := []func(pick, replica int){
		g.schedule, g.admit, g.admit, g.send, g.take, g.begin, g.report, g.end, g.mark, g.stop, g.settle, g.lose, g.restart,
	}
	var all sync.WaitGroup
	for i, act := range rapid.SliceOfN(rapid.IntRange(0, len(acts)-1), 1, 8).Draw(rt, "acts") {
		pick := rapid.IntRange(0, 999).Draw(rt, "pick")
		all.Go(func() { acts[act](pick, i%replicas) })
	}
	all.Wait()
}

// fine takes note of an error that should not be.
func (g *game) fine(err error) {
	if code := sb.CodeOf(err); code == "" || code == sb.Conflict || code == sb.RunOver {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.faults = append(g.faults, err)
}

// any picks a run; false when there is none.
func (g *game) any(pick int) (sb.Run, bool) {
	g.mu.Lock()
	ids := make([]string, 0, len(g.last))
	for id, run := range g.last {
		if run.Open() {
			ids = append(ids, id)
		}
	}
	g.mu.Unlock()
	if len(ids) == 0 {
		return sb.Run{}, false
	}
	run, err := g.Run(g.t.Context(), ids[pick%len(ids)])
	g.fine(err)
	return run, err == nil
}

// on does something to a run, if there is one.
func (g *game) on(pick int, do func(run sb.Run) error) {
	if run, ok := g.any(pick); ok {
		g.fine(do(run))
	}
}

func (g *game) schedule(pick, _ int) {
	operator := []string{runstest.Hello, runstest.Once}[pick%2]
	run, err := g.Life.Schedule(g.t.Context(), g.Ann, sb.Draft{Operator: operator, Dataset: "cats", Priority: pick % 5})
	g.fine(err)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.last[run.ID] = run
}

func (g *game) admit(_, replica int) { g.queues[replica].AdmitAll(g.t.Context()) }

func (g *game) send(pick, replica int) {
	g.on(pick, func(run sb.Run) error { return g.works[replica].Dispatched(g.t.Context(), run.Ref(), "x", "") })
}

func (g *game) take(pick, replica int) {
	g.mu.Lock()
	incarnation := g.incarnation
	g.mu.Unlock()
	g.on(pick, func(run sb.Run) error {
		c := g.ClaimOf(runstest.Main(run))
		c.Incarnation, c.Nonce = incarnation, fmt.Sprint(replica)
		_, err := g.works[replica].Claim(g.t.Context(), g.Builtin.ID, c)
		return err
	})
}

func (g *game) begin(pick, replica int) {
	g.take(pick, replica)
	g.on(pick, func(run sb.Run) error { return g.works[replica].Start(g.t.Context(), runstest.Main(run), "", "") })
}

func (g *game) report(pick, replica int) {
	g.on(pick, func(run sb.Run) error {
		p := runstest.Main(run)
		p.Attempt -= pick % 2
		if pick%3 == 0 {
			return g.works[replica].Fail(g.t.Context(), p, "boom", "")
		}
		_, err := g.works[replica].Heartbeat(g.t.Context(), p)
		g.fine(err)
		return g.works[replica].Complete(g.t.Context(), p, []byte(`1`), nil)
	})
}

func (g *game) end(pick, replica int) {
	g.on(pick, func(run sb.Run) error {
		p := runstest.Main(run)
		p.Attempt -= pick % 3 / 2
		return g.works[replica].End(g.t.Context(), p, runstest.Exit(pick%2))
	})
}

func (g *game) mark(pick, _ int) {
	g.on(pick, func(run sb.Run) error { _, err := g.Life.Mark(g.t.Context(), g.Ann, run.ID); return err })
}

func (g *game) stop(pick, _ int) {
	g.on(pick, func(run sb.Run) error { _, err := g.Life.Stop(g.t.Context(), g.Ann, run.ID); return err })
}

func (g *game) settle(pick, replica int) {
	g.on(pick, func(run sb.Run) error {
		_, err := g.works[replica].Settle(g.t.Context(), run.Ref(), pick%2 == 0, sb.End{HandedBack: true})
		return err
	})
}

// lose has all workers vanish for longer than the fence.
func (g *game) lose(int, int) {
	g.Clock.Pass(fence + time.Second)
	g.fine(g.sweep.Once(g.t.Context(), g.Clock.Now(), g.up))
	g.restart(0, 0)
}

// restart ends the worker and begins a new one.
func (g *game) restart(int, int) {
	g.mu.Lock()
	g.incarnation = rand.Text() // the world outlives the game, and remembers
	incarnation := g.incarnation
	g.mu.Unlock()
	_, err := g.Work.Workers(g.t.Context(), g.Builtin.ID, sb.Worker{Name: runstest.WorkerName, Incarnation: incarnation, Pool: sb.DefaultPool})
	g.fine(err)
}

// look holds everything to what must always be true.
func (g *game) look(t *rapid.T) {
	require.Empty(t, g.faults)
	held := 0
	for id, before := range g.last {
		run := g.Get(t, id)
		g.last[id] = run
		if run.Slot {
			held++
		}
		require.Equal(t, run.Status == sb.Queued || run.Status == sb.Running || run.WorkGoesOn(), run.Slot, "a slot belongs to work that has not ended: %+v", run)
		require.GreaterOrEqual(t, run.Attempt, before.Attempt)
		require.False(t, before.Status.Terminal() && run.Status != before.Status, "an end is final")
	}
	require.LessOrEqual(t, held, g.quota)
}

// finish has everybody give up, and looks for slots that are left over.
func (g *game) finish(t *rapid.T) {
	for round := 0; ; round++ {
		require.Less(t, round, 10, "work that does not end")
		g.lose(0, 0)
		open := 0
		for id := range g.last {
			if run := g.Get(t, id); run.Open() {
				open++
				_, err := g.Life.Mark(g.t.Context(), g.Ann, id)
				g.fine(err)
				_, err = g.Work.Settle(g.t.Context(), run.Ref(), true, sb.End{HandedBack: true})
				g.fine(err)
			}
		}
		if open == 0 {
			break
		}
	}
	g.look(t)
	for range g.quota + 1 {
		g.schedule(0, 0)
	}
	g.admit(0, 0)
	slots, err := g.Held(g.t.Context(), "", 10)
	require.NoError(t, err)
	require.Len(t, slots, g.quota, "every slot can be used again")
	for id := range g.last {
		if g.Get(t, id).Open() {
			_, err := g.Life.Mark(g.t.Context(), g.Ann, id)
			require.NoError(t, err)
		}
	}
}
