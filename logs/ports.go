package logs

import (
	"context"
	"time"

	sb "signalbox"
)

// Store keeps the rows of chunks and says which logs are to be compacted. Every method is one transaction. Errors:
// Conflict, Unavailable.
type Store interface {
	// AddChunk keeps a chunk's row if its number is the next of its process. The same number and hash again: nil. The
	// same number with another hash: Conflict. A gap: Conflict with Want. It locks out the drop of the run's chunks: once
	// the run's log is kept, Conflict. Sends TopicLog.
	AddChunk(ctx context.Context, c sb.Chunk) error
	// Chunks reads a run's chunks in the order of its log: attempt, then source as first seen, try, number; all but those
	// before the given count of chunks, of which joined ones count each. Joined ones that lie on both sides come whole.
	Chunks(ctx context.Context, run string, skip int64) ([]sb.Chunk, error)
	// JoinChunks puts joined chunks in the place of those they were made of, by signalbox.JoinedChunk; again is fine. AddChunk
	// goes on to know each of them by the beginning of its hash. Conflict when those are not what is kept, or the run's log
	// is kept already.
	JoinChunks(ctx context.Context, joined sb.Chunk) error
	// DropChunks removes the rows of a run's chunks.
	DropChunks(ctx context.Context, run string) error
	// Run reads a run, with the work of its current attempt. NotFound.
	Run(ctx context.Context, id string) (sb.Run, error)
	// Now is the time that decides.
	Now(ctx context.Context) (time.Time, error)
	// Unkept reads runs that are over, whose work ended before a time and that have no kept log yet, in the order in which
	// they ended; those after one of them, nil from the first.
	Unkept(ctx context.Context, endedBefore time.Time, after *sb.Run, limit int) ([]sb.Run, error)
	// KeepLog sets a run's log, by signalbox.KeepLog.
	KeepLog(ctx context.Context, run string, log sb.Log) error
	// OnlyLog tells whether nothing is kept of the log of a process's run, and nobody else has claimed it.
	OnlyLog(ctx context.Context, p sb.Process) (bool, error)
	// KeepOnlyLog is KeepLog while OnlyLog holds. Conflict: it holds no more.
	KeepOnlyLog(ctx context.Context, p sb.Process, log sb.Log) error
	// Lease takes or renews a named lease for a holder; false while another holds it.
	Lease(ctx context.Context, name, holder string, ttl time.Duration) (bool, error)
	// Release gives a lease back.
	Release(ctx context.Context, name, holder string) error
}

// Notes gives the notes that follow from now on, until ctx is done; some may be missed.
type Notes interface {
	Notes(ctx context.Context) <-chan sb.Note
}
