package intake_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	sb "signalbox"
)

func TestRealMongoDatasetsAreKeptInStep(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *mongoWorld) {
		w.watch()
		_, err := w.db.Collection("samples."+w.dataset.Hex()).InsertMany(t.Context(), []bson.M{{"a": 1}, {"a": 2}})
		require.NoError(t, err)
		here := func(key bson.ObjectID) (d sb.Dataset) {
			d, _ = w.DatasetOfSource(t.Context(), w.source.ID, key.Hex())
			return d
		}
		clash := w.newDataset("cats", "train", "v2")
		w.until("it appears", func() bool { return here(clash).Name == "cats@vision" })
		require.Equal(t, []string{"train", "v2"}, here(clash).Tags)
		require.Equal(t, sb.CanEdit, here(clash).DefaultPermission)
		w.until("its samples are counted", func() bool { n := here(w.dataset).Samples; return n != nil && *n == 2 })
		require.Empty(t, here(clash).Creator.ID)

		rename := func(key bson.ObjectID, name string) {
			_, err := w.db.Collection("datasets").UpdateByID(t.Context(), key, bson.D{{Key: "$set", Value: bson.D{{Key: "name", Value: name}}}})
			require.NoError(t, err)
		}
		id := here(w.dataset).ID
		rename(w.dataset, "toys")
		w.until("it is renamed", func() bool { return here(w.dataset).Name == "toys" })
		require.Equal(t, id, here(w.dataset).ID, "it is the same, with its grants")
		operation := w.put(hello)
		run := w.only(hello)
		_, err = w.db.Collection("datasets").DeleteOne(t.Context(), bson.D{{Key: "_id", Value: w.dataset}})
		require.NoError(t, err)
		w.until("it is gone", func() bool { return here(w.dataset).ID == "" })
		more, err := w.RejectWaiting(t.Context())
		require.NoError(t, err)
		require.True(t, more)
		require.Equal(t, sb.FailRejected, w.Get(t, run.ID).Failure.Kind)
		require.Contains(t, w.failure(operation), "was deleted in vision")
	})
}

func TestRealMongoCountingSamplesHoldsUpNothing(t *testing.T) {
	t.Parallel()
	w := withMongo(t, true)
	w.counts = make(chan struct{})
	_, err := w.db.Collection("samples."+w.dataset.Hex()).InsertMany(t.Context(), []bson.M{{"a": 1}, {"a": 2}})
	require.NoError(t, err)
	w.watch()
	id := w.put(hello)
	w.finish(w.begin(w.only(hello).ID), `{}`, "", "")
	w.becomes(id, "completed")
	toy, err := w.DatasetOfSource(t.Context(), w.source.ID, w.dataset.Hex())
	require.NoError(t, err)
	require.Nil(t, toy.Samples)
	close(w.counts)
	w.until("they are counted", func() bool {
		toy, err := w.DatasetOfSource(t.Context(), w.source.ID, w.dataset.Hex())
		return err == nil && toy.Samples != nil && *toy.Samples == 2
	})
}

func TestRealMongoWhatIsScheduledHereIsShownThere(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *mongoWorld) {
		w.change(func(s *sb.Source) { s.Mirror = true })
		w.watch()
		w.until("the dataset appears", func() bool { _, err := w.DatasetOfSource(t.Context(), w.source.ID, w.dataset.Hex()); return err == nil })
		run, err := w.Life.Schedule(t.Context(), w.Ann, sb.Draft{Operator: hello, Dataset: "toy", Params: []byte(`{"name":"Ann"}`)})
		require.NoError(t, err)
		var doc bson.M
		w.until("it is shown", func() bool {
			return w.db.Collection("delegated_ops").FindOne(t.Context(), bson.D{{Key: "operator", Value: hello}}).Decode(&doc) == nil
		})
		key, _ := doc["_id"].(bson.ObjectID)
		id := key.Hex()
		require.Equal(t, "scheduled", doc["run_state"], "no launcher takes it")
		require.Equal(t, w.dataset, doc["dataset_id"])
		require.Equal(t, "https://here.example/runs/"+run.ID, doc["run_link"])
		p := w.begin(run.ID)
		w.becomes(id, "running")
		w.finish(p, "", "no luck", "Traceback: no luck")
		require.Equal(t, "Traceback: no luck", w.failure(id))

		other, err := w.Life.Schedule(t.Context(), w.Ann, sb.Draft{Operator: slow, Dataset: "toy"})
		require.NoError(t, err)
		w.until("it is shown", func() bool {
			return w.db.Collection("delegated_ops").FindOne(t.Context(), bson.D{{Key: "operator", Value: slow}}).Decode(&doc) == nil
		})
		_, err = w.db.Collection("delegated_ops").DeleteOne(t.Context(), bson.D{{Key: "operator", Value: slow}})
		require.NoError(t, err)
		w.until("it is stopped", func() bool { return w.Get(t, other.ID).Status == sb.Failed })
		require.Len(t, w.runsOf(""), 2, "what is shown there is not taken")
	})
}
