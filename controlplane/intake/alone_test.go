package intake_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	sb "signalbox"
	"signalbox/controlplane/intake"
)

// validate lets MongoDB refuse every change of an operation that does not fit.
func (w *mongoWorld) validate(filter bson.D) {
	w.t.Helper()
	require.NoError(w.t, w.db.RunCommand(w.t.Context(), bson.D{{Key: "collMod", Value: "delegated_ops"}, {Key: "validator", Value: filter}}).Err())
}

// says waits until the source says a text, and is not taken for one that does not answer.
func (w *mongoWorld) says(text string) {
	w.t.Helper()
	w.until("the source says "+text, func() bool {
		s, err := w.SourceState(w.t.Context(), w.source.ID)
		return err == nil && strings.Contains(s.Trouble, text) && s.FailingSince == nil
	})
}

func TestRealMongoAnOperationThatMongoDBRefusesHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	w := withMongo(t, true)
	bad := w.put(boom, bson.E{Key: "label", Value: "bad"}, bson.E{Key: "queued_at", Value: time.Unix(0, 0)})
	w.validate(bson.D{{Key: "label", Value: bson.D{{Key: "$ne", Value: "bad"}}}})
	w.watch()
	good := w.put(hello)
	w.finish(w.begin(w.only(hello).ID), `{}`, "", "")
	w.becomes(good, "completed")
	w.says("Operation " + bad + " is put off: MongoDB refuses it: error [121].")
	require.Equal(t, "queued", w.state(bad))

	w.validate(bson.D{})
	w.Clock.Pass(time.Hour)
	w.becomes(bad, "scheduled")
	run := w.only(boom)
	w.validate(bson.D{{Key: "label", Value: bson.D{{Key: "$ne", Value: "bad"}}}})
	w.begin(run.ID)
	w.says("Operation " + bad + " is put off")
	w.validate(bson.D{})
	w.Clock.Pass(time.Hour)
	w.becomes(bad, "running")
	w.until("nothing is put off", func() bool {
		s, err := w.SourceState(t.Context(), w.source.ID)
		return err == nil && s.Trouble == ""
	})
}

func TestRealMongoAResultThatDoesNotFitIsToldWithThePageOfItsRun(t *testing.T) {
	t.Parallel()
	w := withMongo(t, true)
	w.watch()
	for operator, result := range map[string]string{
		hello: "[" + strings.Repeat("1,", 7<<20) + "1]",
		boom:  strings.Repeat("[", 190) + strings.Repeat("]", 190),
	} {
		id := w.put(operator)
		run := w.only(operator)
		w.finish(w.begin(run.ID), result, "", "")
		w.becomes(id, "completed")
		text, err := bson.MarshalExtJSON(w.document(id)["result"], false, false)
		require.NoError(t, err)
		require.Contains(t, string(text), "does not fit into this document; see https://here.example/runs/"+run.ID)
	}
}

// unreadable is a life of runs whose results cannot be read for a while.
type unreadable struct {
	intake.Life
	broken atomic.Bool
}

func (u *unreadable) Result(ctx context.Context, run sb.Run) (json.RawMessage, error) {
	if u.broken.Load() {
		return nil, errors.New("planted")
	}
	return u.Life.Result(ctx, run)
}

func TestRealMongoAResultThatCannotBeReadIsToldLater(t *testing.T) {
	t.Parallel()
	w := withMongo(t, true)
	life := &unreadable{Life: w.life}
	life.broken.Store(true)
	w.life = life
	w.watch()
	id := w.put(hello)
	w.finish(w.begin(w.only(hello).ID), `"`+strings.Repeat("x", 100<<10)+`"`, "", "")
	w.says("Operation " + id + " is put off: its result cannot be read here.")
	other := w.put(boom)
	w.finish(w.begin(w.only(boom).ID), `{}`, "", "")
	w.becomes(other, "completed")
	require.Equal(t, "running", w.state(id))
	life.broken.Store(false)
	w.Clock.Pass(time.Hour)
	w.becomes(id, "completed")
}

// Only a run that may not be, or a dataset that does not exist, fails an operation in the App.
func TestRealMongoWhatIsNoRefusalFailsNothingThere(t *testing.T) {
	t.Parallel()
	w := withMongo(t, true)
	var held atomic.Bool
	w.lose(func(call string) error { held.Store(call == "hold" || held.Load()); return nil })
	takenOver := func() error {
		if !held.Swap(false) {
			return nil
		}
		_, err := w.TakeSourceWatch(t.Context(), w.source.ID)
		return err
	}
	w.listing.Store(&takenOver)
	first := w.watch()
	w.until("it is watched", func() bool { s, err := w.SourceState(t.Context(), w.source.ID); return err == nil && s.SeenAt != nil })
	unknown := w.put(hello, bson.E{Key: "dataset_id", Value: bson.NewObjectID()})
	require.Equal(t, sb.Conflict, sb.CodeOf(<-first.ended))
	require.Equal(t, "scheduled", w.state(unknown), "whoever took over decides")

	var asked atomic.Int64
	var allowed atomic.Bool
	forbidden := func() error {
		if asked.Add(1) > 1 && !allowed.Load() { // the first is to keep them in step
			return sb.Errorf(sb.Forbidden, "the user of the address lacks a right in MongoDB")
		}
		return nil
	}
	w.listing.Store(&forbidden)
	w.watch()
	w.until("it is said", func() bool {
		s, err := w.SourceState(t.Context(), w.source.ID)
		return err == nil && strings.Contains(s.Trouble, "lacks a right")
	})
	require.Equal(t, "scheduled", w.state(unknown))
	allowed.Store(true)
	require.Contains(t, w.failure(unknown), "does not exist any more")
}

func TestRealMongoWhatIsQueuedAgainHidesNothing(t *testing.T) {
	t.Parallel()
	w := withMongo(t, true)
	w.watch()
	const many = 120
	for range many {
		w.put(hello)
	}
	w.until("all are taken", func() bool { return len(w.runsOf(hello)) == many })
	again, err := w.db.Collection("delegated_ops").UpdateMany(t.Context(), bson.D{{Key: "run_state", Value: "scheduled"}}, bson.D{{Key: "$set", Value: bson.D{{Key: "run_state", Value: "queued"}}}})
	require.NoError(t, err)
	require.EqualValues(t, many, again.ModifiedCount)
	w.put(boom)
	w.only(boom)
	require.Len(t, w.runsOf(hello), many)
}
