package signalbox

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// Origin is who does something, and from where. It travels in the context, so that what is changed and who changed it
// are written in one transaction.
type Origin struct {
	Actor   Who
	Kind    PrincipalKind // "" for the system itself
	Address string        // of the client
	Request string        // the request's id
	Via     string        // "key:<id>", "session:<id>", "login:<provider>", "" for a command on the machine itself
}

type originKey struct{}

// WithOrigin says who acts in this context.
func WithOrigin(ctx context.Context, o Origin) context.Context {
	return context.WithValue(ctx, originKey{}, o)
}

// OriginOf tells who acts in a context: without one, the system itself.
func OriginOf(ctx context.Context) Origin {
	if o, ok := ctx.Value(originKey{}).(Origin); ok {
		return o
	}
	return Origin{Actor: Who{Name: "system"}}
}

// AuditOutcome is how an act that is audited ended.
type AuditOutcome string

// The outcomes.
const (
	AuditDone    AuditOutcome = "done"
	AuditRefused AuditOutcome = "refused" // forbidden, or a login that failed
)

// Object names what an act was about.
type Object struct {
	Kind string // such as "dataset", "user", "plugin"
	ID   string
	Name string // at the time of the act
}

// AuditEntry is one line of the audit log. A sealed one is chained to those before it.
type AuditEntry struct {
	ID      string
	At      time.Time
	Origin  Origin
	Action  string // such as "dataset.create"
	Object  Object
	Outcome AuditOutcome
	Count   int64           // of equal refusals in one minute; 1 otherwise
	Detail  json.RawMessage // what changed; never a secret. null for nothing
	Chain   int64           // its place in the sealed chain, from 1; 0 while it is not sealed
	MAC     string          // hex, over the entry and the MAC before it; "" while it is not sealed
}

// AuditQuery asks for a page of the audit log, newest first.
type AuditQuery struct {
	Actor   string // id
	Action  string // exact, or a noun alone: "dataset" means "dataset.…"
	Object  string // id
	Outcome AuditOutcome
	Since   time.Time
	Until   time.Time
	Cursor  string
	Limit   int
}

// AuditHead is the newest link of the chain. Whoever keeps one elsewhere can tell later whether anything before it was
// removed, changed or cut off.
type AuditHead struct {
	Chain int64
	MAC   string
}

// String writes a head as it is kept elsewhere: the place, a colon, the MAC.
func (h AuditHead) String() string { return strconv.FormatInt(h.Chain, 10) + ":" + h.MAC }

// ParseAuditHead reads what String wrote. Errors: Invalid.
func ParseAuditHead(text string) (AuditHead, error) {
	place, mac, found := strings.Cut(strings.TrimSpace(text), ":")
	n, err := strconv.ParseInt(place, 10, 64)
	if _, bad := hex.DecodeString(mac); !found || err != nil || n < 1 || mac == "" || bad != nil {
		return AuditHead{}, Errorf(Invalid, "a head of the audit log is its place in the chain, a colon and its MAC in hex, such as 1024:01ab…")
	}
	return AuditHead{Chain: n, MAC: strings.ToLower(mac)}, nil
}

// AuditCheck is what reading the whole chain has shown.
type AuditCheck struct {
	Entries int64     // how many were read
	Head    AuditHead // the newest link
	Faults  []string  // in words, each with the entry it is about; none when the chain is whole
	More    bool      // there are more faults than are told
}
