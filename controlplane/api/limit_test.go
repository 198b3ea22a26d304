package api

import (
	"net/url"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/identity"
)

func TestWhoTriesKeysIsSlowedDown(t *testing.T) {
	t.Parallel()
	s := visit(t, withFriend)
	b := s.browser()
	good := b.logIn("ann")
	var last reply
	for range failuresAtOnce + 2 {
		last = s.do("", "GET", "/api/v1/me", "", "Authorization", "Bearer sbk_wrong")
	}
	require.Equal(t, 429, last.StatusCode)
	require.NotEmpty(t, last.Header.Get("Retry-After"))
	require.Equal(t, 200, s.do("", "GET", "/api/v1/me", "", "Authorization", "Bearer "+good).StatusCode, "a valid one never is")
}

func TestWhoFailsToLogInIsSlowedDown(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(b *browser) reply{
		"with another's answer":    func(b *browser) reply { return b.get("/auth/friend/callback?state=x") },
		"at a provider of no name": func(b *browser) reply { return b.get("/auth/nobody/login") },
		"with an assertion": func(b *browser) reply {
			return b.send("POST", "/auth/friend/acs", url.Values{"again": {"1"}}, "Sec-Fetch-Site", "cross-site")
		},
		"as nobody's demonstration": func(b *browser) reply { return b.send("POST", "/auth/demo", url.Values{"user": {"admin"}}) },
		"with a program's code":     func(b *browser) reply { return b.get("/auth/device?user_code=BCDF-GHJK") },
		"with a program's answer": func(b *browser) reply {
			return b.send("POST", "/auth/device/answer", url.Values{"user_code": {"BCDF-GHJK"}, "answer": {"yes"}})
		},
		"as a program": func(b *browser) reply {
			return b.send("POST", "/auth/device/token", url.Values{"device_code": {"sbd_wrong"}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := visit(t, withFriend)
			b := s.browser()
			b.logIn("ann")
			last := fail(b)
			require.Contains(t, []int{400, 401, 404}, last.StatusCode, last.body)
			for range failuresAtOnce + 2 {
				last = fail(b)
			}
			require.Equal(t, 429, last.StatusCode, last.body)
			require.NotEmpty(t, last.Header.Get("Retry-After"))
			require.Equal(t, 200, b.get("/api/v1/me").StatusCode, "a session goes on")
		})
	}
}

func TestFailedLoginsAreCountedInTheAuditLog(t *testing.T) {
	t.Parallel()
	s := visit(t, withFriend)
	require.Equal(t, 401, s.browser().get("/auth/friend/callback?state=x").StatusCode)
	page, err := s.store.Audit(t.Context(), sb.AuditQuery{Outcome: sb.AuditRefused, Limit: 10})
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
	require.Equal(t, "login friend", page.Items[0].Action+" "+page.Items[0].Object.Name)
}

func TestWhoLogsInIsNotSlowedDown(t *testing.T) {
	t.Parallel()
	s := visit(t, identity.LoginSettings{Providers: withFriend.Providers, Demo: true})
	b := s.browser()
	for range failuresAtOnce + 5 {
		b.logIn("ann")
		require.Equal(t, 303, b.send("POST", "/auth/demo", url.Values{"user": {"guest"}}).StatusCode)
		require.Equal(t, 200, s.do("", "POST", "/auth/device", "").StatusCode)
	}
}

func TestWhoBeginsLoginsWithoutEndIsSlowedDown(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(s *site) reply{
		"in a browser": func(s *site) reply { return s.browser().get("/auth/friend/login") },
		"as a program": func(s *site) reply { return s.do("", "POST", "/auth/device", "") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := visit(t, withFriend)
			n := 0
			for n < 2*begunAtOnce && begin(s).StatusCode != 429 {
				n++
			}
			require.Greater(t, n, failuresAtOnce)
			require.Less(t, n, 2*begunAtOnce)
		})
	}
}

func TestTheLimiterForgetsTheOldest(t *testing.T) {
	t.Parallel()
	l := newLimiter(failuresAtOnce, failuresASecond)
	for i := range 3 * mostAddresses {
		require.NoError(t, l.take("10."+strconv.Itoa(i>>16)+"."+strconv.Itoa(i>>8&255)+"."+strconv.Itoa(i&255)))
	}
	require.LessOrEqual(t, len(l.young)+len(l.aged), 2*mostAddresses)
	require.Equal(t, network("2001:db8::1"), network("2001:db8::2"))
	require.NotEqual(t, network("2001:db8::1"), network("2001:db8:0:1::1"))
	require.Equal(t, network("::ffff:10.0.0.1"), network("10.0.0.1"))
}
