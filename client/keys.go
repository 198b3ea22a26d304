package client

import (
	"context"
	"net/http"
	"time"
)

// Keys are the keys of one owner: oneself, a service account or an orchestrator.
type Keys struct {
	c    *conn
	path string
}

// Key is a key. Its secret is given once, when it is made.
type Key struct {
	Document
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Key        string     `json:"key"`
	CreatedAt  time.Time  `json:"created_at"`
	ExpiresAt  *time.Time `json:"expires_at"`
	LastUsedAt *time.Time `json:"last_used_at"`
}

// UnmarshalJSON reads a key and keeps its text.
func (k *Key) UnmarshalJSON(b []byte) error {
	type plain Key
	return keep(b, (*plain)(k), &k.JSON)
}

// KeyDraft names a new key. An orchestrator's keys do not expire.
type KeyDraft struct {
	Name      string     `json:"name"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
}

// List reads a page of the owner's keys, without their secrets.
func (k Keys) List(ctx context.Context, p Paging) (Page[Key], error) {
	return read[Page[Key]](ctx, k.c, k.path, p.into(nil))
}

// Create makes a key; its secret is in this answer and nowhere else.
func (k Keys) Create(ctx context.Context, d KeyDraft) (Key, error) {
	return do[Key](ctx, k.c, http.MethodPost, k.path, d)
}

// Delete ends a key at once.
func (k Keys) Delete(ctx context.Context, id string) error {
	return k.c.remove(ctx, k.path+segment(id))
}

func (c *conn) remove(ctx context.Context, path string) error {
	return c.call(ctx, request{method: http.MethodDelete, path: path}, nil)
}
