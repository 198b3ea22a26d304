package client

import (
	"context"
	"net/http"
	"time"

	sb "signalbox"
)

// Sources is the part of the API about FiftyOne databases.
type Sources struct{ c *conn }

// Source is a database of FiftyOne.
type Source struct {
	Document
	ID                string               `json:"id"`
	Name              string               `json:"name"`
	Kind              sb.SourceKind        `json:"kind"`
	Database          string               `json:"database"`
	Principal         string               `json:"principal"`
	DefaultPermission sb.Permission        `json:"default_permission"`
	Intake            bool                 `json:"intake"`
	Mirror            bool                 `json:"mirror"`
	Pools             []string             `json:"pools"`
	Rules             []sb.SourceRuleWords `json:"rules"`
	State             struct {
		Connected    bool       `json:"connected"`
		SeenAt       *time.Time `json:"seen_at"`
		FailingSince *time.Time `json:"failing_since"`
		Trouble      string     `json:"trouble"`
		Streams      bool       `json:"streams"`
		Server       string     `json:"server"`
		Datasets     int        `json:"datasets"`
		Operations   int        `json:"operations"`
	} `json:"state"`
}

// UnmarshalJSON reads a source and keeps its text.
func (s *Source) UnmarshalJSON(b []byte) error {
	type plain Source
	return keep(b, (*plain)(s), &s.JSON)
}

// SourcePatch changes one; nil fields stay. Name, URI and database are required of a new one.
type SourcePatch struct {
	Name              string                `json:"name,omitempty"`
	URI               string                `json:"uri,omitempty"`
	Database          string                `json:"database,omitempty"`
	Principal         *string               `json:"principal,omitempty"`
	DefaultPermission *sb.Permission        `json:"default_permission,omitempty"`
	Intake            *bool                 `json:"intake,omitempty"`
	Mirror            *bool                 `json:"mirror,omitempty"`
	Pools             *[]string             `json:"pools,omitempty"`
	Rules             *[]sb.SourceRuleWords `json:"rules,omitempty"`
}

// List reads a page of sources.
func (s Sources) List(ctx context.Context, p Paging) (Page[Source], error) {
	return read[Page[Source]](ctx, s.c, "/sources", p.into(nil))
}

// Get reads one by id or name.
func (s Sources) Get(ctx context.Context, idOrName string) (Source, error) {
	return read[Source](ctx, s.c, "/sources"+segment(idOrName), nil)
}

// Create registers one.
func (s Sources) Create(ctx context.Context, p SourcePatch) (Source, error) {
	return do[Source](ctx, s.c, http.MethodPost, "/sources", p)
}

// Patch changes one.
func (s Sources) Patch(ctx context.Context, idOrName string, p SourcePatch) (Source, error) {
	return do[Source](ctx, s.c, http.MethodPatch, "/sources"+segment(idOrName), p)
}

// Delete removes one without open runs.
func (s Sources) Delete(ctx context.Context, idOrName string) error {
	return s.c.remove(ctx, "/sources"+segment(idOrName))
}
