// Package realtest installs and starts real Airflows, for tests and to try Signalbox with: version 2.10.3 and 3.3.1 from
// PyPI, by pins that fit each other, kept in the user's cache folder. A server listens on this machine only, and lives in
// a folder of its own that ends with it.
package realtest

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"testing"

	"signalbox/adapters/pythontest"
)

//go:embed pins dags
var content embed.FS

// Start starts an Airflow with the DAGs of dags, which ends with the test. Where it cannot be installed, the test is
// skipped and says why.
func Start(t *testing.T, version string) *Server {
	t.Helper()
	dags, err := fs.Sub(content, "dags")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(context.WithoutCancel(t.Context()), Settings{Version: version, DAGs: dags, Awaited: "sb_params", Log: t.Logf})
	var not *pythontest.NotInstallable
	if errors.As(err, &not) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}
