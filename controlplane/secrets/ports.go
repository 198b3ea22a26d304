package secrets

import (
	"context"

	sb "signalbox"
)

// Store keeps the one wrapped keyset of a database, with the name of the key that wrapped it. Every method is one
// transaction. Errors: Unavailable.
type Store interface {
	// Keyset reads it. NotFound when there is none.
	Keyset(ctx context.Context) (wrapped, by string, err error)
	// CreateKeyset keeps it unless there is one, and reads the one that is there then.
	CreateKeyset(ctx context.Context, wrapped, by string) (there, thereBy string, err error)
	// ReplaceKeyset puts another in the place of the one that was read. Conflict when that one is gone.
	ReplaceKeyset(ctx context.Context, read, wrapped, by string) error
}

// SecretStore keeps the organisation's secrets as the vault sealed them. What is changed, and by whom, is audited with
// the change. Every method is one transaction. Errors: NotFound, Conflict, Unavailable.
type SecretStore interface {
	// Secrets reads a page by key.
	Secrets(ctx context.Context, cursor string, limit int) (sb.Page[sb.Secret], error)
	// CreateSecret keeps a new one. Conflict when the key is taken.
	CreateSecret(ctx context.Context, key, description string, sealed []byte) (sb.Secret, error)
	// UpdateSecret changes what is not nil.
	UpdateSecret(ctx context.Context, key string, sealed []byte, description *string) (sb.Secret, error)
	DeleteSecret(ctx context.Context, key string) error
	// SealedSecrets reads the values of those that exist, in one query.
	SealedSecrets(ctx context.Context, keys []string) (map[string][]byte, error)
}
