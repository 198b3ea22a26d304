//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/adapters/fiftyone/realtest"
	"signalbox/client"
)

// crashing is a plugin whose operator ends as its params say. VERSION is replaced.
const crashing = `
import ctypes, os, signal, sys, time
import fiftyone.operators as foo

class Ends(foo.Operator):
    @property
    def config(self):
        return foo.OperatorConfig(name="ends")

    def execute(self, ctx):
        how = ctx.params.get("how")
        if how == "exit":
            os._exit(9)
        if how == "segfault":
            ctypes.string_at(0)
        if how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if how == "leave":
            os._exit(0)
        if how == "quit":
            sys.exit("bye")
        if how == "next":
            return next(iter([]))
        if how == "long":
            raise ValueError("z" * 30_000_000)
        if how == "raise":
            return {}["nothing"]
        if how == "memory":
            return len(bytearray(1 << 60))
        if how == "more memory":
            return len(os.urandom(1 << 30))
        while how == "hang":
            time.sleep(1)
        return {"version": VERSION, "server": grandparent()}

def grandparent():
    with open(f"/proc/{os.getppid()}/stat") as f:
        return int(f.read().rpartition(")")[2].split()[1])

def register(p):
    p.register(Ends)
`

// ending is an operator that FiftyOne runs.
const ending = "@tests/crashing/ends"

// plugin installs a plugin of one operator, in the folder's manifest with whatever is told besides.
func (w *world) plugin(name, operator, version, more, code string) {
	w.t.Helper()
	dir := w.t.TempDir()
	manifest := "name: '" + name + "'\nversion: '" + version + "'\noperators: [" + operator + "]\n" + more
	require.NoError(w.t, os.WriteFile(filepath.Join(dir, "fiftyone.yml"), []byte(manifest), 0o600))
	require.NoError(w.t, os.WriteFile(filepath.Join(dir, "__init__.py"), []byte(code), 0o600))
	out, code0 := w.cli("plugins", "install", dir, "--overwrite")
	require.Zero(w.t, code0, out)
}

func (w *world) crashing(version string) {
	w.t.Helper()
	w.plugin("@tests/crashing", "ends", version, "", strings.ReplaceAll(crashing, "VERSION", version))
}

// told is what an operator of the crashing plugin returns.
type told struct{ Version, Server int }

func (w *world) returned(id string) (said told) {
	w.t.Helper()
	run := w.over(id)
	require.Equal(w.t, sb.Completed, run.Status, "%+v", run.Failure)
	require.NoError(w.t, json.Unmarshal(run.Result, &said))
	return said
}

func TestHowOperatorsInFiftyOneEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "SIGNALBOX_PYTHON="+realtest.Python(t))
	w.dev()
	w.crashing("1")
	for how, row := range map[string]struct{ message, stack string }{
		"exit":     {"exit status 9", ""},
		"segfault": {"segmentation fault", ""},
		"kill":     {"killed", ""},
		"raise":    {"KeyError: 'nothing'", `return {}["nothing"]`},
		"memory":   {"MemoryError", "bytearray"},
		"leave":    {"ended with exit status 0 before the operator had", ""},
		"quit":     {"SystemExit: bye", `sys.exit("bye")`},
		"next":     {"execute() raised StopIteration", "next(iter([]))"},
		"long":     {"ValueError: zzz", "raise ValueError"},
	} {
		run := w.over(w.schedule(ending, map[string]any{"how": how}).ID)
		require.Equal(t, sb.Failed, run.Status, how)
		require.Contains(t, run.Failure.Message, row.message, how)
		require.Contains(t, run.Failure.Stack, row.stack, how)
	}
	hang := w.schedule(ending, map[string]any{"how": "hang"})
	w.status(hang.ID, sb.Running)
	_, err := w.client.Runs.Stop(t.Context(), hang.ID)
	require.NoError(t, err)
	require.Equal(t, sb.FailStopped, w.over(hang.ID).Failure.Kind)
	require.Equal(t, 1, w.returned(w.schedule(ending, nil).ID).Version)
}

func TestOperatorInFiftyOneThatTakesTooMuchMemoryIsEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "SIGNALBOX_PYTHON="+realtest.Python(t), "SIGNALBOX_WORKER_MEMORY=500MiB")
	n := w.dev()
	if strings.Contains(n.out.String(), "SIGNALBOX_WORKER_MEMORY has no effect") {
		t.Skip("control groups cannot be made here")
	}
	w.crashing("1")
	run := w.over(w.schedule(ending, map[string]any{"how": "more memory"}).ID)
	require.Equal(t, sb.Failed, run.Status)
	require.Contains(t, run.Failure.Message, "out of memory: a run may use 500 MiB of memory here (SIGNALBOX_WORKER_MEMORY)")
	require.Equal(t, 1, w.returned(w.schedule(ending, nil).ID).Version)
}

func TestPluginsThatFiftyOneCannotRunSayWhy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "SIGNALBOX_PYTHON="+realtest.Python(t))
	w.dev()
	for name, row := range map[string]struct{ more, code, message, why string }{
		"@tests/lacking": {"", "import not_installed_anywhere\n", "does not exist", "No module named 'not_installed_anywhere'"},
		"@tests/broken":  {"", "def register(p):\n    p.registers(1)\n", "does not exist", "AttributeError"},
		"@tests/future":  {"fiftyone:\n  version: '>=99'\n", crashing, "asks for fiftyone>=99", "asks for fiftyone>=99"},
	} {
		w.plugin(name, "ends", "1", row.more, strings.ReplaceAll(row.code, "VERSION", "1"))
		run := w.over(w.schedule(name+"/ends", nil).ID)
		require.Equal(t, sb.Failed, run.Status, name)
		require.Contains(t, run.Failure.Message, row.message, name)
		out, code := w.cli("plugins", "show", name)
		require.Zero(t, code, out)
		require.Contains(t, out, "ends is declared, but not loadable: ", name)
		require.Contains(t, out, row.why, name)
	}
}

func TestQueuedOperatorInFiftyOneOutlivesItsServerAndAnUpgrade(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "SIGNALBOX_PYTHON="+realtest.Python(t))
	w.dev()
	w.crashing("1")
	quota := 1
	_, err := w.client.Orchestrators.Patch(t.Context(), "builtin", client.OrchestratorPatch{Quota: &quota})
	require.NoError(t, err)
	server := w.returned(w.schedule(ending, nil).ID).Server
	first := w.schedule(ending, map[string]any{"how": "hang"})
	w.status(first.ID, sb.Running)
	queued := w.schedule(ending, nil)
	w.crashing("2")
	require.NoError(t, syscall.Kill(server, syscall.SIGKILL))
	running, err := w.client.Runs.Get(t.Context(), first.ID)
	require.NoError(t, err)
	require.Equal(t, sb.Running, running.Status)
	_, err = w.client.Runs.Stop(t.Context(), first.ID)
	require.NoError(t, err)
	require.Equal(t, sb.FailStopped, w.over(first.ID).Failure.Kind)
	before := w.returned(queued.ID)
	require.Equal(t, 1, before.Version, "a run keeps the revision that it was scheduled with")
	require.NotEqual(t, server, before.Server)
	after := w.returned(w.schedule(ending, nil).ID)
	require.Equal(t, told{Version: 2, Server: before.Server}, after)

	out, code := w.cli("plugins", "disable", "@tests/crashing")
	require.Zero(t, code, out)
	_, err = w.client.Runs.Schedule(t.Context(), client.Draft{Operator: ending})
	require.ErrorContains(t, err, "disabled")
}

func TestOperatorInFiftyOneEndsWithItsWorkerAndIsLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "SIGNALBOX_PYTHON="+realtest.Python(t))
	n := w.dev()
	w.crashing("1")
	hang := w.schedule(ending, map[string]any{"how": "hang"})
	w.status(hang.ID, sb.Running)
	n.kill()
	w.dev()
	run := w.over(hang.ID)
	require.Equal(t, sb.FailLost, run.Failure.Kind, "%+v", run.Failure)
	require.Equal(t, 1, w.returned(w.schedule(ending, nil).ID).Version)
}
