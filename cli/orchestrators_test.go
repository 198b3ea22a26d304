package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const prod = `{"id":"01O","name":"prod","kind":"airflow","enabled":true,"quota":8,"config":{"url":"http://x"},"secret_names":["password"],` +
	`"routes":[{"operators":["@acme/*"],"target":{"dag_id":"etl"}}]}`

const prodShown = `Name:     prod
ID:       01O
Kind:     airflow
Enabled:  yes
Quota:    8
Config:   {"url":"http://x"}
Secrets:  password
Route:    @acme/* to DAG etl
`

func TestOrchestratorsOfOthers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	password := file("password", "from-a-file\n")
	whole := file("airflow.json", `{"name":"prod","kind":"airflow","config":{"url":"http://x"},"secrets":{"password":"in-it"},"quota":3}`)
	headers := file("headers", `{"X-Proxy":"v"}`)
	const ledger = `{"items":[],"next_cursor":null,"ledger":{"polled_at":"2026-05-01T11:59:55Z","next_at":"2026-05-01T12:00:02Z","calls":2,"version":"2.10.3","open":3,"failures":0,"trouble":"",
		"blocked":[{"target":"dag etl","why":"the DAG is paused in Airflow"}],
		"mismatches":[{"run_id":"01R","asserted":"ending","observed":"active","why":"was asked to end and goes on there"}],
		"lost":[{"run_id":"01L","ref":"signalbox-x-01l-1","why":"not there any more"}],
		"orphans":[{"ref":"signalbox-x-01z-1","observed":"active","known":"no run has this name here"}]}}`
	for name, c := range map[string]struct {
		call, answer, stdin string
		args                []string
		sent, out, err      string
		code                int
	}{
		"registered, with its password from standard input": {
			call: "POST /api/v1/orchestrators", answer: prod, stdin: "from-stdin\n",
			args: []string{"orchestrators", "add", "prod", "--set", "url=http://x", "--secret", "password", "--route", "@acme/*=etl", "--quota", "8"},
			sent: `{"name":"prod","kind":"airflow","quota":8,"config":{"url":"http://x"},"secrets":{"password":"from-stdin"},"routes":[{"operators":["@acme/*"],"target":{"dag_id":"etl"}}]}`,
			out:  prodShown,
		},
		"registered from a file, with another quota": {
			call: "POST /api/v1/orchestrators", answer: prod, args: []string{"orchestrators", "add", "--file", whole, "--quota", "5", "-s", "poll_seconds=2"},
			sent: `{"name":"prod","kind":"airflow","quota":5,"config":{"poll_seconds":2,"url":"http://x"},"secrets":{"password":"in-it"}}`, out: prodShown,
		},
		"credentials change from files": {
			call: "PATCH /api/v1/orchestrators/prod", answer: prod,
			args: []string{"orchestrators", "set", "prod", "--secret-file", "password=" + password, "--secret-file", "headers=" + headers, "--forget-secret", "token"},
			sent: `{"secrets":{"headers":{"X-Proxy":"v"},"password":"from-a-file","token":null}}`, out: prodShown,
		},
		"removed": {
			call: "DELETE /api/v1/orchestrators/prod", args: []string{"orchestrators", "remove", "prod"}, err: "Orchestrator prod is removed.\n",
		},
		"looked at": {
			call: "POST /api/v1/orchestrators/prod/reconcile", args: []string{"orchestrators", "reconcile", "prod"}, err: "Orchestrator prod is being looked at.\n",
		},
		"probed, and not well": {
			call: "POST /api/v1/orchestrators/prod/probe", code: 1,
			answer: `{"ok":false,"checks":[{"name":"reachable","ok":true,"detail":"2.10.3","fix":""},{"name":"credentials","ok":false,"detail":"refused","fix":"Enter them again."}]}`,
			args:   []string{"orchestrators", "probe", "prod"},
			out:    "ok   reachable: 2.10.3\nBAD  credentials: refused\n     Enter them again.\n",
		},
		"where things differ": {
			call: "GET /api/v1/orchestrators/prod/work", answer: ledger, args: []string{"orchestrators", "drift", "prod"},
			out: "Last look:       5 seconds ago\nRequests:        2\nNext look:       2 seconds from now\nVersion:         2.10.3\nOpen runs:       3\nStarts nothing:  dag etl: the DAG is paused in Airflow\n" +
				"Differs:         01R: was asked to end and goes on there (ending here, active there)\nLost:            01L, signalbox-x-01l-1: not there any more\n" +
				"Orphan:          signalbox-x-01z-1 is active there: no run has this name here\n",
		},
		"where nothing differs, and where nobody answers": {
			call: "GET /api/v1/orchestrators/prod/work", args: []string{"orchestrators", "drift", "prod"},
			answer: `{"items":[],"ledger":{"polled_at":"2026-05-01T11:59:00Z","next_at":"2026-05-01T11:59:59Z","calls":2,"failures":2,"failing_since":"2026-05-01T11:59:05Z","trouble":"no answer","open":1}}`,
			out: "Last look:        1 minute ago\nRequests:         2\nNext look:        now\nOpen runs:        1\n" +
				"Cannot be asked:  tried 2 times, first 55 seconds ago: no answer\nDiffers:          nothing, as far as was seen\n",
		},
		"where very much differs": {
			call: "GET /api/v1/orchestrators/prod/work", args: []string{"orchestrators", "drift", "prod"},
			answer: `{"items":[],"ledger":{"calls":0,"lost":[` + strings.Repeat(`{"run_id":"01L","ref":"x","why":"gone"},`, 22) + `{}]}}`,
			out: "Last look:  none has succeeded yet\nRequests:   0\nOpen runs:  0\n" +
				strings.Repeat("Lost:       01L, x: gone\n", 20) + "Lost:       and 3 more; --output json has all\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.env.Stdin = strings.NewReader(c.stdin)
			w.serve(c.call, c.answer)
			require.Equal(t, c.code, w.do(c.args...), w.errors.String())
			require.Equal(t, c.out, w.out.String())
			require.Equal(t, c.err, w.errors.String())
			if c.sent != "" {
				require.Equal(t, []string{c.sent}, w.bodies)
			}
		})
	}
}

func TestACredentialIsNoArgument(t *testing.T) {
	t.Parallel()
	w := setup(t)
	require.Equal(t, 2, w.do("orchestrators", "add", "prod", "--secret", "password=planted"))
	require.Contains(t, w.errors.String(), "standard input")
	require.NotContains(t, w.errors.String(), "planted")
	require.Equal(t, 2, w.do("orchestrators", "set", "prod"))
	require.Equal(t, 2, w.do("orchestrators", "add"))
	require.Empty(t, w.bodies)
}

func TestWhatIsWrongWithAFileIsSaidWithItsPlace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, err string }{
		"no JSON":                 {"\n{\n  \"name\": \"prod\",,\n}", "Error: --file: it is no JSON at line 3, column 18: "},
		"cut off":                 {`{"name": "prod"`, "Error: --file: it ends in the middle of its JSON.\n"},
		"empty":                   {" \n", "Error: --file: it is empty.\n"},
		"more than one":           {"{}\n{}", "Error: --file: something follows the JSON at line 2, column 1.\n"},
		"a key twice":             {"{\"quota\": 1,\n\"quota\": 2}", "Error: --file: the key quota is there twice, at line 2, column 1.\n"},
		"a field of another type": {`{"name": "prod", "quota": "16"}`, "Error: --file: a string does not fit at quota.\n"},
		"a field within":          {`{"name": "prod", "routes": [{"operators": "*"}]}`, "Error: --file: a string does not fit at routes.operators.\n"},
		"a field that is none":    {`{"name": "prod", "routs": []}`, "Error: --file: there is no field \"routs\".\n"},
		"no object":               {`[]`, "Error: --file must hold a JSON object with name, kind, config, secrets and routes.\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			file := filepath.Join(t.TempDir(), "o.json")
			require.NoError(t, os.WriteFile(file, []byte(c.text), 0o600))
			require.Equal(t, 2, w.do("orchestrators", "add", "--file", file))
			require.Contains(t, w.errors.String(), c.err)
			require.Empty(t, w.bodies)
		})
	}
}

func TestWhatIsWrongInAFlagIsSaidBeforeTheServerIsAsked(t *testing.T) {
	t.Parallel()
	for _, flags := range [][]string{{"--set", "nope"}, {"--route", "nope"}} {
		w := setup(t) // knows no orchestrator of this name
		require.Equal(t, 2, w.do(append([]string{"orchestrators", "set", "nowhere"}, flags...)...))
		require.Contains(t, w.errors.String(), flags[0]+" is ")
	}
}

func TestAShortRouteNamesAnyTarget(t *testing.T) {
	t.Parallel()
	for kind, routes := range map[string]map[string]string{
		"airflow": {"etl": `{"dag_id":"etl"}`, "dag:etl": `{"dag_id":"etl"}`},
		"flyte": {
			"acme.tidy": `{"launch_plan":"acme.tidy"}`, "acme.tidy@v7": `{"launch_plan":"acme.tidy","version":"v7"}`,
			"launch_plan:acme.tidy": `{"launch_plan":"acme.tidy"}`, "task:acme.clean@v7": `{"task":"acme.clean","version":"v7"}`,
		},
	} {
		for route, target := range routes {
			w := setup(t)
			w.serve("POST /api/v1/orchestrators", prod)
			require.Equal(t, 0, w.do("orchestrators", "add", "prod", "--kind", kind, "--route", "*="+route), w.errors.String())
			require.Equal(t, []string{`{"name":"prod","kind":"` + kind + `","routes":[{"operators":["*"],"target":` + target + `}]}`}, w.bodies)
		}
	}
}

func TestChangingTellsNoDefaults(t *testing.T) {
	t.Parallel()
	w := setup(t)
	require.Equal(t, 0, w.do("orchestrators", "set", "--help"))
	require.NotContains(t, w.out.String(), "default true")
}

func TestMarkLeadsToFail(t *testing.T) {
	t.Parallel()
	w := setup(t)
	require.Equal(t, 2, w.do("runs", "mark", "01R"))
	require.Contains(t, w.errors.String(), "did you mean fail?")
}
