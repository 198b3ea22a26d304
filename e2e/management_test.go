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
	key, err := os.ReadFile(filepath.Join(w.dir, "admin.key"))
	require.NoError(t, err)
	packed, err := python.Write(t.TempDir())
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), "python3", "../sdk/python/tests/live_management.py")
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "PYTHONPATH=" + packed,
		"SIGNALBOX_URL=" + w.url, "SIGNALBOX_API_KEY=" + strings.TrimSpace(string(key)),
	}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}
