package signalbox_test

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	sb "signalbox"
)

func TestMask(t *testing.T) {
	t.Parallel()
	m := sb.NewMask("secret-", "secret-longer", "sho", "first line\nsecond\n", `quo"te\d`, "pässword", "1234567")
	require.Equal(t, base64.StdEncoding.EncodedLen(len("first line\nsecond\n")), m.Longest(), "in Base64")
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

func TestMaskEncoded(t *testing.T) {
	t.Parallel()
	const value = "p/ss wörd+?1"
	m := sb.NewMask(value, "abcdef")
	for name, text := range map[string]string{
		"a query":               "x=" + url.QueryEscape(value),
		"a path":                "/" + url.PathEscape(value) + "/",
		"a path, lower case":    "/" + strings.NewReplacer("%2F", "%2f", "%C3%B6", "%c3%b6", "%3F", "%3f").Replace(url.PathEscape(value)),
		"a path, slashes kept":  "/" + strings.ReplaceAll(url.PathEscape(value), "%2F", "/"),
		"Base64":                base64.StdEncoding.EncodeToString([]byte(value)),
		"Base64 of URLs":        base64.RawURLEncoding.EncodeToString([]byte(value)),
		"a short one in Base64": base64.StdEncoding.EncodeToString([]byte("abcdef")),
	} {
		require.Contains(t, m.Text(text), sb.Masked, name)
		require.LessOrEqual(t, len(m.Text(text)), len("x=")+len(sb.Masked), "%s: %s", name, m.Text(text))
	}
}

// Whatever stands around a value, its Base64 does not give it away: what decodes is not the value.
func TestMaskInBase64(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringMatching(`[a-z0-9/+=:]{6,40}`).Draw(t, "value")
		text := rapid.StringMatching(`[A-Z]{0,8}`).Draw(t, "before") + value + rapid.StringMatching(`[A-Z]{0,8}`).Draw(t, "after")
		for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
			require.Contains(t, sb.NewMask(value).Text(encoding.EncodeToString([]byte(text))), sb.Masked)
		}
	})
}

func TestMasksOfGoAndPythonAreTheSame(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("sdk/python/tests/masks.json") // the Python package's tests read it too
	require.NoError(t, err)
	var rows []struct {
		Name, Text, Masked string
		Secrets            []string
	}
	require.NoError(t, json.Unmarshal(raw, &rows))
	require.NotEmpty(t, rows)
	for _, row := range rows {
		mask := sb.NewMask(row.Secrets...)
		require.Equal(t, row.Masked, mask.Text(row.Text), row.Name)
		require.Equal(t, row.Masked != row.Text, len(mask.Spans([]byte(row.Text))) > 0, row.Name)
	}
}
