package runs_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/runs"
	"signalbox/controlplane/runs/runstest"
)

// personal is something that a person does to a run.
type personal func(context.Context, sb.Principal, string) (sb.Run, error)

// running gives the process of a run that goes on and is not retried.
func running(t *testing.T, w *runstest.World) sb.Process {
	_, p := w.Running(t, runstest.Of(runstest.Once))
	return p
}

// after gives a running process after Ann did something to its run.
func after(do func(*runstest.World) personal) func(*testing.T, *runstest.World) sb.Process {
	return func(t *testing.T, w *runstest.World) sb.Process {
		p := running(t, w)
		_, err := do(w)(t.Context(), w.Ann, p.Run)
		require.NoError(t, err)
		return p
	}
}

func mark(w *runstest.World) personal { return w.Life.Mark }
func stop(w *runstest.World) personal { return w.Life.Stop }

func ended(t *testing.T, w *runstest.World) sb.Process {
	p := running(t, w)
	require.NoError(t, w.Work.End(t.Context(), p, runstest.Exit(1)))
	return p
}

// stale gives a process whose run has gone on to another attempt.
func stale(t *testing.T, w *runstest.World) sb.Process {
	_, p := w.Running(t)
	require.NoError(t, w.Work.End(t.Context(), p, runstest.Exit(1)))
	w.Clock.Pass(10 * time.Second)
	w.AdmitAll(t)
	require.Equal(t, 2, w.Get(t, p.Run).Attempt)
	return p
}

// TestReportsAreAnsweredByState is the table of docs/run-states.md.
func TestReportsAreAnsweredByState(t *testing.T) {
	t.Parallel()
	half := 0.5
	type report = func(*testing.T, *runstest.World, sb.Process) error
	start := func(t *testing.T, w *runstest.World, p sb.Process) error { return w.Work.Start(t.Context(), p, "", "") }
	beat := func(t *testing.T, w *runstest.World, p sb.Process) error {
		_, err := w.Work.Heartbeat(t.Context(), p)
		return err
	}
	logs := func(t *testing.T, w *runstest.World, p sb.Process) error { return w.Work.MayLog(t.Context(), p) }
	later := func(t *testing.T, w *runstest.World, p sb.Process) error {
		w.Clock.Pass(61 * time.Second)
		return w.Work.MayLog(t.Context(), p)
	}
	path := func(t *testing.T, w *runstest.World, p sb.Process) error {
		return w.Work.LogPath(t.Context(), p, "s3://b/x")
	}
	progress := func(t *testing.T, w *runstest.World, p sb.Process) error {
		_, err := w.Work.Progress(t.Context(), p, &half, "half way")
		return err
	}
	complete := func(t *testing.T, w *runstest.World, p sb.Process) error {
		return w.Work.Complete(t.Context(), p, []byte(`{"n":1}`), nil)
	}
	large := func(t *testing.T, w *runstest.World, p sb.Process) error {
		return w.Work.Complete(t.Context(), p, big(1), nil)
	}
	fail := func(t *testing.T, w *runstest.World, p sb.Process) error {
		return w.Work.Fail(t.Context(), p, "boom", "stack")
	}
	states := []struct {
		name string
		put  func(*testing.T, *runstest.World) sb.Process
	}{
		{"open", running}, {"marked", after(mark)}, {"stopped", after(stop)}, {"ended", ended}, {"stale", stale},
	}
	for name, c := range map[string]struct {
		report report
		codes  [5]sb.Code // by state
	}{
		"start":              {start, [5]sb.Code{"", sb.RunOver, sb.RunOver, sb.Conflict, sb.Conflict}},
		"heartbeat":          {beat, [5]sb.Code{"", "", "", sb.Conflict, sb.Conflict}},
		"logs":               {logs, [5]sb.Code{}},
		"logs after 61 s":    {later, [5]sb.Code{"", "", "", sb.Conflict, sb.Conflict}},
		"log path":           {path, [5]sb.Code{sb.Invalid, sb.Invalid, sb.Invalid, sb.Invalid, sb.Invalid}},
		"progress":           {progress, [5]sb.Code{"", "", "", sb.Conflict, sb.Conflict}},
		"complete":           {complete, [5]sb.Code{"", sb.RunOver, sb.RunOver, sb.Conflict, sb.Conflict}},
		"complete, with 1MB": {large, [5]sb.Code{"", sb.RunOver, sb.RunOver, sb.Conflict, sb.Conflict}},
		"fail":               {fail, [5]sb.Code{"", sb.RunOver, sb.RunOver, sb.Conflict, sb.Conflict}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := runstest.New(t)
			for i, state := range states {
				p := state.put(t, w)
				before := w.Get(t, p.Run)
				require.Equal(t, c.codes[i], sb.CodeOf(c.report(t, w, p)), state.name)
				now := w.Get(t, p.Run)
				require.Equal(t, before.Status, now.Status, "%s: a report changes no status", state.name)
				if c.codes[i] == sb.Conflict {
					require.Equal(t, before, now, "%s: what is refused changes nothing", state.name)
				}
			}
		})
	}
}

func big(n byte) []byte { return []byte(`"` + strings.Repeat(string('a'+rune(n)), 1<<20) + `"`) }

func TestAHeartbeatTellsToStopOnlyWhenThatWasAsked(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	for name, c := range map[string]struct {
		put  func(*testing.T, *runstest.World) sb.Process
		stop bool
	}{
		"open": {running, false}, "marked": {after(mark), false}, "stopped": {after(stop), true},
	} {
		p := c.put(t, w)
		w.Clock.Pass(time.Second)
		stop, err := w.Work.Heartbeat(t.Context(), p)
		require.NoError(t, err, name)
		require.Equal(t, c.stop, stop, name)
		run := w.Get(t, p.Run)
		require.Equal(t, w.Clock.Now(), *run.Work.SeenAt, name)
		require.NotEqual(t, w.Clock.Now(), run.UpdatedAt, "a heartbeat never touches the run")
		require.Equal(t, []sb.AttemptRef{p.AttemptRef}[:btoi(c.stop)], append([]sb.AttemptRef{}, w.SeeWorkerNow(t, p.AttemptRef)...), name)
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestAnEndIsReportedOnce(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	p := running(t, w)
	ctx := t.Context()
	say := func(n byte) error { return w.Work.Complete(ctx, p, big(n), []byte(`{}`)) }
	require.NoError(t, say(1))
	require.NoError(t, say(1), "the same again")
	runstest.RequireCode(t, sb.Conflict, say(2))
	runstest.RequireCode(t, sb.Conflict, w.Work.Fail(ctx, p, "boom", ""))
	require.Equal(t, sb.Running, w.Get(t, p.Run).Status, "the work goes on")
	require.NoError(t, w.Work.End(ctx, p, runstest.Exit(0)))
	run := w.Get(t, p.Run)
	require.Equal(t, sb.Completed, run.Status)
	require.False(t, run.Slot)
	require.NoError(t, say(1), "the one that was kept, also when the work has ended")
	runstest.RequireCode(t, sb.Conflict, say(2))
	require.NoError(t, w.Work.End(ctx, p, runstest.Exit(1)), "the end may be told again")
	require.Equal(t, run, w.Get(t, p.Run))
	kept := w.Blobs.Count()
	runstest.RequireCode(t, sb.Conflict, say(3))
	require.Equal(t, kept, w.Blobs.Count(), "what is refused is not kept")
}

func TestALateReportIsKeptAsOneEvent(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	p := after(mark)(t, w)
	runstest.RequireCode(t, sb.RunOver, w.Work.Complete(t.Context(), p, []byte(`1`), nil))
	runstest.RequireCode(t, sb.RunOver, w.Work.Fail(t.Context(), p, "boom", ""))
	runstest.RequireCode(t, sb.RunOver, w.Work.Fail(t.Context(), p, "boom", ""))
	kinds := strings.Join(texts(w.Kinds(t, p.Run)), " ")
	require.Equal(t, 1, strings.Count(kinds, string(sb.EventLateReport)), kinds)
	require.NoError(t, w.Work.End(t.Context(), p, runstest.Exit(0)))
	run := w.Get(t, p.Run)
	require.Equal(t, sb.FailMarked, run.Failure.Kind)
	require.Nil(t, run.Result)
	require.False(t, run.Slot)
}

func texts(kinds []sb.EventKind) []string {
	list := make([]string, 0, len(kinds))
	for _, k := range kinds {
		list = append(list, string(k))
	}
	return list
}

func TestALargeResultLiesInTheBlobs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		size  int
		blobs int
	}{"64 KiB": {64 << 10, 0}, "a byte more": {64<<10 + 1, 1}} {
		w := runstest.New(t)
		p := running(t, w)
		result := []byte(`"` + strings.Repeat("x", c.size-2) + `"`)
		require.NoError(t, w.Work.Complete(t.Context(), p, result, nil), name)
		require.NoError(t, w.Work.End(t.Context(), p, runstest.Exit(0)), name)
		run := w.Get(t, p.Run)
		require.Equal(t, c.blobs, w.Blobs.Count(), name)
		require.Equal(t, c.blobs == 1, run.ResultKey != "", name)
		got, err := w.Life.Result(t.Context(), run)
		require.NoError(t, err, name)
		require.Equal(t, string(result), string(got), name)
	}
	w := runstest.New(t)
	p := running(t, w)
	runstest.RequireCode(t, sb.TooLarge, w.Work.Complete(t.Context(), p, make([]byte, 16<<20+1), nil))
	w.Blobs.Fail = errors.New("the disk is full")
	runstest.RequireCode(t, sb.Unavailable, w.Work.Complete(t.Context(), p, big(1), nil))
	require.Nil(t, w.Get(t, p.Run).Work.Reported, "nothing was said")
	_, err := w.Life.Result(t.Context(), sb.Run{ID: "r", ResultKey: "gone"})
	runstest.RequireCode(t, sb.Unavailable, err)
}

func TestAClaimGivesWhatAProcessNeeds(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	run := w.Dispatched(t)
	w.Install(t, "2")
	p := runstest.Main(run)
	claimed, err := w.Work.Claim(t.Context(), w.Builtin.ID, w.ClaimOf(p))
	require.NoError(t, err)
	require.Equal(t, []string{p.Name() + "/main", p.Name() + "/main/end"}, []string{claimed.Token, claimed.EndToken})
	require.Equal(t, []string{strings.Repeat("1", 64), "tools"}, []string{claimed.SHA256, claimed.Root}, "the pinned revision")
	require.Equal(t, []string{"true"}, claimed.Command.Command)
	require.Equal(t, runstest.WorkerName, w.Get(t, run.ID).Work.Worker)
	again, err := w.Work.Claim(t.Context(), w.Builtin.ID, w.ClaimOf(p))
	require.NoError(t, err)
	require.Equal(t, claimed.SHA256, again.SHA256)
	body, size, err := w.Work.Archive(t.Context(), p)
	require.NoError(t, err)
	got, err := io.ReadAll(body)
	require.NoError(t, err)
	require.Equal(t, []any{strings.Repeat("1", 64), int64(10)}, []any{string(got), size})

	other, late, elsewhere := w.ClaimOf(p), w.ClaimOf(p), w.ClaimOf(p)
	other.Nonce, late.Attempt = "m", 2
	_, err = w.Work.Claim(t.Context(), w.Builtin.ID, other)
	runstest.RequireCode(t, sb.Conflict, err)
	_, err = w.Work.Claim(t.Context(), w.Builtin.ID, late)
	runstest.RequireCode(t, sb.Conflict, err)
	_, err = w.Work.Claim(t.Context(), "another", elsewhere)
	runstest.RequireCode(t, sb.NotFound, err)
	unclaimed := p
	unclaimed.Source = "task"
	runstest.RequireCode(t, sb.Conflict, w.Work.Start(t.Context(), unclaimed, "", ""))
	_, err = w.Work.Heartbeat(t.Context(), unclaimed)
	runstest.RequireCode(t, sb.Conflict, err)
	runstest.RequireCode(t, sb.Conflict, w.Work.MayLog(t.Context(), unclaimed))
	runstest.RequireCode(t, sb.Conflict, w.Work.Fail(t.Context(), unclaimed, "boom", ""))
}

func TestWhatEndedOpensNothingAnyMore(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	for name, put := range map[string]func(*testing.T, *runstest.World) sb.Process{"ended": ended, "gone on to another attempt": stale} {
		p := put(t, w)
		_, err := w.Work.Claim(t.Context(), w.Builtin.ID, w.ClaimOf(p))
		require.Equal(t, sb.Conflict, sb.CodeOf(err), name)
		_, _, err = w.Work.Archive(t.Context(), p)
		require.Equal(t, sb.Conflict, sb.CodeOf(err), name)
	}
}

// bare are archives whose bytes are gone.
type bare struct{ runstest.Archives }

func (bare) Bytes(context.Context, sb.Revision) (io.ReadCloser, error) {
	return nil, sb.Errorf(sb.NotFound, "there is no object x")
}

func TestAMissingArchiveIsOurFault(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	p := running(t, w)
	_, _, err := runs.NewWork(w.Store, bare{runstest.Archives{Store: w.Store}}, runstest.Tokens{}, w.Secrets, w.Blobs).Archive(t.Context(), p)
	runstest.RequireCode(t, sb.Internal, err)
	require.ErrorContains(t, err, "@acme/tools, revision 1, is missing")
}

func TestWorkTakenByAPersonIsTheirs(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	run := w.Dispatched(t)
	c := w.ClaimOf(runstest.Main(run))
	c.Worker, c.Incarnation = "", ""
	_, err := w.Work.Claim(t.Context(), w.Builtin.ID, c)
	require.NoError(t, err)
	ended, err := w.Work.Settle(t.Context(), run.Ref(), false, sb.End{HandedBack: true})
	require.NoError(t, err)
	require.False(t, ended, "it may begin yet")
	up := w.Clock.Now()
	w.Clock.Pass(5*time.Minute + time.Second)
	require.NoError(t, newSweep(w).Once(t.Context(), w.Clock.Now(), up))
	run = w.Get(t, run.ID)
	require.Equal(t, []any{sb.Scheduled, false}, []any{run.Status, run.Slot}, "who is silent holds no slot for ever")
}

func TestAHigherTrySupersedesTheLower(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	half, ctx := 0.5, t.Context()
	first := running(t, w)
	require.NoError(t, w.Work.Fail(ctx, first, "boom", ""))
	second := first
	second.Try = 2
	_, err := w.Work.Claim(ctx, w.Builtin.ID, w.ClaimOf(second))
	require.NoError(t, err)
	_, err = w.Work.Heartbeat(ctx, first)
	runstest.RequireCode(t, sb.Conflict, err)
	_, err = w.Work.Progress(ctx, first, &half, "")
	runstest.RequireCode(t, sb.Conflict, err)
	runstest.RequireCode(t, sb.Conflict, w.Work.Start(ctx, first, "", ""))
	runstest.RequireCode(t, sb.Conflict, w.Work.MayLog(ctx, first))
	runstest.RequireCode(t, sb.Conflict, w.Work.Fail(ctx, first, "late", ""))
	runstest.RequireCode(t, sb.Conflict, w.Work.End(ctx, first, runstest.Exit(1)))
	require.True(t, w.Get(t, first.Run).Slot, "the work goes on in the higher try")
	require.NoError(t, w.Work.Complete(ctx, second, []byte(`2`), nil), "what the lower try said does not count")
	require.NoError(t, w.Work.End(ctx, second, runstest.Exit(0)))
	run := w.Get(t, first.Run)
	require.Equal(t, sb.Completed, run.Status)
	require.Equal(t, "2", string(run.Result))
	runstest.RequireCode(t, sb.Conflict, w.Work.MayLog(ctx, first))
	require.NoError(t, w.Work.MayLog(ctx, second))
}

func TestProgressIsKept(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	p := running(t, w)
	half, much := 0.5, 1.5
	kept, err := w.Work.Progress(t.Context(), p, &half, strings.Repeat("ä", 150))
	require.NoError(t, err)
	require.True(t, kept)
	got := w.Get(t, p.Run).Work.Progress
	require.InDelta(t, half, *got.Fraction, 0)
	require.Equal(t, strings.Repeat("ä", 100)+"…", got.Label, "a label has 200 bytes of whole characters")
	_, err = w.Work.Progress(t.Context(), p, &much, "")
	runstest.RequireCode(t, sb.Invalid, err)
	_, err = w.Life.Mark(t.Context(), w.Ann, p.Run)
	require.NoError(t, err)
	kept, err = w.Work.Progress(t.Context(), p, nil, "late")
	require.NoError(t, err)
	require.False(t, kept, "dropped, for the run is over")
}

func TestARestartedWorkerEndsWhatItLeft(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	left, retried := running(t, w), runstest.Main(second(w.Running(t)))
	for range 2 {
		stop, err := w.Work.Workers(t.Context(), w.Builtin.ID, sb.Worker{Name: runstest.WorkerName, Incarnation: "i2", Pool: sb.DefaultPool})
		require.NoError(t, err)
		require.Empty(t, stop)
		if run := w.Get(t, left.Run); run.Slot {
			w.Clock.Pass(16 * time.Second)
		}
	}
	run := w.Get(t, left.Run)
	require.Equal(t, sb.FailLost, run.Failure.Kind)
	require.Contains(t, run.Failure.Message, "restarted")
	require.Equal(t, sb.Scheduled, w.Get(t, retried.Run).Status)
	held, err := w.Held(t.Context(), "", 10)
	require.NoError(t, err)
	require.Empty(t, held)
	stop, err := w.Work.Workers(t.Context(), w.Builtin.ID, sb.Worker{
		Name: runstest.WorkerName, Incarnation: "i1", Pool: sb.DefaultPool, Running: []sb.AttemptRef{left.AttemptRef},
	})
	require.NoError(t, err)
	require.Equal(t, []sb.AttemptRef{left.AttemptRef}, stop, "what the earlier one runs should end")
}

func second(run sb.Run, _ sb.Process) sb.Run { return run }

func TestWhatCountsWhenWorkEnds(t *testing.T) {
	t.Parallel()
	complete := func(t *testing.T, w *runstest.World, p sb.Process) {
		require.NoError(t, w.Work.Complete(t.Context(), p, nil, nil))
	}
	fail := func(t *testing.T, w *runstest.World, p sb.Process) {
		require.NoError(t, w.Work.Fail(t.Context(), p, "boom", "at x"))
	}
	silent := func(*testing.T, *runstest.World, sb.Process) {}
	for name, c := range map[string]struct {
		said func(*testing.T, *runstest.World, sb.Process)
		end  sb.End
		kind sb.FailureKind // "" completed
	}{
		"exit 0":                          {silent, runstest.Exit(0), ""},
		"exit 1":                          {silent, runstest.Exit(1), sb.FailError},
		"said completed, exit 1":          {complete, runstest.Exit(1), ""},
		"said failed, exit 0":             {fail, runstest.Exit(0), sb.FailError},
		"said completed, killed":          {complete, sb.End{Signal: "out of memory"}, sb.FailError},
		"said completed, the worker died": {complete, sb.End{WorkerLost: true}, sb.FailLost},
		"said nothing, the worker died":   {silent, sb.End{WorkerLost: true}, sb.FailLost},
		"ended in Temporal":               {silent, sb.End{Terminated: true}, sb.FailStopped},
		"the worker could not run it":     {silent, sb.End{Broken: true, Reason: "no such program"}, sb.FailOrchestrator},
		"ended without a word":            {silent, sb.End{}, sb.FailLost},
	} {
		w := runstest.New(t)
		p := running(t, w)
		c.said(t, w, p)
		c.end.Stack = strings.Repeat("s", 300<<10)
		require.NoError(t, w.Work.End(t.Context(), p, c.end), name)
		run := w.Get(t, p.Run)
		require.False(t, run.Slot, name)
		if c.kind == "" {
			require.Equal(t, sb.Completed, run.Status, name)
			continue
		}
		require.Equal(t, sb.Failed, run.Status, name)
		require.Equal(t, c.kind, run.Failure.Kind, name)
		require.Less(t, len(run.Failure.Stack), 257<<10, "a stack is bounded")
	}
}

func TestSettleEndsOnlyWhatNeverBegan(t *testing.T) {
	t.Parallel()
	admitted := func(t *testing.T, w *runstest.World) sb.Run { return w.Dispatched(t) }
	claimed := func(t *testing.T, w *runstest.World) sb.Run { return second(w.Claimed(t)) }
	began := func(t *testing.T, w *runstest.World) sb.Run { return second(w.Running(t)) }
	over := func(t *testing.T, w *runstest.World) sb.Run { return w.Get(t, ended(t, w).Run) }
	for name, c := range map[string]struct {
		put   func(*testing.T, *runstest.World) sb.Run
		over  bool
		ended bool
		now   sb.Status
	}{
		"never taken":                     {admitted, false, true, sb.Scheduled},
		"never taken, and will not be":    {admitted, true, true, sb.Scheduled},
		"taken, and may begin":            {claimed, false, false, sb.Queued},
		"taken, and will not begin":       {claimed, true, true, sb.Scheduled},
		"begun":                           {began, false, false, sb.Running},
		"begun, and no worker carries it": {began, true, false, sb.Running},
		"ended":                           {over, false, true, sb.Failed},
	} {
		w := runstest.New(t)
		run := c.put(t, w)
		ended, err := w.Work.Settle(t.Context(), run.Ref(), c.over, sb.End{HandedBack: true})
		require.NoError(t, err, name)
		require.Equal(t, c.ended, ended, name)
		after := w.Get(t, run.ID)
		require.Equal(t, c.now, after.Status, name)
		require.Equal(t, !c.ended, after.Slot, name)
		old := run.Ref()
		old.Attempt--
		ended, err = w.Work.Settle(t.Context(), old, true, sb.End{})
		require.NoError(t, err, name)
		require.True(t, ended, "an earlier attempt has ended")
		require.Equal(t, after, w.Get(t, run.ID), name)
	}
}

func TestWorkStoppedWhereItIsCarried(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	waiting := w.Dispatched(t)
	require.NoError(t, w.Work.StopThere(t.Context(), waiting.Ref(), "terminated in Temporal"))
	run := w.Get(t, waiting.ID)
	require.Equal(t, []any{sb.Failed, sb.FailStopped, "terminated in Temporal", false}, []any{run.Status, run.Failure.Kind, run.Failure.Message, run.Slot})

	_, p := w.Running(t)
	require.NoError(t, w.Work.StopThere(t.Context(), p.AttemptRef, "terminated in Temporal"))
	run = w.Get(t, p.Run)
	require.Equal(t, []any{sb.Failed, sb.FailStopped, true, sb.WorkEnding}, []any{run.Status, run.Failure.Kind, run.Slot, run.Work.State})
	require.NoError(t, w.Work.StopThere(t.Context(), p.AttemptRef, "again"))
	require.Equal(t, run, w.Get(t, p.Run))
	stop, err := w.Work.Heartbeat(t.Context(), p)
	require.NoError(t, err)
	require.True(t, stop)
	require.NoError(t, w.Work.End(t.Context(), p, sb.End{Signal: "terminated"}))
	require.Equal(t, "terminated in Temporal", w.Get(t, p.Run).Failure.Message)
}

func TestTheManifestSaysHowAResultLooksUnlessTheResultDoes(t *testing.T) {
	t.Parallel()
	for said, kept := range map[string]string{"": runstest.OnceOutputs, `{"title":"Other"}`: `{"title":"Other"}`} {
		w := runstest.New(t)
		run, p := w.Running(t, runstest.Of(runstest.Once))
		require.NoError(t, w.Work.Complete(t.Context(), p, []byte(`{"n":1}`), []byte(said)))
		require.NoError(t, w.Work.End(t.Context(), p, runstest.Exit(0)))
		require.JSONEq(t, kept, string(w.Get(t, run.ID).OutputsSchema))
	}
}
