package signalbox_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	sb "signalbox"
)

func TestMask(t *testing.T) {
	t.Parallel()
	m := sb.NewMask("secret-", "secret-longer", "sho", "first line\nsecond\n", `quo"te\d`, "pässword", "1234567")
	require.Equal(t, len(`first line\\nsecond\\n`), m.Longest(), "as JSON within JSON")
	for name, row := range map[string]struct{ text, want string }{
		"no value":                        {"short sho", "short sho"},
		"the longer value first":          {"a secret-longer and secret-", "a *** and ***"},
		"a value of several lines, whole": {"<first line\nsecond\n>", "<***>"},
		"a line of such a value":          {"it is second", "it is ***"},
		"beside each other":               {"secret-secret-", "******"},
		"as text in JSON":                 {`{"a": "quo\"te\\d", "b": "p\u00e4ssword"}`, `{"a": "***", "b": "***"}`},
		"as text in JSON within JSON":     {`{"a": "{\"b\": \"quo\\\"te\\\\d\"}"}`, `{"a": "{\"b\": \"***\"}"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, row.want, m.Text(row.text))
			require.Equal(t, row.want, string(m.Bytes([]byte(row.text))))
		})
	}
	for name, row := range map[string]struct{ text, want string }{
		"nothing":                       {``, ``},
		"no value, as it was written":   {`{"b": 1, "a":"\u00e9"}`, `{"b": 1, "a":"\u00e9"}`},
		"in a string, a key and a list": {`{"secret-":["x secret-longer"]}`, `{"***":["x ***"]}`},
		"escaped as needed":             {`{"a":"quo\"te\\d"}`, `{"a":"***"}`},
		"escaped without need":          {`["\u0073ecret-", "p\u00e4ssword"]`, `["***", "***"]`},
		"over lines":                    {`"first line\nsecond\n!"`, `"***!"`},
		"a number":                      {`{"pin":1234567,"n":-12345678.5}`, `{"pin":"***","n":"***"}`},
		"what is no JSON":               {`"secret-`, `"***`},
	} {
		t.Run("JSON: "+name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, row.want, string(m.JSON([]byte(row.text))))
		})
	}
	require.Equal(t, `"secret-"`, string(sb.Mask{}.JSON([]byte(`"secret-"`))), "without secrets nothing is replaced")
}

// Whatever a secret is, and however JSON is written around it, it is masked and the rest stays JSON.
func TestMaskedJSONIsJSONWithoutTheSecret(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.StringN(6, 40, -1).Filter(func(s string) bool { return sb.CheckSecret(s) == "" && !strings.Contains(s, "*") }).Draw(t, "secret")
		before, after := rapid.String().Draw(t, "before"), rapid.String().Draw(t, "after")
		raw, err := json.Marshal(map[string]any{before: []any{1.5, nil, after + secret + before}})
		require.NoError(t, err)
		var got map[string][]any
		require.NoError(t, json.Unmarshal(sb.NewMask(secret).JSON(raw), &got))
		for key, list := range got {
			require.NotContains(t, key, secret)
			require.NotContains(t, list[2], secret)
		}
	})
}

func TestSecretsThatCanBe(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"API_KEY", "_x", "a", "PATHS", "OPENAI_API_KEY", "FIFTYONE_CVAT_URL", strings.Repeat("k", 200)} {
		require.Empty(t, sb.CheckSecretKey(key), key)
	}
	for _, key := range []string{"", "1A", "A-B", "A B", "A=B", "Ä", "A\n", "PATH", "SIGNALBOX_TOKEN", "LD_PRELOAD", "PYTHONPATH", "BASH_ENV", strings.Repeat("k", 201)} {
		require.NotEmpty(t, sb.CheckSecretKey(key), key)
	}
	for _, value := range []string{"123456", "pässwo", "a\nlonger\n", strings.Repeat("v", sb.MaxSecret)} {
		require.Empty(t, sb.CheckSecret(value), value)
	}
	for _, value := range []string{"", "12345", "abc\ndef\nghi", "with\x00zero", "bad\xffutf8", strings.Repeat("v", sb.MaxSecret+1)} {
		require.NotEmpty(t, sb.CheckSecret(value), value)
	}
}
