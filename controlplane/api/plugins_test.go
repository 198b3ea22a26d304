package api

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

// form is a multipart form with one file.
func form(t *testing.T, field, content string) (body, contentType string) {
	t.Helper()
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	require.NoError(t, w.WriteField("note", "first"))
	part, err := w.CreateFormFile(field, "tools.zip")
	require.NoError(t, err)
	_, err = io.WriteString(part, content)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.String(), w.FormDataContentType()
}

func TestInstall(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20
	good, goodType := form(t, "file", "@acme/tools:hello")
	wrong, wrongType := form(t, "archive", "@acme/tools:hello")
	large, largeType := form(t, "file", "@acme/tools:"+strings.Repeat("x", limit))
	for name, row := range map[string]struct {
		body, kind, query string
		status            int
		holds             string
	}{
		"a ZIP":                   {"@acme/tools:hello", "application/zip", "", 201, `"created":true`},
		"a body of bytes":         {"@acme/tools:hello", "application/octet-stream", "", 201, `"operators_added":["hello"]`},
		"a body of no kind":       {"@acme/tools:hello", "", "", 201, `"name":"@acme/tools"`},
		"a form":                  {good, goodType, "", 201, `"uri":"@acme/tools/hello"`},
		"a dry run":               {"@acme/tools:hello", "application/zip", "?dry_run=true", 200, `"dry_run":true`},
		"a plugin that exists":    {"@old/one:a", "application/zip", "", 409, `"code":"conflict"`},
		"an upgrade":              {"@old/one:a,b", "application/zip", "?overwrite=true", 201, `"revision":2`},
		"a form without the file": {wrong, wrongType, "", 422, `"body.file"`},
		"a form that breaks off":  {good[:len(good)/2], goodType, "", 400, `"code":"invalid"`},
		"no plugin":               {"x", "application/zip", "", 422, `"location":"fiftyone.yml"`},
		"text":                    {"x:y", "text/plain", "", 415, `"code":"invalid"`},
		"nothing":                 {"", "application/zip", "", 400, `"code":"invalid"`},
		"a ZIP over the limit":    {"a:" + strings.Repeat("x", limit), "application/zip", "", 413, `"code":"too_large"`},
		"a form over the limit":   {large, largeType, "", 413, `"code":"too_large"`},
		"a truth that is none":    {"a:b", "application/zip", "?overwrite=yes", 422, "query.overwrite"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, func(d *Deps) { d.MaxArchive = limit })
			b.do("root", "POST", "/api/v1/plugins", "@old/one:a", "Content-Type", "application/zip")
			got := b.do("root", "POST", "/api/v1/plugins"+row.query, row.body, "Content-Type", row.kind)
			require.Equal(t, row.status, got.StatusCode, got.body)
			require.Contains(t, got.body, row.holds)
		})
	}
}

func TestNamesInPathsAreDecodedOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, name := range []string{"@acme/tools", "a b+c", "50%2Foff", "ü/é", "a%b"} {
		require.Equal(t, 201, b.do("root", "POST", "/api/v1/plugins", name+":x", "Content-Type", "application/zip").StatusCode)
	}
	for path, want := range map[string]string{
		"%40acme%2Ftools": "@acme/tools", "@acme%2ftools": "@acme/tools", "a%20b+c": "a b+c", "a%20b%2Bc": "a b+c",
		"50%252Foff": "50%2Foff", "%C3%BC%2F%C3%A9": "ü/é", "a%25b": "a%b",
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			got := b.do("root", "GET", "/api/v1/plugins/"+path, "")
			require.Equal(t, 200, got.StatusCode, got.body)
			require.Equal(t, want, got.json(t)["name"])
		})
	}
	t.Run("an undecoded slash is another path", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, 404, b.do("root", "GET", "/api/v1/plugins/@acme/tools", "").StatusCode)
	})
	t.Run("dots lead nowhere", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, 404, b.do("root", "GET", "/api/v1/plugins/..%2F..%2Fetc", "").StatusCode)
	})
}

func TestLifeOfAPlugin(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.install()
	b.do("root", "POST", "/api/v1/plugins?overwrite=true", "@acme/tools:hello", "Content-Type", "application/zip")
	const path = "/api/v1/plugins/@acme%2Ftools"
	zip := b.do("root", "GET", path+"/archive", "")
	require.Equal(t, "@acme/tools:hello", zip.body)
	require.Equal(t, "application/zip", zip.Header.Get("Content-Type"))
	require.Equal(t, "attachment; filename=acme-tools-1.0.zip", zip.Header.Get("Content-Disposition"))
	revisions := b.do("root", "GET", path+"/revisions?limit=1", "").json(t)
	require.EqualValues(t, 2, revisions["items"].([]any)[0].(map[string]any)["revision"])
	next := b.do("root", "GET", path+"/revisions?limit=1&cursor="+revisions["next_cursor"].(string), "").json(t)
	require.EqualValues(t, 1, next["items"].([]any)[0].(map[string]any)["revision"])
	require.Nil(t, next["next_cursor"])
	require.EqualValues(t, 1, b.do("root", "POST", path+"/rollback", `{"revision":1}`).json(t)["revision"])
	require.Equal(t, 404, b.do("root", "POST", path+"/rollback", `{"revision":9}`).StatusCode)
	operator := b.do("root", "PATCH", path+"/operators/hello", `{"minimum_role":"admin","enabled":false}`).json(t)
	require.Equal(t, "admin", operator["minimum_role"])
	require.Equal(t, "edit", operator["minimum_dataset_permission"])
	require.Equal(t, false, b.do("root", "PATCH", path, `{"enabled":false}`).json(t)["enabled"])
	require.Equal(t, http.StatusNoContent, b.do("root", "DELETE", path, "").StatusCode)
	require.Equal(t, 404, b.do("root", "GET", path, "").StatusCode)
}

func TestOperatorsThatIMayRun(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.install()
	list := func(who, query string) []any {
		got := b.do(who, "GET", "/api/v1/operators"+query, "")
		require.Equal(t, 200, got.StatusCode, got.body)
		return got.json(t)["items"].([]any)
	}
	require.Len(t, list("ann", "?dataset=d1"), 2)
	first := list("ann", "?dataset=d1")[0].(map[string]any)
	require.Equal(t, "@acme/tools/count", first["uri"])
	require.Equal(t, []any{map[string]any{"id": "o1", "name": "builtin"}}, first["orchestrators"])
	require.Nil(t, first["why_not"])
	fakeCatalog{b.world}.withoutCommand("@acme/tools", "count")
	require.Equal(t, first["orchestrators"], list("ann", "")[0].(map[string]any)["orchestrators"], "workers run those in FiftyOne too")
	require.Empty(t, list("gus", ""))
	require.Contains(t, list("gus", "?all=true")[0].(map[string]any)["why_not"], "member")
	require.Len(t, list("ann", "?search=HELLO"), 1)
	require.Empty(t, list("ann", "?search=nothing+like+it"))
	page := b.do("ann", "GET", "/api/v1/operators?limit=1", "").json(t)
	rest := b.do("ann", "GET", "/api/v1/operators?limit=1&cursor="+page["next_cursor"].(string), "").json(t)
	require.Equal(t, "@acme/tools/hello", rest["items"].([]any)[0].(map[string]any)["uri"])
	require.Nil(t, rest["next_cursor"])
}

func TestWhereAnOperatorCouldGo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.install()
	const path = "/api/v1/operators/@acme%2Ftools%2Fhello/outlook"
	b.places["o2"] = sb.Orchestrator{ID: "o2", Name: "gpu", Kind: sb.Builtin, Routes: []sb.Route{{Operators: []string{"@acme/tools/hello"}}}}
	b.places["o3"] = sb.Orchestrator{ID: "o3", Name: "elsewhere", Kind: sb.Builtin, Enabled: true}
	places := b.do("ann", "GET", path+"?dataset=d1", "").json(t)["places"].([]any)
	require.Len(t, places, 2, "one without a route is none")
	first, second := places[0].(map[string]any), places[1].(map[string]any)
	require.Equal(t, map[string]any{"id": "o1", "name": "builtin"}, first["orchestrator"])
	require.EqualValues(t, 3, first["waiting"].(map[string]any)["ahead"])
	require.EqualValues(t, 240, first["waiting"].(map[string]any)["estimate_seconds"])
	require.Nil(t, first["waiting"].(map[string]any)["since"])
	require.Equal(t, false, second["enabled"])
	require.Equal(t, 403, b.do("gus", "GET", path, "").StatusCode)
	require.Equal(t, 404, b.do("ann", "GET", path+"?dataset=nowhere", "").StatusCode)
}

func TestWhereAnOperatorGoesFromAnApp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.install()
	b.places["o2"] = sb.Orchestrator{ID: "o2", Name: "gpu", Kind: sb.Builtin, Enabled: true, Routes: []sb.Route{{Operators: []string{"@acme/tools/count"}}}}
	d := b.datasets["d1"]
	d.SourceID, d.There = "s1", "start"
	b.datasets["d1"] = d
	from := func(query string) string {
		t.Helper()
		items := b.do("ann", "GET", "/api/v1/operators"+query, "").json(t)["items"].([]any)
		require.Len(t, items, 1)
		if to, is := items[0].(map[string]any)["from_app"].(map[string]any); is {
			return to["name"].(string)
		}
		return ""
	}
	const count, hello = "?dataset=d1&operator=@acme/tools/count", "?dataset=d1&operator=@acme/tools/hello"
	require.Empty(t, from(count), "the source was removed just now")
	s := sb.Source{Rules: []sb.SourceRule{{Datasets: []string{"st*"}, OrchestratorID: "o2"}}}
	b.sources = map[string]sb.Source{"s1": s}
	require.Empty(t, from(count), "nothing is taken")
	s.Intake = true
	b.sources["s1"] = s
	require.Equal(t, "gpu", from(count))
	require.Empty(t, from(hello), "the rule sends it where no route is")
	s.Rules = nil
	b.sources["s1"] = s
	require.Equal(t, "builtin", from(hello))
	require.Empty(t, from("?operator=@acme/tools/hello"))
}

func TestWhatCouldNotBeLoadedIsTold(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.install()
	const path = "/api/v1/plugins/@acme%2Ftools"
	plain := b.do("root", "GET", path, "").json(t)
	require.Empty(t, plain["environments"])
	require.Nil(t, plain["operators"].([]any)[0].(map[string]any)["not_loadable"])
	p, err := fakeCatalog{b.world}.Plugin(t.Context(), "@acme/tools")
	require.NoError(t, err)
	b.environments = map[string][]sb.Environment{p.Revision.ID: {{
		Orchestrator: sb.Who{ID: "o1", Name: "builtin"}, Worker: "host/default", Lacks: map[string]string{"hello": "no torch"},
		Offer: sb.Offer{FiftyOne: "1.22.1", Python: "3.11.7", Operators: []sb.OfferedOperator{{Name: "count", Config: []byte(`{"label":"Count"}`)}}, Errors: []string{"Traceback"}},
	}}}
	told := b.do("root", "GET", path, "")
	environment := told.json(t)["environments"].([]any)[0].(map[string]any)
	require.Equal(t, "1.22.1", environment["fiftyone"])
	require.Equal(t, []any{"Traceback"}, environment["errors"])
	require.Equal(t, []any{map[string]any{"operator": "hello", "reason": "no torch"}}, environment["not_loadable"])
	for _, o := range told.json(t)["operators"].([]any) {
		operator := o.(map[string]any)
		if operator["name"] == "hello" {
			require.Equal(t, "no torch", operator["not_loadable"])
			require.Nil(t, operator["config"])
		} else {
			require.Nil(t, operator["not_loadable"])
			require.Equal(t, map[string]any{"label": "Count"}, operator["config"])
		}
	}
	for _, list := range []string{"/api/v1/operators", "/api/v1/plugins"} {
		got := b.do("root", "GET", list, "")
		require.Contains(t, got.body, `"not_loadable":"no torch"`, list)
		require.Contains(t, got.body, `"not_loadable":null`, list)
	}
}

func TestDatasets(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.Len(t, b.do("ann", "GET", "/api/v1/datasets", "").json(t)["items"], 1)
	require.Len(t, b.do("root", "GET", "/api/v1/datasets", "").json(t)["items"], 2)
	made := b.do("ann", "POST", "/api/v1/datasets", `{"name":"mine"}`)
	require.Equal(t, 201, made.StatusCode, made.body)
	require.Equal(t, "edit", made.json(t)["default_permission"])
	require.Equal(t, "manage", made.json(t)["my_permission"])
	require.Contains(t, made.json(t)["note"], "FiftyOne")
	require.Equal(t, 409, b.do("ann", "POST", "/api/v1/datasets", `{"name":"mine"}`).StatusCode)
	require.Equal(t, "none", b.do("ann", "PATCH", "/api/v1/datasets/mine", `{"default_permission":"none"}`).json(t)["default_permission"])
	require.Equal(t, 403, b.do("ann", "PATCH", "/api/v1/datasets/quick%2Fstart", `{"name":"x"}`).StatusCode)
	require.Equal(t, 200, b.do("ann", "DELETE", "/api/v1/datasets/mine", "").StatusCode)
	require.Equal(t, 404, b.do("ann", "GET", "/api/v1/datasets/mine", "").StatusCode)
}

func TestAccountsAndKeys(t *testing.T) {
	t.Parallel()
	b := setup(t)
	made := b.do("root", "POST", "/api/v1/service-accounts", `{"name":"ci","role":"member"}`)
	require.Equal(t, 201, made.StatusCode, made.body)
	require.Equal(t, "/api/v1/service-accounts/sa-ci", made.Header.Get("Location"))
	key := b.do("root", "POST", "/api/v1/service-accounts/ci/keys", `{"name":"first","expires_at":null}`)
	require.Equal(t, 201, key.StatusCode, key.body)
	secret := key.json(t)["key"].(string)
	require.Equal(t, "service_account", b.do(secret, "GET", "/api/v1/me", "").json(t)["kind"])
	listed := b.do("root", "GET", "/api/v1/service-accounts/ci/keys", "")
	require.Len(t, listed.json(t)["items"], 1)
	require.NotContains(t, listed.body, secret)
	own := b.do(secret, "POST", "/api/v1/me/keys", `{"name":"second","expires_at":"2030-01-01T00:00:00Z"}`)
	require.Equal(t, "2030-01-01T00:00:00Z", own.json(t)["expires_at"])
	require.Equal(t, 204, b.do(secret, "DELETE", "/api/v1/me/keys/"+own.json(t)["id"].(string), "").StatusCode)
	require.Equal(t, "guest", b.do("root", "PATCH", "/api/v1/service-accounts/ci", `{"role":"guest"}`).json(t)["role"])
	require.Equal(t, 204, b.do("root", "DELETE", "/api/v1/service-accounts/ci/keys/"+key.json(t)["id"].(string), "").StatusCode)
	require.Equal(t, 401, b.do(secret, "GET", "/api/v1/me", "").StatusCode)
	require.Equal(t, 204, b.do("root", "DELETE", "/api/v1/service-accounts/ci", "").StatusCode)
	require.Empty(t, b.do("root", "GET", "/api/v1/service-accounts", "").json(t)["items"])
}

func TestSettingsAndRoles(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.JSONEq(t, `{"default_user_role":"member","default_dataset_permission":"edit","default_operator_minimum_role":"member",
		"default_operator_minimum_dataset_permission":"edit","all_runs_minimum_role":"member","api_key_roles":["collaborator","member","admin"],
		"just_in_time_users":true}`,
		b.do("gus", "GET", "/api/v1/settings", "").body)
	rows := b.do("gus", "GET", "/api/v1/roles", "").json(t)["items"].([]any)
	require.Len(t, rows, 5)
	require.Equal(t, map[string]any{
		"role": "collaborator", "administer": false, "create_dataset": false, "clone_dataset": false, "export_dataset": true, "highest_dataset_permission": "edit", "default_access": false,
		"may_be_granted": []any{"view", "tag", "edit"}, "all_runs": false, "api_keys": true,
	}, rows[2])
}

func TestOrchestrators(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.workers = []sb.Worker{{Name: "host/default", Pool: "default", Concurrency: 2, SeenAt: day}}
	b.put(sb.Run{ID: "r1", Status: sb.Running, Slot: true})
	const path = "/api/v1/orchestrators/builtin"
	require.EqualValues(t, 8, b.do("root", "GET", "/api/v1/orchestrators", "").json(t)["items"].([]any)[0].(map[string]any)["quota"])
	changed := b.do("root", "PATCH", path, `{"quota":3,"enabled":false,"routes":[{"operators":["@acme/*"],"target":{"pool":"gpu"},"start_within":"30m"}]}`)
	require.Equal(t, 200, changed.StatusCode, changed.body)
	require.Contains(t, changed.body, `"quota":3`)
	require.Contains(t, changed.body, `"start_within":"30m0s"`)
	require.Len(t, b.do("root", "GET", path+"/workers", "").json(t)["items"], 1)
	require.Len(t, b.do("root", "GET", path+"/work", "").json(t)["items"], 1)
	key := b.do("root", "POST", path+"/keys", `{"name":"worker"}`)
	require.Equal(t, 201, key.StatusCode, key.body)
	require.True(t, strings.HasPrefix(key.json(t)["key"].(string), "sbo_"))
	require.Len(t, b.do("root", "GET", path+"/keys", "").json(t)["items"], 1)
	require.Equal(t, 204, b.do("root", "DELETE", path+"/keys/"+key.json(t)["id"].(string), "").StatusCode)
}
