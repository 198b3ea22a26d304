package identity

import (
	"context"
	"slices"
	"time"

	sb "signalbox"
)

// CreateKey makes an API key of a principal, and gives its secret this once. Errors: Invalid with every fault,
// NotFound, and where the settings keep the owner's role from using keys, so that this one would open nothing: Forbidden
// for one's own, Conflict for a service account's.
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
	if err := i.mayHoldKeys(ctx, owner); err != nil {
		return sb.Key{}, "", err
	}
	secret, hash := NewAPIKey()
	key, err := i.store.CreateKey(ctx, sb.Key{Owner: owner.ID, Name: name, ExpiresAt: expires}, hash)
	return withSecret(key, secret, err)
}

// mayHoldKeys demands that the owner's role may use API keys.
func (i *Identity) mayHoldKeys(ctx context.Context, owner sb.Principal) error {
	settings, err := i.store.Settings(ctx)
	if err != nil || slices.Contains(settings.APIKeyRoles, owner.Role) {
		return err
	}
	if owner.Kind == sb.ServiceAccount {
		return sb.Errorf(sb.Conflict, "the role %s of %s may not use API keys: give it another role, or allow this one in the settings (api_key_roles)", owner.Role, owner.Name)
	}
	return sb.Errorf(sb.Forbidden, "your role %s may not use API keys; an admin can allow it in the settings (api_key_roles)", owner.Role)
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
