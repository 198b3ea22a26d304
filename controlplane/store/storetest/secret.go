package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

var secretTests = map[string]func(*testing.T, Fresh){
	"secrets are made, found, changed and deleted":    secrets,
	"settings are changed, and the next caller's":     settingsChanged,
	"operators new to a plugin get the settings":      settingsOfNewOperators,
	"what changes secrets and settings is audited":    secretsAudited,
	"a change of the settings that fails is not made": settingsKeptAsTheyWere,
	"who has each role is counted, with his keys":     headcounts,
}

func secrets(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	ctx := w.acting(t, w.admin)
	b, err := w.CreateSecret(ctx, "B_KEY", "of b", []byte{0, 1, 0xff, '\''})
	require.NoError(t, err)
	require.Equal(t, sb.Secret{Key: "B_KEY", Description: "of b", CreatedAt: w.clock.now(), UpdatedAt: w.clock.now(), UpdatedBy: w.admin.Who()}, b)
	_, err = w.CreateSecret(ctx, "B_KEY", "", []byte("x"))
	requireCode(t, sb.Conflict, err)
	a, err := w.CreateSecret(ctx, "A_KEY", "", []byte("a"))
	require.NoError(t, err)

	page, err := w.Secrets(t.Context(), "", 1)
	require.NoError(t, err)
	require.Equal(t, []sb.Secret{a}, page.Items)
	page, err = w.Secrets(t.Context(), page.Next, 1)
	require.NoError(t, err)
	require.Equal(t, []sb.Secret{b}, page.Items)
	require.Empty(t, page.Next)

	values, err := w.SealedSecrets(t.Context(), []string{"A_KEY", "B_KEY", "NONE"})
	require.NoError(t, err)
	require.Equal(t, map[string][]byte{"A_KEY": []byte("a"), "B_KEY": {0, 1, 0xff, '\''}}, values)
	values, err = w.SealedSecrets(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, values)

	w.clock.pass(time.Second)
	text := "new"
	b.Description, b.UpdatedAt, b.UpdatedBy = text, w.clock.now(), w.ann.Who()
	got, err := w.UpdateSecret(w.acting(t, w.ann), "B_KEY", []byte("b2"), &text)
	require.NoError(t, err)
	require.Equal(t, b, got)
	w.clock.pass(time.Second)
	got, err = w.UpdateSecret(ctx, "B_KEY", nil, &text)
	require.NoError(t, err)
	require.Equal(t, b, got, "nothing changed")
	values, err = w.SealedSecrets(t.Context(), []string{"B_KEY"})
	require.NoError(t, err)
	require.Equal(t, map[string][]byte{"B_KEY": []byte("b2")}, values)

	require.NoError(t, w.DeleteSecret(ctx, "B_KEY"))
	requireCode(t, sb.NotFound, w.DeleteSecret(ctx, "B_KEY"))
	_, err = w.UpdateSecret(ctx, "B_KEY", nil, nil)
	requireCode(t, sb.NotFound, err)
}

// otherSettings differ from the default ones in every field.
var otherSettings = sb.Settings{
	DefaultUserRole: sb.Guest, DefaultDatasetPermission: sb.NoAccess, DefaultOperatorMinimumRole: sb.Labeler,
	DefaultOperatorMinimumDatasetPermission: sb.CanTag, AllRunsMinimumRole: sb.Admin, APIKeyRoles: []sb.Role{},
}

func to(v sb.Settings) func(sb.Settings) (sb.Settings, error) {
	return func(sb.Settings) (sb.Settings, error) { return v, nil }
}

func settingsChanged(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	_, err := w.CreateKey(t.Context(), sb.Key{Owner: w.ann.ID, Name: "k"}, []byte("h"))
	require.NoError(t, err)
	got, err := w.UpdateSettings(t.Context(), to(otherSettings))
	require.NoError(t, err)
	require.Equal(t, otherSettings, got)
	got, err = w.Settings(t.Context())
	require.NoError(t, err)
	require.Equal(t, otherSettings, got)
	c, err := w.PrincipalOfKey(t.Context(), []byte("h"))
	require.NoError(t, err)
	require.Equal(t, otherSettings, c.Settings)
	f, err := w.Facts(t.Context(), sb.Ask{PrincipalID: w.ann.ID, Dataset: "cats"})
	require.NoError(t, err)
	require.Equal(t, otherSettings, f.Settings)
}

func headcounts(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	count := func() map[sb.Role]sb.Headcount {
		list, err := w.Headcounts(t.Context())
		require.NoError(t, err)
		out := map[sb.Role]sb.Headcount{}
		for _, n := range list {
			out[n.Role] = n
		}
		return out
	}
	kim := w.principal(t, "Kim", sb.Labeler)
	bot, err := w.CreatePrincipal(t.Context(), sb.Principal{Kind: sb.ServiceAccount, Name: "bot", Role: sb.Labeler})
	require.NoError(t, err)
	soon := w.clock.now().Add(time.Minute)
	for i, k := range []sb.Key{{Owner: kim.ID}, {Owner: bot.ID}, {Owner: bot.ID, ExpiresAt: &soon}} {
		k.Name = "k"
		_, err := w.CreateKey(t.Context(), k, []byte{byte(i)})
		require.NoError(t, err)
	}
	require.Equal(t, sb.Headcount{Role: sb.Labeler, Users: 1, ServiceAccounts: 1, Keys: 3}, count()[sb.Labeler])
	w.clock.pass(time.Minute)
	require.Equal(t, 2, count()[sb.Labeler].Keys, "one has expired")
	require.NoError(t, w.DeletePrincipal(t.Context(), kim.ID))
	require.Equal(t, sb.Headcount{Role: sb.Labeler, ServiceAccounts: 1, Keys: 1}, count()[sb.Labeler])
	require.NotContains(t, count(), sb.Guest, "nobody has it")
}

func settingsKeptAsTheyWere(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	_, err := w.UpdateSettings(t.Context(), func(v sb.Settings) (sb.Settings, error) {
		require.Equal(t, sb.DefaultSettings(), v)
		return otherSettings, sb.Errorf(sb.Invalid, "no")
	})
	requireCode(t, sb.Invalid, err)
	got, err := w.Settings(t.Context())
	require.NoError(t, err)
	require.Equal(t, sb.DefaultSettings(), got)
}

func settingsOfNewOperators(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	_, err := w.UpdateSettings(t.Context(), to(otherSettings))
	require.NoError(t, err)
	rights := func(p sb.Plugin) map[string]string {
		out := map[string]string{}
		for _, o := range p.Operators {
			out[o.Name] = string(o.MinimumRole) + " " + string(o.MinimumDatasetPermission)
		}
		return out
	}
	fresher, _, err := w.Install(t.Context(), upload("@acme/new", "1", "one"))
	require.NoError(t, err)
	require.Equal(t, map[string]string{"one": "labeler tag"}, rights(fresher), "a new plugin")
	next := upload("@acme/tools", "2", "hello", "count", "later")
	next.Overwrite = true
	upgraded, _, err := w.Install(t.Context(), next)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"hello": "member edit", "count": "member edit", "later": "labeler tag"}, rights(upgraded),
		"an upgrade: those that were there keep theirs")
}

func secretsAudited(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	ctx := w.acting(t, w.admin)
	step := func(err error) {
		require.NoError(t, err)
		w.clock.pass(time.Millisecond)
	}
	w.clock.pass(time.Second)
	since, text := w.clock.now(), "about it"
	_, err := w.CreateSecret(ctx, "KEY", "", []byte("planted-sealed"))
	step(err)
	_, err = w.UpdateSecret(ctx, "KEY", []byte("planted-again"), &text)
	step(err)
	step(w.DeleteSecret(ctx, "KEY"))
	changed := sb.DefaultSettings()
	changed.AllRunsMinimumRole, changed.APIKeyRoles = sb.Admin, []sb.Role{sb.Admin}
	_, err = w.UpdateSettings(ctx, to(changed))
	step(err)
	_, err = w.UpdateSettings(ctx, to(changed))
	step(err)
	require.Equal(t, []string{
		`secret.create KEY {"description":""}`,
		`secret.update KEY {"description":{"before":"","after":"about it"},"value":{"before":"(not shown)","after":"(changed)"}}`,
		`secret.delete KEY `,
		`settings.update settings {"all_runs_minimum_role":{"before":"member","after":"admin"},"api_key_roles":{"before":["collaborator","member","admin"],"after":["admin"]}}`,
	}, did(w.log(t, sb.AuditQuery{Since: since})))
}
