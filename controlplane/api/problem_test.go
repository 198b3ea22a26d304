package api

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	sb "signalbox"
)

func TestProblems(t *testing.T) {
	t.Parallel()
	b := setup(t)
	big := `{"operator":"` + strings.Repeat("x", runBody) + `"}`
	for name, row := range map[string]struct {
		who, method, path, body string
		status                  int
		code                    string
		holds                   string
	}{
		"an address that is none":                           {"ann", "GET", "/api/v1/nothing", "", 404, "not_found", ""},
		"outside of the API too":                            {"", "GET", "/nothing", "", 404, "not_found", ""},
		"a method that is none here":                        {"ann", "PUT", "/api/v1/me", "", 405, "invalid", "PUT"},
		"unreadable JSON":                                   {"ann", "POST", "/api/v1/runs", `{"operator":`, 400, "invalid", "readable"},
		"an empty body":                                     {"ann", "POST", "/api/v1/runs", "", 400, "invalid", ""},
		"a doubled key":                                     {"ann", "POST", "/api/v1/runs", `{"operator":"a/b","params":{"x":1,"x":2}}`, 400, "invalid", "body.params.x is there twice"},
		"a doubled key of ours":                             {"ann", "POST", "/api/v1/runs", `{"operator":"a/b","operator":"a/c"}`, 400, "invalid", "body.operator is there twice"},
		"a key in capitals":                                 {"ann", "POST", "/api/v1/runs", `{"Operator":"a/b"}`, 422, "invalid", "body.Operator"},
		"a key again, in capitals":                          {"root", "PATCH", "/api/v1/orchestrators/builtin", `{"quota":8,"Quota":-5}`, 422, "invalid", "body.Quota"},
		"a key again, with a letter that folds":             {"ann", "POST", "/api/v1/datasets", `{"name":"x","default_permission":"none","default_permiſsion":"god"}`, 422, "invalid", "body.default_permiſsion"},
		"half of a surrogate pair":                          {"ann", "POST", "/api/v1/runs", `{"operator":"a/b","params":{"x":["\ud83d"]}}`, 400, "invalid", "body.params.x.0 is not valid Unicode"},
		"bytes that are no UTF-8":                           {"ann", "POST", "/api/v1/runs", "{\"operator\":\"a/b\",\"label\":\"\xff\"}", 400, "invalid", "body.label is not valid Unicode"},
		"a key that is no UTF-8":                            {"ann", "POST", "/api/v1/runs", "{\"operator\":\"a/b\",\"params\":{\"\xff\":1}}", 400, "invalid", "not valid Unicode"},
		"a doubled key in a report of work":                 {"sbr_r1", "POST", "/api/v1/work/r1/complete", `{"result":{"a":1,"a":1}}`, 400, "invalid", "body.result.a is there twice"},
		"null for a number that stays":                      {"root", "PATCH", "/api/v1/orchestrators/builtin", `{"quota":null}`, 422, "invalid", "body.quota"},
		"null beside what changes":                          {"root", "PATCH", "/api/v1/orchestrators/builtin", `{"enabled":true,"routes":null}`, 422, "invalid", "body.routes"},
		"null as a label":                                   {"ann", "PATCH", "/api/v1/runs/r1", `{"label": null }`, 422, "invalid", "leave out"},
		"a change that is no object":                        {"ann", "PATCH", "/api/v1/runs/r1", `{"label"`, 400, "invalid", "readable"},
		"trailing data":                                     {"ann", "POST", "/api/v1/runs", `{"operator":"a/b"} {}`, 400, "invalid", ""},
		"an unknown field":                                  {"ann", "POST", "/api/v1/runs", `{"operator":"a/b","opertor":1}`, 422, "invalid", "body.opertor"},
		"a field of the wrong kind":                         {"ann", "POST", "/api/v1/runs", `{"operator":7}`, 422, "invalid", "body.operator"},
		"a number that is no integer":                       {"ann", "POST", "/api/v1/runs", `{"operator":"a/b","priority":1.5}`, 422, "invalid", "body.priority"},
		"a priority out of bounds":                          {"ann", "POST", "/api/v1/runs", `{"operator":"a/b","priority":11}`, 422, "invalid", "body.priority"},
		"params that are no object":                         {"ann", "POST", "/api/v1/runs", `{"operator":"a/b","params":[]}`, 422, "invalid", "body.params"},
		"a label with a control sign":                       {"ann", "POST", "/api/v1/runs", `{"operator":"a/b","label":"a\u0000b"}`, 422, "invalid", "body.label"},
		"a missing field":                                   {"ann", "POST", "/api/v1/runs", `{}`, 422, "invalid", "operator"},
		"an operator that is none":                          {"ann", "POST", "/api/v1/runs", `{"operator":"a/b"}`, 404, "not_found", ""},
		"a body over the limit":                             {"ann", "POST", "/api/v1/runs", big, 413, "too_large", "4194304"},
		"an unknown query parameter":                        {"ann", "GET", "/api/v1/runs?datset=x", "", 422, "invalid", "query.datset"},
		"a limit of 0":                                      {"ann", "GET", "/api/v1/runs?limit=0", "", 422, "invalid", "query.limit"},
		"a limit of 501":                                    {"ann", "GET", "/api/v1/runs?limit=501", "", 422, "invalid", "query.limit"},
		"an unknown status":                                 {"ann", "GET", "/api/v1/runs?status=done", "", 422, "invalid", "query.status"},
		"an unknown sort":                                   {"ann", "GET", "/api/v1/runs?sort=best", "", 422, "invalid", "query.sort"},
		"a pin that is no truth":                            {"ann", "GET", "/api/v1/runs?pinned=maybe", "", 422, "invalid", "query.pinned"},
		"a cursor of events that is bad":                    {"root", "GET", "/api/v1/runs/r1/events?cursor=x", "", 422, "invalid", "query.cursor"},
		"a cursor of a list that is bad":                    {"root", "GET", "/api/v1/orchestrators?cursor=%21", "", 422, "invalid", "query.cursor"},
		"a query that is unreadable":                        {"ann", "GET", "/api/v1/runs?search=%zz", "", 422, "invalid", ""},
		"a NUL in the query":                                {"ann", "GET", "/api/v1/runs?search=%00", "", 422, "invalid", ""},
		"a NUL in the path":                                 {"ann", "GET", "/api/v1/datasets/a%00b", "", 422, "invalid", ""},
		"bad UTF-8 in the path":                             {"ann", "GET", "/api/v1/datasets/%ff", "", 422, "invalid", ""},
		"a name that is a dot":                              {"root", "POST", "/api/v1/datasets", `{"name":".."}`, 422, "invalid", "body.name"},
		"a role that is none":                               {"root", "POST", "/api/v1/service-accounts", `{"name":"ci","role":"god"}`, 422, "invalid", "body.role"},
		"an orchestrator of a kind to come":                 {"root", "POST", "/api/v1/orchestrators", `{"name":"af","kind":"airflow"}`, 422, "invalid", "body.kind"},
		"removing the builtin one":                          {"root", "DELETE", "/api/v1/orchestrators/builtin", "", 422, "invalid", "disable"},
		"a route without a pool":                            {"root", "PATCH", "/api/v1/orchestrators/builtin", `{"routes":[{"operators":[],"target":{}}]}`, 422, "invalid", "body.routes[0].target.pool"},
		"bulk without runs":                                 {"ann", "POST", "/api/v1/runs/bulk", `{"action":"stop"}`, 422, "invalid", "ids or a filter"},
		"a member who makes a dataset is fine, a guest not": {"gus", "POST", "/api/v1/datasets", `{"name":"x"}`, 403, "forbidden", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := b.do(row.who, row.method, row.path, row.body)
			require.Equal(t, row.status, got.StatusCode, got.body)
			require.Equal(t, "application/problem+json", got.Header.Get("Content-Type"))
			p := got.json(t)
			require.Equal(t, row.code, p["code"], got.body)
			require.EqualValues(t, row.status, p["status"])
			require.Equal(t, http.StatusText(row.status), p["title"])
			require.NotEmpty(t, p["detail"])
			require.Contains(t, got.body, row.holds)
			require.NotEmpty(t, got.Header.Get("X-Request-Id"))
			require.NotContains(t, got.body, "Go struct")
		})
	}
}

func TestBodiesAndSecretsAreNeverSentBack(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, body := range map[string]string{
		"unreadable": `{"name":"ci","password":"hunter2`,
		"unknown":    `{"name":"ci","role":"member","password":"hunter2"}`,
		"misfit":     `{"name":{"password":"hunter2"},"role":"member"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := b.do("root", "POST", "/api/v1/service-accounts", body)
			require.GreaterOrEqual(t, got.StatusCode, 400)
			require.NotContains(t, got.body, "hunter2")
		})
	}
}

func TestEveryFaultIsListed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	got := b.do("sbo_builtin", "POST", "/api/v1/work/claim", `{"run_id":"","attempt":0,"nonce":""}`)
	require.Equal(t, 422, got.StatusCode, got.body)
	require.Len(t, got.json(t)["errors"], 3)
	got = b.do("ann", "POST", "/api/v1/runs", `{"operator":"a/b","params":[],"label":"a\u0000b","priority":11,"view":null}`)
	require.Equal(t, 422, got.StatusCode, got.body)
	require.Len(t, got.json(t)["errors"], 3, got.body)
}

func TestRunsOfWhatDoesNotExistAreNone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(sb.Run{ID: "r1", Operator: "a/b", Status: sb.Running, CreatedBy: sb.Who{ID: "ann"}})
	for _, filter := range []string{"operator", "orchestrator", "user"} {
		for _, who := range []string{"ann", "root"} {
			got := b.do(who, "GET", "/api/v1/runs?"+filter+"=nothing", "")
			require.Equal(t, 200, got.StatusCode, got.body)
			require.JSONEq(t, `{"items":[],"next_cursor":null}`, got.body, filter)
		}
		got := b.do("ann", "POST", "/api/v1/runs/bulk", `{"action":"stop","filter":{"`+filter+`":"nothing"}}`)
		require.JSONEq(t, `{"dry_run":false,"items":[]}`, got.body, filter)
	}
}

func TestFaultsOfOursAreLoggedOnceAndNotShown(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		err    error
		status int
		code   string
	}{
		"an error without a code": {errors.New("dial tcp 10.0.0.7: dsn=postgres://u:hunter2@db"), 500, "internal"},
		"an internal one":         {sb.Wrap(errors.New("hunter2"), sb.Internal, "hunter2"), 500, "internal"},
		"a store that is away":    {sb.Wrap(errors.New("hunter2"), sb.Unavailable, "the database hunter2 is away"), 503, "unavailable"},
		"one with an odd code":    {sb.Wrap(errors.New("hunter2"), sb.Code("odd"), "hunter2"), 500, "internal"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			logger := logrus.New()
			logger.SetOutput(&log)
			logger.SetFormatter(&logrus.JSONFormatter{})
			b := setup(t, func(d *Deps) { d.Log = logger })
			b.broken = row.err
			got := b.do("ann", "GET", "/api/v1/runs/r9", "", "X-Request-Id", "request-0001")
			require.Equal(t, row.status, got.StatusCode)
			require.Equal(t, row.code, got.json(t)["code"])
			require.NotContains(t, got.body, "hunter2")
			require.Equal(t, "request-0001", got.Header.Get("X-Request-Id"))
			require.Equal(t, 1, strings.Count(log.String(), "request failed"))
			require.Contains(t, log.String(), "hunter2")
			require.Contains(t, log.String(), `"request_id":"request-0001"`)
			require.Contains(t, log.String(), `"run":"r9"`)
			require.NotContains(t, log.String(), "sbk_ann")
		})
	}
}

func TestAPanicIsAFaultOfOurs(t *testing.T) {
	t.Parallel()
	b := setup(t, func(d *Deps) { d.Queue = nil })
	b.put(sb.Run{ID: "r1", Status: sb.Scheduled, CreatedBy: sb.Who{ID: "ann"}})
	got := b.do("ann", "GET", "/api/v1/runs/r1", "")
	require.Equal(t, 500, got.StatusCode)
	require.Equal(t, "internal", got.json(t)["code"])
}

func TestInvisibleAndMissingAreEqualBytes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.install()
	b.put(sb.Run{ID: "r1", Operator: "@acme/tools/hello", Status: sb.Running, DatasetID: "d2", Dataset: "secret", CreatedBy: sb.Who{ID: "root"}})
	for _, row := range []struct{ method, path, hidden, missing, body string }{
		{"GET", "/api/v1/datasets/%s", "secret", "nowhere", ""},
		{"PATCH", "/api/v1/datasets/%s", "d2", "d9", `{"name":"x"}`},
		{"DELETE", "/api/v1/datasets/%s", "secret", "nowhere", ""},
		{"GET", "/api/v1/operators?dataset=%s", "secret", "nowhere", ""},
		{"GET", "/api/v1/runs?dataset=%s", "secret", "nowhere", ""},
		{"GET", "/api/v1/runs/%s", "r1", "r9", ""},
		{"PATCH", "/api/v1/runs/%s", "r1", "r9", `{"label":"x"}`},
		{"POST", "/api/v1/runs/%s/stop", "r1", "r9", ""},
		{"POST", "/api/v1/runs/%s/fail", "r1", "r9", ""},
		{"POST", "/api/v1/runs/%s/rerun", "r1", "r9", ""},
		{"GET", "/api/v1/runs/%s/wait", "r1", "r9", ""},
		{"GET", "/api/v1/runs/%s/events", "r1", "r9", ""},
		{"GET", "/api/v1/runs/%s/logs", "r1", "r9", ""},
		{"GET", "/api/v1/runs/%s/logs/download", "r1", "r9", ""},
		{"GET", "/api/v1/runs/%s/logs/stream", "r1", "r9", ""},
		{"GET", "/api/v1/runs/%s/logs/lines", "r1", "r9", ""},
		{"POST", "/api/v1/runs", "secret", "nowhere", `{"operator":"@acme/tools/hello","dataset":"%s"}`},
	} {
		t.Run(row.method+" "+row.path, func(t *testing.T) {
			t.Parallel()
			ask := func(name string) reply {
				put := strings.NewReplacer("%s", name)
				return b.do("ann", row.method, put.Replace(row.path), put.Replace(row.body))
			}
			hidden, missing := ask(row.hidden), ask(row.missing)
			require.Equal(t, 404, hidden.StatusCode, hidden.body)
			require.Equal(t, missing.StatusCode, hidden.StatusCode)
			require.Equal(t, missing.body, hidden.body)
			for _, r := range []reply{hidden, missing} {
				r.Header.Del("X-Request-Id")
				r.Header.Del("Date")
			}
			require.Equal(t, missing.Header, hidden.Header)
		})
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(sb.Run{ID: "r1", Status: sb.Running, CreatedBy: sb.Who{ID: "ann"}})
	packed := func(text string) string {
		var out bytes.Buffer
		w := gzip.NewWriter(&out)
		_, _ = w.Write([]byte(text))
		_ = w.Close()
		return out.String()
	}
	for name, row := range map[string]struct {
		path, body, encoding string
		status               int
		code                 string
	}{
		"a body of just the limit is taken":  {"/api/v1/work/r1/fail", `{"message":"` + strings.Repeat("x", workBody-len(`{"message":""}`)) + `"}`, "", 200, ""},
		"a byte more is not":                 {"/api/v1/work/r1/fail", `{"message":"` + strings.Repeat("x", workBody-len(`{"message":""}`)+1) + `"}`, "", 413, "too_large"},
		"complete may be larger":             {"/api/v1/work/r1/complete", `{"result":"` + strings.Repeat("x", workBody) + `"}`, "", 200, ""},
		"but not over its own limit":         {"/api/v1/work/r1/complete", `{"result":"` + strings.Repeat("x", completeBody) + `"}`, "", 413, "too_large"},
		"nor may the result":                 {"/api/v1/work/r1/complete", `{"result":"` + strings.Repeat("x", sb.MaxResult) + `"}`, "", 413, "too_large"},
		"a packed body":                      {"/api/v1/work/r1/fail", packed(`{"message":"x"}`), "gzip", 200, ""},
		"a packed body over the limit":       {"/api/v1/work/r1/fail", packed(`{"message":"` + strings.Repeat("x", workBody) + `"}`), "gzip", 413, "too_large"},
		"a body that says it is packed":      {"/api/v1/work/r1/fail", `{"message":"x"}`, "gzip", 400, "invalid"},
		"a packed body that breaks off":      {"/api/v1/work/r1/fail", packed(`{"message":"x"}`)[:20], "gzip", 400, "invalid"},
		"a packing that is not known":        {"/api/v1/work/r1/fail", `{"message":"x"}`, "br", 415, "invalid"},
		"a report without its optional body": {"/api/v1/work/r1/start", "", "", 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			headers := []string{"Content-Type", "application/json"}
			if row.encoding != "" {
				headers = append(headers, "Content-Encoding", row.encoding)
			}
			got := b.do("sbr_r1", "POST", row.path, row.body, headers...)
			require.Equal(t, row.status, got.StatusCode, "%.200s", got.body)
			if row.code != "" {
				require.Equal(t, row.code, got.json(t)["code"])
			}
		})
	}
}

func TestHandlersArePlainFunctions(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.put(sb.Run{ID: "r1", Status: sb.Running, CreatedBy: sb.Who{ID: "ann"}, Work: sb.Work{State: sb.WorkActive}})
	h := runs{w, w, w, rules{}, w}
	ctx := withRequest(context.Background(), &request{caller: caller{Principal: w.principals["root"], Settings: w.settings}})
	got, err := h.stop(ctx, &ByID{ID: "r1"})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, got.Status)
	require.Equal(t, sb.Failed, got.Body.Status)
	require.Equal(t, sb.WorkEnding, got.Body.Work.State)
	_, err = h.show(ctx, &ByID{ID: "r9"})
	require.Equal(t, sb.NotFound, sb.CodeOf(err))
}
