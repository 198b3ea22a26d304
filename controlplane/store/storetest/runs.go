package storetest

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

var runTests = map[string]func(*testing.T, Fresh){
	"a run is read as it was kept":                                runIsRead,
	"an idempotency key gives the same run for a day":             idempotency,
	"many requests with one idempotency key make one run":         idempotencyRace,
	"scheduling sees facts and orchestrators":                     scheduleFacts,
	"an error of decide keeps nothing":                            scheduleError,
	"a change writes the run, its work and its events":            changeWrites,
	"a change that changes nothing writes nothing":                changeNothing,
	"a change leaves what heartbeats and progress write":          changeLeavesLive,
	"changes of one run at once are all kept":                     changesAtOnce,
	"text that no database takes is kept without what it refuses": oddText,
	"facts of what does not exist are nil":                        factsNil,
	"facts of a run are its dataset's and operator's":             factsRun,
	"held, undispatched and open work":                            heldRuns,
	"deleting a dataset rejects its scheduled runs":               datasetDeleted,
}

func runIsRead(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	kept := w.schedule(t, labelled("Größe"), func(r *sb.Run) {
		r.View, r.InputsSchema, r.RetriesLeft, r.StartWithin = []byte(`[1]`), []byte(`{"z":1,"y":2}`), 2, time.Minute
	})
	run, err := w.Run(t.Context(), kept.ID)
	require.NoError(t, err)
	require.Equal(t, kept, run)
	require.Equal(t, "cats", run.Dataset)
	require.Equal(t, "builtin", run.Orchestrator)
	require.JSONEq(t, `{"b":1,"a":2}`, string(run.Params))
	require.Equal(t, `{"z":1,"y":2}`, string(run.InputsSchema), "the order stays")
	require.Equal(t, sb.WorkNone, run.Work.State)
	require.Equal(t, w.clock.now(), run.ScheduledAt)
	require.Len(t, run.ID, 26)

	_, err = w.Run(t.Context(), "none")
	requireCode(t, sb.NotFound, err)
}

func idempotency(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	decide := func(sb.Facts, []sb.Orchestrator) (sb.Run, []sb.Event, error) {
		return sb.Run{Status: sb.Scheduled, Operator: hello, OrchestratorID: w.builtin.ID, CreatedBy: w.ann.Who()}, nil, nil
	}
	schedule := func(p sb.Principal, hash string) (sb.Run, bool, error) {
		return w.Schedule(t.Context(), sb.NewRun{Ask: sb.Ask{PrincipalID: p.ID}, IdempotencyKey: "k", BodyHash: hash}, decide)
	}
	first, replayed, err := schedule(w.ann, "a")
	require.NoError(t, err)
	require.False(t, replayed)
	again, replayed, err := schedule(w.ann, "a")
	require.NoError(t, err)
	require.True(t, replayed)
	require.Equal(t, first.ID, again.ID)
	_, _, err = schedule(w.ann, "b")
	requireCode(t, sb.Conflict, err)
	other, replayed, err := schedule(w.admin, "b")
	require.NoError(t, err)
	require.False(t, replayed)
	require.NotEqual(t, first.ID, other.ID)

	w.clock.pass(24 * time.Hour)
	late, replayed, err := schedule(w.ann, "b")
	require.NoError(t, err)
	require.False(t, replayed)
	require.NotEqual(t, first.ID, late.ID)
}

func idempotencyRace(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	var mu sync.Mutex
	var wg sync.WaitGroup
	found := map[string]int{}
	made := 0
	for range 8 {
		wg.Go(func() {
			n := sb.NewRun{Ask: sb.Ask{PrincipalID: w.ann.ID}, IdempotencyKey: "k", BodyHash: "a"}
			run, replayed, err := w.Schedule(t.Context(), n, func(sb.Facts, []sb.Orchestrator) (sb.Run, []sb.Event, error) {
				return sb.Run{Status: sb.Scheduled, Operator: hello, OrchestratorID: w.builtin.ID, CreatedBy: w.ann.Who()}, nil, nil
			})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				found[run.ID]++
			}
			if !replayed && err == nil {
				made++
			}
		})
	}
	wg.Wait()
	require.Len(t, found, 1)
	require.Equal(t, 1, made)
	for _, n := range found {
		require.Equal(t, 8, n)
	}
}

func scheduleFacts(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	ask := sb.Ask{PrincipalID: w.ann.ID, Dataset: "cats", Operator: hello}
	_, _, err := w.Schedule(t.Context(), sb.NewRun{Ask: ask}, func(f sb.Facts, list []sb.Orchestrator) (sb.Run, []sb.Event, error) {
		require.Equal(t, w.ann, f.Principal)
		require.Equal(t, w.data.ID, f.Dataset.ID)
		require.Equal(t, sb.CanManage, f.Own)
		require.Equal(t, sb.NoAccess, f.Group)
		require.Equal(t, w.plugin.Revision, f.Plugin.Revision)
		require.Equal(t, hello, f.Operator.URI())
		require.Equal(t, []string{"true"}, f.Operator.Command.Command)
		require.Equal(t, sb.DefaultSettings(), f.Settings)
		require.Equal(t, []sb.Orchestrator{w.builtin}, list)
		return sb.Run{}, nil, sb.Errorf(sb.Forbidden, "no")
	})
	requireCode(t, sb.Forbidden, err)
}

func scheduleError(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	n := sb.NewRun{Ask: sb.Ask{PrincipalID: w.ann.ID}, IdempotencyKey: "k", BodyHash: "a"}
	_, _, err := w.Schedule(t.Context(), n, func(sb.Facts, []sb.Orchestrator) (sb.Run, []sb.Event, error) {
		return sb.Run{}, nil, sb.Errorf(sb.Invalid, "no")
	})
	requireCode(t, sb.Invalid, err)
	page, err := w.Runs(t.Context(), sb.RunQuery{Viewer: sb.Viewer{Principal: w.admin}})
	require.NoError(t, err)
	require.Empty(t, page.Items)

	_, _, err = w.Schedule(t.Context(), sb.NewRun{Ask: sb.Ask{PrincipalID: "nobody"}}, nil)
	requireCode(t, sb.NotFound, err)
}

func changeWrites(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	run, _ := w.running(t, func(r *sb.Run) { r.RetriesLeft = 1 })
	require.Equal(t, sb.Running, run.Status)
	require.Equal(t, sb.WorkActive, run.Work.State)
	outcome := sb.Outcome{
		Completed: true, Result: []byte(`{"n":1}`), OutputsSchema: []byte(`{"type":"object"}`),
		Source: sb.MainSource, Hash: "h", At: w.clock.now(),
	}
	said := w.apply(t, run.ID, sb.Report{Attempt: 1, Outcome: outcome})
	require.Equal(t, &outcome, said.Work.Reported)
	done := w.apply(t, run.ID, w.end(true))
	read, err := w.Run(t.Context(), run.ID)
	require.NoError(t, err)
	require.Equal(t, done, read)
	require.Equal(t, sb.Completed, read.Status)
	require.JSONEq(t, `{"n":1}`, string(read.Result))
	require.Equal(t, &outcome, read.Work.Reported)
	require.False(t, read.Slot)

	events, err := w.Events(t.Context(), run.ID, 0, 100)
	require.NoError(t, err)
	var kinds []sb.EventKind
	for i, e := range events {
		kinds = append(kinds, e.Kind)
		require.True(t, i == 0 || e.Seq > events[i-1].Seq)
	}
	require.Equal(t, []sb.EventKind{
		sb.EventScheduled, sb.EventQueued, sb.EventClaimed, sb.EventStarted, sb.EventReported, sb.EventWorkEnded, sb.EventCompleted,
	}, kinds)
	rest, err := w.Events(t.Context(), run.ID, events[4].Seq, 1)
	require.NoError(t, err)
	require.Equal(t, events[5:6], rest)
}

func changeNothing(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	run := w.schedule(t)
	after := w.apply(t, run.ID, sb.Rename{At: w.clock.now(), Label: ""})
	require.Equal(t, run, after)
	_, err := w.Change(t.Context(), run.ID, applying(sb.Start{At: w.clock.now(), Attempt: 4}))
	requireCode(t, sb.Conflict, err)
	_, err = w.Change(t.Context(), "none", applying(sb.Stop{}))
	requireCode(t, sb.NotFound, err)
}

func changeLeavesLive(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	run, p := w.running(t)
	half := 0.5
	_, err := w.Change(t.Context(), run.ID, func(r sb.Run) (sb.Run, []sb.Event, error) {
		return r.Apply(sb.Rename{At: w.clock.now(), Label: "new"})
	})
	require.NoError(t, err)
	stale, err := w.Run(t.Context(), run.ID)
	require.NoError(t, err)

	w.clock.pass(5 * time.Second)
	_, err = w.Beat(t.Context(), p)
	require.NoError(t, err)
	kept, err := w.SetProgress(t.Context(), p, sb.Progress{Fraction: &half, Label: "half", UpdatedAt: w.clock.now()})
	require.NoError(t, err)
	require.True(t, kept)
	_, err = w.Change(t.Context(), run.ID, func(r sb.Run) (sb.Run, []sb.Event, error) {
		after, events, err := r.Apply(sb.Pin{At: w.clock.now(), Pinned: true})
		return after, events, err
	})
	require.NoError(t, err)
	read, err := w.Run(t.Context(), run.ID)
	require.NoError(t, err)
	require.Equal(t, w.clock.now(), *read.Work.SeenAt)
	require.InDelta(t, half, *read.Work.Progress.Fraction, 0)
	require.Equal(t, stale.Version+1, read.Version, "heartbeats and progress do not touch the run's row")
}

func changesAtOnce(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	run := w.schedule(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				_, err := w.Change(t.Context(), run.ID, func(r sb.Run) (sb.Run, []sb.Event, error) {
					return r.Apply(sb.Rename{At: w.clock.now(), Label: r.Label + "x"})
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	read, err := w.Run(t.Context(), run.ID)
	require.NoError(t, err)
	require.Len(t, read.Label, 40)
}

func oddText(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	run, _ := w.running(t, labelled(`it's "?" \ %s`))
	end := w.end(false)
	end.End.Stack = "a\x00b\xffc ' ? \\"
	w.apply(t, run.ID, end)
	read, err := w.Run(t.Context(), run.ID)
	require.NoError(t, err)
	require.Equal(t, `it's "?" \ %s`, read.Label)
	require.NotNil(t, read.Failure)
	require.Contains(t, read.Failure.Stack, "a")
	require.Contains(t, read.Failure.Stack, `c ' ? \`)
}

func factsNil(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	f, err := w.Facts(t.Context(), sb.Ask{PrincipalID: w.ann.ID, Dataset: "dogs", Operator: "@no/such", Run: "none"})
	require.NoError(t, err)
	require.Nil(t, f.Dataset)
	require.Nil(t, f.Plugin)
	require.Nil(t, f.Operator)
	require.Nil(t, f.Run)
	f, err = w.Facts(t.Context(), sb.Ask{PrincipalID: w.ann.ID, Operator: "@acme/tools/gone"})
	require.NoError(t, err)
	require.NotNil(t, f.Plugin)
	require.Nil(t, f.Operator)
	_, err = w.Facts(t.Context(), sb.Ask{PrincipalID: "nobody"})
	requireCode(t, sb.NotFound, err)
}

func factsRun(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	run := w.schedule(t)
	f, err := w.Facts(t.Context(), sb.Ask{PrincipalID: w.admin.ID, Run: run.ID, Dataset: "dogs"})
	require.NoError(t, err)
	require.Equal(t, run, *f.Run)
	require.Equal(t, w.data.ID, f.Dataset.ID)
	require.Equal(t, "hello", f.Operator.Name)
	require.Equal(t, sb.NoAccess, f.Own)
	require.NoError(t, w.DeleteDataset(t.Context(), w.data.ID, w.admin.Who(), free))
	f, err = w.Facts(t.Context(), sb.Ask{PrincipalID: w.admin.ID, Run: run.ID})
	require.NoError(t, err)
	require.Nil(t, f.Dataset)
	require.Equal(t, w.data.ID, f.Run.DatasetID)
	_, err = w.CreateDataset(t.Context(), sb.Dataset{Name: w.data.ID, DefaultPermission: sb.CanManage, Creator: w.ann.Who()})
	require.NoError(t, err)
	f, err = w.Facts(t.Context(), sb.Ask{PrincipalID: w.ann.ID, Run: run.ID})
	require.NoError(t, err)
	require.Nil(t, f.Dataset, "a new dataset that is named like the id of the old one")
}

func heldRuns(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	w.quota(t, 2)
	a, b, c := w.schedule(t), w.schedule(t), w.schedule(t)
	require.Equal(t, []string{a.ID, b.ID}, w.admit(t).Admitted)
	held, err := w.Held(t.Context(), "", 10)
	require.NoError(t, err)
	require.ElementsMatch(t, []string{a.ID, b.ID}, ids(held))
	open, err := w.OpenWork(t.Context(), w.builtin.ID, held[0].ID, 10)
	require.NoError(t, err)
	require.Equal(t, []string{held[1].ID}, ids(open))

	w.clock.pass(time.Minute)
	unsent, err := w.Undispatched(t.Context(), w.clock.now(), 10)
	require.NoError(t, err)
	require.ElementsMatch(t, []string{a.ID, b.ID}, ids(unsent))
	w.apply(t, a.ID, sb.Dispatch{At: w.clock.now(), Attempt: 1, Ref: "x"})
	unsent, err = w.Undispatched(t.Context(), w.clock.now(), 10)
	require.NoError(t, err)
	require.Equal(t, []string{b.ID}, ids(unsent))
	w.apply(t, b.ID, sb.Stop{At: w.clock.now(), By: w.ann.Who()})
	require.Equal(t, []string{c.ID}, w.admit(t).Admitted)
}

func datasetDeleted(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	going, _ := w.running(t)
	waiting := w.schedule(t)
	bare := w.schedule(t, in(""))
	require.NoError(t, w.DeleteDataset(t.Context(), w.data.ID, w.admin.Who(), free))
	w.rejectAll(t)
	for id, want := range map[string]sb.Status{going.ID: sb.Running, waiting.ID: sb.Failed, bare.ID: sb.Scheduled} {
		run, err := w.Run(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, want, run.Status)
	}
	requireCode(t, sb.NotFound, w.DeleteDataset(t.Context(), w.data.ID, w.admin.Who(), free))
}
