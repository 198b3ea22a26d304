package api

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/access"
	"signalbox/controlplane/identity"
)

// party is a site whose root invites people. Nobody else comes in.
type party struct {
	*site
	invitations *identity.Invitations
	root        sb.Principal
	log         *said
}

// said is what a server wrote into its log.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func invite(t *testing.T, kind sb.ProviderKind, lasts time.Duration) *party {
	t.Helper()
	p := &party{log: &said{}}
	set := identity.LoginSettings{Providers: []identity.Provider{friend{kind}}, Check: access.Check}
	kept := withRoot(t)
	p.invitations = identity.NewInvitations(kept, access.Check, identity.InvitationSettings{Lasts: lasts})
	p.site = visitOn(t, kept, set, func(d *Deps) {
		d.Log = logrus.New()
		d.Log.SetOutput(p.log)
		d.Log.SetLevel(logrus.TraceLevel)
		d.Invitations = p.invitations
	})
	var err error
	p.root, err = p.store.Principal(t.Context(), "root@example.org")
	require.NoError(t, err)
	_, err = p.store.UpdateSettings(t.Context(), func(s sb.Settings) (sb.Settings, error) {
		s.JustInTimeUsers = false
		return s, nil
	})
	require.NoError(t, err)
	return p
}

// link invites someone, and gives the path of his link.
func (p *party) link(email string, change ...func(*sb.Invitation)) (path, token string) {
	p.t.Helper()
	v := sb.Invitation{Email: email, Role: sb.Labeler, InvitedBy: p.root.Who()}
	for _, f := range change {
		f(&v)
	}
	made, err := p.invitations.Invite(p.t.Context(), v)
	require.NoError(p.t, err)
	_, token, _ = strings.Cut(made.Link, "token=")
	return made.Link, token
}

// open opens a link as a browser does, and gives the page.
func (b *browser) open(path string) reply {
	b.t.Helper()
	got := b.get(path)
	require.Equal(b.t, http.StatusSeeOther, got.StatusCode, got.body)
	require.Equal(b.t, "/auth/invitation", got.Header.Get("Location"), "the token is out of the address")
	require.Equal(b.t, "no-referrer", got.Header.Get("Referrer-Policy"))
	return b.get("/auth/invitation")
}

func TestAnInvitedStrangerLogsIn(t *testing.T) {
	t.Parallel()
	for _, kind := range []sb.ProviderKind{sb.OIDC, sb.SAML} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			p := invite(t, kind, 0)
			d, err := p.store.CreateDataset(t.Context(), sb.Dataset{Name: "cats & <dogs>", DefaultPermission: sb.NoAccess, Creator: p.root.Who()})
			require.NoError(t, err)
			link, token := p.link("ann@example.org", func(v *sb.Invitation) { v.DatasetID, v.Permission = d.ID, sb.CanTag })
			b := p.browser()
			shown := b.open(link)
			require.Equal(t, 200, shown.StatusCode)
			for _, holds := range []string{"<strong>root</strong> shares the dataset <strong>cats &amp; &lt;dogs&gt;</strong> with you: Can tag.", "ann@example.org", "Continue with A friend", `return_to=%2fauth%2finvitation`} {
				require.Contains(t, shown.body, holds)
			}
			require.NotContains(t, shown.body, token)
			require.Equal(t, "same-origin", shown.Header.Get("Referrer-Policy"))

			got := b.answer(kind, "ann", b.state("?return_to=/auth/invitation"))
			require.Equal(t, "/auth/invitation", got.Header.Get("Location"), got.body)
			joined := b.get("/auth/invitation")
			require.Contains(t, joined.body, "You have joined")
			require.Contains(t, joined.body, "Your role is labeler.")
			me := b.get("/api/v1/me").json(t)
			require.Equal(t, "labeler", me["role"])
			f, err := p.store.Facts(t.Context(), sb.Ask{PrincipalID: me["id"].(string), DatasetID: d.ID})
			require.NoError(t, err)
			require.Equal(t, sb.CanTag, f.Own)
			require.Equal(t, 404, b.get("/auth/invitation").StatusCode, "the browser has forgotten it")
			require.NotContains(t, p.log.String(), token)

			other := p.browser()
			require.Equal(t, 409, other.open(link).StatusCode)
			uninvited := p.browser()
			got = uninvited.answer(kind, "bob", uninvited.state(""))
			require.Equal(t, 403, got.StatusCode, "nobody comes in without an invitation")
			require.Contains(t, got.body, "if you were invited, begin with the link")
		})
	}
}

// answer brings back what the provider answered.
func (b *browser) answer(kind sb.ProviderKind, who, state string) reply {
	b.t.Helper()
	if kind == sb.SAML {
		return b.send("POST", "/auth/friend/acs", url.Values{"RelayState": {state}, "who": {who}}, "Sec-Fetch-Site", "cross-site")
	}
	return b.get("/auth/friend/callback?who=" + who + "&state=" + state)
}

func TestAnInvitationIsForOneAddress(t *testing.T) {
	t.Parallel()
	p := invite(t, sb.OIDC, 0)
	link, token := p.link("ann@example.org")
	b := p.browser()
	b.open(link)
	got := b.answer(sb.OIDC, "bob", b.state(""))
	require.Equal(t, 403, got.StatusCode)
	require.Contains(t, got.body, "Your invitation is for another address")

	b = p.browser()
	b.logIn("root")
	shown := b.open(link)
	require.Equal(t, 403, shown.StatusCode)
	require.Contains(t, shown.body, "It is for the address <strong>ann@example.org</strong>")
	require.NotContains(t, shown.body, token)
	form := url.Values{"token": {token}}
	require.Equal(t, 403, b.send("POST", "/auth/invitation/accept", form).StatusCode)
	page, err := p.store.Audit(t.Context(), sb.AuditQuery{Outcome: sb.AuditRefused, Limit: 10})
	require.NoError(t, err)
	require.Equal(t, "post-invitations-accept", page.Items[0].Action)
	require.Equal(t, "root", page.Items[0].Origin.Actor.Name)
	require.Equal(t, 401, p.browser().send("POST", "/auth/invitation/accept", form).StatusCode)
}

func TestAUserAcceptsByAClick(t *testing.T) {
	t.Parallel()
	p := invite(t, sb.OIDC, 0)
	link, token := p.link("ann@example.org")
	_, err := p.store.CreatePrincipal(t.Context(), sb.Principal{Kind: sb.User, Name: "ann", Email: "ann@example.org", Role: sb.Guest})
	require.NoError(t, err)
	b := p.browser()
	b.logIn("ann")
	shown := b.open(link)
	require.Equal(t, 200, shown.StatusCode)
	require.Contains(t, shown.body, "Accept as ann")
	require.Contains(t, shown.body, `name="token" value="`+token+`"`)
	form := url.Values{"token": {token}}
	require.Equal(t, 403, b.send("POST", "/auth/invitation/accept", form, "Sec-Fetch-Site", "cross-site").StatusCode)
	require.Contains(t, b.send("POST", "/auth/invitation/accept", form).body, "Your role is guest.")
	require.Equal(t, 409, b.send("POST", "/auth/invitation/accept", form).StatusCode)
	require.Contains(t, b.open(link).body, "You have joined", "he sees that he has")
	require.NotContains(t, p.log.String(), token)
}

func TestAnInvitationThatIsNoLongerGood(t *testing.T) {
	t.Parallel()
	p := invite(t, sb.OIDC, 0)
	link, _ := p.link("ann@example.org")
	p.link("ann@example.org")
	b := p.browser()
	got := b.open(link)
	require.Equal(t, 410, got.StatusCode)
	require.Contains(t, got.body, "taken back")
	require.Equal(t, 404, b.get("/auth/invitation").StatusCode)
	require.Equal(t, 404, b.open("/auth/invitation?token=sbi_none").StatusCode)
	require.Equal(t, 404, b.get("/auth/invitation?token="+strings.Repeat("x", maxToken+1)).StatusCode)

	p = invite(t, sb.OIDC, time.Nanosecond)
	link, _ = p.link("ann@example.org")
	got = p.browser().open(link)
	require.Equal(t, 410, got.StatusCode)
	require.Contains(t, got.body, "expired")
}

func TestWhoTriesInvitationsIsSlowedDown(t *testing.T) {
	t.Parallel()
	for name, try := range map[string]func(b *browser) reply{
		"by their links": func(b *browser) reply { return b.get("/auth/invitation") },
		"by the form of the page": func(b *browser) reply {
			return b.send("POST", "/auth/invitation/accept", url.Values{"token": {"sbi_none"}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := invite(t, sb.OIDC, 0).browser()
			b.get("/auth/invitation?token=sbi_none")
			for range failuresAtOnce {
				require.Contains(t, []int{401, 404}, try(b).StatusCode)
			}
			last := try(b)
			require.Equal(t, 429, last.StatusCode, last.body)
			require.NotEmpty(t, last.Header.Get("Retry-After"))
		})
	}
}
