//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/adapters/airflow/airflowtest"
	"signalbox/client"
)

// lies tells the orchestrator where its tasks keep their logs.
func (w *world) lies(airflow *airflowtest.Server, folder, how string) error {
	config, err := json.Marshal(map[string]any{
		"url": airflow.URL, "username": airflowtest.Admin, "poll_seconds": 1, "log_roots": []string{"file://" + folder}, "logs": how,
	})
	require.NoError(w.t, err)
	_, err = w.client.Orchestrators.Patch(w.t.Context(), "prod", client.OrchestratorPatch{Config: config})
	return err
}

// task is the task of a run in Airflow, which has claimed it.
func (w *world) task(run client.Run) (api *client.Work, token string) {
	w.t.Helper()
	key, err := w.client.Orchestrators.Keys("prod").Create(w.t.Context(), client.KeyDraft{Name: run.ID})
	require.NoError(w.t, err)
	api, err = client.NewWork(client.Options{URL: w.url, Key: key.Key})
	require.NoError(w.t, err)
	claimed, err := api.Claim(w.t.Context(), sb.ClaimRequest{AttemptRef: sb.AttemptRef{Run: run.ID, Attempt: 1}, Nonce: "n"})
	require.NoError(w.t, err)
	require.NoError(w.t, api.Start(w.t.Context(), run.ID, claimed.Token, sb.StartRequest{}))
	return api, claimed.Token
}

func TestALogIsShownFromWhereTheTaskSaysItLies(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"collect", "reference"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			airflow := airflowtest.Start(t, "3.3.1")
			w := newWorld(t)
			n := w.dev()
			w.install("dummy")
			w.register(airflow, "*="+airflowtest.Sleep)
			folder := t.TempDir()
			require.Equal(t, sb.Invalid, sb.CodeOf(w.lies(airflow, w.dir, how)), "the data folder is no place for logs of others")
			require.NoError(t, w.lies(airflow, folder, how))
			out, _ := w.cli("orchestrators", "probe", "prod")
			require.Contains(t, out, "log root file://"+folder)

			run := w.status(w.there("sleep").ID, sb.Running)
			api, token := w.task(run)
			for _, uri := range []string{
				"file://" + folder + "/run_id=signalbox-other-1/x.log", "file://" + w.dir + "/" + run.ID + "/x.log", "file:///etc/passwd",
				"file://" + folder + "/" + run.ID + "/../other/x.log", "http://169.254.169.254/" + run.ID,
			} {
				require.Equal(t, sb.Invalid, sb.CodeOf(api.LogPath(t.Context(), run.ID, token, sb.LogPathRequest{URI: uri})), uri)
			}
			name := filepath.Join(folder, "run_id="+run.Work.Ref, "attempt=1.log")
			require.NoError(t, api.LogPath(t.Context(), run.ID, token, sb.LogPathRequest{URI: "file://" + name}))
			require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o700))
			const text = "2026-05-01T10:00:00Z stdout F hello\n2026-05-01T10:00:01Z stderr F ERROR:root:oh no\n"
			require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
			airflow.Finish()
			require.Equal(t, sb.Completed, w.over(run.ID).Status, w.timeline(run.ID))
			w.logged(run.ID)
			n.kill()
			w.dev()
			require.Equal(t, text, w.log(run.ID))
			shown, err := w.client.Runs.Logs(t.Context(), run.ID)
			require.NoError(t, err)
			require.Len(t, shown.Entries, 2)
			require.Equal(t, "hello", shown.Entries[0].Message)
			require.Equal(t, sb.ErrorLine, shown.Entries[1].Severity)
			if how == "reference" {
				done := w.await(run.ID, "told where its log lies", func(r client.Run) bool { return r.Log != nil })
				require.Equal(t, "file://"+name, done.Log.Path)
			}
		})
	}
}
