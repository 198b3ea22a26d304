package logs_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	sb "signalbox"
	"signalbox/logs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEntries(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", sb.MaxLine)
	for name, tt := range map[string]struct {
		text string
		want []string
	}{
		"nothing":                     {"", nil},
		"two lines":                   {"a\nb\n", []string{"INFO a", "INFO b"}},
		"no newline at the end":       {"a\nb", []string{"INFO a", "INFO b"}},
		"blank lines stay":            {"a\n\nb\n", []string{"INFO a", "INFO ", "INFO b"}},
		"a traceback is one error":    {"2026-05-01T10:00:00Z WARNING Traceback (most recent call last):\n  F\nE: x\n\nb\n", []string{"ERROR Traceback (most recent call last):\n  F\nE: x", "INFO b"}},
		"several lines of a message":  {"2026-05-01T10:00:00Z INFO a\n\tb\n", []string{"INFO a\nb"}},
		"bytes that are no UTF-8":     {"a\xff\xfeb\n", []string{"INFO a\uFFFDb"}},
		"a line over 64 KiB is split": {long + "yz\n", []string{"INFO " + long, "INFO yz"}},
		"a line of 64 KiB is not":     {long[1:] + "\nz\n", []string{"INFO " + long[1:], "INFO z"}},
		"a bar and colours":           {"1%\r\x1b[1m2%\x1b[m\n", []string{"INFO 2%"}},
	} {
		for _, piece := range []int{1, 7, 1 << 20} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				lines, _ := logs.Parse([]byte(tt.text), 0, piece)
				var got []string
				for _, l := range lines {
					got = append(got, string(l.Severity)+" "+l.Message)
				}
				require.Equal(t, tt.want, got)
			})
		}
	}
}

// text draws a log of lines that matter to folding.
func text(t *rapid.T) []byte {
	lines := rapid.SliceOfN(rapid.SampledFrom([]string{
		"plain", "", "INFO:x:hello", "ERROR:x:no", "2026-05-01T10:00:00Z WARNING Traceback (most recent call last):",
		"Traceback (most recent call last):", "  File \"x\"", "ValueError: x", "\tindented", "panic: no", "goroutine 1 [running]:",
		"During handling of the above exception, another exception occurred:", "main.f()", "\xff", "a\rb", `{"level":"error","msg":"x"}`,
		"Exception in thread \"x\"", "Caused by: y", "2026-05-01T10:00:00Z CRITICAL out", "2026-05-01T10:00:00Z WARNING   File",
	}), 0, 900).Draw(t, "lines")
	return []byte(strings.Join(lines, "\n") + rapid.SampledFrom([]string{"", "\n"}).Draw(t, "end"))
}

func TestAnIndexPointsToStartsOfLines(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := text(t)
		lines, starts := logs.Parse(text, 0, rapid.IntRange(1, 4000).Draw(t, "piece"))
		answer, offsets, err := logs.IndexOf(text)
		require.NoError(t, err)
		require.EqualValues(t, len(lines), answer.Lines)
		for i, offset := range offsets {
			require.Equal(t, starts[i*logs.BlockEntries], offset)
			require.True(t, offset == 0 || text[offset-1] == '\n')
			rest, _ := logs.Parse(text, offset, 1<<20)
			require.Equal(t, lines[i*logs.BlockEntries:], rest)
		}
		sum := int64(0)
		for _, n := range answer.Levels {
			sum += n
		}
		require.Equal(t, answer.Lines, sum)
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("a\nERROR:x:y\n  z\nTraceback (most recent call last):\n  F\nE: x\n"), 3)
	f.Fuzz(func(t *testing.T, text []byte, piece int) {
		whole, starts := logs.Parse(text, 0, len(text)+1)
		if piece > 0 {
			pieces, _ := logs.Parse(text, 0, piece)
			require.Equal(t, whole, pieces)
		}
		for i, start := range starts {
			if i > 0 {
				require.Greater(t, start, starts[i-1])
			}
		}
		if len(starts) > 0 {
			rest, _ := logs.Parse(text, starts[len(starts)/2], len(text)+1)
			require.Equal(t, whole[len(starts)/2:], rest)
		}
	})
}

func FuzzIndex(f *testing.F) {
	f.Add([]byte("SBLI\x01\x00"))
	f.Fuzz(func(_ *testing.T, b []byte) { _ = logs.DecodeIndex(b) })
}

func BenchmarkParse(b *testing.B) {
	text := bytes.Repeat([]byte("2026-05-01T10:00:00.123456Z INFO image 000123 of 100000: brightness 0.51, contrast 0.22\n"), 10_000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		logs.ParseOnly(text)
	}
}
