package queue_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/queue"
	"signalbox/controlplane/runs/runstest"
)

func TestRunsForTargetsThatStartNothingWaitAndOthersPass(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	prod, err := w.CreateOrchestrator(t.Context(), sb.Orchestrator{
		Name: "prod", Kind: sb.Airflow, Enabled: true, Quota: 1,
		Routes: []sb.Route{{Operators: []string{runstest.Hello}, Target: sb.Target{DAG: "paused"}}, {Operators: []string{"*"}, Target: sb.Target{DAG: "etl"}}},
	}, nil)
	require.NoError(t, err)
	seen, err := w.TakeWatch(t.Context(), prod.ID)
	require.NoError(t, err)
	seen.Blocked = map[string]string{"dag paused": "the DAG is paused in Airflow"}
	require.NoError(t, w.KeepWatch(t.Context(), seen))
	there := func(d *sb.Draft) { d.Orchestrator = "prod" }
	blocked, other := w.Schedule(t, there), w.Schedule(t, there, runstest.Of(runstest.Once))
	q := replica(w, w.Store, &counts{})
	q.AdmitAll(t.Context())
	require.Equal(t, []bool{false, true}, admitted(t, w, blocked, other))

	says := func(id string) sb.Wait {
		wait, err := q.Wait(t.Context(), w.Get(t, id))
		require.NoError(t, err)
		return wait
	}
	wait := says(blocked.ID)
	require.Equal(t, queue.HoldsTarget, wait.Holds)
	require.Equal(t, "prod says: the DAG is paused in Airflow. The run waits; others pass it.", wait.Summary)
	require.Equal(t, "It has a slot on prod, DAG etl. It is being sent there.", says(other.ID).Summary)
	_, err = w.Change(t.Context(), other.ID, func(r sb.Run) (sb.Run, []sb.Event, error) {
		r, _, err := r.Apply(sb.Submitting{At: w.Clock.Now(), Attempt: 1, Name: "n"})
		require.NoError(t, err)
		return r.Apply(sb.Observed{At: w.Clock.Now(), Attempt: 1, Seen: sb.Seen{Sight: sb.SeenWaiting, Word: "queued"}})
	})
	require.NoError(t, err)
	require.Equal(t, "It has a slot on prod, DAG etl. It is queued there.", says(other.ID).Summary)
	change := func(id string, c sb.Change) {
		_, err := w.Change(t.Context(), id, func(r sb.Run) (sb.Run, []sb.Event, error) { return r.Apply(c) })
		require.NoError(t, err)
	}
	change(other.ID, sb.Unasked{At: w.Clock.Now(), Since: w.Clock.Now()})
	require.Equal(t, "It has a slot on prod, DAG etl. It cannot be seen there now; it was last seen queued.", says(other.ID).Summary)
	change(other.ID, sb.Observed{At: w.Clock.Now(), Attempt: 1, Seen: sb.Seen{Sight: sb.SeenFailed, Word: "failed"}})
	require.Equal(t, "It has a slot on prod, DAG etl. It is over there (failed), and its end is about to be recorded.", says(other.ID).Summary)

	seen.Blocked = nil
	require.NoError(t, w.KeepWatch(t.Context(), seen))
	_, err = w.UpdateOrchestrator(t.Context(), prod.ID, func(o sb.Orchestrator) (sb.Orchestrator, error) {
		o.Quota = 2
		return o, nil
	})
	require.NoError(t, err)
	q.AdmitAll(t.Context())
	require.Equal(t, []bool{true}, admitted(t, w, blocked))
}
