package identity

import (
	"context"

	sb "signalbox"
)

// Groups reads a page of groups by name: those whose name holds the search, "" for all.
func (i *Identity) Groups(ctx context.Context, search, cursor string, limit int) (sb.Page[sb.Group], error) {
	return i.store.Groups(ctx, search, cursor, limit)
}

// Group reads one by id or name. Errors: NotFound.
func (i *Identity) Group(ctx context.Context, idOrName string) (sb.Group, error) {
	return i.store.Group(ctx, idOrName)
}

// GroupsOf tells which groups principals belong to, by name.
func (i *Identity) GroupsOf(ctx context.Context, principalIDs []string) (map[string][]sb.Who, error) {
	return i.store.GroupsOf(ctx, principalIDs)
}

// CreateGroup makes a group without members. Errors: Invalid with every fault, Conflict (the name is taken).
func (i *Identity) CreateGroup(ctx context.Context, name, description string) (sb.Group, error) {
	if err := checkGroup(&name, &description); err != nil {
		return sb.Group{}, err
	}
	return i.store.CreateGroup(ctx, name, description)
}

// UpdateGroup changes what is not nil. Errors: Invalid with every fault, NotFound, Conflict (the name is taken).
func (i *Identity) UpdateGroup(ctx context.Context, idOrName string, name, description *string) (sb.Group, error) {
	if err := checkGroup(name, description); err != nil {
		return sb.Group{}, err
	}
	group, err := i.store.Group(ctx, idOrName)
	if err != nil {
		return sb.Group{}, err
	}
	return i.store.UpdateGroup(ctx, group.ID, name, description)
}

// DeleteGroup ends a group and what it gave, at once. Its members stay. Errors: NotFound.
func (i *Identity) DeleteGroup(ctx context.Context, idOrName string) error {
	group, err := i.store.Group(ctx, idOrName)
	if err != nil {
		return err
	}
	return i.store.DeleteGroup(ctx, group.ID)
}

// Members reads a page of a group's members by name: those whose name or email holds the search, "" for all.
func (i *Identity) Members(ctx context.Context, groupID, search, cursor string, limit int) (sb.Page[sb.GroupMember], error) {
	return i.store.Members(ctx, groupID, search, cursor, limit)
}

// AddMember puts a user or a service account into a group; who is in it stays so. Errors: NotFound.
func (i *Identity) AddMember(ctx context.Context, group, principal string) error {
	g, p, err := i.membership(ctx, group, principal)
	if err != nil {
		return err
	}
	return i.store.AddMember(ctx, g.ID, p.ID)
}

// RemoveMember takes someone out of a group. Errors: NotFound (also when he is not in it), Conflict (a login provider's
// mapping put him there).
func (i *Identity) RemoveMember(ctx context.Context, group, principal string) error {
	g, p, err := i.membership(ctx, group, principal)
	if err != nil {
		return err
	}
	return i.store.RemoveMember(ctx, g.ID, p.ID)
}

func (i *Identity) membership(ctx context.Context, group, principal string) (sb.Group, sb.Principal, error) {
	g, err := i.store.Group(ctx, group)
	if err != nil {
		return g, sb.Principal{}, err
	}
	p, err := i.store.Principal(ctx, principal)
	return g, p, err
}

// checkGroup lists all that is wrong with what is given of a group.
func checkGroup(name, description *string) error {
	return faulty("the group is not valid", nameFaults(name), descriptionFaults(description))
}
