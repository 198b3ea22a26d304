package intake_test

import (
	"context"
	"os"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	sb "signalbox"
	"signalbox/adapters/fiftyone"
	"signalbox/adapters/fiftyone/realtest"
	"signalbox/controlplane/identity"
	"signalbox/controlplane/intake"
)

// mongoWorld is a world whose source is a real MongoDB, in which a test writes what an App writes.
type mongoWorld struct {
	*world
	f       *realtest.FiftyOne
	db      *mongo.Database
	dataset bson.ObjectID
	broken  atomic.Pointer[func(call string) error] // what calls that arrived answer instead
	listing atomic.Pointer[func() error]            // what the list of datasets answers instead
	counts  chan struct{}                           // what counting samples waits for; nil for nothing
}

// withMongo makes one with a dataset named toy.
func withMongo(t *testing.T, streams bool) *mongoWorld {
	t.Helper()
	return withDatabase(t, realtest.Start(t, streams))
}

func withDatabase(t *testing.T, f *realtest.FiftyOne) *mongoWorld {
	t.Helper()
	w := &mongoWorld{f: f, db: f.Database()}
	w.world = setup(t, func() (sb.OperationDatabase, error) {
		db, err := fiftyone.Driver{}.Open(f.URI(), "fiftyone")
		return losing{db, w}, err
	})
	w.dataset = w.newDataset("toy")
	return w
}

// losing loses answers: the call arrives, and who called hears an error.
type losing struct {
	sb.OperationDatabase
	w *mongoWorld
}

func (l losing) answer(call string, ok bool, err error) (bool, error) {
	if f := l.w.broken.Load(); f != nil && err == nil {
		if err := (*f)(call); err != nil {
			return false, err
		}
	}
	return ok, err
}

func (w *mongoWorld) lose(f func(call string) error) { w.broken.Store(&f) }

func (w *mongoWorld) newDataset(name string, tags ...string) bson.ObjectID {
	w.t.Helper()
	id := bson.NewObjectID()
	_, err := w.db.Collection("datasets").InsertOne(w.t.Context(), bson.D{
		{Key: "_id", Value: id},
		{Key: "name", Value: name},
		{Key: "tags", Value: append([]string{}, tags...)},
		{Key: "sample_collection_name", Value: "samples." + id.Hex()},
	})
	require.NoError(w.t, err)
	return id
}

// put queues an operation as the App does, changed as a test wants it.
func (w *mongoWorld) put(operator string, set ...bson.E) string {
	w.t.Helper()
	text, err := os.ReadFile("../../adapters/fiftyone/testdata/app_ui_queued.json")
	require.NoError(w.t, err)
	var doc bson.M
	require.NoError(w.t, bson.UnmarshalExtJSON(text, true, &doc))
	id := bson.NewObjectID()
	doc["_id"], doc["operator"], doc["dataset_id"], doc["run_state"] = id, operator, w.dataset, "made"
	_, err = w.db.Collection("delegated_ops").InsertOne(w.t.Context(), doc)
	require.NoError(w.t, err)
	if !slices.ContainsFunc(set, func(e bson.E) bool { return e.Key == "run_state" }) {
		set = append(set, bson.E{Key: "run_state", Value: "queued"})
	}
	w.update(id.Hex(), set...)
	return id.Hex()
}

func (w *mongoWorld) update(id string, set ...bson.E) {
	w.t.Helper()
	key, err := bson.ObjectIDFromHex(id)
	require.NoError(w.t, err)
	_, err = w.db.Collection("delegated_ops").UpdateByID(w.t.Context(), key, bson.D{{Key: "$set", Value: bson.D(set)}})
	require.NoError(w.t, err)
}

func (w *mongoWorld) remove(id string) {
	w.t.Helper()
	key, err := bson.ObjectIDFromHex(id)
	require.NoError(w.t, err)
	_, err = w.db.Collection("delegated_ops").DeleteOne(w.t.Context(), bson.D{{Key: "_id", Value: key}})
	require.NoError(w.t, err)
}

func (w *mongoWorld) document(id string) bson.M {
	w.t.Helper()
	key, err := bson.ObjectIDFromHex(id)
	require.NoError(w.t, err)
	var doc bson.M
	err = w.db.Collection("delegated_ops").FindOne(w.t.Context(), bson.D{{Key: "_id", Value: key}}).Decode(&doc)
	if err == mongo.ErrNoDocuments { //nolint:errorlint // it is never wrapped
		return nil
	}
	require.NoError(w.t, err)
	return doc
}

func (w *mongoWorld) state(id string) string {
	state, _ := w.document(id)["run_state"].(string)
	return state
}

func (w *mongoWorld) becomes(id, state string) {
	w.t.Helper()
	w.until(id+" is "+state+", not "+w.state(id), func() bool { return w.state(id) == state })
}

func (w *mongoWorld) failure(id string) string {
	w.t.Helper()
	w.becomes(id, "failed")
	var said struct{ Result struct{ Error string } }
	b, err := bson.Marshal(w.document(id))
	require.NoError(w.t, err)
	require.NoError(w.t, bson.Unmarshal(b, &said))
	return said.Result.Error
}

func (w *mongoWorld) pluginID() string {
	p, err := w.Store.Plugin(w.t.Context(), "@acme/hello")
	require.NoError(w.t, err)
	return p.ID
}

func request(key string, value any) bson.E {
	return bson.E{Key: "context.request_params." + key, Value: value}
}

// both runs a test on a MongoDB with change streams and on one without.
func both(t *testing.T, test func(t *testing.T, w *mongoWorld)) {
	t.Helper()
	for name, streams := range map[string]bool{"by change streams": true, "by polling": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, withMongo(t, streams))
		})
	}
}

func TestRealMongoOperationsAreTakenAndTold(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *mongoWorld) {
		w.watch()
		id := w.put(hello)
		run := w.only(hello)
		require.JSONEq(t, `{"name":"world","count":3,"delay":0,"mood":"happy","address":{"po_box":false}}`, string(run.Params))
		require.Equal(t, "toy", run.Dataset)
		require.Equal(t, "hello", run.Label)
		require.Contains(t, string(run.InputsSchema), `"name":"Object"`)
		require.Equal(t, w.robot.ID, run.CreatedBy.ID)
		require.Equal(t, "scheduled", w.state(id))
		_, reach, err := w.RunSource(t.Context(), run.ID)
		require.NoError(t, err)
		require.Equal(t, w.dataset.Hex(), reach.DatasetID)
		require.NotContains(t, string(reach.Request), `"params"`)
		require.Contains(t, string(reach.Request), `"sample_selection_style":{"default":"checkmark","alt":"checkmark"}`, "what is not known is kept")

		p := w.begin(run.ID)
		w.becomes(id, "running")
		require.Equal(t, "https://here.example/runs/"+run.ID, w.document(id)["run_link"])
		half := 0.25
		_, err = w.Work.Progress(t.Context(), p, &half, "a quarter")
		require.NoError(t, err)
		w.until("the progress is told", func() bool { return w.document(id)["status"] != nil })
		before := w.document(id)["updated_at"]
		w.Clock.Pass(time.Minute)
		w.until("it is told to be alive", func() bool { return w.document(id)["updated_at"] != before })
		w.finish(p, `{"greeting":"Hello"}`, "", "")
		w.becomes(id, "completed")
	})
}

func TestRealMongoWhatEndsThereEndsHere(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *mongoWorld) {
		w.watch()
		ends := map[string]func(id string){
			hello: w.remove,
			boom:  func(id string) { w.update(id, bson.E{Key: "run_state", Value: "failed"}) },
			slow:  func(id string) { w.update(id, bson.E{Key: "run_state", Value: "queued"}) },
		}
		for operator, end := range ends {
			id := w.put(operator)
			run := w.only(operator)
			if operator != hello {
				w.begin(run.ID)
				w.becomes(id, "running")
			}
			end(id)
			w.until(operator+" is stopped", func() bool { return w.Get(t, run.ID).Status == sb.Failed })
			require.Equal(t, sb.FailStopped, w.Get(t, run.ID).Failure.Kind)
			require.Contains(t, w.Get(t, run.ID).Failure.Message, "vision")
		}
		require.Len(t, w.runsOf(slow), 1, "what somebody queued again is not taken twice")
	})
}

func TestRealMongoWhatIsRefusedFailsThereWithTheReason(t *testing.T) {
	t.Parallel()
	w := withMongo(t, true)
	w.watch()
	other := w.newDataset("locked")
	w.until("the dataset appears", func() bool { _, err := w.DatasetOfSource(t.Context(), w.source.ID, other.Hex()); return err == nil })
	locked, err := w.DatasetOfSource(t.Context(), w.source.ID, other.Hex())
	require.NoError(t, err)
	none := sb.NoAccess
	_, err = w.UpdateDataset(t.Context(), w.Admin.ID, locked.ID, sb.DatasetPatch{DefaultPermission: &none}, func(sb.Facts) error { return nil })
	require.NoError(t, err)
	_, err = w.SetOperator(t.Context(), w.pluginID(), "slow", sb.OperatorPatch{Enabled: new(bool)})
	require.NoError(t, err)
	for why, id := range map[string]string{
		"operator does not": w.put("@acme/unknown/op"),
		"disabled":          w.put(slow),
		"does not exist":    w.put(hello, bson.E{Key: "dataset_id", Value: other}),
		"any more":          w.put(hello, bson.E{Key: "dataset_id", Value: bson.NewObjectID()}),
		"stage two":         w.put(pipe, bson.E{Key: "pipeline", Value: bson.M{"stages": bson.A{bson.M{"name": "one"}, bson.M{"name": "two", "num_distributed_tasks": 4}}}}),
		"distributed":       w.put(hello, bson.E{Key: "parent_id", Value: bson.NewObjectID()}),
		"not valid here":    w.put(hello, request("user_request_token", "sbk_nobody's")),
		"no operator":       w.put(""),
	} {
		require.Contains(t, w.failure(id), why)
		require.Contains(t, w.failure(id), "Signalbox: ")
	}
	require.Empty(t, w.runsOf(""))
	pipeline := w.put(pipe, bson.E{Key: "pipeline", Value: bson.M{"stages": bson.A{bson.M{"name": "one", "operator_uri": hello, "num_distributed_tasks": nil}}}})
	run := w.only(pipe)
	_, reach, err := w.RunSource(t.Context(), run.ID)
	require.NoError(t, err)
	require.Contains(t, string(reach.Pipeline), `"operator_uri":"@acme/hello/hello"`)
	require.Equal(t, "scheduled", w.state(pipeline))
}

func TestRealMongoASubmittersKeyIsUsedOnceAndKeptNowhere(t *testing.T) {
	t.Parallel()
	w := withMongo(t, true)
	secret, hash := identity.NewAPIKey()
	_, err := w.CreateKey(t.Context(), sb.Key{Owner: w.Bob.ID, Name: "app"}, hash)
	require.NoError(t, err)
	w.watch()
	id := w.put(hello, request("user_request_token", secret), request("hub_api_key", "planted"))
	require.Equal(t, w.Bob.ID, w.only(hello).CreatedBy.ID)
	text, err := bson.MarshalExtJSON(w.document(id), true, false)
	require.NoError(t, err)
	require.NotContains(t, string(text), secret)
	require.NotContains(t, string(text), "planted")
	_, reach, err := w.RunSource(t.Context(), w.only(hello).ID)
	require.NoError(t, err)
	require.NotContains(t, string(reach.Request), secret)
	require.NotContains(t, string(reach.Request), "planted")
	w.put(slow, request("user_request_token", "of FiftyOne's own"))
	require.Equal(t, w.robot.ID, w.only(slow).CreatedBy.ID)
}

func TestRealMongoNothingIsTakenOnBehalfOfWhoMayNot(t *testing.T) {
	t.Parallel()
	w := withMongo(t, true)
	w.change(func(s *sb.Source) { s.Principal = w.Admin.Who() })
	w.watch()
	id := w.put(hello)
	w.until("it says why", func() bool {
		s, err := w.SourceState(t.Context(), w.source.ID)
		return err == nil && s.Trouble == "Nothing is taken: operations are taken on behalf of a service account, not of a person."
	})
	require.Equal(t, "queued", w.state(id))
	w.change(func(s *sb.Source) { s.Principal = w.robot.Who() })
	w.only(hello)
	require.NoError(t, w.DeletePrincipal(t.Context(), w.robot.ID))
	id = w.put(slow)
	w.until("it says why", func() bool {
		s, err := w.SourceState(t.Context(), w.source.ID)
		return err == nil && s.Trouble == "Nothing is taken: its service account does not exist any more."
	})
	require.Equal(t, "queued", w.state(id))
}

func TestRealMongoWhatDoesNotChangeIsNotReadAgain(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *mongoWorld) {
		w.watch()
		var ids []string
		for range 5 {
			ids = append(ids, w.put(hello))
		}
		w.until("all are taken", func() bool { return len(w.runsOf(hello)) == len(ids) })
		require.Zero(t, w.reads.sources.Load(), "its settings have not changed")
		var last sb.Process
		for _, run := range w.runsOf(hello) {
			last = w.begin(run.ID)
		}
		for _, id := range ids {
			w.becomes(id, "running")
		}
		rounds := func(more int64) {
			t.Helper()
			now := w.reads.standings.Load()
			w.until("it is looked how they stand", func() bool { return w.reads.standings.Load() >= now+more })
		}
		rounds(3)
		before := w.reads.runs.Load()
		half := 0.5
		_, err := w.Work.Progress(t.Context(), last, &half, "half way")
		require.NoError(t, err)
		w.until("the progress is told", func() bool {
			n, err := w.db.Collection("delegated_ops").CountDocuments(t.Context(), bson.D{{Key: "status.progress", Value: half}})
			return err == nil && n == 1
		})
		rounds(5)
		require.Equal(t, before, w.reads.runs.Load(), "no run is read whole")
		w.finish(last, `{}`, "", "")
		w.until("its end is told", func() bool {
			n, err := w.db.Collection("delegated_ops").CountDocuments(t.Context(), bson.D{{Key: "run_state", Value: "completed"}})
			return err == nil && n == 1
		})
	})
}

func TestRealMongoWhatIsRunAgainIsAskedWithTheSame(t *testing.T) {
	t.Parallel()
	w := withMongo(t, true)
	w.watch()
	w.put(hello, request("selected", bson.A{"s1", "s2", "s3"}), request("view_target", "SELECTED_SAMPLES"))
	run := w.only(hello)
	w.finish(w.begin(run.ID), `{}`, "", "")
	again, err := w.Life.Rerun(t.Context(), w.Admin, run.ID, nil, "")
	require.NoError(t, err)
	_, first, err := w.RunSource(t.Context(), run.ID)
	require.NoError(t, err)
	_, second, err := w.RunSource(t.Context(), again.ID)
	require.NoError(t, err)
	require.Contains(t, string(second.Request), `"selected":["s1","s2","s3"]`)
	require.Contains(t, string(second.Request), `"view_target":"SELECTED_SAMPLES"`)
	require.Equal(t, string(first.Request), string(second.Request))
}

func TestRealMongoRulesSayWhereItRuns(t *testing.T) {
	t.Parallel()
	w := withMongo(t, true)
	var places []sb.Orchestrator
	for _, name := range []string{"by rule", "by target"} {
		o, err := w.CreateOrchestrator(t.Context(), sb.Orchestrator{
			Name: name, Kind: sb.Airflow, Enabled: true, Quota: 5, Routes: []sb.Route{{Operators: []string{"*"}, Target: sb.Target{DAG: "etl"}}},
		}, nil)
		require.NoError(t, err)
		places = append(places, o)
	}
	w.change(func(s *sb.Source) {
		s.Rules = []sb.SourceRule{{Datasets: []string{"other"}, OrchestratorID: places[1].ID}, {Operators: []string{hello}, Datasets: []string{"t?y"}, OrchestratorID: places[0].ID}}
	})
	w.watch()
	w.put(hello, bson.E{Key: "delegation_target", Value: "by target"})
	w.put(boom, bson.E{Key: "delegation_target", Value: "by target"})
	w.put(slow, bson.E{Key: "delegation_target", Value: "someone's else"})
	require.Equal(t, "by rule", w.only(hello).Orchestrator)
	require.Equal(t, "by target", w.only(boom).Orchestrator)
	require.Equal(t, "builtin", w.only(slow).Orchestrator)
}

func TestRealMongoWhatWasLeftBehindIsTaken(t *testing.T) {
	t.Parallel()
	w := withMongo(t, true)
	secret, hash := identity.NewAPIKey()
	_, err := w.CreateKey(t.Context(), sb.Key{Owner: w.Bob.ID, Name: "app"}, hash)
	require.NoError(t, err)
	w.changed = func(o *intake.Options) { o.Pace.Stranded = time.Hour }
	old := w.put(hello, bson.E{Key: "run_state", Value: "scheduled"}, bson.E{Key: "scheduled_at", Value: time.Now().Add(-2 * time.Hour)}, request("user_request_token", secret))
	young := w.put(slow, bson.E{Key: "run_state", Value: "scheduled"}, bson.E{Key: "scheduled_at", Value: time.Now().Add(-time.Minute)})
	w.watch()
	require.Equal(t, w.Bob.ID, w.only(hello).CreatedBy.ID)
	w.put(boom)
	w.only(boom)
	require.Empty(t, w.runsOf(slow), "somebody may be about to begin it")
	text, err := bson.MarshalExtJSON(w.document(old), true, false)
	require.NoError(t, err)
	require.NotContains(t, string(text), secret)
	require.Equal(t, "scheduled", w.state(young))
}

func (l losing) Hold(ctx context.Context, id string, at time.Time) (bool, error) {
	ok, err := l.OperationDatabase.Hold(ctx, id, at)
	return l.answer("hold", ok, err)
}

func (l losing) Start(ctx context.Context, id, link string, at time.Time) (bool, error) {
	ok, err := l.OperationDatabase.Start(ctx, id, link, at)
	return l.answer("start", ok, err)
}

func (l losing) Complete(ctx context.Context, id string, f sb.Finding, at time.Time) (bool, error) {
	ok, err := l.OperationDatabase.Complete(ctx, id, f, at)
	return l.answer("complete", ok, err)
}

func (l losing) Datasets(ctx context.Context) ([]sb.SourceDataset, error) {
	if f := l.w.listing.Load(); f != nil {
		if err := (*f)(); err != nil {
			return nil, err
		}
	}
	return l.OperationDatabase.Datasets(ctx)
}

func (l losing) Samples(ctx context.Context, d sb.SourceDataset) (int64, error) {
	if l.w.counts != nil {
		select {
		case <-l.w.counts:
		case <-ctx.Done():
		}
	}
	return l.OperationDatabase.Samples(ctx, d)
}

func TestRealMongoIntakeThatIsSwitchedOffGivesBack(t *testing.T) {
	t.Parallel()
	w := withMongo(t, true)
	w.lose(func(call string) error {
		if call == "hold" {
			return sb.Errorf(sb.Unavailable, "the answer is lost")
		}
		return nil
	})
	r := w.watch()
	id := w.put(hello)
	w.becomes(id, "scheduled")
	r.stop()
	w.change(func(s *sb.Source) { s.Intake = false })
	w.watch()
	w.becomes(id, "queued")
	require.Empty(t, w.runsOf(hello))
}

func TestRealMongoASourceThatIsRemovedIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := withMongo(t, true)
	r := w.watch()
	w.until("it is watched", func() bool { s, err := w.SourceState(t.Context(), w.source.ID); return err == nil && s.SeenAt != nil })
	require.NoError(t, w.DeleteSource(t.Context(), w.source.ID, w.Admin.Who()))
	require.NoError(t, <-r.ended)
	require.True(t, r.gone)
}
