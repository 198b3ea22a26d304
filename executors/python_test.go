package executors

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

// furnished are environments of a test: how a plugin's Python is made.
type furnished struct {
	make func(ctx context.Context, folder string) (string, error)
	held atomic.Int32
}

func (f *furnished) Use(ctx context.Context, folder string) (string, func(), error) {
	python, err := f.make(ctx, folder)
	f.held.Add(1)
	return python, func() { f.held.Add(-1) }, err
}

// furnish lets the world's worker ask for the plugin's Python. Its operator has no command.
func (w *world) furnish(makes func(ctx context.Context, folder string) (string, error)) *furnished {
	f := &furnished{make: makes}
	w.answer.Command, w.runner.Python, w.runner.Plugins = nil, "/of/the/worker", f
	return f
}

// pythonOf makes a Python of a shell script.
func pythonOf(t *testing.T, script string) string {
	t.Helper()
	python := filepath.Join(t.TempDir(), "python")
	require.NoError(t, os.WriteFile(python, []byte("#!/bin/sh\n"+script), 0o700))
	return python
}

func TestAnOperatorRunsInItsPluginsPython(t *testing.T) {
	t.Parallel()
	w := setup(t, "")
	python := pythonOf(t, `echo "$* in $PWD"`)
	var asked string
	f := w.furnish(func(_ context.Context, folder string) (string, error) { asked = folder; return python, nil })
	require.NoError(t, w.do(t))
	require.Equal(t, filepath.Join(w.runner.cache.dir, w.answer.Plugin.SHA256, "tools"), asked)
	require.Equal(t, []string{"INFO -m signalbox.fiftyone run --folder " + asked + " in /"}, w.messages())
	require.Zero(t, f.held.Load(), "it is let go")
	require.Equal(t, 1, w.called("fail"), "it ended well and had not reported")
}

func TestARunWhosePackagesCannotBeInstalledSaysWhy(t *testing.T) {
	t.Parallel()
	w := setup(t, "")
	w.answer.Secrets = map[string]string{"KEY": "planted-key"}
	f := w.furnish(func(context.Context, string) (string, error) {
		return "", sb.Errorf(sb.Invalid, "uv says: no planted-key there")
	})
	require.NoError(t, w.do(t))
	require.Equal(t, sb.EndRequest{Broken: true, Reason: "uv says: no *** there"}, w.end(t))
	require.Zero(t, w.called("start"))
	require.Zero(t, f.held.Load())
}

func TestARunThatIsStoppedDoesNotWaitForItsPackages(t *testing.T) {
	t.Parallel()
	w := setup(t, "")
	ctx, stop := context.WithCancel(t.Context())
	w.furnish(func(ctx context.Context, _ string) (string, error) {
		stop()
		<-ctx.Done()
		return "", sb.Wrap(ctx.Err(), sb.Unavailable, "still being installed")
	})
	told, err := w.runner.Do(Until{Begin: ctx, Work: ctx, Talk: t.Context()}, sb.ClaimRequest{AttemptRef: ref})
	require.NoError(t, err)
	require.True(t, told)
	require.True(t, w.end(t).HandedBack)
}

func TestAFormIsAskedInThePluginsPython(t *testing.T) {
	t.Parallel()
	w := setup(t, "")
	q := w.resolving(t, "exit 1")
	python := pythonOf(t, `test "$1 $2 $3 $4" = "-m signalbox.fiftyone form --folder" && cd "$5" && test -f fiftyone.yml && echo '{"label":"its own"}' > "$SIGNALBOX_RESULT"`)
	f := w.furnish(func(context.Context, string) (string, error) { return python, nil })
	require.Equal(t, "its own", w.work(t, WorkerSettings{Drain: -1}).form(t, q).Label)
	require.Zero(t, f.held.Load())
}

func TestAFormDoesNotWaitLongForThePackages(t *testing.T) {
	t.Parallel()
	w := setup(t, "")
	q := w.resolving(t, "exit 1")
	w.furnish(func(ctx context.Context, _ string) (string, error) {
		<-ctx.Done()
		return "", sb.Wrap(ctx.Err(), sb.Unavailable, "still being installed")
	})
	form := w.work(t, WorkerSettings{Drain: -1}).form(t, q)
	require.NotNil(t, form.Failure)
	require.Equal(t, "still being installed", form.Failure.Message)
}
