//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"signalbox/adapters/fiftyone/realtest"
	"signalbox/client"
	"signalbox/examples"
)

// accountKey is what a key of a service account looks like where it is shown once.
var accountKey = regexp.MustCompile(`sbk_[A-Za-z0-9_-]+`)

// toy makes a dataset of the example images in a real FiftyOne.
func toy(t *testing.T, f *realtest.FiftyOne) {
	t.Helper()
	images := t.TempDir()
	require.NoError(t, examples.Images(images))
	f.Script(nil, `
import glob
d = fo.Dataset("toy", persistent=True)
d.add_samples([fo.Sample(filepath=p) for p in sorted(glob.glob(sys.argv[1] + "/*.png"))])
`, images)
}

// browse runs a script that drives the real App in a real browser. It skips the test where there is none.
func browse(t *testing.T, script, url string) {
	t.Helper()
	python, err := filepath.Abs("../.venv/bin/python")
	require.NoError(t, err)
	for _, program := range []string{python, "/usr/bin/chromium"} {
		if _, err := os.Stat(program); err != nil {
			t.Skipf("the App in a browser: there is no %s", program)
		}
	}
	cmd := exec.CommandContext(t.Context(), python, "browser/"+script, url)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "LANG=C.UTF-8"}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// It is not parallel, as a browser and the App need the processor.
func TestAnAppInABrowserSchedulesOnSignalbox(t *testing.T) {
	f := realtest.Start(t, true)
	toy(t, f)
	w := newWorld(t, "SIGNALBOX_PYTHON="+realtest.Python(t))
	w.dev()
	w.done("plugins", "install", filepath.Join(f.Plugins(), "hello"))
	w.source(f)
	plugins := filepath.Join(t.TempDir(), "plugins")
	w.done("plugins", "export", plugins)
	w.done("plugins", "app", plugins)
	w.done("service-accounts", "create", "ann", "--role", "member")
	key := accountKey.FindString(w.done("service-accounts", "keys", "create", "ann", "app"))
	require.NotEmpty(t, key)
	browse(t, "schedule.py", f.App("FIFTYONE_PLUGINS_DIR="+plugins, "SIGNALBOX_URL="+w.url, "SIGNALBOX_API_KEY="+key, "SIGNALBOX_SUBMIT_AS_OWNER=true"))

	page, err := w.client.Runs.List(t.Context(), client.RunFilter{})
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
	require.Equal(t, "ann", page.Items[0].CreatedBy.Name)
	kept, err := f.Database().Collection("delegated_ops").FindOne(t.Context(), bson.D{}).Raw()
	require.NoError(t, err)
	require.NotContains(t, string(kept), key, "it is taken out of the operation")
}
