package api

import (
	"context"
	"time"

	sb "signalbox"
)

// Account is a service account.
type Account struct {
	ID          string           `json:"id"`
	Kind        sb.PrincipalKind `json:"kind"`
	Name        string           `json:"name"`
	Role        sb.Role          `json:"role"`
	Description string           `json:"description"`
	Groups      []Who            `json:"groups"`
	CreatedAt   time.Time        `json:"created_at"`
}

func accountOf(p sb.Principal, groups []sb.Who) Account {
	return Account{
		ID: p.ID, Kind: p.Kind, Name: p.Name, Role: p.Role, Description: p.Description, Groups: whosOf(groups), CreatedAt: moment(p.CreatedAt),
	}
}

type accounts struct {
	identity Identity
	groups   Groups
}

func (h accounts) list(ctx context.Context, in *ListedPeople) (*answer[List[Account]], error) {
	page, err := h.identity.ServiceAccounts(ctx, in.query())
	if err != nil {
		return nil, err
	}
	return withGroups(ctx, h.groups, page, accountOf)
}

type accountBody struct {
	Name        string  `json:"name" minLength:"1" maxLength:"200"`
	Role        sb.Role `json:"role" enum:"guest,labeler,collaborator,member,admin"`
	Description string  `json:"description,omitempty" maxLength:"1000"`
}

func (h accounts) create(ctx context.Context, in *struct{ Body accountBody }) (*placed[Account], error) {
	p, err := h.identity.CreateServiceAccount(ctx, in.Body.Name, in.Body.Role, in.Body.Description)
	if err != nil {
		return nil, err
	}
	return &placed[Account]{Location: base + "/service-accounts/" + p.ID, Body: accountOf(p, nil)}, nil
}

func (h accounts) show(ctx context.Context, in *ByID) (*answer[Account], error) {
	p, err := h.identity.ServiceAccount(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return withGroup(ctx, h.groups, p, accountOf)
}

type accountPatch struct {
	DryID
	Body struct {
		Name        *string  `json:"name,omitempty" minLength:"1" maxLength:"200"`
		Role        *sb.Role `json:"role,omitempty" enum:"guest,labeler,collaborator,member,admin"`
		Description *string  `json:"description,omitempty" maxLength:"1000"`
	}
}

func (h accounts) patch(ctx context.Context, in *accountPatch) (*answer[Account], error) {
	p, err := h.identity.UpdateServiceAccount(ctx, in.ID, in.Body.Name, in.Body.Role, in.Body.Description)
	if err != nil {
		return nil, err
	}
	return withGroup(ctx, h.groups, p, accountOf)
}

func (h accounts) delete(ctx context.Context, in *DryID) (*none, error) {
	return nil, h.identity.DeleteServiceAccount(ctx, in.ID)
}

func (h accounts) scope(ctx context.Context, id string) (sb.Scope, error) {
	p, err := h.identity.ServiceAccount(ctx, id)
	return sb.Scope{PrincipalID: p.ID}, err
}

type accountKeys struct {
	ByID
	Paging
}

func (h accounts) keys(ctx context.Context, in *accountKeys) (*answer[List[Key]], error) {
	p, err := h.identity.ServiceAccount(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	keys, err := h.identity.Keys(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	return keyList(keys, in.Paging)
}

type accountNewKey struct {
	ByID
	Body keyBody
}

func (h accounts) createKey(ctx context.Context, in *accountNewKey) (*answer[NewKey], error) {
	if err := in.Body.check(); err != nil {
		return nil, err
	}
	p, err := h.identity.ServiceAccount(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	key, secret, err := h.identity.CreateKey(ctx, p.ID, in.Body.Name, in.Body.ExpiresAt)
	if err != nil {
		return nil, err
	}
	return answerOf(NewKey{keyOfOwner(key), secret}), nil
}

type accountOldKey struct {
	ByID
	Key string `path:"key"`
}

func (h accounts) deleteKey(ctx context.Context, in *accountOldKey) (*none, error) {
	p, err := h.identity.ServiceAccount(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return nil, h.identity.DeleteKey(ctx, p.ID, in.Key)
}
