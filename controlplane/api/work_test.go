package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

func TestWhatTheWorkCalls(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(sb.Run{ID: "r1", Operator: "@acme/tools/hello", Plugin: "@acme/tools", PluginRevision: 2, Status: sb.Running, DatasetID: "d1", Dataset: "quick/start"})
	claim := b.do("sbo_builtin", "POST", "/api/v1/work/claim", `{"run_id":"r1","attempt":1,"nonce":"n","worker":"host/default"}`)
	require.JSONEq(t, `{"token":"sbr_r1","end_token":"sbr_end_r1","heartbeat_seconds":5,"operator":"@acme/tools/hello","params":{},"view":null,
		"dataset":{"id":"d1","name":"quick/start"},"plugin":{"name":"@acme/tools","revision":2,"sha256":"abc","root":"tools"},"secrets":{},
		"command":{"argv":["true"],"executor":"","timeout_seconds":0},"fiftyone":null,"tell_environment":false}`, claim.body)
	require.JSONEq(t, `{"stop":[],"drain":false}`, b.do("sbo_builtin", "POST", "/api/v1/work/workers",
		`{"name":"host/default","incarnation":"i","version":"1","pool":"default","concurrency":2,"running":null}`).body)
	tell := func(verb, body string, headers ...string) reply {
		return b.do("sbr_r1", "POST", "/api/v1/work/r1/"+verb, body, headers...)
	}
	require.Equal(t, 200, tell("start", `{"ref":"x"}`).StatusCode)
	require.JSONEq(t, `{"stop":false}`, tell("heartbeat", "").body)
	require.Equal(t, 200, tell("progress", `{"fraction":0.5,"label":"half"}`).StatusCode)
	require.Equal(t, 200, tell("progress", `{"fraction":null}`).StatusCode)
	require.Equal(t, 200, tell("progress", `{"label":"on"}`).StatusCode)
	require.Equal(t, 422, tell("progress", `{"fraction":1.5}`).StatusCode)
	require.Equal(t, []float64{0.5}, b.fractions)
	require.JSONEq(t, `{"next":1}`, tell("logs?seq=0", "one\n", "Content-Type", "text/plain").body)
	gap := tell("logs?seq=4", "two\n", "Content-Type", "application/x-ndjson")
	require.Equal(t, 409, gap.StatusCode)
	require.EqualValues(t, 1, gap.json(t)["want"])
	require.Equal(t, 422, tell("logs", "two\n").StatusCode)
	require.Equal(t, 413, tell("logs?seq=1", strings.Repeat("x", sb.MaxChunk+1), "Content-Type", "text/plain").StatusCode)
	require.Equal(t, 200, tell("log-path", `{"uri":"s3://b/k"}`).StatusCode)
	require.Equal(t, 422, tell("log-path", `{"uri":""}`).StatusCode)
	require.Equal(t, 200, tell("environment", `{"fiftyone":"1","python":"3","unmet":"","operators":[{"name":"a","config":{"label":"A"}}],"errors":["E"]}`).StatusCode)
	require.Equal(t, []sb.Offer{{FiftyOne: "1", Python: "3", Operators: []sb.OfferedOperator{{Name: "a", Config: []byte(`{"label":"A"}`)}}, Errors: []string{"E"}}}, b.offers)
	require.Equal(t, 200, tell("complete", `{"result":{"b":1,"a":2}}`).StatusCode)
	require.Equal(t, 200, tell("fail", `{"message":"x","stack":"y"}`).StatusCode)
	require.Equal(t, 200, tell("end", `{"exit_code":3,"worker_lost":false}`).StatusCode)
	require.Equal(t, 3, *b.ended[0].ExitCode)
	require.Equal(t, "PK", b.do("sbr_r1", "GET", "/api/v1/work/r1/plugin", "").body)
}

func TestReportsOfARunThatIsOver(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(sb.Run{ID: "r1", Status: sb.Failed})
	for verb, row := range map[string]struct {
		body   string
		status int
	}{
		"start":     {`{}`, 409},
		"heartbeat": {"", 200},
		"progress":  {`{"fraction":1}`, 204},
		"complete":  {`{}`, 409},
	} {
		t.Run(verb, func(t *testing.T) {
			t.Parallel()
			got := b.do("sbr_r1", "POST", "/api/v1/work/r1/"+verb, row.body)
			require.Equal(t, row.status, got.StatusCode, got.body)
			if row.status == http.StatusConflict {
				require.Equal(t, "run_over", got.json(t)["code"])
			}
		})
	}
}

// FuzzWork sends any body to every call of the work API: answers are well-formed and never faults of ours.
func FuzzWork(f *testing.F) {
	w := newWorld()
	w.put(sb.Run{ID: "r1", Status: sb.Running})
	h := New(w.deps())
	calls := []string{"claim", "workers", "r1/start", "r1/heartbeat", "r1/progress", "r1/logs?seq=0", "r1/log-path", "r1/environment", "r1/complete", "r1/fail", "r1/end"}
	for i, seed := range []string{
		`{"run_id":"r1","attempt":1,"nonce":"n"}`, `{"name":"h/p","incarnation":"i","version":"1","pool":"default","concurrency":1}`, `{"ref":null}`, ``,
		`{"fraction":1e400}`, "line\n", `{"uri":7}`, `{"operators":[{"config":7}]}`, `{"result":[[[[1]]]]}`, `{"message":"\ud800"}`, `{"exit_code":1.0}`,
	} {
		f.Add(i, []byte(seed), i%2 == 0)
	}
	f.Fuzz(func(t *testing.T, call int, body []byte, packed bool) {
		path := calls[uint(call)%uint(len(calls))]
		req := httptest.NewRequest(http.MethodPost, "/api/v1/work/"+path, strings.NewReader(string(body)))
		req.Header.Set("X-API-Key", "sbr_r1")
		if !strings.HasPrefix(path, "r1") {
			req.Header.Set("X-API-Key", "sbo_builtin")
		}
		req.Header.Set("Content-Type", "application/json")
		if packed {
			req.Header.Set("Content-Encoding", "gzip")
		}
		got := httptest.NewRecorder()
		h.ServeHTTP(got, req)
		require.Less(t, got.Code, 500, got.Body.String())
		if got.Code >= 400 {
			require.Equal(t, "application/problem+json", got.Header().Get("Content-Type"))
		}
	})
}

func TestWhoTellsTheEnd(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, row := range []struct {
		name, token, path string
		want              int
	}{
		{"a person with the run token of work that no worker holds", "sbr_r1", "/work/r1/end", 200},
		{"an operator under a worker", "sbr_held", "/work/held/end", 403},
		{"its worker, or the shim", "sbr_end_held", "/work/held/end", 200},
		{"the end token of another run", "sbr_end_r1", "/work/held/end", 401},
		{"the end token opens nothing else", "sbr_end_held", "/work/held/heartbeat", 401},
	} {
		t.Run(row.name, func(t *testing.T) {
			require.Equal(t, row.want, b.do(row.token, "POST", "/api/v1"+row.path, `{"exit_code":0}`).StatusCode)
		})
	}
}
