package airflow

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	sb "signalbox"
	"signalbox/adapters/outbound"
)

// login gives the credentials of a request.
type login interface {
	header(ctx context.Context, api api) (http.Header, error)
	drop(sent http.Header) bool // they are not taken; tells whether there may be new ones
}

func newLogin(a *Adapter) (login, error) {
	switch a.set.Auth {
	case byToken:
		return fixed{"Authorization": {"Bearer " + a.set.secret.Token}}, nil
	case byKeycloak:
		return &session{now: a.around.now, fetch: a.keycloakToken}, nil
	case byMWAA:
		aws, err := newMWAA(a)
		return &session{now: a.around.now, fetch: aws.fetch}, err
	case byComposer:
		return &session{now: a.around.now, fetch: a.composerToken}, nil
	}
	return byMajor{
		basic:  fixed{"Authorization": {basic(a.set.Username, a.set.secret.Password)}},
		tokens: &session{now: a.around.now, fetch: a.passwordToken},
	}, nil
}

// fixed is the same for ever.
type fixed http.Header

func (f fixed) header(context.Context, api) (http.Header, error) { return http.Header(f).Clone(), nil }
func (fixed) drop(http.Header) bool                              { return false }

func basic(name, password string) string {
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(name, password)
	return r.Header.Get("Authorization")
}

// byMajor uses name and password as Airflow 2 takes them, with each call, and as Airflow 3 does, for a token.
type byMajor struct {
	basic  fixed
	tokens *session
}

func (b byMajor) header(ctx context.Context, api api) (http.Header, error) {
	if api.major() == 2 {
		return b.basic.header(ctx, api)
	}
	return b.tokens.header(ctx, api)
}

func (b byMajor) drop(sent http.Header) bool { return b.tokens.drop(sent) }

// credential is what a session goes by.
type credential struct {
	header http.Header
	renew  time.Time // when to get the next one, by our clock
}

// bearer makes a credential of a token that lives for a while, of which it uses four fifths.
func bearer(token string, now time.Time, life time.Duration) credential {
	return credential{header: http.Header{"Authorization": {"Bearer " + token}}, renew: now.Add(life * 4 / 5)}
}

// session logs in when there is need, and is one for all who call at once.
type session struct {
	now   func() time.Time
	fetch func(ctx context.Context, api api) (credential, error)

	mu   sync.Mutex
	have *credential
}

func (s *session) header(ctx context.Context, api api) (http.Header, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.have != nil && s.now().Before(s.have.renew) {
		return s.have.header.Clone(), nil
	}
	fresh, err := s.fetch(ctx, api)
	if err != nil {
		return nil, err
	}
	s.have = &fresh
	return fresh.header.Clone(), nil
}

// drop forgets the credential, unless another caller has got a new one in the meantime.
func (s *session) drop(sent http.Header) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.have == nil {
		return false
	}
	for name := range s.have.header {
		if s.have.header.Get(name) != sent.Get(name) {
			return true
		}
	}
	s.have = nil
	return true
}

func (a *Adapter) passwordToken(ctx context.Context, _ api) (credential, error) {
	return a.airflowToken(ctx, map[string]string{"username": a.set.Username, "password": a.set.secret.Password})
}

func (a *Adapter) keycloakToken(ctx context.Context, _ api) (credential, error) {
	return a.airflowToken(ctx, map[string]string{
		"grant_type": "client_credentials", "client_id": a.set.ClientID, "client_secret": a.set.secret.ClientSecret,
	})
}

// airflowToken asks Airflow 3's auth manager for a token.
func (a *Adapter) airflowToken(ctx context.Context, who map[string]string) (credential, error) {
	body, err := json.Marshal(who)
	if err != nil {
		return credential{}, err
	}
	count(ctx)
	reply, err := a.out.Do(ctx, outbound.Request{
		Share: outbound.Polls, Method: http.MethodPost, Path: "auth/token", Body: body,
		Header: http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}},
	})
	if err != nil {
		return credential{}, err
	}
	var said struct {
		Token string `json:"access_token"`
	}
	if reply.Status == http.StatusCreated && reply.JSON() && json.Unmarshal(reply.Body, &said) == nil && said.Token != "" {
		return bearer(said.Token, a.around.now(), life(said.Token)), nil
	}
	return credential{}, noToken(reply)
}

func noToken(r outbound.Reply) error {
	switch {
	case r.Status >= 500 || r.Status == http.StatusTooManyRequests:
		return sb.Errorf(sb.Unavailable, "Airflow cannot log anyone in at the moment (status %d)", r.Status)
	case r.Status == http.StatusNotFound || r.Status == http.StatusMethodNotAllowed:
		return sb.Errorf(sb.Unauthenticated, "this Airflow gives no tokens at /auth/token; its auth manager wants another way (auth: token, keycloak, mwaa or composer)")
	}
	return sb.Errorf(sb.Unauthenticated, "Airflow does not take the name and password, or id and secret, it was given (status %d)", r.Status)
}

// defaultLife is what a token lives when it does not say so itself.
const defaultLife = 25 * time.Minute

// life reads how long a JWT lives from its own two times, so that no clock of ours matters. It is not checked: that is
// the server's to do.
func life(token string) time.Duration {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return defaultLife
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	var said struct{ Exp, Iat float64 }
	if err != nil || json.Unmarshal(payload, &said) != nil || said.Iat == 0 || said.Exp <= said.Iat {
		return defaultLife
	}
	return time.Duration((said.Exp - said.Iat) * float64(time.Second))
}
