package storetest

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"signalbox/internal/postgrestest"
)

// server is the Postgres that the tests of this process share; it runs while one of them uses it.
var server struct {
	sync.Mutex
	users int
	run   *postgrestest.Server
}

// Postgres gives the URL of a fresh, empty database on a real server, started on a free port of this machine and ended
// with the tests that use it. Without Postgres installed the test is skipped, and says so.
func Postgres(t *testing.T) string {
	t.Helper()
	url, err := join(t).Create(t.Context(), "t"+ulid.Make().String())
	require.NoError(t, err)
	return url
}

// join starts the server for its first user and ends it after the last.
func join(t *testing.T) *postgrestest.Server {
	t.Helper()
	server.Lock()
	defer server.Unlock()
	if server.run == nil {
		var err error
		server.run, err = postgrestest.Start(context.WithoutCancel(t.Context()), postgrestest.Hasty...)
		if errors.Is(err, postgrestest.ErrNotInstalled) {
			t.Skipf("nothing of this was tested against Postgres: %v", err)
		}
		require.NoError(t, err)
	}
	server.users++
	t.Cleanup(func() {
		server.Lock()
		defer server.Unlock()
		if server.users--; server.users == 0 {
			server.run.Stop()
			server.run = nil
		}
	})
	return server.run
}
