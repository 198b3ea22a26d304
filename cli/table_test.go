package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	sb "signalbox"
)

func TestTablesFitTheTerminalAndLoseNoRow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		columns := rapid.IntRange(1, 5).Draw(t, "columns")
		cell := rapid.StringMatching(`[a-zäß日]{0,40}`)
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, columns, columns), 1, 5).Draw(t, "rows")
		for _, r := range rows {
			r[0] = "x" + r[0]
		}
		width := rapid.IntRange(columns*(narrowest+gap), 120).Draw(t, "width")
		var out bytes.Buffer
		if err := writeTable(&out, width, nil, rows); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		if len(lines) != len(rows) {
			t.Fatalf("%d lines for %d rows", len(lines), len(rows))
		}
		for _, line := range lines {
			if w := widths(nil, [][]string{{line}})[0]; w > width {
				t.Fatalf("a line is %d wide on a terminal of %d: %q", w, width, line)
			}
		}
	})
}

func TestSpinnerForUnknownProgress(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := &screen{out: &out, width: 80}
	s.progress(&sb.Progress{Label: strings.Repeat("busy ", 30)})
	s.say("a line")
	s.progress(&sb.Progress{Label: "still"})
	s.progress(nil)
	require.Contains(t, out.String(), "…")
	require.Contains(t, out.String(), "a line\n")
	require.Contains(t, out.String(), "still")
	require.NoError(t, s.err)
}

func TestColours(t *testing.T) {
	t.Parallel()
	require.Equal(t, "\x1b[31mfailed\x1b[0m", paint(true).status(sb.Failed))
	require.Equal(t, "failed", paint(false).status(sb.Failed))
	require.Equal(t, "a b c", printable("a\x1bb\nc"))
	require.Equal(t, "ab", printable("a\u202eb"))
	require.Equal(t, "a\n\tb", printableLines("a\n\tb"))
}
