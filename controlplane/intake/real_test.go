package intake_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	sb "signalbox"
	"signalbox/adapters/fiftyone"
	"signalbox/adapters/fiftyone/realtest"
	"signalbox/controlplane/runs/runstest"
)

// real is a world whose source is a real FiftyOne.
type real struct {
	*world
	f  *realtest.FiftyOne
	db *mongo.Database
}

func withReal(t *testing.T) *real {
	t.Helper()
	f := realtest.Start(t, true)
	r := &real{setup(t, func() (sb.OperationDatabase, error) { return fiftyone.Driver{}.Open(f.URI(), "fiftyone") }), f, f.Database()}
	f.Script(nil, `fo.Dataset("toy", persistent=True)`)
	return r
}

// document reads an operation as MongoDB has it, as canonical extended JSON.
func (r *real) document(id string) map[string]any {
	r.t.Helper()
	key, err := bson.ObjectIDFromHex(id)
	require.NoError(r.t, err)
	raw, err := r.db.Collection("delegated_ops").FindOne(r.t.Context(), bson.D{{Key: "_id", Value: key}}).Raw()
	require.NoError(r.t, err)
	text, err := bson.MarshalExtJSON(raw, true, false)
	require.NoError(r.t, err)
	var doc map[string]any
	require.NoError(r.t, json.Unmarshal(text, &doc))
	return doc
}

// What an App shows of a run of ours is what it would show of one of FiftyOne's own launcher.
func TestRealOperationsLookAsFiftyOnesOwn(t *testing.T) {
	t.Parallel()
	r := withReal(t)
	r.change(func(s *sb.Source) { s.Intake = false })
	var stock, ours map[string]string
	r.f.Script(&stock, queueing+`
from fiftyone.operators.delegated import DelegatedOperationService
from bson import ObjectId
service = DelegatedOperationService()
ids = {name: queue("@acme/hello/" + name, {"name": "Ann"}) for name in ("hello", "boom")}
for id in ids.values():
    service.execute_operation(service.get(ObjectId(id)), log=False)
say(ids)
`)
	r.watch()
	r.change(func(s *sb.Source) { s.Intake = true })
	r.f.Script(&ours, queueing+`say({name: queue("@acme/hello/" + name, {"name": "Ann"}) for name in ("hello", "boom")})`)
	half, whole := 0.5, 1.0
	p := r.begin(r.only(hello).ID)
	_, err := r.Work.Progress(t.Context(), p, &half, "half way")
	require.NoError(t, err)
	r.Clock.Pass(time.Millisecond) // the second word comes later, also for who has told the first
	_, err = r.Work.Progress(t.Context(), p, &whole, "done")
	require.NoError(t, err)
	require.NoError(t, r.Work.Complete(t.Context(), p, []byte(`{"greeting":"Hello Ann"}`), outputs(r, stock["hello"])))
	require.NoError(t, r.Work.EndWork(t.Context(), p.AttemptRef, runstest.Exit(0)))
	p = r.begin(r.only(boom).ID)
	_, err = r.Work.Progress(t.Context(), p, &half, "about to fail")
	require.NoError(t, err)
	r.finish(p, "", "boom, as asked", "Traceback (most recent call last):\nValueError: boom, as asked\n")
	for name, id := range ours {
		r.until(name+" is over", func() bool { state := r.document(id)["run_state"]; return state == "completed" || state == "failed" })
		require.Equal(t, shape(r.document(stock[name])), shape(r.document(id)), name)
	}
	for _, file := range []string{"hello_completed", "boom_final"} { // as they were captured from another day's launcher
		text, err := os.ReadFile("../../adapters/fiftyone/testdata/" + file + ".json")
		require.NoError(t, err)
		var captured map[string]any
		require.NoError(t, json.Unmarshal(text, &captured))
		id := ours["hello"]
		if file == "boom_final" {
			id = ours["boom"]
		}
		require.ElementsMatch(t, slices.Collect(maps.Keys(captured)), slices.Collect(maps.Keys(r.document(id))))
		require.ElementsMatch(t, slices.Collect(maps.Keys(captured["result"].(map[string]any))), slices.Collect(maps.Keys(r.document(id)["result"].(map[string]any))))
	}
}

// outputs is the schema that FiftyOne resolved for the outputs of an operation.
func outputs(r *real, id string) []byte {
	text, err := json.Marshal(r.document(id)["metadata"].(map[string]any)["outputs_schema"])
	require.NoError(r.t, err)
	return text
}

// shape is a document with everything that may differ between two runs named by its kind.
func shape(doc map[string]any) map[string]any {
	out := maps.Clone(doc)
	for key, value := range doc {
		switch key {
		case "_id", "queued_at", "updated_at", "started_at", "completed_at", "failed_at":
			out[key] = kind(value)
		case "status":
			if status, is := value.(map[string]any); is {
				out[key] = maps.Clone(status)
				out[key].(map[string]any)["updated_at"] = kind(status["updated_at"])
			}
		case "result":
			result, _ := value.(map[string]any)
			result = maps.Clone(result)
			if text, is := result["error"].(string); is && strings.Contains(text, "ValueError: boom, as asked") {
				result["error"] = "the traceback"
			}
			out[key] = result
		case "scheduled_at", "run_link", "monitored": // that it was held, its page, and that it is watched over
			delete(out, key)
		}
	}
	return out
}

func kind(value any) string {
	if of, is := value.(map[string]any); is {
		return strings.Join(slices.Sorted(maps.Keys(of)), " ")
	}
	return fmt.Sprint(value)
}

// A launcher of FiftyOne's own works on the same operations: each is done by one of the two.
func TestRealLauncherAndIntakeShareOperations(t *testing.T) {
	t.Parallel()
	r := withReal(t)
	const many = 60
	db := r.db.Collection("delegated_ops")
	r.change(func(s *sb.Source) { s.Intake = false })
	stop := r.f.Launch()
	var ids []string
	r.f.Script(&ids, queueing+`say([queue("@acme/hello/hello", {"name": str(i)}) for i in range(60)])`)
	require.Len(t, ids, many)
	count := func(filter bson.D) int64 {
		n, err := db.CountDocuments(t.Context(), filter)
		require.NoError(t, err)
		return n
	}
	is := func(state string) bson.D { return bson.D{{Key: "run_state", Value: state}} }
	r.until("the launcher has begun", func() bool { return count(is("completed")) > 3 })
	r.change(func(s *sb.Source) { s.Intake = true })
	r.watch()
	done := map[string]bool{}
	r.until("all are done", func() bool { r.work(done); return count(is("completed")) == many })
	stop()
	ours := count(append(is("completed"), bson.E{Key: "result.result.by", Value: "signalbox"}))
	theirs := count(append(is("completed"), bson.E{Key: "result.result.greeting", Value: bson.D{{Key: "$exists", Value: true}}}))
	require.EqualValues(t, many, ours+theirs)
	require.Len(t, r.runsOf(hello), int(ours))
	require.Positive(t, ours)
	require.Positive(t, theirs)
	t.Logf("%d by Signalbox, %d by FiftyOne's own launcher", ours, theirs)
}

// queueing lets a script queue an operation as the App does.
const queueing = `
import asyncio
from fiftyone.operators.executor import execute_or_delegate_operator
def queue(uri, params):
    request = {"operator_uri": uri, "dataset_name": "toy", "params": params, "request_delegation": True}
    result = asyncio.run(execute_or_delegate_operator(uri, request)).result
    return str(result.get("id") or result["_id"])
`
