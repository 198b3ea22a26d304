package python_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"signalbox/adapters/fiftyone/realtest"
)

func TestRealFiftyOneRunsOperators(t *testing.T) {
	t.Parallel()
	python := realtest.Python(t)
	tests := exec.CommandContext(t.Context(), "python3", "-m", "unittest", "discover", "--start-directory", "tests/real_fiftyone")
	tests.Env = append(os.Environ(), "SIGNALBOX_TEST_FIFTYONE="+python)
	out, err := tests.CombinedOutput()
	require.NoError(t, err, string(out))
	require.NotContains(t, string(out), "skipped", "there is a FiftyOne")
}
