package runs_test

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/runs"
	"signalbox/controlplane/runs/runstest"
)

func newSweep(w *runstest.World) *runs.Sweep {
	log := logrus.New()
	log.SetOutput(io.Discard)
	return runs.NewSweep(w.Store, 5*time.Minute, logrus.NewEntry(log))
}

func TestTheSweepFindsLostWork(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	up := w.Clock.Now()
	s := newSweep(w)
	_, lost := w.Running(t, runstest.Of(runstest.Once))
	_, back := w.Running(t, runstest.Of(runstest.Once))
	stoppedButSilent := after(stop)(t, w)
	sweepAfter := func(d time.Duration) {
		w.Clock.Pass(d)
		require.NoError(t, s.Once(t.Context(), w.Clock.Now(), up))
	}
	sweepAfter(21 * time.Second)
	require.Equal(t, sb.WorkUnknown, w.Get(t, lost.Run).Work.State)
	version := w.Get(t, lost.Run).Version
	sweepAfter(time.Second)
	require.Equal(t, version, w.Get(t, lost.Run).Version, "said once")
	_, err := w.Work.Heartbeat(t.Context(), back)
	require.NoError(t, err)
	require.Equal(t, sb.WorkActive, w.Get(t, back.Run).Work.State)
	require.Contains(t, w.Kinds(t, back.Run), sb.EventSeen)
	sweepAfter(5 * time.Minute)
	run := w.Get(t, lost.Run)
	require.Equal(t, []any{sb.Failed, sb.FailLost, false}, []any{run.Status, run.Failure.Kind, run.Slot})
	run = w.Get(t, stoppedButSilent.Run)
	require.Equal(t, []any{sb.FailStopped, false}, []any{run.Failure.Kind, run.Slot})
	require.Equal(t, sb.Running, w.Get(t, back.Run).Status)
	_, err = w.Work.Heartbeat(t.Context(), lost)
	runstest.RequireCode(t, sb.Conflict, err)
	require.NoError(t, w.Work.End(t.Context(), lost, runstest.Exit(0)), "its shim's late word is no news")
	require.Equal(t, sb.FailLost, w.Get(t, lost.Run).Failure.Kind)
}

func TestTheSweepEndsWhatTakesTooLong(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	w.Orchestrate(t, func(o *sb.Orchestrator) {
		for i := range o.Routes {
			o.Routes[i].StartWithin = sb.Duration(time.Minute)
		}
	})
	s, up := newSweep(w), w.Clock.Now()
	sweep := func() { require.NoError(t, s.Once(t.Context(), w.Clock.Now(), up)) }
	long, p := w.Running(t)
	late := w.Dispatched(t)
	w.Clock.Pass(61 * time.Second)
	_, err := w.Work.Heartbeat(t.Context(), p)
	require.NoError(t, err)
	sweep()
	run := w.Get(t, late.ID)
	require.Equal(t, []any{sb.Queued, sb.FailTimeout, true}, []any{run.Status, run.Work.Ending, run.Slot}, "called back")
	settled, err := w.Work.Settle(t.Context(), late.Ref(), true, sb.End{HandedBack: true})
	require.NoError(t, err)
	require.True(t, settled)
	require.Equal(t, sb.Scheduled, w.Get(t, late.ID).Status)

	w.Clock.Pass(time.Hour)
	_, err = w.Work.Heartbeat(t.Context(), p)
	require.NoError(t, err)
	sweep()
	run = w.Get(t, long.ID)
	require.Equal(t, []any{sb.Running, sb.WorkEnding}, []any{run.Status, run.Work.State})
	for range 2 {
		w.Clock.Pass(301 * time.Second)
		_, err = w.Work.Heartbeat(t.Context(), p)
		require.NoError(t, err)
		sweep()
	}
	kinds := w.Kinds(t, long.ID)
	require.Equal(t, sb.EventStopWaits, kinds[len(kinds)-1], "said once")
	require.NotEqual(t, sb.EventStopWaits, kinds[len(kinds)-2])
	require.NoError(t, w.Work.End(t.Context(), p, sb.End{Signal: "killed"}))
	run = w.Get(t, long.ID)
	require.Equal(t, []any{sb.Scheduled, 1, false}, []any{run.Status, run.RetriesLeft, run.Slot}, "a time-out is retried")
}

func TestTheSweepRunsUntilItIsToldToEnd(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	run, _ := w.Running(t)
	w.Clock.Pass(2 * time.Hour)
	ctx, end := context.WithCancel(t.Context())
	notes := w.Notes(t.Context())
	ran := make(chan error)
	go func() { ran <- newSweep(w).Run(ctx) }()
	require.Equal(t, sb.Note{Topic: sb.TopicRun, ID: run.ID}, <-notes)
	require.Equal(t, sb.FailTimeout, w.Get(t, run.ID).Work.Ending, "it sweeps at once; silence before it began counts for nothing")
	end()
	require.NoError(t, <-ran)
}
