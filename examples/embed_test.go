package examples_test

import (
	"bytes"
	"encoding/json"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/catalog"
	"signalbox/examples"
)

// unpacked gives a plugin's manifest and files after the way that a worker unpacks it.
func unpacked(t *testing.T, name string) (sb.Manifest, string) {
	t.Helper()
	body, err := examples.Zip(name)
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, sb.Unpack(bytes.NewReader(body), int64(len(body)), dir, sb.ArchiveLimits{}))
	text, err := os.ReadFile(filepath.Join(dir, "fiftyone.yml"))
	require.NoError(t, err)
	m, err := catalog.ParseManifest("fiftyone.yml", text)
	require.NoError(t, err)
	return m, dir
}

func TestEveryPluginIsAGoodOne(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"dummy", "fiftyone-operators", "fiftyone-panels", "imagestats"}, examples.Names())
	for _, name := range examples.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, dir := unpacked(t, name)
			if own, is := strings.CutPrefix(name, "fiftyone-"); is {
				require.Equal(t, "@voxel51/"+own, m.Name)
				require.Empty(t, m.Commands, "its operators are those of FiftyOne itself")
				return
			}
			require.Equal(t, "@signalbox/"+name, m.Name)
			require.Len(t, m.Commands, len(m.Operators), "each operator runs without FiftyOne")
			for operator, c := range m.Commands {
				if c.Executor == "" {
					require.FileExists(t, filepath.Join(dir, c.Command[1]))
					continue
				}
				require.Equal(t, []string{operator}, c.Command)
			}
		})
	}
}

func TestThereAreNoOtherPlugins(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", ".", "..", "other", "dummy/..", "../images", "dummy/"} {
		_, err := examples.Zip(name)
		require.ErrorIs(t, err, fs.ErrNotExist, name)
	}
}

func TestTheSameArchiveEachTime(t *testing.T) {
	t.Parallel()
	first, err := examples.Zip("imagestats")
	require.NoError(t, err)
	again, err := examples.Zip("imagestats")
	require.NoError(t, err)
	require.True(t, bytes.Equal(first, again))
}

func TestShellScriptsCanBeExecuted(t *testing.T) {
	t.Parallel()
	_, dir := unpacked(t, "imagestats")
	info, err := os.Stat(filepath.Join(dir, "list_images.sh"))
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&0o100)
}

func TestParamsOfTheExamples(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ plugin, operator, params, wants string }{
		"the pattern has a default": {"imagestats", "stats", `{"folder":"/images"}`, `{"folder":"/images","pattern":"*.png"}`},
		"the folder is required":    {"imagestats", "list_images", `{}`, ""},
		"nothing is asked":          {"imagestats", "broken", `{}`, `{}`},
		"sleep":                     {"dummy", "sleep", `{"seconds":0.5}`, `{"seconds":0.5}`},
		"sleep backwards":           {"dummy", "sleep", `{"seconds":-1}`, ""},
		"log by size":               {"dummy", "log", `{"size":"10MB"}`, `{"size":"10MB"}`},
		"log by bytes and lines":    {"dummy", "log", `{"bytes":10,"lines":3,"size":5}`, `{"bytes":10,"lines":3,"size":5}`},
		"log of no size":            {"dummy", "log", `{"size":"much"}`, ""},
		"any result":                {"dummy", "ok", `{"result":[1,null]}`, `{"result":[1,null]}`},
		"what nobody knows":         {"dummy", "hang", `{"x":1}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, _ := unpacked(t, test.plugin)
			got, err := catalog.Params(m.Commands[test.operator].Inputs, json.RawMessage(test.params))
			if test.wants == "" {
				require.Equal(t, sb.Invalid, sb.CodeOf(err))
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.wants, string(got))
		})
	}
}

func TestImagesArePNG(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "images")
	require.NoError(t, examples.Images(dir))
	require.NoError(t, examples.Images(dir), "again")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 12)
	for _, e := range entries {
		body, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		_, err = png.Decode(bytes.NewReader(body))
		require.NoError(t, err, e.Name())
	}
}
