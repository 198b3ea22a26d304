package cli_test

import (
	"archive/zip"
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"signalbox/cli"
)

func TestParams(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "params.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"from": "file"}`), 0o600))
	for name, c := range map[string]struct {
		args  []string
		stdin string
		want  string // of the body's params
	}{
		"none":                              {nil, "", ""},
		"text":                              {[]string{"-p", "a=some text"}, "", `,"params":{"a":"some text"}`},
		"JSON is taken as it is":            {[]string{"-p", "a=1.50", "-p", "b=[1]", "-p", "c=null", "-p", `d="x"`}, "", `,"params":{"a":1.50,"b":[1],"c":null,"d":"x"}`},
		"a value may hold an equals sign":   {[]string{"-p", "a=b=c"}, "", `,"params":{"a":"b=c"}`},
		"a value may be empty":              {[]string{"-p", "a="}, "", `,"params":{"a":""}`},
		"a large number is not rounded":     {[]string{"-p", "a=12345678901234567890"}, "", `,"params":{"a":12345678901234567890}`},
		"all of them":                       {[]string{"--params", `{"a": "<b>"}`}, "", `,"params":{"a":"<b>"}`},
		"from a file":                       {[]string{"--params", file}, "", `,"params":{"from":"file"}`},
		"from a file with an at sign":       {[]string{"--params", "@" + file}, "", `,"params":{"from":"file"}`},
		"from standard input":               {[]string{"--params", "-"}, `{"x":1}`, `,"params":{"x":1}`},
		"a single one wins":                 {[]string{"--params", `{"a":1,"b":2}`, "-p", "a=9"}, "", `,"params":{"a":9,"b":2}`},
		"all else of a run":                 {[]string{"--orchestrator", "o", "--label", "l", "--priority", "-3", "--view", "[]"}, "", `,"view":[],"orchestrator":"o","label":"l","priority":-3`},
		"what is selected":                  {[]string{"--selection", `{"samples":["1"]}`}, "", `,"selection":{"samples":["1"]}`},
		"commas do not part a single param": {[]string{"-p", "a=x,b=y"}, "", `,"params":{"a":"x,b=y"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.env.Stdin = strings.NewReader(c.stdin)
			require.Equal(t, 0, w.do(append([]string{"runs", "schedule", "@a/b/c"}, c.args...)...), w.errors.String())
			require.Equal(t, []string{`{"operator":"@a/b/c"` + c.want + `}`}, w.bodies)
			require.Equal(t, "01R  scheduled  number 2 in the queue of builtin\n", w.out.String())
		})
	}
}

// plugin makes a folder with a plugin and things that its archive does not need.
func plugin(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"fiftyone.yml": "name: x", "lib/a.py": "a", ".git/config": "secret", "lib/__pycache__/a.pyc": "", "node_modules/m/x.js": "",
		".venv/bin/python": "", "b.pyc": "", ".hidden": "kept",
	} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	}
	script := filepath.Join(dir, "run.sh")
	require.NoError(t, os.WriteFile(script, []byte("#!/bin/sh"), 0o600))
	require.NoError(t, os.Chmod(script, 0o700))
	return dir
}

func TestInstallPacksAFolder(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.serve("POST /api/v1/plugins?overwrite=true",
		`{"name":"x","version":"2","revision":2,"operators":[{"uri":"x/hello"}],"created":false,"operators_added":["x/hello"],"operators_removed":["x/old"],"scheduled_runs":1}`)
	dir := plugin(t)
	require.Equal(t, 0, w.do("plugins", "install", dir, "--overwrite"), w.errors.String())
	require.Equal(t, 0, w.do("plugins", "install", dir, "--overwrite"))
	require.Equal(t, w.bodies[0], w.bodies[1], "the same folder is the same archive")
	golden(t, strings.Repeat(`
		Upgraded x 2, revision 2
		  x/hello
		New operators: x/hello
		Operators no longer there: x/old
		1 run scheduled before keep their revision.`, 2)[1:]+"\n", w.out.String())

	z, err := zip.NewReader(strings.NewReader(w.bodies[0]), int64(len(w.bodies[0])))
	require.NoError(t, err)
	modes := map[string]string{}
	for _, f := range z.File {
		modes[f.Name] = f.Mode().String()
	}
	require.Equal(t, map[string]string{
		".hidden": "-rw-r--r--", "fiftyone.yml": "-rw-r--r--", "lib/a.py": "-rw-r--r--", "run.sh": "-rwxr--r--",
	}, modes)
}

func TestInstall(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(t *testing.T, w *world) []string
		code    int
		told    string
	}{
		"a builtin one": {
			func(_ *testing.T, w *world) []string {
				w.serve("POST /api/v1/plugins?dry_run=true", `{"name":"@signalbox/dummy","version":"1","revision":1,"created":true}`)
				return []string{"--builtin", "dummy", "--dry-run"}
			}, 0, "Would install @signalbox/dummy 1, revision 1",
		},
		"one that is installed, tried only": {
			func(_ *testing.T, w *world) []string {
				w.serve("POST /api/v1/plugins?dry_run=true", `{"name":"x","version":"2","revision":2,"created":false}`)
				w.env.Stdin = strings.NewReader("PK")
				return []string{"-", "--dry-run"}
			}, 0, "Would upgrade x 2, revision 2\nIt is installed already: without --overwrite this would be refused.\n",
		},
		"a builtin one that is not there": {
			func(*testing.T, *world) []string { return []string{"--builtin", "nope"} }, 2, "there are dummy, imagestats",
		},
		"nothing": {func(*testing.T, *world) []string { return nil }, 2, "name a folder"},
		"a file that is not there": {
			func(*testing.T, *world) []string { return []string{"/nothing/here"} }, 2, "cannot be read",
		},
		"a link in the folder": {
			func(t *testing.T, _ *world) []string {
				dir := plugin(t)
				require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(dir, "link")))
				return []string{dir}
			}, 2, "is a link or a special file",
		},
		"one that is installed": {
			func(_ *testing.T, w *world) []string {
				w.serve("POST /api/v1/plugins", `409 problem "code":"conflict","detail":"plugin x is installed"`)
				w.env.Stdin = strings.NewReader("PK")
				return []string{"-"}
			}, 2, "add --overwrite",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.env.Builtin = func(name string) ([]byte, []string) {
				return map[string][]byte{"dummy": []byte("PK")}[name], []string{"dummy", "imagestats"}
			}
			require.Equal(t, c.code, w.do(append([]string{"plugins", "install"}, c.prepare(t, w)...)...))
			require.Contains(t, w.out.String()+w.errors.String(), c.told)
		})
	}
}

func TestResultsForPeople(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ result, want string }{
		"a list of objects is a table": {`[{"image":"a.png","mean":0.5},{"image":"b.png","max":null,"mean":1}]`, `
		IMAGE  MEAN  MAX
		a.png  0.5
		b.png  1
		`},
		"tables among other members": {`{"count":2,"images":[{"z":"a","a":[1]}]}`, `
		count: 2
		images:
		Z  A
		a  [1]
		`},
		"plain JSON":    {`[1,"x"]`, "[\n  1,\n  \"x\"\n]\n"},
		"nothing":       {`null`, ""},
		"an empty list": {`[]`, "[]\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.serve("GET /api/v1/runs/01S", "")
			w.run["status"], w.run["queue"] = "completed", nil
			w.run["result"] = rawJSON(c.result)
			require.Equal(t, 0, w.do("runs", "show", "01R"), w.errors.String())
			_, shown, found := strings.Cut(w.out.String(), "Work:          none\n")
			require.True(t, found, w.out.String())
			golden(t, c.want, strings.TrimPrefix(shown, "\n"))
		})
	}
}

// rawJSON is JSON that is written as it is.
type rawJSON string

// MarshalJSON gives the text.
func (r rawJSON) MarshalJSON() ([]byte, error) { return []byte(r), nil }

func TestLogs(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.serve("GET /api/v1/runs/01R/logs", `{"size":9,"complete":true,"download_only":false,"entries":[{"timestamp":null,"severity":"ERROR","message":"Traceback\n  x"}]}`)
	require.Equal(t, 0, w.do("runs", "logs", "01R"))
	require.Equal(t, "             ERROR    Traceback\n  x\n", w.out.String())
}

func TestALargeLogIsShownAsItsText(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.serve("GET /api/v1/runs/01R/logs", `{"size":2097152,"complete":true,"download_only":true}`)
	w.serve("GET /api/v1/runs/01R/logs/download", "the text\n")
	require.Equal(t, 0, w.do("runs", "logs", "01R"))
	require.Equal(t, "the text\n", w.out.String())
	require.Equal(t, "The log has 2.0 MiB; this is its text.\n", w.errors.String())
}

func TestDownloads(t *testing.T) {
	t.Parallel()
	w := setup(t)
	dir := t.TempDir()
	w.serve("GET /api/v1/runs/01R/logs/download", "one\ntwo\n")
	w.serve("GET /api/v1/plugins/@a%2Fb/archive", "PK")
	file := filepath.Join(dir, "x.log")
	require.NoError(t, os.WriteFile(file, []byte("one\n"), 0o600))
	require.Equal(t, 0, w.do("runs", "download", "01R", "-O", file, "--continue"), w.errors.String())
	require.Equal(t, 0, w.do("runs", "download", "01R", "-O", filepath.Join(dir, "y.log")))
	require.Equal(t, 0, w.do("plugins", "download", "@a/b", "-O", "-"))
	require.Equal(t, 2, w.do("runs", "download", "none", "-O", filepath.Join(dir, "z.log")))
	for name, want := range map[string]string{"x.log": "one\ntwo\n", "y.log": "one\ntwo\n"} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 2, "a download that failed leaves nothing")
	require.Equal(t, "PK", w.out.String())
}

func TestReports(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		call, answer string
		args         []string
		code         int
		body         string
	}{
		"progress":          {"progress", "", []string{"progress", "0.4", "half", "way"}, 2, ""},
		"progress in words": {"progress", "", []string{"progress", "0.4", "half way"}, 0, `{"fraction":0.4,"label":"half way"}`},
		"progress unknown":  {"progress", "", []string{"progress", "-", "busy"}, 0, `{"fraction":null,"label":"busy"}`},
		"progress beyond":   {"progress", "", []string{"progress", "40"}, 2, ""},
		"progress never fails the work": {
			"progress", `503 problem "code":"unavailable","detail":"later"`, []string{"progress", "1"}, 0, `{"fraction":1}`,
		},
		"a result":              {"complete", "", []string{"result", `{"b":1,"a":2}`}, 0, `{"result":{"b":1,"a":2}}`},
		"a result from stdin":   {"complete", "", []string{"result", "-"}, 0, `{"result":[1]}`},
		"a result that is none": {"complete", "", []string{"result", `{"b"`}, 2, ""},
		"a failure": {
			"fail", "", []string{"failure", "no images", "--stack", "at x"}, 0, `{"message":"no images","stack":"at x"}`,
		},
		"a log path":                 {"log-path", "", []string{"log-path", "s3://b/x"}, 0, `{"uri":"s3://b/x"}`},
		"a run that is over is fine": {"complete", `409 problem "code":"run_over","detail":"over"`, []string{"result", "1"}, 0, `{"result":1}`},
		"a token that is refused":    {"complete", `401 problem "code":"unauthenticated","detail":"no"`, []string{"result", "1"}, 3, `{"result":1}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.env.Stdin = strings.NewReader("[1]\n")
			w.vars["SIGNALBOX_RUN_ID"], w.vars["SIGNALBOX_TOKEN"] = "01R", "sbr_token"
			w.serve("POST /api/v1/work/01R/"+c.call, c.answer)
			require.Equal(t, c.code, w.do(append([]string{"report"}, c.args...)...), w.errors.String())
			require.Equal(t, c.body, strings.Join(w.bodies, "\n"))
			require.Empty(t, w.out.String())
		})
	}
}

// refusing answers nothing at first, as a server does that starts again.
type refusing struct {
	http.RoundTripper
	left int
}

// RoundTrip sends the request on, or refuses the connection.
func (r *refusing) RoundTrip(req *http.Request) (*http.Response, error) {
	if r.left--; r.left >= 0 {
		return nil, io.ErrUnexpectedEOF
	}
	return r.RoundTripper.RoundTrip(req)
}

func TestAResultOutlivesARestartOfTheServer(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.vars["SIGNALBOX_RUN_ID"], w.vars["SIGNALBOX_TOKEN"] = "01R", "sbr_token"
	w.env.HTTP = &http.Client{Transport: &refusing{w.env.HTTP.Transport, 2}}
	w.serve("POST /api/v1/work/01R/complete", "")
	require.Equal(t, 0, w.do("report", "result", "1"), w.errors.String())
	require.Equal(t, []string{`{"result":1}`}, w.bodies)
}

func TestHelpOfEveryVerb(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	cmd := cli.Command(cli.Env{Stdout: &out, Stderr: &out, Getenv: func(string) string { return "" }})
	for _, noun := range cmd.Commands() {
		require.NotEmpty(t, noun.Short, noun.Name())
		for _, verb := range noun.Commands() {
			require.NotEmpty(t, verb.Short, verb.CommandPath())
		}
	}
}
