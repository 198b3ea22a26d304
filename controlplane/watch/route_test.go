package watch_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

// leadElsewhere takes the route away that runs were scheduled by.
func (w *world) leadElsewhere() {
	w.t.Helper()
	_, err := w.UpdateOrchestrator(w.t.Context(), w.place.ID, func(o sb.Orchestrator) (sb.Orchestrator, error) {
		o.Routes = []sb.Route{{Operators: []string{"*"}, Target: sb.Target{DAG: "another"}}}
		return o, nil
	})
	require.NoError(w.t, err)
}

func TestARunWhoseRouteIsGoneIsRejected(t *testing.T) {
	t.Parallel()
	w := setup(t)
	run := w.queued()
	w.leadElsewhere()
	ended, err := w.bridge.Submit(t.Context(), run.Ref())
	require.NoError(t, err)
	require.True(t, ended)
	run = w.requireState(run.ID, sb.Failed, sb.WorkEnded, false)
	require.Equal(t, sb.FailRejected, run.Failure.Kind)
	require.Equal(t, "no route of prod leads from "+run.Operator+" to DAG etl any more; schedule it again", run.Failure.Message)
	require.Empty(t, w.there.Names(), "nothing is sent without its inputs")
	require.Zero(t, w.there.Calls("Stop"), "nothing was there")
}

func TestARunWhoseRouteGoesBetweenTwoTries(t *testing.T) {
	t.Parallel()
	for name, seen := range map[string]bool{"it was seen there, and goes on": true, "it may be there, and is ended first": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			run := w.queued()
			w.there.LoseNext()
			_, err := w.bridge.Submit(t.Context(), run.Ref())
			require.Error(t, err)
			if seen {
				w.look(time.Second)
			}
			w.leadElsewhere()
			ended, err := w.bridge.Submit(t.Context(), run.Ref())
			require.NoError(t, err)
			require.Equal(t, !seen, ended)
			if seen {
				w.requireState(run.ID, sb.Queued, sb.WorkWaiting, true)
				return
			}
			w.requireState(run.ID, sb.Failed, sb.WorkEnded, false)
			require.Equal(t, 1, w.there.Calls("Stop"))
		})
	}
}
