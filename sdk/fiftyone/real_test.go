package fiftyone_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"signalbox/adapters/fiftyone/realtest"
	"signalbox/sdk/fiftyone"
)

const panel = "@signalbox/app/runs"

// world is a real App with the plugin, before a Signalbox that says what a test wants.
type world struct {
	t    *testing.T
	app  string
	says atomic.Pointer[map[string]string] // by path; what is missing is not found
}

func setup(t *testing.T) *world {
	t.Helper()
	f := realtest.Start(t, true)
	var key string
	f.Script(&key, `d = fo.Dataset("toy", persistent=True); say(str(d._doc.id))`)
	require.NoError(t, os.CopyFS(filepath.Join(f.Plugins(), "@signalbox/app"), fiftyone.Plugin()))
	w := &world{t: t}
	signalbox := httptest.NewServer(w)
	t.Cleanup(signalbox.Close)
	w.says.Store(&map[string]string{
		"/datasets/toy": `{"id":"D","name":"toy","source":{"name":"vision","dataset_id":"` + key + `"}}`,
		"/runs":         `{"items":[` + run(`"status":"failed","failure":{"kind":"error","message":"no colour"}`) + `],"next_cursor":null}`,
		"/operators":    `{"items":[{"uri":"@acme/hello/hello","from_app":{"id":"O","name":"gpus"}}],"next_cursor":null}`,
	})
	w.app = f.App("SIGNALBOX_URL="+signalbox.URL, "SIGNALBOX_API_KEY=sbk_right\n", "SIGNALBOX_PUBLIC_URL=https://signalbox.example.com/")
	return w
}

// run is a run as the API gives it.
func run(more string) string {
	return `{"id":"R1","label":"Count | <b>all</b>","operator":"@acme/hello/hello","orchestrator":"gpus","created_by":{"id":"U","name":"ann"},
		"scheduled_at":"2026-01-02T03:04:05Z","started_at":null,"ended_at":"2026-01-02T03:05:05Z","progress":null,"queue":null,` + more + `}`
}

func (w *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-API-Key") != "sbk_right" {
		rw.WriteHeader(http.StatusUnauthorized)
		return
	}
	body, is := (*w.says.Load())[strings.TrimPrefix(r.URL.Path, "/api/v1")]
	if !is {
		rw.WriteHeader(http.StatusNotFound)
		body = `{"code":"not_found","detail":"There is none."}`
	}
	if code, is := strings.CutPrefix(body, "! "); is {
		rw.WriteHeader(http.StatusServiceUnavailable)
		body = code
	}
	_, _ = rw.Write([]byte(body))
}

// say changes what Signalbox says to a path.
func (w *world) say(path, body string) {
	all := map[string]string{}
	for k, v := range *w.says.Load() {
		all[k] = v
	}
	all[path] = body
	w.says.Store(&all)
}

// ask asks the App as its pages do.
func (w *world) ask(path string, body map[string]any) string {
	w.t.Helper()
	text, err := json.Marshal(body)
	require.NoError(w.t, err)
	answer, err := http.Post(w.app+path, "application/json", bytes.NewReader(text))
	require.NoError(w.t, err)
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	require.NoError(w.t, err)
	require.Equal(w.t, http.StatusOK, answer.StatusCode, string(said))
	var out bytes.Buffer
	require.NoError(w.t, json.Compact(&out, said))
	return out.String()
}

// shows is what the panel shows after an event.
func (w *world) shows(method string, state map[string]any, params map[string]any) string {
	w.t.Helper()
	all := map[string]any{"__method__": method, "panel_id": "p", "panel_state": state}
	for k, v := range params {
		all[k] = v
	}
	return w.ask("/operators/execute", map[string]any{"operator_uri": panel, "dataset_name": "toy", "params": all})
}

func (w *world) options(operator string) string {
	w.t.Helper()
	return w.ask("/operators/resolve-execution-options", map[string]any{"operator_uri": operator, "dataset_name": "toy", "params": map[string]any{}})
}

func TestRealAppShowsRunsAndOffersOrchestrators(t *testing.T) {
	t.Parallel()
	w := setup(t)

	all := w.shows("on_load", nil, nil)
	require.Contains(t, all, `"status":"Failed no colour"`)
	require.Contains(t, all, `"where":"gpus"`)
	require.Contains(t, all, `"rows":["R1"]`)
	w.say("/runs", `{"items":[],"next_cursor":null}`)
	require.Contains(t, w.shows("refresh", nil, nil), "No run on this dataset yet")

	offered := w.options("@acme/hello/hello")
	require.Contains(t, offered, `"instance_id":"gpus"`)
	w.say("/operators", `{"items":[{"uri":"@acme/hello/hello","from_app":null}],"next_cursor":null}`)
	require.Contains(t, w.options("@acme/hello/hello"), `"available_orchestrators":[]`)

	for _, row := range []struct{ path, says, shows string }{
		{"/runs", `! {"code":"unavailable","detail":"The database is away."}`, "Signalbox says: The database is away."},
		{"/runs", `! {"code":"unauthenticated","detail":"It has ended."}`, "Signalbox refuses the key of this App"},
		{"/runs", `! <html>`, "is not there now (503)"},
		{"/runs", `<html>`, "is not Signalbox"},
		{"/datasets/toy", `{"id":"D","name":"toy","source":null}`, "There is none."},
	} {
		w.say(row.path, row.says)
		shown := strings.ReplaceAll(w.shows("refresh", nil, nil), `\\`, "") // before punctuation, so that it is no markup
		require.Contains(t, shown, row.shows)
	}
}

func TestRealAppShowsOneRun(t *testing.T) {
	t.Parallel()
	w := setup(t)
	state := map[string]any{"rows": []string{"R1"}}
	w.say("/runs/R1", run(`"status":"failed","result":null,"failure":{"kind":"error","message":"no [colour](http://x)","stack":"File x\n`+"```"+`\n**bold**"}`))
	w.say("/runs/R1/logs", `{"complete":true,"download_only":false,"entries":[{"timestamp":"2026-01-02T03:04:06Z","severity":"INFO","message":"hello log"}]}`)
	one := w.shows("open", state, map[string]any{"row": 0})
	require.Contains(t, one, "https://signalbox.example.com/runs/R1")
	require.Contains(t, one, `Count \\| \\<b\\>all`, "text of others is no markup")
	require.Contains(t, one, "````text\\nFile x")
	require.Contains(t, one, `no \\[colour\\]`)
	require.Contains(t, one, "03:04:06 INFO     hello log")
	require.NotContains(t, one, "TimerView", "it is over")

	state["run"] = "R1"
	w.say("/runs/R1", run(`"status":"completed","failure":null,"result":{"greeting":"hi"}`))
	w.say("/runs/R1/logs", `{"complete":false,"download_only":true}`)
	one = w.shows("refresh", state, nil)
	require.Contains(t, one, `\"greeting\": \"hi\"`)
	require.Contains(t, one, "too long")
	require.Contains(t, one, "TimerView")
	require.NotContains(t, w.shows("close", state, nil), "greeting")
}
