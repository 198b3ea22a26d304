package identity

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	sb "signalbox"
)

// maxToken bounds the text of a run token in bytes, before anything is computed from it.
const maxToken = 4096

// What stands before what is signed, so that a signature made for one use is never good for another.
const (
	runUse = "signalbox run token 1\n"
	endUse = "signalbox end token 1\n"
)

// Token makes the run token of one process of one attempt. It holds whom it is for, signed; nothing of it is kept.
func (i *Identity) Token(p sb.Process) (string, error) { return i.sign(runUse, p) }

// EndToken makes the token with which the worker of one process, or its shim, tells that the process has ended.
func (i *Identity) EndToken(p sb.Process) (string, error) { return i.sign(endUse, p) }

// RunToken reads whom a run token is for. Whether that process may still do something is the run's matter. Errors:
// Unauthenticated (another kind of key, or not signed by us).
func (i *Identity) RunToken(secret string) (sb.Process, error) { return i.read(runUse, secret) }

// EndsWork reads whose end an end token may tell. Errors: Unauthenticated.
func (i *Identity) EndsWork(secret string) (sb.Process, error) { return i.read(endUse, secret) }

func (i *Identity) sign(use string, p sb.Process) (string, error) {
	payload, err := json.Marshal(p)
	if err != nil {
		return "", sb.Wrap(err, sb.Internal, "a run token could not be made")
	}
	tag, err := i.mac.MAC(append([]byte(use), payload...))
	if err != nil {
		return "", err
	}
	return string(runToken) + encode(payload) + "." + encode(tag), nil
}

func (i *Identity) read(use, secret string) (sb.Process, error) {
	payload, tag, ok := splitToken(secret)
	if !ok {
		if err := checkKind(secret, runToken); err != nil {
			return sb.Process{}, err
		}
		return sb.Process{}, notKnown()
	}
	if err := i.mac.VerifyMAC(tag, append([]byte(use), payload...)); err != nil {
		return sb.Process{}, notKnown()
	}
	var p sb.Process
	if err := json.Unmarshal(payload, &p); err != nil {
		return sb.Process{}, notKnown()
	}
	return p, nil
}

func splitToken(secret string) (payload, tag []byte, ok bool) {
	text, found := strings.CutPrefix(secret, string(runToken))
	head, tail, dotted := strings.Cut(text, ".")
	if !found || !dotted || len(secret) > maxToken {
		return nil, nil, false
	}
	payload, err := decode(head)
	if err != nil {
		return nil, nil, false
	}
	tag, err = decode(tail)
	return payload, tag, err == nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func decode(s string) ([]byte, error) { return base64.RawURLEncoding.Strict().DecodeString(s) }
