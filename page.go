package signalbox

import (
	"encoding/json"
	"time"
)

// The sizes of a page of a list.
const (
	DefaultLimit = 50
	MaxLimit     = 500
	MaxThrough   = 100 // groups through which somebody has access that are told of him
)

// Page is one page of a list. Next is the cursor of the page after it, "" when there is none.
type Page[T any] struct {
	Items []T
	Next  string
}

// RunSort is an order of runs.
type RunSort string

// The orders of runs.
const (
	SortScheduled RunSort = "scheduled" // most recently scheduled first; the default
	SortUpdated   RunSort = "updated"   // last updated first
	SortOldest    RunSort = "oldest"    // first scheduled first
	SortOperator  RunSort = "operator"  // by URI, then most recently scheduled first
)

// RunSorts lists the orders of runs.
var RunSorts = []RunSort{SortScheduled, SortUpdated, SortOldest, SortOperator}

// RunQuery asks for a page of runs that the viewer may see.
type RunQuery struct {
	Viewer         Viewer
	DatasetID      string // "": of all datasets the viewer may see
	UserID         string // whose runs
	Statuses       []Status
	Operator       string // URI
	OrchestratorID string
	Search         string // in operator URI, label, submitter's name, id; case ignored unless MatchURI
	MatchURI       bool   // only in the operator's URI, case kept
	Pinned         *bool
	Sort           RunSort
	Cursor         string
	Limit          int
}

// Viewer is through whose eyes a list is read. An admin sees all. Others see runs of datasets they have at least
// view on; of these all (Others), or their own and pinned ones; and their own runs without a dataset.
type Viewer struct {
	Principal Principal
	Others    bool // may see other people's runs: role ≥ all_runs_minimum_role
}

// Draft is a run that someone wants to schedule.
type Draft struct {
	Operator       string // URI
	Dataset        string // id or name; "" for none
	DatasetID      string // id alone, of a run that is run again; wins over Dataset
	Params         []byte // JSON object; nil for {}
	View           []byte // JSON; nil for the whole dataset
	Orchestrator   string // id or name; "" for the first that fits
	Label          string
	Priority       int
	RerunOf        string
	IdempotencyKey string
	Operation      *OperationRef   // the operation it was taken from; nil for none
	InputsSchema   json.RawMessage // that it was resolved with there
	Selection      *Selection      // what is selected in the view; nil for nothing
	App            AppRequest      // of the operation; else by the selection
}

// Wait says why a run waits.
type Wait struct {
	Position int64  // in its orchestrator's queue, from 1; 0 when it does not wait there
	Ahead    int64  // how many are taken before it
	Holds    string // what holds it: "quota", "no_worker", "disabled", "retry", "resources", ""
	Quota    int
	Held     int           // slots held now
	Estimate time.Duration // about how long until it starts, by past runs of its operator; 0 for not known
	Summary  string
	Since    time.Time
}

// Topic is what a note is about.
type Topic string

// The topics of notes.
const (
	TopicRun      Topic = "run"      // ID: a run that changed in any way
	TopicQueue    Topic = "queue"    // ID: an orchestrator with something to admit, or a free slot
	TopicDispatch Topic = "dispatch" // ID: a run to send out
	TopicCancel   Topic = "cancel"   // ID: a run whose work should end
	TopicLog      Topic = "log"      // ID: a run with a new log chunk
	TopicEnded    Topic = "ended"    // ID: a run that is over and whose work has ended
	TopicDeparted Topic = "departed" // ID: a dataset or plugin that is gone, whose runs must be rejected
	TopicSettled  Topic = "settled"  // ID: a run of which an attempt's work has ended elsewhere; who carries it is told
	TopicWatch    Topic = "watch"    // ID: an orchestrator to look at now
	TopicSource   Topic = "source"   // ID: a source that changed, or has something to show
	TopicForm     Topic = "form"     // ID: <orchestrator>/<pool>, whose resolvers are asked for a form
	TopicAnswer   Topic = "answer"   // ID: a question that was answered
	TopicPlugin   Topic = "plugin"   // ID: a plugin that changed, or that an environment has met
)

// Note wakes who waits for something. Notes are hints: they may be lost, doubled or late; a sweep finds what they
// missed. They are sent when the transaction they belong to has been committed.
type Note struct {
	Topic Topic
	ID    string
}

// NotesOf tells who must be woken after a run changed.
func NotesOf(before, after Run) []Note {
	notes := []Note{{TopicRun, after.ID}}
	freed := before.Slot && !after.Slot
	if freed || after.Status == Scheduled && before.Status != Scheduled {
		notes = append(notes, Note{TopicQueue, after.OrchestratorID})
	}
	if after.Status == Queued && before.Status != Queued {
		notes = append(notes, Note{TopicDispatch, after.ID})
	}
	if after.StopWanted() && !before.StopWanted() && after.WorkGoesOn() {
		notes = append(notes, Note{TopicCancel, after.ID})
	}
	if after.Outside() && before.WorkGoesOn() && !after.WorkGoesOn() {
		notes = append(notes, Note{TopicSettled, after.ID})
	}
	if after.Outside() && after.Work.State == WorkSubmitted && before.Work.State == WorkSubmitting {
		notes = append(notes, Note{TopicWatch, after.OrchestratorID})
	}
	if after.Outside() && after.Work.Reported != nil && before.Work.Reported != after.Work.Reported {
		notes = append(notes, Note{TopicWatch, after.OrchestratorID})
	}
	if !after.Open() && before.Open() {
		notes = append(notes, Note{TopicEnded, after.ID})
	}
	return notes
}
