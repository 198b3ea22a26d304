package signalbox_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	sb "signalbox"
)

func TestParseLine(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC)
	milli, micro := at.Add(123*time.Millisecond), at.Add(123456*time.Microsecond)
	for name, tt := range map[string]struct {
		line     string
		at       time.Time
		severity sb.Severity
		message  string
		unknown  bool
	}{
		"ours":                              {"2026-05-01T10:00:00.123456Z INFO hello", micro, sb.Info, "hello", false},
		"ours, message kept as it is":       {"2026-05-01T10:00:00.123456Z ERROR  - [x]: y", micro, sb.ErrorLine, " - [x]: y", false},
		"ours without a message":            {"2026-05-01T10:00:00.123456Z INFO ", micro, sb.Info, "", false},
		"ours in another zone":              {"2026-05-01T12:00:00+02:00 WARNING late", at, sb.Warning, "late", false},
		"python basicConfig":                {"WARNING:root:look out", time.Time{}, sb.Warning, "look out", false},
		"python basicConfig, colons":        {"INFO:a.b:x: y", time.Time{}, sb.Info, "x: y", false},
		"python with dashes":                {"2026-05-01 10:00:00,123 - my.app - ERROR - it - broke", milli, sb.ErrorLine, "it - broke", false},
		"python time and level":             {"2026-05-01 10:00:00,123 DEBUG looking", milli, sb.Debug, "looking", false},
		"python padded level":               {"2026-05-01 10:00:00,123 INFO     - looking", milli, sb.Info, "looking", false},
		"python level in brackets":          {"2026-05-01 10:00:00,123 [CRITICAL] out", milli, sb.Critical, "out", false},
		"python time in brackets":           {"[2026-05-01 10:00:00,123] ERROR no", milli, sb.ErrorLine, "no", false},
		"airflow":                           {"[2026-05-01T10:00:00.123+0000] {taskinstance.py:1} INFO - go", milli, sb.Info, "go", false},
		"airflow, older":                    {"[2026-05-01, 10:00:00 UTC] {taskinstance.py:1} WARNING - go", at, sb.Warning, "go", false},
		"level and colon":                   {"ERROR: no such file", time.Time{}, sb.ErrorLine, "no such file", false},
		"logrus text":                       {`time="2026-05-01T10:00:00Z" level=warning msg="a \"b\"" n=1`, at, sb.Warning, `a "b" n=1`, false},
		"logrus text without time":          {`level=info msg=hello`, time.Time{}, sb.Info, "hello", false},
		"logrus on a terminal":              {"\x1b[36mINFO\x1b[0m[0012] hello \x1b[36mn\x1b[0m=1", time.Time{}, sb.Info, "hello n=1", false},
		"logrus JSON":                       {`{"level":"error","msg":"no\tway","time":"2026-05-01T10:00:00Z","n":{"a":[1,"}"]}}`, at, sb.ErrorLine, "no\tway", false},
		"JSON of the work API":              {`{"timestamp":"2026-05-01T10:00:00.123456Z","severity":"CRITICAL","message":"x"}`, micro, sb.Critical, "x", false},
		"JSON with seconds":                 {`{"ts": 1777629600.123, "level": "debug", "message": "x"}`, milli, sb.Debug, "x", false},
		"JSON without a message":            {`{"level":"info","n":1}`, time.Time{}, sb.Info, `{"level":"info","n":1}`, false},
		"JSON without a level":              {`{"msg":"x"}`, time.Time{}, sb.Info, `{"msg":"x"}`, true},
		"JSON cut off":                      {`{"level":"info","msg":"x`, time.Time{}, sb.Info, `{"level":"info","msg":"x`, true},
		"plain":                             {"hello world", time.Time{}, sb.Info, "hello world", true},
		"a word in capitals":                {"ERROR handling is on", time.Time{}, sb.Info, "ERROR handling is on", true},
		"a time alone":                      {"2026-05-01 10:00:00 step 3", time.Time{}, sb.Info, "2026-05-01 10:00:00 step 3", true},
		"no such day":                       {"2026-15-01 10:00:00 INFO x", time.Time{}, sb.Info, "2026-15-01 10:00:00 INFO x", true},
		"a progress bar":                    {"10%\r50%\r100%", time.Time{}, sb.Info, "100%", true},
		"a progress bar with a time":        {"2026-05-01T10:00:00.123456Z INFO 10%\r100%", micro, sb.Info, "100%", false},
		"a line of Windows":                 {"INFO:x:hello\r", time.Time{}, sb.Info, "hello", false},
		"a bar, then a line in the way":     {"50%\rINFO:x:hello", time.Time{}, sb.Info, "hello", false},
		"colours and a link":                {"\x1b[1;31mred\x1b[m \x1b]8;;http://x\x07link\x1b]8;;\x07\x1b(B", time.Time{}, sb.Info, "red linkB", true},
		"an escape that never ends":         {"a\x1b[", time.Time{}, sb.Info, "a", true},
		"empty":                             {"", time.Time{}, sb.Info, "", true},
		"a bracket that is no time":         {"[1/3] build", time.Time{}, sb.Info, "[1/3] build", true},
		"a field that looks like logrus":    {"time=3s", time.Time{}, sb.Info, "time=3s", true},
		"digits that are no time":           {"42", time.Time{}, sb.Info, "42", true},
		"five past, in a zone to the west":  {"2026-05-01T05:00:00-0500 INFO x", at, sb.Info, "x", false},
		"a time with nothing but its level": {"2026-05-01 10:00:00,123 INFO", milli, sb.Info, "", false},
		"Kubernetes":                        {"2026-05-01T10:00:00.123Z stdout F hello", milli, sb.Info, "hello", false},
		"Kubernetes, from standard error":   {"2026-05-01T10:00:00.123+00:00 stderr F oh no", milli, sb.Warning, "oh no", false},
		"Kubernetes, a part of a line":      {"2026-05-01T10:00:00.123Z stdout P hel", milli, sb.Info, "hel", false},
		"Kubernetes, with tags":             {"2026-05-01T10:00:00.123Z stdout F:x:y hello", milli, sb.Info, "hello", false},
		"Kubernetes, an empty line":         {"2026-05-01T10:00:00.123Z stdout F ", milli, sb.Info, "", false},
		"Kubernetes around Python":          {"2026-05-01T11:00:00.5Z stderr F 2026-05-01 10:00:00,123 - app - ERROR - no", milli, sb.ErrorLine, "no", false},
		"Kubernetes around a bare level":    {"2026-05-01T10:00:00.123Z stderr F ERROR:root:no", milli, sb.ErrorLine, "no", false},
		"Kubernetes around JSON":            {`2026-05-01T11:00:00.5Z stdout F {"level":"debug","msg":"x","ts":"2026-05-01T10:00:00.123Z"}`, milli, sb.Debug, "x", false},
		"Kubernetes with colours":           {"2026-05-01T10:00:00.123Z stdout F \x1b[1mhi\x1b[0m", milli, sb.Info, "hi", false},
		"no stream of Kubernetes":           {"2026-05-01T10:00:00.123Z stdin F hello", time.Time{}, sb.Info, "2026-05-01T10:00:00.123Z stdin F hello", true},
		"Docker":                            {`{"log":"hello\n","stream":"stdout","time":"2026-05-01T10:00:00.123Z"}`, milli, sb.Info, "hello", false},
		"Docker, from standard error":       {`{"log":"say \"no\"\n","stream":"stderr","time":"2026-05-01T10:00:00.123Z"}`, milli, sb.Warning, `say "no"`, false},
		"Docker around logrus":              {`{"log":"level=error msg=no\n","stream":"stderr","time":"2026-05-01T10:00:00.123Z"}`, milli, sb.ErrorLine, "no", false},
		"JSON that is not Docker's":         {`{"log":1,"stream":"stdout","level":"info","msg":"x"}`, time.Time{}, sb.Info, "x", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ts, sev, message, known := sb.ParseLine([]byte(tt.line))
			require.Equal(t, tt.message, string(message))
			require.Equal(t, tt.severity, sev)
			require.Equal(t, !tt.unknown, known)
			if tt.at.IsZero() {
				require.Nil(t, ts)
				return
			}
			require.NotNil(t, ts)
			require.Equal(t, tt.at, *ts)
		})
	}
}

// fold gives the entries of lines, each line of an entry behind a |.
func fold(text string) []string {
	var f sb.Fold
	var entries []string
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		_, sev, message, known := sb.ParseLine([]byte(line))
		rest, continues := f.Next(sev, message, known)
		if continues && len(entries) > 0 {
			entries[len(entries)-1] += "|" + string(rest)
			continue
		}
		entries = append(entries, string(rest))
	}
	return entries
}

func TestFold(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text string
		want []string
	}{
		"a traceback": {
			"start\nTraceback (most recent call last):\n  File \"x\", line 1\n    f()\nValueError: no\nnext",
			[]string{"start", "Traceback (most recent call last):|  File \"x\", line 1|    f()|ValueError: no", "next"},
		},
		"a traceback with its error": {
			"ERROR:root:it broke\nTraceback (most recent call last):\n  File\nKeyError: 'a'\nINFO:root:on",
			[]string{"it broke|Traceback (most recent call last):|  File|KeyError: 'a'", "on"},
		},
		"a traceback whose lines have a time each": {
			"2026-05-01T10:00:00Z WARNING Traceback (most recent call last):\n2026-05-01T10:00:00Z WARNING   File\n" +
				"2026-05-01T10:00:00Z WARNING a.B: no\n2026-05-01T10:00:00Z WARNING more",
			[]string{"Traceback (most recent call last):|  File|a.B: no", "more"},
		},
		"a traceback whose first line has a time, behind its error": {
			"ERROR:root:it broke\n2026-05-01T10:00:00Z WARNING Traceback (most recent call last):\n  File\nValueError\nx",
			[]string{"it broke|Traceback (most recent call last):|  File|ValueError", "x"},
		},
		"a traceback from another": {
			"Traceback (most recent call last):\n  F\nA: 1\n\nDuring handling of the above exception, another exception occurred:\n\n" +
				"Traceback (most recent call last):\n  G\nB: 2\nnext",
			[]string{"Traceback (most recent call last):|  F|A: 1||During handling of the above exception, another exception occurred:||" +
				"Traceback (most recent call last):|  G|B: 2", "next"},
		},
		"another thread speaks in between": {
			"Traceback (most recent call last):\n  F\nINFO:x:hello",
			[]string{"Traceback (most recent call last):|  F", "hello"},
		},
		"indented behind an error":    {"ERROR: no\n  because\n  of that\nnext", []string{"no|  because|  of that", "next"}},
		"indented behind information": {"INFO: yes\n  and\nno", []string{"yes", "  and", "no"}},
		"a message of several lines":  {"INFO:x:a\n\tb\n\t\tc\nd", []string{"a|b|\tc", "d"}},
		"a panic": {
			"panic: no\n\ngoroutine 1 [running]:\nmain.f(...)\n\t/x.go:1 +0x1\nexit status 2\nnext line",
			[]string{"panic: no||goroutine 1 [running]:|main.f(...)|\t/x.go:1 +0x1|exit status 2", "next line"},
		},
		"java": {
			"Exception in thread \"main\" a.B: no\n\tat a.b(C.java:1)\nCaused by: x\n\t... 3 more\nnext",
			[]string{"Exception in thread \"main\" a.B: no|\tat a.b(C.java:1)|Caused by: x|\t... 3 more", "next"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, fold(tt.text))
		})
	}
}

func TestFormattedMessagesComeBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		message := rapid.StringMatching(`[^\r\n\x1b]{0,40}(\n[^\r\n\x1b]{1,40}){0,5}`).Draw(t, "message")
		sev := rapid.SampledFrom(sb.Severities).Draw(t, "severity")
		at := time.UnixMicro(rapid.Int64Range(0, 4e15).Draw(t, "time")).UTC()
		text := sb.FormatLine(at, sev, []byte(message))
		first, _, _ := bytes.Cut(text, []byte{'\n'})
		ts, got, _, known := sb.ParseLine(first)
		require.True(t, known)
		require.Equal(t, at, *ts)
		require.Equal(t, sev, got)
		if strings.HasPrefix(message, "panic: ") || strings.HasPrefix(message, "Exception in") {
			return // their frames begin with a tab of their own, which stays
		}
		require.Equal(t, []string{strings.ReplaceAll(message, "\n", "|")}, fold(string(text)))
	})
}

func FuzzParseLine(f *testing.F) {
	for _, seed := range []string{
		"2026-05-01T10:00:00.123456Z INFO x", `{"level":"info","msg":"x"}`, `level=info msg="x"`, "[2026-05-01 10:00:00,1] INFO x",
		"INFO:a:b", "a\rb", "\x1b[1mx", "Traceback (most recent call last):",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		_, sev, message, _ := sb.ParseLine(line)
		require.Contains(t, sb.Severities, sev)
		require.LessOrEqual(t, len(message), len(line)+8)
	})
}

func BenchmarkParseLine(b *testing.B) {
	line := []byte("2026-05-01T10:00:00.123456Z INFO image 000123 of 100000: brightness 0.51, contrast 0.22")
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		sb.ParseLine(line)
	}
}
