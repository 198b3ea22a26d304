package queue_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/queue"
	"signalbox/controlplane/runs/runstest"
)

func TestWhyARunWaits(t *testing.T) {
	t.Parallel()
	waiting := func(t *testing.T, w *runstest.World) sb.Run { return w.Schedule(t) }
	for name, c := range map[string]struct {
		put      func(*testing.T, *runstest.World) sb.Run
		holds    string
		position int64
		says     string
	}{
		"a free slot": {waiting, queue.HoldsTurn, 1, "builtin has free slots (0 of 8 held). It is the next."},
		"all slots held": {func(t *testing.T, w *runstest.World) sb.Run {
			quota(t, w, 1)
			w.Queued(t)
			w.Schedule(t)
			return w.Schedule(t)
		}, queue.HoldsQuota, 2, "All slots of builtin are held (1 of 1). 1 is ahead of it."},
		"a quota of 0": {func(t *testing.T, w *runstest.World) sb.Run {
			quota(t, w, 0)
			return w.Schedule(t)
		}, queue.HoldsQuota, 1, "The quota of builtin is 0: nothing starts there until an admin raises it."},
		"a disabled orchestrator": {func(t *testing.T, w *runstest.World) sb.Run {
			run := w.Schedule(t)
			w.Orchestrate(t, func(o *sb.Orchestrator) { o.Enabled = false })
			return run
		}, queue.HoldsDisabled, 1, "Orchestrator builtin is disabled; an admin can enable it."},
		"no worker": {func(t *testing.T, w *runstest.World) sb.Run {
			w.Clock.Pass(61 * time.Second)
			return w.Schedule(t)
		}, queue.HoldsNoWorker, 1, "No worker of pool default of builtin takes work now. It goes on with the next: `signalbox worker` starts one, `signalbox dev` brings its own."},
		"a retry": {func(t *testing.T, w *runstest.World) sb.Run {
			run, p := w.Running(t)
			require.NoError(t, w.Work.End(t.Context(), p, runstest.Exit(1)))
			w.Clock.Pass(4 * time.Second)
			return w.Get(t, run.ID)
		}, queue.HoldsRetry, 1, "It is tried again in 6s."},
		"queued": {func(t *testing.T, w *runstest.World) sb.Run {
			return w.Queued(t)
		}, queue.HoldsResources, 0, "It has a slot on builtin and starts as soon as a worker of pool default has room."},
		"queued, without a worker": {func(t *testing.T, w *runstest.World) sb.Run {
			run := w.Queued(t)
			w.Clock.Pass(time.Hour)
			return run
		}, queue.HoldsNoWorker, 0, "It has a slot on builtin, but no worker serves pool default now."},
		"running": {func(t *testing.T, w *runstest.World) sb.Run {
			run, _ := w.Running(t)
			return run
		}, "", 0, "It does not wait: it is running."},
		"slots held, with past runs to go by": {func(t *testing.T, w *runstest.World) sb.Run {
			quota(t, w, 1)
			for i := range 5 {
				_, p := w.Running(t)
				w.Clock.Pass(time.Duration(i+1) * time.Second)
				require.NoError(t, w.Work.End(t.Context(), p, runstest.Exit(0)))
			}
			w.Queued(t)
			w.Schedule(t)
			return w.Schedule(t)
		}, queue.HoldsQuota, 2, "All slots of builtin are held (1 of 1). 1 is ahead of it. By past runs of this operator that takes about 6s."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := runstest.New(t)
			run := c.put(t, w)
			wait, err := replica(w, w.Store, &counts{}).Wait(t.Context(), run)
			require.NoError(t, err)
			require.Equal(t, c.holds, wait.Holds)
			require.Contains(t, wait.Summary, c.says)
			require.Equal(t, c.position, wait.Position)
			require.Equal(t, max(c.position-1, 0), wait.Ahead)
		})
	}
}

func TestWhatARunWouldWaitFor(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	quota(t, w, 1)
	for range 5 {
		_, p := w.Running(t)
		w.Clock.Pass(2 * time.Second)
		require.NoError(t, w.Work.End(t.Context(), p, runstest.Exit(0)))
	}
	held := w.Queued(t)
	w.Schedule(t)
	o := sb.Orchestrator{ID: held.OrchestratorID}
	wait, err := replica(w, w.Store, &counts{}).Outlook(t.Context(), held.Operator, o, held.Target)
	require.NoError(t, err)
	require.Equal(t, queue.HoldsQuota, wait.Holds)
	require.EqualValues(t, 1, wait.Ahead)
	require.Equal(t, 4*time.Second, wait.Estimate)
	require.Zero(t, wait.Since, "it was not scheduled")
}
