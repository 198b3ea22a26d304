package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

var sourceTests = map[string]func(*testing.T, Fresh){
	"a source is kept with its sealed address, changed and removed": sourceKept,
	"what a source refers to goes by id":                            sourceRefers,
	"a source with open runs is not removed":                        sourceNotRemoved,
	"the watching of a source belongs to the newest epoch":          sourceEpochs,
	"datasets of a source are kept in step":                         sourceDatasets,
	"an operation is held once and gets one run":                    holds,
	"a run on a mirrored source is to be shown there":               mirrored,
}

// vision is a source.
func (w *world) vision(t *testing.T, with ...func(*sb.Source)) sb.Source {
	t.Helper()
	s := sb.Source{
		Name: "vision", Kind: sb.FiftyOne, Database: "fiftyone", DefaultPermission: sb.CanView,
		Pools: []sb.SourcePool{{OrchestratorID: w.builtin.ID, Pool: "gpu"}},
	}
	for _, f := range with {
		f(&s)
	}
	s, err := w.CreateSource(t.Context(), s, []byte("sealed"))
	require.NoError(t, err)
	return s
}

func sourceKept(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	s := w.vision(t)
	require.EqualValues(t, 1, s.Version)
	require.Equal(t, "builtin/gpu", s.Pools[0].Words())
	_, err := w.CreateSource(t.Context(), sb.Source{Name: "vision"}, nil)
	requireCode(t, sb.Conflict, err)
	uri, err := w.SourceURI(t.Context(), s.ID)
	require.NoError(t, err)
	require.Equal(t, []byte("sealed"), uri)
	change := func(uri []byte, f func(*sb.Source)) sb.Source {
		after, err := w.ChangeSource(t.Context(), s.ID, uri, func(s sb.Source) (sb.Source, error) { f(&s); return s, nil })
		require.NoError(t, err)
		return after
	}
	require.EqualValues(t, 1, change(nil, func(s *sb.Source) { s.Intake = true }).Version, "what reaches it is the same")
	require.EqualValues(t, 2, change(nil, func(s *sb.Source) { s.Database = "other" }).Version)
	require.EqualValues(t, 3, change([]byte("again"), func(*sb.Source) {}).Version)
	uri, err = w.SourceURI(t.Context(), s.ID)
	require.NoError(t, err)
	require.Equal(t, []byte("again"), uri)
	list, err := w.Sources(t.Context())
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.NoError(t, w.DeleteSource(t.Context(), s.ID, w.admin.Who()))
	_, err = w.Source(t.Context(), "vision")
	requireCode(t, sb.NotFound, err)
	_, err = w.SourceURI(t.Context(), s.ID)
	requireCode(t, sb.NotFound, err)
	requireCode(t, sb.NotFound, w.DeleteSource(t.Context(), s.ID, w.admin.Who()))
}

func sourceRefers(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	o := w.airflow(t)
	robot, err := w.CreatePrincipal(t.Context(), sb.Principal{Kind: sb.ServiceAccount, Name: "robot", Role: sb.Member})
	require.NoError(t, err)
	s := w.vision(t, func(s *sb.Source) {
		s.Principal = robot.Who()
		s.Pools = append(s.Pools, sb.SourcePool{OrchestratorID: o.ID})
		s.Rules = []sb.SourceRule{{Datasets: []string{"train-*"}, OrchestratorID: o.ID}}
	})
	require.Equal(t, "robot", s.Principal.Name)
	require.True(t, s.Serves(o.ID, sb.Target{DAG: "etl"}))
	require.True(t, s.Serves(w.builtin.ID, sb.Target{Pool: "gpu"}))
	require.False(t, s.Serves(w.builtin.ID, sb.Target{Pool: "default"}))
	require.Equal(t, o.ID, s.Orchestrator(hello, "train-1"))
	require.Empty(t, s.Orchestrator(hello, "test-1"))
	_, err = w.UpdateOrchestrator(t.Context(), o.ID, func(o sb.Orchestrator) (sb.Orchestrator, error) { o.Name = "flow"; return o, nil })
	require.NoError(t, err)
	s, err = w.Source(t.Context(), s.ID)
	require.NoError(t, err)
	require.Equal(t, "flow", s.Pools[1].Words())
	require.Equal(t, "flow", s.Rules[0].Orchestrator)
	require.NoError(t, w.DeleteOrchestrator(t.Context(), o.ID))
	s, err = w.Source(t.Context(), s.ID)
	require.NoError(t, err)
	require.Len(t, s.Pools, 1)
	require.Empty(t, s.Rules)
}

func sourceNotRemoved(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	s := w.vision(t)
	ref := w.watched(t, s)
	require.NoError(t, w.SyncDatasets(t.Context(), ref, []sb.SourceDataset{{Key: "a1", Name: "dogs"}}))
	dogs, err := w.DatasetOfSource(t.Context(), s.ID, "a1")
	require.NoError(t, err)
	run := w.schedule(t, in(dogs.ID))
	requireCode(t, sb.Conflict, w.DeleteSource(t.Context(), s.ID, w.admin.Who()))
	w.apply(t, run.ID, sb.MarkFailed{At: w.clock.now(), By: w.ann.Who()})
	require.NoError(t, w.DeleteSource(t.Context(), s.ID, w.admin.Who()))
	_, err = w.DatasetOfSource(t.Context(), s.ID, "a1")
	requireCode(t, sb.NotFound, err)
	kept, err := w.Run(t.Context(), run.ID)
	require.NoError(t, err)
	require.Equal(t, sb.Failed, kept.Status, "history stays")
}

func (w *world) watched(t *testing.T, s sb.Source) sb.SourceWatchRef {
	t.Helper()
	watch, err := w.TakeSourceWatch(t.Context(), s.ID)
	require.NoError(t, err)
	return watch.Ref()
}

func sourceEpochs(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	s := w.vision(t)
	old := w.watched(t, s)
	now := w.clock.now()
	kept := sb.SourceWatch{SourceID: s.ID, Epoch: 2, Mark: "m", Streams: true, SeenAt: &now, FailingSince: &now, Trouble: "none", Server: "6.0"}
	watch, err := w.TakeSourceWatch(t.Context(), s.ID)
	require.NoError(t, err)
	require.EqualValues(t, 2, watch.Epoch)
	require.NoError(t, w.KeepSourceWatch(t.Context(), kept))
	state, err := w.SourceState(t.Context(), s.ID)
	require.NoError(t, err)
	require.Equal(t, kept, state.SourceWatch)
	requireCode(t, sb.Conflict, w.KeepSourceWatch(t.Context(), sb.SourceWatch{SourceID: s.ID, Epoch: 1}))
	requireCode(t, sb.Conflict, w.SyncDatasets(t.Context(), old, nil))
	_, err = w.TakeHold(t.Context(), old, sb.Hold{OperationRef: sb.OperationRef{SourceID: s.ID, ID: "x"}})
	requireCode(t, sb.Conflict, err)
	requireCode(t, sb.Conflict, w.SetHold(t.Context(), old, "x", sb.HoldOver))
	requireCode(t, sb.Conflict, w.DropHold(t.Context(), old, "x"))
	_, err = w.ChangeSource(t.Context(), s.ID, []byte("other"), func(s sb.Source) (sb.Source, error) { return s, nil })
	require.NoError(t, err)
	state, err = w.SourceState(t.Context(), s.ID)
	require.NoError(t, err)
	require.Empty(t, state.Mark, "another database has another history")
	_, err = w.TakeSourceWatch(t.Context(), "none")
	requireCode(t, sb.NotFound, err)
}

func sourceDatasets(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	s := w.vision(t)
	ref := w.watched(t, s)
	sync := func(there ...sb.SourceDataset) {
		t.Helper()
		w.clock.pass(time.Second)
		require.NoError(t, w.SyncDatasets(t.Context(), ref, there))
	}
	names := func() (list []string) {
		page, err := w.Datasets(t.Context(), sb.Viewer{Principal: w.admin, Others: true}, "", "", 0)
		require.NoError(t, err)
		for _, f := range page.Items {
			list = append(list, f.Dataset.Name)
		}
		return list
	}
	n := int64(3)
	sync(sb.SourceDataset{Key: "1", Name: "cats", Tags: []string{"a"}, Samples: &n}, sb.SourceDataset{Key: "2", Name: "dogs"}, sb.SourceDataset{Key: "3", Name: "a\nb"})
	require.ElementsMatch(t, []string{"cats", "cats@vision", "dogs", "a b"}, names(), "cats was taken")
	cats, err := w.DatasetOfSource(t.Context(), s.ID, "1")
	require.NoError(t, err)
	require.Equal(t, sb.CanView, cats.DefaultPermission)
	require.Equal(t, []string{"a"}, cats.Tags)
	require.EqualValues(t, 3, *cats.Samples)
	requireCode(t, sb.Conflict, w.DeleteDataset(t.Context(), cats.ID, w.admin.Who(), func(sb.Facts) error { return nil }))

	own := "my cats"
	_, err = w.UpdateDataset(t.Context(), w.admin.ID, cats.ID, sb.DatasetPatch{Name: &own}, func(sb.Facts) error { return nil })
	require.NoError(t, err)
	sync(sb.SourceDataset{Key: "1", Name: "cats"}, sb.SourceDataset{Key: "2", Name: "wolves"}, sb.SourceDataset{Key: "4", Name: "dogs"})
	require.ElementsMatch(t, []string{"cats", "my cats", "wolves", "dogs"}, names(), "a name given here stays")
	again, err := w.DatasetOfSource(t.Context(), s.ID, "1")
	require.NoError(t, err)
	require.Equal(t, cats.ID, again.ID)
	require.Empty(t, again.Tags)
	require.EqualValues(t, 3, *again.Samples, "what was not counted now stays")
	other := int64(4)
	sync(sb.SourceDataset{Key: "1", Name: "cats", Samples: &other}, sb.SourceDataset{Key: "2", Name: "wolves"}, sb.SourceDataset{Key: "4", Name: "dogs"})
	counted, err := w.DatasetOfSource(t.Context(), s.ID, "1")
	require.NoError(t, err)
	require.EqualValues(t, 4, *counted.Samples)
	sync(sb.SourceDataset{Key: "1", Name: "cats", Samples: &other}, sb.SourceDataset{Key: "2", Name: "wolves"}, sb.SourceDataset{Key: "4", Name: "dogs"})
	same, err := w.DatasetOfSource(t.Context(), s.ID, "1")
	require.NoError(t, err)
	require.Equal(t, counted, same)

	run := w.schedule(t, in(cats.ID))
	sync()
	require.Equal(t, []string{"cats"}, names())
	for more := true; more; {
		more, err = w.RejectWaiting(t.Context())
		require.NoError(t, err)
	}
	rejected, err := w.Run(t.Context(), run.ID)
	require.NoError(t, err)
	require.Equal(t, sb.FailRejected, rejected.Failure.Kind)
}

func holds(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	s := w.vision(t)
	ref := w.watched(t, s)
	h := sb.Hold{OperationRef: sb.OperationRef{SourceID: s.ID, ID: "aa"}, PrincipalID: w.ann.ID}
	first, err := w.TakeHold(t.Context(), ref, h)
	require.NoError(t, err)
	require.Equal(t, sb.HoldTaking, first.State)
	other := h
	other.PrincipalID = "somebody else"
	again, err := w.TakeHold(t.Context(), ref, other)
	require.NoError(t, err)
	require.Equal(t, first, again, "the row that there is")
	unheld := func() []string {
		list, err := w.Unheld(t.Context(), s.ID, []string{"cc", "aa", "bb"})
		require.NoError(t, err)
		return list
	}
	require.Equal(t, []string{"cc", "aa", "bb"}, unheld(), "what is only begun is not held yet")

	asked := sb.NewRun{
		Ask: sb.Ask{PrincipalID: w.ann.ID}, Operation: &h.OperationRef, App: sb.AppRequest{Request: []byte(`{"b":1,"a":2}`), Pipeline: []byte(`[]`)},
	}
	schedule := func() (sb.Run, bool, error) {
		return w.Schedule(t.Context(), asked, func(sb.Facts, []sb.Orchestrator) (sb.Run, []sb.Event, error) {
			return sb.Run{
				Operator: hello, Status: sb.Scheduled, OrchestratorID: w.builtin.ID, Target: sb.Target{Pool: "gpu"}, CreatedBy: w.ann.Who(),
				RevisionID: w.plugin.Revision.ID,
			}, []sb.Event{{Kind: sb.EventScheduled}}, nil
		})
	}
	run, replayed, err := schedule()
	require.NoError(t, err)
	require.False(t, replayed)
	require.Equal(t, []string{"cc", "bb"}, unheld())
	same, replayed, err := schedule()
	require.NoError(t, err)
	require.True(t, replayed)
	require.Equal(t, run.ID, same.ID)
	standings, err := w.Standings(t.Context(), []string{run.ID, "none"})
	require.NoError(t, err)
	require.Equal(t, map[string]sb.Standing{run.ID: {Version: run.Version}}, standings)
	open, err := w.OpenHolds(t.Context(), s.ID, "", 10)
	require.NoError(t, err)
	require.Len(t, open, 1)
	require.Equal(t, sb.HoldScheduled, open[0].State)
	require.Equal(t, run.ID, open[0].RunID)
	id, reach, err := w.RunSource(t.Context(), run.ID)
	require.NoError(t, err)
	require.Equal(t, s.ID, id)
	require.Equal(t, sb.Reach{Request: []byte(`{"b":1,"a":2}`), Pipeline: []byte(`[]`)}, reach)
	repeated, _, err := w.Schedule(t.Context(), sb.NewRun{Ask: sb.Ask{PrincipalID: w.ann.ID}}, func(sb.Facts, []sb.Orchestrator) (sb.Run, []sb.Event, error) {
		return sb.Run{Operator: hello, Status: sb.Scheduled, OrchestratorID: w.builtin.ID, CreatedBy: w.ann.Who(), RevisionID: w.plugin.Revision.ID, RerunOf: run.ID}, nil, nil
	})
	require.NoError(t, err)
	id, reach, err = w.RunSource(t.Context(), repeated.ID)
	require.NoError(t, err)
	require.Equal(t, s.ID, id, "what is run again reaches the same source")
	require.Equal(t, sb.Reach{Request: []byte(`{"b":1,"a":2}`)}, reach, "and is asked with the same")
	require.NoError(t, w.DropHold(t.Context(), ref, "aa"))
	state, err := w.SourceState(t.Context(), s.ID)
	require.NoError(t, err)
	require.Equal(t, 1, state.Operations, "what has a run stays")
	requireCode(t, sb.Conflict, w.DeleteSource(t.Context(), s.ID, w.admin.Who()))
	require.NoError(t, w.SetHold(t.Context(), ref, "aa", sb.HoldOver))
	open, err = w.OpenHolds(t.Context(), s.ID, "", 10)
	require.NoError(t, err)
	require.Empty(t, open)

	h.ID = "cc"
	_, err = w.TakeHold(t.Context(), ref, h)
	require.NoError(t, err)
	require.NoError(t, w.DropHold(t.Context(), ref, "cc"))
	_, _, err = schedule()
	requireCode(t, sb.Gone, err)
}

func mirrored(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	s := w.vision(t, func(s *sb.Source) { s.Mirror = true })
	ref := w.watched(t, s)
	require.NoError(t, w.SyncDatasets(t.Context(), ref, []sb.SourceDataset{{Key: "a1", Name: "dogs"}}))
	dogs, err := w.DatasetOfSource(t.Context(), s.ID, "a1")
	require.NoError(t, err)
	on := func(dataset string) sb.Run {
		t.Helper()
		run, _, err := w.Schedule(t.Context(), sb.NewRun{Ask: sb.Ask{PrincipalID: w.ann.ID, DatasetID: dataset}}, func(sb.Facts, []sb.Orchestrator) (sb.Run, []sb.Event, error) {
			return sb.Run{
				Operator: hello, Status: sb.Scheduled, OrchestratorID: w.builtin.ID, DatasetID: dataset, CreatedBy: w.ann.Who(),
				RevisionID: w.plugin.Revision.ID,
			}, nil, nil
		})
		require.NoError(t, err)
		return run
	}
	on(w.data.ID)
	run := on(dogs.ID)
	open, err := w.OpenHolds(t.Context(), s.ID, "", 10)
	require.NoError(t, err)
	require.Len(t, open, 1)
	require.Equal(t, run.ID, open[0].RunID)
	require.Equal(t, sb.HoldShowing, open[0].State)
	require.True(t, open[0].Mirrored)
	require.Len(t, open[0].ID, 24)
	_, reach, err := w.RunSource(t.Context(), run.ID)
	require.NoError(t, err)
	require.Equal(t, sb.Reach{DatasetID: "a1", Dataset: "dogs"}, reach)
}
