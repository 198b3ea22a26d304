package secrets_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/secrets"
	"signalbox/controlplane/store/storetest"
)

func TestTheVaultSealsWhatItKeeps(t *testing.T) {
	t.Parallel()
	keys, _ := setup(t)
	s := storetest.SQLite(t)
	v := secrets.NewVault(s, keys)
	ctx := t.Context()
	_, err := v.CreateSecret(ctx, "API_KEY", "planted-value", "of the API")
	require.NoError(t, err)
	_, err = v.CreateSecret(ctx, "OTHER", "planted-other", "")
	require.NoError(t, err)
	_, err = v.CreateSecret(ctx, "OTHER", "planted-again", "")
	requireCode(t, sb.Conflict, err)
	require.NotContains(t, err.Error(), "planted")
	values, err := v.Values(ctx, []string{"API_KEY", "OTHER", "NONE"})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"API_KEY": "planted-value", "OTHER": "planted-other"}, values)

	sealed, err := s.SealedSecrets(ctx, []string{"API_KEY"})
	require.NoError(t, err)
	require.NotContains(t, string(sealed["API_KEY"]), "planted")
	_, err = s.UpdateSecret(ctx, "OTHER", sealed["API_KEY"], nil)
	require.NoError(t, err)
	values, err = v.Values(ctx, []string{"API_KEY", "OTHER"})
	requireCode(t, sb.Invalid, err)
	require.Contains(t, err.Error(), "OTHER", "a value moved to another key does not open there")
	require.Equal(t, map[string]string{"API_KEY": "planted-value"}, values)

	p := sb.Process{AttemptRef: sb.AttemptRef{Run: "r", Attempt: 1}, Source: sb.MainSource, Try: 1}
	lent, err := v.Lend(values, p)
	require.NoError(t, err)
	require.NotContains(t, string(lent), "planted")
	opened, err := v.Lent(lent, p)
	require.NoError(t, err)
	require.Equal(t, values, opened)
	p.Try++
	_, err = v.Lent(lent, p)
	requireCode(t, sb.Invalid, err)

	value := "planted-new"
	_, err = v.UpdateSecret(ctx, "OTHER", &value, nil)
	require.NoError(t, err)
	values, err = v.Values(ctx, []string{"OTHER"})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"OTHER": "planted-new"}, values)
	require.NoError(t, v.DeleteSecret(ctx, "OTHER"))
	requireCode(t, sb.NotFound, v.DeleteSecret(ctx, "OTHER"))
}

func TestASecretThatCannotBeKeptNamesEveryFault(t *testing.T) {
	t.Parallel()
	keys, _ := setup(t)
	v := secrets.NewVault(storetest.SQLite(t), keys)
	_, err := v.CreateSecret(t.Context(), "planted-key", "plant", strings.Repeat("d", 1001))
	var e *sb.Error
	require.True(t, errors.As(err, &e))
	require.Len(t, e.Faults, 3)
	for _, f := range e.Faults {
		require.Nil(t, f.Value, "neither is quoted: some mix them up")
		require.NotContains(t, f.Message, "plant")
	}
}
