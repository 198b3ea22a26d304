package intake_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	sb "signalbox"
	"signalbox/adapters/fiftyone/realtest"
)

// Whatever stops at whichever moment, an operation is taken once.
func TestRealMongoNothingIsTakenTwiceOrLost(t *testing.T) {
	t.Parallel()
	w := withMongo(t, true)
	w.takesAllOnce(func(round int) {
		if round == 3 || round == 40 {
			w.f.Kill()
			w.f.Up()
		}
	})
}

func TestRealMongoNothingIsTakenTwiceOrLostWhenThePrimaryChanges(t *testing.T) {
	t.Parallel()
	w := withDatabase(t, realtest.StartMembers(t, 3))
	w.takesAllOnce(func(round int) {
		switch round % 12 {
		case 2:
			w.f.KillPrimary()
		case 6:
			w.f.Up()
		case 9:
			w.f.StepDown()
		default:
			return
		}
		_, err := w.db.Collection("delegated_ops").CountDocuments(t.Context(), bson.D{}) // answers when there is a primary
		require.NoError(t, err)
	})
}

// takesAllOnce queues operations, and sees them all taken once and completed, over replicas of the control plane that come and go,
// answers that are lost, and what is done to the database meanwhile.
func (w *mongoWorld) takesAllOnce(disturb func(round int)) {
	t := w.t
	const many = 25
	var ids []string
	for range many {
		ids = append(ids, w.put(hello))
	}
	n := 0
	w.lose(func(string) error { // every sixth answer is lost
		if n++; n%6 == 0 {
			return sb.Errorf(sb.Unavailable, "the answer is lost")
		}
		return nil
	})
	done := map[string]bool{}
	for round := 0; len(w.runsOf(hello)) < many || slices.ContainsFunc(ids, func(id string) bool { return w.state(id) != "completed" }); round++ {
		require.Less(t, round, 200)
		first, second := w.watch(), w.watch() // two replicas, of which one takes over
		until := time.Now().Add(time.Duration(40+17*(round%9)) * time.Millisecond)
		require.Eventually(t, func() bool { return time.Now().After(until) }, time.Second, 2*time.Millisecond)
		w.work(done)
		disturb(round)
		first.stop()
		second.stop()
	}
	require.Len(t, w.runsOf(hello), many)
}
