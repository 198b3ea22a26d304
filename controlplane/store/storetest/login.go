package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/identity"
)

var loginTests = map[string]func(*testing.T, Fresh){
	"a session opens until it ends":                   sessions,
	"everybody's sessions are read by page":           everybodysSessions,
	"a session ends with its user":                    sessionsOfTheDeleted,
	"a begun login is ended once, by its own browser": pendingLogins,
	"an assertion is used once":                       assertions,
	"a login finds, joins or makes a user":            logIns,
	"a mapping decides memberships of its own":        mappedGroups,
	"an invitation is accepted with the login":        invitedLogins,
	"two first logins make one user":                  twoFirstLogins,
	"a device is let in once":                         devices,
	"what logins left behind is swept":                sweptLogins,
	"the suspended get in nowhere, and come back":     suspended,
	"an admin of the demonstration is never the last": demoAdmins,
}

const idle = time.Hour

func sessions(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	s, err := w.CreateSession(t.Context(), sb.Session{PrincipalID: w.ann.ID, Provider: "p", Address: "192.0.2.1", Agent: "a", Logout: []byte{1}}, []byte("h"), 3*time.Hour)
	require.NoError(t, err)
	_, err = w.CreateSession(t.Context(), sb.Session{PrincipalID: "nobody"}, []byte("x"), time.Hour)
	requireCode(t, sb.NotFound, err)
	other, err := w.CreateSession(t.Context(), sb.Session{PrincipalID: w.ann.ID}, []byte("o"), 3*time.Hour)
	require.NoError(t, err)
	open := func(quietly bool) error {
		c, err := w.PrincipalOfSession(t.Context(), []byte("h"), idle, quietly)
		if err == nil {
			require.Equal(t, w.ann.ID, c.Principal.ID)
			require.Equal(t, sb.DefaultSettings(), c.Settings)
			require.Equal(t, "session:"+s.ID, c.Via)
			require.Equal(t, []byte{1}, c.Session.Logout)
		}
		return err
	}
	w.clock.pass(40 * time.Minute)
	require.NoError(t, open(true))
	w.clock.pass(30 * time.Minute)
	requireCode(t, sb.NotFound, open(false))
	list, err := w.Sessions(t.Context(), w.ann.ID, idle)
	require.NoError(t, err)
	require.Empty(t, list, "nobody used them for longer than they may idle")

	w.clock.pass(-30 * time.Minute)
	require.NoError(t, open(false))
	w.clock.pass(50 * time.Minute)
	require.NoError(t, open(false), "its use counted")
	w.clock.pass(50 * time.Minute)
	require.NoError(t, open(false))
	w.clock.pass(50 * time.Minute)
	requireCode(t, sb.NotFound, open(false))
	w.clock.pass(-50 * time.Minute)

	_, err = w.EndSession(t.Context(), w.admin.ID, s.ID)
	requireCode(t, sb.NotFound, err)
	ended, err := w.EndSession(t.Context(), w.ann.ID, s.ID)
	require.NoError(t, err)
	require.Equal(t, []byte{1}, ended.Logout)
	requireCode(t, sb.NotFound, open(false))
	require.NoError(t, w.EndSessions(t.Context(), w.ann.ID, other.ID))
	require.NoError(t, w.EndSessions(t.Context(), w.ann.ID, ""))
	_, err = w.EndSession(t.Context(), w.ann.ID, other.ID)
	requireCode(t, sb.NotFound, err)
}

func everybodysSessions(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	ids := map[string]string{}
	for _, s := range []struct{ name, whose string }{{"of ann", w.ann.ID}, {"of root", w.admin.ID}, {"of ann again", w.ann.ID}} {
		made, err := w.CreateSession(t.Context(), sb.Session{PrincipalID: s.whose}, []byte(s.name), 3*time.Hour)
		require.NoError(t, err)
		ids[made.ID] = s.name
	}
	read := func(search, cursor string, limit int) (names []string, next string) {
		page, err := w.AllSessions(t.Context(), search, idle, cursor, limit)
		require.NoError(t, err)
		for _, s := range page.Items {
			require.Equal(t, s.PrincipalID, s.User.ID)
			names = append(names, ids[s.ID])
		}
		return names, page.Next
	}
	first, next := read("", "", 2)
	require.Len(t, first, 2)
	rest, next := read("", next, 2)
	require.Empty(t, next)
	require.ElementsMatch(t, []string{"of ann", "of root", "of ann again"}, append(first, rest...))
	found, _ := read("ANN", "", 0)
	require.ElementsMatch(t, []string{"of ann", "of ann again"}, found)
	_, err := w.AllSessions(t.Context(), "", idle, "rubbish", 1)
	requireCode(t, sb.Invalid, err)

	for id, name := range ids {
		if name == "of root" {
			_, err := w.EndSession(w.acting(t, w.admin), "", id)
			require.NoError(t, err)
		}
	}
	entries := w.log(t, sb.AuditQuery{Action: "session.delete"})
	require.JSONEq(t, `{"owner":{"kind":"user","id":"`+w.admin.ID+`","name":"`+w.admin.Name+`"}}`, string(entries[len(entries)-1].Detail))
	w.clock.pass(idle)
	none, _ := read("", "", 0)
	require.Empty(t, none, "nobody used them for longer than they may idle")
}

func sessionsOfTheDeleted(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	_, err := w.CreateSession(t.Context(), sb.Session{PrincipalID: w.ann.ID}, []byte("h"), time.Hour)
	require.NoError(t, err)
	require.NoError(t, w.DeletePrincipal(t.Context(), w.ann.ID))
	_, err = w.PrincipalOfSession(t.Context(), []byte("h"), idle, false)
	requireCode(t, sb.NotFound, err)
	_, err = w.CreateSession(t.Context(), sb.Session{PrincipalID: w.ann.ID}, []byte("i"), time.Hour)
	requireCode(t, sb.NotFound, err)
}

func pendingLogins(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	begin := func(state string) sb.Pending {
		p := sb.Pending{State: state, Browser: "b", Provider: "p", Nonce: "n", Verifier: "v", ReturnTo: "/x", Invitation: "i"}
		require.NoError(t, w.BeginLogin(t.Context(), p, time.Minute))
		p.ExpiresAt = w.clock.now().Add(time.Minute)
		return p
	}
	want := begin("s")
	for _, wrong := range [][3]string{{"p", "s", "another browser"}, {"another", "s", "b"}, {"p", "another", "b"}} {
		_, err := w.TakeLogin(t.Context(), wrong[0], wrong[1], wrong[2])
		requireCode(t, sb.NotFound, err)
	}
	got, err := w.TakeLogin(t.Context(), "p", "s", "b")
	require.NoError(t, err)
	require.Equal(t, want, got)
	_, err = w.TakeLogin(t.Context(), "p", "s", "b")
	requireCode(t, sb.NotFound, err)
	begin("late")
	w.clock.pass(time.Minute)
	_, err = w.TakeLogin(t.Context(), "p", "late", "b")
	requireCode(t, sb.NotFound, err)
}

func assertions(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	until := w.clock.now().Add(time.Minute)
	require.NoError(t, w.UseAssertion(t.Context(), "p", "a", until))
	requireCode(t, sb.Conflict, w.UseAssertion(t.Context(), "p", "a", until))
	require.NoError(t, w.UseAssertion(t.Context(), "q", "a", until), "an id is one provider's")
	var wg sync.WaitGroup
	good := make(chan bool, 8)
	for range 8 {
		wg.Go(func() { good <- w.UseAssertion(t.Context(), "p", "b", until) == nil })
	}
	wg.Wait()
	close(good)
	n := 0
	for ok := range good {
		if ok {
			n++
		}
	}
	require.Equal(t, 1, n)
}

func (w *world) logIn(t require.TestingT, l sb.Login) (sb.Principal, error) {
	return w.LogIn(ctx(t), l, "", func(f sb.LoginFacts) (sb.LoginPlan, error) { return identity.Decide(l, f) })
}

func logIns(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	l := sb.Login{Provider: "p", Subject: "1", Email: "ann.lee@example.org", Name: "Ann"}
	stranger, err := w.logIn(t, l)
	require.NoError(t, err)
	require.NotEqual(t, w.ann.ID, stranger.ID, "an address that is not verified joins nobody")
	require.Empty(t, stranger.Email)

	l.Subject, l.Verified = "2", true
	ann, err := w.logIn(t, l)
	require.NoError(t, err)
	require.Equal(t, w.ann.ID, ann.ID)
	l.Email, l.Verified = "", false
	ann, err = w.logIn(t, l)
	require.NoError(t, err)
	require.Equal(t, w.ann.ID, ann.ID, "the identity is known now")

	l.Role, l.Maps.Role = sb.Labeler, true
	ann, err = w.logIn(t, l)
	require.NoError(t, err)
	require.Equal(t, sb.Labeler, ann.Role)
	kept, err := w.Principal(t.Context(), ann.ID)
	require.NoError(t, err)
	require.Equal(t, "p", kept.LockedBy)

	root, err := w.logIn(t, sb.Login{Provider: "p", Subject: "3", Email: w.admin.Email, Verified: true, Role: sb.Guest, Maps: sb.Maps{Role: true}})
	require.NoError(t, err)
	require.Equal(t, w.admin.ID, root.ID)
	require.Equal(t, sb.Admin, root.Role, "the last admin stays")

	require.NoError(t, w.DeletePrincipal(t.Context(), ann.ID))
	again, err := w.logIn(t, l)
	require.NoError(t, err)
	require.NotEqual(t, ann.ID, again.ID, "who was deleted comes back as someone new")
}

func mappedGroups(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	for _, name := range []string{"red", "blue", "own"} {
		g, err := w.CreateGroup(t.Context(), name, "")
		require.NoError(t, err)
		if name == "own" {
			require.NoError(t, w.AddMember(t.Context(), g.ID, w.ann.ID))
		}
	}
	in := func(groups ...string) []string {
		l := sb.Login{Provider: "p", Subject: "1", Email: w.ann.Email, Verified: true, Groups: groups, Maps: sb.Maps{Groups: true}}
		_, err := w.logIn(t, l)
		require.NoError(t, err)
		of, err := w.GroupsOf(t.Context(), []string{w.ann.ID})
		require.NoError(t, err)
		var names []string
		for _, g := range of[w.ann.ID] {
			names = append(names, g.Name)
		}
		return names
	}
	require.Equal(t, []string{"own", "red"}, in("red", "own", "no such group"))
	require.Equal(t, []string{"blue", "own"}, in("blue"))
	require.Equal(t, []string{"own"}, in())
}

func invitedLogins(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	w.sql(t, "UPDATE settings SET just_in_time_users = FALSE")
	w.sql(t, "INSERT INTO invitations (id, hash, email, role, dataset_id, dataset_name, permission, invited_by_id, invited_by_name, created_at, expires_at) VALUES ('i', 'h', 'new@example.org', 'labeler', '', '', '', '', '', 1, 9000000000000000)")
	join := func(l sb.Login, token string) (sb.Principal, error) {
		return w.LogIn(t.Context(), l, token, func(f sb.LoginFacts) (sb.LoginPlan, error) { return identity.Decide(l, f) })
	}
	l := sb.Login{Provider: "p", Subject: "1", Email: "new@example.org", Name: "New"}
	_, err := join(l, "h")
	requireCode(t, sb.Forbidden, err)
	l.Verified = true
	_, err = join(l, "")
	requireCode(t, sb.Forbidden, err)
	p, err := join(l, "h")
	require.NoError(t, err)
	require.Equal(t, sb.Labeler, p.Role)
	l.Subject, l.Email = "2", "other@example.org"
	_, err = join(l, "h")
	requireCode(t, sb.Forbidden, err)
}

func twoFirstLogins(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	l := sb.Login{Provider: "p", Subject: "1", Email: "new@example.org", Verified: true, Name: "New"}
	var wg sync.WaitGroup
	made := make([]string, 4)
	for i := range made {
		wg.Go(func() {
			p, err := w.logIn(t, l)
			if err == nil {
				made[i] = p.ID
			}
		})
	}
	wg.Wait()
	for _, id := range made {
		require.NotEmpty(t, id)
		require.Equal(t, made[0], id)
	}
}

func devices(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	ask := func(code string) {
		require.NoError(t, w.CreateDevice(t.Context(), sb.Device{UserCode: code, Address: "a", Agent: "b"}, []byte(code), time.Minute))
	}
	ask("one")
	d, err := w.TakeDevice(t.Context(), []byte("one"))
	require.NoError(t, err)
	require.Empty(t, d.PrincipalID)
	d, err = w.Device(t.Context(), "one")
	require.NoError(t, err)
	require.Equal(t, sb.Device{UserCode: "one", Address: "a", Agent: "b", ExpiresAt: w.clock.now().Add(time.Minute)}, d)
	require.NoError(t, w.AnswerDevice(t.Context(), "one", w.ann.ID))
	requireCode(t, sb.NotFound, w.AnswerDevice(t.Context(), "one", w.admin.ID))
	requireCode(t, sb.NotFound, w.AnswerDevice(t.Context(), "one", ""))
	d, err = w.TakeDevice(t.Context(), []byte("one"))
	require.NoError(t, err)
	require.Equal(t, w.ann.ID, d.PrincipalID)
	_, err = w.TakeDevice(t.Context(), []byte("one"))
	requireCode(t, sb.NotFound, err)

	ask("two")
	require.NoError(t, w.AnswerDevice(t.Context(), "two", ""))
	_, err = w.TakeDevice(t.Context(), []byte("two"))
	requireCode(t, sb.NotFound, err)
	ask("three")
	w.clock.pass(time.Minute)
	_, err = w.Device(t.Context(), "three")
	requireCode(t, sb.NotFound, err)
	requireCode(t, sb.NotFound, w.AnswerDevice(t.Context(), "three", w.ann.ID))
}

func sweptLogins(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	leave := func(name string) {
		require.NoError(t, w.BeginLogin(t.Context(), sb.Pending{State: name, Provider: "p"}, time.Minute))
		require.NoError(t, w.UseAssertion(t.Context(), "p", name, w.clock.now().Add(time.Minute)))
		require.NoError(t, w.CreateDevice(t.Context(), sb.Device{UserCode: name}, []byte(name), time.Minute))
		_, err := w.CreateSession(t.Context(), sb.Session{PrincipalID: w.ann.ID}, []byte(name), time.Minute)
		require.NoError(t, err)
	}
	left := func() (list []int64) {
		for _, table := range []string{"logins", "assertions", "devices", "sessions"} {
			list = append(list, w.number(t, "SELECT count(*) FROM "+table))
		}
		return list
	}
	sweep := func(limit, want int) {
		n, err := w.ForgetLogins(t.Context(), idle, limit)
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	for i := range 3 {
		leave(fmt.Sprint("old ", i))
	}
	sweep(10, 0)
	w.clock.pass(time.Minute)
	leave("new")
	require.Equal(t, []int64{4, 4, 4, 4}, left(), "a login sweeps nothing")
	sweep(2, 2)
	require.Equal(t, []int64{2, 2, 2, 2}, left(), "no more at once than is asked for")
	sweep(2, 1)
	require.Equal(t, []int64{1, 1, 1, 1}, left(), "what is still good stays")

	_, err := w.CreateSession(t.Context(), sb.Session{PrincipalID: w.ann.ID}, []byte("long"), 100*time.Hour)
	require.NoError(t, err)
	w.clock.pass(idle - time.Microsecond)
	sweep(10, 1)
	require.Equal(t, []int64{0, 0, 0, 1}, left())
	w.clock.pass(time.Microsecond)
	sweep(10, 1)
	require.Equal(t, []int64{0, 0, 0, 0}, left(), "nobody used it for longer than it may idle")
}

func demo(role sb.Role) sb.Login {
	return sb.Login{Provider: sb.DemoProvider, Subject: string(role), Name: "Demo " + string(role), Role: role, Maps: sb.Maps{Role: true}}
}

func suspended(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	p, err := w.logIn(t, demo(sb.Member))
	require.NoError(t, err)
	gone, err := w.logIn(t, demo(sb.Guest))
	require.NoError(t, err)
	require.NoError(t, w.DeletePrincipal(t.Context(), gone.ID))
	_, err = w.CreateKey(t.Context(), sb.Key{Owner: p.ID, Name: "k"}, []byte("key"))
	require.NoError(t, err)
	_, err = w.CreateSession(t.Context(), sb.Session{PrincipalID: p.ID}, []byte("session"), time.Hour)
	require.NoError(t, err)
	g, err := w.CreateGroup(t.Context(), "red", "")
	require.NoError(t, err)
	require.NoError(t, w.AddMember(t.Context(), g.ID, p.ID))

	w.clock.pass(time.Second)
	since := w.clock.now()
	for range 2 {
		require.NoError(t, w.SuspendUsers(t.Context(), sb.DemoProvider))
	}
	_, err = w.Principal(t.Context(), p.ID)
	requireCode(t, sb.NotFound, err)
	_, err = w.CreateSession(t.Context(), sb.Session{PrincipalID: p.ID}, []byte("again"), time.Hour)
	requireCode(t, sb.NotFound, err)
	closed := func() {
		_, err := w.PrincipalOfKey(t.Context(), []byte("key"))
		requireCode(t, sb.NotFound, err)
		_, err = w.PrincipalOfSession(t.Context(), []byte("session"), idle, false)
		requireCode(t, sb.NotFound, err)
	}
	closed()
	_, err = w.Principal(t.Context(), w.ann.ID)
	require.NoError(t, err, "nobody else is touched")

	w.clock.pass(time.Second)
	for range 2 {
		require.NoError(t, w.ReviveUsers(t.Context(), sb.DemoProvider))
	}
	closed()
	back, err := w.logIn(t, demo(sb.Member))
	require.NoError(t, err)
	require.Equal(t, p.ID, back.ID)
	of, err := w.GroupsOf(t.Context(), []string{p.ID})
	require.NoError(t, err)
	require.Equal(t, []sb.Who{{ID: g.ID, Name: "red"}}, of[p.ID])
	_, err = w.Principal(t.Context(), gone.ID)
	requireCode(t, sb.NotFound, err)
	require.Equal(t, []string{`user.suspend Demo member {"role":"member"}`, `user.revive Demo member {"role":"member"}`}, did(w.log(t, sb.AuditQuery{Since: since})))
}

func demoAdmins(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	d, err := w.logIn(t, demo(sb.Admin))
	require.NoError(t, err)
	require.Equal(t, sb.Admin, d.Role)
	requireCode(t, sb.Conflict, w.DeletePrincipal(t.Context(), w.admin.ID))
	_, err = w.UpdatePrincipal(t.Context(), w.admin.ID, func(p sb.Principal) (sb.Principal, error) { p.Role = sb.Member; return p, nil })
	requireCode(t, sb.Conflict, err)
	require.NoError(t, w.DeletePrincipal(t.Context(), d.ID), "he himself may go")

	w.sql(t, "UPDATE principals SET deleted_at = 1 WHERE role = 'admin'")
	d, err = w.logIn(t, demo(sb.Admin))
	require.NoError(t, err)
	a, err := w.EnsureAdmin(t.Context(), sb.Principal{Kind: sb.User, Name: "admin"}, []byte("h"))
	require.NoError(t, err)
	require.NotEqual(t, d.ID, a.ID, "a key of the demonstration's would end with it")
}
