package config

import (
	"slices"
	"strings"

	sb "signalbox"
)

// Secrets is the key of what is kept sealed.
type Secrets struct {
	Keyset string `envconfig:"SIGNALBOX_KEYSET" shown:"in dev a file in the data folder" desc:"The keys that seal secrets and sign tokens: a file; or the URI of a key service's key (awskms://, gcpkms://) or of a key in the URI itself (base64key://), which wraps them in the database. All replicas share it; serve does not start without it."`
}

// validate does not quote the setting: it may hold a key.
func (s *Secrets) validate() []sb.Fault {
	scheme, _, uri := strings.Cut(s.Keyset, "://")
	return fault(!uri || slices.Contains([]string{"awskms", "gcpkms", "base64key"}, scheme), "SIGNALBOX_KEYSET",
		"must be a file, or a URI that begins with awskms://, gcpkms:// or base64key://", nil)
}
