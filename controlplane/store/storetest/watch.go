package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

var watchTests = map[string]func(*testing.T, Fresh){
	"an orchestrator is registered, changed and removed":     registered,
	"credentials are kept sealed, one by one":                credentials,
	"an orchestrator with open work is not removed":          notRemoved,
	"a watching belongs to the newest epoch":                 epochs,
	"admission passes by targets that start nothing":         blockedTargets,
	"how work was seen is kept, and signs of life in bulk":   sightings,
	"a log that is due keeps the run's log from finishing":   logsDue,
	"who carries and who watches hear of what concerns it":   outsideNotes,
	"a nudge wakes who watches":                              nudged,
	"progress that was counted never replaces what was said": tallies,
	"where a process says that its log lies is kept":         logPaths,
	"what was taken is told from what was sent":              ownLogs,
	"what masks a log is not forgotten before the log is":    lentForLogs,
}

// airflow registers an orchestrator that is not ours.
func (w *world) airflow(t *testing.T) sb.Orchestrator {
	t.Helper()
	o, err := w.CreateOrchestrator(t.Context(), sb.Orchestrator{
		Name: "prod", Kind: sb.Airflow, Enabled: true, Quota: 5, Config: []byte(`{"url":"http://airflow"}`),
		Routes: []sb.Route{{Operators: []string{"*"}, Target: sb.Target{DAG: "etl"}}},
	}, map[string][]byte{"password": []byte("sealed")})
	require.NoError(t, err)
	return o
}

// elsewhere puts a run on another orchestrator.
func elsewhere(o sb.Orchestrator) func(*sb.Run) {
	return func(r *sb.Run) { r.OrchestratorID, r.Target = o.ID, sb.Target{DAG: "etl"} }
}

// sent schedules a run there and brings it to where its orchestrator has it.
func (w *world) sent(t *testing.T, o sb.Orchestrator) sb.Run {
	t.Helper()
	run := w.schedule(t, elsewhere(o))
	_, err := w.Admit(t.Context(), o.ID, sb.Targets{}, func(c sb.Candidate) sb.Change { return sb.Admit{At: c.Now} })
	require.NoError(t, err)
	at := sb.Place{Target: run.Target, Name: "theirs-" + run.ID, URL: "http://airflow/" + run.ID}
	return w.apply(t, run.ID, sb.Dispatch{At: w.clock.now(), Attempt: 1, Ref: "run"}, sb.Submitting{At: w.clock.now(), Attempt: 1, Name: at.Name},
		sb.Submitted{At: w.clock.now(), Attempt: 1, Place: at})
}

func registered(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	o := w.airflow(t)
	require.EqualValues(t, 1, o.Version)
	require.Equal(t, []string{"password"}, o.Secrets)
	_, err := w.CreateOrchestrator(t.Context(), sb.Orchestrator{Name: "prod", Kind: sb.Airflow}, nil)
	requireCode(t, sb.Conflict, err)
	quota, err := w.UpdateOrchestrator(t.Context(), o.ID, func(o sb.Orchestrator) (sb.Orchestrator, error) {
		o.Quota = 9
		return o, nil
	})
	require.NoError(t, err)
	require.EqualValues(t, 1, quota.Version, "what reaches it is the same")
	moved, err := w.UpdateOrchestrator(t.Context(), o.ID, func(o sb.Orchestrator) (sb.Orchestrator, error) {
		o.Config = []byte(`{"url":"http://other"}`)
		return o, nil
	})
	require.NoError(t, err)
	require.EqualValues(t, 2, moved.Version)
	_, err = w.CreateKey(t.Context(), sb.Key{Owner: o.ID, Name: "k"}, []byte("hash"))
	require.NoError(t, err)
	_, err = w.TakeWatch(t.Context(), o.ID)
	require.NoError(t, err)
	require.NoError(t, w.DeleteOrchestrator(t.Context(), o.ID))
	_, err = w.Orchestrator(t.Context(), "prod")
	requireCode(t, sb.NotFound, err)
	requireCode(t, sb.NotFound, w.DeleteOrchestrator(t.Context(), o.ID))
}

func credentials(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	o := w.airflow(t)
	same := func(o sb.Orchestrator) (sb.Orchestrator, error) { return o, nil }
	o, err := w.ChangeOrchestrator(t.Context(), o.ID, map[string][]byte{"token": []byte("other"), "password": nil}, same)
	require.NoError(t, err)
	require.EqualValues(t, 2, o.Version)
	require.Equal(t, []string{"token"}, o.Secrets)
	read, sealed, err := w.SealedOrchestrator(t.Context(), o.Name)
	require.NoError(t, err)
	require.Equal(t, o, read)
	require.Equal(t, map[string][]byte{"token": []byte("other")}, sealed)
	_, err = w.ChangeOrchestrator(t.Context(), "none", nil, same)
	requireCode(t, sb.NotFound, err)
}

func notRemoved(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	o := w.airflow(t)
	waiting := w.schedule(t, elsewhere(o))
	requireCode(t, sb.Conflict, w.DeleteOrchestrator(t.Context(), o.ID))
	w.apply(t, waiting.ID, sb.MarkFailed{At: w.clock.now(), By: w.ann.Who()})
	run := w.sent(t, o)
	w.apply(t, run.ID, sb.MarkFailed{At: w.clock.now(), By: w.ann.Who()})
	requireCode(t, sb.Conflict, w.DeleteOrchestrator(t.Context(), o.ID))
	w.apply(t, run.ID, sb.Observed{At: w.clock.now(), Attempt: 1, Seen: sb.Seen{Sight: sb.SeenFailed}},
		sb.EndWork{At: w.clock.now(), Attempt: 1, End: sb.End{There: sb.SeenFailed}})
	due, err := w.LogsDue(t.Context(), o.ID, sb.AttemptRef{}, 9)
	require.NoError(t, err)
	require.Len(t, due, 1)
	require.NoError(t, w.DeleteOrchestrator(t.Context(), o.ID))
	due, err = w.LogsDue(t.Context(), o.ID, sb.AttemptRef{}, 9)
	require.NoError(t, err)
	require.Empty(t, due, "nobody is left to collect it")
	events, err := w.Events(t.Context(), run.ID, 0, 100)
	require.NoError(t, err)
	require.Equal(t, sb.EventLogMissing, events[len(events)-1].Kind)
	require.Contains(t, events[len(events)-1].Message, "has what was sent", "a task may have sent all of it")
	require.Contains(t, events[len(events)-1].Message, "removed")
	kept, err := w.Run(t.Context(), run.ID)
	require.NoError(t, err)
	require.Equal(t, sb.Failed, kept.Status, "history stays")
	require.Equal(t, "prod", kept.Orchestrator)
	id, err := w.OrchestratorID(t.Context(), "prod")
	require.NoError(t, err)
	require.Equal(t, o.ID, id, "its runs are found by its name")

	next := w.airflow(t)
	there := w.schedule(t, elsewhere(next))
	for name, want := range map[string]string{"prod": next.ID, next.ID: next.ID, o.ID: o.ID} {
		id, err := w.OrchestratorID(t.Context(), name)
		require.NoError(t, err)
		require.Equal(t, want, id)
	}
	for id, run := range map[string]string{o.ID: kept.ID, next.ID: there.ID} {
		page, err := w.Runs(t.Context(), sb.RunQuery{Viewer: sb.Viewer{Principal: w.admin}, OrchestratorID: id, Limit: 10})
		require.NoError(t, err)
		require.NotEmpty(t, page.Items)
		found := false
		for _, r := range page.Items {
			require.Equal(t, "prod", r.Orchestrator)
			found = found || r.ID == run
		}
		require.True(t, found)
	}
	_, err = w.OrchestratorID(t.Context(), "never")
	requireCode(t, sb.NotFound, err)
}

func epochs(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	o := w.airflow(t)
	none, err := w.Watch(t.Context(), o.ID)
	require.NoError(t, err)
	require.Zero(t, none.Epoch)
	first, err := w.TakeWatch(t.Context(), o.ID)
	require.NoError(t, err)
	now := w.clock.now()
	first.Mark, first.PolledAt, first.Version, first.Calls = "m", &now, "2.10", 3
	first.Strays = []sb.Stray{{Seen: sb.Seen{Place: sb.Place{Name: "x"}, Sight: sb.SeenActive}, Of: sb.AttemptRef{Run: "r", Attempt: 2}}}
	require.NoError(t, w.KeepWatch(t.Context(), first))
	second, err := w.TakeWatch(t.Context(), o.ID)
	require.NoError(t, err)
	require.Equal(t, first.Epoch+1, second.Epoch)
	require.Equal(t, first.Mark, second.Mark)
	require.Equal(t, first.Strays, second.Strays)
	require.Equal(t, now, *second.PolledAt)
	run := w.sent(t, o)
	seen := sb.Observed{At: now, Attempt: 1, Seen: sb.Seen{Sight: sb.SeenActive, Word: "running"}}
	requireCode(t, sb.Conflict, w.KeepWatch(t.Context(), first))
	_, err = w.ChangeWatched(t.Context(), first.Ref(), run.ID, applying(seen))
	requireCode(t, sb.Conflict, err)
	requireCode(t, sb.Conflict, w.SeeWorks(t.Context(), first.Ref(), []sb.AttemptRef{run.Ref()}))
	requireCode(t, sb.Conflict, w.LogDone(t.Context(), first.Ref(), run.Ref(), ""))
	_, err = w.ChangeWatched(t.Context(), second.Ref(), run.ID, applying(seen))
	require.NoError(t, err)
	_, err = w.TakeWatch(t.Context(), "none")
	requireCode(t, sb.NotFound, err)
}

func blockedTargets(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	o := w.airflow(t)
	etl := w.schedule(t, elsewhere(o))
	other := w.schedule(t, elsewhere(o), func(r *sb.Run) { r.Target.DAG = "other" })
	targets, err := w.Targets(t.Context(), o.ID)
	require.NoError(t, err)
	require.ElementsMatch(t, []sb.Target{{DAG: "etl"}, {DAG: "other"}}, targets)
	a, err := w.Admit(t.Context(), o.ID, sb.Targets{Not: []string{etl.Target.Key()}}, func(c sb.Candidate) sb.Change { return sb.Admit{At: c.Now} })
	require.NoError(t, err)
	require.Equal(t, []string{other.ID}, a.Admitted)
	seen, err := w.TakeWatch(t.Context(), o.ID)
	require.NoError(t, err)
	notes := w.listen(t)
	seen.Blocked = map[string]string{etl.Target.Key(): "the DAG is paused"}
	require.NoError(t, w.KeepWatch(t.Context(), seen))
	hears(t, notes, sb.Note{Topic: sb.TopicQueue, ID: o.ID})
	place, err := w.Place(t.Context(), etl)
	require.NoError(t, err)
	require.Equal(t, "the DAG is paused", place.Blocked)
}

func sightings(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	o := w.airflow(t)
	run := w.sent(t, o)
	began := w.clock.now().Add(-time.Minute)
	w.apply(t, run.ID, sb.Observed{At: w.clock.now(), Attempt: 1, Seen: sb.Seen{Sight: sb.SeenActive, Word: "running", Why: "x", StartedAt: &began}})
	seen, err := w.TakeWatch(t.Context(), o.ID)
	require.NoError(t, err)
	w.clock.pass(time.Minute)
	require.NoError(t, w.SeeWorks(t.Context(), seen.Ref(), []sb.AttemptRef{run.Ref()}))
	run, err = w.Run(t.Context(), run.ID)
	require.NoError(t, err)
	require.Equal(t, sb.Running, run.Status)
	require.Equal(t, w.clock.now(), *run.Work.SeenAt)
	require.Equal(t, sb.Sighting{Sight: sb.SeenActive, Word: "running", Why: "x", Since: w.clock.now().Add(-time.Minute), StartedAt: &began}, *run.Work.Seen)
}

func logsDue(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	o := w.airflow(t)
	run := w.sent(t, o)
	w.apply(t, run.ID, sb.Observed{At: w.clock.now(), Attempt: 1, Seen: sb.Seen{Sight: sb.SeenSucceeded}},
		sb.EndWork{At: w.clock.now(), Attempt: 1, End: sb.End{There: sb.SeenSucceeded}})
	due, err := w.LogsDue(t.Context(), o.ID, sb.AttemptRef{}, 10)
	require.NoError(t, err)
	require.Equal(t, []sb.DueLog{{
		AttemptRef: run.Ref(), Place: sb.Place{Target: run.Target, Name: run.Work.Ref, URL: run.Work.URL},
		Until: w.clock.now().Add(sb.LogWait), Sight: sb.SeenSucceeded, Untold: true,
	}}, due)
	w.clock.pass(time.Hour)
	unkept, err := w.Unkept(t.Context(), w.clock.now(), nil, 10)
	require.NoError(t, err)
	require.Empty(t, unkept)
	seen, err := w.TakeWatch(t.Context(), o.ID)
	require.NoError(t, err)
	require.NoError(t, w.LogDone(t.Context(), seen.Ref(), run.Ref(), "Its log is missing."))
	require.NoError(t, w.LogDone(t.Context(), seen.Ref(), run.Ref(), "Its log is missing."), "once is enough")
	due, err = w.LogsDue(t.Context(), o.ID, sb.AttemptRef{}, 10)
	require.NoError(t, err)
	require.Empty(t, due)
	unkept, err = w.Unkept(t.Context(), w.clock.now(), nil, 10)
	require.NoError(t, err)
	require.Equal(t, []string{run.ID}, ids(unkept))
	events, err := w.Events(t.Context(), run.ID, 0, 100)
	require.NoError(t, err)
	require.Equal(t, sb.EventLogMissing, events[len(events)-1].Kind)
	require.NotEqual(t, sb.EventLogMissing, events[len(events)-2].Kind)
}

func outsideNotes(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	o := w.airflow(t)
	run := w.sent(t, o)
	notes := w.listen(t)
	w.apply(t, run.ID, sb.Report{Attempt: 1, Outcome: sb.Outcome{Completed: true, Source: "main", Hash: "h", At: w.clock.now()}})
	hears(t, notes, sb.Note{Topic: sb.TopicWatch, ID: o.ID})
	w.apply(t, run.ID, sb.EndWork{At: w.clock.now(), Attempt: 1, End: sb.End{There: sb.SeenSucceeded}})
	hears(t, notes, sb.Note{Topic: sb.TopicQueue, ID: o.ID}, sb.Note{Topic: sb.TopicSettled, ID: run.ID}, sb.Note{Topic: sb.TopicEnded, ID: run.ID})
}

// hears waits for notes, whatever others come between: those of before may come late.
// listen gives notes that are heard for certain: the connection for them may still be on its way when a database is opened.
func (w *world) listen(t *testing.T) <-chan sb.Note {
	t.Helper()
	notes := w.Notes(t.Context())
	w.heard(t, notes, func() {})
	return notes
}

func hears(t *testing.T, notes <-chan sb.Note, wanted ...sb.Note) {
	t.Helper()
	late := time.After(10 * time.Second)
	for len(wanted) > 0 {
		select {
		case n := <-notes:
			wanted = slices.DeleteFunc(wanted, func(w sb.Note) bool { return w == n })
		case <-late:
			t.Fatalf("not heard: %v", wanted)
		}
	}
}

func nudged(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	o := w.airflow(t)
	notes := w.listen(t)
	require.NoError(t, w.Nudge(t.Context(), o))
	hears(t, notes, sb.Note{Topic: sb.TopicWatch, ID: o.ID})
}

// claimed has processes of a run claim its work.
func (w *world) claimed(t *testing.T, run sb.Run, sources ...string) (list []sb.Process) {
	t.Helper()
	for _, source := range sources {
		c := sb.Claim{
			Process: sb.Process{AttemptRef: run.Ref(), Source: source, Try: 1}, Nonce: source, OrchestratorID: run.OrchestratorID, At: w.clock.now(),
			Secrets: []byte("sealed"),
		}
		_, _, err := w.Claim(t.Context(), c, applying(sb.Take{Claim: c}))
		require.NoError(t, err)
		list = append(list, c.Process)
	}
	return list
}

func logPaths(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	run := w.sent(t, w.airflow(t))
	list := w.claimed(t, run, "load", "extract")
	require.NoError(t, w.KeepLogPath(t.Context(), list[1], "s3://b/first"))
	require.NoError(t, w.KeepLogPath(t.Context(), list[1], "s3://b/second"))
	got, err := w.LogPaths(t.Context(), run.Ref())
	require.NoError(t, err)
	require.Equal(t, []sb.LogPath{{Process: list[1], URI: "s3://b/second"}}, got)
	nobody := list[0]
	nobody.Try = 9
	requireCode(t, sb.NotFound, w.KeepLogPath(t.Context(), nobody, "s3://b/x"))
}

func ownLogs(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	run := w.sent(t, w.airflow(t))
	list := w.claimed(t, run, "extract", "load", "store")
	require.NoError(t, w.AddChunk(t.Context(), chunk(list[0], 0, "aaaaaaaa")))
	taken, away := chunk(list[1], 0, "bbbbbbbb"), chunk(list[2], 0, "cccccccc")
	taken.Taken, away.Taken, away.URI = true, true, "s3://b/x"
	require.NoError(t, w.AddChunk(t.Context(), taken))
	require.NoError(t, w.AddChunk(t.Context(), away))
	own, err := w.OwnLogs(t.Context(), run.Ref())
	require.NoError(t, err)
	require.Equal(t, list[:1], own)
	rows, err := w.Chunks(t.Context(), run.ID, 0)
	require.NoError(t, err)
	require.Len(t, rows, 3)
	require.Equal(t, []bool{false, true, true}, []bool{rows[0].Taken, rows[1].Taken, rows[2].Taken})
	require.Equal(t, "s3://b/x", rows[2].URI)
}

func lentForLogs(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	o := w.airflow(t)
	kept := func(run sb.Run) bool {
		require.NoError(t, w.ForgetLent(t.Context()))
		lent, err := w.Lent(t.Context(), run.Ref())
		require.NoError(t, err)
		return lent[0].Secrets != nil
	}
	for _, uri := range []string{"", "s3://b/x"} {
		run := w.sent(t, o)
		p := w.claimed(t, run, "load")[0]
		w.apply(t, run.ID, sb.Observed{At: w.clock.now(), Attempt: 1, Seen: sb.Seen{Sight: sb.SeenSucceeded}},
			sb.EndWork{At: w.clock.now(), Attempt: 1, End: sb.End{There: sb.SeenSucceeded}})
		w.clock.pass(time.Hour)
		require.True(t, kept(run), "its log is waited for")
		c := chunk(p, 0, "aaaaaaaa")
		c.Taken, c.URI = true, uri
		require.NoError(t, w.AddChunk(t.Context(), c))
		seen, err := w.TakeWatch(t.Context(), o.ID)
		require.NoError(t, err)
		require.NoError(t, w.LogDone(t.Context(), seen.Ref(), run.Ref(), ""))
		require.Equal(t, uri != "", kept(run))
	}
}

func tallies(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	o := w.airflow(t)
	run := w.sent(t, o)
	watch, err := w.TakeWatch(t.Context(), o.ID)
	require.NoError(t, err)
	_, err = w.ChangeWatched(t.Context(), watch.Ref(), run.ID, func(r sb.Run) (sb.Run, []sb.Event, error) {
		return r.Apply(sb.Observed{At: w.clock.now(), Attempt: 1, Seen: sb.Seen{Sight: sb.SeenActive, Word: "running"}})
	})
	require.NoError(t, err)
	count := func(over int) (sb.Run, []sb.Counted) {
		read, err := w.Run(t.Context(), run.ID)
		require.NoError(t, err)
		c, changed := read.Count(sb.Tally{Over: over, All: 3}, w.clock.now())
		require.True(t, changed)
		return read, []sb.Counted{c}
	}
	label := func() string {
		read, err := w.Run(t.Context(), run.ID)
		require.NoError(t, err)
		return read.Work.Progress.Label
	}
	before, first := count(1)
	require.NoError(t, w.SetTallies(t.Context(), watch.Ref(), first))
	require.Equal(t, "1 of 3 tasks done", label())
	after, second := count(2)
	require.Equal(t, before.Version, after.Version, "the run's row stays as it is")
	require.NoError(t, w.SetTallies(t.Context(), watch.Ref(), second))
	require.Equal(t, "2 of 3 tasks done", label())
	require.NoError(t, w.SetTallies(t.Context(), watch.Ref(), first), "what is outdated is passed over")
	require.Equal(t, "2 of 3 tasks done", label())

	_, third := count(3)
	kept, err := w.SetProgress(t.Context(), sb.Process{AttemptRef: run.Ref(), Source: sb.MainSource, Try: 1}, sb.Progress{Label: "image 3", UpdatedAt: w.clock.now()})
	require.NoError(t, err)
	require.True(t, kept)
	require.NoError(t, w.SetTallies(t.Context(), watch.Ref(), third))
	require.Equal(t, "image 3", label())

	_, err = w.TakeWatch(t.Context(), o.ID)
	require.NoError(t, err)
	requireCode(t, sb.Conflict, w.SetTallies(t.Context(), watch.Ref(), third))
}
