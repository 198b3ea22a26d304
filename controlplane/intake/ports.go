package intake

import (
	"context"
	"encoding/json"
	"time"

	sb "signalbox"
)

// Store keeps what is ours of sources. Every method is one transaction. Errors: NotFound, Unavailable; Conflict from those
// that name a watching, when another has taken over.
type Store interface {
	// Source reads one by id or name.
	Source(ctx context.Context, idOrName string) (sb.Source, error)
	// TakeSourceWatch takes over the watching of a source. NotFound when it is gone.
	TakeSourceWatch(ctx context.Context, id string) (sb.SourceWatch, error)
	KeepSourceWatch(ctx context.Context, w sb.SourceWatch) error
	// SyncDatasets brings the entries of a source's datasets in step with what it has.
	SyncDatasets(ctx context.Context, w sb.SourceWatchRef, there []sb.SourceDataset) error
	// DatasetOfSource finds the entry of a source's dataset. NotFound when it has not appeared here.
	DatasetOfSource(ctx context.Context, sourceID, key string) (sb.Dataset, error)
	// RunSource reads what a run reaches its source by.
	RunSource(ctx context.Context, run string) (sourceID string, r sb.Reach, err error)
	Holds

	// Run reads a whole run.
	Run(ctx context.Context, id string) (sb.Run, error)
	// Standings reads how runs stand; those that do not exist are left out.
	Standings(ctx context.Context, runs []string) (map[string]sb.Standing, error)
	// Orchestrators reads all orchestrators.
	Orchestrators(ctx context.Context) ([]sb.Orchestrator, error)
	// Principal finds one that is not deleted by id, email, or name.
	Principal(ctx context.Context, idOrName string) (sb.Principal, error)
	// Notes gives the notes that follow from now on.
	Notes(ctx context.Context) <-chan sb.Note
	// Now is the time that decides, as in controlplane/runs.
	Now(ctx context.Context) (time.Time, error)
}

// Holds keeps the operations that are ours.
type Holds interface {
	// TakeHold notes that an operation is about to be held, or gives the row that there is.
	TakeHold(ctx context.Context, w sb.SourceWatchRef, h sb.Hold) (sb.Hold, error)
	SetHold(ctx context.Context, w sb.SourceWatchRef, operation string, state sb.HoldState) error
	// DropHold forgets one that was not held and has no run.
	DropHold(ctx context.Context, w sb.SourceWatchRef, operation string) error
	// OpenHolds reads those of a source that are not over, in the order of their ids.
	OpenHolds(ctx context.Context, sourceID, after string, limit int) ([]sb.Hold, error)
	// Unheld tells which operations of a source have no row, or one that is only begun, in the order in which they are named.
	Unheld(ctx context.Context, sourceID string, operations []string) ([]string, error)
}

// Life is the life of runs, as far as intake changes it. Errors as in controlplane/runs.
type Life interface {
	// Schedule keeps a new run of somebody's. Of an operation it does so once, and gives the same run again. Gone: the
	// operation is not held any more.
	Schedule(ctx context.Context, who sb.Principal, d sb.Draft) (sb.Run, error)
	// StopThere stops a run because of what happened where it was asked for. Conflict: it is over.
	StopThere(ctx context.Context, run, reason string) error
	// Result opens a result that lies in the blob store.
	Result(ctx context.Context, run sb.Run) (json.RawMessage, error)
}

// Callers tells whose an API key is. Errors: Unauthenticated.
type Callers interface {
	APIKey(ctx context.Context, secret string) (sb.Caller, error)
}

// Sources opens sources. Errors: NotFound, Invalid, Unavailable.
type Sources interface {
	// Open gives a source with what reaches its database, which the caller closes.
	Open(ctx context.Context, id string) (sb.Source, sb.OperationDatabase, error)
}
