package process

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

func TestAForkedJobWhoseMemoryCannotBeBoundedDoesNotBegin(t *testing.T) {
	t.Parallel()
	packages, err := filepath.Abs("../../sdk/python")
	require.NoError(t, err)
	e, err := New(Options{ForksEnv: []string{"PATH=" + os.Getenv("PATH"), "PYTHONPATH=" + packages}})
	require.NoError(t, err)
	t.Cleanup(e.Close)
	e.bounds = &bounds{home: filepath.Join(t.TempDir(), "gone"), bytes: 1 << 20}
	did := filepath.Join(t.TempDir(), "did")
	_, err = e.Execute(t.Context(), sb.Job{
		Process: sb.Process{AttemptRef: sb.AttemptRef{Run: "r", Attempt: 1}}, Dir: "/", Stdout: io.Discard, Stderr: io.Discard,
		Command: []string{"sh", "-c", "touch " + did}, Env: []string{"PATH=" + os.Getenv("PATH")},
		Forks: []string{"python3", "-c", "import os\nfrom signalbox.fiftyone import forks\nforks.serve(lambda argv: os.execvp(argv[0], argv))"},
	}, func() { t.Error("it has not begun") })
	require.ErrorContains(t, err, "could not bound the memory of the run")
	require.NoFileExists(t, did)
}
