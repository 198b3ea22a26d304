package intake_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/adapters/fiftyone"
	"signalbox/adapters/fiftyone/realtest"
)

// real is a world whose source is a real FiftyOne.
type real struct {
	*world
	f *realtest.FiftyOne
}

func withReal(t *testing.T, streams bool) *real {
	f := realtest.Start(t, streams)
	r := &real{setup(t, func() (sb.OperationDatabase, error) { return fiftyone.Driver{}.Open(f.URI(), "fiftyone") }), f}
	f.Script(nil, `fo.Dataset("toy", persistent=True)`)
	return r
}

// queue lets FiftyOne's own SDK delegate an operator, as the App does, and gives the operations' ids.
func (r *real) queue(uri string, params map[string]any, times int, more ...string) []string {
	r.t.Helper()
	text, err := json.Marshal(params)
	require.NoError(r.t, err)
	extra := "{}"
	if len(more) > 0 {
		extra = more[0]
	}
	var ids []string
	r.f.Script(&ids, `
from fiftyone.operators.executor import execute_or_delegate_operator
import asyncio
async def one():
    request = {"operator_uri": sys.argv[1], "dataset_name": "toy", "params": json.loads(sys.argv[2]), "request_delegation": True, **json.loads(sys.argv[4])}
    result = await execute_or_delegate_operator(sys.argv[1], request)
    return str(result.result["id"] if "id" in result.result else result.result["_id"])
async def all():
    return [await one() for _ in range(int(sys.argv[3]))]
say(asyncio.run(all()))
`, uri, string(text), itoa(times), extra)
	require.Len(r.t, ids, times)
	return ids
}

func itoa(n int) string {
	text, _ := json.Marshal(n)
	return string(text)
}

// document reads an operation as MongoDB has it.
func (r *real) document(id string) map[string]any {
	r.t.Helper()
	var doc map[string]any
	r.f.Script(&doc, `
from bson import ObjectId, json_util
import fiftyone.core.odm as odm
say(json.loads(json_util.dumps(odm.get_db_conn().delegated_ops.find_one({"_id": ObjectId(sys.argv[1])}), json_options=json_util.CANONICAL_JSON_OPTIONS)))
`, id)
	return doc
}

func TestRealOperationsBecomeRunsAndHearOfThem(t *testing.T) {
	t.Parallel()
	r := withReal(t, true)
	r.watch()
	began := time.Now()
	id := r.queue(hello, map[string]any{"name": "Ann"}, 1)[0]
	run := r.only(hello)
	t.Log("scheduled here", time.Since(began), "after the script began")
	require.JSONEq(t, `{"name":"Ann"}`, string(run.Params))
	require.Equal(t, "toy", run.Dataset)
	require.Equal(t, r.robot.ID, run.CreatedBy.ID)
	held := r.document(id)
	require.Equal(t, "scheduled", held["run_state"])

	p := r.begin(run.ID)
	half := 0.5
	_, err := r.Work.Progress(t.Context(), p, &half, "half way")
	require.NoError(t, err)
	r.finish(p, `{"greeting":"Hello Ann","n":{"$numberDouble":"NaN"}}`, "", "")
	r.until("the end is told", func() bool {
		state, err := r.SourceState(t.Context(), r.source.ID)
		return err == nil && state.Operations == 0
	})
	doc := r.document(id)
	require.Equal(t, "completed", doc["run_state"])
	require.Equal(t, "https://here.example/runs/"+run.ID, doc["run_link"])
	require.Equal(t, map[string]any{
		"result": map[string]any{"greeting": "Hello Ann", "n": map[string]any{"$numberDouble": "NaN"}}, "executor": nil, "error": nil, "error_message": nil, "delegated": false, "validation_ctx": nil,
	}, doc["result"])
	require.Equal(t, "half way", doc["status"].(map[string]any)["label"])
}
