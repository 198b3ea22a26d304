package sources

import (
	"context"

	sb "signalbox"
)

// Store keeps sources, with their addresses as they were sealed. Every method is one transaction, audited with the change.
// Errors: NotFound, Conflict, Unavailable.
type Store interface {
	// Source reads one by id or name.
	Source(ctx context.Context, idOrName string) (sb.Source, error)
	// Sources reads all.
	Sources(ctx context.Context) ([]sb.Source, error)
	CreateSource(ctx context.Context, s sb.Source, uri []byte) (sb.Source, error)
	// ChangeSource changes one by a pure function, and its sealed address unless that is nil.
	ChangeSource(ctx context.Context, id string, uri []byte, f func(sb.Source) (sb.Source, error)) (sb.Source, error)
	// DeleteSource removes one with its datasets. Conflict while runs of it are open.
	DeleteSource(ctx context.Context, id string, by sb.Who) error
	// SourceURI reads the sealed address of one.
	SourceURI(ctx context.Context, id string) ([]byte, error)
	// RunSource reads what a run reaches its source by, but for the address; "" when it has none.
	RunSource(ctx context.Context, run string) (sourceID string, r sb.Reach, err error)
	// Orchestrators reads all orchestrators.
	Orchestrators(ctx context.Context) ([]sb.Orchestrator, error)
	// Principal finds one by id, email, or name.
	Principal(ctx context.Context, idOrName string) (sb.Principal, error)
}

// Keys seal values and open them; the associated data ties a value to its place. Errors: Invalid (it does not open).
type Keys interface {
	Seal(plain, associated []byte) ([]byte, error)
	Open(sealed, associated []byte) ([]byte, error)
}

// Driver reaches databases of one kind of source.
type Driver interface {
	// Check tells what is wrong with an address, without quoting any of it; "" for nothing. It reaches nothing.
	Check(uri string) string
	// Hosts are those of an address that Check takes, with their ports.
	Hosts(uri string) []string
	// Open gives what reaches a database; it connects when it is used. Errors: Invalid, Unavailable.
	Open(uri, database string) (sb.OperationDatabase, error)
}
