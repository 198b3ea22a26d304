package api

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/identity"
	"signalbox/controlplane/store"
	"signalbox/controlplane/store/storetest"
)

// openly seals nothing; tests look at what is kept.
type openly struct{}

func (openly) Seal(v, _ []byte) ([]byte, error) { return append([]byte("sealed "), v...), nil }
func (openly) Open(v, _ []byte) ([]byte, error) { return v[len("sealed "):], nil }

// friend is a login provider that believes whatever comes back.
type friend struct{ kind sb.ProviderKind }

func (f friend) About() sb.Provider {
	return sb.Provider{Name: "friend", Label: "A friend", Kind: f.kind}
}

func (friend) Begin(_ context.Context, p *sb.Pending) (string, error) {
	p.Nonce, p.Verifier = "n", "verifier"
	return "https://friend.example/?state=" + p.State, nil
}

func (friend) Finish(_ context.Context, a sb.Answer, p *sb.Pending) (sb.Proof, error) {
	if p.Verifier != "verifier" {
		return sb.Proof{}, sb.Errorf(sb.Internal, "what was kept of a login is not what it was")
	}
	who := url.Values(a.Values).Get("who")
	if who == "" {
		return sb.Proof{}, sb.Errorf(sb.Unauthenticated, "the login provider's answer cannot be trusted")
	}
	return sb.Proof{
		Login:     sb.Login{Subject: who, Email: who + "@example.org", Verified: true, Name: who, Logout: []byte("hint")},
		Assertion: url.Values(a.Values).Get("assertion"), Until: time.Now().Add(time.Hour),
	}, nil
}

func (friend) Logout(context.Context, []byte) (string, error) {
	return "https://friend.example/logout", nil
}

func (friend) Metadata(context.Context) ([]byte, error) { return []byte("<x/>"), nil }

// site is a server with real logins and a real database, and browsers that visit it.
type site struct {
	*bench
	store *store.Store
}

// writing keeps refusals at once.
type writing struct{ *store.Store }

func (w writing) Refuse(ctx context.Context, action string, object sb.Object) error {
	return w.KeepRefusals(ctx, []sb.Refusal{{Origin: sb.OriginOf(ctx), Action: action, Object: object, Count: 1}})
}

func visit(t *testing.T, set identity.LoginSettings, change ...func(*Deps)) *site {
	t.Helper()
	return visitOn(t, withRoot(t), set, change...)
}

// withRoot is a database with an admin.
func withRoot(t *testing.T) *store.Store {
	t.Helper()
	s := storetest.SQLite(t)
	_, err := s.CreatePrincipal(t.Context(), sb.Principal{Kind: sb.User, Name: "root", Email: "root@example.org", Role: sb.Admin})
	require.NoError(t, err)
	return s
}

// visitOn is a server with a database that there is already.
func visitOn(t *testing.T, s *store.Store, set identity.LoginSettings, change ...func(*Deps)) *site {
	t.Helper()
	people := identity.New(s, nil)
	b := setup(t, append([]func(*Deps){func(d *Deps) {
		d.Identity, d.Users, d.Groups, d.Refusals = people, people, people, writing{s}
		d.Logins = identity.NewLogins(s, openly{}, set)
	}}, change...)...)
	return &site{bench: b, store: s}
}

// browser visits the site with cookies, and follows no redirect by itself.
type browser struct {
	t    *testing.T
	site *site
	web  *http.Client
}

func (s *site) browser() *browser {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(s.t, err)
	web := &http.Client{Jar: jar, Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &browser{s.t, s, web}
}

func (b *browser) send(method, path string, form url.Values, headers ...string) reply {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.site.url+path, strings.NewReader(form.Encode()))
	require.NoError(b.t, err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := b.web.Do(r)
	require.NoError(b.t, err)
	return readReply(b.t, resp)
}

func (b *browser) get(path string) reply { b.t.Helper(); return b.send("GET", path, nil) }

// state begins a login and gives the state that the provider would send back.
func (b *browser) state(query string) string {
	b.t.Helper()
	got := b.get("/auth/friend/login" + query)
	require.Equal(b.t, http.StatusSeeOther, got.StatusCode, got.body)
	_, state, ok := strings.Cut(got.Header.Get("Location"), "state=")
	require.True(b.t, ok)
	return state
}

// logIn logs in, and gives the token of the session.
func (b *browser) logIn(who string) string {
	b.t.Helper()
	got := b.get("/auth/friend/callback?who=" + who + "&state=" + b.state(""))
	require.Equal(b.t, http.StatusSeeOther, got.StatusCode, got.body)
	return b.token()
}

func (b *browser) token() string {
	b.t.Helper()
	u, err := url.Parse(b.site.url)
	require.NoError(b.t, err)
	for _, c := range b.web.Jar.Cookies(u) {
		if c.Name == sessionName {
			return c.Value
		}
	}
	return ""
}

var withFriend = identity.LoginSettings{Providers: []identity.Provider{friend{sb.OIDC}}}

func TestABrowserLogsInAndOut(t *testing.T) {
	t.Parallel()
	s := visit(t, withFriend)
	b := s.browser()
	require.Contains(t, b.get("/login").body, "Continue with A friend")
	require.JSONEq(t, `{"items":[{"name":"friend","label":"A friend","kind":"oidc"}],"next_cursor":null}`, b.get("/auth/providers").body)
	require.Equal(t, 401, b.get("/api/v1/me").StatusCode)

	got := b.get("/auth/friend/callback?who=ann&state=" + b.state("?return_to=/runs%3Fx=1"))
	require.Equal(t, "/runs?x=1", got.Header.Get("Location"))
	cookie := got.Header.Get("Set-Cookie")
	for _, flag := range []string{"signalbox=sbs_", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age="} {
		require.Contains(t, cookie, flag)
	}
	me := b.get("/api/v1/me")
	require.Equal(t, 200, me.StatusCode, me.body)
	require.Equal(t, "ann", me.json(t)["name"])
	require.Equal(t, true, me.json(t)["session"].(map[string]any)["current"])
	require.Contains(t, b.get("/login").body, "logged in as <strong>ann</strong>")

	token := b.token()
	require.Equal(t, 200, s.do("", "GET", "/api/v1/me", "", "Authorization", "Bearer "+token).StatusCode)
	out := b.send("POST", "/auth/logout", url.Values{}, "Accept", "text/html")
	require.Contains(t, out.body, "https://friend.example/logout")
	require.Equal(t, 401, b.get("/api/v1/me").StatusCode)
	require.Equal(t, 401, s.do("", "GET", "/api/v1/me", "", "Authorization", "Bearer "+token).StatusCode, "a stolen session is worth nothing")
	require.Equal(t, 303, b.send("POST", "/auth/logout", url.Values{}).StatusCode)
}

func TestALoginBelongsToItsBrowser(t *testing.T) {
	t.Parallel()
	s := visit(t, withFriend)
	evil, ann := s.browser(), s.browser()
	state := evil.state("")
	got := ann.get("/auth/friend/callback?who=evil&state=" + state)
	require.Equal(t, 401, got.StatusCode, "a login that another browser began")
	require.Empty(t, ann.token())
	ann.state("")
	require.Equal(t, 401, ann.get("/auth/friend/callback?who=evil&state="+state).StatusCode)
	require.Equal(t, 303, evil.get("/auth/friend/callback?who=evil&state="+state).StatusCode, "the owner may still end it")
	require.Equal(t, 401, evil.get("/auth/friend/callback?who=evil&state="+state).StatusCode, "once")
	require.Equal(t, 401, evil.get("/auth/friend/callback?who=evil").StatusCode)
	require.Equal(t, 404, evil.get("/auth/nobody/login").StatusCode)
}

func TestALoginGivesANewSession(t *testing.T) {
	t.Parallel()
	s := visit(t, withFriend)
	b := s.browser()
	u, err := url.Parse(s.url)
	require.NoError(t, err)
	planted := "sbs_" + strings.Repeat("0", 49)
	b.web.Jar.SetCookies(u, []*http.Cookie{{Name: sessionName, Value: planted, Path: "/"}})
	first := b.logIn("ann")
	require.NotEqual(t, planted, first)
	second := b.logIn("ann")
	require.NotEqual(t, first, second)
	require.Equal(t, 401, s.do("", "GET", "/api/v1/me", "", "Authorization", "Bearer "+first).StatusCode, "the session before it has ended")
	require.Equal(t, 200, s.do("", "GET", "/api/v1/me", "", "Authorization", "Bearer "+second).StatusCode)
}

func TestCookiesNeedAPageOfOurs(t *testing.T) {
	t.Parallel()
	s := visit(t, withFriend)
	b := s.browser()
	b.logIn("ann")
	for name, row := range map[string]struct {
		headers []string
		status  int
	}{
		"a page of ours":           {[]string{"Sec-Fetch-Site", "same-origin"}, 201},
		"our origin":               {[]string{"Origin", s.url}, 201},
		"another site":             {[]string{"Sec-Fetch-Site", "cross-site"}, 403},
		"another host of our site": {[]string{"Sec-Fetch-Site", "same-site"}, 403},
		"another origin":           {[]string{"Origin", "https://evil.example"}, 403},
		"a hidden origin":          {[]string{"Origin", "null"}, 403},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), "POST", s.url+"/api/v1/me/keys", strings.NewReader(`{"name":"k"}`))
			require.NoError(t, err)
			r.Header.Set("Content-Type", "application/json")
			for i := 0; i < len(row.headers); i += 2 {
				r.Header.Set(row.headers[i], row.headers[i+1])
			}
			resp, err := b.web.Do(r)
			require.NoError(t, err)
			require.Equal(t, row.status, readReply(t, resp).StatusCode)
		})
	}
	for _, path := range []string{"/auth/logout", "/auth/demo", "/auth/device", "/auth/device/answer", "/auth/device/token"} {
		got := b.send("POST", path, url.Values{}, "Sec-Fetch-Site", "cross-site")
		require.Equal(t, 403, got.StatusCode, path)
	}
	require.Equal(t, 200, b.get("/api/v1/me").StatusCode, "still logged in")
}

func TestMySessions(t *testing.T) {
	t.Parallel()
	s := visit(t, withFriend)
	b, other, stranger := s.browser(), s.browser(), s.browser()
	b.logIn("ann")
	other.logIn("ann")
	stranger.logIn("bob")
	items := b.get("/api/v1/me/sessions").json(t)["items"].([]any)
	require.Len(t, items, 2)
	var foreign string
	for _, item := range items {
		if v := item.(map[string]any); v["current"] == false {
			foreign = v["id"].(string)
		}
	}
	require.Equal(t, 404, stranger.send("DELETE", "/api/v1/me/sessions/"+foreign, url.Values{}).StatusCode)
	require.Equal(t, 200, other.get("/api/v1/me").StatusCode)
	require.Equal(t, 204, b.send("DELETE", "/api/v1/me/sessions/"+foreign, url.Values{}).StatusCode)
	require.Equal(t, 401, other.get("/api/v1/me").StatusCode)
	other.logIn("ann")
	require.Equal(t, 204, b.send("DELETE", "/api/v1/me/sessions", url.Values{}).StatusCode)
	require.Equal(t, 401, other.get("/api/v1/me").StatusCode)
	require.Equal(t, 200, b.get("/api/v1/me").StatusCode)
	require.NoError(t, s.store.DeletePrincipal(t.Context(), b.get("/api/v1/me").json(t)["id"].(string)))
	require.Equal(t, 401, b.get("/api/v1/me").StatusCode, "it ends with its user")
}

func TestSAMLAnswersArePosted(t *testing.T) {
	t.Parallel()
	s := visit(t, identity.LoginSettings{Providers: []identity.Provider{friend{sb.SAML}}})
	b := s.browser()
	form := url.Values{"RelayState": {b.state("")}, "who": {"ann"}, "assertion": {"a1"}, "SAMLResponse": {`x"><script>`}}
	bare := s.browser()
	page := bare.send("POST", "/auth/friend/acs", form, "Sec-Fetch-Site", "cross-site")
	require.Equal(t, 200, page.StatusCode, "a browser that keeps the cookie back sends it once more, from our page")
	require.Contains(t, page.body, `value="x&#34;&gt;&lt;script&gt;"`)
	require.Empty(t, bare.token())
	form.Set("again", "1")
	require.Equal(t, 401, bare.send("POST", "/auth/friend/acs", form).StatusCode)
	require.Equal(t, 303, b.send("POST", "/auth/friend/acs", form, "Sec-Fetch-Site", "cross-site").StatusCode)
	form.Set("RelayState", b.state(""))
	require.Equal(t, 401, b.send("POST", "/auth/friend/acs", form).StatusCode, "an assertion is good once")
	require.Equal(t, "<x/>", b.get("/auth/friend/metadata").body)
}

func TestDemonstrationUsers(t *testing.T) {
	t.Parallel()
	s := visit(t, identity.LoginSettings{Demo: true})
	b := s.browser()
	page := b.get("/login").body
	for _, role := range sb.Roles {
		require.Contains(t, page, "Continue as "+string(role))
		got := b.send("POST", "/auth/demo", url.Values{"user": {string(role)}, "return_to": {"//evil.example"}})
		require.Equal(t, 303, got.StatusCode, got.body)
		require.Equal(t, "/", got.Header.Get("Location"))
		require.Equal(t, string(role), b.get("/api/v1/me").json(t)["role"])
	}
	require.Equal(t, 404, b.send("POST", "/auth/demo", url.Values{"user": {"owner"}}).StatusCode)
	require.Equal(t, 404, visit(t, withFriend).browser().send("POST", "/auth/demo", url.Values{"user": {"admin"}}).StatusCode)
}

func TestDemonstrationUsersGetInNowhereOnceTheyAreOff(t *testing.T) {
	t.Parallel()
	demo := identity.LoginSettings{Demo: true}
	on := visit(t, demo)
	require.NoError(t, identity.NewLogins(on.store, openly{}, demo).SwitchDemo(t.Context()))
	b := on.browser()
	require.Equal(t, 303, b.send("POST", "/auth/demo", url.Values{"user": {"admin"}}).StatusCode)
	me := b.get("/api/v1/me").json(t)["id"]
	made := on.do("", "POST", "/api/v1/me/keys", `{"name":"k"}`, "Authorization", "Bearer "+b.token())
	require.Equal(t, 201, made.StatusCode, made.body)
	key := made.json(t)["key"].(string)
	require.Equal(t, 200, on.do("", "GET", "/api/v1/users", "", "Authorization", "Bearer "+key).StatusCode)

	off := visitOn(t, on.store, withFriend)
	require.NoError(t, identity.NewLogins(on.store, openly{}, withFriend).SwitchDemo(t.Context()))
	for name, token := range map[string]string{"session": b.token(), "key": key} {
		require.Equal(t, 401, off.do("", "GET", "/api/v1/me", "", "Authorization", "Bearer "+token).StatusCode, name)
	}
	require.Equal(t, 404, off.browser().send("POST", "/auth/demo", url.Values{"user": {"admin"}}).StatusCode)

	require.NoError(t, identity.NewLogins(on.store, openly{}, demo).SwitchDemo(t.Context()))
	require.Equal(t, 401, b.get("/api/v1/me").StatusCode, "his session has ended")
	require.Equal(t, 303, b.send("POST", "/auth/demo", url.Values{"user": {"admin"}}).StatusCode)
	require.Equal(t, me, b.get("/api/v1/me").json(t)["id"], "he is back")
	require.Equal(t, 401, on.do("", "GET", "/api/v1/me", "", "Authorization", "Bearer "+key).StatusCode, "his key is not")
}

// Several replicas stand behind one address: each request may come to another.
func TestALoginGoesOnAtAnotherReplica(t *testing.T) {
	t.Parallel()
	for kind, finish := range map[sb.ProviderKind]func(b *browser, state string) reply{
		sb.OIDC: func(b *browser, state string) reply { return b.get("/auth/friend/callback?who=ann&state=" + state) },
		sb.SAML: func(b *browser, state string) reply {
			return b.send("POST", "/auth/friend/acs", url.Values{"RelayState": {state}, "who": {"ann"}, "assertion": {"a1"}})
		},
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			o := store.Options{URL: storetest.Postgres(t)}
			set := identity.LoginSettings{Providers: []identity.Provider{friend{kind}}}
			one, other := visitOn(t, storetest.Open(t, o), set), visitOn(t, storetest.Open(t, o), set)
			b := one.browser()
			state := b.state("")
			b.site = other
			require.Equal(t, 303, finish(b, state).StatusCode)
			require.Equal(t, 200, b.get("/api/v1/me").StatusCode)
			b.site = one
			require.Equal(t, 200, b.get("/api/v1/me").StatusCode)
			require.Equal(t, 401, finish(b, state).StatusCode, "an answer is good once, wherever it comes")
			if kind == sb.SAML {
				require.Equal(t, 401, finish(b, b.state("")).StatusCode, "an assertion too")
			}
			token := b.token()
			b.site = other
			require.Equal(t, 200, b.send("POST", "/auth/logout", url.Values{}, "Accept", "text/html").StatusCode)
			require.Equal(t, 401, one.do("", "GET", "/api/v1/me", "", "Authorization", "Bearer "+token).StatusCode, "ended everywhere at once")
		})
	}
}

func TestAProgramIsLetIn(t *testing.T) {
	t.Parallel()
	s := visit(t, withFriend)
	ask := func() map[string]any {
		got := s.do("", "POST", "/auth/device", "", "User-Agent", "signalbox-cli/1 <b>")
		require.Equal(t, 200, got.StatusCode, got.body)
		return got.json(t)
	}
	token := func(code any) reply {
		form := url.Values{"device_code": {code.(string)}}
		return s.do("", "POST", "/auth/device/token", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	}
	asked := ask()
	require.Equal(t, "authorization_pending", token(asked["device_code"]).json(t)["error"])
	b := s.browser()
	page := "/auth/device?user_code=" + asked["user_code"].(string)
	require.Contains(t, b.get(page).Header.Get("Location"), "/login?return_to=")
	b.logIn("ann")
	shown := b.get(page).body
	require.Contains(t, shown, asked["user_code"])
	require.Contains(t, shown, "signalbox-cli/1 &lt;b&gt;")
	answer := url.Values{"user_code": {asked["user_code"].(string)}, "answer": {"yes"}}
	require.Equal(t, 401, s.browser().send("POST", "/auth/device/answer", answer).StatusCode)
	require.Equal(t, 200, b.send("POST", "/auth/device/answer", answer).StatusCode)
	got := token(asked["device_code"])
	require.Equal(t, 200, got.StatusCode, got.body)
	key := got.json(t)["access_token"].(string)
	require.Equal(t, "ann", s.do("", "GET", "/api/v1/me", "", "Authorization", "Bearer "+key).json(t)["name"])
	require.Equal(t, "expired_token", token(asked["device_code"]).json(t)["error"])

	asked = ask()
	answer = url.Values{"user_code": {strings.ToLower(strings.ReplaceAll(asked["user_code"].(string), "-", " "))}, "answer": {"no"}}
	require.Equal(t, 200, b.send("POST", "/auth/device/answer", answer).StatusCode)
	require.Equal(t, "expired_token", token(asked["device_code"]).json(t)["error"])
}

func TestNamesOfOurs(t *testing.T) {
	t.Parallel()
	s := visit(t, identity.LoginSettings{}, func(d *Deps) { d.Hosts = []string{"localhost", "127.0.0.1", "::1"} })
	for host, status := range map[string]int{"localhost:1": 200, "127.0.0.1": 200, "[::1]:8265": 200, "LOCALHOST": 200, "evil.example": 421, "localhost.evil.example": 421, "127.0.0.1.evil.example:80": 421} {
		r, err := http.NewRequestWithContext(t.Context(), "GET", s.url+"/healthz", nil)
		require.NoError(t, err)
		r.Host = host
		resp, err := http.DefaultTransport.RoundTrip(r)
		require.NoError(t, err)
		require.Equal(t, status, readReply(t, resp).StatusCode, host)
	}
}

func TestBehindTLS(t *testing.T) {
	t.Parallel()
	s := visit(t, withFriend, func(d *Deps) { d.Home = "https://signalbox.example.org" })
	got := s.browser().get("/auth/friend/login")
	require.Equal(t, "max-age=31536000", got.Header.Get("Strict-Transport-Security"))
	cookie := got.Header.Get("Set-Cookie")
	for _, flag := range []string{"__Host-signalbox-login=sbl_", "Secure", "HttpOnly", "SameSite=None", "Path=/"} {
		require.Contains(t, cookie, flag)
	}
	require.Contains(t, s.browser().get("/login").Header.Get("Content-Security-Policy"), "default-src 'none'")
}

func TestTheApplicationIsMadeReadyWhileSomebodyLogsIn(t *testing.T) {
	t.Parallel()
	s := visit(t, withFriend, func(d *Deps) { d.Pages = builtPages() })
	got := s.browser().get("/login")
	require.Contains(t, got.body, `<link rel="modulepreload" href="/assets/app-1a2b.js" crossorigin>`)
	require.Contains(t, got.Header.Get("Content-Security-Policy"), "script-src 'self'")
	require.NotContains(t, s.browser().get("/auth/device").Header.Get("Content-Security-Policy"), "script-src", "only there")
	require.NotContains(t, visit(t, withFriend).browser().get("/login").body, "modulepreload", "there are no pages in that build")
}
