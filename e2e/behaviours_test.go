//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	sb "signalbox"
	"signalbox/adapters/fiftyone/realtest"
	"signalbox/client"
)

// behaviour is what a test of FiftyOne's own holds of delegated operations (its tests/unittests/delegated_operations_tests.py).
// It is tried where Signalbox carries them out: queued and looked at by FiftyOne's own SDK.
type behaviour struct {
	of    string           // FiftyOne's test, without its "test_"
	words string           // what it holds
	tried func(b behaving) // nil: it cannot be, for a reason
	why   string           // why it is not so here, or not all of it
}

var behaviours = []behaviour{
	{"set_completed_in_async_context", "an operator that is a coroutine completes; its label is what was given", behaving.coroutine, ""},
	{"delegate_operation", "a queued operation keeps when it was queued, its label (without one: the operator), its metadata and its pipeline", behaving.queuedAsGiven, ""},
	{
		"list_operations", "operations are listed by state, dataset and operator, and change state only from the one that is asked for", behaving.listed,
		"One that somebody queues again while it is ours is not taken a second time: its run here is stopped. Who wants it to run again runs it anew.",
	},
	{
		"set_run_states", "each change of state changes updated_at; a completed operation may be marked as failed", behaving.restated,
		"The run here stays completed: its end is final.",
	},
	{
		"sets_progress, generator_sets_progress", "progress has a fraction, a label and a moment, of plain operators and of generators", behaving.progress,
		"The list of results that FiftyOne's batch executor returns is its own: nothing here calls it.",
	},
	{"full_run_success", "a completed operation has its moments, its result and no error", behaving.success, ""},
	{
		"execute_operation_captures_all_logs, stdout capture", "records of logging, tracebacks, what is printed, and progress bars arrive in the log", behaving.logs,
		"A run's log begins at INFO, whatever FiftyOne's own level is; who reads it chooses a severity.",
	},
	{"execute_operation_multi_proc_forwards_child_logs", "so does what child processes say", behaving.logsOfChildren, ""},
	{"write-back, field by field", "an operation looks as FiftyOne's own executor leaves it: plain, coroutine, generator, pipeline; completed and failed", behaving.documents, ""},
	{"generator_run_success", "a generator completes without a result", behaving.generator, ""},
	{
		"updates_progress", "progress that is said often ends where it ended, with the run's page and both schemas", behaving.tenWords,
		"Words that come faster than four a second are joined; the last one always arrives.",
	},
	{"queued_state_required_to_execute", "what runs elsewhere is not carried out a second time", behaving.elsewhere, ""},
	{"full_run_fail", "a failed operation has failed_at, no completed_at, no result, and the exception in its error", behaving.failure, ""},
	{"rerun_failed", "a failed operation is run anew under another id, with the same target, and completes", behaving.rerun, ""},
	{"rerun_with_renamed_dataset, execute_with_renamed_dataset", "a dataset is found by its id when it was renamed", behaving.renamed, ""},
	{
		"rerun_child_do_fail", "what is marked so is not run anew", behaving.notRerun,
		"Children of a distributed pipeline do not come here: they are refused, as open-source FiftyOne cannot make them.",
	},
	{"execute_with_already_processing_op", "an operation that goes on is left alone by FiftyOne's own executor", behaving.leftAlone, ""},
	{"execute_operation_monitor_success", "a run that is watched over is marked so, and keeps its result", behaving.watchedOver, ""},
	{
		"execute_operation_monitor_external_fail", "an operation that is marked as failed while it runs is ended with all its processes", behaving.failedOutside,
		"The error is what whoever marked it has written, and not “Operation marked as FAILED externally”.",
	},
	{
		"execute_operation_monitor_internal_fail", "the error of one that is watched over holds the original error", behaving.failure,
		"Without “Operation FAILED (detected by monitor):” before it: every run is watched over here.",
	},
	{
		"execute_operation_monitor_ping_exception, _get_exception", "an operation whose state cannot be read or written is ended", nil,
		"Here it goes on: its truth is kept in Signalbox, and MongoDB is told when it answers again (TestRealMongoNothingIsTakenTwiceOrLost).",
	},
	{
		"execute_with_pipeline_context", "an operator knows that it is a stage, which one, and of how many", behaving.stages,
		"Parents and errors of children belong to distributed pipelines, which open-source FiftyOne cannot make and which are refused here.",
	},
	{"execute_pipeline, execute_pipeline_error", "the stages run in order; after one that failed only those that always do, and its error is the operation's", behaving.pipelineFails, ""},
	{"paging_sorting", "operations are sorted by when they were queued or changed, and read by pages", behaving.paged, ""},
	{"gets_dataset_id_from_name", "an operation that names a dataset has its id", behaving.success, ""},
	{"deletes_by_dataset_id", "the operations of a dataset are deleted together", behaving.deletedTogether, ""},
	{"archive_operation", "an archived operation is not listed unless asked for", behaving.archived, "One that is archived while it is queued is not taken, as FiftyOne's launcher does."},
	{"search, count", "operations are searched by parts of operator and label, and counted", behaving.searched, ""},
	{"rename_operation", "a new label stays", behaving.relabelled, "The run here keeps the label that it began with: it has a name of its own, which can be changed here."},
	{
		"queue_op_remote_service, set_queue_remote_service", "in FiftyOne Enterprise an operation begins as scheduled, and may not be queued", nil,
		"Open-source FiftyOne queues. What is scheduled there and nobody's is taken after 30 s (TestRealMongoWhatWasLeftBehindIsTaken).",
	},
	{"queue_panel_delegated_op", "an operation of a panel, with the panel's id and state, is carried out with both", behaving.ofAPanel, ""},
	{
		"failed_exec_adds_child_error_to_parent", "the error of a child is told to its parent", nil,
		"Only distributed pipelines have children; open-source FiftyOne cannot make them, and they are refused here (TestRealMongoWhatIsRefusedFailsThereWithTheReason).",
	},
	{"request_params_overrides", "a stage's overrides hold for it alone, unknown keys too; its params are always its own", behaving.overrides, ""},
	{"PipelineStage and Pipeline accept extra kwargs", "fields of a pipeline that are not known yet do no harm", behaving.unknownFields, ""},
	{"queue_operation_with_pipeline_overrides", "overrides survive being stored; what a stage may not override has no effect", behaving.forbiddenOverrides, ""},
	{"Pipeline.to_json", "a pipeline is an object with stages, or a bare list as older versions wrote it", behaving.bareList, ""},
	{"factory: num_distributed_tasks", "an operation tells of no distributed tasks", behaving.success, ""},
}

// behaving is a world with a real FiftyOne whose SDK a test speaks to.
type behaving struct {
	*app
	sdk  func(to any, source string)
	home string // for files
}

func TestBehavioursThatFiftyOnesOwnTestsHold(t *testing.T) {
	t.Parallel()
	f := realtest.Start(t, true)
	toy(t, f)
	w := newWorld(t, "SIGNALBOX_PYTHON="+realtest.Python(t))
	w.dev()
	w.done("plugins", "install", "testdata/behaviours")
	require.NoError(t, os.CopyFS(filepath.Join(f.Plugins(), "behaviours"), os.DirFS("testdata/behaviours"))) // FiftyOne's executor runs them, too
	w.source(f)
	b := behaving{&app{world: w, f: f, operations: f.Database().Collection("delegated_ops")}, f.Console(), t.TempDir()}
	b.sdk(&struct{}{}, prelude)
	for _, row := range behaviours {
		t.Run(row.of, func(t *testing.T) {
			require.True(t, row.tried != nil || row.why != "", "a row passes, or says why not")
			if row.why != "" {
				t.Log(row.why)
			}
			if row.tried != nil {
				row.tried(b.in(t))
			}
		})
	}
}

const prelude = `
from bson import ObjectId
from fiftyone.factory import DelegatedOperationPagingParams as Paging
from fiftyone.operators.delegated import DelegatedOperationService
from fiftyone.operators.executor import ExecutionContext
from fiftyone.operators import types
from fiftyone.operators.types import Pipeline, PipelineStage
from fiftyone.core.odm import get_db_conn
from fiftyone.factory.repos.delegated_operation import MongoDelegatedOperationRepo
service = DelegatedOperationService()
aside = DelegatedOperationService(MongoDelegatedOperationRepo(get_db_conn()["aside"]))
mine = "@tests/behaviours/"
def queue(operator, params=None, request=None, by=service, **more):
    asked = {"dataset_name": "toy", "params": params or {}, **(request or {})}
    return str(by.queue_operation(mine + operator, context=ExecutionContext(request_params=asked), **more).id)
def made(operator, *args, **more):
    return get_db_conn()["aside"].find_one(ObjectId(queue(operator, *args, by=aside, **more)))
def put(doc, **change):
    return str(get_db_conn()["delegated_ops"].insert_one({**doc, **change}).inserted_id)
def stage(params=None, **more):
    return PipelineStage(mine + "shows", params=params, **more)
def get(id):
    return service.get(ObjectId(id))
say({})
`

// in is the same for a part of the test.
func (b behaving) in(t *testing.T) behaving {
	w, a := *b.world, *b.app
	w.t, a.world = t, &w
	b.app = &a
	return b
}

// queue lets the SDK queue an operation, and gives its id.
func (b behaving) queue(arguments string) (id bson.ObjectID) {
	b.t.Helper()
	var said string
	b.sdk(&said, "say(queue("+arguments+"))")
	return b.id(said)
}

func (b behaving) id(text string) bson.ObjectID {
	b.t.Helper()
	id, err := bson.ObjectIDFromHex(text)
	require.NoError(b.t, err)
	return id
}

// runOf is the run of an operation that has begun.
func (b behaving) runOf(doc bson.M) client.Run {
	b.t.Helper()
	link, _ := doc["run_link"].(string)
	return b.over(path.Base(link))
}

// done queues an operation and waits until it is completed.
func (b behaving) done(arguments string) bson.M {
	b.t.Helper()
	return b.ends(b.queue(arguments), "completed")
}

// ends waits for the end of an operation, which is to be in a state.
func (b behaving) ends(id bson.ObjectID, state string) (doc bson.M) {
	b.t.Helper()
	require.Eventually(b.t, func() bool {
		doc = nil
		return b.operations.FindOne(b.t.Context(), bson.D{{Key: "_id", Value: id}}).Decode(&doc) == nil && (doc["run_state"] == "completed" || doc["run_state"] == "failed")
	}, patience, 20*time.Millisecond, "it is to end")
	require.Equal(b.t, state, doc["run_state"], "%v", doc["result"])
	return doc
}

// begun queues one that goes on until it is ended, and waits until it says which processes it has.
func (b behaving) begun(more string) (id bson.ObjectID, operator, child int) {
	b.t.Helper()
	id = b.queue(`"hang"` + more)
	require.Eventually(b.t, func() bool {
		var doc struct{ Status struct{ Label string } }
		return b.operations.FindOne(b.t.Context(), bson.D{{Key: "_id", Value: id}}).Decode(&doc) == nil &&
			scan(doc.Status.Label, &operator, &child)
	}, patience, 20*time.Millisecond, "it is to begin")
	return id, operator, child
}

func scan(text string, to ...any) bool {
	n, err := fmt.Sscan(text, to...)
	return err == nil && n == len(to)
}

// field reads a value within a document.
func field(doc bson.M, path ...string) any {
	var value any = doc
	for _, name := range path {
		switch in := value.(type) {
		case bson.M:
			value = in[name]
		case bson.D:
			value = nil
			for _, e := range in {
				if e.Key == name {
					value = e.Value
				}
			}
		default:
			return nil
		}
	}
	return value
}

// stopped waits until the run of an operation is stopped, and gives why.
func (b behaving) stopped(doc bson.M) string {
	b.t.Helper()
	run := b.runOf(doc)
	require.Equal(b.t, sb.FailStopped, run.Failure.Kind)
	return run.Failure.Message
}
