// Package identity says who a caller is, and keeps service accounts and keys.
//
// There are three kinds of key, each with a prefix of its own: API keys (sbk_) of people and service accounts,
// orchestrator keys (sbo_) of workers and tasks, and run tokens (sbr_) of one process of one attempt. A door that
// takes one kind answers the others like a key it has never seen. Keys are kept as hashes only; run tokens are not
// kept at all, their signature is enough.
package identity

import (
	"context"
	"slices"

	sb "signalbox"
)

// MAC signs run tokens. VerifyMAC fails for data that MAC did not sign.
type MAC interface {
	MAC(data []byte) ([]byte, error)
	VerifyMAC(tag, data []byte) error
}

// Identity knows callers by their keys. It is safe for use by several goroutines.
type Identity struct {
	store Store
	mac   MAC
}

// New makes an Identity that keeps principals and keys in the store and signs run tokens with the MAC.
func New(store Store, mac MAC) *Identity { return &Identity{store: store, mac: mac} }

// APIKey finds who holds an API key, with the organisation's settings, which hold the right of his role to use keys.
// Errors: Unauthenticated (another kind of key, unknown, expired, or the role may not use keys), Unavailable.
func (i *Identity) APIKey(ctx context.Context, secret string) (sb.Caller, error) {
	if err := checkKind(secret, apiKey); err != nil {
		return sb.Caller{}, err
	}
	c, err := i.store.PrincipalOfKey(ctx, Hash(secret))
	if err != nil {
		return sb.Caller{}, unknown(err)
	}
	if role := c.Principal.Role; !slices.Contains(c.Settings.APIKeyRoles, role) {
		return sb.Caller{}, sb.Errorf(sb.Unauthenticated, "the role %s may not use API keys", role)
	}
	return c, nil
}

// OrchestratorKey finds which orchestrator's work a key opens. Errors: Unauthenticated, Unavailable.
func (i *Identity) OrchestratorKey(ctx context.Context, secret string) (string, error) {
	if err := checkKind(secret, orchestratorKey); err != nil {
		return "", err
	}
	id, err := i.store.OrchestratorOfKey(ctx, Hash(secret))
	if err != nil {
		return "", unknown(err)
	}
	return id, nil
}

// unknown hides whether a key never existed, has expired or was deleted; other errors stay what they are.
func unknown(err error) error {
	if sb.CodeOf(err) == sb.NotFound {
		return notKnown()
	}
	return err
}

func notKnown() error {
	return sb.Errorf(sb.Unauthenticated, "this key is not known here, or is no longer valid")
}
