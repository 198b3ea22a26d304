package identity

import (
	"context"

	sb "signalbox"
)

// maxAgent is the most bytes that are kept of what a browser says of itself.
const maxAgent = 200

// session makes a session with a token of its own: whatever token a browser came with is worth nothing.
func (l *Logins) session(ctx context.Context, v sb.Session) (token string, kept sb.Session, err error) {
	v.Agent = clip(v.Agent)
	if v.Logout != nil {
		if v.Logout, err = l.seal.Seal(v.Logout, logoutPlace(v)); err != nil {
			return "", v, err
		}
	}
	token, hash := newSecret(sessionToken)
	kept, err = l.store.CreateSession(ctx, v, hash, l.set.Max)
	return token, kept, err
}

func clip(agent string) string {
	text := make([]rune, 0, maxAgent)
	for _, r := range agent {
		if r = printable(r); r >= 0 && len(text) < maxAgent {
			text = append(text, r)
		}
	}
	return string(text)
}

// logoutPlace ties what is sealed to its user and provider.
func logoutPlace(v sb.Session) []byte { return []byte("logout\n" + v.Provider + "\n" + v.PrincipalID) }

// Session finds whose session a token opens. Errors: Unauthenticated (unknown, ended, or another kind of key),
// Unavailable.
func (l *Logins) Session(ctx context.Context, token string) (sb.Caller, error) {
	return l.find(ctx, token, false)
}

// StillOpen is Session for what runs on by itself, such as an event stream: it does not count as use.
func (l *Logins) StillOpen(ctx context.Context, token string) (sb.Caller, error) {
	return l.find(ctx, token, true)
}

func (l *Logins) find(ctx context.Context, token string, quietly bool) (sb.Caller, error) {
	if err := checkKind(token, sessionToken); err != nil {
		return sb.Caller{}, err
	}
	c, err := l.store.PrincipalOfSession(ctx, Hash(token), l.set.Idle, quietly)
	return c, unknown(err)
}

// Sessions lists a user's sessions, newest first.
func (l *Logins) Sessions(ctx context.Context, principalID string) ([]sb.Session, error) {
	return l.store.Sessions(ctx, principalID, l.set.Idle)
}

// AllSessions reads a page of everybody's sessions, newest first; of those whose name or email holds the search, "" for
// all. Errors: Invalid (the cursor).
func (l *Logins) AllSessions(ctx context.Context, search, cursor string, limit int) (sb.Page[sb.UserSession], error) {
	return l.store.AllSessions(ctx, search, l.set.Idle, cursor, limit)
}

// EndSession ends one session of a user at once, of whomever for "". Errors: NotFound.
func (l *Logins) EndSession(ctx context.Context, principalID, id string) error {
	_, err := l.store.EndSession(ctx, principalID, id)
	return err
}

// EndOthers ends all sessions of a user but one, "" for all.
func (l *Logins) EndOthers(ctx context.Context, principalID, but string) error {
	return l.store.EndSessions(ctx, principalID, but)
}

// Leave ends a session, and gives the address where the login ends at the provider too; "" for none. A provider that
// cannot be asked keeps nobody logged in here.
func (l *Logins) Leave(ctx context.Context, s sb.Session) (address string, err error) {
	ended, err := l.store.EndSession(ctx, s.PrincipalID, s.ID)
	if err != nil || ended.Logout == nil {
		return "", err
	}
	p, err := l.provider(ended.Provider)
	if err != nil {
		return "", nil //nolint:nilerr // it was taken out of the settings
	}
	hint, err := l.seal.Open(ended.Logout, logoutPlace(ended))
	if err != nil {
		return "", err
	}
	return p.Logout(ctx, hint)
}
