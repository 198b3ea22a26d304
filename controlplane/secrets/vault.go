package secrets

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	sb "signalbox"
)

// Vault keeps the organisation's named secrets: sealed, each tied to its key, so that the value of one row does not open
// in another. Values go in, and out to the work of operators that ask for them; nobody reads them back. It is safe for
// use by several goroutines.
type Vault struct {
	store SecretStore
	keys  *Keys
}

// NewVault makes a vault.
func NewVault(store SecretStore, keys *Keys) *Vault { return &Vault{store, keys} }

// maxDescription bounds a secret's description, in bytes.
const maxDescription = 1000

// Secrets reads a page of secrets by key, without their values.
func (v *Vault) Secrets(ctx context.Context, cursor string, limit int) (sb.Page[sb.Secret], error) {
	return v.store.Secrets(ctx, cursor, limit)
}

// CreateSecret keeps a new secret. Errors: Invalid with every fault, none of which quotes the value; Conflict (it exists).
func (v *Vault) CreateSecret(ctx context.Context, key, value, description string) (sb.Secret, error) {
	if err := check(&key, &value, &description); err != nil {
		return sb.Secret{}, err
	}
	sealed, err := v.keys.Seal([]byte(value), tie(key))
	if err != nil {
		return sb.Secret{}, err
	}
	return v.store.CreateSecret(ctx, key, description, sealed)
}

// UpdateSecret changes what is not nil. Errors: Invalid with every fault, NotFound.
func (v *Vault) UpdateSecret(ctx context.Context, key string, value, description *string) (sb.Secret, error) {
	if err := check(nil, value, description); err != nil {
		return sb.Secret{}, err
	}
	var sealed []byte
	if value != nil {
		var err error
		if sealed, err = v.keys.Seal([]byte(*value), tie(key)); err != nil {
			return sb.Secret{}, err
		}
	}
	return v.store.UpdateSecret(ctx, key, sealed, description)
}

// DeleteSecret ends a secret; work that was given it keeps it. Errors: NotFound.
func (v *Vault) DeleteSecret(ctx context.Context, key string) error {
	return v.store.DeleteSecret(ctx, key)
}

// Values gives the values of secrets by their keys; those that do not exist are left out. Errors: Invalid (some do not
// open with these keys; the others are given), Unavailable.
func (v *Vault) Values(ctx context.Context, keys []string) (map[string]string, error) {
	sealed, err := v.store.SealedSecrets(ctx, keys)
	if err != nil {
		return nil, err
	}
	values := make(map[string]string, len(sealed))
	var closed []string
	var causes []error
	for _, key := range slices.Sorted(maps.Keys(sealed)) {
		plain, err := v.keys.Open(sealed[key], tie(key))
		if err != nil {
			closed, causes = append(closed, key), append(causes, err)
			continue
		}
		values[key] = string(plain)
	}
	if closed == nil {
		return values, nil
	}
	return values, sb.Wrap(errors.Join(causes...), sb.Invalid,
		"the server's keyset does not open the secret %s; an admin must enter its value again", strings.Join(closed, ", "))
}

// Lend seals values for the claim of a process, and no other.
func (v *Vault) Lend(values map[string]string, p sb.Process) ([]byte, error) {
	plain, err := json.Marshal(values)
	if err != nil {
		return nil, err
	}
	return v.keys.Seal(plain, tieOf(p))
}

// Lent opens what Lend sealed for the same process. Errors: Invalid.
func (v *Vault) Lent(sealed []byte, p sb.Process) (values map[string]string, err error) {
	plain, err := v.keys.Open(sealed, tieOf(p))
	if err != nil {
		return nil, err
	}
	return values, json.Unmarshal(plain, &values)
}

func tieOf(p sb.Process) []byte {
	return fmt.Appendf(nil, "claim %s/%d/%q/%d", p.Run, p.Attempt, p.Source, p.Try)
}

// tie names the place of a sealed value, which ties it to its key.
func tie(key string) []byte { return []byte("secret " + key) }

// check lists every fault of what is not nil. Neither key nor value is quoted: some mix them up.
func check(key, value, description *string) error {
	var found []sb.Fault
	add := func(location, wrong string) {
		if wrong != "" {
			found = append(found, sb.Fault{Location: location, Message: wrong})
		}
	}
	if key != nil {
		add("body.key", sb.CheckSecretKey(*key))
	}
	if value != nil {
		add("body.value", sb.CheckSecret(*value))
	}
	if description != nil && len(*description) > maxDescription {
		add("body.description", "a description has at most 1000 bytes")
	}
	if found == nil {
		return nil
	}
	return sb.Faulty("the secret cannot be kept as it is", found...)
}
