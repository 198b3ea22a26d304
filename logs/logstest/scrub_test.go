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

// dying lets the writes of a world fail from the nth on.
func (w *world) dying(n int) {
	w.blobs.fail = func() error {
		if n--; n < 0 {
			return errors.New("it died")
		}
		return nil
	}
}

// asAnother is another process on the same rows and objects.
func (w *world) asAnother() *world { return &world{w.another(), w.rows, w.blobs} }

func scrubCrashes(t *testing.T, w *world) {
	for _, over := range []bool{false, true} {
		for n := range 6 {
			id := fmt.Sprintf("r%d-%v", n, over)
			before := w.spoken(t, id)
			if over {
				w.rows.end(id)
				require.NoError(t, w.Compact(t.Context(), id))
			}
			noted := 0
			w.dying(n)
			_, err := w.Scrub(t.Context(), id, sb.NewMask("correct-horse"), func(int) error { noted++; return nil })
			w.blobs.fail = nil
			want := before
			if n > 0 || err == nil { // the places are written down
				want = strings.ReplaceAll(before, "correct-horse", "*************")
			}
			other := w.asAnother()
			other.TakeUp(t.Context())
			require.Equal(t, want, other.whole(t, w.run(t, id)), "whoever looks next finishes it, without knowing the text")
			_, err = other.Scrub(t.Context(), id, sb.NewMask("correct-horse"), func(int) error { return nil })
			require.NoError(t, err)
			require.NotContains(t, other.whole(t, w.run(t, id)), "correct-horse")
			require.Equal(t, 1, noted)
			require.NoError(t, w.blobs.List(t.Context(), "blanks/", func(b sb.Blob) error { return errors.New("left: " + b.Key) }))
		}
	}
}

func borderCrashes(t *testing.T, w *world) {
	texts := []string{"a line with batt", "ery-st", "aple in it\n"}
	whole := "a line with ************** in it\n"
	for n := range 5 {
		for _, again := range []bool{false, true} {
			id := fmt.Sprintf("r%d-%v", n, again)
			w.rows.begin(id, "worker")
			w.add(t, process(id), 0, texts[0])
			w.add(t, process(id), 1, texts[1])
			w.dying(n)
			err := w.Append(t.Context(), process(id), 2, []byte(texts[2]), false)
			w.blobs.fail = nil
			require.Error(t, err)
			other := w.asAnother()
			if !again {
				other.TakeUp(t.Context())
			} else {
				other.add(t, process(id), 2, texts[2])
				require.Equal(t, whole, other.whole(t, w.run(t, id)))
			}
			shown := other.whole(t, w.run(t, id))
			require.Empty(t, sb.NewMask(secret).Spans([]byte(shown)), shown)
			require.NotContains(t, shown, "aple", "nobody finds the rest of a secret any more")
		}
	}
}

func scrubIndex(t *testing.T, w *world) {
	w.rows.begin("r", "worker")
	w.add(t, process("r"), 0, "ERROR:correct-horse:x\nINFO:x:y\n")
	w.rows.end("r")
	require.NoError(t, w.Compact(t.Context(), "r"))
	puts := 0
	w.blobs.fail = func() error { // it dies between the log and its index
		if puts++; puts > 2 {
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
	w.TakeUp(t.Context())
	index, err := w.Index(t.Context(), w.run(t, "r"))
	require.NoError(t, err)
	require.Zero(t, index.Levels[sb.ErrorLine], "the index is that of the log")
}
