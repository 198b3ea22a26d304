package environments

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"signalbox/adapters/fiftyone/realtest"
)

func TestRealFiftyOneIsTheWorkersInAPluginsEnvironment(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.Python = realtest.Python(t)
	plugin := s.plugin("birds\nnumpy\n")
	for name, text := range map[string]string{
		"fiftyone.yml": "name: '@tests/birds'\nfiftyone: {version: '>=1.19'}\noperators: [sings]\n",
		"__init__.py": "import birds, songs, numpy\nimport fiftyone.operators as foo\n\n" +
			"class Sings(foo.Operator):\n    @property\n    def config(self):\n" +
			"        return foo.OperatorConfig(name='sings', label=f'{birds.version} {songs.version}')\n\n" +
			"def register(p):\n    p.register(Sings)\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(plugin, name), []byte(text), 0o600))
	}
	python, release, err := New(t.Context(), s.Options).Use(t.Context(), plugin)
	defer release()
	require.NoError(t, err)
	require.NotEqual(t, s.Python, python)
	packages, err := filepath.Abs("../../sdk/python")
	require.NoError(t, err)
	list := exec.CommandContext(t.Context(), python, "-m", "signalbox.fiftyone", "list", "--folder", plugin)
	list.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.folder, "PYTHONPATH=" + packages, "PYTHONDONTWRITEBYTECODE=1"}
	out, err := list.Output()
	require.NoError(t, err, string(out))
	var told struct {
		FiftyOne  string
		Operators []struct{ Config struct{ Label string } }
		Errors    []string
	}
	require.NoError(t, json.Unmarshal(out, &told))
	require.Empty(t, told.Errors)
	require.Equal(t, realtest.Version, told.FiftyOne)
	require.Len(t, told.Operators, 1)
	require.Equal(t, "1.0 2.1", told.Operators[0].Config.Label)
}
