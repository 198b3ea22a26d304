package store_test

import (
	"flag"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"signalbox/controlplane/store"
	"signalbox/controlplane/store/storetest"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() { // each check is a life of many transactions, on two databases
		_ = flag.Set("rapid.checks", "10")
	}
	goleak.VerifyTestMain(m)
}

func TestSQLite(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Options {
		t.Helper()
		return store.Options{URL: filepath.Join(t.TempDir(), "test.db")}
	})
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	storetest.Postgres(t) // keeps the server between the tests
	storetest.Run(t, func(t *testing.T) store.Options {
		t.Helper()
		return store.Options{URL: storetest.Postgres(t)}
	})
}
