//go:build e2e

package e2e

import (
	"archive/zip"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/adapters/fiftyone/realtest"
	"signalbox/client"
)

// needing is a plugin whose operator imports a package that FiftyOne does not bring.
const needing = `
import songs
import fiftyone.operators as foo

class Sings(foo.Operator):
    @property
    def config(self):
        return foo.OperatorConfig(name="sings")

    def execute(self, ctx):
        return {"songs": songs.version}

def register(p):
    p.register(Sings)
`

func TestPackagesOfAPluginAreInstalledForItsRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "SIGNALBOX_PYTHON="+realtest.Python(t), "SIGNALBOX_UV="+uv(t), "UV_CONFIG_FILE="+index(t), "UV_NO_CACHE=1")
	w.dev()
	w.asking("@tests/needing", "songs>=1\n")
	run := w.over(w.schedule("@tests/needing/sings", nil).ID)
	require.Equal(t, sb.Completed, run.Status, "%+v", run.Failure)
	require.JSONEq(t, `{"songs": "1.5"}`, string(run.Result))

	w.asking("@tests/lacking", "songs>=2\n")
	run = w.over(w.schedule("@tests/lacking/sings", nil).ID)
	require.Equal(t, sb.Failed, run.Status)
	require.Contains(t, run.Failure.Message, "the packages of the plugin's requirements.txt cannot be installed")
	require.Contains(t, run.Failure.Message, "songs>=2")
}

func TestWhatCannotBeLoadedIsToldBeforeTheFirstRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "SIGNALBOX_PYTHON="+realtest.Python(t))
	w.dev()
	w.asking("@tests/needing", "")
	require.Eventually(t, func() bool {
		p, err := w.client.Plugins.Get(t.Context(), "@tests/needing")
		require.NoError(t, err)
		return p.Operators[0].NotLoadable != nil
	}, 2*time.Minute, 100*time.Millisecond)
	out, code := w.cli("plugins", "show", "@tests/needing")
	require.Zero(t, code, out)
	require.Contains(t, out, "sings is declared, but not loadable: ModuleNotFoundError: No module named 'songs'.")
	page, err := w.client.Runs.List(t.Context(), client.RunFilter{Operator: "@tests/needing/sings"})
	require.NoError(t, err)
	require.Empty(t, page.Items)
}

// asking installs a plugin of the operator that sings, with a requirements.txt.
func (w *world) asking(name, requirements string) {
	w.t.Helper()
	dir := w.t.TempDir()
	for file, text := range map[string]string{
		"fiftyone.yml": "name: '" + name + "'\nversion: '1'\noperators: [sings]\n", "__init__.py": needing, "requirements.txt": requirements,
	} {
		require.NoError(w.t, os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600))
	}
	out, code := w.cli("plugins", "install", dir)
	require.Zero(w.t, code, out)
}

// uv is the program, which `make tools` gets.
func uv(t *testing.T) string {
	t.Helper()
	program, err := filepath.Abs("../.venv/bin/uv")
	require.NoError(t, err)
	require.FileExists(t, program)
	return program
}

// index is uv's configuration for an index that has one package, songs 1.5.
func index(t *testing.T) (config string) {
	t.Helper()
	folder := t.TempDir()
	f, err := os.Create(filepath.Join(folder, "songs-1.5-py3-none-any.whl"))
	require.NoError(t, err)
	z := zip.NewWriter(f)
	const info = "songs-1.5.dist-info/"
	for path, text := range map[string]string{
		"songs.py":        "version = '1.5'\n",
		info + "METADATA": "Metadata-Version: 2.1\nName: songs\nVersion: 1.5\n",
		info + "WHEEL":    "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
		info + "RECORD":   "songs.py,,\n" + info + "METADATA,,\n" + info + "WHEEL,,\n" + info + "RECORD,,\n",
	} {
		part, err := z.Create(path)
		require.NoError(t, err)
		_, err = part.Write([]byte(text))
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	require.NoError(t, f.Close())
	config = filepath.Join(folder, "uv.toml")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, "no-index = true\nfind-links = [%q]\n", folder), 0o600))
	return config
}
