package orchestrators

import (
	"context"
	"encoding/json"

	sb "signalbox"
)

// Store keeps orchestrators, with their credentials as they were sealed. Every method is one transaction, audited with the
// change. Errors: NotFound, Conflict, Unavailable.
type Store interface {
	// Orchestrator reads one by id or name.
	Orchestrator(ctx context.Context, idOrName string) (sb.Orchestrator, error)
	CreateOrchestrator(ctx context.Context, o sb.Orchestrator, sealed map[string][]byte) (sb.Orchestrator, error)
	// ChangeOrchestrator changes one by a pure function, and of its credentials those that are named; nil takes one away.
	ChangeOrchestrator(ctx context.Context, id string, sealed map[string][]byte, f func(sb.Orchestrator) (sb.Orchestrator, error)) (sb.Orchestrator, error)
	// DeleteOrchestrator removes one. Conflict while runs wait for it or are there.
	DeleteOrchestrator(ctx context.Context, id string) error
	// SealedOrchestrator reads one by id or name with its sealed credentials, by name, as they are at one moment.
	SealedOrchestrator(ctx context.Context, idOrName string) (sb.Orchestrator, map[string][]byte, error)
	// OpenWork reads runs of an orchestrator that hold a slot, in the order of their ids.
	OpenWork(ctx context.Context, orchestratorID, afterID string, limit int) ([]sb.Run, error)
	// Installation is the short random id in the names of what is ours elsewhere.
	Installation(ctx context.Context) (string, error)
	// Orchestrators reads all of them.
	Orchestrators(ctx context.Context) ([]sb.Orchestrator, error)
}

// Keys seal values and open them; the associated data ties a value to its place. Errors: Invalid (it does not open).
type Keys interface {
	Seal(plain, associated []byte) ([]byte, error)
	Open(sealed, associated []byte) ([]byte, error)
}

// Logs knows where logs of others may be read.
type Logs interface {
	// Faults lists what is wrong with the log settings of a config; locations begin with "config".
	Faults(config json.RawMessage) []sb.Fault
	// Probe tells of each of a config's roots whether it can be read.
	Probe(ctx context.Context, config json.RawMessage) []sb.Check
}

// Build makes the adapter of an orchestrator from its config and its credentials, both objects; the config is without
// what signalbox.LogSettings are, which all kinds share. It reaches nothing. Errors:
// Invalid with every fault, none of which quotes a credential; locations begin with "config" or "secrets".
type Build func(config, secrets json.RawMessage) (sb.Adapter, error)
