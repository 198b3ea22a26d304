package fiftyone_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	sb "signalbox"
	"signalbox/adapters/fiftyone"
	"signalbox/adapters/fiftyone/realtest"
)

// patience is how long an answer may take in these tests.
const patience = 2 * time.Second

func open(t *testing.T, uri string) sb.OperationDatabase {
	t.Helper()
	db, err := fiftyone.Driver{Within: patience}.Open(uri, "fiftyone")
	require.NoError(t, err)
	t.Cleanup(db.Close)
	return db
}

func TestRealDatasets(t *testing.T) {
	t.Parallel()
	f := realtest.Start(t, true)
	db := open(t, f.URI())
	version, err := db.Server(t.Context())
	require.NoError(t, err)
	require.Equal(t, "6.0.5", version)
	_, err = db.Datasets(t.Context())
	require.Equal(t, sb.NotFound, sb.CodeOf(err), "FiftyOne was never here")
	var id string
	f.Script(&id, `
d = fo.Dataset("dogs", persistent=True)
d.tags = ["train"]
d.add_samples([fo.Sample(filepath=f"/none/{i}.jpg", ground_truth=fo.Detections(detections=[fo.Detection(label="dog", bounding_box=[0, 0, 1, 1])])) for i in range(3)])
d.to_patches("ground_truth")
say(str(d._doc.id))
`)
	list, err := db.Datasets(t.Context())
	require.NoError(t, err)
	require.Len(t, list, 1, "FiftyOne's own helpers are no datasets")
	require.Equal(t, id, list[0].Key)
	require.Equal(t, "dogs", list[0].Name)
	require.Equal(t, []string{"train"}, list[0].Tags)
	samples, err := db.Samples(t.Context(), list[0])
	require.NoError(t, err)
	require.EqualValues(t, 3, samples)
}

func TestRealChangesAreFollowed(t *testing.T) {
	t.Parallel()
	f := realtest.Start(t, true)
	db, operations := open(t, f.URI()), f.Database().Collection("delegated_ops")
	follow := func(from sb.Mark) (<-chan sb.SourceChange, context.CancelFunc) {
		ctx, cancel := context.WithCancel(t.Context())
		told := make(chan sb.SourceChange, 100)
		go func() {
			defer close(told)
			_ = db.Follow(ctx, from, func(c sb.SourceChange) { told <- c })
		}()
		t.Cleanup(func() {
			cancel()
			for range told {
			}
		})
		return told, cancel
	}
	next := func(told <-chan sb.SourceChange) sb.SourceChange {
		select {
		case c, ok := <-told:
			require.True(t, ok, "it goes on")
			return c
		case <-time.After(time.Minute):
			require.Fail(t, "nothing was told")
			return sb.SourceChange{}
		}
	}
	told, cancel := follow("")
	require.Empty(t, next(told).Operation, "it listens")
	id := bson.NewObjectID()
	set := func(fields bson.D) {
		_, err := operations.UpdateByID(t.Context(), id, bson.D{{Key: "$set", Value: fields}})
		require.NoError(t, err)
	}
	_, err := operations.InsertOne(t.Context(), bson.D{{Key: "_id", Value: id}, {Key: "run_state", Value: "queued"}})
	require.NoError(t, err)
	seen := next(told)
	require.Equal(t, id.Hex(), seen.Operation)
	set(bson.D{{Key: "status", Value: 1}})
	select {
	case c, ok := <-told:
		require.Fail(t, "progress is not told", "%v %v", c, ok)
	case <-time.After(patience + time.Second): // and silence ends nothing
	}
	set(bson.D{{Key: "run_state", Value: "failed"}})
	require.Equal(t, id.Hex(), next(told).Operation)
	_, err = f.Database().Collection("datasets").InsertOne(t.Context(), bson.D{{Key: "name", Value: "x"}})
	require.NoError(t, err)
	require.Empty(t, next(told).Operation, "datasets have changed")
	cancel()

	_, err = operations.DeleteOne(t.Context(), bson.D{{Key: "_id", Value: id}})
	require.NoError(t, err)
	told, _ = follow(seen.Mark)
	next(told)
	for _, want := range []string{id.Hex(), "", id.Hex()} {
		require.Equal(t, want, next(told).Operation, "nothing after the mark is missed")
	}
	require.Equal(t, sb.Gone, sb.CodeOf(db.Follow(t.Context(), "bm90aGluZw==", func(sb.SourceChange) {})))
}

func TestRealMongoThatIsAloneHasNoChanges(t *testing.T) {
	t.Parallel()
	f := realtest.Start(t, false)
	db := open(t, f.URI())
	require.Equal(t, sb.NotFound, sb.CodeOf(db.Follow(t.Context(), "", func(sb.SourceChange) {})))
	f.Kill()
	_, err := db.Server(t.Context())
	require.Equal(t, sb.Unavailable, sb.CodeOf(err))
	require.NotContains(t, err.Error(), "127.0.0.1")
}

func TestRealMongoTokensAreTakenOutWhateverTheirNames(t *testing.T) {
	t.Parallel()
	f := realtest.Start(t, false)
	db, operations := open(t, f.URI()), f.Database().Collection("delegated_ops")
	for state, hold := range map[string]func(id string) (bool, error){
		"queued":    func(id string) (bool, error) { return db.Hold(t.Context(), id, time.Now()) },
		"scheduled": func(id string) (bool, error) { return db.Scrub(t.Context(), id) },
	} {
		id := bson.NewObjectID()
		_, err := operations.InsertOne(t.Context(), bson.D{{Key: "_id", Value: id}, {Key: "run_state", Value: state}, {Key: "context", Value: bson.D{
			{Key: "other", Value: 1},
			{Key: "request_params", Value: bson.D{
				{Key: "user_request_token", Value: "planted"}, {Key: "a.b_token", Value: "planted"}, {Key: "$x_token", Value: "planted"}, {Key: "c.d", Value: 7},
			}},
		}}})
		require.NoError(t, err)
		done, err := hold(id.Hex())
		require.NoError(t, err)
		require.True(t, done)
		raw, err := operations.FindOne(t.Context(), bson.D{{Key: "_id", Value: id}}).Raw()
		require.NoError(t, err)
		require.NotContains(t, raw.String(), "planted")
		require.EqualValues(t, 7, raw.Lookup("context", "request_params", "c.d").AsInt64())
		require.EqualValues(t, 1, raw.Lookup("context", "other").AsInt64())
	}
}

func TestRealMongoARunningOperationIsNotGivenBack(t *testing.T) {
	t.Parallel()
	f := realtest.Start(t, false)
	db, operations := open(t, f.URI()), f.Database().Collection("delegated_ops")
	for state, back := range map[string]bool{"scheduled": true, "running": false, "failed": false} {
		id := bson.NewObjectID()
		_, err := operations.InsertOne(t.Context(), bson.D{{Key: "_id", Value: id}, {Key: "run_state", Value: state}})
		require.NoError(t, err)
		done, err := db.GiveBack(t.Context(), id.Hex(), time.Now())
		require.NoError(t, err)
		require.Equal(t, back, done, state)
	}
}

func TestRealMongoTellsWhatIsWrongWithOneDocument(t *testing.T) {
	t.Parallel()
	f := realtest.Start(t, false)
	db, operations := open(t, f.URI()), f.Database().Collection("delegated_ops")
	complete := func(doc bson.D, finding sb.Finding) error {
		id := bson.NewObjectID()
		_, err := operations.InsertOne(t.Context(), append(doc, bson.E{Key: "_id", Value: id}, bson.E{Key: "run_state", Value: "running"}))
		require.NoError(t, err)
		_, err = db.Complete(t.Context(), id.Hex(), finding, time.Now())
		return err
	}
	list := func(open, body, end string) sb.Finding { return sb.Finding{Result: []byte(open + body + end)} }
	require.NoError(t, complete(nil, list("[", "1,2", "]")))
	require.Equal(t, sb.TooLarge, sb.CodeOf(complete(nil, list("[", strings.Repeat("1,", 7<<20), "1]"))), "the driver does not send it")
	half := bson.D{{Key: "half", Value: strings.Repeat("x", 8<<20)}}
	require.Equal(t, sb.TooLarge, sb.CodeOf(complete(half, list(`"`, strings.Repeat("x", 9<<20), `"`))), "it does not fit beside what is there")
	for _, deep := range []int{185, 199} {
		require.Equal(t, sb.TooLarge, sb.CodeOf(complete(nil, list(strings.Repeat("[", deep), "", strings.Repeat("]", deep)))), deep)
	}
	err := complete(bson.D{{Key: "metadata", Value: "odd"}}, sb.Finding{OutputsSchema: []byte(`{"a":1}`)})
	require.Equal(t, sb.Invalid, sb.CodeOf(err), "it is refused, and the database is well")
}
