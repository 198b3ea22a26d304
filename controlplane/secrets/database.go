package secrets

import (
	"context"
	"encoding/base64"
	"errors"

	"github.com/tink-crypto/tink-go/v2/aead"

	sb "signalbox"
)

// database is a keyset in the database, wrapped by a key of a key service: neither alone opens anything.
type database struct {
	store Store
	key   *key
}

// wrappedFor is sealed into what lies in the database, so that nothing else that the key may have wrapped passes for it.
var wrappedFor = []byte("signalbox keyset 1")

func (d database) name() string { return "the database" }

func (d database) read(ctx context.Context) ([]byte, string, error) {
	wrapped, by, err := d.store.Keyset(ctx)
	if err != nil {
		return nil, "", err
	}
	text, err := d.unwrap(ctx, wrapped, by)
	return text, wrapped, err
}

// first makes a keyset, unless another replica was faster, and gives the one that is there then.
func (d database) first(ctx context.Context) ([]byte, error) {
	text, err := fresh()
	if err != nil {
		return nil, err
	}
	wrapped, err := d.wrap(ctx, text)
	if err != nil {
		return nil, err
	}
	there, by, err := d.store.CreateKeyset(ctx, wrapped, d.key.name)
	if err != nil || there == wrapped {
		return text, err
	}
	return d.unwrap(ctx, there, by)
}

func (d database) create(ctx context.Context, text []byte) error {
	wrapped, err := d.wrap(ctx, text)
	if err != nil {
		return err
	}
	there, by, err := d.store.CreateKeyset(ctx, wrapped, d.key.name)
	if err == nil && there != wrapped {
		return sb.Errorf(sb.Conflict, "the database has a keyset already, wrapped by %s; it is not replaced by another, because what it sealed would be lost", by)
	}
	return err
}

func (d database) replace(ctx context.Context, token string, text []byte) error {
	wrapped, err := d.wrap(ctx, text)
	if err != nil {
		return err
	}
	return d.store.ReplaceKeyset(ctx, token, wrapped, d.key.name)
}

// wrap encrypts with a key of its own, which the key service encrypts: it limits what it takes to a few kilobytes, and
// a keyset grows.
func (d database) wrap(ctx context.Context, text []byte) (string, error) {
	envelope, err := aead.NewKMSEnvelopeAEADWithContext(aead.AES256GCMKeyTemplate(), d.key)
	if err != nil {
		return "", err
	}
	wrapped, err := envelope.EncryptWithContext(ctx, text, wrappedFor)
	return base64.StdEncoding.EncodeToString(wrapped), err
}

func (d database) unwrap(ctx context.Context, wrapped, by string) ([]byte, error) {
	sealed, err := base64.StdEncoding.DecodeString(wrapped)
	if err != nil {
		return nil, damaged()
	}
	envelope, err := aead.NewKMSEnvelopeAEADWithContext(aead.AES256GCMKeyTemplate(), d.key.unwrapping(by))
	if err != nil {
		return nil, err
	}
	text, err := envelope.DecryptWithContext(ctx, sealed, wrappedFor)
	var ours *sb.Error
	if err == nil || errors.As(err, &ours) || ctx.Err() != nil {
		return text, err
	}
	return nil, damaged()
}

func damaged() error {
	return sb.Errorf(sb.Invalid, "the keyset in the database is damaged; bring it back from a backup of the database")
}
