package cli_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func TestThePluginForAppsIsWrittenAndUpgraded(t *testing.T) {
	t.Parallel()
	w, dir := setup(t), filepath.Join(t.TempDir(), "plugins")
	require.NotZero(t, w.do("plugins", "app", dir), "without one")
	for _, text := range []string{"one", "two"} {
		w.env.App = fstest.MapFS{"fiftyone.yml": {Data: []byte("name: '@signalbox/app'")}, "__init__.py": {Data: []byte(text)}}
		require.Zero(t, w.do("plugins", "app", dir), w.errors.String())
		require.Equal(t, text, holds(dir, "@signalbox/app"))
	}
	there, err := os.ReadDir(filepath.Join(dir, "@signalbox/app"))
	require.NoError(t, err)
	require.Len(t, there, 2, "nothing is left beside them")

	w.catalog()
	require.Zero(t, w.do("plugins", "export", dir))
	require.Equal(t, "two", holds(dir, "@signalbox/app"), "an export leaves it")
}

func TestThePluginForAppsNeedsAFolder(t *testing.T) {
	t.Parallel()
	w, file := setup(t), filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	w.env.App = fstest.MapFS{"fiftyone.yml": {}}
	require.NotZero(t, w.do("plugins", "app", file))
	require.Contains(t, w.errors.String(), "cannot be made")
}
