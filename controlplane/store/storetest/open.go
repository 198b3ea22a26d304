// Package storetest holds the suite that every database passes, and real databases for the tests of others: SQLite in a
// file, Postgres from the binaries installed here.
package storetest

import (
	"context"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"signalbox/controlplane/store"
)

// SQLite opens a fresh, migrated database in a file, which ends with the test.
func SQLite(t *testing.T) *store.Store {
	t.Helper()
	return Open(t, store.Options{URL: filepath.Join(t.TempDir(), "test.db")})
}

// Open opens and migrates a database, which ends with the test. Notes are heard.
func Open(t *testing.T, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.Migrate(t.Context()))
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { _ = s.Listen(ctx) })
	t.Cleanup(func() {
		stop()
		wg.Wait()
	})
	return s
}
