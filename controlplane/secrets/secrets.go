// Package secrets keeps what must not be read at rest: it seals secret values before they reach the database, and
// signs what is handed out and comes back, such as run tokens.
//
// All of it hangs on one keyset: two Tink keysets, one for sealing and one that signing keys are derived from, so that
// neither use can weaken the other. It lies in a file, or in the database, where it is wrapped by a key that only a key
// service has. Who reads the keyset reads every secret: it belongs to the server's account alone, and in a backup of
// its own.
package secrets

import (
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyderivation"
	"github.com/tink-crypto/tink-go/v2/mac"
	"github.com/tink-crypto/tink-go/v2/tink"

	sb "signalbox"
)

// Keys seals, and derives what signs. It is safe for use by several goroutines and never changes.
type Keys struct {
	aead    tink.AEAD
	deriver keyderivation.KeysetDeriver
}

// Seal encrypts a value. The same associated data must be given to open it: it ties the value to its place, so that
// a sealed value moved to another row does not open there.
func (k *Keys) Seal(plain, associated []byte) ([]byte, error) {
	sealed, err := k.aead.Encrypt(plain, associated)
	if err != nil {
		return nil, sb.Wrap(err, sb.Internal, "a secret could not be sealed")
	}
	return sealed, nil
}

// Open decrypts what Seal gave for the same associated data, also before the keyset was rotated. Errors: Invalid (it
// was changed, belongs to another place, or was sealed by other keys).
func (k *Keys) Open(sealed, associated []byte) ([]byte, error) {
	plain, err := k.aead.Decrypt(sealed, associated)
	if err != nil {
		return nil, sb.Wrap(err, sb.Invalid, "a sealed secret does not open with this keyset")
	}
	return plain, nil
}

// Derive gives what signs for one purpose, such as "run tokens": keys that are of no use for any other purpose and tell
// nothing about each other. The same purpose gives the same keys as long as the keyset lives; rotated, a new one signs
// and all older ones still verify.
func (k *Keys) Derive(purpose string) (*Signer, error) {
	handle, err := k.deriver.DeriveKeyset([]byte(purpose))
	if err != nil {
		return nil, sb.Wrap(err, sb.Internal, "the keys for %s could not be derived", purpose)
	}
	m, err := mac.New(handle)
	if err != nil {
		return nil, sb.Wrap(err, sb.Internal, "the keys for %s cannot be used", purpose)
	}
	return &Signer{m}, nil
}

// Signer signs for one purpose. It is safe for use by several goroutines.
type Signer struct{ mac tink.MAC }

// MAC signs data.
func (s *Signer) MAC(data []byte) ([]byte, error) {
	tag, err := s.mac.ComputeMAC(data)
	if err != nil {
		return nil, sb.Wrap(err, sb.Internal, "a signature could not be made")
	}
	return tag, nil
}

// VerifyMAC tells whether tag is what MAC gave for the data. Errors: Invalid. The time it takes tells nothing.
func (s *Signer) VerifyMAC(tag, data []byte) error {
	if err := s.mac.VerifyMAC(tag, data); err != nil {
		return sb.Wrap(err, sb.Invalid, "the signature is not ours")
	}
	return nil
}

func newKeys(k keyset) (*Keys, error) {
	seal, err := handleOf(k.Seal)
	if err != nil {
		return nil, err
	}
	sign, err := handleOf(k.Sign)
	if err != nil {
		return nil, err
	}
	var keys Keys
	if keys.aead, err = aead.New(seal); err != nil {
		return nil, err
	}
	keys.deriver, err = keyderivation.New(sign)
	return &keys, err
}
