package runs_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/runs"
	"signalbox/controlplane/runs/runstest"
)

// TestMarkAndStopByState is the table of docs/run-states.md.
func TestMarkAndStopByState(t *testing.T) {
	t.Parallel()
	waiting := func(t *testing.T, w *runstest.World) sb.Run { return w.Schedule(t) }
	unsent := func(t *testing.T, w *runstest.World) sb.Run { return w.Queued(t) }
	sent := func(t *testing.T, w *runstest.World) sb.Run { return w.Dispatched(t) }
	begun := func(t *testing.T, w *runstest.World) sb.Run { return second(w.Running(t)) }
	goingOn := func(t *testing.T, w *runstest.World) sb.Run { return w.Get(t, after(mark)(t, w).Run) }
	gone := func(t *testing.T, w *runstest.World) sb.Run { return w.Get(t, ended(t, w).Run) }
	for name, c := range map[string]struct {
		put  func(*testing.T, *runstest.World) sb.Run
		do   func(*runstest.World) personal
		code sb.Code
		kind sb.FailureKind
		slot bool
		work sb.WorkState
	}{
		"mark, scheduled":               {waiting, mark, "", sb.FailMarked, false, sb.WorkNone},
		"mark, queued and not sent":     {unsent, mark, "", sb.FailMarked, false, sb.WorkEnded},
		"mark, sent":                    {sent, mark, "", sb.FailMarked, true, sb.WorkSubmitted},
		"mark, running":                 {begun, mark, "", sb.FailMarked, true, sb.WorkActive},
		"mark, over while work goes on": {goingOn, mark, sb.Conflict, sb.FailMarked, true, sb.WorkActive},
		"mark, over":                    {gone, mark, sb.Conflict, sb.FailError, false, sb.WorkEnded},
		"stop, scheduled":               {waiting, stop, "", sb.FailStopped, false, sb.WorkNone},
		"stop, queued and not sent":     {unsent, stop, "", sb.FailStopped, false, sb.WorkEnded},
		"stop, sent":                    {sent, stop, "", sb.FailStopped, true, sb.WorkEnding},
		"stop, running":                 {begun, stop, "", sb.FailStopped, true, sb.WorkEnding},
		"stop, over while work goes on": {goingOn, stop, "", sb.FailMarked, true, sb.WorkEnding},
		"stop, over":                    {gone, stop, sb.Conflict, sb.FailError, false, sb.WorkEnded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := runstest.New(t)
			run := c.put(t, w)
			_, err := c.do(w)(t.Context(), w.Gil, run.ID)
			runstest.RequireCode(t, sb.NotFound, err)
			_, err = c.do(w)(t.Context(), w.Bob, run.ID)
			runstest.RequireCode(t, sb.Forbidden, err)
			require.Equal(t, run, w.Get(t, run.ID))
			_, err = c.do(w)(t.Context(), w.Ann, run.ID)
			runstest.RequireCode(t, c.code, err)
			run = w.Get(t, run.ID)
			require.Equal(t, []any{sb.Failed, c.kind, c.slot, c.work}, []any{run.Status, run.Failure.Kind, run.Slot, run.Work.State})
		})
	}
}

func TestOnlyAnAdminReleasesASlot(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	run, p := w.Running(t, runstest.Of(runstest.Once))
	waiting := w.Schedule(t)
	for name, c := range map[string]struct {
		who  sb.Principal
		run  string
		code sb.Code
	}{
		"a Guest who may not see it": {w.Gil, run.ID, sb.NotFound}, "who submitted it": {w.Ann, run.ID, sb.Forbidden},
		"a Member, of a run without a slot": {w.Ann, waiting.ID, sb.Forbidden},
		"an admin, of a run without a slot": {w.Admin, waiting.ID, sb.Conflict},
		"an admin, of no run":               {w.Admin, "none", sb.NotFound},
	} {
		_, err := w.Life.Release(t.Context(), c.who, c.run)
		require.Equal(t, c.code, sb.CodeOf(err), name)
	}
	got, err := w.Life.Release(t.Context(), w.Admin, run.ID)
	require.NoError(t, err)
	require.Equal(t, []any{sb.Failed, sb.FailLost, false, sb.WorkEnded}, []any{got.Status, got.Failure.Kind, got.Slot, got.Work.State})
	require.Contains(t, got.Failure.Message, "root")
	_, err = w.Work.Heartbeat(t.Context(), p)
	runstest.RequireCode(t, sb.Conflict, err)
}

func TestWhatTimeDoes(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) *time.Time { at := now.Add(-d); return &at }
	day := 24 * time.Hour
	active := func(seen time.Duration) sb.Run {
		return sb.Run{
			Status: sb.Running, Attempt: 1, Slot: true, StartedAt: ago(time.Minute), Timeout: time.Hour,
			Work: sb.Work{State: sb.WorkActive, Worker: "w", SeenAt: ago(seen)},
		}
	}
	with := func(r sb.Run, change func(*sb.Run)) sb.Run { change(&r); return r }
	queued := sb.Run{Status: sb.Queued, Attempt: 1, Slot: true, QueuedAt: ago(time.Hour), StartWithin: time.Minute, Work: sb.Work{State: sb.WorkSubmitted}}
	for name, c := range map[string]struct {
		run  sb.Run
		up   time.Duration
		want sb.Change
	}{
		"seen just now":                        {active(time.Second), day, nil},
		"seen 20 s ago":                        {active(20 * time.Second), day, nil},
		"unseen for more":                      {active(21 * time.Second), day, sb.Unseen{At: now}},
		"unseen, but nobody listened":          {active(time.Hour), 20 * time.Second, nil},
		"unseen and known so":                  {with(active(time.Minute), func(r *sb.Run) { r.Work.State = sb.WorkUnknown }), day, nil},
		"unseen for the fence":                 {active(5 * time.Minute), day, sb.Unseen{At: now}},
		"unseen, nobody took it":               {with(active(day), func(r *sb.Run) { r.Work.Worker, r.Work.SeenAt = "", nil }), day, nil},
		"unseen, of a person without a worker": {with(active(time.Minute), func(r *sb.Run) { r.Work.Worker = "" }), day, sb.Unseen{At: now}},
		"running for its timeout":              {with(active(0), func(r *sb.Run) { r.StartedAt = ago(time.Hour) }), day, nil},
		"running for longer":                   {with(active(0), func(r *sb.Run) { r.StartedAt = ago(time.Hour + 1) }), day, sb.TimeOut{At: now}},
		"running for longer, unknown":          {with(active(time.Minute), func(r *sb.Run) { r.StartedAt, r.Work.State = ago(2*time.Hour), sb.WorkUnknown }), day, sb.TimeOut{At: now}},
		"not started in time":                  {queued, day, sb.TimeOut{At: now}},
		"not started, with no limit":           {with(queued, func(r *sb.Run) { r.StartWithin = 0 }), day, nil},
		"not started, in time":                 {with(queued, func(r *sb.Run) { r.StartWithin = time.Hour }), day, nil},
		"a stop that is not confirmed":         {with(active(0), func(r *sb.Run) { r.Work.Ending, r.Work.EndingAt = sb.FailStopped, ago(5*time.Minute+1) }), day, sb.StopWaits{At: now}},
		"a stop that may yet be confirmed":     {with(active(0), func(r *sb.Run) { r.Work.Ending, r.Work.EndingAt = sb.FailStopped, ago(5*time.Minute) }), day, nil},
		"a stop that was told":                 {with(active(0), func(r *sb.Run) { r.Work.Ending, r.Work.EndingAt, r.Work.EndingTold = sb.FailStopped, ago(day), true }), day, nil},
		"a stop, and running for too long":     {with(active(0), func(r *sb.Run) { r.StartedAt, r.Work.Ending, r.Work.EndingAt = ago(day), sb.FailStopped, ago(0) }), day, nil},
	} {
		require.Equal(t, c.want, runs.Due(c.run, now, now.Add(-c.up), 5*time.Minute), name)
	}
	for name, run := range map[string]sb.Run{
		"going on": active(5*time.Minute + 1), "asked to end": with(active(day), func(r *sb.Run) { r.Work.Ending = sb.FailStopped }),
		"of a person without a worker": with(active(day), func(r *sb.Run) { r.Work.Worker = "" }),
	} {
		end, ok := runs.Due(run, now, now.Add(-day), 5*time.Minute).(sb.EndWork)
		require.True(t, ok, name)
		require.True(t, end.End.WorkerLost, name)
		require.Contains(t, end.End.Reason, "5m0s", name)
	}
}

func TestTheFenceCountsOnlyWhileSomebodyListens(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	var w runs.Watch
	require.Equal(t, at, w.Since(at), "since the process began")
	w.Rest(at)
	require.Equal(t, at, w.Since(at.Add(2*time.Second)))
	w.Rest(at.Add(time.Minute))
	require.Equal(t, at, w.Since(at.Add(80*time.Second)), "a sweep may be slow")
	w.Rest(at.Add(80 * time.Second))
	woken := at.Add(8 * time.Hour)
	require.Equal(t, woken, w.Since(woken), "since it woke")
	w.Rest(woken)
	require.Equal(t, woken, w.Since(woken.Add(time.Second)))
	back := woken.Add(time.Minute)
	require.Equal(t, back, w.Since(back), "since the database was back: the sweeps before did not succeed")
}
