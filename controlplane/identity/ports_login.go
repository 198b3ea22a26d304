package identity

import (
	"context"
	"time"

	sb "signalbox"
)

// LoginStore keeps logins, sessions and devices. Secrets are given to it as hashes. Every method is one transaction.
// Errors: NotFound, Conflict, Unavailable.
type LoginStore interface {
	BeginLogin(ctx context.Context, p sb.Pending, lasts time.Duration) error
	// TakeLogin gives the waiting login of a browser, once.
	TakeLogin(ctx context.Context, provider, state, browser string) (sb.Pending, error)
	// UseAssertion notes that an assertion was used. Conflict when it was before.
	UseAssertion(ctx context.Context, provider, id string, until time.Time) error
	// LogIn finds or makes the user of a login, as a pure function decides, under the organisation's lock.
	LogIn(ctx context.Context, l sb.Login, invitation string, decide func(sb.LoginFacts) (sb.LoginPlan, error)) (sb.Principal, error)

	// SuspendUsers lets nobody in any more whom a provider let in: keys and sessions end, the users are as if deleted, and
	// ReviveUsers brings them back with what they were given.
	SuspendUsers(ctx context.Context, provider string) error
	ReviveUsers(ctx context.Context, provider string) error

	CreateSession(ctx context.Context, v sb.Session, hash []byte, lasts time.Duration) (sb.Session, error)
	// PrincipalOfSession finds whose session it is, in one query, and notes its use unless quietly.
	PrincipalOfSession(ctx context.Context, hash []byte, idle time.Duration, quietly bool) (sb.Caller, error)
	Sessions(ctx context.Context, principalID string, idle time.Duration) ([]sb.Session, error)
	// AllSessions reads a page of everybody's, newest first; of those whose name or email holds the search.
	AllSessions(ctx context.Context, search string, idle time.Duration, cursor string, limit int) (sb.Page[sb.UserSession], error)
	// EndSession ends a session of a user, of whomever for "".
	EndSession(ctx context.Context, principalID, id string) (sb.Session, error)
	EndSessions(ctx context.Context, principalID, but string) error

	CreateDevice(ctx context.Context, d sb.Device, hash []byte, lasts time.Duration) error
	Device(ctx context.Context, userCode string) (sb.Device, error)
	// AnswerDevice lets a program in as a user, or with "" refuses it.
	AnswerDevice(ctx context.Context, userCode, principalID string) error
	// TakeDevice reads the request of a device code; an approved one is given once.
	TakeDevice(ctx context.Context, hash []byte) (sb.Device, error)
}

// Sealer encrypts what must not be read at rest, tied to its place.
type Sealer interface {
	Seal(plain, associated []byte) ([]byte, error)
	Open(sealed, associated []byte) ([]byte, error)
}

// Provider is a login provider of the organisation. It is safe for use by several goroutines, and may be down: it is
// asked when someone logs in. Errors: Unauthenticated (the answer proves nothing; the cause says why, for the log),
// Unavailable (the provider cannot be reached).
type Provider interface {
	About() sb.Provider
	// Begin gives the address where a browser logs in. It fills in what must be kept until the answer comes, besides
	// the State, which is set and comes back with the answer.
	Begin(ctx context.Context, p *sb.Pending) (address string, err error)
	// Finish checks an answer. The pending login is the one that its browser began; nil for an unsolicited answer,
	// which most providers refuse.
	Finish(ctx context.Context, answer sb.Answer, p *sb.Pending) (sb.Proof, error)
	// Logout gives the address where a login ends at the provider, "" for none. The hint is the login's own.
	Logout(ctx context.Context, hint []byte) (address string, err error)
	// Metadata describes us to the provider. NotFound where that is not the custom.
	Metadata(ctx context.Context) ([]byte, error)
}
