//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/adapters/airflow/airflowtest"
	"signalbox/client"
)

// register registers a stand-in for Airflow as a user would, with a route of its own for each operator of the dummy plugin.
func (w *world) register(airflow *airflowtest.Server, routes ...string) {
	w.t.Helper()
	password := filepath.Join(w.t.TempDir(), "password")
	require.NoError(w.t, os.WriteFile(password, []byte(airflowtest.Admin+"\n"), 0o600))
	args := []string{
		"orchestrators", "add", "prod", "--kind", "airflow", "--set", "url=" + airflow.URL, "--set", "auth=password", "--set", "username=" + airflowtest.Admin,
		"--set", "poll_seconds=1", "--secret-file", "password=" + password,
	}
	for _, r := range routes {
		args = append(args, "--route", r)
	}
	out, code := w.cli(args...)
	require.Zero(w.t, code, out)
	require.NotContains(w.t, out, airflowtest.Admin+"\n", "no credential is shown")
}

// there schedules a run of the dummy plugin on the registered orchestrator.
func (w *world) there(operator string) client.Run {
	w.t.Helper()
	run, err := w.client.Runs.Schedule(w.t.Context(), client.Draft{Operator: dummy + operator, Orchestrator: "prod"})
	require.NoError(w.t, err)
	return run
}

// timeline tells what happened to a run, in words.
func (w *world) timeline(id string) string {
	w.t.Helper()
	out, code := w.cli("runs", "events", id)
	require.Zero(w.t, code, out)
	return out
}

func TestRunsGoToAirflowAndComeBack(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"2.10.3", "3.3.1"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			airflow := airflowtest.Start(t, version)
			w := newWorld(t)
			w.dev()
			w.install("dummy")
			w.register(airflow, dummy+"ok="+airflowtest.OK, dummy+"fail="+airflowtest.Fail, dummy+"sleep="+airflowtest.Sleep, dummy+"hang="+airflowtest.Paused)

			out, code := w.cli("orchestrators", "probe", "prod")
			require.Contains(t, out, "reachable", "%d", code)

			ok, fail, sleep := w.there("ok"), w.there("fail"), w.there("sleep")
			done := w.over(ok.ID)
			require.Equal(t, sb.Completed, done.Status, w.timeline(ok.ID))
			var result map[string]any
			require.NoError(t, json.Unmarshal(done.Result, &result), string(done.Result))
			require.EqualValues(t, 1, result["n"])
			failed := w.over(fail.ID)
			require.Equal(t, sb.FailError, failed.Failure.Kind, w.timeline(fail.ID))

			w.status(sleep.ID, sb.Running)
			_, err := w.client.Runs.Stop(t.Context(), sleep.ID)
			require.NoError(t, err)
			stopped := w.over(sleep.ID)
			require.Equal(t, sb.FailStopped, stopped.Failure.Kind, w.timeline(sleep.ID))

			logged := w.await(ok.ID, "logged", func(r client.Run) bool { return r.Log != nil && r.Log.Size > 0 })
			require.NotZero(t, logged.Log.Size)

			paused := w.there("hang")
			w.await(paused.ID, "told to wait", func(client.Run) bool {
				why, _ := w.cli("runs", "why", paused.ID)
				return strings.Contains(why, "paused in Airflow")
			})
			out, code = w.cli("orchestrators", "drift", "prod")
			require.Zero(t, code, out)
			require.Contains(t, out, version)
		})
	}
}

func TestAKilledServerLosesNoRunOfAirflow(t *testing.T) {
	t.Parallel()
	airflow := airflowtest.Start(t, "3.3.1")
	w := newWorld(t)
	n := w.dev()
	w.install("dummy")
	w.register(airflow, "*="+airflowtest.Sleep)
	run := w.there("sleep")
	w.status(run.ID, sb.Running)
	n.kill()
	airflow.Finish()
	w.dev()
	done := w.over(run.ID)
	require.Equal(t, sb.Completed, done.Status, w.timeline(run.ID))
	require.Equal(t, 1, done.Attempt)
}
