package identity

import (
	"context"
	"time"

	sb "signalbox"
)

// ServiceAccounts reads a page of service accounts, by name.
func (i *Identity) ServiceAccounts(ctx context.Context, cursor string, limit int) (sb.Page[sb.Principal], error) {
	return i.store.Principals(ctx, sb.ServiceAccount, cursor, limit)
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
// every fault, NotFound, Conflict (the name is taken, or the last admin would be demoted).
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
		set(&p.Role, role)
		set(&p.Description, description)
		return p, nil
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

// CreateKey makes an API key of a principal, and gives its secret this once. Errors: Invalid with every fault,
// NotFound.
func (i *Identity) CreateKey(ctx context.Context, principalID, name string, expires *time.Time) (sb.Key, string, error) {
	now, err := i.store.Now(ctx)
	if err != nil {
		return sb.Key{}, "", err
	}
	faults := nameFaults(&name)
	if expires != nil && !expires.After(now) {
		faults = append(faults, sb.Fault{Location: "body.expires_at", Message: "must lie in the future", Value: expires.UTC().Format(time.RFC3339)})
	}
	if len(faults) > 0 {
		return sb.Key{}, "", sb.Faulty("the key is not valid", faults...)
	}
	owner, err := i.store.Principal(ctx, principalID)
	if err != nil {
		return sb.Key{}, "", err
	}
	secret, hash := NewAPIKey()
	key, err := i.store.CreateKey(ctx, sb.Key{Owner: owner.ID, Name: name, ExpiresAt: expires}, hash)
	return withSecret(key, secret, err)
}

// CreateOrchestratorKey makes a key that opens the work of an orchestrator, and gives its secret this once. Errors:
// Invalid, NotFound.
func (i *Identity) CreateOrchestratorKey(ctx context.Context, orchestratorID, name string) (sb.Key, string, error) {
	if faults := nameFaults(&name); len(faults) > 0 {
		return sb.Key{}, "", sb.Faulty("the key is not valid", faults...)
	}
	secret, hash := NewOrchestratorKey()
	key, err := i.store.CreateKey(ctx, sb.Key{Owner: orchestratorID, Name: name}, hash)
	return withSecret(key, secret, err)
}

// Keys reads the keys of a principal or an orchestrator, without their secrets.
func (i *Identity) Keys(ctx context.Context, owner string) ([]sb.Key, error) {
	return i.store.Keys(ctx, owner)
}

// DeleteKey ends a key at once. Errors: NotFound.
func (i *Identity) DeleteKey(ctx context.Context, owner, id string) error {
	return i.store.DeleteKey(ctx, owner, id)
}

func withSecret(key sb.Key, secret string, err error) (sb.Key, string, error) {
	if err != nil {
		return sb.Key{}, "", err
	}
	return key, secret, nil
}

// maxDescription is the most characters a description may have.
const maxDescription = 1000

// checkAccount lists all that is wrong with what is given of a service account.
func checkAccount(name *string, role *sb.Role, description *string) error {
	faults := nameFaults(name)
	if role != nil && !role.Valid() {
		faults = append(faults, sb.Fault{Location: "body.role", Message: "must be one of admin, member, collaborator, labeler, guest", Value: string(*role)})
	}
	if description != nil && len([]rune(*description)) > maxDescription {
		faults = append(faults, sb.Fault{Location: "body.description", Message: "must have at most 1000 characters"})
	}
	if len(faults) == 0 {
		return nil
	}
	return sb.Faulty("the service account is not valid", faults...)
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
