package watch_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/runs/runstest"
)

// keepLooking looks again and again for a time, as seldom as an orchestrator is looked at that does not answer.
func (w *world) keepLooking(most time.Duration) {
	w.t.Helper()
	for ; most > 0; most -= time.Minute {
		w.look(min(most, time.Minute))
	}
}

func TestAnOrchestratorThatCannotBeAsked(t *testing.T) {
	t.Parallel()
	w := setup(t)
	run := w.sent()
	w.set(run, sb.SeenActive, "running")
	w.look(time.Second)
	p := runstest.Main(run)
	claim := sb.Claim{Process: p, Nonce: "n"}
	_, err := w.Work.Claim(t.Context(), w.place.ID, claim)
	require.NoError(t, err)
	require.NoError(t, w.Work.Complete(t.Context(), p, json.RawMessage(`7`), nil))
	w.there.Away(sb.Errorf(sb.Unavailable, "no answer"))
	w.look(time.Second)
	w.requireState(run.ID, sb.Running, sb.WorkActive, true)
	w.look(sb.UnknownAfter)
	w.requireState(run.ID, sb.Running, sb.WorkUnknown, true)
	w.keepLooking(sb.UnaskedFor - sb.UnknownAfter - time.Second)
	w.requireState(run.ID, sb.Running, sb.WorkUnknown, true)
	w.look(time.Second)
	done := w.requireState(run.ID, sb.Completed, sb.WorkUnknown, true)
	require.JSONEq(t, `7`, string(done.Result))
	w.there.Away(nil)
	w.look(time.Minute)
	w.requireState(run.ID, sb.Completed, sb.WorkActive, true)
	w.set(run, sb.SeenFailed, "failed")
	w.look(time.Minute)
	w.requireState(run.ID, sb.Completed, sb.WorkEnded, false)
}

func TestAnOutageOfOursIsNoSilenceOfTheirs(t *testing.T) {
	t.Parallel()
	w := setup(t)
	run := w.sent()
	w.set(run, sb.SeenActive, "running")
	w.look(time.Second)
	w.there.Away(sb.Errorf(sb.Unavailable, "no answer"))
	w.look(time.Second)
	w.look(time.Hour) // nobody was there to look
	w.requireState(run.ID, sb.Running, sb.WorkActive, true)
	ledger, err := w.bridge.Ledger(t.Context(), w.place)
	require.NoError(t, err)
	require.Equal(t, 1, ledger.Failures)
	require.Equal(t, w.Clock.Now(), *ledger.FailingSince)
	w.look(sb.UnknownAfter)
	w.requireState(run.ID, sb.Running, sb.WorkUnknown, true)
}

func TestWhenOurDatabaseIsAwayNothingIsSaidOfTheOrchestrator(t *testing.T) {
	t.Parallel()
	w := setup(t)
	run := w.sent()
	w.set(run, sb.SeenActive, "running")
	w.look(time.Second)
	w.unread = sb.Errorf(sb.Unavailable, "the database is away")
	require.Equal(t, sb.Unavailable, sb.CodeOf(w.looker.Round(t.Context())))
	w.unread = nil
	ledger, err := w.bridge.Ledger(t.Context(), w.place)
	require.NoError(t, err)
	require.Zero(t, ledger.Failures)
	require.Empty(t, ledger.Trouble)
}
