//go:build e2e

package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/client"
)

const (
	imagestats = "@signalbox/imagestats/"
	dummy      = "@signalbox/dummy/"
)

func TestANewcomerSeesARealRun(t *testing.T) {
	t.Parallel()
	ui := address(t)
	w := newWorld(t, "SIGNALBOX_DEMO=1", "SIGNALBOX_TEMPORAL_UI_LISTEN="+ui)
	n := w.dev()
	n.out.await(t, "Signalbox is running.")
	require.Contains(t, n.out.String(), "completed")
	page, err := w.client.Runs.List(t.Context(), client.RunFilter{})
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
	run := w.over(page.Items[0].ID)
	require.Equal(t, sb.Completed, run.Status)
	var result struct {
		Images []map[string]any `json:"images"`
	}
	require.NoError(t, json.Unmarshal(run.Result, &result), "%s", run.Result)
	for _, url := range []string{w.url + "/docs", w.url + "/openapi.json", w.url + "/metrics", w.url + "/healthz", "http://" + ui + "/namespaces/default/workflows"} {
		answer, err := http.Get(url)
		require.NoError(t, err)
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, http.StatusOK, answer.StatusCode, "%s: %.300s", url, body)
	}
	info, err := os.Stat(filepath.Join(w.dir, "admin.key"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.Zero(t, n.end())
}

func TestHowOperatorsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.dev()
	w.install("imagestats")
	w.install("dummy")
	images, err := filepath.Abs("../examples/images")
	require.NoError(t, err)
	for _, row := range []struct {
		name, operator string
		params         any
		status         sb.Status
		kind           sb.FailureKind
		log            string
	}{
		{"real work on images", imagestats + "stats", map[string]any{"folder": images}, sb.Completed, "", ""},
		{"a traceback", imagestats + "broken", nil, sb.Failed, sb.FailError, "Traceback"},
		{"a shell script that reports", imagestats + "list_images", map[string]any{"folder": images}, sb.Completed, "", ""},
		{"ok", dummy + "ok", nil, sb.Completed, "", ""},
		{"fail", dummy + "fail", nil, sb.Failed, sb.FailError, ""},
		{"die", dummy + "die", nil, sb.Failed, sb.FailError, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			run := w.schedule(row.operator, row.params)
			run = w.over(run.ID)
			require.Equal(t, row.status, run.Status, "%+v", run.Failure)
			if row.kind != "" {
				require.Equal(t, row.kind, run.Failure.Kind)
			}
			run = w.await(run.ID, "logged", func(r client.Run) bool { return r.Log != nil })
			log, err := w.client.Runs.Logs(t.Context(), run.ID)
			require.NoError(t, err)
			require.True(t, log.Complete)
			text, err := json.Marshal(log.Entries)
			require.NoError(t, err)
			require.Contains(t, string(text), row.log)
		})
	}
}

func TestALogOverOneMebibyteIsForDownloadOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.dev()
	w.install("dummy")
	run := w.schedule(dummy+"log", map[string]any{"size": "3MB"})
	run = w.await(run.ID, "logged", func(r client.Run) bool { return r.Log != nil })
	require.True(t, run.Log.DownloadOnly)
	log, err := w.client.Runs.Logs(t.Context(), run.ID)
	require.NoError(t, err)
	require.True(t, log.DownloadOnly)
	require.Empty(t, log.Entries)
	var text strings.Builder
	n, err := w.client.Runs.Download(t.Context(), run.ID, &text, 0)
	require.NoError(t, err)
	require.Equal(t, run.Log.Size, n)
	require.Len(t, text.String(), int(n))
}

func TestStopAndMark(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.dev()
	w.install("dummy")

	run := w.schedule(dummy+"hang", nil)
	w.status(run.ID, sb.Running)
	stopped, err := w.client.Runs.Stop(t.Context(), run.ID)
	require.NoError(t, err)
	require.Equal(t, sb.Failed, stopped.Status)
	run = w.over(run.ID)
	require.Equal(t, sb.FailStopped, run.Failure.Kind)

	run = w.schedule(dummy+"sleep", map[string]any{"seconds": 3})
	w.status(run.ID, sb.Running)
	marked, err := w.client.Runs.Fail(t.Context(), run.ID)
	require.NoError(t, err)
	require.Equal(t, sb.FailMarked, marked.Failure.Kind)
	require.Equal(t, sb.WorkActive, marked.Work.State)
	run = w.over(run.ID)
	require.Equal(t, sb.FailMarked, run.Failure.Kind)
}

func TestAQueueHoldsWhatTheQuotaDoesNotAllow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.dev()
	w.install("dummy")
	quota := 1
	_, err := w.client.Orchestrators.Patch(t.Context(), "builtin", client.OrchestratorPatch{Quota: &quota})
	require.NoError(t, err)
	first := w.schedule(dummy+"hang", nil)
	w.status(first.ID, sb.Running)
	second, third := w.schedule(dummy+"ok", nil), w.schedule(dummy+"ok", nil)
	wait, err := w.client.Runs.Wait(t.Context(), third.ID)
	require.NoError(t, err)
	require.EqualValues(t, 2, wait.Position)
	require.Contains(t, wait.Summary, "1 of 1")
	_, err = w.client.Runs.Stop(t.Context(), first.ID)
	require.NoError(t, err)
	require.Equal(t, sb.Completed, w.over(second.ID).Status)
	require.Equal(t, sb.Completed, w.over(third.ID).Status)
}

func TestOneProcessPerDataFolder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.dev()
	second := launch(t, w.path, w.env, "dev")
	<-second.gone
	require.NotZero(t, second.code)
	require.Contains(t, second.out.String(), "another signalbox uses the data folder")
}

func TestTheCommandLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.dev()
	w.install("dummy")
	for _, row := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"a run that completes", []string{"runs", "schedule", dummy + "ok", "--follow"}, 0, "completed"},
		{"a run that fails", []string{"runs", "schedule", dummy + "fail", "--follow"}, 1, "failed"},
		{"an unknown operator", []string{"runs", "schedule", dummy + "nothing"}, 2, "operator"},
		{"a param that does not fit", []string{"runs", "schedule", dummy + "sleep", "--param", "seconds=soon"}, 2, "seconds"},
		{"a list", []string{"runs", "list"}, 0, "completed"},
		{"a list as JSON", []string{"runs", "list", "-o", "json"}, 0, `"next_cursor"`},
		{"operators", []string{"operators", "list"}, 0, dummy + "ok"},
		{"orchestrators", []string{"orchestrators", "list"}, 0, "builtin"},
	} {
		t.Run(row.name, func(t *testing.T) {
			out, code := w.cli(row.args...)
			require.Equal(t, row.code, code, out)
			require.Contains(t, strings.ToLower(out), row.says)
		})
	}
}

func TestARestartKeepsEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.dev()
	w.install("dummy")
	done := w.schedule(dummy+"ok", nil)
	w.over(done.ID)
	running := w.schedule(dummy+"hang", nil)
	w.status(running.ID, sb.Running)
	n.kill()
	began := time.Now()
	w.dev()
	lost := w.over(running.ID)
	require.Equal(t, sb.FailLost, lost.Failure.Kind)
	require.Less(t, time.Since(began), time.Minute)
	again := w.over(done.ID)
	require.Equal(t, sb.Completed, again.Status)
	after := w.schedule(dummy+"ok", nil)
	require.Equal(t, sb.Completed, w.over(after.ID).Status)
}
