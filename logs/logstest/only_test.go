package logstest_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

// only takes logs that seem to be all there is of their run's.
func only(t *testing.T, w *world) {
	const text = "a line with battery-staple in it\nand another\n"
	masked := strings.ReplaceAll(text, secret, sb.Masked)
	for _, row := range []struct {
		name   string
		before func(t *testing.T, w *world, id string)
		body   io.Reader
		code   sb.Code // of the error
		kept   string  // the finished log; "none" while there is none
		chunks int
	}{
		{"it is the finished log at once", nil, strings.NewReader(text), "", masked, 0},
		{"an empty one", nil, strings.NewReader(""), "", "", 0},
		{"one that is cut is kept as far as it goes", nil, ending(text, sb.TooLarge), sb.TooLarge, masked, 0},
		{"of one that is damaged, too", nil, ending(text, sb.Invalid), sb.Invalid, masked, 0},
		{"of one that cannot be read to its end now nothing", nil, ending(text, sb.Unavailable), sb.Unavailable, "none", 0},
		{"another process sent something", func(t *testing.T, w *world, id string) {
			p := process(id)
			p.Source = "other"
			w.add(t, p, 0, "sent\n")
		}, strings.NewReader(text), "", "none", 2},
		{"the run is not over", func(_ *testing.T, w *world, id string) { w.rows.begin(id, "worker") }, strings.NewReader(text), "", "none", 1},
		{"it is kept already", func(t *testing.T, w *world, id string) {
			require.NoError(t, w.rows.KeepLog(t.Context(), id, sb.Log{Path: "do_logs/of/before.log"}))
		}, strings.NewReader(text), "", "", 0},
	} {
		id := strings.ReplaceAll(row.name, " ", "-")
		w.rows.begin(id, "worker")
		w.rows.end(id)
		if row.before != nil {
			row.before(t, w, id)
		}
		err := w.TakeOnly(t.Context(), process(id), row.body)
		require.Equal(t, row.code, sb.CodeOf(err), "%s: %v", row.name, err)
		run := w.run(t, id)
		chunks, err := w.rows.Chunks(t.Context(), id, 0)
		require.NoError(t, err)
		require.Len(t, chunks, row.chunks, row.name)
		if row.kept == "none" {
			require.Nil(t, run.Log, row.name)
			continue
		}
		require.NotNil(t, run.Log, row.name)
		require.Equal(t, row.kept, w.whole(t, run), row.name)
		if row.kept == "" {
			require.NotContains(t, strings.Join(w.objects(t, ""), "\n"), id)
		}
	}
}

// ending reads a text, and then fails.
func ending(text string, code sb.Code) io.Reader {
	return io.MultiReader(strings.NewReader(text), iotest.ErrReader(sb.Errorf(code, "no more of it")))
}

// onlyCrashes has the process die at each write, and something come in between.
func onlyCrashes(t *testing.T, w *world) {
	const text = "all there is\n"
	w.rows.begin("r", "worker")
	w.rows.end("r")
	p := process("r")
	dead := errors.New("dead")
	for n := range 2 { // the log, its index
		left := n
		w.blobs.fail = func() error {
			if left--; left < 0 {
				return dead
			}
			return nil
		}
		require.ErrorIs(t, w.TakeOnly(t.Context(), p, strings.NewReader(text)), dead)
		require.Nil(t, w.run(t, "r").Log)
	}
	other := p
	other.Source = "other"
	w.blobs.fail = nil
	between := io.MultiReader(strings.NewReader(text), readerFunc(func() { w.add(t, other, 0, "sent\n") }))
	require.Equal(t, sb.Unavailable, sb.CodeOf(w.TakeOnly(t.Context(), p, between)))
	require.Nil(t, w.run(t, "r").Log)
	require.NoError(t, w.TakeOnly(t.Context(), p, strings.NewReader(text)), "now it is one of two")
	w.rows.later(sb.ReportGrace)
	require.NoError(t, w.Compact(t.Context(), "r"))
	got := w.whole(t, w.run(t, "r"))
	require.Contains(t, got, text)
	require.Contains(t, got, "sent\n")
}

// readerFunc does something when it is read, and is empty.
type readerFunc func()

func (f readerFunc) Read([]byte) (int, error) {
	f()
	return 0, io.EOF
}

// onlyAlone leaves a log that another process works on.
func onlyAlone(t *testing.T, w *world) {
	w.rows.begin("r", "worker")
	w.rows.end("r")
	mine, err := w.rows.Lease(t.Context(), "log:r", "another", time.Minute)
	require.NoError(t, err)
	require.True(t, mine)
	take := func() error { return w.TakeOnly(t.Context(), process("r"), strings.NewReader("one\n")) }
	require.Equal(t, sb.Unavailable, sb.CodeOf(take()))
	require.Nil(t, w.run(t, "r").Log)
	require.NoError(t, w.rows.Release(t.Context(), "log:r", "another"))
	require.NoError(t, take())
	require.Equal(t, "one\n", w.whole(t, w.run(t, "r")))
}
