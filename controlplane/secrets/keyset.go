package secrets

import (
	"bytes"
	"encoding/json"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyderivation"
	tink "github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/mac"
	"github.com/tink-crypto/tink-go/v2/prf"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
)

// keyset is the text of a keyset: two keysets in Tink's JSON form. In each, one key is in use, those before it open and
// verify what they once made, and the one behind it waits for the next rotation. So replicas know a key before any of
// them uses it, and a rotation needs no moment at which all of them stand still.
type keyset struct {
	Seal json.RawMessage `json:"seal"`
	Sign json.RawMessage `json:"sign"`
}

// generate makes a new keyset.
func generate() (k keyset, err error) { return k.rotated() }

// rotated is the keyset with the waiting keys in use, and new ones in waiting.
func (k keyset) rotated() (keyset, error) {
	seal, err := rotate(k.Seal, aead.AES256GCMKeyTemplate())
	if err != nil {
		return keyset{}, err
	}
	template, err := keyderivation.CreatePRFBasedKeyTemplate(prf.HKDFSHA256PRFKeyTemplate(), mac.HMACSHA256Tag256KeyTemplate())
	if err != nil {
		return keyset{}, err
	}
	sign, err := rotate(k.Sign, template)
	return keyset{Seal: seal, Sign: sign}, err
}

// rotate puts the waiting key in use, and a new one in waiting. A keyset without one, such as an empty one, gets both.
func rotate(raw json.RawMessage, template *tinkpb.KeyTemplate) (json.RawMessage, error) {
	manager := tink.NewManager()
	waiting, found := uint32(0), false
	if raw != nil {
		handle, err := handleOf(raw)
		if err != nil {
			return nil, err
		}
		last, err := handle.Entry(handle.Len() - 1)
		if err != nil {
			return nil, err
		}
		manager = tink.NewManagerFromHandle(handle)
		waiting, found = last.KeyID(), !last.IsPrimary()
	}
	if !found {
		var err error
		if waiting, err = manager.Add(template); err != nil {
			return nil, err
		}
	}
	if err := manager.SetPrimary(waiting); err != nil {
		return nil, err
	}
	if _, err := manager.Add(template); err != nil {
		return nil, err
	}
	handle, err := manager.Handle()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = insecurecleartextkeyset.Write(handle, tink.NewJSONWriter(&out))
	return out.Bytes(), err
}

func (k keyset) text() ([]byte, error) {
	text, err := json.MarshalIndent(k, "", "  ")
	return append(text, '\n'), err
}

func parse(text []byte) (k keyset, err error) {
	err = json.Unmarshal(text, &k)
	return k, err
}

func handleOf(raw json.RawMessage) (*tink.Handle, error) {
	return insecurecleartextkeyset.Read(tink.NewJSONReader(bytes.NewReader(raw)))
}
