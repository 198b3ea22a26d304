package api

import (
	"context"

	sb "signalbox"
)

// Me is who calls.
type Me struct {
	ID     string           `json:"id"`
	Name   string           `json:"name"`
	Email  string           `json:"email"`
	Kind   sb.PrincipalKind `json:"kind"`
	Role   sb.Role          `json:"role"`
	Groups []Who            `json:"groups"`

	Session Null[Session] `json:"session" doc:"Null with an API key."`
}

type me struct {
	identity Identity
	groups   Groups
}

func (h me) show(ctx context.Context, _ *none) (*answer[Me], error) {
	return withGroup(ctx, h.groups, callerOf(ctx).Principal, func(p sb.Principal, groups []sb.Who) Me {
		return Me{ID: p.ID, Name: p.Name, Email: p.Email, Kind: p.Kind, Role: p.Role, Groups: whosOf(groups), Session: maybe(mySession(ctx))}
	})
}

func (h me) keys(ctx context.Context, in *Paging) (*answer[List[Key]], error) {
	keys, err := h.identity.Keys(ctx, callerOf(ctx).ID)
	if err != nil {
		return nil, err
	}
	return keyList(keys, *in)
}

func (h me) createKey(ctx context.Context, in *struct{ Body keyBody }) (*answer[NewKey], error) {
	if err := in.Body.check(); err != nil {
		return nil, err
	}
	key, secret, err := h.identity.CreateKey(ctx, callerOf(ctx).ID, in.Body.Name, in.Body.ExpiresAt)
	if err != nil {
		return nil, err
	}
	return answerOf(NewKey{keyOfOwner(key), secret}), nil
}

func (h me) deleteKey(ctx context.Context, in *ByID) (*none, error) {
	return nil, h.identity.DeleteKey(ctx, callerOf(ctx).ID, in.ID)
}
