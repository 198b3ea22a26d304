package signalbox

import (
	"context"
	"encoding/json"
	"time"
)

// OperationRef names a delegated operation of a source.
type OperationRef struct {
	SourceID string
	ID       string // there
}

// OperationState is where a delegated operation stands there, in FiftyOne's own words.
type OperationState string

// The states of an operation. Scheduled is one that FiftyOne's launchers leave alone: so is held what is taken over.
const (
	OperationScheduled OperationState = "scheduled"
	OperationQueued    OperationState = "queued"
	OperationRunning   OperationState = "running"
	OperationCompleted OperationState = "completed"
	OperationFailed    OperationState = "failed"
)

// Operation is a delegated operation as an App has it.
type Operation struct {
	ID           string
	Operator     string // URI
	Label        string
	Target       string // the orchestrator its submitter chose, as he wrote it; "" for none
	State        OperationState
	DatasetID    string          // there; "" without a dataset
	Params       json.RawMessage // an object
	View         json.RawMessage // nil for the whole dataset
	InputsSchema json.RawMessage // as FiftyOne resolved it; nil for none
	Request      json.RawMessage // all that the App was asked with, but params and tokens
	Pipeline     json.RawMessage // its stages; nil for none
	Token        string          // of its submitter; it is looked at once, and never kept
	Refusal      string          // why it can never be taken; "" when it can
}

// OperationSeen is how an operation was found there.
type OperationSeen struct {
	State OperationState
	Link  string // its run's page
}

// HoldState is where the holding of an operation stands.
type HoldState string

// The states of a hold.
const (
	HoldTaking    HoldState = "taking"    // it is about to be held there, or is already
	HoldShowing   HoldState = "showing"   // a run of ours is about to be shown there
	HoldScheduled HoldState = "scheduled" // its run exists; it is told there as scheduled
	HoldRunning   HoldState = "running"   // told there as running
	HoldOver      HoldState = "over"      // there is nothing more to tell
)

// Hold is an operation that is ours: one row for ever, so that none is taken twice.
type Hold struct {
	OperationRef
	State       HoldState
	RunID       string // "" until it is scheduled
	Mirrored    bool   // it was scheduled here, and is only shown there
	PrincipalID string // on whose behalf it was taken
}

// AppRequest is what an operator is asked with besides its params, as an App sends it. A run that is run again is asked with the same.
type AppRequest struct {
	Request  json.RawMessage // a selection, a target, and whatever else an App knows; nil for nothing
	Pipeline json.RawMessage // the stages that the App had resolved; nil for none. A run that is run again resolves them anew
}

// SourceChange is something that changed in a source.
type SourceChange struct {
	Operation string // the id of an operation that is new, gone, or in another state; "" when datasets have changed
	Mark      Mark   // what is followed from here on misses nothing after it
}

// Mirrored is a run as it is first shown there.
type Mirrored struct {
	ID        string // of the operation
	Run       string
	Operator  string
	Label     string
	DatasetID string // there
	Dataset   string // its name there
	Params    json.RawMessage
	View      json.RawMessage
	Link      string
}

// Finding is how an operation ended.
type Finding struct {
	Result        json.RawMessage // relaxed extended JSON; nil for none
	OutputsSchema json.RawMessage
	Error         string // of a failed one: the traceback, or what there is
}

// OperationDatabase reaches the operations and datasets of a source. Each change is one compare-and-set on one document,
// acknowledged by a majority, and writes what FiftyOne itself would and nothing else; its answer tells whether the document was there in the
// state that it was to be in. It is safe for use by several goroutines. Errors of every method: Unavailable (no answer; a
// change may have arrived), Unauthenticated, Forbidden (a right is missing there), and, of this one call and not of the
// database, Invalid (it is refused) and TooLarge (it does not fit into a document). None holds an address or credentials.
type OperationDatabase interface {
	// Server asks for the version of the server: whether it answers.
	Server(ctx context.Context) (version string, err error)
	// Follow calls told for each change after the mark, the zero mark meaning from now on, until ctx is done or it breaks.
	// It calls told once with nothing when it has begun to listen. Errors: NotFound (it has no change streams), Gone (the mark is too old).
	Follow(ctx context.Context, from Mark, told func(SourceChange)) error
	// Queued reads the ids of operations that wait to be run, oldest first; of the oldest 100,000.
	Queued(ctx context.Context) ([]string, error)
	// Stranded reads the ids of operations that were held longer than a while ago and did not begin, in the order of their ids;
	// none that is shown there by us.
	Stranded(ctx context.Context, after string, age time.Duration, limit int) ([]string, error)
	// Read reads one. NotFound.
	Read(ctx context.Context, id string) (Operation, error)
	// Look reads how operations stand; those that are not there are left out.
	Look(ctx context.Context, ids []string) (map[string]OperationSeen, error)

	// Hold makes a queued operation a scheduled one, which launchers leave alone, and takes its tokens out.
	Hold(ctx context.Context, id string, at time.Time) (bool, error)
	// Scrub takes the tokens out of one that is scheduled.
	Scrub(ctx context.Context, id string) (bool, error)
	// GiveBack makes one that is scheduled a queued one again.
	GiveBack(ctx context.Context, id string, at time.Time) (bool, error)
	// Start makes a scheduled one a running one, with the page of its run.
	Start(ctx context.Context, id, link string, at time.Time) (bool, error)
	// Progress tells how far a running one is.
	Progress(ctx context.Context, id string, p Progress, at time.Time) (bool, error)
	// Beat tells that a running one is alive.
	Beat(ctx context.Context, id string, at time.Time) (bool, error)
	// Complete ends a running one well.
	Complete(ctx context.Context, id string, f Finding, at time.Time) (bool, error)
	// Fail ends one that is in a state as failed.
	Fail(ctx context.Context, id string, from OperationState, f Finding, at time.Time) (bool, error)
	// Show makes the document of a run that was scheduled here, once.
	Show(ctx context.Context, m Mirrored, at time.Time) error

	// Datasets reads the datasets, without those that FiftyOne makes for itself, and does not count their samples. NotFound: there is
	// no such database.
	Datasets(ctx context.Context) ([]SourceDataset, error)
	// Samples is about how many samples a dataset has; none is read.
	Samples(ctx context.Context, d SourceDataset) (int64, error)
	// Close ends all connections.
	Close()
}
