package workflows

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// TestSavedHistoriesStillFit replays workflows that ran on a real server. When it fails, runs that are carried while
// this version is installed would get stuck: make the change with workflow.GetVersion. Histories are added with
// go test ./workflows/devserver -update.
func TestSavedHistoriesStillFit(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("testdata", "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			replayer := worker.NewWorkflowReplayer()
			replayer.RegisterWorkflowWithOptions(RunWorkflow, workflow.RegisterOptions{Name: runName})
			require.NoError(t, replayer.ReplayWorkflowHistoryFromJSONFile(quiet(), file))
		})
	}
}
