//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/adapters/flyte/connecttest"
)

// registerFlyte2 registers a Flyte 2, with a route for each operator of the dummy plugin to a task.
func (w *world) registerFlyte2(url string, tasks map[string]string) {
	w.t.Helper()
	var routes []sb.Route
	for operator, task := range tasks {
		routes = append(routes, sb.Route{Operators: []string{dummy + operator}, Target: sb.Target{Task: task, Version: "v1"}})
	}
	all, err := json.Marshal(map[string]any{
		"name": "prod", "kind": sb.Flyte, "quota": 8, "routes": routes,
		"config": map[string]any{"url": url, "project": connecttest.Project, "domain": connecttest.Domain, "poll_seconds": 1},
	})
	require.NoError(w.t, err)
	file := filepath.Join(w.t.TempDir(), "flyte.json")
	require.NoError(w.t, os.WriteFile(file, all, 0o600))
	out, code := w.cli("orchestrators", "add", "--file", file)
	require.Zero(w.t, code, out)
}

func TestRunsGoToFlyte2AndComeBack(t *testing.T) {
	t.Parallel()
	flyte := connecttest.Start(t)
	w := newWorld(t)
	w.dev()
	w.install("dummy")
	w.registerFlyte2(flyte.URL, map[string]string{"ok": connecttest.OK, "fail": connecttest.Fail, "sleep": connecttest.Sleep})
	out, code := w.cli("orchestrators", "probe", "prod")
	require.Contains(t, out, "Flyte 2 (experimental)", "%d", code)

	ok, fail, sleep := w.there("ok"), w.there("fail"), w.there("sleep")
	done := w.over(ok.ID)
	require.Equal(t, sb.Completed, done.Status, w.timeline(ok.ID))
	w.resulted(ok.ID)
	failed := w.over(fail.ID)
	require.Equal(t, sb.FailError, failed.Failure.Kind, w.timeline(fail.ID))
	require.Contains(t, failed.Failure.Stack, "deliberate failure")
	w.logged(ok.ID)

	w.status(sleep.ID, sb.Running)
	_, err := w.client.Runs.Stop(t.Context(), sleep.ID)
	require.NoError(t, err)
	require.Equal(t, sb.FailStopped, w.over(sleep.ID).Failure.Kind, w.timeline(sleep.ID))
	w.nothingHeld()
}

func TestAServerDiesOnTheWayToFlyte2At(t *testing.T) {
	t.Parallel()
	for _, point := range []string{"submit.named", "submit.sent"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			flyte := connecttest.Start(t)
			w := newWorld(t)
			w.path = faulty(t)
			n := w.dev("SIGNALBOX_FAULT=" + point)
			w.install("dummy")
			w.registerFlyte2(flyte.URL, map[string]string{"ok": connecttest.OK})
			answer := w.insist("ok")
			n.killed()
			w.dev()
			run := <-answer
			done := w.over(run.ID)
			require.Equal(t, sb.Completed, done.Status, w.timeline(run.ID))
			require.Equal(t, 1, done.Attempt)
			require.Equal(t, 1, flyte.Starts(done.Work.Ref), "it was started once")
			w.nothingHeld()
		})
	}
}
