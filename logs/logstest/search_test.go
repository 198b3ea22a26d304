package logstest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	sb "signalbox"
	"signalbox/blobs"
	"signalbox/logs"
)

// A finished log is searched in its bytes, over several answers: that finds what reading every line of it finds.
func TestASearchFindsTheSameInAFinishedLog(t *testing.T) {
	t.Parallel()
	forms := []string{
		"%s", "INFO:x:%s", "ERROR:x:a %s b", "time=2026-05-01T10:00:00Z level=info msg=\"\\x6eeedle %s\"",
		`{"level":"info","message":"\u006eeedle %s"}`, `{"level":"info","message":"C:\\temp\n%s"}`, "nee\x1b[1mdle %s",
		"Traceback (most recent call last):\n  File %s\nValueError: %[1]s", "\u212aelvin %s",
	}
	rapid.Check(t, func(rt *rapid.T) {
		var text strings.Builder
		for range rapid.IntRange(300, 2000).Draw(rt, "lines") {
			text.WriteString("INFO:x:nothing\n")
		}
		lines := strings.SplitAfter(text.String(), "\n")
		for range rapid.IntRange(0, 12).Draw(rt, "others") {
			at := rapid.IntRange(0, len(lines)-1).Draw(rt, "at")
			lines[at] = fmt.Sprintf(rapid.SampledFrom(forms).Draw(rt, "form")+"\n", rapid.SampledFrom([]string{"needle", "NEEDLE", "x"}).Draw(rt, "word"))
		}
		b, err := blobs.OpenFiles(t.TempDir())
		require.NoError(rt, err)
		defer func() { require.NoError(rt, b.Close()) }()
		r := newRows()
		run := r.begin("r", "")
		now := time.Now()
		l := logs.New(r, b, r, logs.Options{Now: func() time.Time {
			now = now.Add(700 * time.Millisecond)
			return now
		}})
		require.NoError(rt, l.Append(t.Context(), process("r"), 0, []byte(strings.Join(lines, "")), false))
		q := sb.LineQuery{
			Count: rapid.IntRange(1, 5).Draw(rt, "count"), Search: rapid.SampledFrom([]string{"Needle", "a needle", "kelvin", "temp", `"`}).Draw(rt, "search"),
			Level: rapid.SampledFrom([]sb.Severity{"", sb.ErrorLine}).Draw(rt, "level"),
		}
		all := func(run sb.Run) (found []sb.NumberedLine) {
			for q := q; q.From >= 0; {
				w, err := l.Lines(t.Context(), run, q)
				require.NoError(rt, err)
				found, q.From = append(found, w.Lines...), w.Next
			}
			return found
		}
		want := all(run)
		r.end("r")
		r.later(sb.ReportGrace)
		require.NoError(rt, l.Compact(t.Context(), "r"))
		run, err = r.Run(t.Context(), "r")
		require.NoError(rt, err)
		require.Equal(rt, want, all(run))
	})
}
