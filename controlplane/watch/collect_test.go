package watch_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/watch"
)

func TestTheLogIsCollectedWhenTheTaskSentNone(t *testing.T) {
	t.Parallel()
	w := setup(t)
	run := w.sent()
	w.set(run, sb.SeenSucceeded, "success")
	long := strings.Repeat("a line of the log\n", 100_000)
	w.there.Write(run.Work.Ref, "extract", "first try\n", "second try\n")
	w.there.Write(run.Work.Ref, "load", long)
	w.look(time.Second)
	require.NoError(t, w.output.Compact(t.Context(), run.ID))
	require.Nil(t, w.Get(t, run.ID).Log, "its log is waited for")
	require.NoError(t, w.looker.Collect(t.Context()))
	require.NoError(t, w.looker.Collect(t.Context()), "again is fine")
	require.NoError(t, w.looker.Collect(t.Context()))
	body, _, err := w.output.Open(t.Context(), w.Get(t, run.ID), 0, -1)
	require.NoError(t, err)
	text, err := io.ReadAll(body)
	require.NoError(t, err)
	require.Equal(t, "===== attempt 1, extract =====\nfirst try\n\n===== attempt 1, extract, try 2 =====\nsecond try\n\n===== attempt 1, load =====\n"+long, string(text))
}

func TestALateLogIsWaitedForAndAMissingOneIsSaidToBe(t *testing.T) {
	t.Parallel()
	w := setup(t)
	late, never := w.sent(), w.sent()
	for _, run := range []sb.Run{late, never} {
		w.set(run, sb.SeenSucceeded, "success")
		w.there.Write(run.Work.Ref, "load", "")
	}
	w.look(time.Second)
	require.NoError(t, w.looker.Collect(t.Context()))
	w.Clock.Pass(time.Minute)
	w.there.Write(late.Work.Ref, "load", "there it is\n")
	require.NoError(t, w.looker.Collect(t.Context()))
	size, err := w.output.Size(t.Context(), w.Get(t, late.ID))
	require.NoError(t, err)
	require.EqualValues(t, 12, size)
	w.Clock.Pass(sb.LogWait)
	require.NoError(t, w.looker.Collect(t.Context()))
	require.Empty(t, w.said(late.ID, sb.EventLogMissing))
	require.Len(t, w.said(never.ID, sb.EventLogMissing), 1)
	require.Nil(t, w.Get(t, never.ID).Work.LogDue)
}

func TestManyLogsThatAreWaitedForHoldUpNoOther(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for range watch.CollectMost {
		run := w.settled()
		w.there.Write(run.Work.Ref, "load", "")
		w.look(time.Second)
	}
	last := w.settled()
	w.there.Write(last.Work.Ref, "load", "there it is\n")
	w.look(time.Second)
	for range 2 {
		require.NoError(t, w.looker.Collect(t.Context()))
	}
	require.Nil(t, w.Get(t, last.ID).Work.LogDue)
	require.NoError(t, w.looker.Collect(t.Context()))
	due, err := w.LogsDue(t.Context(), w.place.ID, sb.AttemptRef{}, 2*watch.CollectMost)
	require.NoError(t, err)
	require.Len(t, due, watch.CollectMost, "the others are waited for")
}
