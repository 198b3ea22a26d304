package storetest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	sb "signalbox"
	"signalbox/controlplane/access"
)

var groupTests = map[string]func(*testing.T, Fresh){
	"groups are made, found, changed and deleted":          groups,
	"principals enter groups and leave them":               members,
	"a membership that a provider decides stays":           lockedMember,
	"principals are found by a part of name or email":      principalSearch,
	"pages of principals in every order, by role":          principalOrders,
	"a user is found by his email, or a name of his own":   userNames,
	"a deleted principal has nothing left":                 nothingLeft,
	"runs of a deleted principal are rejected, not lost":   runsOfTheDeleted,
	"admins who remove each other at once leave one":       adminsAtOnce,
	"whatever is done to people, an admin is left":         adminProperty,
	"settings are read with the key, as they are kept":     settingsKept,
	"an email is one person's, however it is written":      emails,
	"what changes people and groups is in the audit table": peopleAudited,
}

func groups(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	b, err := w.CreateGroup(t.Context(), "b_group", "of two")
	require.NoError(t, err)
	require.Equal(t, sb.Group{ID: b.ID, Name: "b_group", Description: "of two", CreatedAt: w.clock.now()}, b)
	_, err = w.CreateGroup(t.Context(), "b_group", "")
	requireCode(t, sb.Conflict, err)
	a, err := w.CreateGroup(t.Context(), "A group", "")
	require.NoError(t, err)
	named, err := w.CreateGroup(t.Context(), a.ID, "named like another's id")
	require.NoError(t, err)
	for key, want := range map[string]sb.Group{b.ID: b, "b_group": b, a.ID: a, named.ID: named} {
		g, err := w.Group(t.Context(), key)
		require.NoError(t, err)
		require.Equal(t, want, g)
	}
	require.NoError(t, w.DeleteGroup(t.Context(), named.ID))

	page, err := w.Groups(t.Context(), "", "", 1)
	require.NoError(t, err)
	require.Equal(t, []sb.Group{a}, page.Items)
	page, err = w.Groups(t.Context(), "", page.Next, 1)
	require.NoError(t, err)
	require.Equal(t, []sb.Group{b}, page.Items)
	require.Empty(t, page.Next)
	for search, want := range map[string][]sb.Group{"GROUP": {a, b}, "b_g": {b}, "_": {b}, "%": {}, `\`: {}} {
		page, err = w.Groups(t.Context(), search, "", 0)
		require.NoError(t, err)
		require.Equal(t, want, page.Items, search)
	}

	name, description := "A group", "both"
	_, err = w.UpdateGroup(t.Context(), b.ID, &name, nil)
	requireCode(t, sb.Conflict, err)
	name = "other"
	b, err = w.UpdateGroup(t.Context(), b.ID, &name, &description)
	require.NoError(t, err)
	require.Equal(t, []string{"other", "both"}, []string{b.Name, b.Description})
	_, err = w.UpdateGroup(t.Context(), "none", &name, nil)
	requireCode(t, sb.NotFound, err)
	require.NoError(t, w.DeleteGroup(t.Context(), b.ID))
	requireCode(t, sb.NotFound, w.DeleteGroup(t.Context(), b.ID))
	_, err = w.CreateGroup(t.Context(), "other", "")
	require.NoError(t, err, "the name is free again")
}

func members(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	one, err := w.CreateGroup(t.Context(), "one", "")
	require.NoError(t, err)
	two, err := w.CreateGroup(t.Context(), "a second", "")
	require.NoError(t, err)
	for _, id := range []string{w.ann.ID, w.admin.ID, w.ann.ID} {
		require.NoError(t, w.AddMember(t.Context(), one.ID, id))
	}
	require.NoError(t, w.AddMember(t.Context(), two.ID, w.ann.ID))
	requireCode(t, sb.NotFound, w.AddMember(t.Context(), one.ID, "nobody"))
	requireCode(t, sb.NotFound, w.AddMember(t.Context(), "none", w.ann.ID))

	page, err := w.Members(t.Context(), one.ID, "", "", 1)
	require.NoError(t, err)
	require.Equal(t, []sb.GroupMember{{Principal: w.ann}}, page.Items)
	page, err = w.Members(t.Context(), one.ID, "", page.Next, 1)
	require.NoError(t, err)
	require.Equal(t, []sb.GroupMember{{Principal: w.admin}}, page.Items)
	require.Empty(t, page.Next)
	page, err = w.Members(t.Context(), one.ID, strings.ToUpper(w.ann.Email[:6]), "", 0)
	require.NoError(t, err)
	require.Equal(t, []sb.GroupMember{{Principal: w.ann}}, page.Items)
	of, err := w.GroupsOf(t.Context(), []string{w.ann.ID, w.admin.ID, "nobody"})
	require.NoError(t, err)
	first, second := sb.Who{ID: one.ID, Name: "one"}, sb.Who{ID: two.ID, Name: "a second"}
	require.Equal(t, map[string][]sb.Who{w.ann.ID: {second, first}, w.admin.ID: {first}}, of)
	of, err = w.GroupsOf(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, of)

	one, err = w.Group(t.Context(), "one")
	require.NoError(t, err)
	require.Equal(t, 2, one.Members)
	require.NoError(t, w.RemoveMember(t.Context(), one.ID, w.admin.ID))
	requireCode(t, sb.NotFound, w.RemoveMember(t.Context(), one.ID, w.admin.ID))
	require.NoError(t, w.DeleteGroup(t.Context(), two.ID))
	of, err = w.GroupsOf(t.Context(), []string{w.ann.ID, w.admin.ID})
	require.NoError(t, err)
	require.Equal(t, map[string][]sb.Who{w.ann.ID: {first}}, of)
}

func lockedMember(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	g, err := w.CreateGroup(t.Context(), "staff", "")
	require.NoError(t, err)
	w.sql(t, "INSERT INTO members (group_id, principal_id, locked_by) VALUES ('"+g.ID+"', '"+w.ann.ID+"', 'corporate')")
	page, err := w.Members(t.Context(), g.ID, "", "", 0)
	require.NoError(t, err)
	require.Equal(t, []sb.GroupMember{{Principal: w.ann, LockedBy: "corporate"}}, page.Items)
	err = w.RemoveMember(t.Context(), g.ID, w.ann.ID)
	requireCode(t, sb.Conflict, err)
	require.ErrorContains(t, err, "corporate")
	require.NoError(t, w.AddMember(t.Context(), g.ID, w.ann.ID))
	requireCode(t, sb.Conflict, w.RemoveMember(t.Context(), g.ID, w.ann.ID))
}

func principalSearch(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	bot, err := w.CreatePrincipal(t.Context(), sb.Principal{Kind: sb.ServiceAccount, Name: "100%_bot", Role: sb.Member})
	require.NoError(t, err)
	for _, row := range []struct {
		kind   sb.PrincipalKind
		search string
		want   []sb.Principal
	}{
		{"", "", []sb.Principal{bot, w.ann, w.admin}},
		{"", "%_", []sb.Principal{bot}},
		{sb.User, "%_", []sb.Principal{}},
		{sb.User, "LEE", []sb.Principal{w.ann}},
		{sb.User, "@EXAMPLE.org", []sb.Principal{w.ann, w.admin}},
	} {
		page, err := w.Principals(t.Context(), sb.PrincipalQuery{Kind: row.kind, Search: row.search})
		require.NoError(t, err)
		require.Equal(t, row.want, page.Items, row.search)
	}
}

// Pages of every order hold everybody once, and only those of the roles that were asked for.
func principalOrders(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	bot, err := w.CreatePrincipal(t.Context(), sb.Principal{Kind: sb.ServiceAccount, Name: "bot", Role: sb.Guest})
	require.NoError(t, err)
	zoe, err := w.CreatePrincipal(t.Context(), sb.Principal{Kind: sb.User, Name: "Zoe", Email: "zoe@example.org", Role: sb.Admin})
	require.NoError(t, err)
	w.sql(t, "UPDATE principals SET created_at = 1, last_seen_at = 0")
	w.sql(t, "UPDATE principals SET created_at = 2, last_seen_at = 9 WHERE id = '"+zoe.ID+"'")
	w.sql(t, "UPDATE principals SET last_seen_at = 8 WHERE id = '"+bot.ID+"'")
	for _, row := range []struct {
		sort  sb.PrincipalSort
		roles []sb.Role
		want  []string
	}{
		{"", nil, []string{w.ann.Name, "Zoe", "bot", w.admin.Name}},
		{sb.PrincipalsByName, []sb.Role{sb.Admin, sb.Guest}, []string{"Zoe", "bot", w.admin.Name}},
		{sb.PrincipalsByRole, nil, []string{"Zoe", w.admin.Name, w.ann.Name, "bot"}},
		{sb.PrincipalsBySeen, nil, []string{"Zoe", "bot", w.ann.Name, w.admin.Name}},
		{sb.PrincipalsByNewest, []sb.Role{sb.Admin, w.ann.Role}, []string{"Zoe", w.ann.Name, w.admin.Name}},
	} {
		q := sb.PrincipalQuery{Sort: row.sort, Roles: row.roles, Limit: 1}
		var names []string
		for more := true; more; more = q.Cursor != "" {
			page, err := w.Principals(t.Context(), q)
			require.NoError(t, err)
			for _, p := range page.Items {
				names = append(names, p.Name)
			}
			q.Cursor = page.Next
		}
		require.Equal(t, row.want, names, row.sort)
	}
	page, err := w.Principals(t.Context(), sb.PrincipalQuery{Sort: sb.PrincipalsByRole, Limit: 1})
	require.NoError(t, err)
	_, err = w.Principals(t.Context(), sb.PrincipalQuery{Sort: sb.PrincipalsBySeen, Cursor: page.Next})
	requireCode(t, sb.Invalid, err)
	_, err = w.Principals(t.Context(), sb.PrincipalQuery{Sort: "age"})
	requireCode(t, sb.Invalid, err)
}

func userNames(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	other, err := w.CreatePrincipal(t.Context(), sb.Principal{Kind: sb.User, Name: w.ann.Name, Email: "other@example.org", Role: sb.Guest})
	require.NoError(t, err)
	_, err = w.Principal(t.Context(), w.ann.Name)
	requireCode(t, sb.NotFound, err)
	require.ErrorContains(t, err, "by id or email")
	p, err := w.Principal(t.Context(), "other@example.org")
	require.NoError(t, err)
	require.Equal(t, other, p)
	bot, err := w.CreatePrincipal(t.Context(), sb.Principal{Kind: sb.ServiceAccount, Name: w.ann.Name, Role: sb.Guest})
	require.NoError(t, err)
	p, err = w.Principal(t.Context(), w.ann.Name)
	require.NoError(t, err)
	require.Equal(t, bot, p, "a service account's name is its own")
	_, err = w.Principal(t.Context(), "")
	requireCode(t, sb.NotFound, err)
}

func emails(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	p, err := w.CreatePrincipal(t.Context(), sb.Principal{Kind: sb.User, Name: "Zoë", Email: "ZOË@Example.org", Role: sb.Guest})
	require.NoError(t, err)
	require.Equal(t, "zoë@example.org", p.Email)
	_, err = w.CreatePrincipal(t.Context(), sb.Principal{Kind: sb.User, Name: "Zoe", Email: "zoË@example.ORG", Role: sb.Guest})
	requireCode(t, sb.Conflict, err)
	require.NoError(t, w.DeletePrincipal(t.Context(), p.ID))
	_, err = w.CreatePrincipal(t.Context(), sb.Principal{Kind: sb.User, Name: "Zoe", Email: "zoë@example.org", Role: sb.Guest})
	require.NoError(t, err, "the email is free again")
}

func settingsKept(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	w.sql(t, "UPDATE settings SET just_in_time_users = FALSE, api_key_roles = '[\"admin\"]', default_user_role = 'guest'")
	want := sb.DefaultSettings()
	want.JustInTimeUsers, want.APIKeyRoles, want.DefaultUserRole = false, []sb.Role{sb.Admin}, sb.Guest
	got, err := w.Settings(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, got)
	_, err = w.CreateKey(t.Context(), sb.Key{Owner: w.ann.ID, Name: "k"}, []byte("h"))
	require.NoError(t, err)
	c, err := w.PrincipalOfKey(t.Context(), []byte("h"))
	require.NoError(t, err)
	require.Equal(t, want, c.Settings)
	require.Equal(t, w.ann, c.Principal)
}

func nothingLeft(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	g, err := w.CreateGroup(t.Context(), "staff", "")
	require.NoError(t, err)
	require.NoError(t, w.AddMember(t.Context(), g.ID, w.ann.ID))
	_, err = w.CreateKey(t.Context(), sb.Key{Owner: w.ann.ID, Name: "k"}, []byte("h"))
	require.NoError(t, err)
	w.sql(t, "INSERT INTO identities (provider, subject, principal_id, email, created_at, seen_at) VALUES ('p', 's', '"+w.ann.ID+"', '', 1, 1)")
	w.sql(t, "INSERT INTO devices (hash, user_code, address, agent, principal_id, expires_at) VALUES ('h', 'c', '', '', '"+w.ann.ID+"', 1)")
	w.sql(t, "INSERT INTO sessions (id, hash, principal_id, provider, address, agent, created_at, seen_at, expires_at) VALUES ('i', 'h', '"+w.ann.ID+"', '', '', '', 1, 1, 1)")
	require.NoError(t, w.DeletePrincipal(t.Context(), w.ann.ID))
	for table, column := range map[string]string{
		"api_keys": "owner_id", "sessions": "principal_id", "devices": "principal_id", "identities": "principal_id",
		"grants": "principal_id", "members": "principal_id",
	} {
		require.Zero(t, w.number(t, "SELECT count(*) FROM "+table+" WHERE "+column+" = '"+w.ann.ID+"'"), table)
	}
	_, err = w.PrincipalOfKey(t.Context(), []byte("h"))
	requireCode(t, sb.NotFound, err)
	requireCode(t, sb.NotFound, w.AddMember(t.Context(), g.ID, w.ann.ID))
}

func runsOfTheDeleted(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	run := w.schedule(t)
	going, _ := w.running(t)
	require.Equal(t, sb.Queued, w.get(t, run.ID).Status, "admitted with the other one")
	waiting := w.schedule(t)
	require.NoError(t, w.DeletePrincipal(t.Context(), w.ann.ID))
	_, err := w.Admit(t.Context(), w.builtin.ID, sb.Targets{}, func(c sb.Candidate) sb.Change {
		if err := access.Check(c.Facts, sb.ActSchedule); err != nil {
			return sb.Reject{At: c.Now, Reason: err.Error()}
		}
		return sb.Admit{At: c.Now}
	})
	require.NoError(t, err)
	after := w.get(t, waiting.ID)
	require.Equal(t, sb.Failed, after.Status)
	require.Equal(t, sb.FailRejected, after.Failure.Kind)
	require.Equal(t, w.ann.Who(), after.CreatedBy, "his name is kept")
	require.Equal(t, sb.Running, w.get(t, going.ID).Status, "what runs goes on")
}

func (w *world) get(t *testing.T, id string) sb.Run {
	t.Helper()
	run, err := w.Run(t.Context(), id)
	require.NoError(t, err)
	return run
}

// adminsAtOnce lets two admins demote or delete each other at the same time.
func adminsAtOnce(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	for round := range 10 {
		second := w.principal(t, fmt.Sprint("second", round), sb.Admin)
		third := w.principal(t, fmt.Sprint("third", round), sb.Admin)
		var wg sync.WaitGroup
		for _, id := range []string{w.admin.ID, second.ID, third.ID} {
			wg.Go(func() {
				if round%2 == 0 {
					_, _ = w.UpdatePrincipal(t.Context(), id, toRole(sb.Guest))
				} else {
					_ = w.DeletePrincipal(t.Context(), id)
				}
			})
		}
		wg.Wait()
		left := w.admins(t)
		require.Len(t, left, 1)
		w.admin = left[0]
	}
}

func toRole(role sb.Role) func(sb.Principal) (sb.Principal, error) {
	return func(p sb.Principal) (sb.Principal, error) {
		p.Role = role
		return p, nil
	}
}

func (w *world) admins(t require.TestingT) []sb.Principal {
	var left []sb.Principal
	page, err := w.Principals(ctx(t), sb.PrincipalQuery{Limit: sb.MaxLimit})
	require.NoError(t, err)
	require.Empty(t, page.Next)
	for _, p := range page.Items {
		if p.Role == sb.Admin {
			left = append(left, p)
		}
	}
	return left
}

// adminProperty changes roles and removes people at random, some at the same time, and looks for an admin after each.
func adminProperty(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		for i := range 4 {
			n++
			p, err := w.CreatePrincipal(rt.Context(), sb.Principal{Kind: sb.ServiceAccount, Name: fmt.Sprint("p", n), Role: []sb.Role{sb.Admin, sb.Guest}[i%2]})
			require.NoError(rt, err)
			defer func() { _ = w.DeletePrincipal(t.Context(), p.ID) }()
		}
		rt.Repeat(map[string]func(*rapid.T){
			"act": func(rt *rapid.T) {
				var wg sync.WaitGroup
				for range rapid.IntRange(1, 3).Draw(rt, "at once") {
					wg.Go(w.act(rt))
				}
				wg.Wait()
			},
			"": func(rt *rapid.T) { require.NotEmpty(rt, w.admins(rt)) },
		})
	})
}

// act draws one thing to do to one of the people, and gives it back undone.
func (w *world) act(rt *rapid.T) func() {
	page, err := w.Principals(rt.Context(), sb.PrincipalQuery{Limit: sb.MaxLimit})
	require.NoError(rt, err)
	p := rapid.SampledFrom(page.Items).Draw(rt, "principal")
	role := rapid.SampledFrom(append(sb.Roles, sb.Admin, "")).Draw(rt, "role, or to delete")
	return func() {
		if role == "" {
			_ = w.DeletePrincipal(rt.Context(), p.ID)
			return
		}
		_, _ = w.UpdatePrincipal(rt.Context(), p.ID, toRole(role))
	}
}

func peopleAudited(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	from := sb.WithOrigin(t.Context(), sb.Origin{Actor: w.admin.Who(), Kind: sb.User, Address: "192.0.2.1"})
	before := w.number(t, "SELECT count(*) FROM audit")
	name := "b"
	g, err := w.CreateGroup(from, "a", "")
	require.NoError(t, err)
	_, err = w.UpdateGroup(from, g.ID, &name, nil)
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, w.AddMember(from, g.ID, w.ann.ID))
	}
	require.NoError(t, w.RemoveMember(from, g.ID, w.ann.ID))
	require.NoError(t, w.DeleteGroup(from, g.ID))
	_, err = w.UpdatePrincipal(from, w.ann.ID, toRole(sb.Guest))
	require.NoError(t, err)
	require.NoError(t, w.DeletePrincipal(from, w.ann.ID))
	require.Equal(t, before+7, w.number(t, "SELECT count(*) FROM audit"), "one for each act that changed something")
	require.EqualValues(t, 7, w.number(t, "SELECT count(*) FROM audit WHERE actor_id = '"+w.admin.ID+"' AND address = '192.0.2.1'"))
	w.clock.pass(time.Second)
	require.EqualValues(t, 1, w.number(t, "SELECT count(*) FROM audit WHERE action = 'group.add_member' AND object_id = '"+g.ID+"'"))
}
