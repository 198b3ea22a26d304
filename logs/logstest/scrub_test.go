package logstest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

func since(t *testing.T, w *world) {
	w.rows.begin("r", "worker")
	begin := time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC)
	var text strings.Builder
	for i := range 2000 {
		_, _ = fmt.Fprintf(&text, "%s INFO line %d\n", begin.Add(time.Duration(i)*time.Second).Format(time.RFC3339), i)
	}
	text.WriteString("a line without a time\n")
	w.add(t, process("r"), 0, text.String())
	for range 2 { // while it runs, and finished
		for seconds, want := range map[int]int64{-5: 0, 0: 0, 1: 1, 700: 700, 1999: 1999} {
			window, err := w.Lines(t.Context(), w.run(t, "r"), sb.LineQuery{Count: 2, Since: begin.Add(time.Duration(seconds) * time.Second)})
			require.NoError(t, err)
			require.Equal(t, want, window.Lines[0].Number)
			require.Equal(t, want+1, window.Lines[1].Number, "what follows has a time or not")
		}
		window, err := w.Lines(t.Context(), w.run(t, "r"), sb.LineQuery{Count: 2, Since: begin.Add(time.Hour)})
		require.NoError(t, err)
		require.Empty(t, window.Lines)
		w.rows.end("r")
		require.NoError(t, w.Compact(t.Context(), "r"))
	}
}

// spoken is a log of several chunks in which a secret stands at borders too, and one that looks like it.
func (w *world) spoken(t *testing.T, id string) string {
	t.Helper()
	w.rows.begin(id, "worker")
	texts := []string{
		"the password is correct-horse here\n", "once correct-ho", "rse more\n", "url?p=" + "correct-horse" + "&x=1 correct-hen\n", "the end\n",
	}
	for i, text := range texts {
		w.add(t, process(id), int64(i), text)
	}
	return strings.Join(texts, "")
}

func scrubs(t *testing.T, w *world) {
	mask := sb.NewMask("correct-horse")
	for _, id := range []string{"running", "over"} {
		before := w.spoken(t, id)
		if id == "over" {
			w.rows.end(id)
			require.NoError(t, w.Compact(t.Context(), id))
		}
		noted := 0
		note := func(places int) error { noted += places; return nil }
		places, err := w.Scrub(t.Context(), id, mask, func(int) error { return errors.New("it cannot be noted") })
		require.Error(t, err)
		require.Zero(t, places)
		require.Equal(t, before, w.whole(t, w.run(t, id)), "what is not noted is not done")
		places, err = w.Scrub(t.Context(), id, mask, note)
		require.NoError(t, err)
		require.Equal(t, 3, places)
		require.Equal(t, strings.ReplaceAll(before, "correct-horse", "*************"), w.whole(t, w.run(t, id)))
		if id == "running" { // sent again, as without an answer
			w.add(t, process(id), 0, "the password is correct-horse here\n")
			w.add(t, process(id), 1, "once correct-ho")
		}
		places, err = w.Scrub(t.Context(), id, mask, note)
		require.NoError(t, err)
		require.Zero(t, places)
		require.Equal(t, 3, noted)
		index, err := w.Index(t.Context(), w.run(t, id))
		require.NoError(t, err)
		require.EqualValues(t, 4, index.Lines)
	}
	w.rows.end("running")
	require.NoError(t, w.Compact(t.Context(), "running"))
	require.NotContains(t, w.whole(t, w.run(t, "running")), "correct-horse")
}

func scrubCrashes(t *testing.T, w *world) {
	before := w.spoken(t, "r")
	for n := range 3 {
		w.blobs.fail = func() error {
			if n--; n < 0 {
				return errors.New("it died")
			}
			return nil
		}
		_, err := w.Scrub(t.Context(), "r", sb.NewMask("correct-horse"), func(int) error { return nil })
		require.Error(t, err)
	}
	w.blobs.fail = nil
	_, err := w.Scrub(t.Context(), "r", sb.NewMask("correct-horse"), func(int) error { return nil })
	require.NoError(t, err)
	require.Equal(t, strings.ReplaceAll(before, "correct-horse", "*************"), w.whole(t, w.run(t, "r")))
}

func scrubIndex(t *testing.T, w *world) {
	w.rows.begin("r", "worker")
	w.add(t, process("r"), 0, "ERROR:correct-horse:x\nINFO:x:y\n")
	w.rows.end("r")
	require.NoError(t, w.Compact(t.Context(), "r"))
	puts := 0
	w.blobs.fail = func() error { // it dies between the log and its index
		if puts++; puts > 1 {
			return errors.New("it died")
		}
		return nil
	}
	scrub := func() error {
		_, err := w.Scrub(t.Context(), "r", sb.NewMask("ERROR:correct-horse"), func(int) error { return nil })
		return err
	}
	require.Error(t, scrub())
	w.blobs.fail = nil
	require.NoError(t, scrub())
	index, err := w.Index(t.Context(), w.run(t, "r"))
	require.NoError(t, err)
	require.Zero(t, index.Levels[sb.ErrorLine], "the index is that of the log")
}
