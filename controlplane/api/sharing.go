package api

import (
	"context"

	sb "signalbox"
)

// DatasetAccess is who has access to a dataset.
type DatasetAccess struct {
	DefaultPermission sb.Permission `json:"default_permission"`
	Items             []Holder      `json:"items" doc:"Everyone who has access, by name: also by default, through groups, and as an admin."`
	Groups            []SharedGroup `json:"groups" doc:"Groups that it is shared with, by name, the first 500; …/access/groups has the others."`
	NextCursor        *string       `json:"next_cursor" doc:"For the next page of items; null when there is none."`
}

// Holder is someone who has access to a dataset, and why.
type Holder struct {
	ID         string           `json:"id"`
	Kind       sb.PrincipalKind `json:"kind"`
	Name       string           `json:"name"`
	Email      string           `json:"email"`
	Role       sb.Role          `json:"role"`
	Permission sb.Permission    `json:"permission" doc:"What he may do, all in all."`
	Own        sb.Permission    `json:"own" doc:"What was granted to him."`
	Group      sb.Permission    `json:"group" doc:"The best of what was granted to his groups."`
	Groups     []GroupGrant     `json:"groups" doc:"His groups that it is shared with, by name; of many, the 100 that give most."`
	Default    sb.Permission    `json:"default" doc:"What the dataset's default access gives him: none unless he is a member."`
	Admin      bool             `json:"admin"`
	Capped     bool             `json:"capped" doc:"He was granted more than his role may have."`
	Reason     string           `json:"reason"`
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
	Users  []Candidate `json:"users" doc:"Users and service accounts, by name."`
	Groups []Who       `json:"groups"`
}

// Candidate is someone a dataset may be shared with.
type Candidate struct {
	ID    string           `json:"id"`
	Kind  sb.PrincipalKind `json:"kind"`
	Name  string           `json:"name"`
	Email string           `json:"email"`
	Role  sb.Role          `json:"role"`
}

// sharing is who has access to datasets.
type sharing struct {
	datasets
	sharing Sharing
}

func (s *server) sharingRoutes() {
	h := sharing{datasets{s.Datasets, s.Facts, s.Access}, s.Sharing}
	on(s, route{method: get, path: "/datasets", what: "Datasets that I, or for admins somebody else, may see", door: forPeople}, h.list)
	on(s, route{method: post, path: "/datasets/{name}/clone", what: "Make a dataset like another; grants are not copied", door: forPeople, right: sb.ActClone, status: 201}, h.clone)
	on(s, route{method: get, path: "/datasets/{name}/access", what: "Who has access to a dataset, and why", door: forPeople, right: sb.ActManageDataset}, h.holders)
	on(s, route{method: get, path: "/datasets/{name}/access/groups", what: "Groups that a dataset is shared with", door: forPeople, right: sb.ActManageDataset}, h.groups)
	on(s, route{method: get, path: "/datasets/{name}/access/candidates", what: "Whom a dataset may be shared with", door: forPeople, right: sb.ActManageDataset}, h.candidates)
	foretold(s, route{method: put, path: "/datasets/{name}/access/users/{id}", what: "Share a dataset with a user or a service account; none takes it away", door: forPeople, right: sb.ActManageDataset}, toGrant(h.user), h.share(h.user))
	foretold(s, route{method: remove, path: "/datasets/{name}/access/users/{id}", what: "Take a dataset away from a user or a service account", door: forPeople, right: sb.ActManageDataset}, toTake(h.user), h.take(h.user))
	foretold(s, route{method: put, path: "/datasets/{name}/access/groups/{id}", what: "Share a dataset with a group; none takes it away", door: forPeople, right: sb.ActManageDataset}, toGrant(h.group), h.share(h.group))
	foretold(s, route{method: remove, path: "/datasets/{name}/access/groups/{id}", what: "Take a dataset away from a group", door: forPeople, right: sb.ActManageDataset}, toTake(h.group), h.take(h.group))
}

type datasetsInput struct {
	Paging
	Search    string `query:"search" maxLength:"200" doc:"In the name, whatever the case."`
	Principal string `query:"principal" maxLength:"600" doc:"Id, email or account name: the datasets he may see, and as my_permission what he has. About others only for admins."`
}

func (h sharing) list(ctx context.Context, in *datasetsInput) (*answer[List[Dataset]], error) {
	c := callerOf(ctx)
	who := c.Principal
	if in.Principal != "" && in.Principal != c.ID {
		if err := h.access.Check(c.facts(), sb.ActAdminister); err != nil {
			return nil, err
		}
		var err error
		if who, err = h.sharing.Principal(ctx, in.Principal); err != nil {
			return nil, err
		}
	}
	page, err := h.datasets.datasets.Datasets(ctx, h.access.Viewer(who, c.Settings), in.Search, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	return listOf(page, func(f sb.Facts) Dataset { return h.dataset(f, "") }), nil
}

type cloneInput struct {
	ByName
	Body datasetBody
}

func (h sharing) clone(ctx context.Context, in *cloneInput) (*placed[Dataset], error) {
	f, err := h.allowed(ctx, in.Name, sb.ActClone)
	if err != nil {
		return nil, err
	}
	if err := checkName("body.name", in.Body.Name); err != nil {
		return nil, err
	}
	d := sb.Dataset{Name: in.Body.Name, DefaultPermission: in.Body.DefaultPermission, Creator: callerOf(ctx).Who()}
	d, err = h.sharing.CloneDataset(ctx, f.Dataset.ID, d, func(f sb.Facts) error { return h.access.Check(f, sb.ActClone) })
	if err != nil {
		return nil, err
	}
	return h.made(ctx, d), nil
}

type accessInput struct {
	ByName
	Paging
	Principal string `query:"principal" maxLength:"600" doc:"Id, email or account name: among the items he alone, or nobody when he has no access."`
	Search    string `query:"search" maxLength:"200" doc:"Among the items those whose name or email holds it, whatever the case."`
}

func (h sharing) holders(ctx context.Context, in *accessInput) (*answer[DatasetAccess], error) {
	f, err := h.allowed(ctx, in.Name, sb.ActManageDataset)
	if err != nil {
		return nil, err
	}
	q := sb.HolderQuery{DatasetID: f.Dataset.ID, Search: in.Search, Cursor: in.Cursor, Limit: in.Limit}
	if in.Principal != "" {
		p, err := h.sharing.Principal(ctx, in.Principal)
		if err != nil {
			return nil, err
		}
		q.OnlyID = p.ID
	}
	page, err := h.sharing.Holders(ctx, q)
	if err != nil {
		return nil, err
	}
	groups, err := h.sharing.GroupGrants(ctx, f.Dataset.ID, "", "", sb.MaxLimit)
	if err != nil {
		return nil, err
	}
	list := listOf(page, h.holder).Body
	out := DatasetAccess{DefaultPermission: f.Dataset.DefaultPermission, Items: list.Items, Groups: listOf(groups, sharedGroupOf).Body.Items, NextCursor: list.NextCursor}
	return answerOf(out), nil
}

type sharedGroupsInput struct {
	ByName
	Paging
	Search string `query:"search" maxLength:"200" doc:"In the name, whatever the case."`
}

func (h sharing) groups(ctx context.Context, in *sharedGroupsInput) (*answer[List[SharedGroup]], error) {
	f, err := h.allowed(ctx, in.Name, sb.ActManageDataset)
	if err != nil {
		return nil, err
	}
	page, err := h.sharing.GroupGrants(ctx, f.Dataset.ID, in.Search, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	return listOf(page, sharedGroupOf), nil
}

func (h sharing) holder(v sb.Holder) Holder {
	f, p := v.Facts, v.Facts.Principal
	out := Holder{
		ID: p.ID, Kind: p.Kind, Name: p.Name, Email: p.Email, Role: p.Role, Permission: h.access.Effective(f), Own: f.Own, Group: f.Group,
		Groups: []GroupGrant{}, Default: sb.NoAccess, Admin: p.Role == sb.Admin,
	}
	out.Capped, out.Reason = h.access.Basis(f)
	if p.Role == sb.Member {
		out.Default = f.Dataset.DefaultPermission
	}
	for _, g := range v.Groups {
		out.Groups = append(out.Groups, groupGrantOf(g))
	}
	return out
}

func groupGrantOf(g sb.GroupAccess) GroupGrant {
	return GroupGrant{ID: g.Group.ID, Name: g.Group.Name, Permission: g.Permission}
}

func sharedGroupOf(g sb.GroupAccess) SharedGroup {
	return SharedGroup{groupGrantOf(g), g.Group.Members}
}

type candidatesInput struct {
	ByName
	Search string `query:"search" required:"true" minLength:"2" maxLength:"200" doc:"Part of a name or an email, at least 2 characters; the first 20 people and 20 groups are found."`
}

func (h sharing) candidates(ctx context.Context, in *candidatesInput) (*answer[Candidates], error) {
	if _, err := h.allowed(ctx, in.Name, sb.ActManageDataset); err != nil {
		return nil, err
	}
	found, err := h.sharing.Candidates(ctx, in.Search)
	if err != nil {
		return nil, err
	}
	out := Candidates{Users: []Candidate{}, Groups: []Who{}}
	for _, p := range found.Principals {
		out.Users = append(out.Users, Candidate{ID: p.ID, Kind: p.Kind, Name: p.Name, Email: p.Email, Role: p.Role})
	}
	for _, g := range found.Groups {
		out.Groups = append(out.Groups, Who{ID: g.ID, Name: g.Name})
	}
	return answerOf(out), nil
}

// Grantee is a path to whom a dataset is shared with.
type Grantee struct {
	ByName
	ByID
	DryRun
}

type grantInput struct {
	Grantee
	Body struct {
		Permission sb.Permission `json:"permission" enum:"none,view,tag,edit,manage" doc:"none takes the grant away."`
	}
}

// find tells which dataset and whom a path means; only to who manages the dataset.
type find func(context.Context, Grantee) (sb.Scope, error)

func (h sharing) user(ctx context.Context, in Grantee) (sb.Scope, error) {
	f, err := h.allowed(ctx, in.Name, sb.ActManageDataset)
	if err != nil {
		return sb.Scope{}, err
	}
	p, err := h.sharing.Principal(ctx, in.ID)
	return sb.Scope{DatasetID: f.Dataset.ID, PrincipalID: p.ID}, err
}

func (h sharing) group(ctx context.Context, in Grantee) (sb.Scope, error) {
	f, err := h.allowed(ctx, in.Name, sb.ActManageDataset)
	if err != nil {
		return sb.Scope{}, err
	}
	g, err := h.sharing.Group(ctx, in.ID)
	return sb.Scope{DatasetID: f.Dataset.ID, GroupID: g.ID}, err
}

// toGrant and toTake make of finding it the scope of a request.
func toGrant(f find) func(context.Context, *grantInput) (sb.Scope, error) {
	return func(ctx context.Context, in *grantInput) (sb.Scope, error) { return f(ctx, in.Grantee) }
}

func toTake(f find) func(context.Context, *Grantee) (sb.Scope, error) {
	return func(ctx context.Context, in *Grantee) (sb.Scope, error) { return f(ctx, *in) }
}

func (h sharing) share(f find) func(context.Context, *grantInput) (*answer[none], error) {
	return func(ctx context.Context, in *grantInput) (*answer[none], error) {
		return &answer[none]{}, h.set(ctx, f, in.Grantee, in.Body.Permission)
	}
}

func (h sharing) take(f find) func(context.Context, *Grantee) (*answer[none], error) {
	return func(ctx context.Context, in *Grantee) (*answer[none], error) {
		return &answer[none]{}, h.set(ctx, f, *in, sb.NoAccess)
	}
}

// set makes a grant. Rights are looked at once more in its transaction.
func (h sharing) set(ctx context.Context, f find, in Grantee, p sb.Permission) error {
	scope, err := f(ctx, in)
	if err != nil {
		return err
	}
	g := sb.Grant{DatasetID: scope.DatasetID, PrincipalID: scope.PrincipalID, GroupID: scope.GroupID, Permission: p}
	return h.sharing.SetGrant(ctx, callerOf(ctx).ID, g, func(by, to sb.Facts) error {
		if err := h.mayManage(by); err != nil || g.PrincipalID == "" {
			return err
		}
		return h.access.MayGrant(to, p)
	})
}
