package flyte

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	sb "signalbox"
	"signalbox/adapters/outbound"
)

// login gives the credentials of a request.
type login interface {
	header(ctx context.Context) (http.Header, error)
	drop(sent http.Header) bool // they are not taken; tells whether there may be new ones
}

// newLogin makes what the settings say. The error: the address that tokens come from is none.
func newLogin(a *Adapter) (login, error) {
	name := http.CanonicalHeaderKey(a.set.Header)
	switch a.set.Auth {
	case byToken:
		return fixed{name: {"Bearer " + a.set.secret.Token}}, nil
	case byCredentials:
		s := &session{a: a, name: name}
		if a.set.TokenURL == "" {
			return s, nil
		}
		u, err := url.Parse(a.set.TokenURL)
		if err != nil {
			return nil, err
		}
		s.path = u.EscapedPath()
		s.elsewhere, err = outbound.New(outbound.Settings{URL: u.Scheme + "://" + u.Host, CA: a.set.CA, Rates: a.around.rates})
		return s, err
	}
	return fixed{}, nil
}

// fixed is the same for ever.
type fixed http.Header

func (f fixed) header(context.Context) (http.Header, error) { return http.Header(f).Clone(), nil }
func (fixed) drop(http.Header) bool                         { return false }

// session gets tokens by client credentials when there is need, and is one for all who call at once.
type session struct {
	a         *Adapter
	name      string           // of the header
	elsewhere *outbound.Client // gives tokens; nil: the Flyte itself
	path      string           // there

	mu    sync.Mutex
	have  string
	renew time.Time
}

func (s *session) header(ctx context.Context) (http.Header, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.have == "" || !s.a.around.now().Before(s.renew) {
		token, life, err := s.fetch(ctx)
		if err != nil {
			return nil, err
		}
		s.have, s.renew = token, s.a.around.now().Add(life*4/5)
	}
	return http.Header{s.name: {"Bearer " + s.have}}, nil
}

// drop forgets the token, unless another caller has got a new one in the meantime.
func (s *session) drop(sent http.Header) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sent.Get(s.name) == "Bearer "+s.have {
		s.have = ""
	}
	return true
}

// defaultLife is what a token lives when its giver does not say so.
const defaultLife = 10 * time.Minute

// fetch asks for a token where Flyte says that tokens come from. The client's secret goes to the registered address, or
// to the one that the config names, and nowhere else.
func (s *session) fetch(ctx context.Context) (string, time.Duration, error) {
	client, err := s.discover(ctx, "config/v1/flyte_client")
	if err != nil {
		return "", 0, err
	}
	from, path, err := s.endpoint(ctx)
	if err != nil {
		return "", 0, err
	}
	form := url.Values{"grant_type": {"client_credentials"}}
	if scopes := scopesOf(client); scopes != "" {
		form.Set("scope", scopes)
	}
	if audience := client.text("audience"); audience != "" {
		form.Set("audience", audience)
	}
	basic := http.Request{Header: http.Header{}}
	basic.SetBasicAuth(url.QueryEscape(s.a.set.ClientID), url.QueryEscape(s.a.set.secret.ClientSecret))
	count(ctx)
	reply, err := from.Do(ctx, outbound.Request{
		Share: outbound.Polls, Method: http.MethodPost, Path: path, Body: []byte(form.Encode()),
		Header: http.Header{
			"Authorization": basic.Header["Authorization"], "Accept": {"application/json"}, "Content-Type": {"application/x-www-form-urlencoded"},
		},
	})
	if err != nil {
		return "", 0, err
	}
	return tokenOf(reply)
}

func tokenOf(reply outbound.Reply) (string, time.Duration, error) {
	var said struct {
		Token string  `json:"access_token"`
		Life  float64 `json:"expires_in"`
	}
	switch {
	case reply.Status >= 500 || reply.Status == http.StatusTooManyRequests:
		return "", 0, sb.Errorf(sb.Unavailable, "no token can be had at the moment (status %d)", reply.Status)
	case reply.Status != http.StatusOK || json.Unmarshal(reply.Body, &said) != nil || said.Token == "":
		return "", 0, sb.Errorf(sb.Unauthenticated, "the client's id and secret are not taken where tokens come from (status %d)", reply.Status)
	case said.Life <= 0:
		return said.Token, defaultLife, nil
	}
	return said.Token, time.Duration(said.Life * float64(time.Second)), nil
}

// scopesOf are those that Flyte tells its clients to ask for.
func scopesOf(client object) string {
	var scopes []string
	_ = json.Unmarshal(client.raw("scopes"), &scopes)
	return strings.Join(scopes, " ")
}

// endpoint is where tokens come from: what Flyte says, if that is Flyte itself or what the config names.
func (s *session) endpoint(ctx context.Context) (from *outbound.Client, path string, err error) {
	if s.elsewhere != nil {
		return s.elsewhere, s.path, nil
	}
	said, err := s.discover(ctx, ".well-known/oauth-authorization-server")
	if err != nil {
		return nil, "", err
	}
	address := said.text("token_endpoint")
	path, here := strings.CutPrefix(address, s.a.out.Base()+"/")
	if !here {
		host := "another address"
		if u, err := url.Parse(address); err == nil && u.Host != "" {
			host = u.Scheme + "://" + u.Host + u.EscapedPath()
		}
		return nil, "", sb.Errorf(sb.Unauthenticated, "Flyte's tokens come from %s; name it as token_url, so that the client's secret may be sent there", host)
	}
	return s.a.out, path, nil
}

// discover reads what Flyte tells everybody about logging in.
func (s *session) discover(ctx context.Context, path string) (object, error) {
	count(ctx)
	reply, err := s.a.out.Do(ctx, outbound.Request{Share: outbound.Polls, Method: http.MethodGet, Path: path, Header: asJSON(false)})
	if err != nil {
		return nil, err
	}
	switch said := objectOf(reply.Body); {
	case reply.Status == http.StatusOK && said != nil:
		return said, nil
	case reply.Status == http.StatusNotImplemented:
		return nil, sb.Errorf(sb.Unauthenticated, "this Flyte has no login: set auth to none")
	case reply.Status >= 500 || reply.Status == http.StatusTooManyRequests:
		return nil, sb.Errorf(sb.Unavailable, "Flyte cannot tell how to log in at the moment (status %d)", reply.Status)
	}
	return nil, sb.Errorf(sb.Unauthenticated, "Flyte does not tell how to log in (status %d)", reply.Status)
}
