package oidc

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	sb "signalbox"
	"signalbox/controlplane/identity/attributes"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// idp is a provider with keys of its own, that tells what a test wants.
type idp struct {
	*httptest.Server
	key    *rsa.PrivateKey
	down   atomic.Bool
	claims map[string]any
	alg    string
	signer *rsa.PrivateKey // another's, for forgeries
	info   map[string]any
	iss    bool
	forged map[string]any // what the claims become after they were signed; nil for nothing
}

func newIDP(t *testing.T) *idp {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	i := &idp{key: key, signer: key, alg: "RS256"}
	m := http.NewServeMux()
	m.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		if i.down.Load() {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		writeJSON(w, map[string]any{
			"issuer": i.URL, "authorization_endpoint": i.URL + "/authorize", "token_endpoint": i.URL + "/token", "jwks_uri": i.URL + "/keys",
			"userinfo_endpoint": i.URL + "/userinfo", "end_session_endpoint": i.URL + "/logout?x=1",
			"id_token_signing_alg_values_supported": []string{"RS256"}, "authorization_response_iss_parameter_supported": i.iss,
		})
	})
	m.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, map[string]any{"keys": []any{map[string]any{
			"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "1",
			"n": b64(key.N.Bytes()), "e": b64(big.NewInt(int64(key.E)).Bytes()),
		}}})
	})
	m.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		challenge := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
		if r.PostFormValue("code") != b64(challenge[:]) { // the code of this provider is the challenge it was begun with
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"error":"invalid_grant"}`))
			return
		}
		writeJSON(w, map[string]any{"access_token": "a", "token_type": "Bearer", "id_token": i.sign(t)})
	})
	m.HandleFunc("/userinfo", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, i.info) })
	i.Server = httptest.NewServer(m)
	t.Cleanup(i.Close)
	return i
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (i *idp) sign(t *testing.T) string {
	t.Helper()
	head, err := json.Marshal(map[string]string{"alg": i.alg, "kid": "1", "typ": "JWT"})
	require.NoError(t, err)
	body, err := json.Marshal(i.claims)
	require.NoError(t, err)
	text := b64(head) + "." + b64(body)
	if i.alg == "none" {
		return text + "."
	}
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, i.signer, crypto.SHA256, sum[:])
	require.NoError(t, err)
	if i.forged != nil {
		body, err = json.Marshal(i.forged)
		require.NoError(t, err)
		text = b64(head) + "." + b64(body)
	}
	return text + "." + b64(sig)
}

func (i *idp) provider(t *testing.T) *Provider {
	t.Helper()
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	return New(Settings{
		Name: "p", Label: "P", Issuer: i.URL, ClientID: "signalbox", Secret: "s", Scopes: []string{"email"}, HTTP: c,
		Callback: "http://127.0.0.1/auth/p/callback", Home: "http://127.0.0.1/login", Domains: []string{"trusted.example"},
		Mapping: attributes.Mapping{
			Role:   attributes.Rule{From: "realm_access.roles", Values: map[string]string{"boss": "admin", "hand": "member"}},
			Groups: attributes.Rule{From: "groups"},
		},
	})
}

// begin begins a login, and gives the answer that the provider would send.
func (i *idp) begin(t *testing.T, p *Provider) (*sb.Pending, sb.Answer) {
	t.Helper()
	pending := &sb.Pending{State: "state"}
	address, err := p.Begin(t.Context(), pending)
	require.NoError(t, err)
	u, err := url.Parse(address)
	require.NoError(t, err)
	q := u.Query()
	require.Equal(t, "state", q.Get("state"))
	require.Equal(t, "S256", q.Get("code_challenge_method"))
	require.Equal(t, "openid email", q.Get("scope"))
	i.claims = map[string]any{
		"iss": i.URL, "aud": "signalbox", "sub": "1", "exp": time.Now().Add(time.Minute).Unix(), "iat": time.Now().Unix(),
		"nonce": q.Get("nonce"), "email": "Ann@Example.org", "email_verified": true, "name": "Ann",
		"realm_access": map[string]any{"roles": []string{"hand", "boss", "other"}}, "groups": []string{"red"},
	}
	return pending, sb.Answer{Values: map[string][]string{"state": {"state"}, "code": {q.Get("code_challenge")}}}
}

func TestALogin(t *testing.T) {
	t.Parallel()
	i := newIDP(t)
	p := i.provider(t)
	pending, answer := i.begin(t, p)
	proof, err := p.Finish(t.Context(), answer, pending)
	require.NoError(t, err)
	require.NotEmpty(t, proof.Login.Logout)
	proof.Login.Logout = nil
	require.Equal(t, sb.Login{
		Provider: "p", Subject: "1", Email: "ann@example.org", Verified: true, Name: "Ann", Role: sb.Admin,
		Groups: []string{"red"}, Maps: sb.Maps{Role: true, Groups: true},
	}, proof.Login)
	address, err := p.Logout(t.Context(), []byte("hint"))
	require.NoError(t, err)
	require.Equal(t, i.URL+"/logout?client_id=signalbox&id_token_hint=hint&post_logout_redirect_uri=http%3A%2F%2F127.0.0.1%2Flogin&x=1", address)
}

func TestAProviderThatIsDownIsFoundAgain(t *testing.T) {
	t.Parallel()
	i := newIDP(t)
	i.down.Store(true)
	p := i.provider(t)
	_, err := p.Begin(t.Context(), &sb.Pending{})
	require.Equal(t, sb.Unavailable, sb.CodeOf(err))
	i.down.Store(false)
	i.begin(t, p)
}

func TestWhenAnAddressIsBelieved(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		email, verified any
		want            bool
	}{
		"verified":                          {"a@example.org", true, true},
		"verified, as text":                 {"a@example.org", "true", true},
		"not verified":                      {"a@example.org", false, false},
		"not said":                          {"a@example.org", nil, false},
		"not said, of a domain of ours":     {"a@trusted.example", nil, true},
		"not verified, of a domain of ours": {"a@trusted.example", false, false},
		"of a domain that ends like ours":   {"a@nottrusted.example", nil, false},
		"of a domain below ours":            {"a@x.trusted.example", nil, false},
		"no address":                        {"a", true, false},
		"a letter that becomes ASCII":       {"mi\u212ae@trusted.example", true, false},
		"two addresses":                     {"a@x, b@trusted.example", nil, false},
		"an address within another's name":  {"a@trusted.example@evil.example", nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := newIDP(t)
			p := i.provider(t)
			pending, answer := i.begin(t, p)
			i.claims["email"], i.claims["email_verified"] = row.email, row.verified
			proof, err := p.Finish(t.Context(), answer, pending)
			require.NoError(t, err)
			require.Equal(t, row.want, proof.Login.Verified)
		})
	}
}

func TestTheUserEndpointIsAskedForAMissingAddress(t *testing.T) {
	t.Parallel()
	i := newIDP(t)
	p := i.provider(t)
	pending, answer := i.begin(t, p)
	delete(i.claims, "email")
	delete(i.claims, "email_verified")
	i.info = map[string]any{"sub": "1", "email": "b@example.org", "email_verified": true, "name": "other"}
	proof, err := p.Finish(t.Context(), answer, pending)
	require.NoError(t, err)
	require.Equal(t, "b@example.org", proof.Login.Email)
	require.Equal(t, "Ann", proof.Login.Name, "the signed token comes first")
	i.info["sub"] = "2"
	_, err = p.Finish(t.Context(), answer, pending)
	require.Equal(t, sb.Unauthenticated, sb.CodeOf(err))
}

func TestAnswersThatProveNothing(t *testing.T) {
	t.Parallel()
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	for name, forge := range map[string]func(i *idp, p *sb.Pending, a sb.Answer){
		"signed by another": func(i *idp, _ *sb.Pending, _ sb.Answer) { i.signer = other },
		"altered": func(i *idp, _ *sb.Pending, _ sb.Answer) {
			i.forged = maps.Clone(i.claims)
			i.forged["sub"] = "2"
		},
		"not signed":              func(i *idp, _ *sb.Pending, _ sb.Answer) { i.alg = "none" },
		"an algorithm not agreed": func(i *idp, _ *sb.Pending, _ sb.Answer) { i.alg = "HS256" },
		"for another client":      func(i *idp, _ *sb.Pending, _ sb.Answer) { i.claims["aud"] = "other" },
		"of another issuer":       func(i *idp, _ *sb.Pending, _ sb.Answer) { i.claims["iss"] = "https://evil.example" },
		"expired":                 func(i *idp, _ *sb.Pending, _ sb.Answer) { i.claims["exp"] = time.Now().Add(-time.Minute).Unix() },
		"of the future": func(i *idp, _ *sb.Pending, _ sb.Answer) {
			i.claims["nbf"] = time.Now().Add(time.Hour).Unix()
		},
		"of another login":         func(i *idp, _ *sb.Pending, _ sb.Answer) { i.claims["nonce"] = "other" },
		"without a nonce":          func(i *idp, _ *sb.Pending, _ sb.Answer) { delete(i.claims, "nonce") },
		"about nobody":             func(i *idp, _ *sb.Pending, _ sb.Answer) { i.claims["sub"] = "" },
		"for another access token": func(i *idp, _ *sb.Pending, _ sb.Answer) { i.claims["at_hash"] = "other" },
		"a stolen code":            func(_ *idp, p *sb.Pending, _ sb.Answer) { p.Verifier = strings.Repeat("x", 43) },
		"no code":                  func(_ *idp, _ *sb.Pending, a sb.Answer) { delete(a.Values, "code") },
		"an answer of another's":   func(_ *idp, _ *sb.Pending, a sb.Answer) { a.Values["iss"] = []string{"https://evil.example"} },
		"an error":                 func(_ *idp, _ *sb.Pending, a sb.Answer) { a.Values["error"] = []string{"access_denied"} },
		"an issuer left out":       func(i *idp, _ *sb.Pending, _ sb.Answer) { i.iss = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := newIDP(t)
			p := i.provider(t)
			pending, answer := i.begin(t, p)
			answer.Values = maps.Clone(answer.Values)
			forge(i, pending, answer)
			if i.iss {
				p = i.provider(t)
			}
			_, err := p.Finish(t.Context(), answer, pending)
			require.Equal(t, sb.Unauthenticated, sb.CodeOf(err), "%v", err)
		})
	}
}

func TestAnUnsolicitedAnswerIsRefused(t *testing.T) {
	t.Parallel()
	i := newIDP(t)
	_, err := i.provider(t).Finish(t.Context(), sb.Answer{Unsolicited: true}, nil)
	require.Equal(t, sb.Unauthenticated, sb.CodeOf(err))
}
