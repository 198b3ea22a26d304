package client_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/client"
)

func work(t *testing.T, h http.HandlerFunc) *client.Work {
	t.Helper()
	s := httptest.NewServer(h)
	web := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(func() {
		web.CloseIdleConnections()
		s.Close()
	})
	w, err := client.NewWork(client.Options{URL: s.URL, Key: "sbo_key", HTTP: web})
	require.NoError(t, err)
	return w
}

func TestWorkCalls(t *testing.T) {
	t.Parallel()
	half, code := 0.5, 3
	for name, c := range map[string]struct {
		call func(context.Context, *client.Work) error
		want string
	}{
		"claim": {
			func(ctx context.Context, w *client.Work) error {
				a, err := w.Claim(ctx, sb.ClaimRequest{AttemptRef: sb.AttemptRef{Run: "r", Attempt: 2}, Nonce: "n"})
				if err == nil && a.Token != "sbr_x" {
					err = sb.Errorf(sb.Internal, "no token")
				}
				return err
			},
			`Bearer sbo_key POST /api/v1/work/claim {"run_id":"r","attempt":2,"nonce":"n"}`,
		},
		"workers": {
			func(ctx context.Context, w *client.Work) error {
				_, err := w.Workers(ctx, sb.WorkersRequest{Name: "h/default"})
				return err
			},
			`Bearer sbo_key POST /api/v1/work/workers {"name":"h/default","incarnation":"","version":"","pool":"","concurrency":0,"running":null}`,
		},
		"start": {
			func(ctx context.Context, w *client.Work) error { return w.Start(ctx, "r", "sbr_1", sb.StartRequest{}) },
			`Bearer sbr_1 POST /api/v1/work/r/start {}`,
		},
		"heartbeat": {
			func(ctx context.Context, w *client.Work) error {
				a, err := w.Heartbeat(ctx, "r", "sbr_1")
				if err == nil && !a.Stop {
					err = sb.Errorf(sb.Internal, "no stop")
				}
				return err
			},
			`Bearer sbr_1 POST /api/v1/work/r/heartbeat `,
		},
		"progress": {
			func(ctx context.Context, w *client.Work) error {
				return w.Progress(ctx, "r", "sbr_1", sb.ProgressRequest{Fraction: &half, Label: "half"})
			},
			`Bearer sbr_1 POST /api/v1/work/r/progress {"fraction":0.5,"label":"half"}`,
		},
		"log path": {
			func(ctx context.Context, w *client.Work) error {
				return w.LogPath(ctx, "r", "sbr_1", sb.LogPathRequest{URI: "s3://b/x"})
			},
			`Bearer sbr_1 POST /api/v1/work/r/log-path {"uri":"s3://b/x"}`,
		},
		"complete": {
			func(ctx context.Context, w *client.Work) error {
				return w.Complete(ctx, "r", "sbr_1", sb.CompleteRequest{Result: []byte(`{"b":1}`)})
			},
			`Bearer sbr_1 POST /api/v1/work/r/complete {"result":{"b":1}}`,
		},
		"fail": {
			func(ctx context.Context, w *client.Work) error {
				return w.Fail(ctx, "r", "sbr_1", sb.FailRequest{Message: "m"})
			},
			`Bearer sbr_1 POST /api/v1/work/r/fail {"message":"m"}`,
		},
		"end": {
			func(ctx context.Context, w *client.Work) error {
				return w.End(ctx, "r", "sbr_1", sb.EndRequest{ExitCode: &code})
			},
			`Bearer sbr_1 POST /api/v1/work/r/end {"exit_code":3}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got string
			w := work(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				got = r.Header.Get("Authorization") + " " + r.Method + " " + r.RequestURI + " " + strings.TrimSpace(string(body))
				answer(w, `{"token":"sbr_x","stop":`+map[bool]string{true: "true", false: "[]"}[strings.HasSuffix(r.URL.Path, "heartbeat")]+`}`)
			})
			require.NoError(t, c.call(t.Context(), w))
			require.Equal(t, c.want, got)
		})
	}
}

func TestLogChunks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		size   int
		packed bool
	}{
		"a small chunk is sent as it is": {8 << 10, false},
		"a large chunk is sent packed":   {8<<10 + 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			chunk := bytes.Repeat([]byte("x"), c.size)
			var got []byte
			w := work(t, func(w http.ResponseWriter, r *http.Request) {
				var body io.Reader = r.Body
				if r.Header.Get("Content-Encoding") == "gzip" != c.packed || r.URL.RawQuery != "seq=4" {
					reply(w, 500, "text/plain", "")
					return
				}
				if c.packed {
					body, _ = gzip.NewReader(r.Body)
				}
				got, _ = io.ReadAll(body)
				answer(w, `{"next":5,"watched":true}`)
			})
			a, err := w.Logs(t.Context(), "r", "sbr_1", 4, chunk)
			require.NoError(t, err)
			require.Equal(t, sb.LogsAnswer{Next: 5, Watched: true}, a)
			require.Equal(t, chunk, got)
		})
	}
}

func TestLogGapTellsTheNumberWanted(t *testing.T) {
	t.Parallel()
	w := work(t, func(w http.ResponseWriter, _ *http.Request) {
		reply(w, 409, "application/problem+json", `{"code":"conflict","detail":"a gap","want":0}`)
	})
	_, err := w.Logs(t.Context(), "r", "t", 4, []byte("x\n"))
	var e *sb.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, sb.Conflict, e.Code)
	require.Equal(t, int64(0), *e.Want)
}

func TestOnlyTheAPIsOwnWordIsAnAnswer(t *testing.T) {
	t.Parallel()
	const problem = "application/problem+json"
	for name, c := range map[string]struct {
		status int
		kind   string
		body   string
		code   sb.Code
	}{
		"a problem with a code is":               {409, problem, `{"code":"run_over"}`, sb.RunOver},
		"a problem of a rejected token is":       {401, problem, `{"code":"unauthenticated"}`, sb.Unauthenticated},
		"an answer without a body is":            {204, "", "", ""},
		"a proxy's 404 is not":                   {404, "text/html", "<h1>no route</h1>", sb.Unavailable},
		"a plain 401 is not":                     {401, "text/plain", "no", sb.Unavailable},
		"a plain 403 is not":                     {403, "text/plain", "no", sb.Unavailable},
		"a plain 409 is not":                     {409, "text/plain", "no", sb.Unavailable},
		"a plain 500 is not":                     {500, "text/plain", "no", sb.Unavailable},
		"JSON that looks like a problem is not":  {404, "application/json", `{"code":"not_found"}`, sb.Unavailable},
		"a problem of somebody else is not":      {404, problem, `{"title":"no such upstream"}`, sb.Unavailable},
		"a problem with a foreign code is not":   {404, problem, `{"code":"no_route"}`, sb.Unavailable},
		"a broken problem is not":                {409, problem, `{"code":"run_over"`, sb.Unavailable},
		"a way to log in is not":                 {302, "text/html", "", sb.Unavailable},
		"a page instead of a success is not":     {200, "text/html", "<h1>welcome</h1>", sb.Unavailable},
		"a problem that may pass keeps its code": {503, problem, `{"code":"unavailable"}`, sb.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := work(t, func(w http.ResponseWriter, _ *http.Request) { reply(w, c.status, c.kind, c.body) })
			require.Equal(t, c.code, sb.CodeOf(w.End(t.Context(), "r", "t", sb.EndRequest{})))
		})
	}
}

func TestPluginArchive(t *testing.T) {
	t.Parallel()
	w := work(t, func(w http.ResponseWriter, r *http.Request) { reply(w, 200, "application/zip", "PK"+r.RequestURI) })
	var out bytes.Buffer
	require.NoError(t, w.Plugin(t.Context(), "r", "t", &out))
	require.Equal(t, "PK/api/v1/work/r/plugin", out.String())
}
