package client

import (
	"context"
	"net/http"
	"net/url"

	sb "signalbox"
)

// Access is who has access to a dataset: a page of people, and the first 500 groups it is shared with.
type Access struct {
	Document
	DefaultPermission sb.Permission `json:"default_permission"`
	Items             []Holder      `json:"items"`
	Groups            []SharedGroup `json:"groups"`
	Next              string        `json:"next_cursor"` // "" on the last page
}

// UnmarshalJSON reads who has access and keeps the text.
func (v *Access) UnmarshalJSON(b []byte) error {
	type plain Access
	return keep(b, (*plain)(v), &v.JSON)
}

// Holder is someone who has access to a dataset, and why.
type Holder struct {
	Document
	ID         string           `json:"id"`
	Kind       sb.PrincipalKind `json:"kind"`
	Name       string           `json:"name"`
	Email      string           `json:"email"`
	Role       sb.Role          `json:"role"`
	Permission sb.Permission    `json:"permission"` // all in all
	Own        sb.Permission    `json:"own"`
	Group      sb.Permission    `json:"group"`
	Groups     []GroupGrant     `json:"groups"`
	Default    sb.Permission    `json:"default"`
	Admin      bool             `json:"admin"`
	Capped     bool             `json:"capped"`
	Reason     string           `json:"reason"`
}

// UnmarshalJSON reads a holder and keeps its text.
func (h *Holder) UnmarshalJSON(b []byte) error {
	type plain Holder
	return keep(b, (*plain)(h), &h.JSON)
}

// GroupGrant is what a group was granted.
type GroupGrant struct {
	ID         string        `json:"id"`
	Name       string        `json:"name"`
	Permission sb.Permission `json:"permission"`
}

// SharedGroup is a group that a dataset is shared with.
type SharedGroup struct {
	GroupGrant
	MemberCount int `json:"member_count"`
}

// Candidates are whom a dataset may be shared with.
type Candidates struct {
	Users  []Candidate `json:"users"`
	Groups []Who       `json:"groups"`
}

// Candidate is someone whom a dataset may be shared with.
type Candidate struct {
	ID    string           `json:"id"`
	Kind  sb.PrincipalKind `json:"kind"`
	Name  string           `json:"name"`
	Email string           `json:"email"`
	Role  sb.Role          `json:"role"`
}

// Clone makes a dataset like another; its name is required. Grants are not copied.
func (d Datasets) Clone(ctx context.Context, source string, p DatasetPatch) (Dataset, error) {
	return do[Dataset](ctx, d.c, http.MethodPost, "/datasets"+segment(source)+"/clone", p)
}

// Access reads a page of who has access.
func (d Datasets) Access(ctx context.Context, dataset string, p Paging) (Access, error) {
	return read[Access](ctx, d.c, "/datasets"+segment(dataset)+"/access", p.into(nil))
}

// Groups reads a page of the groups that a dataset is shared with.
func (d Datasets) Groups(ctx context.Context, dataset string, p Paging) (Page[SharedGroup], error) {
	return read[Page[SharedGroup]](ctx, d.c, "/datasets"+segment(dataset)+"/access/groups", p.into(nil))
}

// Candidates finds whom to share with by at least two characters of a name or an email.
func (d Datasets) Candidates(ctx context.Context, dataset, search string) (Candidates, error) {
	return read[Candidates](ctx, d.c, "/datasets"+segment(dataset)+"/access/candidates", url.Values{"search": {search}})
}

// ShareWithUser gives a user or a service account, by id, email or an account's name, a permission; NoAccess takes it away.
func (d Datasets) ShareWithUser(ctx context.Context, dataset, user string, p sb.Permission) error {
	return d.share(ctx, dataset, "/access/users", user, p)
}

// ShareWithGroup gives a group, by id or name, a permission; NoAccess takes it away.
func (d Datasets) ShareWithGroup(ctx context.Context, dataset, group string, p sb.Permission) error {
	return d.share(ctx, dataset, "/access/groups", group, p)
}

func (d Datasets) share(ctx context.Context, dataset, kind, who string, p sb.Permission) error {
	path := "/datasets" + segment(dataset) + kind + segment(who)
	_, err := do[struct{}](ctx, d.c, http.MethodPut, path, map[string]sb.Permission{"permission": p})
	return err
}

// Question asks whether someone may do something; an empty principal is oneself.
type Question struct {
	Principal string `json:"principal,omitempty"`
	Action    string `json:"action"`
	Operator  string `json:"operator,omitempty"`
	Dataset   string `json:"dataset,omitempty"`
}

// Explanation is a decision with its grounds.
type Explanation struct {
	Document
	Allowed bool      `json:"allowed"`
	Reason  string    `json:"reason"`
	Steps   []sb.Step `json:"steps"`
}

// UnmarshalJSON reads an explanation and keeps its text.
func (e *Explanation) UnmarshalJSON(b []byte) error {
	type plain Explanation
	return keep(b, (*plain)(e), &e.JSON)
}

// Rights is the part of the API that explains who may do what.
type Rights struct{ c *conn }

// Explain tells whether someone may do something, and why. About others it answers admins only.
func (r Rights) Explain(ctx context.Context, q Question) (Explanation, error) {
	return do[Explanation](ctx, r.c, http.MethodPost, "/access/explain", q)
}
