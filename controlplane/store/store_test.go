package store_test

import (
	"flag"
	"testing"

	"go.uber.org/goleak"

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
	storetest.Run(t, databases["sqlite"])
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	storetest.Postgres(t) // keeps the server between the tests
	storetest.Run(t, databases["postgres"])
}
