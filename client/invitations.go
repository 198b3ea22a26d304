package client

import (
	"context"
	"net/http"
	"net/url"
	"time"

	sb "signalbox"
)

// Invitations is the part of the API about people who are to join.
type Invitations struct{ c *conn }

// Invitation lets one person join, once: with a role, or for a dataset.
type Invitation struct {
	Document
	ID         string             `json:"id"`
	Email      string             `json:"email"`
	Role       sb.Role            `json:"role"`
	Dataset    *Who               `json:"dataset"`
	Permission *sb.Permission     `json:"permission"` // on the dataset
	InvitedBy  Who                `json:"invited_by"`
	State      sb.InvitationState `json:"state"`
	CreatedAt  time.Time          `json:"created_at"`
	ExpiresAt  time.Time          `json:"expires_at"`
	AcceptedAt *time.Time         `json:"accepted_at"`
	RevokedAt  *time.Time         `json:"revoked_at"`

	// Of one that was made just now.
	Link      string  `json:"link"`
	Mailed    bool    `json:"mailed"`
	MailError *string `json:"mail_error"`
}

// UnmarshalJSON reads an invitation and keeps its text.
func (v *Invitation) UnmarshalJSON(b []byte) error {
	type plain Invitation
	return keep(b, (*plain)(v), &v.JSON)
}

// InvitationList says which page of invitations to read.
type InvitationList struct {
	Paging
	Open bool // only those that can still be accepted
}

func (l InvitationList) query() url.Values {
	q := url.Values{}
	if l.Open {
		q.Set("open", "true")
	}
	return l.into(q)
}

// List reads a page of invitations, newest first; for admins.
func (v Invitations) List(ctx context.Context, l InvitationList) (Page[Invitation], error) {
	return read[Page[Invitation]](ctx, v.c, "/invitations", l.query())
}

// Send invites someone with a role; for admins. Whether it was mailed, and the link, are in the answer.
func (v Invitations) Send(ctx context.Context, email string, role sb.Role) (Invitation, error) {
	return do[Invitation](ctx, v.c, http.MethodPost, "/invitations", map[string]any{"email": email, "role": role})
}

// Revoke takes an invitation back; for admins.
func (v Invitations) Revoke(ctx context.Context, id string) error {
	return v.c.remove(ctx, "/invitations"+segment(id))
}

// Accept accepts an invitation to one's own address, by its token.
func (v Invitations) Accept(ctx context.Context, token string) (Invitation, error) {
	return do[Invitation](ctx, v.c, http.MethodPost, "/invitations/accept", map[string]string{"token": token})
}

// Invitations reads a page of the invitations to a dataset that one made, or as an admin of all.
func (d Datasets) Invitations(ctx context.Context, dataset string, l InvitationList) (Page[Invitation], error) {
	return read[Page[Invitation]](ctx, d.c, "/datasets"+segment(dataset)+"/access/invitations", l.query())
}

// Invite shares a dataset with an address that is nobody's yet.
func (d Datasets) Invite(ctx context.Context, dataset, email string, p sb.Permission) (Invitation, error) {
	return do[Invitation](ctx, d.c, http.MethodPost, "/datasets"+segment(dataset)+"/access/invitations", map[string]any{"email": email, "permission": p})
}

// Uninvite takes an invitation to a dataset back.
func (d Datasets) Uninvite(ctx context.Context, dataset, id string) error {
	return d.c.remove(ctx, "/datasets"+segment(dataset)+"/access/invitations"+segment(id))
}
