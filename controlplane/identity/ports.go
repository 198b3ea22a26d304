package identity

import (
	"context"
	"time"

	sb "signalbox"
)

// Store keeps principals and keys. Keys are found by their hash. Every method is one transaction. Errors: NotFound,
// Conflict, Unavailable.
type Store interface {
	// PrincipalOfKey finds the owner of an unexpired API key and the settings, in one query each, and notes its use (at
	// most once a minute).
	PrincipalOfKey(ctx context.Context, hash []byte) (sb.Principal, sb.Settings, error)
	// OrchestratorOfKey finds what an orchestrator key opens, and notes its use.
	OrchestratorOfKey(ctx context.Context, hash []byte) (orchestratorID string, err error)
	Principals(ctx context.Context, kind sb.PrincipalKind, cursor string, limit int) (sb.Page[sb.Principal], error)
	Principal(ctx context.Context, idOrName string) (sb.Principal, error)
	CreatePrincipal(ctx context.Context, p sb.Principal) (sb.Principal, error)
	// UpdatePrincipal changes a principal by a pure function, under the organisation's lock. Conflict when no admin
	// would be left, or the name is taken.
	UpdatePrincipal(ctx context.Context, id string, f func(sb.Principal) (sb.Principal, error)) (sb.Principal, error)
	// DeletePrincipal ends keys, grants and memberships at once; runs stay, with the name kept. Conflict when no admin
	// would be left.
	DeletePrincipal(ctx context.Context, id string) error
	// CreateKey keeps a key's hash. Owner is a principal's or an orchestrator's id.
	CreateKey(ctx context.Context, k sb.Key, hash []byte) (sb.Key, error)
	Keys(ctx context.Context, owner string) ([]sb.Key, error)
	DeleteKey(ctx context.Context, owner, id string) error
	Now(ctx context.Context) (time.Time, error)
}
