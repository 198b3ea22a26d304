package environments

import (
	"archive/zip"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	sb "signalbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shop is a machine with a Python that has a package called fiftyone, and an index of packages as a folder.
type shop struct {
	t      *testing.T
	folder string
	Options
}

// open makes a shop, or skips the test where there is no uv.
func open(t *testing.T) shop {
	t.Helper()
	folder := t.TempDir()
	config := filepath.Join(folder, "uv.toml")
	s := shop{t, folder, Options{
		UV: uvOf(t), Python: filepath.Join(folder, "base", "bin", "python"), Folder: filepath.Join(folder, "environments"), Space: 1 << 30,
		Env: []string{"PATH=" + os.Getenv("PATH"), "HOME=" + folder, "UV_NO_CACHE=1", "UV_CONFIG_FILE=" + config},
	}}
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, "no-index = true\nfind-links = [%q]\n", folder), 0o600))
	s.wheel("fiftyone", "1.22.1", "Requires-Dist: mongo<5")
	s.wheel("mongo", "4.9", "")
	s.wheel("mongo", "4.1", "")
	s.wheel("mongo", "5.0", "")
	s.wheel("birds", "1.0", "Requires-Dist: songs>=2")
	s.wheel("songs", "2.1", "")
	s.run("venv", "base")
	s.run("pip", "install", "--python", s.Python, "fiftyone", "mongo==4.9")
	return s
}

func uvOf(t *testing.T) string {
	t.Helper()
	if uv, err := filepath.Abs("../../.venv/bin/uv"); err == nil {
		if _, err := os.Stat(uv); err == nil {
			return uv
		}
	}
	uv, err := exec.LookPath("uv")
	if err != nil {
		t.Skip("there is no uv; `make tools` gets it")
	}
	return uv
}

func (s shop) run(args ...string) {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), s.UV, args...)
	cmd.Env, cmd.Dir = s.Env, s.folder
	out, err := cmd.CombinedOutput()
	require.NoError(s.t, err, string(out))
}

// wheel puts a package into the index: a module that knows its version.
func (s shop) wheel(name, version, more string) {
	s.t.Helper()
	f, err := os.Create(filepath.Join(s.folder, name+"-"+version+"-py3-none-any.whl"))
	require.NoError(s.t, err)
	z := zip.NewWriter(f)
	info := name + "-" + version + ".dist-info/"
	for path, text := range map[string]string{
		name + ".py":      "version = '" + version + "'\n",
		info + "METADATA": "Metadata-Version: 2.1\nName: " + name + "\nVersion: " + version + "\n" + more + "\n",
		info + "WHEEL":    "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
		info + "RECORD":   name + ".py,,\n" + info + "METADATA,,\n" + info + "WHEEL,,\n" + info + "RECORD,,\n",
	} {
		w, err := z.Create(path)
		require.NoError(s.t, err)
		_, err = w.Write([]byte(text))
		require.NoError(s.t, err)
	}
	require.NoError(s.t, z.Close())
	require.NoError(s.t, f.Close())
}

// plugin makes a folder with a requirements.txt.
func (s shop) plugin(requirements string) string {
	s.t.Helper()
	folder := s.t.TempDir()
	require.NoError(s.t, os.WriteFile(filepath.Join(folder, "requirements.txt"), []byte(requirements), 0o600))
	return folder
}

// use gives the Python of a plugin that asks for packages, and lets go of it.
func (s shop) use(e *Environments, requirements string) string {
	s.t.Helper()
	python, release, err := e.Use(s.t.Context(), s.plugin(requirements))
	release()
	require.NoError(s.t, err)
	return python
}

// versions asks a Python for versions of modules, as it imports them.
func (s shop) versions(python string, modules ...string) string {
	s.t.Helper()
	ask := "import importlib, sys; print(*(importlib.import_module(m).version for m in sys.argv[1:]))"
	out, err := exec.CommandContext(s.t.Context(), python, append([]string{"-c", ask}, modules...)...).CombinedOutput()
	require.NoError(s.t, err, string(out))
	return strings.TrimSpace(string(out))
}

func TestAPluginGetsWhatItAsksForBesidesTheBase(t *testing.T) {
	t.Parallel()
	s := open(t)
	e := New(t.Context(), s.Options)
	python := s.use(e, "# what we need\nbirds  # and its songs\nmongo>=4\n")
	require.NotEqual(t, s.Python, python)
	require.Equal(t, "1.0 2.1 4.9 1.22.1", s.versions(python, "birds", "songs", "mongo", "fiftyone"))
	own, err := filepath.Glob(filepath.Join(filepath.Dir(python), "..", "lib", "*", "site-packages", "*.py"))
	require.NoError(t, err)
	require.Len(t, own, 2, "what the base has is not installed again")

	older := s.use(e, "mongo==4.1\n")
	require.Equal(t, "4.1 1.22.1", s.versions(older, "mongo", "fiftyone"), "the plugin's own wins")
	require.Equal(t, "4.9", s.versions(s.Python, "mongo"), "the base stays as it is")
	require.Equal(t, older, s.use(e, "\n mongo==4.1 # the same, in other words\n"))
}

func TestAPluginThatNeedsNothingElseHasTheBase(t *testing.T) {
	t.Parallel()
	s := open(t)
	e := New(t.Context(), s.Options)
	none, release, err := e.Use(t.Context(), t.TempDir())
	release()
	require.NoError(t, err)
	require.Equal(t, []string{s.Python, s.Python, s.Python}, []string{none, s.use(e, "# nothing\n"), s.use(e, "fiftyone>=1\nmongo\n")})
}

func TestPackagesAreAskedForByNameVersionsExtrasAndMarkers(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"birds", "Birds_2.x-y", "birds==1.0", "birds >=1, <2", "birds (>=1.0)", "birds~=1.4.2", "birds!=1.*", "birds===1.0+local.1",
		"birds[wings, songs]>=2", "birds>=1 ; python_version < '3.11' and (sys_platform == \"linux\" or extra == 'x-y')", "birds>=1.0rc1,",
	} {
		s := shop{t: t}
		asked, err := requirements(s.plugin("# what we need\n" + line + "  # and why\n"))
		require.NoError(t, err, line)
		require.Equal(t, line+"\n", asked)
	}
}

func TestWhatCannotBeMadeSaysWhy(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.Env = append(s.Env, "UV_INDEX=main=https://ann:hunter2hunter2@packages.invalid/planted-in-the-path/simple?t=planted-in-the-query")
	e := New(t.Context(), s.Options)
	for asked, words := range map[string]string{
		"nowhere>=3\n":                           "uv says: error: No solution found when resolving dependencies\n  cause: Because nowhere was not found",
		"mongo>=5\n":                             "you require fiftyone==1.22.1, we can conclude that you require mongo<5",
		"fiftyone<1\n":                           "unsatisfiable",
		"a b\n":                                  "line 1 of requirements.txt is no name of a package",
		"planted-in-the-path>=7\n":               "***",
		"planted-in-the-query>=7\n":              "***",
		"hunter2hunter2>=7\n":                    "***",
		"\ufeff--index-url=http:127.0.0.1:9\n":   "is no name of a package",
		"\ufeffbirds\n":                          "is no name of a package",
		"\xff\xfeb\x00i\x00r\x00d\x00s\x00":      "is no name of a package",
		"birds\n--index-url https://x.invalid\n": "line 2 of requirements.txt has an option",
		"-r more.txt\n":                          "line 1 of requirements.txt has an option",
		"birds --hash=sha256:00\n":               "has an option",
		"birds \\\n":                             "has an option",
		"birds @ https://x.invalid/birds.whl\n":  "line 1 of requirements.txt has a place",
		"./birds.whl\n":                          "has a place",
		"#\n" + strings.Repeat("x", 70000):       "has more than 65536 bytes",
	} {
		python, release, err := e.Use(t.Context(), s.plugin(asked))
		release()
		require.Empty(t, python, asked)
		require.ErrorContains(t, err, words, asked)
		require.NotContains(t, err.Error(), "hunter2hunter2")
		require.Less(t, len(err.Error()), saidMost+200)
	}
	left, err := filepath.Glob(filepath.Join(s.Folder, "new-*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestPackagesThatWouldHaveToBeBuiltAreRefused(t *testing.T) {
	t.Parallel()
	s := open(t)
	source := filepath.Join(s.folder, "builds-1.0")
	require.NoError(t, os.Mkdir(source, 0o700))
	ran := filepath.Join(s.folder, "ran")
	require.NoError(t, os.WriteFile(filepath.Join(source, "setup.py"), []byte("open('"+ran+"', 'w')\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(source, "PKG-INFO"), []byte("Metadata-Version: 2.1\nName: builds\nVersion: 1.0\n"), 0o600))
	out, err := exec.CommandContext(t.Context(), "tar", "-C", s.folder, "-czf", source+".tar.gz", "builds-1.0").CombinedOutput()
	require.NoError(t, err, string(out))
	_, release, err := New(t.Context(), s.Options).Use(t.Context(), s.plugin("builds\n"))
	release()
	require.ErrorContains(t, err, "builds")
	require.NoFileExists(t, ran)
}

func TestManyWhoWantAnEnvironmentShareOne(t *testing.T) {
	t.Parallel()
	s := open(t)
	folder := s.plugin("birds\n")
	var group sync.WaitGroup
	pythons := make([]string, 6)
	workers := []*Environments{New(t.Context(), s.Options), New(t.Context(), s.Options)}
	for i := range pythons {
		group.Go(func() {
			python, release, err := workers[i%2].Use(t.Context(), folder)
			defer release()
			if err == nil {
				pythons[i] = python
			}
		})
	}
	group.Wait()
	for _, python := range pythons {
		require.Equal(t, pythons[0], python)
	}
	require.Equal(t, "1.0", s.versions(pythons[0], "birds"))
	require.Len(t, workers[0].all(), 1)
}

func TestWhoDoesNotWaitFindsItLater(t *testing.T) {
	t.Parallel()
	s := open(t)
	life, end := context.WithCancel(t.Context())
	defer end()
	e := New(life, s.Options)
	now, cancel := context.WithCancel(t.Context())
	folder := s.plugin("birds\n")
	_, err := e.base.known(t.Context())
	require.NoError(t, err)
	cancel()
	_, release, err := e.Use(now, folder)
	release()
	require.Equal(t, sb.Unavailable, sb.CodeOf(err), "%v", err)
	require.Contains(t, err.Error(), "still being installed")
	require.Eventually(t, func() bool { return len(e.all()) == 1 }, 30*time.Second, 10*time.Millisecond)
}

func TestAnotherBaseHasOtherEnvironments(t *testing.T) {
	t.Parallel()
	s := open(t)
	e := New(t.Context(), s.Options)
	before := s.use(e, "mongo==4.1\n")
	s.run("pip", "install", "--python", s.Python, "songs")
	require.NotEqual(t, before, s.use(e, "mongo==4.1\n"))
}

func TestOldEnvironmentsMakeRoom(t *testing.T) {
	t.Parallel()
	s := open(t)
	e := New(t.Context(), s.Options)
	used, release, err := e.Use(t.Context(), s.plugin("birds\n"))
	require.NoError(t, err)
	old := s.use(e, "mongo==4.1\n")
	for i, python := range []string{used, old} {
		home := filepath.Dir(filepath.Dir(filepath.Dir(python)))
		at := time.Now().Add(-time.Hour * time.Duration(2-i))
		require.NoError(t, os.Chtimes(home, at, at))
	}
	e.options.Space = e.all()[0].size * 3 / 2
	fresh := s.use(e, "songs\n")
	require.NoFileExists(t, old)
	require.FileExists(t, fresh)
	require.FileExists(t, used, "it is used")
	release()
	e.tidy(filepath.Dir(filepath.Dir(filepath.Dir(fresh))))
	require.NoFileExists(t, used)
	require.Equal(t, "4.1", s.versions(s.use(e, "mongo==4.1\n"), "mongo"), "it is made again")

	e.options.Space = 1
	_, release, err = e.Use(t.Context(), s.plugin("songs>=2.1\n"))
	release()
	require.ErrorContains(t, err, "SIGNALBOX_UV_SPACE")
}

func TestWhatACrashLeftIsRemoved(t *testing.T) {
	t.Parallel()
	s := open(t)
	left, making := filepath.Join(s.Folder, "new-left"), filepath.Join(s.Folder, "new-making")
	require.NoError(t, os.MkdirAll(left, 0o700))
	require.NoError(t, os.MkdirAll(making, 0o700))
	at := time.Now().Add(-3 * makeMost)
	require.NoError(t, os.Chtimes(left, at, at))
	New(t.Context(), s.Options)
	require.NoDirExists(t, left)
	require.DirExists(t, making)
}

func TestUVGetsItsOwnSettingsAlone(t *testing.T) {
	t.Parallel()
	kept := []string{"PATH=/bin", "UV_DEFAULT_INDEX=https://x", "https_proxy=http://p", "SSL_CERT_FILE=/c"}
	given := append([]string{"SIGNALBOX_ORCHESTRATOR_KEY_FILE=/key", "AWS_SECRET_ACCESS_KEY=x"}, kept...)
	require.Equal(t, append(kept, "UV_NO_CACHE=1"), PassEnv(given))
	require.Equal(t, []string{"UV_CACHE_DIR=/c"}, PassEnv([]string{"UV_CACHE_DIR=/c"}))
}

func TestWhatOpensAnIndexIsMasked(t *testing.T) {
	t.Parallel()
	mask := maskOf([]string{
		"UV_INDEX=a=https://ann:password-a@x/simple https://token-b@y/simple", "UV_INDEX_C_PASSWORD=password-c",
		"https_proxy=http://bob:password-d@proxy:80", "UV_CONFIG_FILE=/etc/uv.toml",
	})
	require.Equal(t, "*** *** *** *** /etc/uv.toml ann", mask.Text("password-a token-b password-c password-d /etc/uv.toml ann"))
}
