package catalog_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/catalog"
)

// faults gives what is wrong with a manifest, as "location: message".
func faults(t testing.TB, err error) []string {
	t.Helper()
	var e *sb.Error
	require.True(t, errors.As(err, &e), "%v", err)
	require.Equal(t, sb.Invalid, e.Code)
	var out []string
	for _, f := range e.Faults {
		out = append(out, f.Location+": "+f.Message)
	}
	return out
}

// Every row is a manifest as it is found in the wild.
func TestManifestsAsTheyAreFound(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text  string
		wants sb.Manifest
	}{
		"quoted name with @":              {`name: "@acme/tools"`, sb.Manifest{Name: "@acme/tools"}},
		"name without @ and slash":        {"name: zero-shot-annotator", sb.Manifest{Name: "zero-shot-annotator"}},
		"name with slash but no @":        {"name: hello/hello-world", sb.Manifest{Name: "hello/hello-world"}},
		"name with spaces and capitals":   {"name: Video Inference Tool", sb.Manifest{Name: "Video Inference Tool"}},
		"mixed case, underscores":         {`name: "@FOLEFAC/data_augment"`, sb.Manifest{Name: "@FOLEFAC/data_augment"}},
		"organisation begins with digit":  {`name: "@51labs/labs_panel"`, sb.Manifest{Name: "@51labs/labs_panel"}},
		"someone else's official name":    {`name: "@voxel51/io"`, sb.Manifest{Name: "@voxel51/io"}},
		"a number as a name":              {"name: 51", sb.Manifest{Name: "51"}},
		"no fiftyone key":                 {"name: a\nversion: 1.0.0", sb.Manifest{Name: "a", Version: "1.0.0"}},
		"fiftyone key first, name last":   {"fiftyone:\n  version: \">=0.21\"\nversion: \"1\"\nname: a", sb.Manifest{Name: "a", Version: "1", FiftyOne: ">=0.21"}},
		"one-space indentation":           {"name: a\nfiftyone:\n version: '*'\noperators:\n - x\n - y", sb.Manifest{Name: "a", FiftyOne: "*", Operators: []string{"x", "y"}}},
		"trailing blanks, CRLF, BOM":      {"\ufeffname: a   \r\noperators:   \r\n  - x  \r\n\r\n\r\n", sb.Manifest{Name: "a", Operators: []string{"x"}}},
		"version 1.0 stays 1.0":           {"name: a\nversion: 1.0", sb.Manifest{Name: "a", Version: "1.0"}},
		"version 0.10 stays 0.10":         {"name: a\nversion: 0.10", sb.Manifest{Name: "a", Version: "0.10"}},
		"fiftyone version as a number":    {"name: a\nfiftyone: {version: 1.0}", sb.Manifest{Name: "a", FiftyOne: "1.0"}},
		"fiftyone version nobody parses":  {"name: a\nfiftyone: {version: ^1.0}", sb.Manifest{Name: "a", FiftyOne: "^1.0"}},
		"empty url":                       {"name: a\nurl:\nauthor:\nlicense:", sb.Manifest{Name: "a"}},
		"quoted empty url":                {`{name: a, url: ""}`, sb.Manifest{Name: "a"}},
		".git url":                        {"name: a\nurl: https://example.com/a.git#readme", sb.Manifest{Name: "a", URL: "https://example.com/a.git#readme"}},
		"license TODO":                    {"name: a\nlicense: \"TODO\"", sb.Manifest{Name: "a", License: "TODO"}},
		"author with commas":              {"name: a\nauthor: A. B., C. D.", sb.Manifest{Name: "a", Author: "A. B., C. D."}},
		"several authors":                 {"name: a\nauthor: [A, B]", sb.Manifest{Name: "a", Author: "A, B"}},
		"folded description":              {"name: a\ndescription: >\n  one\n  two\n", sb.Manifest{Name: "a", Description: "one two\n"}},
		"literal description":             {"name: a\ndescription: |\n  one\n  two – 🎉\n", sb.Manifest{Name: "a", Description: "one\ntwo – 🎉\n"}},
		"explicit empty operators":        {"name: a\noperators: []", sb.Manifest{Name: "a"}},
		"operators without a value":       {"name: a\noperators:\npanels:\nsecrets:\nfiftyone:", sb.Manifest{Name: "a"}},
		"neither operators nor panels":    {"name: \"@voxel51/rerun-plugin\"\njs_bundle: ./dist/index.umd.js", sb.Manifest{Name: "@voxel51/rerun-plugin"}},
		"panel component names":           {"name: a\npanels: [WandBPanel]", sb.Manifest{Name: "a", Panels: []string{"WandBPanel"}}},
		"panel listed under operators":    {"name: a\noperators: [my_panel]\npanels: [my_panel]", sb.Manifest{Name: "a", Operators: []string{"my_panel"}, Panels: []string{"my_panel"}}},
		"kebab, camel and snake":          {"name: a\noperators: [run-yolo, Game_Panel, camelCase]", sb.Manifest{Name: "a", Operators: []string{"run-yolo", "Game_Panel", "camelCase"}}},
		"unknown keys and comments":       {"name: a\n# why\nlabel: A\ndependencies: {x: [1]}\nenabled: true\ntags: [t]\nskills: [s]", sb.Manifest{Name: "a"}},
		"an operator listed twice":        {"name: a\noperators: [x, y, x]", sb.Manifest{Name: "a", Operators: []string{"x", "y"}}},
		"one-space list of secrets":       {"name: a\nsecrets:\n - API_KEY\n - API_KEY", sb.Manifest{Name: "a", Secrets: []string{"API_KEY"}}},
		"template text in quotes":         {`name: "{{PLUGIN_NAME}}"`, sb.Manifest{Name: "{{PLUGIN_NAME}}"}},
		"type plugin":                     {"name: a\ntype: plugin", sb.Manifest{Name: "a"}},
		"type without a value":            {"name: a\ntype:", sb.Manifest{Name: "a"}},
		"a key that comes twice":          {"name: a\nversion: 1\nversion: 2", sb.Manifest{Name: "a", Version: "2"}},
		"anchors and aliases":             {"name: &n a\noperators: &o [x]\npanels: *o\nlicense: *n", sb.Manifest{Name: "a", License: "a", Operators: []string{"x"}, Panels: []string{"x"}}},
		"document markers and directives": {"%YAML 1.1\n---\nname: a\n...\n", sb.Manifest{Name: "a"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, err := catalog.ParseManifest("fiftyone.yml", []byte(test.text))
			require.NoError(t, err)
			require.Equal(t, test.wants, m)
		})
	}
}

func TestManifestsThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text  string
		wants []string
	}{
		"unquoted @":                   {"version: 1\nname: @acme/tools", []string{"fiftyone.yml:2: is not valid YAML: found character that cannot start any token (text"}},
		"unquoted template text":       {"name: {{PLUGIN_NAME}}", []string{"fiftyone.yml:1 name: must be text"}},
		"a dataset":                    {"name: a/egoexor\ntype: dataset\nsplits: [x]", []string{`fiftyone.yml:2 type: is "dataset"; only a plugin`}},
		"a model":                      {"name: a\ntype: model", []string{`fiftyone.yml:2 type: is "model"`}},
		"no name":                      {"version: 1", []string{"fiftyone.yml:1 name: is missing"}},
		"empty name":                   {"name: ''", []string{"fiftyone.yml:1 name: is missing"}},
		"null name":                    {"name:\nversion: 1", []string{"fiftyone.yml:1 name: is missing"}},
		"name with a control char":     {`name: "a\tb"`, []string{"fiftyone.yml:1 name: a name has no control characters"}},
		"name that turns the text":     {`name: "a\u202eb"`, []string{"fiftyone.yml:1 name: a name has no characters that turn the direction of writing"}},
		"name ..":                      {"name: ..", []string{"fiftyone.yml:1 name: a name cannot be"}},
		"name over 200 characters":     {"name: " + strings.Repeat("a", 201), []string{"fiftyone.yml:1 name: a name has at most 200"}},
		"nothing":                      {"", []string{"fiftyone.yml: is empty"}},
		"only a comment":               {"# later\n", []string{"fiftyone.yml"}},
		"a list":                       {"- name: a", []string{"fiftyone.yml:1: must be a mapping"}},
		"two documents":                {"name: a\n---\nname: b", []string{"fiftyone.yml: holds more than one"}},
		"a tab":                        {"name: a\noperators:\n\t- x", []string{"fiftyone.yml:3: is not valid YAML"}},
		"broken":                       {"name: [a", []string{"is not valid YAML"}},
		"operators as text":            {"name: a\noperators: x", []string{"fiftyone.yml:2 operators: must be a list"}},
		"operators as mappings":        {"name: a\noperators:\n  - x: 1\n  - ''", []string{"fiftyone.yml:3 operators[0]: must be text", "fiftyone.yml:4 operators[1]: is empty"}},
		"operator with a slash":        {"name: a\noperators: [b/c]", []string{`fiftyone.yml:2 operators: "b/c": an operator's name has no slash`}},
		"a secret that is ours":        {"name: a\nsecrets: [SIGNALBOX_TOKEN, PATH]", []string{`"SIGNALBOX_TOKEN": this variable decides`, `"PATH": this variable decides`}},
		"a secret no variable can be":  {"name: a\nsecrets: ['A=B', 'A B']", []string{`"A=B" cannot be`, `"A B" cannot be`}},
		"a list of names that is long": {"name: a\noperators: [o" + numbered(1001) + "]", []string{"has 1001 operators; at most 1000"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := catalog.ParseManifest("fiftyone.yml", []byte(test.text))
			requireFaults(t, err, test.wants)
		})
	}
}

func numbered(n int) string {
	var b strings.Builder
	for i := range n - 1 {
		b.WriteString(",o" + strings.Repeat("x", i%50) + string(rune('a'+i/50)))
	}
	return b.String()
}

// requireFaults demands these faults and no others; each is given by a part of "location: message".
func requireFaults(t testing.TB, err error, wants []string) {
	t.Helper()
	got := faults(t, err)
	require.Len(t, got, len(wants), "%q", got)
	for i, want := range wants {
		require.Contains(t, got[i], want)
	}
}

const hello = `name: "@acme/tools"
version: 1.0
operators: [hello, later]
signalbox:
  operators:
    hello:
      label: Say hello
      command: ["python3", "hello.py", 3]
      inputs:
        type: object
        properties: {zeta: {type: string, default: yes}, alpha: {type: number, default: 1.50, enum: [1.50, 0x10, 1e3]}}
        additionalProperties: false
      outputs: {type: object, properties: {greeting: {type: string, description: "<b> & co"}}}
      timeout: 90m
      retries: 3
      access: read
`

func TestCommandsOfAManifest(t *testing.T) {
	t.Parallel()
	m, err := catalog.ParseManifest("fiftyone.yml", []byte(hello))
	require.NoError(t, err)
	require.Equal(t, map[string]sb.Command{"hello": {
		Label: "Say hello", Command: []string{"python3", "hello.py", "3"},
		Inputs:  []byte(`{"type":"object","properties":{"zeta":{"type":"string","default":"yes"},"alpha":{"type":"number","default":1.50,"enum":[1.50,16,1e3]}},"additionalProperties":false}`),
		Outputs: []byte(`{"type":"object","properties":{"greeting":{"type":"string","description":"<b> & co"}}}`),
		Timeout: 90 * time.Minute, Retries: 3, Access: "read",
	}}, m.Commands)
}

func TestACommandMaySayLittle(t *testing.T) {
	t.Parallel()
	text := "name: a\noperators: [x, y]\nbase: &base {command: [sh], retries: 1, timeout: }\nsignalbox:\n  operators:\n    x: {<<: *base, retries: 2}\n    y: {command: [ok], executor: dummy}"
	m, err := catalog.ParseManifest("fiftyone.yml", []byte(text))
	require.NoError(t, err)
	require.Equal(t, sb.Command{Command: []string{"sh"}, Retries: 2, Access: "write"}, m.Commands["x"])
	require.Equal(t, sb.Command{Command: []string{"ok"}, Access: "write", Executor: sb.DummyExecutor}, m.Commands["y"])
}

func TestEveryFaultOfACommandIsListed(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/faults.yml")
	require.NoError(t, err)
	wants, err := os.ReadFile("testdata/faults.txt")
	require.NoError(t, err)
	_, err = catalog.ParseManifest("fiftyone.yml", text)
	require.Equal(t, strings.TrimSpace(string(wants)), strings.Join(faults(t, err), "\n"))
}

// A few hundred bytes of aliases can mean gigabytes, and lists can be nested deeply.
func TestManifestsThatAreBombs(t *testing.T) {
	t.Parallel()
	laughs := "name: a\noperators: [x]\naa: &aa [x,x,x,x,x,x,x,x,x]\n"
	merges := "name: a\noperators: [x]\nma: &ma {k: v}\n"
	for i := range 12 {
		at, next := string(rune('a'+i)), string(rune('b'+i))
		laughs += "a" + next + ": &a" + next + " [" + strings.Repeat("*a"+at+",", 9) + "]\n"
		merges += "m" + next + ": &m" + next + " {<<: [" + strings.Repeat("*m"+at+",", 9) + "]}\n"
	}
	in := "signalbox: {operators: {x: {command: [sh], inputs: "
	big := "name: a\noperators: [x]\nb: &b " + strings.Repeat("b", 100_000) + "\n"
	for name, text := range map[string]string{
		"aliases of aliases":  laughs + in + "{enum: *am}}}}",
		"merges of merges":    merges + in + "*mm}}}",
		"aliases of texts":    big + in + "{enum: [" + strings.Repeat("*b,", 100) + "]}}}}",
		"names of aliases":    big + "panels: [" + strings.Repeat("*b,", 100) + "]",
		"an alias of itself":  "name: a\noperators: [x]\n" + in + "&s {not: *s}}}}",
		"very deep":           "name: a\noperators: [x]\n" + in + strings.Repeat("{not: ", 200) + strings.Repeat("}", 200) + "}}}",
		"too deep for a YAML": "name: " + strings.Repeat("[", 200_000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := catalog.ParseManifest("fiftyone.yml", []byte(text))
			require.NotEmpty(t, faults(t, err))
			require.Less(t, len(faults(t, err)), 10)
		})
	}
}

// FuzzParseManifest: any bytes give a manifest that keeps its rules, or faults.
func FuzzParseManifest(f *testing.F) {
	f.Add([]byte(hello))
	f.Add([]byte("name: &a [*a]\n"))
	f.Add([]byte("name: a\noperators: [x]\nsignalbox: {operators: {x: {command: [sh], inputs: {$ref: '#'}, <<: {retries: 99}}}}"))
	f.Add([]byte("%YAML 1.1\n---\n!!binary name: @\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := catalog.ParseManifest("fiftyone.yml", text)
		if err != nil {
			require.NotEmpty(t, faults(t, err))
			return
		}
		require.Empty(t, sb.CheckName(m.Name))
		for name, c := range m.Commands {
			require.Contains(t, m.Operators, name)
			require.NotEmpty(t, c.Command)
			require.True(t, c.Retries >= 0 && c.Retries <= 98)
			_, err := catalog.Params(c.Inputs, nil)
			require.NotEqual(t, sb.Internal, sb.CodeOf(err), "inputs that were accepted can be used")
		}
	})
}
