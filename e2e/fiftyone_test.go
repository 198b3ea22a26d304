//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"signalbox/adapters/fiftyone/realtest"
	"signalbox/client"
)

// app is a FiftyOne database in which a test writes what an App writes.
type app struct {
	*world
	f          *realtest.FiftyOne
	operations *mongo.Collection
	dataset    bson.ObjectID
}

// withApp registers a FiftyOne database with intake, as a user would.
func (w *world) withApp(f *realtest.FiftyOne) *app {
	w.t.Helper()
	a := &app{world: w, f: f, operations: f.Database().Collection("delegated_ops"), dataset: bson.NewObjectID()}
	_, err := f.Database().Collection("datasets").InsertOne(w.t.Context(), bson.D{
		{Key: "_id", Value: a.dataset}, {Key: "name", Value: "toy"}, {Key: "sample_collection_name", Value: "samples." + a.dataset.Hex()},
	})
	require.NoError(w.t, err)
	w.source(f)
	return a
}

// source registers a FiftyOne database with intake.
func (w *world) source(f *realtest.FiftyOne, more ...string) {
	w.t.Helper()
	uri := filepath.Join(w.t.TempDir(), "uri")
	require.NoError(w.t, os.WriteFile(uri, []byte(f.URI()+"\n"), 0o600))
	w.done("service-accounts", "create", "intake", "--role", "member")
	out := w.done(append([]string{"sources", "add", "vision", "--uri-file", uri, "--principal", "intake", "--default-access", "edit", "--intake"}, more...)...)
	require.NotContains(w.t, out, "replicaSet", "no address is shown")
}

// done runs a verb as a user would, and demands that it succeeds.
func (w *world) done(args ...string) string {
	w.t.Helper()
	out, code := w.cli(args...)
	require.Zero(w.t, code, out)
	return out
}

// queue queues an operation, as the App does.
func (a *app) queue(operator string) bson.ObjectID {
	a.t.Helper()
	id := bson.NewObjectID()
	_, err := a.operations.InsertOne(a.t.Context(), bson.D{
		{Key: "_id", Value: id},
		{Key: "operator", Value: operator},
		{Key: "label", Value: "of the App"},
		{Key: "run_state", Value: "queued"},
		{Key: "queued_at", Value: time.Now()},
		{Key: "dataset_id", Value: a.dataset},
		{Key: "archived", Value: false},
		{Key: "metadata", Value: bson.D{}},
		{Key: "context", Value: bson.D{{Key: "request_params", Value: bson.D{{Key: "params", Value: bson.D{}}}}}},
	})
	require.NoError(a.t, err)
	return id
}

// becomes waits until an operation is in a state there. One that ends otherwise, or not in time, fails with what both sides tell.
func (a *app) becomes(id bson.ObjectID, state string) bson.M {
	a.t.Helper()
	var doc bson.M
	late := time.Now().Add(patience)
	for range time.Tick(20 * time.Millisecond) {
		doc = nil
		if err := a.operations.FindOne(a.t.Context(), bson.D{{Key: "_id", Value: id}}).Decode(&doc); err == nil && doc["run_state"] == state {
			return doc
		}
		if ended := doc["run_state"] == "failed" || doc["run_state"] == "completed"; ended || time.Now().After(late) {
			a.t.Fatalf("it is to become %s, but there it is\n%v\nand here\n%s", state, doc, a.tale())
		}
	}
	return nil
}

// tale is what happened to all runs, in words.
func (a *app) tale() string {
	a.t.Helper()
	page, err := a.client.Runs.List(a.t.Context(), client.RunFilter{})
	require.NoError(a.t, err)
	var told strings.Builder
	for _, run := range page.Items {
		fmt.Fprintf(&told, "%s %s on %s\n%s", run.ID, run.Status, run.Orchestrator, a.timeline(run.ID))
	}
	return told.String()
}

func TestWhatAnAppQueuesRunsHere(t *testing.T) {
	t.Parallel()
	f := realtest.Start(t, true)
	w := newWorld(t)
	first := w.dev()
	w.install("dummy")
	a := w.withApp(f)
	ok := a.queue(dummy + "ok")
	require.Contains(t, a.becomes(ok, "completed")["run_link"], w.url+"/runs/")
	a.becomes(a.queue(dummy+"fail"), "failed")
	out, code := w.cli("sources", "show", "vision")
	require.Zero(t, code, out)
	require.Contains(t, out, "followed")

	hang := a.queue(dummy + "hang")
	a.becomes(hang, "running")
	_, err := a.operations.DeleteOne(t.Context(), bson.D{{Key: "_id", Value: hang}})
	require.NoError(t, err)
	page, err := w.client.Runs.List(t.Context(), client.RunFilter{Operator: dummy + "hang"})
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
	require.Contains(t, w.over(page.Items[0].ID).Failure.Message, "deleted in vision")

	first.kill()
	f.Kill()
	f.Up()
	late := a.queue(dummy + "ok") // while nobody listens
	w.dev()
	a.becomes(late, "completed")
}

// inIntake are the points at which taking or telling an operation may be cut short.
var inIntake = []string{"intake.noted", "intake.held", "intake.scheduled", "intake.told"}

func TestIntakeThatIsKilledTakesAnOperationOnce(t *testing.T) {
	t.Parallel()
	for _, point := range inIntake {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			f := realtest.Start(t, true)
			w := newWorld(t)
			n := w.dev()
			w.install("dummy")
			a := w.withApp(f)
			require.Zero(t, n.end())
			w.path = faulty(t)
			n = w.dev("SIGNALBOX_FAULT=" + point)
			id := a.queue(dummy + "ok")
			n.killed()
			w.dev()
			a.becomes(id, "completed")
			page, err := w.client.Runs.List(t.Context(), client.RunFilter{})
			require.NoError(t, err)
			require.Len(t, page.Items, 1)
		})
	}
}
