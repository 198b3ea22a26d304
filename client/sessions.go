package client

import (
	"context"
	"time"

	sb "signalbox"
)

// Sessions is the part of the API about who is logged in. It is for admins.
type Sessions struct{ c *conn }

// UserSession is a login that lasts, and whose it is.
type UserSession struct {
	Document
	ID        string      `json:"id"`
	User      SessionUser `json:"user"`
	Provider  string      `json:"provider"` // device for a program that was let in, empty for a demonstration user
	Address   string      `json:"address"`
	Agent     string      `json:"agent"` // what the browser said of itself
	CreatedAt time.Time   `json:"created_at"`
	SeenAt    time.Time   `json:"seen_at"`
	ExpiresAt time.Time   `json:"expires_at"`
	Current   bool        `json:"current"` // it is the one of this call
}

// SessionUser is who is logged in.
type SessionUser struct {
	Who
	Email string  `json:"email"`
	Role  sb.Role `json:"role"`
}

// UnmarshalJSON reads a session and keeps its text.
func (s *UserSession) UnmarshalJSON(b []byte) error {
	type plain UserSession
	return keep(b, (*plain)(s), &s.JSON)
}

// List reads a page of everybody's sessions, newest first; of those whose name or email holds the search.
func (s Sessions) List(ctx context.Context, search Search) (Page[UserSession], error) {
	return read[Page[UserSession]](ctx, s.c, "/sessions", search.query())
}

// End ends one at once.
func (s Sessions) End(ctx context.Context, id string) error {
	return s.c.remove(ctx, "/sessions"+segment(id))
}

// EndOf logs a user out everywhere; of oneself, everywhere else.
func (s Sessions) EndOf(ctx context.Context, idOrEmail string) error {
	return s.c.remove(ctx, "/users"+segment(idOrEmail)+"/sessions")
}
