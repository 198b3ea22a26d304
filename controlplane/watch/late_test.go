package watch_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/watch"
)

func TestWhatArrivesTooLateIsEndedThere(t *testing.T) {
	t.Parallel()
	w := setup(t)
	run := w.queued()
	w.there.Coming(func(until time.Time) {
		require.False(t, until.IsZero())
		require.Less(t, time.Until(until), sb.GoneFor, "else it counted as deleted while it is on its way")
		_, err := w.Life.Stop(t.Context(), w.Ann, run.ID)
		require.NoError(t, err)
		w.look(time.Second)
		w.look(sb.GoneFor)
		w.requireState(run.ID, sb.Failed, sb.WorkEnded, false)
	})
	ended, err := w.bridge.Submit(t.Context(), run.Ref())
	require.NoError(t, err)
	require.True(t, ended)
	require.Equal(t, 1, w.there.Calls("Stop"))
	w.look(time.Second)
	w.requireState(run.ID, sb.Failed, sb.WorkEnded, false)
	ledger, err := w.bridge.Ledger(t.Context(), w.place)
	require.NoError(t, err)
	require.Empty(t, ledger.Orphans, "it does not go on there")
}

// forgetful is a life that cannot keep what an orchestrator knows of an outcome.
type forgetful struct{ watch.Life }

func (f forgetful) EndSeen(ctx context.Context, by sb.WatchRef, ref sb.AttemptRef, found *sb.Outcome) error {
	if found != nil {
		return sb.Errorf(sb.Invalid, "the keyset does not open it")
	}
	return f.Life.EndSeen(ctx, by, ref, nil)
}

func (forgetful) FoundLate(context.Context, sb.WatchRef, sb.AttemptRef, sb.Outcome) error {
	return sb.Errorf(sb.Invalid, "the keyset does not open it")
}

func TestAnOutcomeThatCannotBeKeptHoldsUpNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.live(forgetful{w.Work})
	var runs []sb.Run
	for range 2 {
		run := w.settled()
		w.there.Write(run.Work.Ref, "a", "log\n")
		runs = append(runs, run)
	}
	w.look(time.Second)
	require.NoError(t, w.looker.Collect(t.Context()))
	for _, run := range runs {
		w.requireState(run.ID, sb.Completed, sb.WorkEnded, false)
	}
	due, err := w.LogsDue(t.Context(), w.place.ID, sb.AttemptRef{}, 9)
	require.NoError(t, err)
	require.Empty(t, due, "their logs are there")
}
