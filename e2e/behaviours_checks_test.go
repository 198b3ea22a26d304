//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	sb "signalbox"
	"signalbox/client"
)

func (b behaving) coroutine() {
	doc := b.done(`"coroutine", label="as it was called"`)
	require.Equal(b.t, true, field(doc, "result", "result", "executed"))
	require.Equal(b.t, "as it was called", doc["label"])
	require.Equal(b.t, "as it was called", b.runOf(doc).Label)
}

func (b behaving) queuedAsGiven() {
	doc := b.done(`"plain", metadata={"inputs_schema": {}, "note": "kept"}`)
	require.NotNil(b.t, doc["queued_at"])
	require.Equal(b.t, "@tests/behaviours/plain", doc["label"])
	require.Equal(b.t, "kept", field(doc, "metadata", "note"))
	var was json.RawMessage
	id := b.id(b.asked(&was, `p = Pipeline([stage({"n": 1}), stage(always_run=True)]); say([queue("pipe", pipeline=p), p.to_json()])`))
	b.ends(id, "completed")
	var is json.RawMessage
	b.sdk(&is, fmt.Sprintf("say(get(%q).pipeline.to_json())", id.Hex()))
	require.JSONEq(b.t, string(was), string(is))
}

// asked runs a script that says an operation's id, and something more.
func (b behaving) asked(more any, source string) (id string) {
	b.t.Helper()
	b.sdk(&[]any{&id, more}, source)
	return id
}

func (b behaving) listed() {
	id, _, _ := b.begun("")
	over := b.done(`"coroutine"`)
	var lists [][]string
	ask := func() {
		b.sdk(&lists, `
ids = lambda docs: [str(d.id) for d in docs]
say([ids(service.get_running_operations()), ids(service.get_running_operations(mine + "plain")), ids(service.get_running_operations(dataset_name="none")),
    ids(service.list_operations(run_state="completed", dataset_name="toy", operator=mine + "coroutine"))])`)
	}
	ask()
	require.Contains(b.t, lists[0], id.Hex())
	require.Empty(b.t, lists[1])
	require.Empty(b.t, lists[2])
	require.Contains(b.t, lists[3], over["_id"].(bson.ObjectID).Hex())
	var changed any
	b.sdk(&changed, fmt.Sprintf(`say(service.set_queued(ObjectId(%q), required_state="scheduled"))`, id.Hex()))
	require.Nil(b.t, changed)
	doc := b.becomes(id, "running")
	b.sdk(nil, fmt.Sprintf(`service.set_queued(ObjectId(%q)); say(None)`, id.Hex()))
	require.Contains(b.t, b.stopped(doc), "vision")
	b.done(`"coroutine"`) // by then everything that waits has been looked at
	b.becomes(id, "queued")
	b.forget(id)
}

func (b behaving) forget(id bson.ObjectID) {
	b.t.Helper()
	_, err := b.operations.DeleteOne(b.t.Context(), bson.D{{Key: "_id", Value: id}})
	require.NoError(b.t, err)
}

func (b behaving) restated() {
	id, _, _ := b.begun("")
	running := b.becomes(id, "running")["updated_at"]
	b.sdk(nil, fmt.Sprintf(`service.set_failed(ObjectId(%q)); say(None)`, id.Hex()))
	require.NotEqual(b.t, running, b.ends(id, "failed")["updated_at"])
	doc := b.done(`"plain"`)
	require.GreaterOrEqual(b.t, doc["updated_at"], doc["completed_at"])
	b.sdk(nil, fmt.Sprintf(`service.set_failed(ObjectId(%q)); say(None)`, doc["_id"].(bson.ObjectID).Hex()))
	b.ends(doc["_id"].(bson.ObjectID), "failed")
	require.Equal(b.t, sb.Completed, b.runOf(doc).Status)
}

func (b behaving) progress() {
	for _, operator := range []string{"plain", "generator", "async_generator"} {
		doc := b.done(fmt.Sprintf("%q", operator))
		require.InDelta(b.t, 0.5, field(doc, "status", "progress"), 0)
		require.Equal(b.t, "halfway there", field(doc, "status", "label"))
		require.NotNil(b.t, field(doc, "status", "updated_at"))
	}
}

func (b behaving) success() {
	doc := b.done(`"plain"`)
	for _, name := range []string{"queued_at", "started_at", "completed_at"} {
		require.NotNil(b.t, doc[name], name)
	}
	require.Nil(b.t, doc["failed_at"])
	require.Equal(b.t, bson.D{{Key: "executed", Value: true}, {Key: "dataset", Value: "toy"}}, field(doc, "result", "result"))
	require.Nil(b.t, field(doc, "result", "error"))
	var said []any
	b.sdk(&said, fmt.Sprintf(`d = get(%q); say([str(d.dataset_id) == str(fo.load_dataset("toy")._doc.id), d.num_distributed_tasks, d.result.result])`, doc["_id"].(bson.ObjectID).Hex()))
	require.Equal(b.t, []any{true, nil, map[string]any{"executed": true, "dataset": "toy"}}, said)
	require.Equal(b.t, "toy", *b.runOf(doc).Dataset)
}

// said is the log of an operation's run.
func (b behaving) said(doc bson.M) string { return b.log(b.runOf(doc).ID) }

func (b behaving) logs() {
	said := b.said(b.done(`"logs"`))
	for _, words := range []string{"INFO an info line", "WARNING a warning", "a printed line", "ERROR an error with its traceback", "KeyError: 'kept'", "100% |"} {
		require.Contains(b.t, said, words)
	}
	require.NotContains(b.t, said, "debugging")
}

func (b behaving) logsOfChildren() {
	said := b.said(b.done(`"logs"`))
	require.Contains(b.t, said, "printed by a child")
	require.Contains(b.t, said, "said by a shell")
}

func (b behaving) generator() {
	doc := b.done(`"generator"`)
	require.Nil(b.t, field(doc, "result", "result"))
	require.Nil(b.t, field(doc, "result", "error"))
}

func (b behaving) tenWords() {
	doc := b.done(`"ten", metadata={"inputs_schema": types.Object().to_json(), "outputs_schema": None}`)
	require.InDelta(b.t, 1, field(doc, "status", "progress"), 0)
	require.Equal(b.t, "step 10", field(doc, "status", "label"))
	require.Contains(b.t, doc["run_link"], b.url+"/runs/")
	require.NotNil(b.t, field(doc, "metadata", "inputs_schema"))
	require.NotNil(b.t, field(doc, "metadata", "outputs_schema"))
}

func (b behaving) elsewhere() {
	var id string
	b.sdk(&id, `say(put(made("plain", label="elsewhere"), run_state="running"))`)
	b.done(`"coroutine"`) // by then everything that waits has been looked at
	b.becomes(b.id(id), "running")
	page, err := b.client.Runs.List(b.t.Context(), client.RunFilter{Search: "elsewhere"})
	require.NoError(b.t, err)
	require.Empty(b.t, page.Items)
}

func (b behaving) failure() {
	doc := b.ends(b.queue(`"until", {"file": "/none"}`), "failed")
	require.NotNil(b.t, doc["failed_at"])
	require.Nil(b.t, doc["completed_at"])
	require.Nil(b.t, field(doc, "result", "result"))
	require.Contains(b.t, field(doc, "result", "error"), "ValueError: there is no file")
}

func (b behaving) rerun() {
	file := filepath.Join(b.home, "rerun")
	id := b.queue(fmt.Sprintf(`"until", {"file": %q}, delegation_target="somewhere"`, file))
	b.ends(id, "failed")
	b.touch(file)
	var again []any
	b.sdk(&again, fmt.Sprintf(`d = service.rerun_operation(ObjectId(%q)); say([str(d.id), d.run_state, d.started_at, d.completed_at, d.result])`, id.Hex()))
	require.Equal(b.t, []any{"queued", nil, nil, nil}, again[1:])
	doc := b.ends(b.id(again[0].(string)), "completed")
	require.NotEqual(b.t, id, doc["_id"])
	require.Equal(b.t, "somewhere", doc["delegation_target"])
}

func (b behaving) touch(file string) {
	b.t.Helper()
	require.NoError(b.t, os.WriteFile(file, nil, 0o600))
}

func (b behaving) renamed() {
	var ids []string
	b.sdk(&ids, `
toy = fo.load_dataset("toy")
doc = made("plain", request={"dataset_id": toy._doc.id})
toy.name = "toys"
say([put(doc)])`)
	doc := b.ends(b.id(ids[0]), "completed")
	require.Equal(b.t, "toys", field(doc, "result", "result", "dataset"))
	b.sdk(&ids, fmt.Sprintf(`say([str(service.rerun_operation(ObjectId(%q)).id)])`, ids[0]))
	doc = b.ends(b.id(ids[0]), "completed")
	require.Equal(b.t, "toys", field(doc, "result", "result", "dataset"))
	b.sdk(nil, `toy.name = "toy"; say(None)`)
	require.Eventually(b.t, func() bool {
		_, err := b.client.Datasets.Get(b.t.Context(), "toy")
		return err == nil
	}, patience, 20*time.Millisecond, "it has its name again here, too")
}

func (b behaving) notRerun() {
	id := b.queue(`"plain", rerunnable=False`)
	b.ends(id, "completed")
	var said string
	b.sdk(&said, fmt.Sprintf(`
try:
    service.rerun_operation(ObjectId(%q))
    say("it is")
except ValueError as e:
    say(str(e))`, id.Hex()))
	require.Contains(b.t, said, "is not marked as rerunnable")
}

func (b behaving) leftAlone() {
	id, operator, _ := b.begun("")
	before := b.becomes(id, "running")
	var result any
	b.sdk(&result, fmt.Sprintf(`say(service.execute_operation(get(%q)))`, id.Hex()))
	require.Nil(b.t, result)
	require.Equal(b.t, before["started_at"], b.becomes(id, "running")["started_at"])
	require.NoError(b.t, syscall.Kill(operator, 0))
	b.forget(id)
	require.Contains(b.t, b.stopped(before), "deleted")
}

func (b behaving) watchedOver() {
	doc := b.done(`"plain"`)
	require.Equal(b.t, true, doc["monitored"])
	require.Equal(b.t, true, field(doc, "result", "result", "executed"))
}

func (b behaving) failedOutside() {
	id, operator, child := b.begun("")
	doc := b.becomes(id, "running")
	b.sdk(nil, fmt.Sprintf(`from fiftyone.operators.executor import ExecutionResult
service.set_failed(ObjectId(%q), result=ExecutionResult(error="by hand")); say(None)`, id.Hex()))
	require.Contains(b.t, b.stopped(doc), "marked as failed")
	for _, pid := range []int{operator, child} {
		require.ErrorIs(b.t, syscall.Kill(pid, 0), syscall.ESRCH)
	}
	require.Equal(b.t, "by hand", field(b.ends(id, "failed"), "result", "error"))
}

// shown is what each stage that shows it was asked with.
func (b behaving) shown(doc bson.M) (all []map[string]any) {
	b.t.Helper()
	for line := range strings.Lines(b.said(doc)) {
		if _, text, is := strings.Cut(line, "SHOWN "); is {
			var one map[string]any
			require.NoError(b.t, json.Unmarshal([]byte(text), &one))
			all = append(all, one)
		}
	}
	return all
}

func (b behaving) stages() {
	shown := b.shown(b.done(`"pipe", {"n": 0}, pipeline=Pipeline([stage({"n": 1}), stage({"n": 2}), stage()])`))
	require.Len(b.t, shown, 3)
	for i, one := range shown {
		require.Equal(b.t, []any{true, float64(i), 3.0}, one["pipeline"])
	}
	require.Equal(b.t, map[string]any{"n": 2.0}, shown[1]["params"])
	require.Equal(b.t, map[string]any{}, shown[2]["params"])
}

func (b behaving) pipelineFails() {
	id := b.queue(`"pipe", pipeline=Pipeline([stage({"fail": 1}), stage({"n": 2}), stage({"n": 3}, always_run=True)])`)
	doc := b.ends(id, "failed")
	require.Contains(b.t, field(doc, "result", "error"), "ValueError: as it was asked")
	shown := b.shown(doc)
	require.Len(b.t, shown, 2)
	require.Equal(b.t, map[string]any{"n": 3.0}, shown[1]["params"])
	require.Equal(b.t, []any{false, 2.0, 3.0}, shown[1]["pipeline"])
}

func (b behaving) paged() {
	var ids []string
	b.sdk(&ids, `say([queue("coroutine", label="of many pages") for i in range(25)])`)
	for _, id := range ids {
		b.ends(b.id(id), "completed")
	}
	var pages struct {
		Sizes  []int
		Sorted []bool
		All    []string
	}
	b.sdk(&pages, `
many = {"of many pages": ["label"]}
found, sizes = [], []
for skip in range(0, 28, 7):
    page = service.list_operations(operator=mine + "coroutine", search=many, paging=Paging(skip=skip, limit=7, sort_direction=1))
    sizes.append(len(page)); found += [str(d.id) for d in page]
in_order = []
for by in ("queued_at", "updated_at"):
    for direction in (1, -1):
        at = [getattr(d, by) for d in service.list_operations(search=many, paging=Paging(sort_by=by, sort_direction=direction, limit=100))]
        in_order.append(at == sorted(at, reverse=direction < 0) and len(at) == 25)
say({"Sizes": sizes, "Sorted": in_order, "All": found})`)
	require.Equal(b.t, []int{7, 7, 7, 4}, pages.Sizes)
	require.Equal(b.t, []bool{true, true, true, true}, pages.Sorted)
	require.ElementsMatch(b.t, ids, pages.All)
}

func (b behaving) deletedTogether() {
	b.sdk(nil, `other = fo.Dataset("other", persistent=True); say(None)`)
	id, _, _ := b.begun(`, request={"dataset_name": "other"}`)
	doc := b.becomes(id, "running")
	var left int
	b.sdk(&left, `service.delete_for_dataset(other._doc.id); say(len(service.list_operations(dataset_id=other._doc.id, include_archived=True)))`)
	require.Zero(b.t, left)
	require.Contains(b.t, b.stopped(doc), "deleted in vision")
}

func (b behaving) archived() {
	id := b.done(`"plain"`)["_id"].(bson.ObjectID)
	var seen []bool
	b.sdk(&seen, fmt.Sprintf(`
service.archive_operation(ObjectId(%[1]q))
among = lambda **more: %[1]q in [str(d.id) for d in service.list_operations(operator=mine + "plain", **more)]
say([among(), among(include_archived=True), get(%[1]q).archived])`, id.Hex()))
	require.Equal(b.t, []bool{false, true, true}, seen)
	var waiting string
	b.sdk(&waiting, `say(put(made("plain"), archived=True))`)
	b.done(`"coroutine"`) // by then everything that waits has been looked at
	b.becomes(b.id(waiting), "queued")
}

func (b behaving) searched() {
	b.done(`"coroutine", label="a rare word"`)
	b.done(`"ten", label="a rare word, too"`)
	var n []int
	b.sdk(&n, `say([service.count(search=s) for s in ({"rare wo": ["label"]}, {"urs/ten": ["operator"]}, {"rare": ["operator", "label"]})] +
    [service.count(filters={"run_state": "completed", "dataset_name": "toy", "label": "a rare word"})])`)
	require.Equal(b.t, 2, n[0])
	require.Positive(b.t, n[1])
	require.Equal(b.t, []int{2, 1}, n[2:])
}

func (b behaving) relabelled() {
	file := filepath.Join(b.home, "relabelled")
	id := b.queue(fmt.Sprintf(`"until", {"file": %q, "wait": True}`, file))
	b.becomes(id, "running")
	b.sdk(nil, fmt.Sprintf(`service.set_label(ObjectId(%q), "another name"); say(None)`, id.Hex()))
	b.touch(file)
	require.Equal(b.t, "another name", b.ends(id, "completed")["label"])
}

func (b behaving) ofAPanel() {
	shown := b.shown(b.done(`"shows", request={"panel_id": ObjectId(), "panel_state": {"deep": {"n": [1]}}}`))
	require.Len(b.t, shown, 1)
	require.Len(b.t, shown[0]["panel_id"], 24)
	require.Equal(b.t, map[string]any{"deep": map[string]any{"n": []any{1.0}}}, shown[0]["panel_state"])
}

func (b behaving) overrides() {
	shown := b.shown(b.done(`"pipe", {"n": 0}, {"selected": ["a"], "view_name": "all"}, pipeline=Pipeline([
    stage({"n": 1}, request_params_overrides={"view_name": "some", "selected": [], "unheard_of": 1, "params": {"n": 9}}), stage(), stage(request_params_overrides={"view_name": "few"})])`))
	require.Len(b.t, shown, 3)
	for i, want := range []map[string]any{
		{"view_name": "some", "selected": []any{}, "unheard_of": 1.0, "params": map[string]any{"n": 1.0}},
		{"view_name": "all", "selected": []any{"a"}, "unheard_of": nil, "params": map[string]any{}},
		{"view_name": "few", "selected": []any{"a"}, "unheard_of": nil, "params": map[string]any{}},
	} {
		for key, value := range want {
			require.Equal(b.t, value, shown[i][key], "%s of stage %d", key, i+1)
		}
	}
}

// stored lets operations be carried out whose pipelines were written by another version.
func (b behaving) stored(change string) []map[string]any {
	b.t.Helper()
	var id string
	b.sdk(&id, `doc = made("pipe", pipeline=Pipeline([stage({"n": 1}), stage({"n": 2})]))
stages = doc["pipeline"]["stages"]
`+change+`
say(put(doc))`)
	return b.shown(b.ends(b.id(id), "completed"))
}

func (b behaving) unknownFields() {
	require.Len(b.t, b.stored(`doc["pipeline"]["later"] = 1; stages[0]["later"] = {"a": 1}`), 2)
}

func (b behaving) forbiddenOverrides() {
	shown := b.stored(`stages[1]["request_params_overrides"] = {"dataset_name": "none", "delegation_target": "x", "filters": {"f": 1}}`)
	require.Len(b.t, shown, 2)
	require.Equal(b.t, "toy", shown[1]["dataset"])
	require.Equal(b.t, map[string]any{"f": 1.0}, shown[1]["filters"])
	require.NotEqual(b.t, "x", shown[1]["delegation_target"])
}

func (b behaving) bareList() {
	require.Len(b.t, b.stored(`doc["pipeline"] = stages`), 2)
}

// documents compares what is written of operations with what FiftyOne's own executor writes of the same ones.
func (b behaving) documents() {
	for _, arguments := range []string{
		`"plain"`, `"coroutine"`, `"generator"`, `"until", {"file": "/none"}`, `"shows", request={"selected": ["a"], "panel_id": ObjectId()}`,
		`"pipe", pipeline=Pipeline([stage({"n": 1}), stage()])`, `"pipe", pipeline=Pipeline([PipelineStage(mine + "until")])`,
	} {
		var ids [2]string
		b.sdk(&ids, fmt.Sprintf(`
doc = made(%[1]s, metadata={"inputs_schema": None, "outputs_schema": None})
ours = put({**doc, "_id": ObjectId()})
aside.execute_operation(aside.get(doc["_id"]))
say([str(doc["_id"]), ours])`, arguments))
		theirs := b.document("aside", ids[0])
		b.ends(b.id(ids[1]), theirs["run_state"].(string))
		require.Equal(b.t, likeness(theirs), likeness(b.document("delegated_ops", ids[1])), arguments)
	}
}

// document reads an operation with the types of all its values.
func (b behaving) document(collection, id string) (doc map[string]any) {
	b.t.Helper()
	raw, err := b.operations.Database().Collection(collection).FindOne(b.t.Context(), bson.D{{Key: "_id", Value: b.id(id)}}).Raw()
	require.NoError(b.t, err)
	text, err := bson.MarshalExtJSON(raw, true, false)
	require.NoError(b.t, err)
	require.NoError(b.t, json.Unmarshal(text, &doc))
	return doc
}

// likeness leaves out of a document what differs between two runs, and what a launcher that watches over them adds: that
// it was held, its page, and that it is watched over.
func likeness(doc map[string]any) map[string]any {
	for _, name := range []string{"_id", "scheduled_at", "run_link", "monitored"} {
		delete(doc, name)
	}
	if result, is := doc["result"].(map[string]any); is && result["error"] != nil {
		lines := strings.Split(strings.TrimSpace(result["error"].(string)), "\n")
		result["error"] = lines[len(lines)-1]
	}
	return kinds(doc).(map[string]any)
}

// kinds names moments by their kind.
func kinds(value any) any {
	of, is := value.(map[string]any)
	if !is {
		return value
	}
	for name, one := range of {
		if name == "$date" {
			return "a moment"
		}
		of[name] = kinds(one)
	}
	return of
}
