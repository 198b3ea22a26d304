package trial_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/executors/trial"
)

// python writes a program that tells of a plugin what the Python package would.
func python(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "python")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o755))
	return path
}

func TestWhatDoesNotWorkIsFound(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "tool"), []byte("#!/bin/sh\n"), 0o755))
	manifest := sb.Manifest{
		Name: "@acme/mixed", Operators: []string{"loads", "lost", "there", "gone", "scripted"}, Panels: []string{"board"},
		Commands: map[string]sb.Command{
			"there": {Command: []string{"./tool"}}, "gone": {Command: []string{"./nothing"}}, "scripted": {Command: []string{"ok"}, Executor: sb.DummyExecutor},
		},
	}
	place := trial.Place{Path: os.Getenv("PATH"), Python: python(t, `cat <<'END'
{"fiftyone": "1.22.1", "python": "3.11.7", "unmet": "", "operators": [{"name": "loads", "uri": "@acme/mixed/loads", "config": {}}],
 "errors": ["Traceback\nModuleNotFoundError: No module named 'torch'\n"], "remarks": [{"operator": "loads", "problem": false, "message": "It is slow", "stack": ""}]}
END`)}
	got, err := place.Try(t.Context(), manifest, folder)
	require.NoError(t, err)
	require.False(t, got.Works())
	require.Equal(t, "1.22.1", got.FiftyOne)
	require.Equal(t, []sb.TriedOperator{
		{Name: "loads", Runtime: "fiftyone", Works: true},
		{Name: "lost", Runtime: "fiftyone"},
		{Name: "there", Runtime: "command", Works: true},
		{Name: "gone", Runtime: "command"},
		{Name: "scripted", Runtime: "command", Works: true},
	}, got.Operators)
	said := map[string]string{}
	for _, r := range got.Remarks {
		said[r.Operator] += r.Message
	}
	require.Equal(t, "It is slow", said["loads"])
	require.Contains(t, said["lost"], "not loadable: ModuleNotFoundError: No module named 'torch'. Install what has the module torch")
	require.Contains(t, said["gone"], `"nothing" was not found`)
	require.Contains(t, said[""], "board")
}

func TestCommandsNeedNoPython(t *testing.T) {
	t.Parallel()
	manifest := sb.Manifest{Operators: []string{"shell", "python"}, Commands: map[string]sb.Command{"shell": {Command: []string{"sh"}}}}
	got, err := trial.Place{Path: os.Getenv("PATH")}.Try(t.Context(), manifest, t.TempDir())
	require.NoError(t, err)
	require.Equal(t, []sb.TriedOperator{{Name: "shell", Runtime: "command", Works: true}, {Name: "python", Runtime: "fiftyone"}}, got.Operators)
	require.Contains(t, got.Remarks[0].Message, "SIGNALBOX_PYTHON")
}

func TestAPythonWithoutFiftyOneIsRefused(t *testing.T) {
	t.Parallel()
	manifest := sb.Manifest{Operators: []string{"any"}}
	for name, script := range map[string]string{"FiftyOne cannot be imported": "echo 'FiftyOne cannot be imported' >&2; exit 1", "cannot be read": "echo no JSON"} {
		_, err := trial.Place{Python: python(t, script)}.Try(t.Context(), manifest, t.TempDir())
		require.ErrorContains(t, err, name)
	}
	_, err := trial.Place{Python: "/nowhere/python"}.Try(t.Context(), manifest, t.TempDir())
	require.Equal(t, sb.Invalid, sb.CodeOf(err))
}
