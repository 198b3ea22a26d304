package client

import (
	"context"
	"net/http"
	"time"

	sb "signalbox"
)

// Groups is the part of the API about groups of principals.
type Groups struct{ c *conn }

// Group is a named set of principals that datasets are shared with.
type Group struct {
	Document
	ID          string        `json:"id"`
	Name        string        `json:"name"`
	Description string        `json:"description"`
	MemberCount int           `json:"member_count"`
	CreatedAt   time.Time     `json:"created_at"`
	Members     []GroupMember `json:"members"` // the first 500 by name, when one group was asked for
}

// UnmarshalJSON reads a group and keeps its text.
func (g *Group) UnmarshalJSON(b []byte) error {
	type plain Group
	return keep(b, (*plain)(g), &g.JSON)
}

// GroupMember is who belongs to a group.
type GroupMember struct {
	Document
	ID       string           `json:"id"`
	Name     string           `json:"name"`
	Kind     sb.PrincipalKind `json:"kind"`
	Email    string           `json:"email"`
	LockedBy *string          `json:"locked_by"` // the login provider whose mapping put him there
}

// UnmarshalJSON reads a member and keeps its text.
func (m *GroupMember) UnmarshalJSON(b []byte) error {
	type plain GroupMember
	return keep(b, (*plain)(m), &m.JSON)
}

// GroupPatch names and describes a group; nil fields stay. The name is required of a new one.
type GroupPatch struct {
	Name        *string `json:"name,omitempty"`
	Description *string `json:"description,omitempty"`
}

// List reads a page of groups by name.
func (g Groups) List(ctx context.Context, s Search) (Page[Group], error) {
	return read[Page[Group]](ctx, g.c, "/groups", s.query())
}

// Create makes a group without members.
func (g Groups) Create(ctx context.Context, p GroupPatch) (Group, error) {
	return do[Group](ctx, g.c, http.MethodPost, "/groups", p)
}

// Get reads one by id or name, with its members.
func (g Groups) Get(ctx context.Context, idOrName string) (Group, error) {
	return read[Group](ctx, g.c, "/groups"+segment(idOrName), nil)
}

// Patch changes one.
func (g Groups) Patch(ctx context.Context, idOrName string, p GroupPatch) (Group, error) {
	return do[Group](ctx, g.c, http.MethodPatch, "/groups"+segment(idOrName), p)
}

// Delete ends one and what it gave; its members stay.
func (g Groups) Delete(ctx context.Context, idOrName string) error {
	return g.c.remove(ctx, "/groups"+segment(idOrName))
}

// Members reads a page of a group's members by name.
func (g Groups) Members(ctx context.Context, idOrName string, s Search) (Page[GroupMember], error) {
	return read[Page[GroupMember]](ctx, g.c, "/groups"+segment(idOrName)+"/members", s.query())
}

// Add puts a user or a service account into a group; who is in it stays so.
func (g Groups) Add(ctx context.Context, idOrName, principal string) error {
	return g.c.call(ctx, request{method: http.MethodPut, path: g.member(idOrName, principal)}, nil)
}

// Remove takes a user or a service account out of a group.
func (g Groups) Remove(ctx context.Context, idOrName, principal string) error {
	return g.c.remove(ctx, g.member(idOrName, principal))
}

func (Groups) member(group, principal string) string {
	return "/groups" + segment(group) + "/members" + segment(principal)
}
