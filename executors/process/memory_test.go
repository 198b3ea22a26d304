package process

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// tree makes a folder of files as the kernel shows them.
func tree(t *testing.T, files map[string]string) (root string) {
	t.Helper()
	root = t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
	}
	return root
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(path...))
	require.NoError(t, err)
	return string(b)
}

func TestHomeOfControlGroups(t *testing.T) {
	t.Parallel()
	pid := strconv.Itoa(os.Getpid())
	cases := []struct {
		name, self string
		files      map[string]string
		home       string
		wrote      map[string]string
		fails      string
	}{
		{
			"version 2: a group of our own is split", "0::/svc\n",
			map[string]string{
				"svc/cgroup.controllers": "cpu memory", "svc/cgroup.type": "domain", "svc/cgroup.subtree_control": "",
				"svc/signalbox-worker/cgroup.procs": "",
			},
			"svc",
			map[string]string{"svc/signalbox-worker/cgroup.procs": pid, "svc/cgroup.subtree_control": "+memory"},
			"",
		},
		{
			"version 2: a split group is used again", "0::/svc/signalbox-worker\n",
			map[string]string{"svc/signalbox-worker/cgroup.controllers": "memory", "svc/cgroup.subtree_control": ""},
			"svc",
			map[string]string{"svc/cgroup.subtree_control": "+memory"},
			"",
		},
		{
			"version 2: the machine's own root needs no split", "0::/\n",
			map[string]string{"cgroup.controllers": "memory", "cgroup.subtree_control": ""},
			"",
			map[string]string{"cgroup.subtree_control": "+memory"},
			"",
		},
		{
			"version 1", "5:cpu:/a\n4:memory:/svc\n0::/\n",
			map[string]string{"memory/svc/memory.limit_in_bytes": "9", "cgroup.controllers": "cpu"},
			"memory/svc", nil, "",
		},
		{"a group without the controller", "0::/svc\n", map[string]string{"svc/cgroup.controllers": "cpu"}, "", nil, "no control group with the memory controller"},
		{"a group that is not visible", "0::/svc\n", nil, "", nil, "no control group with the memory controller"},
		{
			"a group that may not be changed", "0::/svc\n",
			map[string]string{"svc/cgroup.controllers": "memory", "svc/cgroup.type": "domain"},
			"", nil, "no such file",
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			root := tree(t, c.files)
			self := filepath.Join(t.TempDir(), "self")
			require.NoError(t, os.WriteFile(self, []byte(c.self), 0o644))
			home, err := groupHome(root, self)
			if c.fails != "" {
				require.ErrorContains(t, err, c.fails)
				return
			}
			require.NoError(t, err)
			require.Equal(t, filepath.Join(root, c.home), home)
			for file, want := range c.wrote {
				require.Equal(t, want, read(t, root, file))
			}
		})
	}
}

func TestBoundOfVersion2(t *testing.T) {
	t.Parallel()
	root := tree(t, map[string]string{"run/memory.max": "", "run/memory.swap.max": "", "run/memory.oom.group": "", "run/memory.events": "low 0\noom 2\noom_kill 3\n"})
	b := &bound{Group: filepath.Join(root, "run"), Bytes: 2 << 30}
	require.NoError(t, b.make())
	require.Equal(t, "2147483648", read(t, b.Group, "memory.max"))
	require.Equal(t, "0", read(t, b.Group, "memory.swap.max"))
	require.Equal(t, "1", read(t, b.Group, "memory.oom.group"))
	require.Equal(t, int64(3), b.kills())
	require.Equal(t, "a run may use 2.0 GiB of memory here (SIGNALBOX_WORKER_MEMORY)", b.words())
}

func TestGroupsThatAreLeftAreSwept(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	for _, name := range []string{"signalbox-h-R-1", "signalbox-h-R-2/busy", "signalbox-other-R-1"} {
		require.NoError(t, os.MkdirAll(filepath.Join(home, name), 0o755))
	}
	(&bounds{home: home, prefix: "signalbox-h-"}).sweep()
	left, err := filepath.Glob(filepath.Join(home, "*"))
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(home, "signalbox-h-R-2"), filepath.Join(home, "signalbox-other-R-1")}, left)
}
