package signalbox

import (
	"net/url"
	"strings"
	"time"
	"unicode"
)

// ProviderKind tells how a login provider speaks.
type ProviderKind string

// The kinds of provider.
const (
	OIDC ProviderKind = "oidc"
	SAML ProviderKind = "saml"
	Demo ProviderKind = "demo" // the demonstration users of `signalbox dev`
)

// Provider is a way to log in.
type Provider struct {
	Name  string // in addresses
	Label string // on its button
	Kind  ProviderKind
}

// Caller is a principal who has shown who he is, with the settings in force and how he did it.
type Caller struct {
	Principal Principal
	Settings  Settings
	Via       string   // "key:<id>" or "session:<id>"
	Session   *Session // nil for a key
}

// Answer is what a browser brings back from a login provider.
type Answer struct {
	Values      map[string][]string // of the query, or of the form for SAML
	Unsolicited bool                // it came to the path for logins that were not begun here
}

// Proof is a login that a provider has vouched for. An assertion is good once: its id is kept until nobody would
// believe it any more.
type Proof struct {
	Login     Login
	Assertion string // "" where the provider's answer cannot be used again anyway
	Until     time.Time
}

// LoginFacts are all that decides what a login leads to. They are read in one transaction, under the organisation's
// lock.
type LoginFacts struct {
	Settings   Settings
	Known      *Principal  // whom the identity belongs to
	SameEmail  *Principal  // the user with the login's verified address, when the identity is new
	Invitation *Invitation // the open one whose token came with the login
	Inviter    Facts       // about who made it, on its dataset
	Admins     int         // how many there are
}

// LoginPlan is what a login leads to.
type LoginPlan struct {
	Principal Principal // as he is to be; without an ID a new user
	Groups    []string  // names of groups that the mapping puts him into; nil leaves memberships alone
	Accept    bool      // he joins by the invitation
}

// DemoRole is a demonstration user: one for each role.
type DemoRole struct {
	Role Role
	Name string
}

// DemoProvider is the name under which identities of demonstration users are kept. An admin among them is never the last
// one: whoever switches the demonstration off must still get in.
const DemoProvider = "demo"

// DeviceProvider is the provider of a session that a program has, because a person who was logged in let it in.
const DeviceProvider = "device"

// DemoUsers are made with the demonstration's data, from most to least.
var DemoUsers = []DemoRole{
	{Admin, "Demo admin"},
	{Member, "Demo member"},
	{Collaborator, "Demo collaborator"},
	{Labeler, "Demo labeler"},
	{Guest, "Demo guest"},
}

// Welcome is a login that came to its end.
type Welcome struct {
	User     Principal
	Token    string // of the session; shown to the browser alone
	Session  Session
	ReturnTo string // a path of ours
}

// Asked is a program's request to be logged in, as it is told to the program.
type Asked struct {
	DeviceCode string
	UserCode   string
	Within     time.Duration
}

// maxPath is the most bytes of a path that a login comes back to.
const maxPath = 2048

// LocalPath gives a path of this server, with its query: where someone goes after he logged in. What could lead
// elsewhere becomes "/".
func LocalPath(text string) string {
	u, err := url.Parse(text)
	strange := strings.ContainsFunc(text, func(r rune) bool { return r == '\\' || unicode.IsControl(r) || r > unicode.MaxASCII })
	if err != nil || strange || len(text) > maxPath || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" ||
		!strings.HasPrefix(text, "/") || strings.HasPrefix(u.Path, "//") || strings.Contains(u.Path, "\\") {
		return "/"
	}
	return u.RequestURI()
}
