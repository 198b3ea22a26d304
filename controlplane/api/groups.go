package api

import (
	"context"
	"time"

	sb "signalbox"
)

// Group is a named set of users and service accounts that datasets are shared with.
type Group struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Description string    `json:"description"`
	MemberCount int       `json:"member_count"`
	CreatedAt   time.Time `json:"created_at"`
}

// GroupWithMembers is a group with those who belong to it.
type GroupWithMembers struct {
	Group
	Members []GroupMember `json:"members" doc:"By name, the first 500; …/members has the others."`
}

// GroupMember is who belongs to a group.
type GroupMember struct {
	ID       string           `json:"id"`
	Name     string           `json:"name"`
	Kind     sb.PrincipalKind `json:"kind"`
	Email    string           `json:"email"`
	LockedBy *string          `json:"locked_by" doc:"The login provider whose mapping put him there; null for an admin's decision."`
}

func groupOf(g sb.Group) Group {
	return Group{ID: g.ID, Name: g.Name, Description: g.Description, MemberCount: g.Members, CreatedAt: moment(g.CreatedAt)}
}

func memberOf(m sb.GroupMember) GroupMember {
	p := m.Principal
	return GroupMember{ID: p.ID, Name: p.Name, Kind: p.Kind, Email: p.Email, LockedBy: textOf(m.LockedBy)}
}

type groups struct{ groups Groups }

func (h groups) list(ctx context.Context, in *Searching) (*answer[List[Group]], error) {
	page, err := h.groups.Groups(ctx, in.Search, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	return listOf(page, groupOf), nil
}

type groupBody struct {
	Name        string `json:"name" minLength:"1" maxLength:"200"`
	Description string `json:"description,omitempty" maxLength:"1000"`
}

func (h groups) create(ctx context.Context, in *struct{ Body groupBody }) (*placed[Group], error) {
	g, err := h.groups.CreateGroup(ctx, in.Body.Name, in.Body.Description)
	if err != nil {
		return nil, err
	}
	return &placed[Group]{Location: base + "/groups/" + g.ID, Body: groupOf(g)}, nil
}

func (h groups) show(ctx context.Context, in *ByID) (*answer[GroupWithMembers], error) {
	g, err := h.groups.Group(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	page, err := h.groups.Members(ctx, g.ID, "", "", sb.MaxLimit)
	if err != nil {
		return nil, err
	}
	return answerOf(GroupWithMembers{groupOf(g), listOf(page, memberOf).Body.Items}), nil
}

type groupPatch struct {
	ByID
	Body struct {
		Name        *string `json:"name,omitempty" minLength:"1" maxLength:"200"`
		Description *string `json:"description,omitempty" maxLength:"1000"`
	}
}

func (h groups) patch(ctx context.Context, in *groupPatch) (*answer[Group], error) {
	g, err := h.groups.UpdateGroup(ctx, in.ID, in.Body.Name, in.Body.Description)
	if err != nil {
		return nil, err
	}
	return answerOf(groupOf(g)), nil
}

func (h groups) delete(ctx context.Context, in *DryID) (*none, error) {
	return nil, h.groups.DeleteGroup(ctx, in.ID)
}

func (h groups) scope(ctx context.Context, id string) (sb.Scope, error) {
	g, err := h.groups.Group(ctx, id)
	return sb.Scope{GroupID: g.ID}, err
}

type groupMembers struct {
	ByID
	Searching
}

func (h groups) members(ctx context.Context, in *groupMembers) (*answer[List[GroupMember]], error) {
	g, err := h.groups.Group(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	page, err := h.groups.Members(ctx, g.ID, in.Search, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	return listOf(page, memberOf), nil
}

type membership struct {
	DryID
	Principal string `path:"principal" maxLength:"600" doc:"Id of a user or a service account, an email, or a service account's name."`
}

func (h groups) add(ctx context.Context, in *membership) (*none, error) {
	return nil, h.groups.AddMember(ctx, in.ID, in.Principal)
}

func (h groups) remove(ctx context.Context, in *membership) (*none, error) {
	return nil, h.groups.RemoveMember(ctx, in.ID, in.Principal)
}

// memberScope is the scope of one who joins or leaves.
func (h groups) memberScope(find func(context.Context, string) (sb.Principal, error)) func(context.Context, *membership) (sb.Scope, error) {
	return func(ctx context.Context, in *membership) (sb.Scope, error) {
		scope, err := h.scope(ctx, in.ID)
		if err != nil {
			return scope, err
		}
		p, err := find(ctx, in.Principal)
		scope.PrincipalID = p.ID
		return scope, err
	}
}
