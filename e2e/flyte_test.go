//go:build e2e

package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/adapters/flyte/flytetest"
)

// registerFlyte registers a Flyte as a user would.
func (w *world) registerFlyte(url string, routes ...string) {
	w.t.Helper()
	args := []string{
		"orchestrators", "add", "prod", "--kind", "flyte", "--set", "url=" + url, "--set", "project=" + flytetest.Project,
		"--set", "domain=" + flytetest.Domain, "--set", "poll_seconds=1",
	}
	for _, r := range routes {
		args = append(args, "--route", r)
	}
	out, code := w.cli(args...)
	require.Zero(w.t, code, out)
}

func TestRunsGoToFlyteAndComeBack(t *testing.T) {
	t.Parallel()
	flyte := flytetest.Start(t)
	w := newWorld(t)
	w.dev()
	w.install("dummy")
	w.registerFlyte(flyte.URL, dummy+"ok="+flytetest.OK, dummy+"fail="+flytetest.Fail+"@"+flytetest.Version, dummy+"sleep="+flytetest.Sleep)
	out, _ := w.cli("orchestrators", "probe", "prod")
	require.Contains(t, out, "FlyteAdmin v1.16.8")

	ok, fail, sleep := w.there("ok"), w.there("fail"), w.there("sleep")
	done := w.over(ok.ID)
	require.Equal(t, sb.Completed, done.Status, w.timeline(ok.ID))
	w.resulted(ok.ID)
	failed := w.over(fail.ID)
	require.Equal(t, sb.FailError, failed.Failure.Kind, w.timeline(fail.ID))
	require.Contains(t, failed.Failure.Stack, "deliberate failure")

	w.status(sleep.ID, sb.Running)
	_, err := w.client.Runs.Stop(t.Context(), sleep.ID)
	require.NoError(t, err)
	require.Equal(t, sb.FailStopped, w.over(sleep.ID).Failure.Kind, w.timeline(sleep.ID))
	w.nothingHeld()
}

func TestAServerDiesOnTheWayToFlyteAt(t *testing.T) {
	t.Parallel()
	for _, point := range []string{"submit.named", "submit.sent"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			flyte := flytetest.Start(t)
			w := newWorld(t)
			w.path = faulty(t)
			n := w.dev("SIGNALBOX_FAULT=" + point)
			w.install("dummy")
			w.registerFlyte(flyte.URL, "*="+flytetest.OK)
			answer := w.insist("ok")
			n.killed()
			w.dev()
			run := <-answer
			done := w.over(run.ID)
			require.Equal(t, sb.Completed, done.Status, w.timeline(run.ID))
			require.Equal(t, 1, done.Attempt)
			require.Equal(t, 1, flyte.Executions(flytetest.OK), "it was started once")
			w.nothingHeld()
		})
	}
}
