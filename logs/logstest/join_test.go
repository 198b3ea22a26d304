package logstest_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/blobs"
	"signalbox/logs"
)

// addLines adds chunks of a line each, and gives their text.
func (w *world) addLines(t *testing.T, p sb.Process, from, to int) string {
	t.Helper()
	var text strings.Builder
	for i := from; i < to; i++ {
		line := fmt.Sprintf("%s, line %d\n", p.Source, i)
		w.add(t, p, int64(i), line)
		text.WriteString(line)
	}
	return text.String()
}

// joins lets Run see by itself that a log got long.
func joins(t *testing.T, w *world) {
	w.rows.begin("r", "worker")
	ctx, cancel := context.WithCancel(t.Context())
	joined, done := make(chan struct{}, 100), make(chan error, 1)
	w.rows.fault = func(call string) error {
		if call == "Release" {
			joined <- struct{}{}
		}
		return nil
	}
	go func() { done <- w.Run(ctx) }()
	want := w.addLines(t, process("r"), 0, 15)
	<-joined
	cancel()
	require.NoError(t, <-done)
	require.NoError(t, w.Join(t.Context(), "r"))
	require.LessOrEqual(t, len(w.objects(t, "chunks/")), 10)
	want += w.addLines(t, process("r"), 15, 18)
	w.add(t, process("r"), 3, "main, line 3\n") // it may be sent again
	require.Equal(t, sb.Conflict, sb.CodeOf(w.Append(t.Context(), process("r"), 3, []byte("other\n"), false)))
	require.Equal(t, want, w.whole(t, w.run(t, "r")))
	w.rows.end("r")
	require.NoError(t, w.Compact(t.Context(), "r"))
	require.Equal(t, want, w.whole(t, w.run(t, "r")))
	require.Empty(t, w.objects(t, "chunks/"))
}

func readsJoined(t *testing.T, w *world) {
	run := w.rows.begin("r", "")
	other := process("r")
	other.Attempt = 2
	main := w.addLines(t, process("r"), 0, 8)
	rest := w.addLines(t, other, 0, 8)
	want := "===== attempt 1 =====\n" + main + "\n===== attempt 2 =====\n" + rest
	r, _, err := w.Open(t.Context(), run, 0, -1)
	require.NoError(t, err)
	first := make([]byte, 30)
	_, err = io.ReadFull(r, first)
	require.NoError(t, err)
	pieces, end := w.listen(t, run, 0)
	followed := messages((<-pieces).Lines)

	require.NoError(t, w.Join(t.Context(), "r"))
	require.Len(t, w.objects(t, "chunks/"), 4)
	text, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	require.Equal(t, want, string(first)+string(text), "a reader goes on in what took the place of the chunks")
	for from := range want {
		part, _ := w.part(t, run, int64(from), 30)
		require.Equal(t, want[from:min(from+30, len(want))], part)
	}

	more := w.addLines(t, other, 8, 12)
	w.rows.end("r")
	w.rows.later(sb.ReportGrace)
	w.rows.note(sb.Note{Topic: sb.TopicEnded, ID: "r"})
	require.NoError(t, <-end)
	for len(pieces) > 0 {
		followed = append(followed, messages((<-pieces).Lines)...)
	}
	require.Equal(t, want+more, strings.Join(followed, "\n")+"\n")
}

// joinCrashes lets joining fail once between any two of its steps, the put of the object and the transaction among them.
func joinCrashes(t *testing.T, w *world) {
	for _, call := range []string{"Run", "Lease", "Chunks", "JoinChunks"} {
		for nth := range 3 {
			id := fmt.Sprintf("%s-%d", call, nth)
			w.rows.begin(id, "worker")
			want := w.addLines(t, process(id), 0, 12)
			seen := 0
			w.rows.fault = func(c string) error {
				if c == call {
					if seen++; seen > nth {
						return sb.Errorf(sb.Unavailable, "away")
					}
				}
				return nil
			}
			_ = w.Join(t.Context(), id)
			w.rows.fault = nil
			require.Equal(t, want, w.whole(t, w.run(t, id)), id)
			want += w.addLines(t, process(id), 12, 14)
			require.NoError(t, w.Join(t.Context(), id))
			require.Equal(t, want, w.whole(t, w.run(t, id)), id)
			w.rows.end(id)
			require.NoError(t, w.Compact(t.Context(), id))
			require.Equal(t, want, w.whole(t, w.run(t, id)), id)
			require.Empty(t, w.objects(t, sb.ChunkPrefix(id)), id)
		}
	}
}

func TestReplacedObjectsOfARunningLogGoAfterADay(t *testing.T) {
	t.Parallel()
	b, err := blobs.OpenFiles(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	r := newRows()
	var later atomic.Int64
	w := &world{logs.New(r, b, r, logs.Options{Rows: 10, Now: func() time.Time { return time.Now().Add(time.Duration(later.Load())) }}), r, &fragile{Blobs: b}}
	r.begin("r", "worker")
	want := w.addLines(t, process("r"), 0, 12)
	r.fault = func(call string) error {
		if call == "JoinChunks" {
			return sb.Errorf(sb.Unavailable, "away")
		}
		return nil
	}
	require.Error(t, w.Join(t.Context(), "r"))
	r.fault = nil
	want += w.addLines(t, process("r"), 12, 14)
	require.NoError(t, w.Join(t.Context(), "r"))
	w.add(t, process("r"), 2, "main, line 2\n") // an object of a chunk that is joined
	require.NoError(t, b.Put(t.Context(), sb.Chunk{Process: process("r"), Seq: 14, SHA256: strings.Repeat("f", 64)}.Key(), strings.NewReader("next")))
	require.Len(t, w.objects(t, "chunks/"), 5)
	w.Tidy(t.Context())
	require.Len(t, w.objects(t, "chunks/"), 5, "they are young")
	later.Store(int64(25 * time.Hour))
	w.Tidy(t.Context())
	require.Len(t, w.objects(t, "chunks/"), 3, "the joined ones, the newest, and the one that may still get its row")
	require.Equal(t, want, w.whole(t, w.run(t, "r")))
}

func TestASweepGetsPastWhatCannotBeFinished(t *testing.T) {
	t.Parallel()
	b, err := blobs.OpenFiles(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	r := newRows()
	w := &world{logs.New(r, b, r, logs.Options{}), r, &fragile{Blobs: b}}
	for i := range 450 {
		id := fmt.Sprintf("r%d", i)
		r.begin(id, "worker")
		w.add(t, process(id), 0, "lost\n")
		r.end(id)
	}
	for _, key := range w.objects(t, "chunks/") {
		require.NoError(t, b.Delete(t.Context(), key))
	}
	r.later(time.Second)
	r.begin("good", "worker")
	w.add(t, process("good"), 0, "one\n")
	r.end("good")
	notes := r.Notes(t.Context())
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	for n := range notes {
		if n.Topic == sb.TopicRun && n.ID == "good" {
			break
		}
	}
	cancel()
	require.NoError(t, <-done)
}
