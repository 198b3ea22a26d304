package identity_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/identity"
)

func TestWhatALoginLeadsTo(t *testing.T) {
	t.Parallel()
	ann := func(role sb.Role, lockedBy string) *sb.Principal {
		return &sb.Principal{ID: "a", Kind: sb.User, Name: "Ann", Email: "ann@example.org", Role: role, LockedBy: lockedBy}
	}
	open, closed := sb.DefaultSettings(), sb.DefaultSettings()
	closed.JustInTimeUsers = false
	roles := sb.Maps{Role: true}
	for name, row := range map[string]struct {
		login sb.Login
		facts sb.LoginFacts
		want  sb.Principal // a zero one: refused
	}{
		"a known identity is its user": {
			sb.Login{}, sb.LoginFacts{Settings: closed, Known: ann(sb.Guest, "")}, *ann(sb.Guest, ""),
		},
		"a verified address joins its user": {
			sb.Login{}, sb.LoginFacts{Settings: closed, SameEmail: ann(sb.Guest, "")}, *ann(sb.Guest, ""),
		},
		"a stranger becomes a user": {
			sb.Login{Email: "new@example.org", Verified: true, Name: "New"},
			sb.LoginFacts{Settings: open},
			sb.Principal{Kind: sb.User, Name: "New", Email: "new@example.org", Role: sb.Member},
		},
		"an address that is not verified is not kept": {
			sb.Login{Email: "new@example.org"},
			sb.LoginFacts{Settings: open},
			sb.Principal{Kind: sb.User, Name: "new", Role: sb.Member},
		},
		"a stranger is refused where users are invited": {
			sb.Login{Email: "new@example.org", Verified: true}, sb.LoginFacts{Settings: closed}, sb.Principal{},
		},
		"an invitation lets in": {
			sb.Login{Email: "new@example.org", Verified: true, Name: "New"},
			sb.LoginFacts{Settings: closed, Invitation: &sb.Invitation{Email: "new@example.org", Role: sb.Guest}},
			sb.Principal{Kind: sb.User, Name: "New", Email: "new@example.org", Role: sb.Guest},
		},
		"another's invitation does not": {
			sb.Login{Email: "new@example.org", Verified: true},
			sb.LoginFacts{Settings: closed, Invitation: &sb.Invitation{Email: "old@example.org", Role: sb.Guest}},
			sb.Principal{},
		},
		"nor does one to an address that is not verified": {
			sb.Login{Email: "new@example.org"},
			sb.LoginFacts{Settings: closed, Invitation: &sb.Invitation{Email: "new@example.org", Role: sb.Guest}},
			sb.Principal{},
		},
		"a mapped role wins and locks": {
			sb.Login{Provider: "p", Role: sb.Labeler, Maps: roles}, sb.LoginFacts{Settings: open, Known: ann(sb.Member, ""), Admins: 1}, *ann(sb.Labeler, "p"),
		},
		"a mapped role demotes an admin who is not the last": {
			sb.Login{Provider: "p", Role: sb.Guest, Maps: roles}, sb.LoginFacts{Settings: open, Known: ann(sb.Admin, "p"), Admins: 2}, *ann(sb.Guest, "p"),
		},
		"but not the last one": {
			sb.Login{Provider: "p", Role: sb.Guest, Maps: roles}, sb.LoginFacts{Settings: open, Known: ann(sb.Admin, ""), Admins: 1}, *ann(sb.Admin, "p"),
		},
		"what maps to nothing takes back what a mapping gave": {
			sb.Login{Provider: "p", Maps: roles}, sb.LoginFacts{Settings: open, Known: ann(sb.Admin, "p"), Admins: 2}, *ann(sb.Member, "p"),
		},
		"and never raises": {
			sb.Login{Provider: "p", Maps: roles}, sb.LoginFacts{Settings: open, Known: ann(sb.Guest, "p")}, *ann(sb.Guest, "p"),
		},
		"what maps to nothing leaves alone what admins decided": {
			sb.Login{Provider: "p", Maps: roles}, sb.LoginFacts{Settings: open, Known: ann(sb.Admin, ""), Admins: 2}, *ann(sb.Admin, ""),
		},
		"a provider that maps no roles any more unlocks": {
			sb.Login{Provider: "p"}, sb.LoginFacts{Settings: open, Known: ann(sb.Labeler, "p")}, *ann(sb.Labeler, ""),
		},
		"a new user may be an admin by mapping": {
			sb.Login{Provider: "p", Name: "New", Role: sb.Admin, Maps: roles},
			sb.LoginFacts{Settings: open},
			sb.Principal{Kind: sb.User, Name: "New", Role: sb.Admin, LockedBy: "p"},
		},
		"a name that is none becomes one": {
			sb.Login{Name: " \u202e\n" + strings.Repeat("x", 300)},
			sb.LoginFacts{Settings: open},
			sb.Principal{Kind: sb.User, Name: strings.Repeat("x", 100), Role: sb.Member},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan, err := identity.Decide(row.login, row.facts)
			if row.want.Kind == "" {
				code(t, sb.Forbidden, err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, row.want, plan.Principal)
		})
	}
}

func TestPathsOfOurs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"/": "/", "/runs?status=failed&x=%2F": "/runs?status=failed&x=%2F", "": "/", "runs": "/", "//evil.example": "/",
		"///evil.example": "/", `/\evil.example`: "/", `\/evil.example`: "/", "https://evil.example": "/", "https:evil.example": "/",
		"javascript:alert(1)": "/", "/%2F/evil.example": "/", "/%5Cevil.example": "/", "/\tevil": "/", "/a\r\nSet-Cookie: x": "/",
		"//user@evil.example/": "/", "/a#b": "/a", "/é": "/", "/" + strings.Repeat("a", 2048): "/",
	} {
		require.Equal(t, want, sb.LocalPath(text), "%q", text)
	}
}
