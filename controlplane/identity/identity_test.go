package identity_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	sb "signalbox"
	"signalbox/controlplane/identity"
)

func setup(t *testing.T) (*identity.Identity, *memory) {
	t.Helper()
	m := &memory{
		now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC), settings: sb.DefaultSettings(),
		principals: map[string]sb.Principal{"a": {ID: "a", Kind: sb.User, Name: "admin", Role: sb.Admin}},
		keys:       map[string]sb.Key{},
	}
	return identity.New(m, signer{"one"}), m
}

func code(t *testing.T, want sb.Code, err error) {
	t.Helper()
	require.Equal(t, want, sb.CodeOf(err), "%v", err)
}

func TestAnAPIKeyFindsItsOwner(t *testing.T) {
	t.Parallel()
	id, m := setup(t)
	key, secret, err := id.CreateKey(t.Context(), "admin", "laptop", nil)
	require.NoError(t, err)
	require.Equal(t, "a", key.Owner)
	require.Regexp(t, `^sbk_[0-9A-Za-z]{49}$`, secret)
	require.NotContains(t, m.keys, secret)

	c, err := id.APIKey(t.Context(), secret)
	require.NoError(t, err)
	require.Equal(t, "admin", c.Principal.Name)
	require.Equal(t, sb.DefaultSettings(), c.Settings)
	require.Equal(t, "key:"+key.ID, c.Via)

	require.NoError(t, id.DeleteKey(t.Context(), "a", key.ID))
	_, err = id.APIKey(t.Context(), secret)
	code(t, sb.Unauthenticated, err)
}

func TestAnOrchestratorKeyFindsItsOrchestrator(t *testing.T) {
	t.Parallel()
	id, m := setup(t)
	_, secret, err := id.CreateOrchestratorKey(t.Context(), "o1", "workers")
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(secret, "sbo_"))
	owner, err := id.OrchestratorKey(t.Context(), secret)
	require.NoError(t, err)
	require.Equal(t, "o1", owner)

	keys, err := id.Keys(t.Context(), "o1")
	require.NoError(t, err)
	require.Len(t, keys, 1)

	m.broken = true
	_, err = id.OrchestratorKey(t.Context(), secret)
	code(t, sb.Unavailable, err)
}

func TestEachDoorAnswersOtherKindsLikeStrangers(t *testing.T) {
	t.Parallel()
	id, _ := setup(t)
	_, api, err := id.CreateKey(t.Context(), "a", "k", nil)
	require.NoError(t, err)
	_, orchestrator, err := id.CreateOrchestratorKey(t.Context(), "o1", "k")
	require.NoError(t, err)
	token, err := id.Token(sb.Process{AttemptRef: sb.AttemptRef{Run: "r", Attempt: 1}, Source: "main", Try: 1})
	require.NoError(t, err)

	doors := map[string]func(string) error{
		api:          func(s string) error { _, err := id.APIKey(t.Context(), s); return err },
		orchestrator: func(s string) error { _, err := id.OrchestratorKey(t.Context(), s); return err },
		token:        func(s string) error { _, err := id.RunToken(s); return err },
	}
	for own, open := range doors {
		require.NoError(t, open(own))
		for other := range doors {
			if other != own {
				code(t, sb.Unauthenticated, open(other))
			}
		}
		for _, s := range []string{"", "x", own[:4], own + "x", own[:len(own)-1], strings.ToUpper(own), strings.Repeat("s", 1<<20)} {
			code(t, sb.Unauthenticated, open(s))
		}
	}
}

func TestKeysThatOpenNothing(t *testing.T) {
	t.Parallel()
	never := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, change := range map[string]func(*memory){
		"expired": func(m *memory) { m.now = never },
		"its role was taken out of api_key_roles": func(m *memory) { m.settings.APIKeyRoles = []sb.Role{sb.Member} },
		"its owner is gone":                       func(m *memory) { delete(m.principals, "a") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id, m := setup(t)
			_, secret, err := id.CreateKey(t.Context(), "a", "k", &never)
			require.NoError(t, err)
			_, err = id.APIKey(t.Context(), secret)
			require.NoError(t, err)
			change(m)
			_, err = id.APIKey(t.Context(), secret)
			code(t, sb.Unauthenticated, err)
		})
	}
}

func TestAnOutageIsNotAWrongKey(t *testing.T) {
	t.Parallel()
	id, m := setup(t)
	_, secret, err := id.CreateKey(t.Context(), "a", "k", nil)
	require.NoError(t, err)
	m.broken = true
	_, err = id.APIKey(t.Context(), secret)
	code(t, sb.Unavailable, err)
	_, _, err = id.CreateKey(t.Context(), "a", "k", nil)
	code(t, sb.Unavailable, err)
}

func TestKeysThatCannotBeMade(t *testing.T) {
	t.Parallel()
	id, m := setup(t)
	past := m.now
	_, _, err := id.CreateKey(t.Context(), "a", "", &past)
	code(t, sb.Invalid, err)
	var e *sb.Error
	require.ErrorAs(t, err, &e)
	require.Len(t, e.Faults, 2)
	_, _, err = id.CreateKey(t.Context(), "nobody", "k", nil)
	code(t, sb.NotFound, err)
	_, _, err = id.CreateOrchestratorKey(t.Context(), "o1", "a\nb")
	code(t, sb.Invalid, err)
	require.Empty(t, m.keys)
}

func TestARunTokenHoldsItsProcess(t *testing.T) {
	t.Parallel()
	id, m := setup(t)
	stranger := identity.New(m, signer{"two"})
	rapid.Check(t, func(t *rapid.T) {
		p := sb.Process{
			AttemptRef: sb.AttemptRef{Run: rapid.String().Draw(t, "run"), Attempt: rapid.IntRange(1, 99).Draw(t, "attempt")},
			Source:     rapid.StringN(1, 200, 800).Draw(t, "source"),
			Try:        rapid.IntRange(1, 1000).Draw(t, "try"),
		}
		if strings.ContainsRune(p.Run+p.Source, '\uFFFD') {
			t.Skip("not text")
		}
		token, err := id.Token(p)
		require.NoError(t, err)
		if len(token) > 4096 {
			t.Skip("longer than a token may be")
		}
		got, err := id.RunToken(token)
		require.NoError(t, err)
		require.Equal(t, p, got)

		_, err = stranger.RunToken(token)
		require.Equal(t, sb.Unauthenticated, sb.CodeOf(err))
		at := rapid.IntRange(4, len(token)-1).Draw(t, "at")
		changed := []byte(token)
		changed[at] ^= 1
		_, err = id.RunToken(string(changed))
		require.Equal(t, sb.Unauthenticated, sb.CodeOf(err))
	})
}

func TestOnlyTheEndTokenEndsWork(t *testing.T) {
	t.Parallel()
	i, _ := setup(t)
	p := sb.Process{AttemptRef: sb.AttemptRef{Run: "r", Attempt: 1}, Source: "main", Try: 1}
	run, err := i.Token(p)
	require.NoError(t, err)
	end, err := i.EndToken(p)
	require.NoError(t, err)
	got, err := i.EndsWork(end)
	require.NoError(t, err)
	require.Equal(t, p, got)
	_, err = i.EndsWork(run)
	code(t, sb.Unauthenticated, err)
	_, err = i.RunToken(end)
	code(t, sb.Unauthenticated, err)
}

func TestServiceAccounts(t *testing.T) {
	t.Parallel()
	id, _ := setup(t)
	account, err := id.CreateServiceAccount(t.Context(), "nightly", sb.Member, "runs at night")
	require.NoError(t, err)
	require.Equal(t, sb.ServiceAccount, account.Kind)

	_, err = id.CreateServiceAccount(t.Context(), "nightly", sb.Member, "")
	code(t, sb.Conflict, err)

	role, name := sb.Guest, "daily"
	changed, err := id.UpdateServiceAccount(t.Context(), "nightly", &name, &role, nil)
	require.NoError(t, err)
	require.Equal(t, sb.Principal{ID: account.ID, Kind: sb.ServiceAccount, Name: "daily", Role: sb.Guest, Description: "runs at night"}, changed)

	page, err := id.ServiceAccounts(t.Context(), sb.PrincipalQuery{})
	require.NoError(t, err)
	require.Equal(t, []sb.Principal{changed}, page.Items)

	require.NoError(t, id.DeleteServiceAccount(t.Context(), "daily"))
	_, err = id.ServiceAccount(t.Context(), account.ID)
	code(t, sb.NotFound, err)
}

func TestServiceAccountsListEveryFault(t *testing.T) {
	t.Parallel()
	id, _ := setup(t)
	_, err := id.CreateServiceAccount(t.Context(), "..", "owner", strings.Repeat("x", 1001))
	code(t, sb.Invalid, err)
	var e *sb.Error
	require.ErrorAs(t, err, &e)
	require.Len(t, e.Faults, 3)
}

func TestUsersAreNotServiceAccounts(t *testing.T) {
	t.Parallel()
	id, _ := setup(t)
	role := sb.Guest
	_, err := id.ServiceAccount(t.Context(), "admin")
	code(t, sb.NotFound, err)
	_, err = id.UpdateServiceAccount(t.Context(), "admin", nil, &role, nil)
	code(t, sb.NotFound, err)
	code(t, sb.NotFound, id.DeleteServiceAccount(t.Context(), "admin"))
}

func TestTheLastAdminStays(t *testing.T) {
	t.Parallel()
	id, m := setup(t)
	account, err := id.CreateServiceAccount(t.Context(), "root", sb.Admin, "")
	require.NoError(t, err)
	delete(m.principals, "a")
	role := sb.Member
	_, err = id.UpdateServiceAccount(t.Context(), account.ID, nil, &role, nil)
	code(t, sb.Conflict, err)
	code(t, sb.Conflict, id.DeleteServiceAccount(t.Context(), account.ID))
}
