package identity

import (
	"context"

	sb "signalbox"
)

// Users reads a page of users. Errors: Invalid (the cursor).
func (i *Identity) Users(ctx context.Context, q sb.PrincipalQuery) (sb.Page[sb.Principal], error) {
	q.Kind = sb.User
	return i.store.Principals(ctx, q)
}

// User reads one by id, by email in whatever case, or by name when only one has it. Errors: NotFound (there is none,
// or it is a service account's).
func (i *Identity) User(ctx context.Context, idOrName string) (sb.Principal, error) {
	p, err := i.store.Principal(ctx, idOrName)
	if err != nil {
		return sb.Principal{}, err
	}
	if p.Kind != sb.User {
		return sb.Principal{}, sb.Errorf(sb.NotFound, "there is no user %q", idOrName)
	}
	return p, nil
}

// UpdateUser changes what is not nil; a changed role counts from the next request on. Errors: Invalid with every fault,
// NotFound, Forbidden (to raise one's own role), Conflict (a login provider decides the role, or the last admin would be
// demoted).
func (i *Identity) UpdateUser(ctx context.Context, id string, name *string, role *sb.Role) (sb.Principal, error) {
	if err := faulty("the user is not valid", nameFaults(name), roleFaults(role)); err != nil {
		return sb.Principal{}, err
	}
	user, err := i.User(ctx, id)
	if err != nil {
		return sb.Principal{}, err
	}
	return i.store.UpdatePrincipal(ctx, user.ID, func(p sb.Principal) (sb.Principal, error) {
		set(&p.Name, name)
		return withRole(ctx, p, role)
	})
}

// DeleteUser removes one, with his keys, sessions, grants and memberships, at once; his runs stay, with his name.
// Errors: NotFound, Conflict (he is the last admin).
func (i *Identity) DeleteUser(ctx context.Context, id string) error {
	user, err := i.User(ctx, id)
	if err != nil {
		return err
	}
	return i.store.DeletePrincipal(ctx, user.ID)
}

// withRole gives a principal another role, nil for the one he has. What a login provider decides is not changed here,
// and nobody raises his own, whatever he was allowed when he asked.
func withRole(ctx context.Context, p sb.Principal, role *sb.Role) (sb.Principal, error) {
	switch {
	case role == nil || *role == p.Role:
		return p, nil
	case p.LockedBy != "":
		return p, sb.Errorf(sb.Conflict, "the login provider %s decides the role of %s at each login; change it there", p.LockedBy, p.Name)
	case p.ID == sb.OriginOf(ctx).Actor.ID && role.AtLeast(p.Role):
		return p, sb.Errorf(sb.Forbidden, "nobody can raise his own role")
	}
	p.Role = *role
	return p, nil
}
