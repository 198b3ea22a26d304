package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/store"
)

var catalogTests = map[string]func(*testing.T, Fresh){
	"operators that are remembered are told as they are":   rememberedOperators,
	"installing makes a plugin, upgrading a revision":      installs,
	"what admins decided survives a revision without it":   decisions,
	"uninstalling rejects scheduled runs and starts fresh": uninstalls,
	"plugins and operators are listed by name":             pluginLists,
	"revisions that nothing needs are forgotten":           forgets,
	"what environments make of a revision is kept":         environments,
	"environments of a revision are bounded":               environmentsBounded,
}

func installs(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	require.Equal(t, 1, w.plugin.Revision.Number)
	require.Len(t, w.plugin.Operators, 2)
	require.Equal(t, sb.Member, w.plugin.Operators[0].MinimumRole)
	_, _, err := w.Install(t.Context(), upload("@acme/tools", "2", "hello"))
	requireCode(t, sb.Conflict, err)
	next := upload("@acme/tools", "2", "hello")
	next.Overwrite = true
	p, created, err := w.Install(t.Context(), next)
	require.NoError(t, err)
	require.False(t, created)
	require.Equal(t, w.plugin.ID, p.ID)
	require.Equal(t, 2, p.Revision.Number)
	require.Len(t, p.Operators, 1)

	old := upload("@acme/tools", "1", "hello", "count")
	old.Overwrite = true
	p, _, err = w.Install(t.Context(), old)
	require.NoError(t, err)
	require.Equal(t, w.plugin.Revision, p.Revision, "the same bytes are no new revision")
	list, err := w.Revisions(t.Context(), p.ID)
	require.NoError(t, err)
	require.Equal(t, 2, list[0].Number)
	require.Len(t, list, 2)
	p, err = w.Rollback(t.Context(), p.ID, 2)
	require.NoError(t, err)
	require.Equal(t, list[0], p.Revision)
	_, err = w.Rollback(t.Context(), p.ID, 9)
	requireCode(t, sb.NotFound, err)
	p, err = w.EnablePlugin(t.Context(), p.ID, false)
	require.NoError(t, err)
	require.False(t, p.Enabled)
}

func decisions(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	no, role := false, sb.Admin
	o, err := w.SetOperator(t.Context(), w.plugin.ID, "count", sb.OperatorPatch{Enabled: &no, MinimumRole: &role})
	require.NoError(t, err)
	require.False(t, o.Enabled)
	require.Equal(t, sb.Admin, o.MinimumRole)
	require.Equal(t, sb.CanEdit, o.MinimumDatasetPermission)
	without := upload("@acme/tools", "2", "hello")
	without.Overwrite = true
	_, _, err = w.Install(t.Context(), without)
	require.NoError(t, err)
	_, err = w.SetOperator(t.Context(), w.plugin.ID, "count", sb.OperatorPatch{})
	requireCode(t, sb.NotFound, err)
	p, err := w.Rollback(t.Context(), w.plugin.ID, 1)
	require.NoError(t, err)
	require.Equal(t, o, p.Operators[1])
}

func uninstalls(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	going, _ := w.running(t)
	waiting := w.schedule(t)
	scheduled, open, err := w.Waiting(t.Context(), w.plugin.ID)
	require.NoError(t, err)
	require.Equal(t, [2]int{1, 1}, [2]int{scheduled, open})
	require.NoError(t, w.Uninstall(t.Context(), w.plugin.ID, w.admin.Who(), "It was uninstalled."))
	w.rejectAll(t)
	run, err := w.Run(t.Context(), waiting.ID)
	require.NoError(t, err)
	require.Equal(t, &sb.Failure{Kind: sb.FailRejected, Message: "It was uninstalled."}, run.Failure)
	run, err = w.Run(t.Context(), going.ID)
	require.NoError(t, err)
	require.Equal(t, sb.Running, run.Status)
	v, err := w.Revision(t.Context(), going.RevisionID)
	require.NoError(t, err)
	require.Equal(t, w.plugin.Revision, v)
	_, err = w.Plugin(t.Context(), "@acme/tools")
	requireCode(t, sb.NotFound, err)
	requireCode(t, sb.NotFound, w.Uninstall(t.Context(), w.plugin.ID, w.admin.Who(), ""))
	p, created, err := w.Install(t.Context(), upload("@acme/tools", "1", "hello"))
	require.NoError(t, err)
	require.True(t, created)
	require.NotEqual(t, w.plugin.ID, p.ID)
	require.Equal(t, 2, p.Revision.Number, "a number that runs tell of does not come again")
}

func pluginLists(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	for _, name := range []string{"b", "@zeta/x", "B"} {
		_, _, err := w.Install(t.Context(), upload(name, "1", "o"))
		require.NoError(t, err)
	}
	var names []string
	cursor := ""
	for {
		page, err := w.Plugins(t.Context(), cursor, 2)
		require.NoError(t, err)
		for _, p := range page.Items {
			names = append(names, p.Name)
			require.NotEmpty(t, p.Operators)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	require.Equal(t, []string{"@acme/tools", "@zeta/x", "B", "b"}, names)
	operators, plugins, err := w.Operators(t.Context())
	require.NoError(t, err)
	require.Len(t, plugins, 4)
	var uris []string
	for _, o := range operators {
		uris = append(uris, o.URI())
	}
	require.Equal(t, []string{"@acme/tools/count", "@acme/tools/hello", "@zeta/x/o", "B/o", "b/o"}, uris)
}

func forgets(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	for _, version := range []string{"2", "3", "4"} {
		u := upload("@acme/tools", version, "hello")
		u.Overwrite = true
		p, _, err := w.Install(t.Context(), u)
		require.NoError(t, err)
		if version == "3" {
			w.schedule(t, func(r *sb.Run) { r.RevisionID = p.Revision.ID })
		}
	}
	shas, err := w.ForgetRevisions(t.Context())
	require.NoError(t, err)
	require.Empty(t, shas, "they are young")
	w.clock.pass(31 * 24 * time.Hour)
	shas, err = w.ForgetRevisions(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{upload("x", "1", "o").SHA256, upload("x", "2", "o").SHA256}, shas)
	list, err := w.Revisions(t.Context(), w.plugin.ID)
	require.NoError(t, err)
	require.Len(t, list, 2)
	_, err = w.Rollback(t.Context(), w.plugin.ID, 3)
	require.NoError(t, err)
	shas, err = w.ForgetRevisions(t.Context())
	require.NoError(t, err)
	require.Len(t, shas, 1)
	u := upload("@acme/tools", "5", "hello")
	u.Overwrite = true
	p, _, err := w.Install(t.Context(), u)
	require.NoError(t, err)
	require.Equal(t, 5, p.Revision.Number, "nor that of a revision that is forgotten")
}

// rememberedOperators looks whether what was read before is told after it has changed, here, by another replica, or not
// at all.
func rememberedOperators(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	seen := func(ctx context.Context, s *store.Store) (roles []sb.Role) {
		list, _, err := s.Operators(ctx)
		require.NoError(t, err)
		for _, o := range list {
			require.NotNil(t, o.Command, o.URI())
			roles = append(roles, o.MinimumRole)
		}
		return roles
	}
	set := func(ctx context.Context, s *store.Store, role sb.Role) error {
		_, err := s.SetOperator(ctx, w.plugin.ID, "hello", sb.OperatorPatch{MinimumRole: &role})
		return err
	}
	one := upload("@acme/tools", "3", "hello")
	one.Overwrite = true
	_, _, err := w.Install(t.Context(), one)
	require.NoError(t, err)
	require.Equal(t, []sb.Role{sb.Member}, seen(t.Context(), w.Store))
	require.NoError(t, set(t.Context(), w.Store, sb.Guest))
	require.Equal(t, []sb.Role{sb.Guest}, seen(t.Context(), w.Store))
	_, err = w.Preview(t.Context(), sb.Scope{Operator: hello}, judge{}, func(ctx context.Context) error {
		err := set(ctx, w.Store, sb.Admin)
		require.Equal(t, []sb.Role{sb.Admin}, seen(ctx, w.Store), "what only would be")
		return err
	})
	require.NoError(t, err)
	require.Equal(t, []sb.Role{sb.Guest}, seen(t.Context(), w.Store))
	require.NoError(t, set(t.Context(), w.Store, sb.Labeler))
	require.Equal(t, []sb.Role{sb.Labeler}, seen(t.Context(), w.Store), "not what only would have been")
	other := w.Store
	if shared(w.options) {
		other = Open(t, w.options)
	}
	require.Equal(t, []sb.Role{sb.Labeler}, seen(t.Context(), other))
	require.NoError(t, set(t.Context(), w.Store, sb.Collaborator))
	require.Equal(t, []sb.Role{sb.Collaborator}, seen(t.Context(), other))
	require.NoError(t, w.Uninstall(t.Context(), w.plugin.ID, w.admin.Who(), ""))
	require.Empty(t, seen(t.Context(), other))
}
