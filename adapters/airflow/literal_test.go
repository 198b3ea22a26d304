package airflow

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestPythonsTextOfValues(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{'a': 1, 'b': [True, False, None], 'c': {'d': -1.5e-07}}`: `{"a":1,"b":[true,false,null],"c":{"d":-1.5e-07}}`,
		`[]`:                             `[]`,
		`{}`:                             `{}`,
		`()`:                             `[]`,
		`(1,)`:                           `[1]`,
		`(1, 'x')`:                       `[1,"x"]`,
		`[1, 2,]`:                        `[1,2]`,
		`"it's"`:                         `"it's"`,
		`'a "b" \'c\' \\ \n \t'`:         `"a \"b\" 'c' \\ \n \t"`,
		`'\x00\xe9\u20ac\U0001f600'`:     `"\u0000é€😀"`,
		`'ü'`:                            `"ü"`,
		`12345678901234567890123`:        `12345678901234567890123`,
		`1e+16`:                          `1e+16`,
		`{1: 'a', None: 'b', True: 'c'}`: `{"1":"a","null":"b","true":"c"}`,
	} {
		got, ok := pythonLiteral(text)
		require.True(t, ok, text)
		require.JSONEq(t, want, string(got), text)
	}
	for _, text := range []string{
		"", "hello", "hello world", "nan", "inf", "-inf", "{1, 2}", "set()", "datetime.datetime(2020, 1, 1)", "(1)", "[1", "'a", "{'a'}", "{'a': }", "{[1]: 2}",
		"Truex", "None_", "1 2", "01", "1_000", "0x10", "b'x'", "<object at 0x7f>", `'\N{DASH}'`, "array([1])", "1+2j", strings.Repeat("[", 1000),
		"[1 2]", "{'a': 1 'b': 2}", `'\x4'`,
	} {
		_, ok := pythonLiteral(text)
		require.False(t, ok, text)
	}
}

func TestTheOrderOfADictIsKept(t *testing.T) {
	t.Parallel()
	got, ok := pythonLiteral(`{'z': 1, 'a': {'y': 2, 'b': 3}}`)
	require.True(t, ok)
	require.Equal(t, `{"z":1,"a":{"y":2,"b":3}}`, string(got))
	_, ok = pythonLiteral(`{1: 'a', '1': 'b'}`)
	require.False(t, ok, "JSON has no key twice")
}

func TestWhatPythonWritesIsReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := valueOf(3).Draw(t, "value")
		got, ok := pythonLiteral(repr(v))
		require.True(t, ok, repr(v))
		want, err := json.Marshal(v)
		require.NoError(t, err)
		require.JSONEq(t, string(want), string(got), repr(v))
	})
}

func FuzzPythonLiteral(f *testing.F) {
	f.Add(`{'a': (1, "x\n", [None])}`)
	f.Fuzz(func(t *testing.T, text string) {
		if got, ok := pythonLiteral(text); ok && !json.Valid(got) {
			t.Fatalf("%q is read as %q", text, got)
		}
	})
}

func valueOf(depth int) *rapid.Generator[any] {
	plain := rapid.OneOf(
		rapid.Just[any](nil), rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Map(rapid.Int(), func(n int) any { return n }), rapid.Map(rapid.String(), func(s string) any { return s }),
	)
	if depth == 0 {
		return plain
	}
	return rapid.OneOf(plain,
		rapid.Map(rapid.SliceOfN(valueOf(depth-1), 0, 4), func(l []any) any { return append([]any{}, l...) }),
		rapid.Map(rapid.MapOfN(rapid.String(), valueOf(depth-1), 0, 4), func(m map[string]any) any { return m }),
	)
}

// repr writes a value as Python does.
func repr(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		return map[bool]string{true: "True", false: "False"}[v]
	case string:
		return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(v) + "'"
	case []any:
		var all []string
		for _, e := range v {
			all = append(all, repr(e))
		}
		return "[" + strings.Join(all, ", ") + "]"
	case map[string]any:
		var all []string
		for k, e := range v {
			all = append(all, repr(k)+": "+repr(e))
		}
		return "{" + strings.Join(all, ", ") + "}"
	}
	b, _ := json.Marshal(v)
	return string(b)
}
