package cli_test

import (
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const twoRuns = `{"items":[
	{"id":"01A","operator":"@acme/tools/hello","status":"running","dataset":"zoo","created_by":{"id":"1","name":"Ana"},
	 "scheduled_at":"2026-05-01T11:57:00Z","orchestrator":"builtin","progress":{"fraction":0.4,"label":"half way"},"work":{"state":"active"}},
	{"id":"01B","operator":"@acme/tools/brightness","status":"failed","created_by":{"id":"2","name":"Bob\u001b[2J"},
	 "scheduled_at":"2026-05-01T10:00:00Z","failure":{"kind":"error","message":"ValueError: this message is a long one, and longer than a terminal is wide"},"work":{"state":"ended"}}
],"next_cursor":"c1"}`

func TestTables(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		call, answer string
		args         []string
		width        int
		want         string
	}{
		"runs": {
			"GET /api/v1/runs?limit=2&status=running&status=failed", twoRuns,
			[]string{"runs", "list", "--limit", "2", "--status", "running,failed"},
			0, `
		RUN  STATUS   OPERATOR                DATASET  SCHEDULED      BY       DETAIL
		01A  running  @acme/tools/hello       zoo      3 minutes ago  Ana      40 % half way
		01B  failed   @acme/tools/brightness           2 hours ago    Bob [2J  ValueError: this message is a long one, and longer than a terminal is wide
		`,
		},
		"runs cut to a narrow terminal": {
			"GET /api/v1/runs", twoRuns, []string{"runs", "list"}, 80, `
		RUN  STATUS   OPERATOR        DATASET  SCHEDULED      BY       DETAIL
		01A  running  @acme/tools/h…  zoo      3 minutes ago  Ana      40 % half way
		01B  failed   @acme/tools/b…           2 hours ago    Bob [2J  ValueError: th…
		`,
		},
		"workers": {
			"GET /api/v1/orchestrators/builtin/workers",
			`{"items":[{"name":"host/default","pool":"default","concurrency":4,"running":[{"run_id":"1","attempt":1}],"version":"1.0","warnings":["no bounds","old"],"seen_at":"2026-05-01T11:59:55Z"},
			 {"name":"old/default","pool":"default","concurrency":2,"running":[],"version":"1.0","seen_at":"2026-05-01T11:00:00Z"}],"next_cursor":null}`,
			[]string{"orchestrators", "workers", "builtin"},
			0, `
		WORKER        POOL     RUNS    VERSION  STATE   LAST WORD      WARNINGS
		host/default  default  1 of 4  1.0      ready   5 seconds ago  no bounds; old
		old/default   default  0 of 2  1.0      silent  1 hour ago
		`,
		},
		"a plugin": {
			"GET /api/v1/plugins/@acme%2Ftools",
			`{"id":"1","name":"@acme/tools","version":"1.0","revision":2,"enabled":true,"operators":[{"name":"hello","label":"Say hello","enabled":true,"minimum_role":"member","minimum_dataset_permission":"edit"}]}`,
			[]string{"plugins", "show", "@acme/tools"},
			0, `
		Plugin:    @acme/tools
		ID:        1
		Version:   1.0
		Revision:  2
		Enabled:   yes

		OPERATOR  LABEL      ENABLED  FROM ROLE  FROM PERMISSION
		hello     Say hello  yes      member     edit
		`,
		},
		"a plugin that was met": {
			"GET /api/v1/plugins/@acme%2Ftools",
			`{"id":"1","name":"@acme/tools","version":"1.0","revision":2,"enabled":true,"operators":[{"name":"hello","label":"","enabled":true,"minimum_role":"member","minimum_dataset_permission":"edit"}],
			 "environments":[{"orchestrator":{"id":"1","name":"builtin"},"worker":"host/gpu","fiftyone":"1.22.1","python":"3.11.7","seen_at":"2026-05-01T11:57:00Z",
			  "not_loadable":[{"operator":"hello","reason":"no\u001b[2J torch"}],"errors":["Traceback\n  no torch\n"]},
			  {"orchestrator":{"id":"2","name":"airflow"},"worker":"","fiftyone":"1.22.1","python":"3.12.1","seen_at":"2026-05-01T11:00:00Z","not_loadable":[],"errors":[]}]}`,
			[]string{"plugins", "show", "@acme/tools"},
			0, `
		Plugin:    @acme/tools
		ID:        1
		Version:   1.0
		Revision:  2
		Enabled:   yes

		OPERATOR  LABEL  ENABLED  FROM ROLE  FROM PERMISSION
		hello            yes      member     edit

		FiftyOne 1.22.1, Python 3.11.7 (builtin, worker host/gpu), 3 minutes ago:
		  hello is declared, but not loadable: no [2J torch
		  | Traceback
		  |   no torch

		FiftyOne 1.22.1, Python 3.12.1 (airflow), 1 hour ago:
		  all operators can be loaded
		`,
		},
		"a reason to wait": {
			"GET /api/v1/runs/01R/wait", "",
			[]string{"runs", "why", "01R"},
			0,
			"Number 2 in the queue of builtin: 1 of 1 slots are in use.\n",
		},
		"a new key stands alone": {
			"POST /api/v1/me/keys", `{"id":"k1","name":"ci","key":"sbk_new"}`, []string{"me", "keys", "create", "ci"}, 0, "sbk_new\n",
		},
		"who I am": {
			"GET /api/v1/me", `{"id":"1","name":"admin","kind":"user","role":"admin","email":"","groups":[]}`, []string{"me"}, 0, `
		Name:  admin
		ID:    1
		Kind:  user
		Role:  admin
		`,
		},
		"JSON as the server gave it": {
			"GET /api/v1/me", `{"role":"admin","id":"1","new":[1.50]}`,
			[]string{"me", "-o", "json"},
			0,
			"{\n  \"role\": \"admin\",\n  \"id\": \"1\",\n  \"new\": [\n    1.50\n  ]\n}\n",
		},
		"an empty list as JSON": {
			"GET /api/v1/datasets", `{"items":[],"next_cursor":null}`,
			[]string{"datasets", "list", "-o", "json"},
			0,
			"{\n  \"items\": [],\n  \"next_cursor\": null\n}\n",
		},
		"events": {
			"GET /api/v1/runs/01R/events", `{"items":[{"seq":1,"at":"2026-05-01T11:00:00.5Z","kind":"scheduled","attempt":0,"actor":{"id":"1","name":"Ana"},"message":""}],"next_cursor":null}`,
			[]string{"runs", "events", "01R"},
			0, `
		TIME                      ATTEMPT  WHAT       BY   MESSAGE
		2026-05-01 11:00:00.500Z  0        scheduled  Ana
		`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.env.Terminal = func(io.Writer) int { return c.width }
			w.vars["NO_COLOR"] = "1"
			w.serve(c.call, c.answer)
			require.Equal(t, 0, w.do(c.args...), w.errors.String())
			golden(t, trimmed(c.want), w.out.String())
			for line := range strings.Lines(w.out.String()) {
				if c.width > 0 {
					require.LessOrEqual(t, len([]rune(strings.TrimSuffix(line, "\n"))), c.width)
				}
			}
		})
	}
}

// trimmed takes the blanks at line ends away, which an editor may leave.
func trimmed(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return strings.Join(lines, "\n")
}

func TestMoreOfAListIsOffered(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.serve("GET /api/v1/runs", twoRuns)
	require.Equal(t, 0, w.do("runs", "list"))
	require.Equal(t, "There are more: --cursor c1, or --all.\n", w.errors.String())
}

func TestAllPagesAreOneDocument(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.serve("GET /api/v1/datasets?limit=500", `{"items":[{"id":"1"}],"next_cursor":"x"}`)
	w.serve("GET /api/v1/datasets?cursor=x&limit=500", `{"items":[{"id":"2"}],"next_cursor":null}`)
	require.Equal(t, 0, w.do("datasets", "list", "--all", "-o", "json"))
	require.JSONEq(t, `{"items":[{"id":"1"},{"id":"2"}],"next_cursor":null}`, w.out.String())
}

func TestErrorTexts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer string // to GET /me
		args   []string
		code   int
		want   string
	}{
		"text that was read as JSON": {
			`422 problem "code":"invalid","detail":"The params do not fit","errors":[{"location":"body.params.name","message":"got number, want string"}]`,
			[]string{"me"},
			2, `
		Error: The params do not fit.
		  - params.name: got number, want string
		Text that reads as JSON, such as 5 or true, is given in double quotes: --param 'name="5"'.
		`,
		},
		"every fault has a line": {
			`422 problem "code":"invalid","detail":"The params do not fit","errors":[{"location":"body.params.name","message":"must be text"},{"location":"","message":"too much"}]`,
			[]string{"me"},
			2, `
		Error: The params do not fit.
		  - params.name: must be text
		  - too much
		`,
		},
		"foreign text cannot steer the terminal": {
			`409 problem "code":"conflict","detail":"no\u001b[2J\r\nway"`, []string{"me"}, 2, "Error: no [2J  way.\n",
		},
		"not allowed": {`403 problem "code":"forbidden","detail":"This needs the role admin."`, []string{"me"}, 3, "Error: This needs the role admin.\n"},
		"the key is wrong": {
			`401 problem "code":"unauthenticated","detail":"The key is unknown"`, []string{"me"}, 3, `
		Error: The key is unknown.
		Give an API key with --key-file or SIGNALBOX_API_KEY; the first admin's lies in admin.key of the server's data folder.
		`,
		},
		"a number that is none": {
			"",
			[]string{"orchestrators", "set", "builtin", "--quota", "abc"},
			2,
			"Error: --quota takes a whole number, not \"abc\".\nSee `signalbox orchestrators set --help`.\n",
		},
		"a limit of nothing":     {"", []string{"runs", "list", "--limit", "0"}, 2, "Error: --limit is from 1 to 500, not 0.\nSee `signalbox runs list --help`.\n"},
		"a selection of others":  {"", []string{"runs", "schedule", "a/b", "--selection", `{"frames":[1]}`}, 2, "Error: --selection: there is no field \"frames\".\nSee `signalbox runs schedule --help`.\n"},
		"a selection as a list":  {"", []string{"runs", "schedule", "a/b", "--selection", `["1"]`}, 2, "Error: --selection must hold a JSON object with \"samples\", \"labels\" or both.\nSee `signalbox runs schedule --help`.\n"},
		"a key twice":            {"", []string{"runs", "schedule", "a/b", "--params", `{"a":1,"a":2}`}, 2, "Error: --params: the key a is there twice, at line 1, column 8.\nSee `signalbox runs schedule --help`.\n"},
		"a setting is missing":   {"", []string{"settings", "set"}, 2, "Error: NAME=VALUE is missing.\nSee `signalbox settings set --help`.\n"},
		"an argument is missing": {"", []string{"runs", "show"}, 2, "Error: RUN is missing.\nSee `signalbox runs show --help`.\n"},
		"an argument too many": {
			"", []string{"runs", "show", "1", "2"}, 2, "Error: \"2\" is one argument too many.\nSee `signalbox runs show --help`.\n",
		},
		"an unknown verb": {
			"", []string{"runs", "shwo"}, 2, "Error: signalbox runs has no command \"shwo\"; did you mean show?\nSee `signalbox runs --help`.\n",
		},
		"an unknown noun": {"", []string{"nothing"}, 2, "Error: signalbox has no command \"nothing\".\nSee `signalbox --help`.\n"},
		"an unknown flag": {"", []string{"me", "--nope"}, 2, "Error: unknown flag: --nope.\nSee `signalbox me --help`.\n"},
		"an odd output":   {"", []string{"me", "-o", "xml"}, 2, "Error: --output is json or table, not \"xml\".\nSee `signalbox me --help`.\n"},
		"nothing to change": {
			"",
			[]string{"datasets", "set", "zoo"},
			2,
			"Error: say what to change: --name or --default-permission.\nSee `signalbox datasets set --help`.\n",
		},
		"params that are none": {
			"",
			[]string{"runs", "schedule", "@a/b/c", "--params", "[1]"},
			2,
			"Error: --params must hold a JSON object, such as {\"name\": \"World\"}.\nSee `signalbox runs schedule --help`.\n",
		},
		"a param without a name": {
			"",
			[]string{"runs", "schedule", "@a/b/c", "-p", "=1"},
			2,
			"Error: --param is name=value, not \"=1\".\nSee `signalbox runs schedule --help`.\n",
		},
		"report outside an operator": {
			"",
			[]string{"report", "progress", "0.5"},
			2,
			"Error: this is for running operators, which have SIGNALBOX_URL, SIGNALBOX_RUN_ID and SIGNALBOX_TOKEN in their environment.\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.serve("GET /api/v1/me", c.answer)
			require.Equal(t, c.code, w.do(c.args...))
			golden(t, c.want, w.errors.String())
			require.Empty(t, w.out.String())
		})
	}
}

func TestNoServer(t *testing.T) {
	t.Parallel()
	w := setup(t)
	gone := httptest.NewServer(nil)
	gone.Close()
	require.Equal(t, 3, w.do("runs", "list", "--url", gone.URL))
	golden(t, "Error: the server at "+gone.URL+" cannot be reached.\n"+
		"Is signalbox running? Start it with `signalbox dev`, or say where it is with --url or SIGNALBOX_URL.\n", w.errors.String())
}

func TestKeys(t *testing.T) {
	t.Parallel()
	const right, wrong = 0, 3
	for name, c := range map[string]struct {
		prepare func(t *testing.T, w *world, dir string) []string
		code    int
	}{
		"the data folder's, of the own machine's server": {
			func(_ *testing.T, w *world, dir string) []string { w.env.DataDir = dir; return nil }, right,
		},
		"none for another host without being told": {
			func(_ *testing.T, w *world, dir string) []string {
				w.env.DataDir = dir
				return []string{"--url", strings.Replace(w.server.URL, "127.0.0.1", "2130706433", 1)}
			}, wrong,
		},
		"that of a data folder that was named": {
			func(_ *testing.T, w *world, dir string) []string { w.vars["SIGNALBOX_DATA_DIR"] = dir; return nil }, right,
		},
		"a file's, before the environment's": {
			func(_ *testing.T, w *world, dir string) []string {
				w.vars["SIGNALBOX_API_KEY"] = "sbk_wrong"
				return []string{"--key-file", filepath.Join(dir, "admin.key")}
			}, right,
		},
		"the environment's, before the data folder's": {
			func(_ *testing.T, w *world, dir string) []string {
				w.env.DataDir, w.vars["SIGNALBOX_API_KEY"] = dir, "sbk_wrong"
				return nil
			}, wrong,
		},
		"none without any":     {func(*testing.T, *world, string) []string { return nil }, wrong},
		"a file without a key": {func(*testing.T, *world, string) []string { return []string{"--key-file", os.DevNull} }, 2},
		"a file that is not there": {
			func(_ *testing.T, _ *world, dir string) []string {
				return []string{"--key-file", filepath.Join(dir, "none")}
			}, 2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, dir := setup(t), t.TempDir()
			delete(w.vars, "SIGNALBOX_API_KEY")
			require.NoError(t, os.WriteFile(filepath.Join(dir, "admin.key"), []byte("sbk_right\n"), 0o600))
			w.serve("GET /api/v1/me", `{"id":"1","name":"admin"}`)
			require.Equal(t, c.code, w.do(append([]string{"me"}, c.prepare(t, w, dir)...)...), w.errors.String())
		})
	}
}

func TestCompletionOffersWhatTheServerKnows(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.serve("GET /api/v1/operators", `{"items":[{"uri":"@acme/tools/hello"},{"uri":"@b/c/d"}],"next_cursor":null}`)
	require.Equal(t, 0, w.do("__complete", "runs", "schedule", "@acme"))
	require.True(t, strings.HasPrefix(w.out.String(), "@acme/tools/hello\n:"), w.out.String())
}
