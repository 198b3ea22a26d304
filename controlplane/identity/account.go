package identity

import (
	"context"
	"slices"

	sb "signalbox"
)

// ServiceAccounts reads a page of service accounts. Errors: Invalid (the cursor).
func (i *Identity) ServiceAccounts(ctx context.Context, q sb.PrincipalQuery) (sb.Page[sb.Principal], error) {
	q.Kind = sb.ServiceAccount
	return i.store.Principals(ctx, q)
}

// ServiceAccount reads one by id or name. Errors: NotFound (there is none, or it is a user's).
func (i *Identity) ServiceAccount(ctx context.Context, idOrName string) (sb.Principal, error) {
	p, err := i.store.Principal(ctx, idOrName)
	if err != nil {
		return sb.Principal{}, err
	}
	if p.Kind != sb.ServiceAccount {
		return sb.Principal{}, noAccount(idOrName)
	}
	return p, nil
}

// CreateServiceAccount makes one. It has no key yet. Errors: Invalid with every fault, Conflict (the name is taken).
func (i *Identity) CreateServiceAccount(ctx context.Context, name string, role sb.Role, description string) (sb.Principal, error) {
	if err := checkAccount(&name, &role, &description); err != nil {
		return sb.Principal{}, err
	}
	return i.store.CreatePrincipal(ctx, sb.Principal{
		Kind: sb.ServiceAccount, Name: name, Role: role, Description: description,
	})
}

// UpdateServiceAccount changes what is not nil; a changed role counts from the next request on. Errors: Invalid with
// every fault, NotFound, Forbidden (to raise one's own role), Conflict (the name is taken, or the last admin would be
// demoted).
func (i *Identity) UpdateServiceAccount(ctx context.Context, id string, name *string, role *sb.Role, description *string) (sb.Principal, error) {
	if err := checkAccount(name, role, description); err != nil {
		return sb.Principal{}, err
	}
	account, err := i.ServiceAccount(ctx, id)
	if err != nil {
		return sb.Principal{}, err
	}
	return i.store.UpdatePrincipal(ctx, account.ID, func(p sb.Principal) (sb.Principal, error) {
		set(&p.Name, name)
		set(&p.Description, description)
		return withRole(ctx, p, role)
	})
}

// DeleteServiceAccount removes one, and its keys with it at once; its runs stay, with its name. Errors: NotFound,
// Conflict (it is the last admin).
func (i *Identity) DeleteServiceAccount(ctx context.Context, id string) error {
	account, err := i.ServiceAccount(ctx, id)
	if err != nil {
		return err
	}
	return i.store.DeletePrincipal(ctx, account.ID)
}

// maxDescription is the most characters a description may have.
const maxDescription = 1000

// checkAccount lists all that is wrong with what is given of a service account.
func checkAccount(name *string, role *sb.Role, description *string) error {
	return faulty("the service account is not valid", nameFaults(name), roleFaults(role), descriptionFaults(description))
}

// faulty is Invalid with every fault, nil for none.
func faulty(what string, faults ...[]sb.Fault) error {
	if all := slices.Concat(faults...); len(all) > 0 {
		return sb.Faulty(what, all...)
	}
	return nil
}

func roleFaults(role *sb.Role) []sb.Fault {
	if role == nil || role.Valid() {
		return nil
	}
	return []sb.Fault{{Location: "body.role", Message: "must be one of admin, member, collaborator, labeler, guest", Value: string(*role)}}
}

func descriptionFaults(description *string) []sb.Fault {
	if description == nil || len([]rune(*description)) <= maxDescription {
		return nil
	}
	return []sb.Fault{{Location: "body.description", Message: "must have at most 1000 characters"}}
}

func nameFaults(name *string) []sb.Fault {
	if name == nil {
		return nil
	}
	if wrong := sb.CheckName(*name); wrong != "" {
		return []sb.Fault{{Location: "body.name", Message: wrong}}
	}
	return nil
}

func noAccount(idOrName string) error {
	return sb.Errorf(sb.NotFound, "there is no service account %q", idOrName)
}

func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}
