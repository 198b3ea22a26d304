package signalbox

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTasksStandForProgressThatNobodyTells(t *testing.T) {
	t.Parallel()
	half := 0.5
	there := Run{ID: "R", Attempt: 2, Status: Running, Target: Target{DAG: "etl"}, Work: Work{State: WorkActive}}
	with := func(change func(*Run)) Run {
		r := there
		change(&r)
		return r
	}
	for name, row := range map[string]struct {
		run   Run
		tally Tally
		label string // "" for no change
	}{
		"some are over":                      {there, Tally{Over: 3, All: 7}, "3 of 7 tasks done"},
		"none is over yet":                   {there, Tally{All: 2}, "0 of 2 tasks done"},
		"more than before":                   {with(func(r *Run) { r.Work.Progress = &Progress{Label: "1 of 7 tasks done", Tallied: true} }), Tally{Over: 2, All: 7}, "2 of 7 tasks done"},
		"as many as before":                  {with(func(r *Run) { r.Work.Progress = &Progress{Label: "2 of 7 tasks done", Tallied: true} }), Tally{Over: 2, All: 7}, ""},
		"one task alone tells nothing":       {there, Tally{Over: 0, All: 1}, ""},
		"no task is there yet":               {there, Tally{}, ""},
		"the operator has told":              {with(func(r *Run) { r.Work.Progress = &Progress{Fraction: &half, Label: "half"} }), Tally{Over: 3, All: 7}, ""},
		"it has not begun":                   {with(func(r *Run) { r.Work.State = WorkWaiting }), Tally{Over: 3, All: 7}, ""},
		"it is over here":                    {with(func(r *Run) { r.Status = Failed }), Tally{Over: 3, All: 7}, ""},
		"nobody knows whether it goes on":    {with(func(r *Run) { r.Work.State = WorkUnknown }), Tally{Over: 3, All: 7}, ""},
		"it runs on a worker of our own":     {with(func(r *Run) { r.Target = Target{Pool: "default"} }), Tally{Over: 3, All: 7}, ""},
		"more are over than there are tasks": {there, Tally{Over: 8, All: 7}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Now()
			c, changed := row.run.Count(row.tally, now)
			require.Equal(t, row.label != "", changed)
			if !changed {
				return
			}
			require.Equal(t, row.label, c.After.Label)
			require.InDelta(t, float64(row.tally.Over)/float64(row.tally.All), *c.After.Fraction, 1e-9)
			require.Equal(t, row.run.Ref(), c.AttemptRef)
			require.Equal(t, row.run.Work.Progress, c.Before)
			require.True(t, c.After.Tallied)
		})
	}
}
