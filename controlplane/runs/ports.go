package runs

import (
	"context"
	"encoding/json"
	"time"

	sb "signalbox"
)

// Store keeps runs, their work, claims and events. Every method is one transaction, safe for use by several
// goroutines and replicas. After a commit it sends the notes of signalbox.NotesOf. Errors: NotFound, Conflict,
// Unavailable (try again; also when others were faster again and again).
type Store interface {
	// Facts reads what decides about an ask. What does not exist is nil in the facts and no error; only an unknown
	// principal is NotFound. A run's dataset is found by its id alone; nil if it was deleted in the meantime.
	Facts(ctx context.Context, ask sb.Ask) (sb.Facts, error)
	// Schedule keeps a new run. In one transaction it looks for (principal, idempotency key) of the last 24 h (same
	// hash: the run of then, replayed; another hash: Conflict), reads the facts and all orchestrators, lets decide
	// make the run, and inserts it with its events. decide does no I/O; its error ends the transaction.
	Schedule(ctx context.Context, n sb.NewRun, decide func(sb.Facts, []sb.Orchestrator) (sb.Run, []sb.Event, error)) (run sb.Run, replayed bool, err error)
	// FormSeen reads the latest form that somebody was given for the same params, view and request, within the last minute. NotFound.
	FormSeen(ctx context.Context, principalID, operator string, params, view, request json.RawMessage) (sb.Answered, error)
	// Run reads a whole run, with the work of its current attempt and the names of its dataset and orchestrator.
	Run(ctx context.Context, id string) (sb.Run, error)
	// Runs reads a page of runs, without params, view, schemas, result and failure stack.
	Runs(ctx context.Context, q sb.RunQuery) (sb.Page[sb.Run], error)
	// Change reads a run, lets f change it, and writes it with the events, if its version is still the same; else it
	// reads again, and is Unavailable after 3 times. No events: nothing is written. f does no I/O and may be called
	// several times.
	Change(ctx context.Context, id string, f sb.ChangeFunc) (sb.Run, error)
	// ChangeWatched is Change by who watches an orchestrator. Conflict when another has taken over.
	ChangeWatched(ctx context.Context, w sb.WatchRef, id string, f sb.ChangeFunc) (sb.Run, error)
	// Events reads a run's events after a sequence number, oldest first.
	Events(ctx context.Context, run string, after int64, limit int) ([]sb.Event, error)
	// Held reads the runs that hold a slot, in the order of their ids, as Runs does.
	Held(ctx context.Context, afterID string, limit int) ([]sb.Run, error)

	// Claim keeps a claim and changes its run, in one transaction. The same process with the same nonce: replayed,
	// nothing changes. The same process with another nonce, or a lower try than one that has claimed: Conflict. A run
	// of another orchestrator than the claim's: NotFound.
	Claim(ctx context.Context, c sb.Claim, f sb.ChangeFunc) (run sb.Run, replayed bool, err error)
	// Lent reads what each claim of an attempt was handed out.
	Lent(ctx context.Context, ref sb.AttemptRef) ([]sb.Lent, error)
	// ForgetLent forgets what was handed out to work that ended more than a minute ago.
	ForgetLent(ctx context.Context) error
	// KeepLogPath keeps where a process says that its log lies. NotFound when it has no claim.
	KeepLogPath(ctx context.Context, p sb.Process, uri string) error
	// KeepEnvironment keeps what an environment makes of a revision; a word of long ago gives way where there are many.
	KeepEnvironment(ctx context.Context, e sb.Environment) error
	// KnowsEnvironment tells whether the word of an environment is known that lacks nothing, and is of the last day.
	KnowsEnvironment(ctx context.Context, revisionID, orchestratorID, worker string) (bool, error)
	// Orchestrator reads one by id or name.
	Orchestrator(ctx context.Context, idOrName string) (sb.Orchestrator, error)
	// Pulse reads where a process stands, in one query. NotFound when it has no claim.
	Pulse(ctx context.Context, p sb.Process) (sb.Pulse, error)
	// Beat renews the lease of the process's attempt while its work has not ended, and reads the pulse: one UPDATE of
	// the work's row, never the run's. Sends TopicRun only when the work was unknown.
	Beat(ctx context.Context, p sb.Process) (sb.Pulse, error)
	// SetProgress keeps the progress of a run's current attempt; false when that has ended, the run is over, or the try
	// is superseded. Sends TopicRun.
	SetProgress(ctx context.Context, p sb.Process, progress sb.Progress) (bool, error)
	// SeeWorker keeps what a worker says of itself, renews the leases of the attempts it runs, and tells which of them
	// should stop. A new incarnation sends TopicQueue; its predecessors' open attempts are in orphans when they gave no
	// sign of life for 15 s. A late word of a predecessor: all should stop.
	SeeWorker(ctx context.Context, w sb.Worker) (stop []sb.AttemptRef, orphans []sb.AttemptRef, err error)

	// Now is the time that decides: the database's on Postgres, this process's on SQLite. UTC, microseconds.
	Now(ctx context.Context) (time.Time, error)
}

// LogPlaces says where logs of others may be read.
type LogPlaces interface {
	// Check tells why a log may not be read at the place that a process of a run says; attempt is what its attempt is called
	// at its orchestrator, "" when that is not known any more. Errors: Invalid, with what to do.
	Check(o sb.Orchestrator, run sb.Run, attempt, uri string) error
}
