package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/access"
)

var peopleTests = map[string]func(*testing.T, Fresh){
	"principals are made, found, changed and deleted":   principals,
	"keys open until they expire or end":                keys,
	"the first admin is made once, and gets other keys": firstAdmin,
	"the last admin stays":                              lastAdmin,
	"datasets are listed as access says":                datasetLists,
	"a dataset's name is its own":                       datasetNames,
	"datasets are found by a part of their name":        datasetsFound,
	"an orchestrator is changed by a function":          orchestratorChanged,
}

func principals(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	bot, err := w.CreatePrincipal(t.Context(), sb.Principal{Kind: sb.ServiceAccount, Name: "bot", Role: sb.Member, Description: "d"})
	require.NoError(t, err)
	_, err = w.CreatePrincipal(t.Context(), sb.Principal{Kind: sb.ServiceAccount, Name: "bot", Role: sb.Guest})
	requireCode(t, sb.Conflict, err)
	for _, key := range []string{bot.ID, "bot"} {
		p, err := w.Principal(t.Context(), key)
		require.NoError(t, err)
		require.Equal(t, bot, p)
	}
	for _, key := range []string{w.ann.Email, "ANN.lee@Example.ORG", w.ann.Name} {
		p, err := w.Principal(t.Context(), key)
		require.NoError(t, err)
		require.Equal(t, w.ann, p)
	}
	page, err := w.Principals(t.Context(), sb.PrincipalQuery{Kind: sb.User, Limit: 1})
	require.NoError(t, err)
	require.Equal(t, []sb.Principal{w.ann}, page.Items)
	page, err = w.Principals(t.Context(), sb.PrincipalQuery{Kind: sb.User, Cursor: page.Next, Limit: 1})
	require.NoError(t, err)
	require.Equal(t, []sb.Principal{w.admin}, page.Items)
	require.Empty(t, page.Next)

	bot, err = w.UpdatePrincipal(t.Context(), bot.ID, func(p sb.Principal) (sb.Principal, error) {
		p.Role = sb.Guest
		return p, nil
	})
	require.NoError(t, err)
	require.Equal(t, sb.Guest, bot.Role)
	require.NoError(t, w.DeletePrincipal(t.Context(), bot.ID))
	_, err = w.Principal(t.Context(), "bot")
	requireCode(t, sb.NotFound, err)
	requireCode(t, sb.NotFound, w.DeletePrincipal(t.Context(), bot.ID))
	_, err = w.CreatePrincipal(t.Context(), sb.Principal{Kind: sb.ServiceAccount, Name: "bot", Role: sb.Guest})
	require.NoError(t, err, "the name is free again")
}

func keys(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	soon := w.clock.now().Add(time.Hour)
	k, err := w.CreateKey(t.Context(), sb.Key{Owner: w.ann.ID, Name: "laptop", ExpiresAt: &soon}, []byte("h1"))
	require.NoError(t, err)
	_, err = w.CreateKey(t.Context(), sb.Key{Owner: w.builtin.ID, Name: "pool"}, []byte("h2"))
	require.NoError(t, err)
	_, err = w.CreateKey(t.Context(), sb.Key{Owner: "nobody"}, []byte("h3"))
	requireCode(t, sb.NotFound, err)
	c, err := w.PrincipalOfKey(t.Context(), []byte("h1"))
	require.NoError(t, err)
	require.Equal(t, sb.Caller{Principal: w.ann, Settings: sb.DefaultSettings(), Via: "key:" + k.ID}, c)
	o, err := w.OrchestratorOfKey(t.Context(), []byte("h2"))
	require.NoError(t, err)
	require.Equal(t, w.builtin.ID, o)
	_, err = w.OrchestratorOfKey(t.Context(), []byte("h1"))
	requireCode(t, sb.NotFound, err)
	_, err = w.PrincipalOfKey(t.Context(), []byte("h2"))
	requireCode(t, sb.NotFound, err)

	used := w.clock.now()
	w.clock.pass(30 * time.Second)
	_, err = w.PrincipalOfKey(t.Context(), []byte("h1"))
	require.NoError(t, err)
	list, err := w.Keys(t.Context(), w.ann.ID)
	require.NoError(t, err)
	k.LastUsedAt = &used
	require.Equal(t, []sb.Key{k}, list, "use is noted once a minute")
	w.clock.pass(time.Hour)
	_, err = w.PrincipalOfKey(t.Context(), []byte("h1"))
	requireCode(t, sb.NotFound, err)
	requireCode(t, sb.NotFound, w.DeleteKey(t.Context(), w.builtin.ID, k.ID))
	require.NoError(t, w.DeleteKey(t.Context(), w.ann.ID, k.ID))
	require.NoError(t, w.DeletePrincipal(t.Context(), w.ann.ID))
}

func firstAdmin(t *testing.T, fresh Fresh) {
	s := Open(t, fresh(t))
	_, err := s.CreatePrincipal(t.Context(), sb.Principal{Kind: sb.User, Name: "guest", Role: sb.Guest})
	require.NoError(t, err)
	first, err := s.EnsureAdmin(t.Context(), sb.Principal{Kind: sb.User, Name: "admin"}, []byte{0})
	require.NoError(t, err)
	require.Equal(t, []any{"admin", sb.Admin}, []any{first.Name, first.Role})
	_, err = s.CreatePrincipal(t.Context(), sb.Principal{Kind: sb.User, Name: "a later admin", Role: sb.Admin})
	require.NoError(t, err)
	for i := range 3 { // a lost key is replaced by one that opens
		if i > 0 {
			again, err := s.EnsureAdmin(t.Context(), sb.Principal{Kind: sb.User, Name: "admin"}, []byte{byte(i)})
			require.NoError(t, err)
			require.Equal(t, first, again)
		}
		c, err := s.PrincipalOfKey(t.Context(), []byte{byte(i)})
		require.NoError(t, err)
		require.Equal(t, first, c.Principal)
	}
}

func lastAdmin(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	requireCode(t, sb.Conflict, w.DeletePrincipal(t.Context(), w.admin.ID))
	demote := func(p sb.Principal) (sb.Principal, error) {
		p.Role = sb.Member
		return p, nil
	}
	_, err := w.UpdatePrincipal(t.Context(), w.admin.ID, demote)
	requireCode(t, sb.Conflict, err)
	w.principal(t, "second", sb.Admin)
	_, err = w.UpdatePrincipal(t.Context(), w.admin.ID, demote)
	require.NoError(t, err)
}

func datasetLists(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	for _, p := range sb.Permissions {
		_, err := w.CreateDataset(t.Context(), sb.Dataset{Name: "d " + string(p), DefaultPermission: p, Creator: w.admin.Who()})
		require.NoError(t, err)
	}
	people := []sb.Principal{w.admin, w.ann}
	for _, role := range sb.Roles {
		people = append(people, w.principal(t, "other "+string(role), role))
	}
	for _, p := range people {
		var want, got []string
		for _, name := range []string{"cats", "d edit", "d manage", "d none", "d tag", "d view"} {
			f, err := w.Facts(t.Context(), sb.Ask{PrincipalID: p.ID, Dataset: name})
			require.NoError(t, err)
			if access.Effective(f).AtLeast(sb.CanView) {
				want = append(want, name)
			}
		}
		cursor := ""
		for {
			page, err := w.Datasets(t.Context(), sb.Viewer{Principal: p}, "", cursor, 2)
			require.NoError(t, err)
			for _, f := range page.Items {
				whole, err := w.Facts(t.Context(), sb.Ask{PrincipalID: p.ID, Dataset: f.Dataset.ID})
				require.NoError(t, err)
				require.Equal(t, whole, f)
				got = append(got, f.Dataset.Name)
			}
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		require.Equal(t, want, got, p.Name)
	}
}

func datasetNames(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	_, err := w.CreateDataset(t.Context(), sb.Dataset{Name: "cats", DefaultPermission: sb.CanView, Creator: w.admin.Who()})
	requireCode(t, sb.Conflict, err)
	dogs, err := w.CreateDataset(t.Context(), sb.Dataset{Name: w.data.ID, DefaultPermission: sb.CanView, Creator: w.admin.Who()})
	require.NoError(t, err)
	f, err := w.Facts(t.Context(), sb.Ask{PrincipalID: w.admin.ID, Dataset: w.data.ID})
	require.NoError(t, err)
	require.Equal(t, "cats", f.Dataset.Name, "an id comes before a name")
	f, err = w.Facts(t.Context(), sb.Ask{PrincipalID: w.admin.ID, DatasetID: dogs.ID, Dataset: "cats"})
	require.NoError(t, err)
	require.Equal(t, dogs, *f.Dataset, "the id alone decides")
	f, err = w.Facts(t.Context(), sb.Ask{PrincipalID: w.admin.ID, DatasetID: "cats"})
	require.NoError(t, err)
	require.Nil(t, f.Dataset, "no name is an id")
	name, p := "cats", sb.CanTag
	_, err = w.UpdateDataset(t.Context(), w.admin.ID, dogs.ID, sb.DatasetPatch{Name: &name}, free)
	requireCode(t, sb.Conflict, err)
	name = "Dogs 'n'"
	dogs, err = w.UpdateDataset(t.Context(), w.admin.ID, dogs.ID, sb.DatasetPatch{Name: &name, DefaultPermission: &p}, free)
	require.NoError(t, err)
	require.Equal(t, name, dogs.Name)
	require.Equal(t, p, dogs.DefaultPermission)
	_, err = w.UpdateDataset(t.Context(), w.admin.ID, "none", sb.DatasetPatch{Name: &name}, free)
	requireCode(t, sb.NotFound, err)
}

func datasetsFound(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	for _, name := range []string{"Cats by night", "100% cats", "dogs", "hidden cats"} {
		p := sb.CanView
		if name == "hidden cats" {
			p = sb.NoAccess
		}
		_, err := w.CreateDataset(t.Context(), sb.Dataset{Name: name, DefaultPermission: p, Creator: w.admin.Who()})
		require.NoError(t, err)
	}
	member := w.principal(t, "finder", sb.Member)
	for _, row := range []struct {
		who    sb.Principal
		search string
		want   []string
	}{
		{member, "CATS BY", []string{"Cats by night"}},
		{member, "0%", []string{"100% cats"}},
		{member, "hidden", nil},
		{w.admin, "hidden", []string{"hidden cats"}},
		{w.admin, "100_", nil},
	} {
		page, err := w.Datasets(t.Context(), sb.Viewer{Principal: row.who}, row.search, "", 10)
		require.NoError(t, err)
		var got []string
		for _, f := range page.Items {
			got = append(got, f.Dataset.Name)
		}
		require.Equal(t, row.want, got, "%s as %s", row.search, row.who.Name)
	}
}

func orchestratorChanged(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	o, err := w.UpdateOrchestrator(t.Context(), w.builtin.ID, func(o sb.Orchestrator) (sb.Orchestrator, error) {
		o.Name, o.Enabled, o.Routes = "other", false, append(o.Routes, sb.Route{Operators: []string{"x/*"}, StartWithin: sb.Duration(time.Minute)})
		return o, nil
	})
	require.NoError(t, err)
	read, err := w.Orchestrator(t.Context(), "other")
	require.NoError(t, err)
	require.Equal(t, o, read)
	_, err = w.UpdateOrchestrator(t.Context(), w.builtin.ID, func(o sb.Orchestrator) (sb.Orchestrator, error) {
		return o, sb.Errorf(sb.Invalid, "no")
	})
	requireCode(t, sb.Invalid, err)
	_, err = w.Orchestrator(t.Context(), "none")
	requireCode(t, sb.NotFound, err)
}
