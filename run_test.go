package signalbox_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	sb "signalbox"
)

var (
	start = time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC)
	ana   = sb.Who{ID: "ana", Name: "Ana"}
)

func ptr[T any](v T) *T { return &v }

func scheduled() sb.Run {
	return sb.Run{ID: "r", Status: sb.Scheduled, ScheduledAt: start, Timeout: time.Hour, Work: sb.Work{State: sb.WorkNone}}
}

// walk applies changes one after the other and demands that each is accepted.
func walk(t *testing.T, r sb.Run, changes ...sb.Change) sb.Run {
	t.Helper()
	for _, c := range changes {
		after, _, err := r.Apply(c)
		require.NoError(t, err, "%T", c)
		r = after
	}
	return r
}

func claim(attempt int) sb.Change {
	return sb.Take{Claim: sb.Claim{
		Process: sb.Process{AttemptRef: sb.AttemptRef{Run: "r", Attempt: attempt}, Source: "main", Try: 1},
		Worker:  "w", Incarnation: "i", At: start,
	}}
}

func said(attempt int, ok bool) sb.Change {
	return sb.Report{Attempt: attempt, Outcome: sb.Outcome{Completed: ok, Message: "broke", Source: "main", Hash: map[bool]string{true: "c", false: "f"}[ok], At: start}}
}

var (
	admit    = sb.Admit{At: start}
	dispatch = sb.Dispatch{At: start, Attempt: 1, Ref: "run:r:1"}
	begin    = sb.Start{At: start, Attempt: 1}
	mark     = sb.MarkFailed{At: start, By: ana}
	stop     = sb.Stop{At: start, By: ana}
	timeout  = sb.TimeOut{At: start}
)

func end(e sb.End) sb.Change { return sb.EndWork{At: start, Attempt: 1, End: e} }

func TestHowRunsEnd(t *testing.T) {
	t.Parallel()
	exit0, exit1 := sb.End{ExitCode: ptr(0)}, sb.End{ExitCode: ptr(1)}
	back := sb.End{HandedBack: true}
	for _, row := range []struct {
		name    string
		changes []sb.Change
		status  sb.Status
		kind    sb.FailureKind
		slot    bool
	}{
		{"exit 0 completes", []sb.Change{admit, dispatch, claim(1), begin, end(exit0)}, sb.Completed, "", false},
		{"a report alone ends nothing", []sb.Change{admit, dispatch, claim(1), begin, said(1, true)}, sb.Running, "", true},
		{"exit 1 fails", []sb.Change{admit, dispatch, claim(1), begin, end(exit1)}, sb.Failed, sb.FailError, false},
		{"a reported failure counts more than exit 0", []sb.Change{admit, dispatch, claim(1), begin, said(1, false), end(exit0)}, sb.Failed, sb.FailError, false},
		{"a reported completion counts more than exit 1", []sb.Change{admit, dispatch, claim(1), begin, said(1, true), end(exit1)}, sb.Completed, "", false},
		{"being killed counts more than a reported completion", []sb.Change{admit, dispatch, claim(1), begin, said(1, true), end(sb.End{Signal: "killed"})}, sb.Failed, sb.FailError, false},
		{"a lost worker", []sb.Change{admit, dispatch, claim(1), begin, end(sb.End{WorkerLost: true})}, sb.Failed, sb.FailLost, false},
		{"never begun goes back to the queue", []sb.Change{admit, dispatch, end(back)}, sb.Scheduled, "", false},
		{"done without being seen running", []sb.Change{admit, dispatch, claim(1), said(1, true), end(exit0)}, sb.Completed, "", false},
		{"marked while scheduled", []sb.Change{mark}, sb.Failed, sb.FailMarked, false},
		{"marked before dispatch frees the slot", []sb.Change{admit, mark}, sb.Failed, sb.FailMarked, false},
		{"marked while running keeps the slot", []sb.Change{admit, dispatch, claim(1), begin, mark}, sb.Failed, sb.FailMarked, true},
		{"marked, then the work ends well: stays failed", []sb.Change{admit, dispatch, claim(1), begin, mark, said(1, true), end(exit0)}, sb.Failed, sb.FailMarked, false},
		{"marked, then stopped: kind stays", []sb.Change{admit, dispatch, claim(1), begin, mark, stop, end(exit1)}, sb.Failed, sb.FailMarked, false},
		{"stopped while scheduled", []sb.Change{stop}, sb.Failed, sb.FailStopped, false},
		{"stopped before dispatch frees the slot", []sb.Change{admit, stop}, sb.Failed, sb.FailStopped, false},
		{"stopped while running keeps the slot", []sb.Change{admit, dispatch, claim(1), begin, stop}, sb.Failed, sb.FailStopped, true},
		{"timed out, while its work has not ended", []sb.Change{admit, dispatch, claim(1), begin, timeout}, sb.Running, "", true},
		{"timed out", []sb.Change{admit, dispatch, claim(1), begin, timeout, end(exit0)}, sb.Failed, sb.FailTimeout, false},
		{"did not start in time goes back", []sb.Change{admit, dispatch, timeout, end(back)}, sb.Scheduled, "", false},
		{"rejected", []sb.Change{sb.Reject{At: start, Reason: "no"}}, sb.Failed, sb.FailRejected, false},
		{"terminated there", []sb.Change{admit, dispatch, claim(1), begin, end(sb.End{Terminated: true, Reason: "terminated in Temporal"})}, sb.Failed, sb.FailStopped, false},
		{"the worker could not run it", []sb.Change{admit, dispatch, claim(1), end(sb.End{Broken: true, Reason: "disk full"})}, sb.Failed, sb.FailOrchestrator, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := walk(t, scheduled(), row.changes...)
			require.Equal(t, row.status, r.Status)
			require.Equal(t, row.slot, r.Slot)
			if row.kind == "" {
				require.Nil(t, r.Failure)
			} else {
				require.Equal(t, row.kind, r.Failure.Kind)
			}
		})
	}
}

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		before []sb.Change
		change sb.Change
		want   sb.Code
	}{
		{"start after a mark", []sb.Change{admit, dispatch, claim(1), mark}, begin, sb.RunOver},
		{"start after a stop", []sb.Change{admit, dispatch, claim(1), stop}, begin, sb.RunOver},
		{"start of another attempt", []sb.Change{admit, dispatch, claim(1)}, sb.Start{At: start, Attempt: 2}, sb.Conflict},
		{"start again is the same", []sb.Change{admit, dispatch, claim(1), begin}, begin, ""},
		{"a claim before dispatch was noted", []sb.Change{admit}, claim(1), ""},
		{"a claim after the work has ended", []sb.Change{admit, stop}, claim(1), sb.Conflict},
		{"dispatch noted after a mark that freed the slot", []sb.Change{admit, mark}, dispatch, sb.Conflict},
		{"the same report again", []sb.Change{admit, dispatch, claim(1), begin, said(1, true)}, said(1, true), ""},
		{"another report", []sb.Change{admit, dispatch, claim(1), begin, said(1, true)}, said(1, false), sb.Conflict},
		{"a second late report", []sb.Change{admit, dispatch, claim(1), begin, mark, said(1, true)}, said(1, false), sb.RunOver},
		{"mark what is over", []sb.Change{mark}, mark, sb.Conflict},
		{"stop what is over and ended", []sb.Change{stop}, stop, sb.Conflict},
		{"stop again while the work ends", []sb.Change{admit, dispatch, claim(1), begin, stop}, stop, ""},
		{"admit twice", []sb.Change{admit}, admit, sb.Conflict},
		{"the end of another attempt", []sb.Change{admit}, sb.EndWork{At: start, Attempt: 2}, sb.Conflict},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := walk(t, scheduled(), row.before...)
			after, _, err := r.Apply(row.change)
			require.Equal(t, row.want, sb.CodeOf(err))
			if err != nil {
				require.Equal(t, r, after)
			}
		})
	}
}

func TestRetriesWaitLongerAndLonger(t *testing.T) {
	t.Parallel()
	r := scheduled()
	r.RetriesLeft = 7
	var waits []time.Duration
	for range 7 {
		r = walk(t, r, admit)
		r = walk(t, r, sb.Dispatch{At: start, Attempt: r.Attempt}, claim(r.Attempt), sb.Start{At: start, Attempt: r.Attempt},
			sb.EndWork{At: start, Attempt: r.Attempt, End: sb.End{ExitCode: ptr(1)}})
		require.Equal(t, sb.Scheduled, r.Status)
		require.Equal(t, start, r.ScheduledAt)
		waits = append(waits, r.NotBefore.Sub(start))
	}
	require.Equal(t, []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second, 160 * time.Second, 5 * time.Minute, 5 * time.Minute}, waits)
	r = walk(t, r, admit)
	r = walk(t, r, claim(8), sb.Start{At: start, Attempt: 8}, sb.EndWork{At: start, Attempt: 8, End: sb.End{ExitCode: ptr(1)}})
	require.Equal(t, sb.Failed, r.Status)
}

func TestVanishedWorkIsRequeuedThreeTimes(t *testing.T) {
	t.Parallel()
	r := scheduled()
	for range 3 {
		r = walk(t, r, admit)
		r = walk(t, r, sb.EndWork{At: start, Attempt: r.Attempt, End: sb.End{HandedBack: true}})
		require.Equal(t, sb.Scheduled, r.Status)
	}
	r = walk(t, r, admit)
	r = walk(t, r, sb.EndWork{At: start, Attempt: r.Attempt, End: sb.End{HandedBack: true}})
	require.Equal(t, sb.FailLost, r.Failure.Kind)
}

// TestAnyOrderOfChanges throws random changes at a run: whatever comes in whatever order, its status only takes legal
// steps, the end is final, a slot belongs to work that has not ended, and a stale attempt changes nothing.
func TestAnyOrderOfChanges(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := scheduled()
		if rapid.Bool().Draw(t, "outside") {
			r.Target = sb.Target{DAG: "etl"}
		}
		r.RetriesLeft = rapid.IntRange(0, 2).Draw(t, "retries")
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			attempt := max(0, r.Attempt-rapid.IntRange(0, 1).Draw(t, "stale"))
			c := anyChange(t, attempt)
			after, events, err := r.Apply(c)
			if after.Status != r.Status {
				require.True(t, r.Status.CanBecome(after.Status) || r.Status == sb.Queued && after.Status == sb.Completed, "%s → %s by %T", r.Status, after.Status, c)
			}
			if r.Status.Terminal() {
				require.Equal(t, r.Status, after.Status)
				require.Equal(t, r.Failure, after.Failure)
			}
			if err != nil || len(events) == 0 {
				require.Equal(t, r, after)
			}
			if after.Slot {
				require.NotEqual(t, sb.WorkEnded, after.Work.State)
				require.NotEqual(t, sb.Scheduled, after.Status)
			}
			require.Equal(t, after.Slot, after.Status == sb.Queued || after.Status == sb.Running || after.WorkGoesOn(), "%+v", after)
			if attempt != r.Attempt && bound(c) {
				require.Equal(t, r, after, "%T of attempt %d changed attempt %d", c, attempt, r.Attempt)
			}
			require.LessOrEqual(t, after.Attempt, sb.MaxAttempts)
			r = after
		}
	})
}

// bound tells whether a change belongs to one attempt.
func bound(c sb.Change) bool {
	switch c.(type) {
	case sb.Dispatch, sb.Take, sb.Start, sb.Report, sb.EndWork, sb.SeenAgain, sb.Submitting, sb.Submitted, sb.Delayed, sb.Observed:
		return true
	}
	return false
}

func anyChange(t *rapid.T, attempt int) sb.Change {
	at := start.Add(time.Duration(rapid.IntRange(0, 1000).Draw(t, "seconds")) * time.Second)
	e := rapid.SampledFrom([]sb.End{{ExitCode: ptr(0)}, {ExitCode: ptr(1)}, {Signal: "killed"}, {WorkerLost: true}, {HandedBack: true}, {Terminated: true}, {Broken: true}, {Rejected: true}, {There: sb.SeenSucceeded}, {There: sb.SeenFailed}}).Draw(t, "end")
	sight := rapid.SampledFrom([]sb.Sight{sb.SeenWaiting, sb.SeenActive, sb.SeenSucceeded, sb.SeenFailed, sb.SeenStopped, sb.SeenBroken, sb.SeenGone}).Draw(t, "sight")
	return rapid.SampledFrom([]sb.Change{
		sb.Submitting{At: at, Attempt: attempt, Name: "n"},
		sb.Submitted{At: at, Attempt: attempt, Place: sb.Place{Name: "n", URL: "u"}},
		sb.Delayed{At: at, Attempt: attempt, Why: "away"},
		sb.Observed{At: at, Attempt: attempt, Seen: sb.Seen{Sight: sight}},
		sb.Unasked{At: at, Since: at.Add(-sb.UnaskedFor)},
		sb.Admit{At: at},
		sb.Dispatch{At: at, Attempt: attempt, Ref: "x"},
		claim(attempt),
		sb.Start{At: at, Attempt: attempt},
		said(attempt, true), said(attempt, false),
		sb.EndWork{At: at, Attempt: attempt, End: e},
		sb.MarkFailed{At: at, By: ana},
		sb.Stop{At: at, By: ana},
		sb.TimeOut{At: at},
		sb.Unseen{At: at},
		sb.SeenAgain{At: at, Attempt: attempt},
		sb.StopWaits{At: at},
		sb.Reject{At: at, Reason: "x"},
		sb.Pin{At: at, By: ana, Pinned: true},
		sb.Rename{At: at, By: ana, Label: "l"},
	}).Draw(t, "change")
}
