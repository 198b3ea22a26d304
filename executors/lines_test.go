package executors

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	sb "signalbox"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

const stamp = "2026-05-01T12:00:00.000000Z "

// cut gives what pieces of output become; the clock moves by step with each look.
func cut(severity sb.Severity, secrets map[string]string, step time.Duration, pieces ...string) string {
	var out bytes.Buffer
	at := noon
	l := &lines{
		severity: severity, mask: maskOf(sb.ClaimAnswer{Secrets: secrets}),
		now: func() time.Time { defer func() { at = at.Add(step) }(); return at },
		out: func(p []byte) { out.Write(p) },
	}
	for _, p := range pieces {
		_, _ = l.Write([]byte(p))
	}
	l.Flush()
	return out.String()
}

func TestLines(t *testing.T) {
	t.Parallel()
	const trace = "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    f()\nValueError: no\n"
	const traced = "Traceback (most recent call last):\n\t  File \"a.py\", line 1, in f\n\t    f()\n\tValueError: no\n"
	cases := []struct {
		name   string
		pieces []string
		want   string
	}{
		{"a plain line gets time and severity", []string{"hello\n"}, stamp + "INFO hello\n"},
		{"a line comes in pieces", []string{"he", "llo", "\nwor", "ld\n"}, stamp + "INFO hello\n" + stamp + "INFO world\n"},
		{"a last line without its end counts", []string{"hello"}, stamp + "INFO hello\n"},
		{"an empty line stays", []string{"\n"}, stamp + "INFO \n"},
		{"a line in a known format is kept as it is", []string{"ERROR:root:bad\n"}, "ERROR:root:bad\n"},
		{"a line of Windows", []string{"a\r\nb\r", "\nc\n"}, stamp + "INFO a\n" + stamp + "INFO b\n" + stamp + "INFO c\n"},
		{"bad UTF-8 is replaced", []string{"a\xffb\n"}, stamp + "INFO a\uFFFDb\n"},
		{
			"a drawn line counts once a second, and as it was in the end",
			[]string{"1%\r2%\r", "3%\r", "100%\n"},
			stamp + "INFO 1%\n" + stamp + "INFO 100%\n",
		},
		{"a drawn line without an end keeps its last state", []string{"1%\r2%\r3%\r"}, stamp + "INFO 1%\n" + stamp + "INFO 3%\n"},
		{"a traceback is one entry", []string{trace, "next\n"}, stamp + "INFO " + traced + stamp + "INFO next\n"},
		{
			"a traceback after a line of logging has its severity",
			[]string{"ERROR:root:bad\n", trace},
			"ERROR:root:bad\n" + stamp + "ERROR " + traced,
		},
		{
			"a traceback that led to another stays one entry",
			[]string{trace, "\nDuring handling of the above exception, another exception occurred:\n\n", trace, "next\n"},
			stamp + "INFO " + traced + "\t\n\tDuring handling of the above exception, another exception occurred:\n\t\n\t" +
				traced + stamp + "INFO next\n",
		},
		{
			"a traceback that is cut off is not lost",
			[]string{"Traceback (most recent call last):\n  File"},
			stamp + "INFO Traceback (most recent call last):\n\t  File\n",
		},
		{
			"secrets are masked, the longer first",
			[]string{"a secret-longer and secret-\n", "key sho\n"},
			stamp + "INFO a *** and ***\n" + stamp + "INFO key sho\n",
		},
		{"a secret that comes in pieces is masked", []string{"a secr", "et- b\n"}, stamp + "INFO a *** b\n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			secrets := map[string]string{"A": "secret-", "B": "secret-longer", "C": "sho"}
			require.Equal(t, c.want, cut(sb.Info, secrets, 0, c.pieces...))
		})
	}
}

func TestDrawnLinesCountEverySecond(t *testing.T) {
	t.Parallel()
	out := cut(sb.Info, nil, time.Second, "1%\r2%\r3%\r100%\n")
	require.Equal(t, 4, strings.Count(out, "\n"))
}

func TestLongLineIsSplit(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ä", 100_000)
	out := cut(sb.Warning, map[string]string{"A": "secret-"}, 0, long, "secret", "-\n")
	var text strings.Builder
	for line := range strings.Lines(out) {
		line = strings.TrimSuffix(line, "\n")
		require.LessOrEqual(t, len(line), sb.MaxLine)
		require.True(t, utf8.ValidString(line))
		text.WriteString(strings.TrimPrefix(line, stamp+"WARNING "))
	}
	require.Equal(t, long+"***", text.String())
}

// However output is cut into pieces, the same lines come out, none is too long, and no secret is in them.
func TestLinesDoNotDependOnPieces(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SampledFrom([]string{
			"a", "hello ", "\n", "\r", "\r\n", "secret-value", "secret-", "Traceback (most recent call last):\n", "  File x\n",
			"ERROR:x:y\n", "\xff", "ä", strings.Repeat("x", 70_000),
		})
		text := strings.Join(rapid.SliceOfN(words, 0, 12).Draw(t, "words"), "")
		var pieces []string
		for rest := text; rest != ""; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "piece")
			pieces, rest = append(pieces, rest[:n]), rest[n:]
		}
		secrets := map[string]string{"A": "secret-value"}
		whole, cutUp := cut(sb.Info, secrets, 0, text), cut(sb.Info, secrets, 0, pieces...)
		require.Equal(t, whole, cutUp)
		require.NotContains(t, whole, "secret-value")
		for line := range strings.Lines(whole) {
			require.LessOrEqual(t, len(line), sb.MaxLine+1)
		}
	})
}

func TestTailKeepsTheLastLines(t *testing.T) {
	t.Parallel()
	tl := &tail{}
	for range 10_000 {
		tl.add([]byte("0123456789"))
	}
	got := tl.String()
	require.LessOrEqual(t, len(got), sb.MaxStack)
	require.Greater(t, len(got), sb.MaxStack-20)
	require.True(t, strings.HasPrefix(got, "0123"), "it begins with a whole line")
	tl.add(bytes.Repeat([]byte("x"), 3*sb.MaxStack))
	require.Len(t, tl.String(), sb.MaxStack)
}

func TestRelaxedJSON(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, in, want string }{
		{
			"numbers that are none", `[NaN,Infinity,-Infinity]`,
			`[{"$numberDouble":"NaN"},{"$numberDouble":"Infinity"},{"$numberDouble":"-Infinity"}]`,
		},
		{"the words inside of strings", `{"NaN":"Infinity \" NaN"}`, `{"NaN":"Infinity \" NaN"}`},
		{"a string that ends with a backslash", `["\\",NaN]`, `["\\",{"$numberDouble":"NaN"}]`},
		{"none of them", `{"a":1}`, `{"a":1}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, string(relaxed([]byte(c.in))))
		})
	}
}

func TestPassEnv(t *testing.T) {
	t.Parallel()
	got := PassEnv([]string{"PATH=/bin", "SECRET=x", "HOME=/h", "PATHS=y"}, []string{"PATH", "HOME"})
	require.True(t, slices.Equal([]string{"PATH=/bin", "HOME=/h"}, got))
}
