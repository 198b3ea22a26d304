package api

import (
	"context"
	"time"

	sb "signalbox"
)

// User is a person.
type User struct {
	ID           string           `json:"id"`
	Kind         sb.PrincipalKind `json:"kind"`
	Name         string           `json:"name"`
	Email        string           `json:"email"`
	Role         sb.Role          `json:"role"`
	RoleLockedBy *string          `json:"role_locked_by" doc:"The login provider that decides the role; null when admins do."`
	Groups       []Who            `json:"groups" doc:"By name, the first 500."`
	CreatedAt    time.Time        `json:"created_at"`
	LastSeenAt   *time.Time       `json:"last_seen_at" doc:"The last login."`
}

func userOf(p sb.Principal, groups []sb.Who) User {
	return User{
		ID: p.ID, Kind: p.Kind, Name: p.Name, Email: p.Email, Role: p.Role, RoleLockedBy: textOf(p.LockedBy),
		Groups: whosOf(groups), CreatedAt: moment(p.CreatedAt), LastSeenAt: momentOf(p.LastSeenAt),
	}
}

// withGroups is a page of principals, each shown with the groups he belongs to, which are read at once.
func withGroups[T any](ctx context.Context, g Groups, page sb.Page[sb.Principal], show func(sb.Principal, []sb.Who) T) (*answer[List[T]], error) {
	ids := make([]string, len(page.Items))
	for i, p := range page.Items {
		ids[i] = p.ID
	}
	groups, err := g.GroupsOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	return listOf(page, func(p sb.Principal) T { return show(p, groups[p.ID]) }), nil
}

// withGroup is one principal with the groups he belongs to.
func withGroup[T any](ctx context.Context, g Groups, p sb.Principal, show func(sb.Principal, []sb.Who) T) (*answer[T], error) {
	groups, err := g.GroupsOf(ctx, []string{p.ID})
	if err != nil {
		return nil, err
	}
	return answerOf(show(p, groups[p.ID])), nil
}

type users struct {
	users  Users
	groups Groups
}

// Searching are the parameters of a list that can be searched.
type Searching struct {
	Paging
	Search string `query:"search" maxLength:"200" doc:"In the name, and the email where there is one, whatever the case."`
}

// ListedPeople says which users, or service accounts, a list has, and in which order.
type ListedPeople struct {
	Searching
	Role []sb.Role        `query:"role,explode" enum:"guest,labeler,collaborator,member,admin" doc:"Those with one of these roles; missing: all."`
	Sort sb.PrincipalSort `query:"sort" enum:"name,role,seen,newest" default:"name" doc:"role: from most to least; seen: the last login first; newest: made last first; those of one place by name."`
}

func (l ListedPeople) query() sb.PrincipalQuery {
	return sb.PrincipalQuery{Search: l.Search, Roles: l.Role, Sort: l.Sort, Cursor: l.Cursor, Limit: l.Limit}
}

func (h users) list(ctx context.Context, in *ListedPeople) (*answer[List[User]], error) {
	page, err := h.users.Users(ctx, in.query())
	if err != nil {
		return nil, err
	}
	return withGroups(ctx, h.groups, page, userOf)
}

func (h users) show(ctx context.Context, in *ByID) (*answer[User], error) {
	p, err := h.users.User(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return withGroup(ctx, h.groups, p, userOf)
}

type userPatch struct {
	DryID
	Body struct {
		Name *string  `json:"name,omitempty" minLength:"1" maxLength:"200"`
		Role *sb.Role `json:"role,omitempty" enum:"guest,labeler,collaborator,member,admin"`
	}
}

func (h users) patch(ctx context.Context, in *userPatch) (*answer[User], error) {
	p, err := h.users.UpdateUser(ctx, in.ID, in.Body.Name, in.Body.Role)
	if err != nil {
		return nil, err
	}
	return withGroup(ctx, h.groups, p, userOf)
}

func (h users) delete(ctx context.Context, in *DryID) (*none, error) {
	return nil, h.users.DeleteUser(ctx, in.ID)
}

func (h users) scope(ctx context.Context, id string) (sb.Scope, error) {
	p, err := h.users.User(ctx, id)
	return sb.Scope{PrincipalID: p.ID}, err
}
