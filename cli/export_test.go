package cli_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"signalbox/cli"
)

// shelved is a plugin that the server has.
type shelved struct {
	name, root, text string
	disabled         bool
}

// catalog makes the server have just these plugins.
func (w *world) catalog(plugins ...shelved) {
	w.t.Helper()
	w.change(func() {
		items := []map[string]any{}
		for i, p := range plugins {
			archive := p.archive(w.t)
			id := fmt.Sprintf("p%d", i)
			items = append(items, map[string]any{
				"id": id, "name": p.name, "version": "1.0", "revision": 2, "root": p.root, "enabled": !p.disabled,
				"sha256": fmt.Sprintf("%x", sha256.Sum256(archive)),
			})
			w.serve("GET /api/v1/plugins/"+id+"/archive", string(archive))
		}
		list, err := json.Marshal(map[string]any{"items": items, "next_cursor": nil})
		require.NoError(w.t, err)
		w.serve("GET /api/v1/plugins?limit=500", string(list))
	})
}

func (p shelved) archive(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range map[string]string{"fiftyone.yml": "name: '" + p.name + "'", "__init__.py": p.text} {
		f, err := z.Create(filepath.Join(p.root, name))
		require.NoError(t, err)
		_, err = f.Write([]byte(text))
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return b.Bytes()
}

// holds is what a plugin's code says in a folder of Apps, "" when it is not there.
func holds(dir, plugin string) string {
	text, _ := os.ReadFile(filepath.Join(dir, plugin, "__init__.py"))
	return string(text)
}

func TestExportWritesEnabledPluginsForApps(t *testing.T) {
	t.Parallel()
	w, dir := setup(t), filepath.Join(t.TempDir(), "plugins")
	w.catalog(shelved{name: "@acme/tools", text: "one"}, shelved{name: "plain", root: "sub/folder", text: "two"},
		shelved{name: "@acme/off", disabled: true}, shelved{name: "@voxel51/operators"}, shelved{name: "../../odd name", text: "three"})
	require.Zero(t, w.do("plugins", "export", dir), w.errors.String())
	require.Contains(t, w.errors.String(), "Wrote @acme/tools 1.0, revision 2.\n")
	require.Contains(t, w.errors.String(), dir+" has 3 plugins.\n")
	require.Equal(t, "one", holds(dir, "@acme/tools"))
	require.Equal(t, "two", holds(dir, "plain"))
	require.NoDirExists(t, filepath.Join(dir, "@acme/off"))
	require.NoDirExists(t, filepath.Join(dir, "@voxel51"), "an App has those of FiftyOne itself")
	odd, err := filepath.Glob(filepath.Join(dir, "plugin-*"))
	require.NoError(t, err)
	require.Len(t, odd, 1, "a name that is no good folder gets one all the same")

	w.errors.Reset()
	require.Zero(t, w.do("plugins", "export", dir))
	require.Equal(t, dir+" has 3 plugins.\n", w.errors.String(), "nothing is written twice")

	w.catalog(shelved{name: "@acme/tools", text: "one"})
	require.Zero(t, w.do("plugins", "export", dir, "-o", "json"))
	require.Contains(t, w.out.String(), `"plugin": "plain"`)
	require.NoFileExists(t, filepath.Join(dir, "plain"))
	w.catalog()
	require.Zero(t, w.do("plugins", "export", dir))
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 1, "the organisation's folder went with its last plugin")
}

func TestExportLeavesAloneWhatIsNotItsOwn(t *testing.T) {
	t.Parallel()
	w, dir, elsewhere := setup(t), t.TempDir(), t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "@acme/tools"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "@acme/tools/__init__.py"), []byte("mine"), 0o644))
	require.NoError(t, os.Symlink(elsewhere, filepath.Join(dir, "linked")))
	require.NoError(t, os.Symlink(elsewhere, filepath.Join(dir, "@other")))
	w.catalog(shelved{name: "@acme/tools", text: "ours"}, shelved{name: "linked"}, shelved{name: "@other/tools"}, shelved{name: "@acme/more", text: "more"})
	require.NotZero(t, w.do("plugins", "export", dir))
	for _, place := range []string{"@acme/tools", "linked", "@other"} {
		require.Contains(t, w.errors.String(), filepath.Join(dir, place)+" is there already")
	}
	require.Equal(t, "mine", holds(dir, "@acme/tools"))
	require.Equal(t, "more", holds(dir, "@acme/more"), "one plugin's trouble is no other's")
	w.catalog()
	require.Zero(t, w.do("plugins", "export", dir))
	require.Equal(t, "mine", holds(dir, "@acme/tools"))
	into, err := os.ReadDir(elsewhere)
	require.NoError(t, err)
	require.Empty(t, into)
}

func TestExportReplacesAPluginInOneStep(t *testing.T) {
	t.Parallel()
	w, dir := setup(t), t.TempDir()
	w.catalog(shelved{name: "@acme/tools", text: "one"})
	require.Zero(t, w.do("plugins", "export", dir))
	inside, err := os.Open(filepath.Join(dir, "@acme/tools", "__init__.py"))
	require.NoError(t, err)
	defer inside.Close()
	before, err := filepath.EvalSymlinks(filepath.Join(dir, "@acme/tools"))
	require.NoError(t, err)

	w.catalog(shelved{name: "@acme/tools", text: "two"})
	require.Zero(t, w.do("plugins", "export", dir))
	require.Equal(t, "two", holds(dir, "@acme/tools"))
	require.DirExists(t, before, "for those who are reading it")
	require.Zero(t, w.do("plugins", "export", dir))
	require.NoDirExists(t, before)
}

func TestExportLeavesOutWhatComesDamaged(t *testing.T) {
	t.Parallel()
	w, dir := setup(t), t.TempDir()
	w.catalog(shelved{name: "@acme/tools", text: "one"})
	require.Zero(t, w.do("plugins", "export", dir))
	w.catalog(shelved{name: "@acme/tools", text: "two"})
	w.serve("GET /api/v1/plugins/p0/archive", "half an arch")
	require.NotZero(t, w.do("plugins", "export", dir))
	require.Contains(t, w.errors.String(), "@acme/tools")
	require.Equal(t, "one", holds(dir, "@acme/tools"))
}

func TestExportFollowsChangesThroughAnOutage(t *testing.T) {
	t.Parallel()
	w, dir := setup(t), t.TempDir()
	w.serve("GET /api/v1/plugins?limit=500", `503 problem "code":"unavailable","detail":"The server has no database now"`)
	f := w.follow("plugins", "export", dir, "--watch", "--every", "5ms")
	f.until("no database now")
	w.catalog(shelved{name: "@acme/tools", text: "one"}, shelved{name: "plain", text: "two"})
	f.until("Wrote plain")
	f.until("All is well again.")
	require.Equal(t, "one", holds(dir, "@acme/tools"))
	other := &world{t: t, env: w.env}
	other.errs = &other.errors
	require.NotZero(t, other.do("plugins", "export", dir))
	require.Contains(t, other.errors.String(), "another process exports to")

	w.catalog(shelved{name: "@acme/tools", text: "changed"}, shelved{name: "plain", text: "two", disabled: true})
	f.until("Wrote @acme/tools")
	f.until("Removed plain")
	require.Equal(t, "changed", holds(dir, "@acme/tools"))
	w.change(func() {
		w.serve("GET /api/v1/plugins?limit=500", `401 problem "code":"unauthenticated","detail":"The key has ended"`)
	})
	require.NotZero(t, f.end())
	require.Equal(t, "changed", holds(dir, "@acme/tools"), "a key that is refused takes no plugins away")
}

func TestExportEndsWhenItIsInterrupted(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.catalog()
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	w.env.Stdout, w.env.Stderr = &w.out, w.errs
	cmd := cli.Command(w.env)
	cmd.SetArgs([]string{"plugins", "export", t.TempDir(), "--watch"})
	require.NoError(t, cmd.ExecuteContext(ctx))
}
