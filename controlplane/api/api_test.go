package api

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	sb "signalbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is a server over a fresh world.
type bench struct {
	*world
	t   *testing.T
	url string
}

func setup(t *testing.T, change ...func(*Deps)) *bench {
	t.Helper()
	w := newWorld()
	d := w.deps()
	for _, f := range change {
		f(&d)
	}
	s := httptest.NewServer(New(d))
	t.Cleanup(s.Close)
	return &bench{world: w, t: t, url: s.URL}
}

// reply is an answer, read to its end.
type reply struct {
	*http.Response
	body string
}

func (r reply) json(t *testing.T) map[string]any {
	t.Helper()
	out := map[string]any{}
	require.NoError(t, json.Unmarshal([]byte(r.body), &out), r.body)
	return out
}

// do asks as someone: "root", "ann", "gus", "" for nobody, or a whole key. Headers come in pairs.
func (b *bench) do(who, method, path, body string, headers ...string) reply {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, strings.NewReader(body))
	require.NoError(b.t, err)
	if body != "" && strings.HasPrefix(body, "{") {
		req.Header.Set("Content-Type", "application/json")
	}
	if who != "" && !strings.Contains(who, "_") {
		who = "sbk_" + who
	}
	if who != "" {
		req.Header.Set("X-API-Key", who)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(b.t, err)
	return readReply(b.t, resp)
}

func readReply(t *testing.T, resp *http.Response) reply {
	t.Helper()
	read, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return reply{resp, string(read)}
}

// install puts a plugin with an operator into the world.
func (b *bench) install() {
	b.t.Helper()
	got := b.do("root", "POST", "/api/v1/plugins", "@acme/tools:hello,count", "Content-Type", "application/zip")
	require.Equal(b.t, 201, got.StatusCode, got.body)
}

func TestWhoAmI(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, headers := range map[string][]string{
		"by header":            {"X-API-Key", "sbk_ann"},
		"by bearer":            {"Authorization", "Bearer sbk_ann"},
		"by lower-case bearer": {"Authorization", "bearer sbk_ann"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := b.do("", "GET", "/api/v1/me", "", headers...)
			require.Equal(t, 200, got.StatusCode)
			require.JSONEq(t, `{"id":"ann","name":"ann","email":"","kind":"user","role":"member","groups":[],"session":null}`, got.body)
		})
	}
}

func TestDoors(t *testing.T) {
	t.Parallel()
	b := setup(t)
	keys := map[string]string{"no key": "", "an API key": "sbk_root", "an orchestrator key": "sbo_builtin", "a run token": "sbr_r1", "an unknown API key": "sbk_x", "rubbish": "x_y"}
	for _, row := range []struct{ path, opens string }{
		{"GET /api/v1/me", "an API key"},
		{"GET /api/v1/runs", "an API key"},
		{"POST /api/v1/plugins", "an API key"},
		{"GET /api/v1/events", "an API key"},
		{"POST /api/v1/work/claim", "an orchestrator key"},
		{"POST /api/v1/work/workers", "an orchestrator key"},
		{"POST /api/v1/work/r1/heartbeat", "a run token"},
		{"POST /api/v1/work/r1/end", "a run token"},
		{"GET /api/v1/work/r1/plugin", "a run token"},
	} {
		for name, key := range keys {
			t.Run(row.path+" with "+name, func(t *testing.T) {
				t.Parallel()
				if name == row.opens {
					return
				}
				method, path, _ := strings.Cut(row.path, " ")
				got := b.do(key, method, path, "")
				require.Equal(t, 401, got.StatusCode)
				require.Equal(t, "unauthenticated", got.json(t)["code"])
				require.Equal(t, "Bearer", got.Header.Get("WWW-Authenticate"))
				require.Equal(t, "application/problem+json", got.Header.Get("Content-Type"))
			})
		}
	}
	t.Run("another run's token", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, 401, b.do("sbr_r2", "POST", "/api/v1/work/r1/heartbeat", "").StatusCode)
	})
}

func TestEveryRouteHasADoorAndAdminRoutesRefuseMembers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s, engine := build(newWorld().deps())
	require.NotEmpty(t, engine.Routes())
	refused := 0
	for path, item := range s.huma.OpenAPI().Paths {
		for method, op := range map[string]any{"GET": item.Get, "POST": item.Post, "PATCH": item.Patch, "DELETE": item.Delete} {
			if op == nil || !strings.Contains(describe(op), "administer") {
				continue
			}
			path := strings.NewReplacer("{name}", "builtin", "{id}", "x", "{key}", "x", "{operator}", "x").Replace(path)
			got := b.do("ann", method, path, "")
			require.Equal(t, 403, got.StatusCode, "%s %s %s", method, path, got.body)
			require.Equal(t, "forbidden", got.json(t)["code"])
			refused++
		}
	}
	require.Greater(t, refused, 25)
}

func describe(op any) string {
	b, _ := json.Marshal(op)
	return string(b)
}

func TestOutsideTheBase(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for path, want := range map[string]struct{ kind, holds string }{
		"/healthz":                   {"application/json", `"ok":true`},
		"/readyz":                    {"application/json", `"ready":true`},
		"/metrics":                   {"text/plain", ""},
		"/openapi.json":              {"application/json", `"openapi":"3.1.0"`},
		"/openapi.yaml":              {"application/yaml", "openapi: 3.1.0"},
		"/docs":                      {"text/html", "/docs/show.js"},
		"/docs/show.js":              {"text/javascript", "SwaggerUIBundle"},
		"/docs/swagger-ui-bundle.js": {"application/javascript", "swagger"},
		"/docs/swagger-ui.css":       {"text/css", "swagger"},
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			got := b.do("", "GET", path, "")
			require.Equal(t, 200, got.StatusCode)
			require.Contains(t, got.Header.Get("Content-Type"), want.kind)
			require.Contains(t, got.body, want.holds)
			require.NotContains(t, got.body, "unpkg.com")
			require.Equal(t, "nosniff", got.Header.Get("X-Content-Type-Options"))
			if strings.HasPrefix(path, "/docs") {
				require.NotContains(t, got.Header.Get("Content-Security-Policy"), "script-src 'self' 'unsafe")
			}
		})
	}
}

func TestReadinessNamesThePartWithoutItsSecrets(t *testing.T) {
	t.Parallel()
	b := setup(t, func(d *Deps) {
		d.Ready = []Part{
			{"database", func(context.Context) error { return nil }},
			{"temporal", func(context.Context) error { return sb.Errorf(sb.Unavailable, "Temporal does not answer") }},
			{"blobs", func(context.Context) error { return io.ErrUnexpectedEOF }},
		}
	})
	got := b.do("", "GET", "/readyz", "")
	require.Equal(t, 503, got.StatusCode)
	require.JSONEq(t, `{"ready":false,"parts":[{"name":"process","ok":true,"detail":"ready"},{"name":"database","ok":true,"detail":"ready"},
		{"name":"temporal","ok":false,"detail":"Temporal does not answer"},{"name":"blobs","ok":false,"detail":"not ready"}]}`, got.body)
}

func TestReadinessIsAskedSeldomAndTellsAtOnceOfAStop(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	stopping := make(chan struct{})
	b := setup(t, func(d *Deps) {
		d.Stopping = stopping
		d.Ready = []Part{{"database", func(context.Context) error { asked.Add(1); return nil }}}
	})
	for range 5 {
		require.Equal(t, 200, b.do("", "GET", "/readyz", "").StatusCode)
	}
	require.EqualValues(t, 1, asked.Load())
	close(stopping)
	got := b.do("", "GET", "/readyz", "")
	require.Equal(t, 503, got.StatusCode)
	require.Contains(t, got.body, `{"name":"process","ok":false,"detail":"it is told to stop`)
	require.Contains(t, got.body, `{"name":"database","ok":true,"detail":"ready"}`)
	require.Equal(t, 200, b.do("", "GET", "/healthz", "").StatusCode, "it lives")
}

func TestHeadIsAGetWithoutABody(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(sb.Run{ID: "r1", Status: sb.Completed, CreatedBy: sb.Who{ID: "ann"}, ScheduledAt: day})
	b.logs["r1"] = []byte("one\ntwo\n")
	for _, path := range []string{"/healthz", "/api/v1/me", "/api/v1/runs/r1/logs/download", "/api/v1/events", "/api/v1/runs/r1/logs/stream"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			got := b.do("ann", "HEAD", path, "")
			require.Equal(t, 200, got.StatusCode)
			require.Empty(t, got.body)
		})
	}
}
