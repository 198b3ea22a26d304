package postgrestest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"signalbox/internal/postgrestest"
)

func TestAServerHasTheDatabasesThatAreCreatedAndEndsWhenItIsStopped(t *testing.T) {
	t.Parallel()
	s, err := postgrestest.Start(t.Context(), postgrestest.Hasty...)
	if errors.Is(err, postgrestest.ErrNotInstalled) {
		t.Skip(err)
	}
	require.NoError(t, err)
	require.Error(t, connects(t.Context(), s.URL("one")))
	url, err := s.Create(t.Context(), "one")
	require.NoError(t, err)
	require.NoError(t, connects(t.Context(), url))
	s.Stop()
	require.Error(t, connects(t.Context(), url))
}

func TestAServerWithASettingThatIsNoneSaysWhy(t *testing.T) {
	t.Parallel()
	_, err := postgrestest.Start(t.Context(), "hurry=on")
	if errors.Is(err, postgrestest.ErrNotInstalled) {
		t.Skip(err)
	}
	require.ErrorContains(t, err, `unrecognized configuration parameter "hurry"`)
}

func connects(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}
