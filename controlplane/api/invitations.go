package api

import (
	"context"
	"errors"
	"time"

	sb "signalbox"
)

// Invitation lets one person join, once: with a role, or for a dataset.
type Invitation struct {
	ID         string             `json:"id"`
	Email      string             `json:"email"`
	Role       sb.Role            `json:"role" doc:"For someone new; who is a user already keeps his."`
	Dataset    Null[Who]          `json:"dataset" doc:"null for an invitation with a role alone. The name is that at the time."`
	Permission *sb.Permission     `json:"permission" doc:"On the dataset, as far as his role goes; null without one."`
	InvitedBy  Who                `json:"invited_by"`
	State      sb.InvitationState `json:"state" enum:"open,accepted,revoked,expired"`
	CreatedAt  time.Time          `json:"created_at"`
	ExpiresAt  time.Time          `json:"expires_at"`
	AcceptedAt *time.Time         `json:"accepted_at"`
	RevokedAt  *time.Time         `json:"revoked_at"`
}

// Invited is an invitation that was made just now.
type Invited struct {
	Invitation
	Link      string  `json:"link" doc:"Where it is accepted, by a login with that address; shown this once."`
	Mailed    bool    `json:"mailed" doc:"Whether it was mailed to the address. If not, give the link on yourself."`
	MailError *string `json:"mail_error" doc:"Why it was not, where mail is set up; null otherwise."`
}

func invitationOf(v sb.Invitation) Invitation {
	out := Invitation{
		ID: v.ID, Email: v.Email, Role: v.Role, InvitedBy: whoOf(v.InvitedBy), State: v.State, CreatedAt: moment(v.CreatedAt),
		ExpiresAt: moment(v.ExpiresAt), AcceptedAt: momentOf(v.AcceptedAt), RevokedAt: momentOf(v.RevokedAt),
	}
	if v.DatasetID != "" {
		out.Dataset, out.Permission = maybe(&Who{ID: v.DatasetID, Name: v.Dataset}), &v.Permission
	}
	return out
}

// invitations are those of the organisation.
type invitations struct{ invitations Invitations }

func (s *server) invitationRoutes() {
	all, of := invitations{s.Invitations}, datasetInvitations{datasets{s.Datasets, s.Facts, s.Access}, invitations{s.Invitations}, s.invites}
	on(s, route{method: get, path: "/invitations", what: "Invitations, newest first, whatever became of them", door: forPeople, right: sb.ActAdminister}, all.list)
	on(s, route{method: post, path: "/invitations", what: "Invite someone with a role; the link is shown this once", door: forPeople, right: sb.ActAdminister, status: 201}, all.create)
	on(s, route{method: remove, path: "/invitations/{id}", what: "Take an invitation back", door: forPeople, right: sb.ActAdminister}, all.delete)
	on(s, route{method: post, path: "/invitations/accept", what: "Accept an invitation to my own address; I keep my role", door: forPeople}, all.accept)
	on(s, route{method: get, path: "/datasets/{name}/access/invitations", what: "Invitations to a dataset: mine, for admins everybody's", door: forPeople, right: sb.ActManageDataset}, of.list)
	on(s, route{method: post, path: "/datasets/{name}/access/invitations", what: "Share a dataset with an address that is nobody's yet; the link is shown this once", door: forPeople, right: sb.ActManageDataset, status: 201}, of.create)
	on(s, route{method: remove, path: "/datasets/{name}/access/invitations/{id}", what: "Take back an invitation to a dataset: of mine, for admins anybody's", door: forPeople, right: sb.ActManageDataset}, of.delete)
}

// ListedInvitations says which invitations a list has.
type ListedInvitations struct {
	Paging
	Open bool `query:"open" doc:"Only those that can still be accepted."`
}

func (h invitations) list(ctx context.Context, in *ListedInvitations) (*answer[List[Invitation]], error) {
	return h.page(ctx, *in, sb.InvitationScope{})
}

func (h invitations) page(ctx context.Context, in ListedInvitations, scope sb.InvitationScope) (*answer[List[Invitation]], error) {
	page, err := h.invitations.List(ctx, sb.InvitationQuery{InvitationScope: scope, Open: in.Open, Cursor: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	return listOf(page, invitationOf), nil
}

type invitationInput struct {
	Body struct {
		Email string  `json:"email" maxLength:"254" doc:"Nobody's yet."`
		Role  sb.Role `json:"role" enum:"guest,labeler,collaborator,member,admin"`
	}
}

func (h invitations) create(ctx context.Context, in *invitationInput) (*answer[Invited], error) {
	return h.invite(ctx, sb.Invitation{Email: in.Body.Email, Role: in.Body.Role})
}

// invite makes an invitation of the caller's. Why a mail was not sent is in the log, too.
func (h invitations) invite(ctx context.Context, v sb.Invitation) (*answer[Invited], error) {
	v.InvitedBy = callerOf(ctx).Who()
	made, err := h.invitations.Invite(ctx, v)
	if err != nil {
		return nil, err
	}
	out := Invited{Invitation: invitationOf(made.Invitation), Link: made.Link, Mailed: made.Mailed}
	if made.Undelivered != nil {
		requestOf(ctx).log.WithError(made.Undelivered).WithField("invitation", made.ID).Warn("an invitation was not mailed")
		why := "the mail was not sent"
		var e *sb.Error
		if errors.As(made.Undelivered, &e) {
			why = e.Message
		}
		out.MailError = &why
	}
	return answerOf(out), nil
}

func (h invitations) delete(ctx context.Context, in *ByID) (*none, error) {
	return nil, h.invitations.Revoke(ctx, in.ID, sb.InvitationScope{})
}

type acceptInput struct {
	Body struct {
		Token string `json:"token" minLength:"1" maxLength:"200" doc:"What follows token= in the link."`
	}
}

func (h invitations) accept(ctx context.Context, in *acceptInput) (*answer[Invitation], error) {
	v, err := h.invitations.Accept(ctx, in.Body.Token, callerOf(ctx).ID)
	if err != nil {
		return nil, err
	}
	return answerOf(invitationOf(v)), nil
}

// datasetInvitations are those to a dataset, by who manages it.
type datasetInvitations struct {
	datasets
	invitations
	sent *limiter
}

// scope demands the right, and gives the invitations that are the caller's matter.
func (h datasetInvitations) scope(ctx context.Context, dataset string) (sb.InvitationScope, error) {
	f, err := h.allowed(ctx, dataset, sb.ActManageDataset)
	if err != nil {
		return sb.InvitationScope{}, err
	}
	scope := sb.InvitationScope{DatasetID: f.Dataset.ID}
	if h.access.Check(callerOf(ctx).facts(), sb.ActAdminister) != nil {
		scope.InvitedBy = callerOf(ctx).ID
	}
	return scope, nil
}

type datasetInvitationList struct {
	ByName
	ListedInvitations
}

func (h datasetInvitations) list(ctx context.Context, in *datasetInvitationList) (*answer[List[Invitation]], error) {
	scope, err := h.scope(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	return h.page(ctx, in.ListedInvitations, scope)
}

type datasetInvitationInput struct {
	ByName
	Body struct {
		Email      string        `json:"email" maxLength:"254" doc:"Nobody's yet."`
		Permission sb.Permission `json:"permission" enum:"view,tag,edit,manage" doc:"view makes a guest, tag a labeler, more a collaborator, who can edit at most."`
	}
}

func (h datasetInvitations) create(ctx context.Context, in *datasetInvitationInput) (*answer[Invited], error) {
	scope, err := h.scope(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	if scope.InvitedBy != "" {
		if err := h.sent.count(scope.InvitedBy, "you invited many people just now; wait a little"); err != nil {
			return nil, err
		}
	}
	return h.invite(ctx, sb.Invitation{Email: in.Body.Email, DatasetID: scope.DatasetID, Permission: in.Body.Permission})
}

type datasetInvitation struct {
	ByName
	ByID
}

func (h datasetInvitations) delete(ctx context.Context, in *datasetInvitation) (*none, error) {
	scope, err := h.scope(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	return nil, h.invitations.invitations.Revoke(ctx, in.ID, scope)
}
