package api

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/identity"
)

// foreign are addresses that must lead nobody away from here.
var foreign = []string{
	"https://evil.example/", "//evil.example", "///evil.example", "/\\evil.example", "\\/evil.example", "/%5Cevil.example", "/%2F/evil.example",
	"https:evil.example", "javascript:alert(1)", "/\tevil.example", "//user@evil.example/", "http://127.0.0.1@evil.example/",
}

func TestALoginLeadsNobodyAway(t *testing.T) {
	t.Parallel()
	s := visit(t, identity.LoginSettings{Providers: withFriend.Providers, Demo: true})
	for _, address := range foreign {
		query := "?return_to=" + url.QueryEscape(address)
		b := s.browser()
		got := b.get("/auth/friend/callback?who=ann&state=" + b.state(query) + "&return_to=" + url.QueryEscape(address))
		require.Equal(t, 303, got.StatusCode, got.body)
		require.Equal(t, "/", got.Header.Get("Location"), address)
		got = s.browser().send("POST", "/auth/demo", url.Values{"user": {"guest"}, "return_to": {address}})
		require.Equal(t, "/", got.Header.Get("Location"), address)
		require.NotContains(t, s.browser().get("/login"+query).body, "evil", address)
		require.NotContains(t, s.browser().get("/auth/friend/logged-out"+query).Header.Get("Location"), "evil")
		require.NotContains(t, b.send("POST", "/auth/logout"+query, url.Values{"return_to": {address}}).Header.Get("Location"), "evil")
	}
}

func TestARelayStateIsNeverAnAddress(t *testing.T) {
	t.Parallel()
	s := visit(t, identity.LoginSettings{Providers: []identity.Provider{friend{sb.SAML}}})
	for _, address := range foreign {
		b := s.browser()
		b.state("")
		got := b.send("POST", "/auth/friend/acs", url.Values{"RelayState": {address}, "who": {"ann"}, "assertion": {"a1"}})
		require.Equal(t, 401, got.StatusCode, address)
		require.Empty(t, got.Header.Get("Location"))
		require.Empty(t, b.token())
	}
}

// Whoever knows what a browser had before a login knows nothing of the session that follows.
func TestASessionCannotBePlanted(t *testing.T) {
	t.Parallel()
	s := visit(t, identity.LoginSettings{Providers: withFriend.Providers, Demo: true})
	u, err := url.Parse(s.url)
	require.NoError(t, err)
	for name, logIn := range map[string]func(b *browser){
		"at a provider":          func(b *browser) { b.logIn("ann") },
		"as the demonstration's": func(b *browser) { b.send("POST", "/auth/demo", url.Values{"user": {"guest"}}) },
	} {
		evil, b := s.browser(), s.browser()
		planted := evil.logIn("evil")
		b.web.Jar.SetCookies(u, []*http.Cookie{{Name: sessionName, Value: planted, Path: "/"}})
		logIn(b)
		require.NotEqual(t, planted, b.token(), name)
		require.Equal(t, 200, b.get("/api/v1/me").StatusCode, name)
		require.Equal(t, 401, evil.get("/api/v1/me").StatusCode, "%s: the planted one has ended", name)
	}
}
