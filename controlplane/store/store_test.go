package store_test

import (
	"flag"
	"testing"

	"go.uber.org/goleak"

	"signalbox/controlplane/store/storetest"
)

// Each check is a life of many transactions, on two databases: there are fewer than elsewhere unless a flag asks for more.
func TestMain(m *testing.M) {
	_ = flag.Set("rapid.checks", "40")
	flag.Parse()
	if testing.Short() {
		_ = flag.Set("rapid.checks", "10")
	}
	goleak.VerifyTestMain(m)
}

func TestSQLite(t *testing.T) {
	t.Parallel()
	storetest.Run(t, databases["sqlite"])
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	storetest.Postgres(t) // keeps the server between the tests
	storetest.Run(t, databases["postgres"])
}
