package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

var workTests = map[string]func(*testing.T, Fresh){
	"a claim is kept once for each process":               claims,
	"a heartbeat renews the lease":                        beats,
	"progress is kept while the run goes on":              progressKept,
	"a worker renews what it runs and hears what to stop": workerSeen,
	"a new incarnation finds orphans":                     incarnations,
	"a worker renews no lease that is not its own":        leaseOfNoWorker,
	"a stale attempt changes nothing":                     staleAttempt,
}

func claims(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	run := w.schedule(t)
	w.admit(t)
	claim := func(try int, nonce, orchestrator string) (bool, error) {
		c := sb.Claim{
			Process: sb.Process{AttemptRef: sb.AttemptRef{Run: run.ID, Attempt: 1}, Source: "task", Try: try},
			Nonce:   nonce, OrchestratorID: orchestrator, At: w.clock.now(),
		}
		_, replayed, err := w.Claim(t.Context(), c, applying(sb.Take{Claim: c}))
		return replayed, err
	}
	_, err := claim(1, "a", "elsewhere")
	requireCode(t, sb.NotFound, err)
	none := sb.Claim{Process: sb.Process{AttemptRef: sb.AttemptRef{Run: "none", Attempt: 1}}, OrchestratorID: w.builtin.ID}
	_, _, missing := w.Claim(t.Context(), none, applying(sb.Take{Claim: none}))
	require.Equal(t, strings.ReplaceAll(err.Error(), run.ID, "none"), missing.Error(), "a key tells nothing of other orchestrators' runs")
	replayed, err := claim(1, "a", w.builtin.ID)
	require.NoError(t, err)
	require.False(t, replayed)
	replayed, err = claim(1, "a", w.builtin.ID)
	require.NoError(t, err)
	require.True(t, replayed)
	_, err = claim(1, "b", w.builtin.ID)
	requireCode(t, sb.Conflict, err)
	replayed, err = claim(2, "c", w.builtin.ID)
	require.NoError(t, err)
	require.False(t, replayed)
	_, err = claim(1, "a", w.builtin.ID)
	requireCode(t, sb.Conflict, err)
	w.apply(t, run.ID, w.end(true))
	_, err = claim(3, "d", w.builtin.ID)
	requireCode(t, sb.Conflict, err)
	_, err = w.Pulse(t.Context(), sb.Process{AttemptRef: sb.AttemptRef{Run: run.ID, Attempt: 1}, Source: "task", Try: 3})
	requireCode(t, sb.NotFound, err)
}

func beats(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	run, p := w.running(t)
	w.clock.pass(5 * time.Second)
	pulse, err := w.Beat(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, sb.Pulse{Status: sb.Running, Attempt: 1, Work: sb.WorkActive, LatestTry: 1}, pulse)
	read, err := w.Run(t.Context(), run.ID)
	require.NoError(t, err)
	require.Equal(t, w.clock.now(), *read.Work.SeenAt)
	require.Equal(t, run.Version, read.Version)

	w.apply(t, run.ID, sb.Stop{At: w.clock.now(), By: w.ann.Who()})
	pulse, err = w.Beat(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, sb.FailStopped, pulse.Ending)

	ended := w.clock.now()
	w.apply(t, run.ID, w.end(true))
	w.clock.pass(5 * time.Second)
	pulse, err = w.Beat(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, sb.WorkEnded, pulse.Work)
	require.Equal(t, ended, *pulse.EndedAt)
	read, err = w.Run(t.Context(), run.ID)
	require.NoError(t, err)
	require.Less(t, *read.Work.SeenAt, w.clock.now())
	p.Try = 2
	_, err = w.Beat(t.Context(), p)
	requireCode(t, sb.NotFound, err)
}

func progressKept(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	run, p := w.running(t)
	kept, err := w.SetProgress(t.Context(), p, sb.Progress{Label: "half", UpdatedAt: w.clock.now()})
	require.NoError(t, err)
	require.True(t, kept)
	read, err := w.Run(t.Context(), run.ID)
	require.NoError(t, err)
	require.Equal(t, &sb.Progress{Label: "half", UpdatedAt: w.clock.now()}, read.Work.Progress)
	w.apply(t, run.ID, sb.MarkFailed{At: w.clock.now(), By: w.ann.Who()})
	kept, err = w.SetProgress(t.Context(), p, sb.Progress{Label: "more"})
	require.NoError(t, err)
	require.False(t, kept)
	p.Attempt = 2
	kept, err = w.SetProgress(t.Context(), p, sb.Progress{Label: "more"})
	require.NoError(t, err)
	require.False(t, kept)
}

func (w *world) see(t *testing.T, incarnation string, running ...sb.AttemptRef) (stop, orphans []sb.AttemptRef) {
	t.Helper()
	stop, orphans, err := w.SeeWorker(t.Context(), sb.Worker{
		OrchestratorID: w.builtin.ID, Name: "w1", Incarnation: incarnation, Pool: sb.DefaultPool, Concurrency: 2, Running: running,
		Warnings: []string{"its memory is not bounded"},
	})
	require.NoError(t, err)
	return stop, orphans
}

func workerSeen(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	a, _ := w.running(t)
	b, _ := w.running(t)
	c, _ := w.running(t)
	w.apply(t, b.ID, sb.Stop{At: w.clock.now(), By: w.ann.Who()})
	w.apply(t, c.ID, w.end(true))
	w.clock.pass(10 * time.Second)
	stop, orphans := w.see(t, "i1", a.Ref(), b.Ref(), c.Ref(), sb.AttemptRef{Run: "none", Attempt: 1})
	require.Equal(t, []sb.AttemptRef{b.Ref(), c.Ref(), {Run: "none", Attempt: 1}}, stop)
	require.Empty(t, orphans)
	for id, seen := range map[string]bool{a.ID: true, b.ID: true, c.ID: false} {
		run, err := w.Run(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, seen, run.Work.SeenAt.Equal(w.clock.now()))
	}
	list, err := w.Workers(t.Context(), w.builtin.ID)
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, w.clock.now(), list[0].SeenAt)
	require.Equal(t, []string{"its memory is not bounded"}, list[0].Warnings)
	require.Len(t, list[0].Running, 4)
	w.clock.pass(25 * time.Hour)
	list, err = w.Workers(t.Context(), w.builtin.ID)
	require.NoError(t, err)
	require.Empty(t, list)
}

func incarnations(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	w.see(t, "i1")
	a, _ := w.running(t)
	b, p := w.running(t)
	notes := w.Notes(t.Context())
	w.heard(t, notes, func() { w.see(t, "i1", a.Ref()) })
	w.clock.pass(10 * time.Second)
	stop, orphans := w.see(t, "i2", b.Ref())
	require.Equal(t, []sb.AttemptRef{b.Ref()}, stop)
	require.Empty(t, orphans, "who ends them has 15 s to say so")
	_, err := w.Beat(t.Context(), p)
	require.NoError(t, err)
	w.clock.pass(6 * time.Second)
	_, orphans = w.see(t, "i2")
	require.Equal(t, []sb.AttemptRef{a.Ref()}, orphans, "the other one gave a sign of life")
	w.clock.pass(10 * time.Second)
	_, orphans = w.see(t, "i2")
	require.ElementsMatch(t, []sb.AttemptRef{a.Ref(), b.Ref()}, orphans)
	w.apply(t, b.ID, w.end(true))
	stop, orphans = w.see(t, "i1", a.Ref(), b.Ref())
	require.Len(t, stop, 2, "a late word of the old incarnation")
	require.Empty(t, orphans)
	_, orphans = w.see(t, "i2")
	require.Equal(t, []sb.AttemptRef{a.Ref()}, orphans, "told until they have ended")
	w.see(t, "i3")
	for _, former := range []string{"i1", "i2"} {
		stop, orphans = w.see(t, former, a.Ref())
		require.Equal(t, []sb.AttemptRef{a.Ref()}, stop, "a late word of %s", former)
		require.Empty(t, orphans)
	}
	_, orphans = w.see(t, "i3")
	require.Equal(t, []sb.AttemptRef{a.Ref()}, orphans, "the name is still the latest one's")
}

func leaseOfNoWorker(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	run := w.schedule(t)
	w.admit(t)
	run, err := w.Run(t.Context(), run.ID)
	require.NoError(t, err)
	stop, _ := w.see(t, "i1", run.Ref())
	require.Empty(t, stop, "it may claim it yet")
	run, err = w.Run(t.Context(), run.ID)
	require.NoError(t, err)
	require.False(t, run.Work.Taken(), "naming it is no claim")
}

func staleAttempt(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	run, p := w.running(t, func(r *sb.Run) { r.RetriesLeft = 1 })
	w.apply(t, run.ID, w.end(false))
	w.clock.pass(time.Minute)
	require.Equal(t, []string{run.ID}, w.admit(t).Admitted)
	before, err := w.Run(t.Context(), run.ID)
	require.NoError(t, err)
	require.Equal(t, 2, before.Attempt)
	pulse, err := w.Beat(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, 2, pulse.Attempt)
	require.Equal(t, sb.WorkEnded, pulse.Work, "of its own attempt")
	kept, err := w.SetProgress(t.Context(), p, sb.Progress{Label: "x"})
	require.NoError(t, err)
	require.False(t, kept)
	for _, c := range []sb.Change{
		sb.Start{At: w.clock.now(), Attempt: 1},
		w.end(true),
		sb.Dispatch{At: w.clock.now(), Attempt: 1},
		sb.Report{Attempt: 1, Outcome: sb.Outcome{Completed: true, Hash: "h", Source: "main", At: w.clock.now()}},
	} {
		_, err := w.Change(t.Context(), run.ID, applying(c))
		requireCode(t, sb.Conflict, err)
	}
	after, err := w.Run(t.Context(), run.ID)
	require.NoError(t, err)
	require.Equal(t, before, after)
}
