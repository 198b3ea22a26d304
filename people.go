package signalbox

import "time"

// Group is a named set of principals that datasets are shared with.
type Group struct {
	ID          string
	Name        string
	Description string
	Members     int // how many principals belong to it
	CreatedAt   time.Time
}

// PrincipalSort is an order of principals.
type PrincipalSort string

// The orders of principals; those of one place are by name.
const (
	PrincipalsByName   PrincipalSort = "name"   // the default
	PrincipalsByRole   PrincipalSort = "role"   // from most to least
	PrincipalsBySeen   PrincipalSort = "seen"   // the last login first, who never came last
	PrincipalsByNewest PrincipalSort = "newest" // made last first
)

// PrincipalQuery selects a page of principals. What is empty is not asked about.
type PrincipalQuery struct {
	Kind   PrincipalKind
	Search string // in the name or the email, in whatever case
	Roles  []Role
	Sort   PrincipalSort
	Cursor string
	Limit  int
}

// GroupMember is a principal of a group.
type GroupMember struct {
	Principal Principal
	LockedBy  string // the login provider whose mapping put it there; "" for an admin's decision
}

// Grant is what a dataset's manager gave to a principal or to a group: exactly one of the two is named.
type Grant struct {
	DatasetID   string
	PrincipalID string
	GroupID     string
	Permission  Permission // NoAccess removes the grant
}

// Holder is someone who has access to a dataset, with all that it rests on.
type Holder struct {
	Facts  Facts         // Own, Group, Via, Dataset and Principal are set
	Groups []GroupAccess // what each of his groups was granted
}

// HolderQuery selects a page of those who have access to a dataset, by name.
type HolderQuery struct {
	DatasetID string
	OnlyID    string // he alone; "" for all
	Search    string // in names and emails, whatever the case; "" for all
	Cursor    string
	Limit     int
}

// GroupAccess is what a group was granted on a dataset.
type GroupAccess struct {
	Group      Group
	Permission Permission
}

// Candidates are who a dataset may be shared with: the first that fit a search.
type Candidates struct {
	Principals []Principal
	Groups     []Group
}

// Step is one ground of a decision, in the order in which it was looked at.
type Step struct {
	Name   string `json:"name"`   // such as "role", "default access", "cap"
	Detail string `json:"detail"` // in words
}

// Explanation is a decision with its grounds. It always agrees with what would be decided.
type Explanation struct {
	Allowed bool
	Reason  string // in one sentence
	Steps   []Step
}

// Scope says what a change may touch, so that its effect can be read before and after. What is not named is not meant:
// a dataset alone means everyone who has access to it, a principal alone every dataset, a group with a dataset or a
// principal only its members or its datasets, an operator the runs that wait for it.
type Scope struct {
	DatasetID   string
	PrincipalID string
	GroupID     string
	Operator    string // URI
}

// Judge decides by facts; see controlplane/access.
type Judge interface {
	// Effective is what the principal of the facts may do with their dataset.
	Effective(f Facts) Permission
	// Check tells whether he may do something.
	Check(f Facts, a Action) error
	// Explain is Check with its grounds, for somebody who may know all of the facts.
	Explain(f Facts, a Action) Explanation
}

// Difference is a permission that a change raises or lowers. Without a dataset it is the most with which someone may run
// an operator: what his role allows at most, or NoAccess when he may not run it on any dataset.
type Difference struct {
	Principal Who
	Dataset   *Who
	Operator  string
	Before    Permission
	After     Permission
}

// MaxDifferences is the most entries of each list of an effect.
const MaxDifferences = 500

// Effect is what a change would do to permissions and to runs that wait. Each list holds at most MaxDifferences; More
// tells that there are others.
type Effect struct {
	Gain     []Difference
	Lose     []Difference
	Rejected []RejectedRun
	More     bool
}

// RejectedRun is a Scheduled run that would be rejected, and why.
type RejectedRun struct {
	Run    Run
	Reason string
}

// Login is what a provider says about someone who has just logged in there.
type Login struct {
	Provider string
	Subject  string // the provider's own id of the person; never shown
	Email    string // lower case; "" when the provider names none
	Verified bool   // whether Email may be believed
	Name     string
	Role     Role     // by mapping; "" when nothing maps
	Groups   []string // names, by mapping
	Maps     Maps
	Logout   []byte // what the provider wants to hear at logout; nil for nothing. Kept encrypted.
}

// Maps tells what a provider's mapping decides at each login.
type Maps struct {
	Role   bool
	Groups bool
}

// Pending is a login that has been begun and waits for the provider's answer.
type Pending struct {
	State      string // as the provider gives it back; kept as a hash
	Browser    string // held by the browser that began, in a cookie; kept as a hash
	Provider   string
	Nonce      string // of OpenID Connect, or the request id of SAML
	Verifier   string // of PKCE
	ReturnTo   string // a path of ours
	Invitation string // the token of the invitation it accepts; kept as a hash
	ExpiresAt  time.Time
}

// Session is a login that lasts. Its token is shown to the browser alone and kept as a hash.
type Session struct {
	ID          string
	PrincipalID string
	Provider    string // "" for a demonstration user
	Address     string
	Agent       string
	Logout      []byte // encrypted
	CreatedAt   time.Time
	SeenAt      time.Time
	ExpiresAt   time.Time // whatever is done with it
}

// UserSession is a session with whose it is.
type UserSession struct {
	Session
	User Principal
}

// Device is a program without a browser that asks to be logged in by a person who has one.
type Device struct {
	UserCode    string // what the person compares and types
	Address     string
	Agent       string
	PrincipalID string // "" until someone approved it
	ExpiresAt   time.Time
}
