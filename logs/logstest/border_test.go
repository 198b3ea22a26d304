package logstest_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	sb "signalbox"
	"signalbox/blobs"
	"signalbox/logs"
)

// secret is what every process of these tests was given.
const secret = "battery-staple"

func borders(t *testing.T, w *world) {
	before := "a line with battery-sta" + "ple in it\nbattery" + "-stapler\n"
	w.rows.begin("r", "worker")
	for range 2 { // sent again, as without an answer
		w.add(t, process("r"), 0, before[:23])
		w.add(t, process("r"), 1, before[23:40])
		w.add(t, process("r"), 2, before[40:])
	}
	want := strings.ReplaceAll(before, secret, strings.Repeat("*", len(secret)))
	require.Equal(t, want, w.whole(t, w.run(t, "r")))
	w.rows.end("r")
	require.NoError(t, w.Compact(t.Context(), "r"))
	require.Equal(t, want, w.whole(t, w.run(t, "r")))
}

func TestNoSplitBringsASecretIntoALog(t *testing.T) {
	t.Parallel()
	files, err := blobs.OpenFiles(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, files.Close()) })
	mask := sb.NewMask(secret)
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		var text strings.Builder
		for _, part := range rapid.SliceOfN(rapid.SampledFrom([]string{secret, "\n", "x", "battery-", "YmF0dGVyeS1zdGFwbGU=", "some words "}), 1, 20).Draw(r, "parts") {
			text.WriteString(part)
		}
		whole := text.String()
		rows := newRows()
		n++
		id := fmt.Sprintf("r%d", n)
		rows.begin(id, "worker")
		two := [2]*logs.Logs{} // one knows nothing of what the other got
		for i := range two {
			two[i] = logs.New(rows, files, rows, logs.Options{Mask: func(context.Context, sb.Process) (sb.Mask, error) { return mask, nil }})
		}
		for seq := int64(0); len(whole) > 0; seq++ {
			size := min(rapid.IntRange(1, 60).Draw(r, "size"), len(whole))
			body := mask.Bytes([]byte(whole[:size]))
			whole = whole[size:]
			require.NoError(r, two[rapid.IntRange(0, 1).Draw(r, "replica")].Append(t.Context(), process(id), seq, body, false))
		}
		run, err := rows.Run(t.Context(), id)
		require.NoError(r, err)
		shown, err := two[0].Show(t.Context(), run)
		require.NoError(r, err)
		for _, l := range shown.Lines {
			require.Empty(r, mask.Spans([]byte(l.Message)), l.Message)
		}
	})
}

// elsewhere is a log that others keep.
type elsewhere string

func (e elsewhere) Open(context.Context, sb.Run, string) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(string(e))), nil
}

func TestNoPieceBringsASecretIntoALogThatIsReadElsewhere(t *testing.T) {
	t.Parallel()
	files, err := blobs.OpenFiles(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, files.Close()) })
	mask := func(context.Context, sb.Process) (sb.Mask, error) { return sb.NewMask(secret), nil }
	for _, before := range []int{256 << 10, 512 << 10, 1 << 20} {
		text := strings.Repeat("x", before-5) + secret + strings.Repeat("y", 1<<20) + "\n"
		rows := newRows()
		l := logs.New(rows, files, rows, logs.Options{Elsewhere: elsewhere(text), Mask: mask})
		rows.begin("referred", "worker")
		require.NoError(t, l.Refer(t.Context(), process("referred"), "s3://b/x", strings.NewReader(text)))
		run, err := rows.Run(t.Context(), "referred")
		require.NoError(t, err)
		body, _, err := l.Open(t.Context(), run, 0, -1)
		require.NoError(t, err)
		whole, err := io.ReadAll(body)
		require.NoError(t, err)
		require.NotContains(t, string(whole), secret)
		require.Len(t, whole, len(text)-len(secret)+len(sb.Masked))
	}
}
