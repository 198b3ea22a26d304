package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	sb "signalbox"
	"signalbox/client"
	"signalbox/executors"
)

var _ executors.WorkAPI = (*client.Work)(nil)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve starts a server and a client of it, both gone with the test.
func serve(t *testing.T, h http.HandlerFunc) (*client.Client, *httptest.Server) {
	t.Helper()
	s := httptest.NewServer(h)
	web := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(func() {
		web.CloseIdleConnections()
		s.CloseClientConnections()
		s.Close()
	})
	c, err := client.New(client.Options{URL: s.URL + "/", Key: "sbk_secret", HTTP: web})
	require.NoError(t, err)
	return c, s
}

func reply(w http.ResponseWriter, status int, kind, body string) {
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

func answer(w http.ResponseWriter, body string) { reply(w, http.StatusOK, "application/json", body) }

func TestAddresses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		url  string
		fine bool
	}{
		"plain":            {"http://127.0.0.1:8265", true},
		"with a path":      {"https://example.org/signalbox/", true},
		"without a scheme": {"127.0.0.1:8265", false},
		"another scheme":   {"ftp://example.org", false},
		"with a password":  {"http://me:secret@example.org", false},
		"nothing":          {"", false},
		"no host":          {"http://", false},
		"not to be read":   {"http://[::1", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := client.New(client.Options{URL: c.url})
			if c.fine {
				require.NoError(t, err)
				return
			}
			require.Equal(t, sb.Invalid, sb.CodeOf(err))
			require.NotContains(t, err.Error(), "secret")
		})
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	const problem = "application/problem+json"
	for name, c := range map[string]struct {
		status  int
		kind    string
		body    string
		code    sb.Code
		message string
	}{
		"a problem keeps its code and words": {
			404, problem, `{"status":404,"title":"Not Found","detail":"run x does not exist","code":"not_found"}`,
			sb.NotFound, "run x does not exist",
		},
		"a run that is over is told from other conflicts": {409, problem, `{"code":"run_over","detail":"it is over"}`, sb.RunOver, "it is over"},
		"a problem without words has those of its title":  {403, problem, `{"code":"forbidden","title":"Forbidden"}`, sb.Forbidden, "Forbidden"},
		"a proxy's page is not quoted":                    {502, "text/html", "<h1>secret upstream</h1>", sb.Unavailable, "502 Bad Gateway"},
		"a plain 401 is about the key":                    {401, "text/plain", "no", sb.Unauthenticated, "401"},
		"a broken problem is not quoted":                  {500, problem, `{"code":`, sb.Internal, "500"},
		"a redirect is refused":                           {302, "text/html", "", sb.Invalid, "redirects"},
		"an odd success is no answer":                     {200, "text/html", "<html>", sb.Internal, "address"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "http://127.0.0.1:1/")
				reply(w, c.status, c.kind, c.body)
			})
			_, err := api.Runs.Get(t.Context(), "x")
			require.Equal(t, c.code, sb.CodeOf(err))
			require.ErrorContains(t, err, c.message)
			require.NotContains(t, err.Error(), "secret")
		})
	}
}

func TestFaultsAndWantAreKept(t *testing.T) {
	t.Parallel()
	api, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "5")
		reply(w, 422, "application/problem+json", `{"code":"invalid","detail":"2 faults.","want":7,
			"errors":[{"location":"body.params.name","message":"must be text","value":3},{"location":"body.label","message":"too long"}]}`)
	})
	_, err := api.Runs.Schedule(t.Context(), client.Draft{Operator: "@a/b/c"})
	var e *sb.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, "2 faults; try again in 5s", e.Message)
	require.Equal(t, int64(7), *e.Want)
	require.Len(t, e.Faults, 2)
	require.Equal(t, "body.params.name", e.Faults[0].Location)
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	api, err := client.New(client.Options{URL: s.URL})
	require.NoError(t, err)
	_, err = api.Me.Get(t.Context())
	require.Equal(t, sb.Unavailable, sb.CodeOf(err))
	require.ErrorContains(t, err, s.URL)
}

func TestGivenUp(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{})
	api, _ := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	_, err := api.Me.Get(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

func TestRequests(t *testing.T) {
	t.Parallel()
	yes, label, quota := true, "nightly", 4
	role := sb.Member
	for name, c := range map[string]struct {
		call func(context.Context, *client.Client) error
		want string // method, path with its escapes, body
	}{
		"names are one segment": {
			func(ctx context.Context, c *client.Client) error {
				_, err := c.Plugins.Get(ctx, "@acme/tools")
				return err
			},
			"GET /api/v1/plugins/@acme%2Ftools ",
		},
		"odd names stay themselves": {
			func(ctx context.Context, c *client.Client) error { return c.Datasets.Delete(ctx, "a b+c%2F?#ü") },
			"DELETE /api/v1/datasets/a%20b+c%252F%3F%23%C3%BC ",
		},
		"filters of runs": {
			func(ctx context.Context, c *client.Client) error {
				_, err := c.Runs.List(ctx, client.RunFilter{
					Paging: client.Paging{Limit: 7, Cursor: "x y"}, Dataset: "d", Mine: true,
					Statuses: []sb.Status{sb.Failed, sb.Running}, Pinned: &yes, Sort: sb.SortOldest, Match: "uri", Search: "&",
				})
				return err
			},
			"GET /api/v1/runs?cursor=x+y&dataset=d&limit=7&match=uri&mine=true&pinned=true&search=%26&sort=oldest&status=failed&status=running ",
		},
		"a run is scheduled with its params as they are": {
			func(ctx context.Context, c *client.Client) error {
				_, err := c.Runs.Schedule(ctx, client.Draft{Operator: "@a/b/c", Params: []byte(`{"z":1.0,"a":"<"}`), IdempotencyKey: "k"})
				return err
			},
			`POST /api/v1/runs {"operator":"@a/b/c","params":{"z":1.0,"a":"<"}} k`,
		},
		"an action without fields takes no body": {
			func(ctx context.Context, c *client.Client) error { _, err := c.Runs.Stop(ctx, "1"); return err },
			"POST /api/v1/runs/1/stop ",
		},
		"a rerun takes no body without params": {
			func(ctx context.Context, c *client.Client) error {
				_, err := c.Runs.Rerun(ctx, "1", nil, "")
				return err
			},
			"POST /api/v1/runs/1/rerun ",
		},
		"only what changes is sent": {
			func(ctx context.Context, c *client.Client) error {
				_, err := c.Runs.Patch(ctx, "1", client.RunPatch{Label: &label})
				return err
			},
			`PATCH /api/v1/runs/1 {"label":"nightly"}`,
		},
		"a quota": {
			func(ctx context.Context, c *client.Client) error {
				_, err := c.Orchestrators.Patch(ctx, "builtin", client.OrchestratorPatch{Quota: &quota})
				return err
			},
			`PATCH /api/v1/orchestrators/builtin {"quota":4}`,
		},
		"an operator's form": {
			func(ctx context.Context, c *client.Client) error {
				_, err := c.Operators.Form(ctx, "@a/b/c", client.FormAsk{Dataset: "cats", Selection: &sb.Selection{Samples: []string{"1"}}})
				return err
			},
			`POST /api/v1/operators/@a%2Fb%2Fc/form {"dataset":"cats","selection":{"samples":["1"]}}`,
		},
		"an operator's rules": {
			func(ctx context.Context, c *client.Client) error {
				_, err := c.Plugins.SetOperator(ctx, "@a/b", "c", client.OperatorPatch{MinimumRole: &role})
				return err
			},
			`PATCH /api/v1/plugins/@a%2Fb/operators/c {"minimum_role":"member"}`,
		},
		"users that fit a search": {
			func(ctx context.Context, c *client.Client) error {
				_, err := c.Users.List(ctx, client.People{
					Search: client.Search{Text: "a&b", Paging: client.Paging{Limit: 2}}, Roles: []sb.Role{sb.Admin, sb.Guest}, Sort: sb.PrincipalsBySeen,
				})
				return err
			},
			"GET /api/v1/users?limit=2&role=admin&role=guest&search=a%26b&sort=seen",
		},
		"a user's role": {
			func(ctx context.Context, c *client.Client) error {
				_, err := c.Users.Patch(ctx, "a@b.c", client.UserPatch{Role: &role})
				return err
			},
			`PATCH /api/v1/users/a@b.c {"role":"member"}`,
		},
		"a user who goes": {
			func(ctx context.Context, c *client.Client) error { return c.Users.Delete(ctx, "1") },
			"DELETE /api/v1/users/1",
		},
		"a group": {
			func(ctx context.Context, c *client.Client) error {
				_, err := c.Groups.Create(ctx, client.GroupPatch{Name: &label})
				return err
			},
			`POST /api/v1/groups {"name":"nightly"}`,
		},
		"someone in a group": {
			func(ctx context.Context, c *client.Client) error { return c.Groups.Add(ctx, "a/b", "c d") },
			"PUT /api/v1/groups/a%2Fb/members/c%20d",
		},
		"someone out of a group": {
			func(ctx context.Context, c *client.Client) error { return c.Groups.Remove(ctx, "a", "b") },
			"DELETE /api/v1/groups/a/members/b",
		},
		"members of a group": {
			func(ctx context.Context, c *client.Client) error {
				_, err := c.Groups.Members(ctx, "a", client.Search{Paging: client.Paging{Cursor: "c"}})
				return err
			},
			"GET /api/v1/groups/a/members?cursor=c",
		},
		"a key of an account": {
			func(ctx context.Context, c *client.Client) error {
				_, err := c.ServiceAccounts.Keys("ci").Create(ctx, client.KeyDraft{Name: "one"})
				return err
			},
			`POST /api/v1/service-accounts/ci/keys {"name":"one"}`,
		},
		"an archive": {
			func(ctx context.Context, c *client.Client) error {
				_, err := c.Plugins.Install(ctx, strings.NewReader("PK"), client.Install{Overwrite: true, DryRun: true})
				return err
			},
			"POST /api/v1/plugins?dry_run=true&overwrite=true PK",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got string
			api, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				got = strings.TrimSuffix(r.Method+" "+r.RequestURI+" "+strings.TrimSpace(string(body))+" "+r.Header.Get("Idempotency-Key"), " ")
				if r.Header.Get("Authorization") != "Bearer sbk_secret" || r.Header.Get("User-Agent") != "signalbox" {
					got = "wrong headers"
				}
				answer(w, "{}")
			})
			require.NoError(t, c.call(t.Context(), api))
			require.Equal(t, strings.TrimSuffix(c.want, " "), strings.TrimSuffix(got, " "))
		})
	}
}

func TestTheServersTextIsKept(t *testing.T) {
	t.Parallel()
	const text = `{"id":"1","status":"completed","later":[1.50],"result":{"z":1,"a":2},"work":{"state":"ended"}}`
	api, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			answer(w, `{"name":"p","created":true,"operators_added":["x"]}`)
			return
		}
		answer(w, text)
	})
	run, err := api.Runs.Get(t.Context(), "1")
	require.NoError(t, err)
	require.Equal(t, sb.Completed, run.Status)
	require.Equal(t, `{"z":1,"a":2}`, string(run.Result))
	again, err := json.Marshal(run)
	require.NoError(t, err)
	require.Equal(t, text, string(again))

	done, err := api.Plugins.Install(t.Context(), strings.NewReader(""), client.Install{})
	require.NoError(t, err)
	require.True(t, done.Created)
	require.Equal(t, "p", done.Name)
	require.Equal(t, []string{"x"}, done.Added)
}

func TestAllPagesAreReadOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		size, limit := rapid.IntRange(0, 30).Draw(t, "size"), rapid.IntRange(1, 10).Draw(t, "limit")
		page := func(_ context.Context, p client.Paging) (client.Page[int], error) {
			from, _ := strconv.Atoi(p.Cursor)
			to := min(from+p.Limit, size)
			got := client.Page[int]{}
			for i := from; i < to; i++ {
				got.Items = append(got.Items, i)
			}
			if to < size {
				next := strconv.Itoa(to)
				got.Next = &next
			}
			return got, nil
		}
		seen := 0
		for n, err := range client.All(context.Background(), client.Paging{Limit: limit}, page) {
			if err != nil || n != seen {
				t.Fatalf("item %d is %d, %v", seen, n, err)
			}
			seen++
		}
		if seen != size {
			t.Fatalf("read %d of %d", seen, size)
		}
	})
}

func TestListsEndWithAnError(t *testing.T) {
	t.Parallel()
	api, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("cursor") != "" {
			reply(w, 503, "application/problem+json", `{"code":"unavailable","detail":"later"}`)
			return
		}
		answer(w, `{"items":[{"id":"1"}],"next_cursor":"c"}`)
	})
	var ids []string
	var last error
	for run, err := range api.Runs.All(t.Context(), client.RunFilter{}) {
		if last = err; err == nil {
			ids = append(ids, run.ID)
		}
	}
	require.Equal(t, []string{"1"}, ids)
	require.Equal(t, sb.Unavailable, sb.CodeOf(last))
}

func TestAnswersAreBounded(t *testing.T) {
	t.Parallel()
	api, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(bytes.Repeat([]byte(" "), 9<<20))
	})
	_, err := api.Me.Get(t.Context())
	require.Equal(t, sb.TooLarge, sb.CodeOf(err))
}

func TestConnectionsAreUsedAgain(t *testing.T) {
	t.Parallel()
	var opened atomic.Int64
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/v1/me" {
			answer(w, `{}`)
			return
		}
		reply(w, 404, "application/problem+json", `{"code":"not_found"}`)
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	web := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(web.CloseIdleConnections)
	api, err := client.New(client.Options{URL: s.URL, HTTP: web})
	require.NoError(t, err)
	for range 10 {
		_, err := api.Me.Get(t.Context())
		require.NoError(t, err)
		require.Error(t, api.Datasets.Delete(t.Context(), "x"))
	}
	require.Equal(t, int64(1), opened.Load())
}

func TestDownloadGoesOnWhereItBroke(t *testing.T) {
	t.Parallel()
	log := strings.Repeat("a line of the log\n", 5000)
	var ranges []string
	api, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		ranges = append(ranges, r.Header.Get("Range"))
		from := 0
		if given := r.Header.Get("Range"); given != "" {
			from, _ = strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(given, "bytes="), "-"))
		}
		if from == len(log) {
			reply(w, http.StatusRequestedRangeNotSatisfiable, "text/plain", "")
			return
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(log)-from))
		if from > 0 {
			w.WriteHeader(http.StatusPartialContent)
		}
		_, _ = io.WriteString(w, log[from:min(from+30_000, len(log))]) // less than was said: the connection breaks
	})
	var got bytes.Buffer
	n, err := api.Runs.Download(t.Context(), "1", &got, 0)
	require.NoError(t, err)
	require.Equal(t, int64(len(log)), n)
	require.Equal(t, log, got.String())
	require.Equal(t, []string{"", "bytes=30000-", "bytes=60000-"}, ranges)

	n, err = api.Runs.Download(t.Context(), "1", &got, int64(len(log)))
	require.NoError(t, err)
	require.Zero(t, n)
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestDownloadDoesNotRepeatForAFullDisk(t *testing.T) {
	t.Parallel()
	calls := 0
	api, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		calls++
		_, _ = io.WriteString(w, "text")
	})
	_, err := api.Runs.Download(t.Context(), "1", fullDisk{}, 0)
	require.ErrorContains(t, err, "no space left")
	require.Equal(t, 1, calls)
}
