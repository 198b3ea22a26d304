package cli

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

// try runs `plugins test` where trying a plugin gives t.
func try(t *testing.T, tried sb.Trial, args ...string) (out string, code int) {
	t.Helper()
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "fiftyone.yml"), []byte("name: a\n"), 0o600))
	var stdout bytes.Buffer
	cmd := Command(Env{
		Stdin: &bytes.Buffer{}, Stdout: &stdout, Stderr: io.Discard, Getenv: func(string) string { return "" },
		Try: func(_ context.Context, python string, archive io.Reader) (sb.Trial, error) {
			n, err := io.Copy(io.Discard, archive)
			require.Positive(t, n)
			tried.Program = python
			return tried, err
		},
	})
	cmd.SetArgs(append([]string{"plugins", "test", folder}, args...))
	if err := cmd.ExecuteContext(t.Context()); err != nil {
		code = Report(&stdout, err)
	}
	return stdout.String(), code
}

func TestTryingAPluginTellsWhatDoesNotWork(t *testing.T) {
	t.Parallel()
	fine := sb.Trial{
		Plugin: "@acme/a", Version: "1", FiftyOne: "1.22.1", Python: "3.11.7", Operators: []sb.TriedOperator{{Name: "op", Runtime: "fiftyone", Works: true}},
		Remarks: []sb.Remark{{Operator: "op", Message: "It is slow"}},
	}
	out, code := try(t, fine, "--python", "/opt/python")
	require.Zero(t, code)
	require.Equal(t, "@acme/a 1 in FiftyOne 1.22.1, Python 3.11.7 (/opt/python)\n  ok    op  (fiftyone)\n        It is slow.\n", out)

	bad := fine
	bad.Operators = []sb.TriedOperator{{Name: "op\x1b[2J", Runtime: "fiftyone"}}
	bad.Remarks = []sb.Remark{{Operator: "op\x1b[2J", Problem: true, Message: "It breaks.", Stack: "Traceback\nKeyError\n"}}
	out, code = try(t, bad)
	require.Equal(t, exitFailed, code)
	require.Contains(t, out, "FAIL")
	require.Contains(t, out, "It breaks.\n        | Traceback\n        | KeyError\n")
	require.NotContains(t, out, "\x1b[2J")

	out, code = try(t, bad, "-o", "json")
	require.Equal(t, exitFailed, code)
	require.Contains(t, out, `"problem": true`)
}
