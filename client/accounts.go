package client

import (
	"context"
	"net/http"
	"time"

	sb "signalbox"
)

// Me is the part of the API about whom the key belongs to.
type Me struct{ c *conn }

// Principal is a user or a service account.
type Principal struct {
	Document
	ID          string           `json:"id"`
	Kind        sb.PrincipalKind `json:"kind"`
	Name        string           `json:"name"`
	Email       string           `json:"email"`
	Role        sb.Role          `json:"role"`
	Description string           `json:"description"`
	Groups      []Who            `json:"groups"`
	CreatedAt   time.Time        `json:"created_at"`
}

// UnmarshalJSON reads a principal and keeps its text.
func (p *Principal) UnmarshalJSON(b []byte) error {
	type plain Principal
	return keep(b, (*plain)(p), &p.JSON)
}

// Get tells who the key's owner is.
func (m Me) Get(ctx context.Context) (Principal, error) { return read[Principal](ctx, m.c, "/me", nil) }

// Keys are one's own API keys.
func (m Me) Keys() Keys { return Keys{m.c, "/me/keys"} }

// ServiceAccounts is the part of the API about principals that are programs.
type ServiceAccounts struct{ c *conn }

// AccountPatch names a service account and its role; nil fields stay. Both are required of a new one.
type AccountPatch struct {
	Name        *string  `json:"name,omitempty"`
	Role        *sb.Role `json:"role,omitempty"`
	Description *string  `json:"description,omitempty"`
}

// List reads a page of service accounts.
func (s ServiceAccounts) List(ctx context.Context, p People) (Page[Principal], error) {
	return read[Page[Principal]](ctx, s.c, "/service-accounts", p.query())
}

// Create makes one; it has no key yet.
func (s ServiceAccounts) Create(ctx context.Context, p AccountPatch) (Principal, error) {
	return do[Principal](ctx, s.c, http.MethodPost, "/service-accounts", p)
}

// Get reads one by id or name.
func (s ServiceAccounts) Get(ctx context.Context, idOrName string) (Principal, error) {
	return read[Principal](ctx, s.c, "/service-accounts"+segment(idOrName), nil)
}

// Patch changes one.
func (s ServiceAccounts) Patch(ctx context.Context, idOrName string, p AccountPatch) (Principal, error) {
	return do[Principal](ctx, s.c, http.MethodPatch, "/service-accounts"+segment(idOrName), p)
}

// Delete ends one with its keys; its runs stay.
func (s ServiceAccounts) Delete(ctx context.Context, idOrName string) error {
	return s.c.remove(ctx, "/service-accounts"+segment(idOrName))
}

// Keys are the keys of a service account.
func (s ServiceAccounts) Keys(idOrName string) Keys {
	return Keys{s.c, "/service-accounts" + segment(idOrName) + "/keys"}
}
