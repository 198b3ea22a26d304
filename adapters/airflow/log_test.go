package airflow

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/adapters/airflow/airflowtest"
)

// logOf gives what Log makes of an answer.
func logOf(t *testing.T, version, answer string) (string, error) {
	t.Helper()
	s := airflowtest.Start(t, version)
	a := registered(t, s.URL, "")
	s.Meddle(func(w http.ResponseWriter, r *http.Request, _ http.Handler) bool {
		if !strings.Contains(r.URL.Path, "/logs/") {
			return false
		}
		w.Header().Set("Content-Type", map[string]string{"2.10.3": "text/plain", "3.3.1": "application/x-ndjson"}[version])
		_, _ = io.WriteString(w, answer)
		return true
	})
	body, err := a.Log(t.Context(), sb.Place{Target: sb.Target{DAG: "d"}, Name: "r"}, sb.Part{Source: "t"}, 1)
	if err != nil {
		return "", err
	}
	defer body.Close()
	all, err := io.ReadAll(body)
	require.NoError(t, err)
	return string(all), nil
}

func TestTheLogOfAirflow2(t *testing.T) {
	t.Parallel()
	for name, c := range map[string][2]string{
		"with a host and sources": {"vm\n*** Found local files:\n***   * /x\n[2026-11-22T04:23:00.978+0000] {a.py:1} INFO - hello\n", "[2026-11-22T04:23:00.978+0000] {a.py:1} INFO - hello\n"},
		"without":                 {"[2026-11-22T04:23:00.978+0000] {a.py:1} INFO - hello\nmore", "[2026-11-22T04:23:00.978+0000] {a.py:1} INFO - hello\nmore"},
		"of another format":       {"vm\n*** Reading remote log\nhello\n\nworld\n", "hello\n\nworld\n"},
		"with a long source":      {"vm\n*** " + strings.Repeat("x", 200_000) + "\nhello\n", "hello\n"},
	} {
		got, err := logOf(t, "2.10.3", c[0])
		require.NoError(t, err, name)
		require.Equal(t, c[1], got, name)
	}
	for _, none := range []string{"", "vm\n", "vm\n*** Could not read served logs: 404 Client Error\n\n", "*** No host supplied\n", "vm\n*** Try number 0 is invalid."} {
		_, err := logOf(t, "2.10.3", none)
		require.Equal(t, sb.NotFound, sb.CodeOf(err), "%q: %v", none, err)
	}
}

func TestTheLogOfAirflow3(t *testing.T) {
	t.Parallel()
	head := `{"timestamp":null,"event":"::group::Log message source details"}` + "\n" + `{"timestamp":null,"event":"/x/attempt=1.log"}` + "\n" + `{"timestamp":null,"event":"::endgroup::"}` + "\n"
	line := `{"timestamp":"2026-11-22T04:23:22.608382Z","event":"hello","level":"info","logger":"task.stdout"}` + "\n"
	for name, c := range map[string][2]string{
		"with sources":      {head + line, line},
		"without":           {line + line, line + line},
		"with a group":      {head + strings.ReplaceAll(line, "hello", "::endgroup::"), strings.ReplaceAll(line, "hello", "::endgroup::")},
		"with a long line":  {head + strings.Repeat("x", 300_000) + "\n" + line, strings.Repeat("x", 300_000) + "\n" + line},
		"without its end":   {head + strings.TrimSpace(line), strings.TrimSpace(line)},
		"with no exception": {`{"event":"x","error_detail":[]}` + "\n", `{"event":"x","error_detail":[]}` + "\n"},
		"with an exception": {
			`{"timestamp":"2026-11-22T04:23:22.608699Z","event":"Task failed with exception","level":"error","error_detail":[` +
				`{"exc_type":"ValueError","exc_value":"b","is_cause":false,"frames":[{"filename":"f.py","lineno":2,"name":"g"}]},` +
				`{"exc_type":"KeyError","exc_value":"'a'","is_cause":true,"frames":[{"filename":"f.py","lineno":1,"name":"f"}]}]}` + "\n" + line,
			"2026-11-22T04:23:22.608699Z ERROR Task failed with exception\n\tTraceback (most recent call last):\n\t  File \"f.py\", line 1, in f\n\tKeyError: 'a'\n\t\n" +
				"\tThe above exception was the direct cause of the following exception:\n\t\n\tTraceback (most recent call last):\n\t  File \"f.py\", line 2, in g\n\tValueError: b\n" + line,
		},
	} {
		got, err := logOf(t, "3.3.1", c[0])
		require.NoError(t, err, name)
		require.Equal(t, c[1], got, name)
	}
	_, err := logOf(t, "3.3.1", "")
	require.Equal(t, sb.NotFound, sb.CodeOf(err))
}
