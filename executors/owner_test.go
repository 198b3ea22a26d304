package executors

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/executors/process"
)

// Operators of another account have their plugin, their work folder and nothing else of the worker.
func TestOperatorsOfAnotherAccount(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root may start processes of another account")
	}
	account, err := process.LookUp("nobody")
	require.NoError(t, err)
	w := setup(t, `
		cat hello.txt; head -c 11 "$SIGNALBOX_CONTEXT"; echo; echo '{"n":1}' > "$SIGNALBOX_RESULT"
		cd "$(dirname "$SIGNALBOX_CONTEXT")"; stat -c '%a %u' .
		for d in .. ../.. ../../..; do ls $d 2>/dev/null && echo "$d can be listed"; touch $d/x 2>/dev/null && echo "$d can be written"; done
		cat ../spool/* 2>/dev/null && echo the spool can be read; echo fine`)
	require.NoError(t, os.Chmod(w.folder, 0o711))
	require.NoError(t, os.Chmod(filepath.Dir(w.folder), 0o711))
	processes, err := process.New(process.Options{
		Shim: []string{"/proc/self/exe"}, Env: []string{roleShim + "=1"}, Account: account, Folder: w.folder,
	})
	require.NoError(t, err)
	w.runner.Executors[""] = processes
	w.runner.Owner = &Owner{UID: int(account.UID), GID: int(account.GID)}
	require.NoError(t, w.do(t))
	require.Equal(t, []string{"INFO hello", `INFO {"operator"`, "INFO 700 65534", "INFO fine"}, w.messages())
	require.JSONEq(t, `{"n":1}`, string(w.result))
	left, err := os.ReadDir(w.runner.runs("h/default"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestResultOfAnotherAccountIsNotTaken(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "result.json")
	require.NoError(t, os.WriteFile(path, []byte("1"), 0o600))
	_, err := readResult(path, nil)
	require.NoError(t, err)
	_, err = readResult(path, &Owner{UID: os.Geteuid() + 1})
	require.Equal(t, sb.Invalid, sb.CodeOf(err), "it may be a link to what only the worker may read")
}
