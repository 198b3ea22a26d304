package identity

import (
	"context"
	"time"

	sb "signalbox"
)

// Store keeps principals and keys. Keys are found by their hash. Every method is one transaction. Errors: NotFound,
// Conflict, Unavailable.
type Store interface {
	// PrincipalOfKey finds the owner of an unexpired API key and the settings, in one query, and notes its use (at most
	// once a minute).
	PrincipalOfKey(ctx context.Context, hash []byte) (sb.Caller, error)
	// OrchestratorOfKey finds what an orchestrator key opens, and notes its use.
	OrchestratorOfKey(ctx context.Context, hash []byte) (orchestratorID string, err error)
	Settings(ctx context.Context) (sb.Settings, error)
	Principals(ctx context.Context, q sb.PrincipalQuery) (sb.Page[sb.Principal], error)
	Principal(ctx context.Context, idOrName string) (sb.Principal, error)
	CreatePrincipal(ctx context.Context, p sb.Principal) (sb.Principal, error)
	// UpdatePrincipal changes a principal by a pure function, under the organisation's lock. Conflict when no admin
	// would be left, or the name is taken.
	UpdatePrincipal(ctx context.Context, id string, f func(sb.Principal) (sb.Principal, error)) (sb.Principal, error)
	// DeletePrincipal ends keys, sessions, grants and memberships at once; runs stay, with the name kept. Conflict when
	// no admin would be left.
	DeletePrincipal(ctx context.Context, id string) error
	// CreateKey keeps a key's hash. Owner is a principal's or an orchestrator's id.
	CreateKey(ctx context.Context, k sb.Key, hash []byte) (sb.Key, error)
	Keys(ctx context.Context, owner string) ([]sb.Key, error)
	DeleteKey(ctx context.Context, owner, id string) error
	Now(ctx context.Context) (time.Time, error)
	Groups
}

// Groups keeps groups and who belongs to them. What changes permissions runs under the organisation's lock.
type Groups interface {
	// Groups reads a page by name; of those whose name holds the search, "" for all.
	Groups(ctx context.Context, search, cursor string, limit int) (sb.Page[sb.Group], error)
	Group(ctx context.Context, idOrName string) (sb.Group, error)
	CreateGroup(ctx context.Context, name, description string) (sb.Group, error)
	// UpdateGroup changes what is not nil.
	UpdateGroup(ctx context.Context, id string, name, description *string) (sb.Group, error)
	DeleteGroup(ctx context.Context, id string) error
	// Members reads a page by name; of those whose name or email holds the search, "" for all.
	Members(ctx context.Context, groupID, search, cursor string, limit int) (sb.Page[sb.GroupMember], error)
	// GroupsOf tells which groups principals belong to, by name, in one query for all of them.
	GroupsOf(ctx context.Context, principalIDs []string) (map[string][]sb.Who, error)
	// AddMember puts a principal into a group; who is in it stays so.
	AddMember(ctx context.Context, groupID, principalID string) error
	// RemoveMember takes a principal out. Conflict when a login provider's mapping put him there.
	RemoveMember(ctx context.Context, groupID, principalID string) error
}
