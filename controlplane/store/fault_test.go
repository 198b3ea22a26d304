package store

import (
	"context"
	"encoding/hex"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	sb "signalbox"
)

func fresh(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{URL: filepath.Join(t.TempDir(), "test.db")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.Migrate(t.Context()))
	return s
}

func TestWhoLosesEveryRaceMayTryAgain(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	n := 0
	err := s.change(t.Context(), func(context.Context, *tx) error {
		n++
		return errRaced
	})
	require.Equal(t, sb.Unavailable, sb.CodeOf(err))
	require.Equal(t, tries, n)
}

func TestAKeyOpensAlsoWhenItsUseCannotBeNoted(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	ctx, hash := t.Context(), []byte("h")
	_, err := s.EnsureAdmin(ctx, sb.Principal{Kind: sb.User, Name: "admin"}, hash)
	require.NoError(t, err)
	_, err = s.write.ExecContext(ctx, "CREATE TRIGGER full BEFORE UPDATE ON api_keys BEGIN SELECT RAISE(ABORT, 'full'); END")
	require.NoError(t, err)
	c, err := s.PrincipalOfKey(ctx, hash)
	require.NoError(t, err)
	require.Equal(t, "admin", c.Principal.Name)
	var used int64
	require.NoError(t, s.read.NewRaw("SELECT last_used_at FROM api_keys WHERE hash = ?", hex.EncodeToString(hash)).Scan(ctx, &used))
	require.Zero(t, used)
}

func TestADatabaseThatCannotBeWrittenIsNotReady(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	require.NoError(t, s.Ready(t.Context()))
	_, err := s.write.ExecContext(t.Context(), "PRAGMA query_only = 1")
	require.NoError(t, err)
	err = s.Ready(t.Context())
	require.Equal(t, sb.Unavailable, sb.CodeOf(err))
	require.ErrorContains(t, err, "cannot be written")
}

func TestFaultsOfPostgresAreSorted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code string
		want fault
	}{
		"a row that exists":                  {"23505", doubled},
		"a serialization failure":            {"40001", raced},
		"a deadlock":                         {"40P01", raced},
		"a lock that is not to be had":       {"55P03", away},
		"a standby that only reads":          {"25006", away},
		"a transaction that idled too long":  {"25P03", away},
		"a server that shuts down":           {"57P01", away},
		"a statement that is not understood": {"42601", broken},
	} {
		require.Equal(t, c.want, pgFault(&pgconn.PgError{Code: c.code}), name)
	}
}
