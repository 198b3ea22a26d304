package queue

import (
	"context"
	"time"

	sb "signalbox"
)

// Departed is what rejecting runs needs. Errors: Unavailable.
type Departed interface {
	// RejectWaiting rejects some of the runs that wait for a dataset or plugin that is gone, in one transaction, and
	// tells whether there may be more.
	RejectWaiting(ctx context.Context) (more bool, err error)
}

// Store is what admission needs. Every method is one transaction. Errors: Unavailable.
type Store interface {
	// Orchestrators reads all orchestrators.
	Orchestrators(ctx context.Context) ([]sb.Orchestrator, error)
	// Pools tells when each builtin pool of an orchestrator last had a word from a worker that is not draining.
	Pools(ctx context.Context, orchestratorID string) (map[string]time.Time, error)
	// Watch reads how the watching of an orchestrator that we do not own stands, with the targets that are blocked there.
	Watch(ctx context.Context, orchestratorID string) (sb.Watch, error)
	// Admit locks the orchestrator's row, counts the runs that hold a slot, and shows the judge at most
	// min(quota − held, 100) Scheduled runs whose NotBefore has passed and whose target is one of those meant, none of
	// a disabled orchestrator: by priority, then scheduled_at, then id, each with the facts of its submitter, operator and dataset as they are now. It writes what
	// the judge says (signalbox.Admit or Reject; nil leaves the run) and commits. More tells that another call may admit more. Sends the notes of signalbox.NotesOf.
	Admit(ctx context.Context, orchestratorID string, targets sb.Targets, judge func(sb.Candidate) sb.Change) (sb.Admission, error)
	// Place reads what a waiting run waits for.
	Place(ctx context.Context, run sb.Run) (sb.QueuePlace, error)
	// Places reads the positions in the queue of Scheduled runs, in one query per orchestrator at most; a position
	// beyond 10,000 is left out.
	Places(ctx context.Context, runs []sb.Run) (map[string]int64, error)
	// Now is the time that decides, as in controlplane/runs.
	Now(ctx context.Context) (time.Time, error)
}
