//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	python "signalbox/sdk/python"
)

func TestEveryFunctionOfThePythonManagementPackage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "SIGNALBOX_DEMO=1")
	w.dev().out.await(t, "Signalbox is running.")
	w.python("live_management.py")
}

func TestTasksOfPythonAreTheWorkOfRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.dev()
	w.python("live_task.py")
}

// python runs the Python package's tests that need a server, with the package as workers give it to operators.
func (w *world) python(script string) {
	w.t.Helper()
	key, err := os.ReadFile(filepath.Join(w.dir, "admin.key"))
	require.NoError(w.t, err)
	packed, err := python.Write(w.t.TempDir())
	require.NoError(w.t, err)
	cmd := exec.CommandContext(w.t.Context(), "python3", "../sdk/python/tests/"+script)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + w.t.TempDir(), "PYTHONPATH=" + packed,
		"SIGNALBOX_URL=" + w.url, "SIGNALBOX_API_KEY=" + strings.TrimSpace(string(key)),
	}
	out, err := cmd.CombinedOutput()
	require.NoError(w.t, err, "%s", out)
}
