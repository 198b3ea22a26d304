package logstest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	sb "signalbox"
	"signalbox/blobs"
	"signalbox/blobs/blobstest"
	"signalbox/logs"
)

// Clients keep connections open for the next call; their goroutines are no leak.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"),
		goleak.IgnoreTopFunction("internal/poll.runtime_pollWait"), goleak.IgnoreTopFunction("net/http.(*persistConn).writeLoop"))
}

func TestFiles(t *testing.T) {
	t.Parallel()
	suite(t, func(t *testing.T) string { return "file://" + t.TempDir() })
}

func TestS3(t *testing.T) {
	address := blobstest.S3(t)
	suite(t, func(t *testing.T) string { return apart(t, address) })
}

func TestGCS(t *testing.T) {
	address := blobstest.GCS(t)
	suite(t, func(t *testing.T) string { return apart(t, address) })
}

func apart(t *testing.T, address string) string {
	t.Helper()
	place, query, _ := strings.Cut(address, "?")
	return place + "/" + sb.SafeElement(t.Name()) + "?" + query
}

// world is a fresh store of rows and objects with Logs on them.
type world struct {
	*logs.Logs
	rows  *rows
	blobs *fragile
}

// another makes other Logs on the same rows and objects.
func (w *world) another() *logs.Logs {
	mask := func(context.Context, sb.Process) (sb.Mask, error) { return sb.NewMask(secret), nil }
	return logs.New(w.rows, w.blobs, w.rows, logs.Options{Now: time.Now, Rows: 10, Mask: mask})
}

// fragile are blobs whose writing can fail.
type fragile struct {
	sb.Blobs
	fail func() error // before each write; nil: none fails
}

func (f *fragile) Put(ctx context.Context, key string, r io.Reader) error {
	if f.fail != nil {
		if err := f.fail(); err != nil {
			return err
		}
	}
	return f.Blobs.Put(ctx, key, r)
}

func suite(t *testing.T, address func(*testing.T) string) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, *world){
		"a log while it grows and when it is finished": grows,
		"chunks that do not follow":                    refused,
		"JSON lines become text":                       ndjson,
		"several attempts and sources have headings":   headings,
		"a run without output has an empty log":        silent,
		"over 1 MiB there are no lines":                over,
		"a window of lines":                            windows,
		"a window of many lines, or long ones":         wideWindows,
		"lines from a time on":                         since,
		"text is blanked out":                          scrubs,
		"the index after a death between the two":      scrubIndex,
		"a secret across the border of two chunks":     borders,
		"blanking out that stops anywhere is finished": scrubCrashes,
		"a border that is blanked out halfway":         borderCrashes,
		"a follower sees all and ends":                 follows,
		"a reader goes on when the chunks are gone":    gone,
		"work elsewhere may send for a minute":         grace,
		"compaction that stops anywhere is resumed":    crashes,
		"a chunk that comes at the last moment":        lastMoment,
		"notes and sweeps wake compaction":             wakes,
		"one replica at a time":                        alone,
		"a log that is all there is":                   only,
		"only one process takes it":                    onlyAlone,
		"taking it that stops anywhere is repeated":    onlyCrashes,
		"a log that gets long is joined":               joins,
		"a reader and a follower of what is joined":    readsJoined,
		"joining that stops anywhere is resumed":       joinCrashes,
	} {
		t.Run(name, func(t *testing.T) {
			b, err := blobs.Open(t.Context(), address(t))
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, b.Close()) })
			r := newRows()
			w := &world{rows: r, blobs: &fragile{Blobs: b}}
			w.Logs = w.another()
			test(t, w)
		})
	}
}

func process(run string) sb.Process {
	return sb.Process{AttemptRef: sb.AttemptRef{Run: run, Attempt: 1}, Source: sb.MainSource, Try: 1}
}

func (w *world) add(t *testing.T, p sb.Process, seq int64, text string) {
	t.Helper()
	require.NoError(t, w.Append(t.Context(), p, seq, []byte(text), false))
}

func (w *world) run(t *testing.T, id string) sb.Run {
	t.Helper()
	run, err := w.rows.Run(t.Context(), id)
	require.NoError(t, err)
	return run
}

// whole reads a run's log.
func (w *world) whole(t *testing.T, run sb.Run) string {
	t.Helper()
	text, size := w.part(t, run, 0, -1)
	require.EqualValues(t, len(text), size)
	return text
}

// part reads a part of a run's log.
func (w *world) part(t *testing.T, run sb.Run, offset, length int64) (string, int64) {
	t.Helper()
	r, size, err := w.Open(t.Context(), run, offset, length)
	require.NoError(t, err)
	text, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	return string(text), size
}

func (w *world) objects(t *testing.T, prefix string) (keys []string) {
	t.Helper()
	require.NoError(t, w.blobs.List(t.Context(), prefix, func(b sb.Blob) error {
		keys = append(keys, b.Key)
		return nil
	}))
	return keys
}

func messages(lines []sb.Line) (out []string) {
	for _, l := range lines {
		out = append(out, l.Message)
	}
	return out
}

func grows(t *testing.T, w *world) {
	run := w.rows.begin("r", "worker")
	w.add(t, process("r"), 0, "INFO:x:one\ntwo\n")
	w.add(t, process("r"), 1, "ERROR:x:three\n  because\n")
	w.add(t, process("r"), 1, "ERROR:x:three\n  because\n")
	const text = "INFO:x:one\ntwo\nERROR:x:three\n  because\n"
	check := func(run sb.Run, complete bool) {
		require.Equal(t, text, w.whole(t, run))
		part, size := w.part(t, run, 12, 10)
		require.Equal(t, text[12:22], part)
		require.EqualValues(t, len(text), size)
		shown, err := w.Show(t.Context(), run)
		require.NoError(t, err)
		require.Equal(t, []string{"one", "two", "three\n  because"}, messages(shown.Lines))
		require.Equal(t, complete, shown.Complete)
		require.False(t, shown.DownloadOnly)
		x, err := w.Index(t.Context(), run)
		require.NoError(t, err)
		require.EqualValues(t, 3, x.Lines)
		require.EqualValues(t, 2, *x.FirstError)
	}
	check(run, false)
	check(w.rows.end("r"), true)
	require.NoError(t, w.Compact(t.Context(), "r"))
	require.Equal(t, sb.Log{Path: "do_logs/2026/05/01/r.log", Size: int64(len(text))}, *w.run(t, "r").Log)
	check(w.run(t, "r"), true)
	require.Equal(t, []string{"do_logs/2026/05/01/r.log", "do_logs/2026/05/01/r.log.idx"}, w.objects(t, ""))
	require.Equal(t, text, w.whole(t, run), "through a row read before")
	require.Equal(t, sb.Conflict, sb.CodeOf(w.Append(t.Context(), process("r"), 2, []byte("late\n"), false)))
}

func refused(t *testing.T, w *world) {
	w.rows.begin("r", "worker")
	w.add(t, process("r"), 0, "one\n")
	err := w.Append(t.Context(), process("r"), 2, []byte("three\n"), false)
	var e *sb.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, sb.Conflict, e.Code)
	require.EqualValues(t, 1, *e.Want)
	require.Equal(t, sb.Conflict, sb.CodeOf(w.Append(t.Context(), process("r"), 0, []byte("other\n"), false)))
	require.Equal(t, sb.Invalid, sb.CodeOf(w.Append(t.Context(), process("r"), -1, nil, false)))
	require.Equal(t, sb.TooLarge, sb.CodeOf(w.Append(t.Context(), process("r"), 1, make([]byte, sb.MaxChunk+1), false)))
	w.rows.end("r")
	require.NoError(t, w.Compact(t.Context(), "r"))
	require.Equal(t, "one\n", w.whole(t, w.run(t, "r")))
	require.Empty(t, w.objects(t, "chunks/"), "objects without a row go too")
}

func ndjson(t *testing.T, w *world) {
	run := w.rows.begin("r", "worker")
	body := `{"timestamp":"2026-05-01T12:00:00+02:00","severity":"warning","message":"a\nb"}` + "\nplain\n" + `{"message":"c"}` + "\n"
	for range 2 {
		require.NoError(t, w.Append(t.Context(), process("r"), 0, []byte(body), true))
	}
	require.True(t, strings.HasPrefix(w.whole(t, run), "2026-05-01T10:00:00.000000Z WARNING a\n\tb\nplain\n"))
	shown, err := w.Show(t.Context(), run)
	require.NoError(t, err)
	require.Equal(t, []string{"a\nb", "plain", "c"}, messages(shown.Lines))
	require.Equal(t, sb.Warning, shown.Lines[0].Severity)
	require.NotNil(t, shown.Lines[2].Timestamp)
}

func headings(t *testing.T, w *world) {
	run := w.rows.begin("r", "")
	part := func(attempt int, source string, try int) sb.Process {
		return sb.Process{AttemptRef: sb.AttemptRef{Run: "r", Attempt: attempt}, Source: source, Try: try}
	}
	w.add(t, part(1, "main", 1), 0, "one")
	require.Equal(t, "one", w.whole(t, run))
	w.add(t, part(2, "load[0]", 1), 0, "two\n")
	w.add(t, part(2, "load[1]", 1), 0, "three\n")
	w.add(t, part(2, "load[0]", 2), 0, "four\n")
	w.add(t, part(2, "load[0]", 1), 1, "more\n")
	want := "===== attempt 1 =====\none\n===== attempt 2, load[0] =====\ntwo\nmore\n\n===== attempt 2, load[0], try 2 =====\nfour\n" +
		"\n===== attempt 2, load[1] =====\nthree\n"
	require.Equal(t, want, w.whole(t, run))
	for from := range want {
		text, _ := w.part(t, run, int64(from), 20)
		require.Equal(t, want[from:min(from+20, len(want))], text)
	}
	w.rows.end("r")
	w.rows.later(sb.ReportGrace)
	require.NoError(t, w.Compact(t.Context(), "r"))
	require.Equal(t, want, w.whole(t, w.run(t, "r")))
}

func silent(t *testing.T, w *world) {
	w.rows.begin("r", "worker")
	w.rows.end("r")
	require.NoError(t, w.Compact(t.Context(), "r"))
	run := w.run(t, "r")
	require.Zero(t, run.Log.Size)
	require.Empty(t, w.whole(t, run))
	shown, err := w.Show(t.Context(), run)
	require.NoError(t, err)
	require.Equal(t, sb.Shown{Complete: true, Lines: []sb.Line{}}, shown)
	x, err := w.Index(t.Context(), run)
	require.NoError(t, err)
	require.Zero(t, x.Lines)
	lines, err := w.Lines(t.Context(), run, sb.LineQuery{})
	require.NoError(t, err)
	require.Empty(t, lines.Lines)
}

func over(t *testing.T, w *world) {
	w.rows.begin("r", "worker")
	line := strings.Repeat("x", 1023) + "\n"
	w.add(t, process("r"), 0, strings.Repeat(line, 1024))
	shown, err := w.Show(t.Context(), w.run(t, "r"))
	require.NoError(t, err)
	require.Len(t, shown.Lines, 1024, "1 MiB is still shown")
	w.add(t, process("r"), 1, "\n")
	check := func() {
		shown, err := w.Show(t.Context(), w.run(t, "r"))
		require.NoError(t, err)
		require.True(t, shown.DownloadOnly)
		require.Nil(t, shown.Lines)
		require.EqualValues(t, 1<<20+1, shown.Size)
	}
	check()
	w.rows.end("r")
	require.NoError(t, w.Compact(t.Context(), "r"))
	require.True(t, w.run(t, "r").Log.DownloadOnly)
	check()
}

func windows(t *testing.T, w *world) {
	w.rows.begin("r", "worker")
	var text strings.Builder
	for i := range 2000 {
		level := "INFO"
		if i == 1200 {
			level = "ERROR"
		}
		_, _ = fmt.Fprintf(&text, "%s:x:line %d\n", level, i)
	}
	w.add(t, process("r"), 0, text.String())
	numbers := func(q sb.LineQuery) (out []int64, next int64) {
		window, err := w.Lines(t.Context(), w.run(t, "r"), q)
		require.NoError(t, err)
		for _, l := range window.Lines {
			require.Equal(t, fmt.Sprintf("line %d", l.Number), l.Message)
			out = append(out, l.Number)
		}
		return out, window.Next
	}
	check := func() {
		for _, q := range []struct {
			query sb.LineQuery
			want  []int64
			next  int64
		}{
			{sb.LineQuery{From: 0, Count: 2}, []int64{0, 1}, 2},
			{sb.LineQuery{From: 999, Count: 3}, []int64{999, 1000, 1001}, 1002},
			{sb.LineQuery{From: 1998, Count: 5}, []int64{1998, 1999}, -1},
			{sb.LineQuery{From: 5000, Count: 5}, nil, -1},
			{sb.LineQuery{Count: 5, Level: sb.ErrorLine}, []int64{1200}, -1},
			{sb.LineQuery{From: 1201, Count: 5, Level: sb.ErrorLine}, nil, -1},
			{sb.LineQuery{Count: 3, Search: "LINE 19"}, []int64{19, 190, 191}, 192},
		} {
			got, next := numbers(q.query)
			require.Equal(t, q.want, got, "%+v", q.query)
			require.Equal(t, q.next, next, "%+v", q.query)
		}
	}
	check()
	w.rows.end("r")
	require.NoError(t, w.Compact(t.Context(), "r"))
	check()
}

// A window holds as many lines as may be asked for, and of long ones as many as one answer should have.
func wideWindows(t *testing.T, w *world) {
	w.rows.begin("r", "worker")
	long := strings.Repeat("x", sb.MaxLine/2)
	for seq := range int64(20) {
		w.add(t, process("r"), seq, strings.Repeat("short\n", 300)+strings.Repeat(long+"\n", 10))
	}
	w.add(t, process("r"), 20, strings.Repeat("short\n", 6000))
	w.rows.end("r")
	require.NoError(t, w.Compact(t.Context(), "r"))
	for from, want := range map[int64]int{0: 12*310 + 300 + 7, 20 * 310: 5000} { // 4 MiB have 127 of the long lines, and the short ones
		for _, count := range []int{0, 5000, 9999} {
			window, err := w.Lines(t.Context(), w.run(t, "r"), sb.LineQuery{From: from, Count: count})
			require.NoError(t, err)
			require.Len(t, window.Lines, want)
			require.EqualValues(t, from+int64(want), window.Next)
		}
	}
}

// listen follows a log into a channel; the second one gets the end.
func (w *world) listen(t *testing.T, run sb.Run, offset int64) (<-chan sb.LogPiece, <-chan error) {
	t.Helper()
	pieces, end := make(chan sb.LogPiece, 100), make(chan error, 1)
	go func() {
		end <- w.Follow(t.Context(), run, offset, func(p sb.LogPiece) error {
			pieces <- p
			return nil
		})
	}()
	return pieces, end
}

func follows(t *testing.T, w *world) {
	run := w.rows.begin("r", "worker")
	w.add(t, process("r"), 0, "zero\none\n")
	pieces, end := w.listen(t, run, 5)
	require.Equal(t, sb.LogPiece{Next: 9, Lines: []sb.Line{{Severity: sb.Info, Message: "one"}}}, <-pieces)
	w.add(t, process("r"), 1, "two\nTraceback (most recent call last):\n  F\n")
	p := <-pieces
	require.Equal(t, []string{"two"}, messages(p.Lines))
	require.EqualValues(t, 13, p.Next)
	w.add(t, process("r"), 2, "E: x\n")
	p = <-pieces
	require.Equal(t, []string{"Traceback (most recent call last):\n  F\nE: x"}, messages(p.Lines))
	other := process("r")
	other.Attempt = 2
	w.add(t, other, 0, "three\n")
	require.Equal(t, []string{"", "===== attempt 2 =====", "three"}, messages((<-pieces).Lines))
	w.add(t, process("r"), 3, "late\n")
	require.Equal(t, []string{"", "===== attempt 1 =====", "late"}, messages((<-pieces).Lines))
	w.add(t, other, 1, "no newline")
	w.rows.end("r")
	require.NoError(t, <-end)
	var rest []string
	for len(pieces) > 0 {
		rest = append(rest, messages((<-pieces).Lines)...)
	}
	require.Equal(t, []string{"", "===== attempt 2 =====", "no newline"}, rest)

	require.NoError(t, w.Compact(t.Context(), "r"))
	pieces, end = w.listen(t, run, 0)
	require.NoError(t, <-end)
	require.Equal(t, w.run(t, "r").Log.Size, (<-pieces).Next)

	enough := errors.New("enough")
	require.ErrorIs(t, w.Follow(t.Context(), run, 0, func(sb.LogPiece) error { return enough }), enough)
	w.rows.begin("still", "worker")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, w.Follow(ctx, w.run(t, "still"), 0, nil), context.Canceled)
}

func gone(t *testing.T, w *world) {
	run := w.rows.begin("r", "worker")
	for i := range 3 {
		w.add(t, process("r"), int64(i), fmt.Sprintf("line %d\n", i))
	}
	r, size, err := w.Open(t.Context(), run, 0, -1)
	require.NoError(t, err)
	first := make([]byte, 7)
	_, err = io.ReadFull(r, first)
	require.NoError(t, err)
	w.rows.end("r")
	require.NoError(t, w.Compact(t.Context(), "r"))
	rest, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	require.Equal(t, "line 0\nline 1\nline 2\n", string(first)+string(rest))
	require.EqualValues(t, 21, size)
}
