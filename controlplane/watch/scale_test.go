package watch_test

import (
	"encoding/json"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/runs/runstest"
	"signalbox/controlplane/watch"
)

func TestManyEndsAtOnceAreTrueAtOnceAndToldLater(t *testing.T) {
	t.Parallel()
	w := setup(t)
	const many = 25
	_, err := w.UpdateOrchestrator(t.Context(), w.place.ID, func(o sb.Orchestrator) (sb.Orchestrator, error) {
		o.Quota = many
		return o, nil
	})
	require.NoError(t, err)
	var runs []sb.Run
	for range many {
		run := w.sent(runstest.Of(runstest.Once))
		w.set(run, sb.SeenSucceeded, "success")
		w.there.Return(run.Work.Ref, sb.Outcome{Completed: true, Result: json.RawMessage(`7`)})
		runs = append(runs, run)
	}
	failed := runs[0]
	w.set(failed, sb.SeenFailed, "failed")
	w.there.Return(failed.Work.Ref, sb.Outcome{Message: "ValueError"})
	w.look(time.Second)
	for _, run := range runs {
		require.True(t, w.Get(t, run.ID).Status.Terminal())
		require.False(t, w.Get(t, run.ID).Slot)
	}
	require.Less(t, w.there.Calls("Outcome"), many/2, "ends are not held up")
	require.NoError(t, w.looker.Collect(t.Context()))
	for _, run := range runs[1:] {
		require.JSONEq(t, `7`, string(w.Get(t, run.ID).Result))
	}
	require.Equal(t, &sb.Failure{Kind: sb.FailError, Message: "ValueError"}, w.Get(t, failed.ID).Failure)
	asked := w.there.Calls("Outcome")
	require.NoError(t, w.looker.Collect(t.Context()))
	require.Equal(t, asked, w.there.Calls("Outcome"), "once is enough")
}

func TestWhatWaitsForItsTurnToBeSentIsNotAskedFor(t *testing.T) {
	t.Parallel()
	w := setup(t)
	lost, waits := w.queued(), w.queued()
	for _, run := range []sb.Run{lost, waits} { // the one arrives and its answer is lost, the other does not get through
		if run.ID == lost.ID {
			w.there.LoseNext()
		} else {
			w.there.Refuse(sb.Errorf(sb.Unavailable, "too many calls wait for their turn"))
		}
		_, err := w.bridge.Submit(t.Context(), run.Ref())
		require.Equal(t, sb.Unavailable, sb.CodeOf(err))
	}
	w.look(time.Second)
	require.Empty(t, w.there.Looked(), "neither is asked for by its name")
	w.requireState(lost.ID, sb.Queued, sb.WorkWaiting, true)
	w.requireState(waits.ID, sb.Queued, sb.WorkSubmitting, true)
	_, err := w.Life.Stop(t.Context(), w.Ann, waits.ID)
	require.NoError(t, err)
	w.look(time.Second)
	require.Len(t, w.there.Looked(), 2, "what shall end is")
	w.look(sb.GoneFor + time.Second)
	w.requireState(waits.ID, sb.Failed, sb.WorkEnded, false)
}

func TestWhatIsAskedAboutSingleRunsDoesNotHoldUpTheNextLook(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ended, stopped := w.sent(runstest.Of(runstest.Once)), w.sent()
	for _, run := range []sb.Run{ended, stopped} {
		w.set(run, sb.SeenActive, "running")
	}
	w.look(time.Second)
	_, err := w.Life.Stop(t.Context(), w.Ann, stopped.ID)
	require.NoError(t, err)
	w.set(ended, sb.SeenSucceeded, "success")
	w.there.Slow("Outcome", "Stop", "Blocked")
	w.looker.Hurry(50 * time.Millisecond)
	w.look(sb.StopAgain)
	w.requireState(ended.ID, sb.Completed, sb.WorkEnded, false)
	require.Equal(t, 1, w.there.Calls("Outcome"))
	w.look(time.Second)
	require.Equal(t, 2, w.there.Calls("Stop"), "what found no time is asked at the next look")
	w.there.Slow()
	w.look(time.Second)
	w.look(time.Second)
	require.Equal(t, 3, w.there.Calls("Stop"), "what was answered is asked again after a while only")
}

func TestTasksThereAreProgressWhenTheTaskTellsNone(t *testing.T) {
	t.Parallel()
	w := setup(t)
	silent, talks, waits := w.sent(), w.sent(), w.sent()
	for _, run := range []sb.Run{silent, talks} {
		w.set(run, sb.SeenActive, "running")
	}
	for _, run := range []sb.Run{silent, talks, waits} {
		w.there.Tasks(run.Work.Ref, 3, 7)
	}
	w.look(time.Second)
	p := runstest.Main(talks)
	_, err := w.Work.Claim(t.Context(), w.place.ID, sb.Claim{Process: p, Nonce: "n"})
	require.NoError(t, err)
	half := 0.5
	kept, err := w.Work.Progress(t.Context(), p, &half, "half way")
	require.NoError(t, err)
	require.True(t, kept)

	require.NoError(t, w.looker.Tally(t.Context()))
	require.Len(t, w.there.Looked(), 1, "others are not asked about")
	require.Equal(t, 1, w.there.Calls("Tally"))
	require.Equal(t, "3 of 7 tasks done", w.Get(t, silent.ID).Work.Progress.Label)
	require.InDelta(t, 3.0/7, *w.Get(t, silent.ID).Work.Progress.Fraction, 1e-9)
	require.Equal(t, "half way", w.Get(t, talks.ID).Work.Progress.Label)
	require.Nil(t, w.Get(t, waits.ID).Work.Progress)

	w.there.Tasks(silent.Work.Ref, 5, 8)
	require.NoError(t, w.looker.Tally(t.Context()))
	require.Equal(t, "5 of 8 tasks done", w.Get(t, silent.ID).Work.Progress.Label)
	w.set(silent, sb.SeenSucceeded, "success")
	w.look(time.Second)
	require.NoError(t, w.looker.Tally(t.Context()))
	require.Equal(t, 2, w.there.Calls("Tally"), "nothing goes on that tells nothing")
}

func TestTasksOfManyRunsAreCountedInTurns(t *testing.T) {
	t.Parallel()
	var open []sb.Run
	add := func(n int) {
		for range n {
			open = append(open, sb.Run{
				ID: strconv.Itoa(len(open)), Attempt: 1, Status: sb.Running, Target: etl, Work: sb.Work{State: sb.WorkActive},
			})
		}
	}
	add(250)
	turns, counted := map[sb.AttemptRef]int{}, map[string]int{}
	turn := func() {
		runs := watch.NextTurn(open, turns)
		require.LessOrEqual(t, len(runs), 100)
		for _, run := range runs {
			turns[run.Ref()]++
			counted[run.ID]++
		}
	}
	for range 3 {
		turn()
	}
	require.Len(t, counted, 250, "each had a turn")
	add(50)
	for range 3 {
		turn()
	}
	require.Len(t, counted, 300)
	for id, n := range counted {
		require.LessOrEqual(t, n, 3, "run %s had more turns than the others", id)
	}
	open = open[:10]
	turn()
	require.Len(t, turns, 10, "what is over is forgotten")
}
