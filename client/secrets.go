package client

import (
	"context"
	"net/http"
	"time"
)

// Secrets is the part of the API about named values for operators. Values go in and are never read back.
type Secrets struct{ c *conn }

// Secret is a named value, without the value.
type Secret struct {
	Document
	Key         string    `json:"key"` // the environment variable that operators find it in
	Description string    `json:"description"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
	UpdatedBy   Who       `json:"updated_by"`
}

// UnmarshalJSON reads a secret and keeps its text.
func (s *Secret) UnmarshalJSON(b []byte) error {
	type plain Secret
	return keep(b, (*plain)(s), &s.JSON)
}

// SecretPatch is a value and what it is for; nil fields stay. Key and value are required of a new one.
type SecretPatch struct {
	Key         string  `json:"key,omitempty"` // of a new one only
	Value       *string `json:"value,omitempty"`
	Description *string `json:"description,omitempty"`
}

// List reads a page of secrets by key.
func (s Secrets) List(ctx context.Context, p Paging) (Page[Secret], error) {
	return read[Page[Secret]](ctx, s.c, "/secrets", p.into(nil))
}

// Create keeps a new one.
func (s Secrets) Create(ctx context.Context, p SecretPatch) (Secret, error) {
	return do[Secret](ctx, s.c, http.MethodPost, "/secrets", p)
}

// Patch changes one.
func (s Secrets) Patch(ctx context.Context, key string, p SecretPatch) (Secret, error) {
	p.Key = ""
	return do[Secret](ctx, s.c, http.MethodPatch, "/secrets"+segment(key), p)
}

// Delete ends one; work that was given it keeps it.
func (s Secrets) Delete(ctx context.Context, key string) error {
	return s.c.remove(ctx, "/secrets"+segment(key))
}
