package python_test

import (
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	python "signalbox/sdk/python"
)

func TestWriteGivesAFolderThatPythonImportsFrom(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	folders := make([]string, 4)
	var all sync.WaitGroup
	for i := range folders {
		all.Go(func() { folders[i], _ = python.Write(dir) })
	}
	all.Wait()
	for _, f := range folders {
		require.Equal(t, folders[0], f)
	}
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	require.Equal(t, []string{folders[0]}, left)

	cmd := exec.CommandContext(t.Context(), "python3", "-c", "import signalbox, signalbox.airflow, signalbox.flyte, signalbox.management as fom; print(signalbox.progress.__name__, signalbox.airflow.dag.__name__, signalbox.flyte.task.__name__, fom.upload_plugin.__name__)")
	cmd.Env = []string{"PYTHONPATH=" + folders[0], "PATH=/usr/bin:/usr/local/bin:/bin"}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Equal(t, "progress dag task upload_plugin\n", string(out))
}

func TestPythonPackage(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "python3", "-m", "unittest", "discover", "-s", "tests", "-q")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
}
