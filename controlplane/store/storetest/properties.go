package storetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	sb "signalbox"
)

var properties = map[string]func(*testing.T, Fresh){
	"whatever happens, slots stay within the quota and belong to work": slotsProperty,
}

// slotsProperty does random things to a few runs and looks at all of them after each.
func slotsProperty(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	rapid.Check(t, func(rt *rapid.T) {
		g := &game{world: w, quota: rapid.IntRange(1, 3).Draw(rt, "quota"), last: map[string]sb.Run{}}
		w.quota(t, g.quota)
		rt.Repeat(map[string]func(*rapid.T){
			"schedule": g.schedules,
			"admit":    func(rt *rapid.T) { w.admit(rt) },
			"wait":     func(*rapid.T) { w.clock.pass(time.Minute) },
			"change":   g.changes,
			"":         g.check,
		})
		g.finish(rt)
	})
}

// game is one random sequence.
type game struct {
	*world
	quota int
	last  map[string]sb.Run
}

func (g *game) schedules(t *rapid.T) {
	retries, outside := rapid.IntRange(0, 2).Draw(t, "retries"), rapid.Bool().Draw(t, "outside")
	run := g.schedule(t, func(r *sb.Run) {
		if r.RetriesLeft = retries; outside { // the rules go by the target
			r.Target = sb.Target{DAG: "etl"}
		}
	})
	g.last[run.ID] = run
}

// changes applies a change that may or may not fit, sometimes of a stale attempt.
func (g *game) changes(t *rapid.T) {
	if len(g.last) == 0 {
		t.Skip("no run")
	}
	run := rapid.SampledFrom(sorted(g.last)).Draw(t, "run")
	attempt := max(run.Attempt-rapid.IntRange(0, 1).Draw(t, "stale"), 0)
	now, code := g.clock.now(), rapid.IntRange(0, 1).Draw(t, "exit")
	sight := rapid.SampledFrom([]sb.Sight{sb.SeenWaiting, sb.SeenActive, sb.SeenSucceeded, sb.SeenFailed, sb.SeenStopped, sb.SeenBroken, sb.SeenGone}).Draw(t, "sight")
	c := rapid.SampledFrom([]sb.Change{
		sb.Dispatch{At: now, Attempt: attempt, Ref: "r"},
		sb.Start{At: now, Attempt: attempt},
		sb.Report{Attempt: attempt, Outcome: sb.Outcome{Completed: code == 0, Source: sb.MainSource, Hash: "h", At: now}},
		sb.MarkFailed{At: now, By: g.ann.Who()},
		sb.Stop{At: now, By: g.ann.Who()},
		sb.TimeOut{At: now},
		sb.Unseen{At: now},
		sb.SeenAgain{At: now, Attempt: attempt},
		sb.EndWork{At: now, Attempt: attempt, End: sb.End{ExitCode: &code}},
		sb.EndWork{At: now, Attempt: attempt, End: sb.End{WorkerLost: true}},
		sb.Submitting{At: now, Attempt: attempt, Name: "n"},
		sb.Submitted{At: now, Attempt: attempt, Place: sb.Place{Name: "n", URL: "u"}},
		sb.Observed{At: now, Attempt: attempt, Seen: sb.Seen{Sight: sight}},
		sb.Unasked{At: now, Since: now.Add(-sb.UnaskedFor)},
		sb.EndWork{At: now, Attempt: attempt, End: sb.End{There: sight}},
	}).Draw(t, "change")
	before := g.last[run.ID]
	after, err := g.Change(t.Context(), run.ID, applying(c))
	if attempt != run.Attempt && !forAny(c) {
		read, err := g.Run(t.Context(), run.ID)
		require.NoError(t, err)
		require.Equal(t, before.Version, read.Version, "a stale attempt changes nothing")
	}
	if err != nil {
		require.Contains(t, []sb.Code{sb.Conflict, sb.RunOver}, sb.CodeOf(err))
		return
	}
	require.True(t, before.Status == after.Status || reaches(before.Status, after.Status), "%s became %s", before.Status, after.Status)
	g.last[run.ID] = after
}

// forAny tells whether a change belongs to no attempt.
func forAny(c sb.Change) bool {
	switch c.(type) {
	case sb.MarkFailed, sb.Stop, sb.TimeOut, sb.Unseen, sb.Unasked:
		return true
	}
	return false
}

// reaches tells whether one change may lead from a status to another; some pass through running.
func reaches(from, to sb.Status) bool {
	return from.CanBecome(to) || from == sb.Queued && sb.Running.CanBecome(to)
}

func (g *game) check(t *rapid.T) {
	held := 0
	for id, before := range g.last {
		run, err := g.Run(t.Context(), id)
		require.NoError(t, err)
		g.last[id] = run
		if run.Slot {
			held++
			require.NotEqual(t, sb.WorkEnded, run.Work.State, "a slot belongs to work that has not ended")
		}
		require.GreaterOrEqual(t, run.Attempt, before.Attempt)
		require.False(t, before.Status.Terminal() && run.Status != before.Status, "terminal is final")
		require.False(t, run.Status == sb.Running && !run.Slot, "who runs has a slot")
	}
	require.LessOrEqual(t, held, g.quota)
}

// finish ends all work: then no slot is left.
func (g *game) finish(t *rapid.T) {
	for id := range g.last {
		for {
			run, err := g.Run(t.Context(), id)
			require.NoError(t, err)
			if run.Status == sb.Scheduled {
				run = g.apply(t, id, sb.MarkFailed{At: g.clock.now(), By: g.ann.Who()})
			}
			if !run.Slot && run.Status.Terminal() {
				break
			}
			g.apply(t, id, sb.EndWork{At: g.clock.now(), Attempt: run.Attempt, End: sb.End{Reason: "over"}})
		}
	}
	left, err := g.Held(t.Context(), "", 10)
	require.NoError(t, err)
	require.Empty(t, left)
}

func sorted(runs map[string]sb.Run) []sb.Run {
	list := make([]sb.Run, 0, len(runs))
	for _, r := range runs {
		list = append(list, r)
	}
	sortRuns(list)
	return list
}

func sortRuns(list []sb.Run) {
	slices.SortFunc(list, func(a, b sb.Run) int { return strings.Compare(a.ID, b.ID) })
}
