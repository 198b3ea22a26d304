package identity

import (
	"crypto/rand"
	"crypto/sha256"
	"hash/crc32"
	"math/big"
	"strings"

	sb "signalbox"
)

// kind is a kind of key; its text is the prefix.
type kind string

const (
	apiKey          kind = "sbk_"
	orchestratorKey kind = "sbo_"
	runToken        kind = "sbr_"
	sessionToken    kind = "sbs_"
	deviceCode      kind = "sbd_"
	loginToken      kind = "sbl_"
	invitationToken kind = "sbi_"
)

var kinds = map[kind]string{
	apiKey: "an API key", orchestratorKey: "an orchestrator key", runToken: "a run token",
	sessionToken: "the token of a session", deviceCode: "a device code", loginToken: "a token of a login",
	invitationToken: "the token of an invitation",
}

// Lengths of a key after its prefix, in digits of base 62.
const (
	randomBytes    = 32
	randomDigits   = 43 // 62^43 > 2^256
	checksumDigits = 6  // 62^6 > 2^32
)

// NewAPIKey makes the secret of an API key, and the hash to keep of it.
func NewAPIKey() (secret string, hash []byte) { return newSecret(apiKey) }

// NewOrchestratorKey makes the secret of an orchestrator key, and the hash to keep of it.
func NewOrchestratorKey() (secret string, hash []byte) { return newSecret(orchestratorKey) }

// Hash is what is kept of a key: the SHA-256 of its whole text. The text holds 256 random bits, so that a fast hash
// is enough.
func Hash(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// newSecret makes a key: prefix, random part, checksum. The checksum lets scanners of leaked text be sure, and spares
// the database the question for a mistyped key.
func newSecret(k kind) (string, []byte) {
	random := make([]byte, randomBytes)
	_, _ = rand.Read(random) // never fails: the program ends first
	body := string(k) + digits(new(big.Int).SetBytes(random), randomDigits)
	secret := body + checksum(body)
	return secret, Hash(secret)
}

// checkKind demands a key of a kind that is whole.
func checkKind(secret string, want kind) error {
	for k, name := range kinds {
		if k != want && strings.HasPrefix(secret, string(k)) {
			return sb.Errorf(sb.Unauthenticated, "this call takes %s, not %s", kinds[want], name)
		}
	}
	body, sum, ok := cut(secret, len(want)+randomDigits)
	if !ok || !strings.HasPrefix(secret, string(want)) || sum != checksum(body) {
		return notKnown()
	}
	return nil
}

func cut(s string, n int) (head, tail string, ok bool) {
	if len(s) != n+checksumDigits {
		return "", "", false
	}
	return s[:n], s[n:], true
}

func checksum(body string) string {
	return digits(big.NewInt(int64(crc32.ChecksumIEEE([]byte(body)))), checksumDigits)
}

// digits writes a number in base 62 with leading zeros.
func digits(n *big.Int, width int) string {
	text := n.Text(62)
	return strings.Repeat("0", width-len(text)) + text
}
