package identity

import (
	"context"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	sb "signalbox"
)

const (
	defaultIdle = 12 * time.Hour
	defaultMax  = 7 * 24 * time.Hour
	loginWithin = 10 * time.Minute // for a person to log in at the provider
)

// LoginSettings are how people log in.
type LoginSettings struct {
	Providers []Provider
	Demo      bool          // whether everybody may be one of the demonstration users
	Idle      time.Duration // a session that is not used for so long ends; 0 is 12 h
	Max       time.Duration // a session ends after so long; 0 is 7 days
	Check     Check         // whether who invited someone still could; nil: no invitation counts
}

// Logins lets people in, by login providers, and keeps their sessions. It is safe for use by several goroutines.
type Logins struct {
	store LoginStore
	seal  Sealer
	set   LoginSettings
}

// NewLogins makes Logins that keep everything in the store, and seal what providers want to hear at logout.
func NewLogins(store LoginStore, seal Sealer, s LoginSettings) *Logins {
	if s.Idle == 0 {
		s.Idle = defaultIdle
	}
	if s.Max == 0 {
		s.Max = defaultMax
	}
	return &Logins{store: store, seal: seal, set: s}
}

// Providers lists the ways to log in, those of the demonstration last.
func (l *Logins) Providers() []sb.Provider {
	list := make([]sb.Provider, 0, len(l.set.Providers)+1)
	for _, p := range l.set.Providers {
		list = append(list, p.About())
	}
	if l.set.Demo {
		list = append(list, sb.Provider{Name: sb.DemoProvider, Label: "a demonstration user", Kind: sb.Demo})
	}
	return list
}

func (l *Logins) provider(name string) (Provider, error) {
	i := slices.IndexFunc(l.set.Providers, func(p Provider) bool { return p.About().Name == name })
	if i < 0 {
		return nil, sb.Errorf(sb.NotFound, "there is no login provider of this name")
	}
	return l.set.Providers[i], nil
}

// Begin begins a login: it gives the provider's address, and the token that the browser keeps until it is back. A
// browser that has one keeps it, so that two logins at once do not disturb each other. Errors: NotFound, Unavailable.
func (l *Logins) Begin(ctx context.Context, provider, browser, returnTo, invitation string) (address, token string, err error) {
	p, err := l.provider(provider)
	if err != nil {
		return "", "", err
	}
	if checkKind(browser, loginToken) != nil {
		browser, _ = newSecret(loginToken)
	}
	state, hash := newSecret(loginToken)
	pending := sb.Pending{State: state, Provider: provider, ReturnTo: sb.LocalPath(returnTo)}
	if address, err = p.Begin(ctx, &pending); err != nil {
		return "", "", err
	}
	pending.State, pending.Browser = hex.EncodeToString(hash), hashed(browser)
	if err := l.hide(&pending); err != nil {
		return "", "", err
	}
	if invitation != "" {
		pending.Invitation = hashed(invitation)
	}
	return address, browser, l.store.BeginLogin(ctx, pending, loginWithin)
}

// Finish ends a login that a provider has answered. Only the browser that began it ends it, once: an answer brought
// to another browser would log its owner in as someone else. Errors: Unauthenticated, Forbidden (no user), NotFound,
// Unavailable.
func (l *Logins) Finish(ctx context.Context, provider, browser, agent string, answer sb.Answer) (sb.Welcome, error) {
	p, err := l.provider(provider)
	if err != nil {
		return sb.Welcome{}, err
	}
	var pending *sb.Pending
	if !answer.Unsolicited {
		taken, err := l.store.TakeLogin(ctx, provider, hashed(stateOf(answer)), hashed(browser))
		if sb.CodeOf(err) == sb.NotFound {
			return sb.Welcome{}, sb.Errorf(sb.Unauthenticated, "this login was not begun in this browser, or took longer than %d minutes; begin again", int(loginWithin.Minutes()))
		}
		if err != nil {
			return sb.Welcome{}, err
		}
		if err := l.unhide(&taken); err != nil {
			return sb.Welcome{}, err
		}
		pending = &taken
	}
	proof, err := p.Finish(ctx, answer, pending)
	if err != nil {
		return sb.Welcome{}, err
	}
	if err := l.once(ctx, provider, proof); err != nil {
		return sb.Welcome{}, err
	}
	if pending == nil {
		pending = &sb.Pending{ReturnTo: "/"}
	}
	proof.Login.Provider = provider
	return l.enter(ctx, proof.Login, *pending, agent)
}

// hide seals what the provider takes for a proof that we began the login, and unhide opens it.
func (l *Logins) hide(p *sb.Pending) error {
	if p.Verifier == "" {
		return nil
	}
	sealed, err := l.seal.Seal([]byte(p.Verifier), loginPlace(p))
	p.Verifier = encode(sealed)
	return err
}

func (l *Logins) unhide(p *sb.Pending) error {
	if p.Verifier == "" {
		return nil
	}
	sealed, err := decode(p.Verifier)
	if err != nil {
		return sb.Wrap(err, sb.Internal, "a login that was begun cannot be read")
	}
	plain, err := l.seal.Open(sealed, loginPlace(p))
	p.Verifier = string(plain)
	return err
}

func loginPlace(p *sb.Pending) []byte { return []byte("login\n" + p.State) }

// once demands that an assertion was not used before.
func (l *Logins) once(ctx context.Context, provider string, proof sb.Proof) error {
	if proof.Assertion == "" {
		return nil
	}
	err := l.store.UseAssertion(ctx, provider, proof.Assertion, proof.Until)
	if sb.CodeOf(err) == sb.Conflict {
		return sb.Wrap(err, sb.Unauthenticated, "this answer of the login provider was used before; begin again")
	}
	return err
}

// enter makes the user what the login says, and gives him a new session.
func (l *Logins) enter(ctx context.Context, login sb.Login, pending sb.Pending, agent string) (sb.Welcome, error) {
	login.Email = strings.ToLower(login.Email)
	o := sb.OriginOf(ctx)
	o.Actor, o.Kind, o.Via = sb.Who{Name: nameOf(login)}, sb.User, "login:"+login.Provider
	user, err := l.store.LogIn(sb.WithOrigin(ctx, o), login, pending.Invitation,
		func(f sb.LoginFacts) (sb.LoginPlan, error) {
			if f.Invitation != nil && (l.set.Check == nil || mayInvite(l.set.Check, f.Inviter, *f.Invitation) != nil) {
				f.Invitation = nil
			}
			return Decide(login, f)
		})
	if err != nil {
		return sb.Welcome{}, err
	}
	o.Actor = user.Who()
	provider := login.Provider
	if provider == sb.DemoProvider {
		provider = ""
	}
	token, session, err := l.session(sb.WithOrigin(ctx, o), sb.Session{
		PrincipalID: user.ID, Provider: provider, Address: o.Address, Agent: agent, Logout: login.Logout,
	})
	return sb.Welcome{User: user, Token: token, Session: session, ReturnTo: sb.LocalPath(pending.ReturnTo)}, err
}

// Metadata describes us to a provider. Errors: NotFound.
func (l *Logins) Metadata(ctx context.Context, provider string) ([]byte, error) {
	p, err := l.provider(provider)
	if err != nil {
		return nil, err
	}
	return p.Metadata(ctx)
}

// stateOf is the state in an answer: of OpenID Connect, or SAML's RelayState, which is nothing but that here.
func stateOf(a sb.Answer) string {
	for _, name := range []string{"state", "RelayState"} {
		if v := a.Values[name]; len(v) == 1 {
			return v[0]
		}
	}
	return ""
}

func hashed(secret string) string { return hex.EncodeToString(Hash(secret)) }
