package secrets

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"gocloud.dev/gcerrors"
	"gocloud.dev/gcp"
	cloud "gocloud.dev/secrets"
	"gocloud.dev/secrets/awskms"
	"gocloud.dev/secrets/gcpkms"
	"gocloud.dev/secrets/localsecrets"

	sb "signalbox"
)

// askAtMost bounds one question to a key service, with what the library tries again by itself.
const askAtMost = 30 * time.Second

// Forms says how the URI of a wrapping key is written, for the errors that refuse one.
const Forms = "write awskms://alias/NAME?region=REGION, awskms:///ARN?region=REGION, gcpkms://projects/P/locations/L/keyRings/R/cryptoKeys/K, or base64key:// and 32 bytes in base64"

// key is a key that wraps keysets. It is an AEAD as Tink asks for one, without associated data.
type key struct {
	keeper *cloud.Keeper
	name   string // for errors and the database: the URI without its options, and without key material
	by     string // to unwrap: the key that wrapped
	close  func()
}

// openKey opens the key that a URI names; nothing is asked of the key service yet. Errors quote no URI that may hold
// key material: Invalid, Unavailable (no credentials).
func openKey(ctx context.Context, uri string) (*key, error) {
	scheme, rest, _ := strings.Cut(uri, "://")
	if scheme == localsecrets.Scheme {
		return openLocal(rest)
	}
	u, err := url.Parse(uri)
	if err != nil || u.User != nil || !slices.Contains([]string{awskms.Scheme, gcpkms.Scheme}, scheme) {
		return nil, sb.Errorf(sb.Invalid, "the URI of the key that wraps the keyset cannot be used; %s", Forms)
	}
	k := &key{name: scheme + "://" + strings.TrimPrefix(path.Join(u.Host, u.Path), "/")}
	if scheme == awskms.Scheme {
		err = k.openAWS(ctx, u)
	} else {
		err = k.openGoogle(ctx, u)
	}
	return k, err
}

// openLocal takes the key itself from the setting, in either alphabet of base64: for platforms that keep secrets for
// the environment. An empty one, which the library would fill with a random key, could never be opened again.
func openLocal(text string) (*key, error) {
	text = strings.NewReplacer("-", "+", "_", "/", "=", "").Replace(strings.TrimSpace(text))
	raw, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil || len(raw) != 32 {
		return nil, sb.Errorf(sb.Invalid, "a base64key:// URI holds 32 random bytes in base64, such as `openssl rand -base64 32` prints")
	}
	k := &key{keeper: localsecrets.NewKeeper([32]byte(raw)), name: localsecrets.Scheme + "://"}
	k.close = func() { _ = k.keeper.Close() }
	return k, nil
}

func (k *key) openAWS(ctx context.Context, u *url.URL) (err error) {
	if k.keeper, err = new(awskms.URLOpener).OpenKeeperURL(ctx, u); err != nil {
		return sb.Errorf(sb.Invalid, "the key %s cannot be used: %v; %s", k.name, err, Forms)
	}
	k.close = func() { _ = k.keeper.Close() }
	return nil
}

func (k *key) openGoogle(ctx context.Context, u *url.URL) error {
	credentials, err := gcp.DefaultCredentials(ctx)
	if err != nil {
		return sb.Errorf(sb.Unavailable, "there are no Google credentials for the key %s; set GOOGLE_APPLICATION_CREDENTIALS, or run where a service account is attached", k.name)
	}
	client, hangUp, err := gcpkms.Dial(ctx, gcp.CredentialsTokenSource(credentials))
	if err != nil {
		return sb.Errorf(sb.Unavailable, "the key service of %s cannot be asked: %v", k.name, err)
	}
	k.keeper, err = (&gcpkms.URLOpener{Client: client}).OpenKeeperURL(ctx, u)
	if err != nil {
		hangUp()
		return sb.Errorf(sb.Invalid, "the key %s cannot be used: %v; %s", k.name, err, Forms)
	}
	k.close = func() {
		_ = k.keeper.Close()
		hangUp()
	}
	return nil
}

// unwrapping is the key, with the name of the one that wrapped for its errors.
func (k *key) unwrapping(by string) *key { return &key{keeper: k.keeper, name: k.name, by: by} }

// EncryptWithContext wraps a key.
func (k *key) EncryptWithContext(ctx context.Context, plain, _ []byte) ([]byte, error) {
	ctx, done := context.WithTimeout(ctx, askAtMost)
	defer done()
	wrapped, err := k.keeper.Encrypt(ctx, plain)
	return wrapped, k.fail(ctx, err)
}

// DecryptWithContext unwraps a key.
func (k *key) DecryptWithContext(ctx context.Context, wrapped, _ []byte) ([]byte, error) {
	ctx, done := context.WithTimeout(ctx, askAtMost)
	defer done()
	plain, err := k.keeper.Decrypt(ctx, wrapped)
	return plain, k.fail(ctx, err)
}

// fail says what a key service's answer means for whoever runs Signalbox, and what it said, which names keys and
// accounts but holds no secret. The cause is not kept, for its connection is not one to Signalbox, about which the
// command line would give advice.
func (k *key) fail(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	hint := ""
	if k.by != "" && k.by != k.name {
		hint = "; the keyset in the database was wrapped by " + k.by + ", so set SIGNALBOX_KEYSET to that key"
	}
	said := err
	var wrapped interface{ Unwrap() []error }
	if errors.As(err, &wrapped) {
		said = wrapped.Unwrap()[0] // without the library's own words
	}
	code := gcerrors.Code(err)
	var answer interface{ ErrorCode() string } // AWS has more codes than the library knows
	switch {
	case k.by != "" && (code == gcerrors.InvalidArgument || k.local()):
		return sb.Errorf(sb.Invalid, "the key %s does not open the keyset in the database%s", k.name, cmp.Or(hint, "; it is not the key that wrapped it"))
	case slices.Contains(refusals, code) || code == gcerrors.Unknown && errors.As(err, &answer):
		return sb.Errorf(sb.Forbidden, "the key service refuses the use of %s: the key must exist, be symmetric and enabled, and this process needs credentials with the right to encrypt and decrypt with it%s (%v)", k.name, hint, said)
	}
	return sb.Errorf(sb.Unavailable, "the key service cannot be asked about %s: is it reachable from here, and are region and credentials right?%s (%v)", k.name, hint, said)
}

// refusals are the answers that asking again does not change.
var refusals = []gcerrors.ErrorCode{gcerrors.NotFound, gcerrors.InvalidArgument, gcerrors.FailedPrecondition, gcerrors.PermissionDenied}

func (k *key) local() bool { return strings.HasPrefix(k.name, localsecrets.Scheme+"://") }
