package dispatch

import (
	"context"
	"time"

	sb "signalbox"
)

// Store is what dispatch reads.
type Store interface {
	// Run reads a run.
	Run(ctx context.Context, id string) (sb.Run, error)
	// Undispatched reads Queued runs without dispatched_at that were queued before a time, oldest first.
	Undispatched(ctx context.Context, before time.Time, limit int) ([]sb.Run, error)
	// Held reads the runs that hold a slot, in the order of their ids.
	Held(ctx context.Context, afterID string, limit int) ([]sb.Run, error)
	// Now is the time that decides, as in controlplane/runs.
	Now(ctx context.Context) (time.Time, error)
}

// Runs is the life of runs, as far as dispatch changes it.
type Runs interface {
	// Dispatched notes that an attempt was sent out. RunOver: it must not go on, and is to be cancelled.
	Dispatched(ctx context.Context, ref sb.AttemptRef, name, url string) error
	// Settle notes that an attempt that is not carried any more has ended, as end says, unless a worker has claimed its
	// work; over: although one has, which did not begin. It tells whether the work has ended.
	Settle(ctx context.Context, ref sb.AttemptRef, over bool, end sb.End) (bool, error)
	// StopThere notes that a person ended an attempt where it is carried; its work is asked to end.
	StopThere(ctx context.Context, ref sb.AttemptRef, reason string) error
}

// Carrier carries attempts to where they run, by Temporal workflows.
type Carrier interface {
	// Start starts carrying the attempt and returns its name and page there. Starting an attempt again that is still
	// being carried is success and starts nothing. Errors: Conflict (it was carried before and that has ended),
	// Unavailable (try again).
	Start(ctx context.Context, run sb.Run) (name, url string, err error)
	// Cancel asks an attempt to end. It may be repeated; that there is no such attempt is fine.
	Cancel(ctx context.Context, ref sb.AttemptRef) error
	// Settled tells the carrying of an attempt whose work has ended that it has. It may be repeated; that there is no such
	// carrying is fine.
	Settled(ctx context.Context, ref sb.AttemptRef) error
	// State tells whether an attempt is still being carried, and if not, how that ended.
	State(ctx context.Context, ref sb.AttemptRef) (State, error)
}

// State is where the carrying of an attempt stands.
type State = sb.CarrierState
