// Package secrets keeps what must not be read at rest: it seals secret values before they reach the database, and
// signs what is handed out and comes back, such as run tokens.
//
// One file holds two Tink keysets, one for sealing and one for signing, so that neither use can weaken the other.
// Who reads the file reads every secret: it belongs to the server's account alone, and in a backup of its own.
package secrets

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/mac"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
	"github.com/tink-crypto/tink-go/v2/tink"

	sb "signalbox"
)

// Keys seals and signs. It is safe for use by several goroutines and never changes.
type Keys struct {
	aead tink.AEAD
	mac  tink.MAC
}

// file is the keyset file: two keysets in Tink's JSON form.
type file struct {
	Seal json.RawMessage `json:"seal"`
	Sign json.RawMessage `json:"sign"`
}

// Create makes fresh keys in a new file of mode 0600. It never replaces a file, because what the old keys sealed
// would be lost. Errors: Conflict (there is a file already), Unavailable (it could not be written).
func Create(path string) (*Keys, error) {
	content, err := generate()
	if err != nil {
		return nil, sb.Wrap(err, sb.Internal, "no keys could be made")
	}
	if err := writeNew(path, content); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return nil, sb.Errorf(sb.Conflict, "the keyset file %s exists already", path)
		}
		return nil, sb.Wrap(err, sb.Unavailable, "the keyset file %s could not be written", path)
	}
	return Open(path)
}

// Open reads the keys from a file that Create made, or from one of the same form. Errors: NotFound (there is no
// such file), Invalid (it holds no keys, or names a key service, which is not supported yet).
func Open(path string) (*Keys, error) {
	if strings.Contains(path, "://") {
		return nil, sb.Errorf(sb.Invalid, "the keyset must be a file; keys of a key service are not supported yet")
	}
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, sb.Errorf(sb.NotFound, "there is no keyset file %s", path)
	}
	if err != nil {
		return nil, sb.Wrap(err, sb.Unavailable, "the keyset file %s could not be read", path)
	}
	keys, err := parse(content)
	if err != nil {
		return nil, sb.Wrap(err, sb.Invalid, "the file %s does not hold a Signalbox keyset", path)
	}
	return keys, nil
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

// Open decrypts what Seal gave for the same associated data. Errors: Invalid (it was changed, belongs to another
// place, or was sealed by other keys).
func (k *Keys) Open(sealed, associated []byte) ([]byte, error) {
	plain, err := k.aead.Decrypt(sealed, associated)
	if err != nil {
		return nil, sb.Wrap(err, sb.Invalid, "a sealed secret does not open with this keyset")
	}
	return plain, nil
}

// MAC signs data.
func (k *Keys) MAC(data []byte) ([]byte, error) {
	tag, err := k.mac.ComputeMAC(data)
	if err != nil {
		return nil, sb.Wrap(err, sb.Internal, "a token could not be signed")
	}
	return tag, nil
}

// VerifyMAC tells whether tag is what MAC gave for the data. Errors: Invalid. The time it takes tells nothing.
func (k *Keys) VerifyMAC(tag, data []byte) error {
	if err := k.mac.VerifyMAC(tag, data); err != nil {
		return sb.Wrap(err, sb.Invalid, "the signature is not ours")
	}
	return nil
}

func generate() ([]byte, error) {
	seal, err := fresh(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, err
	}
	sign, err := fresh(mac.HMACSHA256Tag256KeyTemplate())
	if err != nil {
		return nil, err
	}
	return json.MarshalIndent(file{Seal: seal, Sign: sign}, "", "  ")
}

func fresh(template *tinkpb.KeyTemplate) (json.RawMessage, error) {
	handle, err := keyset.NewHandle(template)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&out))
	return out.Bytes(), err
}

func parse(content []byte) (*Keys, error) {
	var f file
	if err := json.Unmarshal(content, &f); err != nil {
		return nil, err
	}
	seal, err := handle(f.Seal)
	if err != nil {
		return nil, err
	}
	sign, err := handle(f.Sign)
	if err != nil {
		return nil, err
	}
	var k Keys
	if k.aead, err = aead.New(seal); err != nil {
		return nil, err
	}
	k.mac, err = mac.New(sign)
	return &k, err
}

func handle(raw json.RawMessage) (*keyset.Handle, error) {
	return insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(raw)))
}

// writeNew writes a file that must not exist yet and returns when it is durable.
func writeNew(path string, content []byte) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, f.Close())
		if err != nil {
			_ = os.Remove(path) // half a keyset would be refused at the next start
		}
	}()
	if _, err = f.Write(append(content, '\n')); err != nil {
		return err
	}
	return f.Sync()
}
