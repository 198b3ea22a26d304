package client

import (
	"context"
	"net/http"
	"net/url"
	"time"

	sb "signalbox"
)

// Users is the part of the API about people.
type Users struct{ c *conn }

// User is a person.
type User struct {
	Document
	ID           string           `json:"id"`
	Kind         sb.PrincipalKind `json:"kind"`
	Name         string           `json:"name"`
	Email        string           `json:"email"`
	Role         sb.Role          `json:"role"`
	RoleLockedBy *string          `json:"role_locked_by"` // the login provider that decides the role
	Groups       []Who            `json:"groups"`
	CreatedAt    time.Time        `json:"created_at"`
	LastSeenAt   *time.Time       `json:"last_seen_at"` // the last login
}

// UnmarshalJSON reads a user and keeps its text.
func (u *User) UnmarshalJSON(b []byte) error {
	type plain User
	return keep(b, (*plain)(u), &u.JSON)
}

// UserPatch changes a user; nil fields stay.
type UserPatch struct {
	Name *string  `json:"name,omitempty"`
	Role *sb.Role `json:"role,omitempty"`
}

// Search says which page to read of those whose name, or email, holds a text.
type Search struct {
	Paging
	Text string // "" for all
}

func (s Search) query() url.Values {
	q := url.Values{}
	if s.Text != "" {
		q.Set("search", s.Text)
	}
	return s.into(q)
}

// People says which page to read of users or service accounts.
type People struct {
	Search
	Roles []sb.Role        // none: whatever role
	Sort  sb.PrincipalSort // "": by name
}

func (p People) query() url.Values {
	q := p.Search.query()
	for _, role := range p.Roles {
		q.Add("role", string(role))
	}
	if p.Sort != "" {
		q.Set("sort", string(p.Sort))
	}
	return q
}

// List reads a page of users.
func (u Users) List(ctx context.Context, p People) (Page[User], error) {
	return read[Page[User]](ctx, u.c, "/users", p.query())
}

// Get reads one by id or email, or by name when only one has it.
func (u Users) Get(ctx context.Context, idOrEmail string) (User, error) {
	return read[User](ctx, u.c, "/users"+segment(idOrEmail), nil)
}

// Patch changes one.
func (u Users) Patch(ctx context.Context, idOrEmail string, p UserPatch) (User, error) {
	return do[User](ctx, u.c, http.MethodPatch, "/users"+segment(idOrEmail), p)
}

// Delete ends one with his keys, sessions, grants and memberships; his runs stay.
func (u Users) Delete(ctx context.Context, idOrEmail string) error {
	return u.c.remove(ctx, "/users"+segment(idOrEmail))
}
