//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNoInputMakesAServerError lets schemathesis send what the OpenAPI document allows and what it does not: every
// answer must be one that the document tells of, and none a 5xx.
func TestNoInputMakesAServerError(t *testing.T) {
	t.Parallel()
	tool, err := filepath.Abs("../.venv/bin/schemathesis")
	require.NoError(t, err)
	if _, err := os.Stat(tool); err != nil {
		t.Skip("schemathesis is not installed: make .venv")
	}
	w := newWorld(t)
	w.dev()
	w.install("dummy")
	key, err := os.ReadFile(filepath.Join(w.dir, "admin.key"))
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), tool, "run", w.url+"/openapi.json", "-H", "X-API-Key: "+strings.TrimSpace(string(key)),
		"--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
		"--phases", "coverage,fuzzing", "--max-examples", "15", "--workers", "1", "--seed", "1", "--request-timeout", "30",
		"--exclude-path-regex", "(/events|/stream)$", // streams do not end
		"--suppress-health-check", "all", "--warnings", "off", "--no-color")
	cmd.Dir = t.TempDir() // it keeps what it learned beside itself
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, tail(string(out), 8000))
	require.NotRegexp(t, `(^|\s)0 generated`, string(out))
}
