package logstest_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/blobs"
	"signalbox/logs"
)

func grace(t *testing.T, w *world) {
	w.rows.begin("r", "")
	w.add(t, process("r"), 0, "one\n")
	run := w.rows.end("r")
	shown, err := w.Show(t.Context(), run)
	require.NoError(t, err)
	require.False(t, shown.Complete)
	require.NoError(t, w.Compact(t.Context(), "r"))
	require.Nil(t, w.run(t, "r").Log)
	w.add(t, process("r"), 1, "two\n")
	w.rows.later(sb.ReportGrace)
	require.NoError(t, w.Compact(t.Context(), "r"))
	require.Equal(t, "one\ntwo\n", w.whole(t, w.run(t, "r")))
}

// crashes lets every call to the store fail once, and the next compaction go through.
func crashes(t *testing.T, w *world) {
	broken := sb.Errorf(sb.Unavailable, "away")
	for _, call := range []string{"Run", "Lease", "Chunks", "KeepLog", "DropChunks"} {
		for nth := range 3 {
			id := fmt.Sprintf("%s-%d", call, nth)
			w.rows.begin(id, "worker")
			w.add(t, process(id), 0, "one\n")
			w.add(t, process(id), 1, "two\n")
			w.rows.end(id)
			seen := 0
			w.rows.fault = func(c string) error {
				if c == call {
					if seen++; seen > nth {
						return broken
					}
				}
				return nil
			}
			_ = w.Compact(t.Context(), id)
			w.rows.fault = nil
			require.Equal(t, "one\ntwo\n", w.whole(t, w.run(t, id)), id)
			require.NoError(t, w.Compact(t.Context(), id))
			require.Equal(t, "one\ntwo\n", w.whole(t, w.run(t, id)), id)
			require.Empty(t, w.objects(t, sb.ChunkPrefix(id)), id)
		}
	}
	require.Empty(t, w.rows.chunks)
}

func lastMoment(t *testing.T, w *world) {
	w.rows.begin("r", "worker")
	w.add(t, process("r"), 0, "one\n")
	w.rows.end("r")
	w.rows.fault = func(call string) error {
		if call == "KeepLog" {
			w.rows.fault = nil
			w.add(t, process("r"), 1, "two\n")
		}
		return nil
	}
	require.NoError(t, w.Compact(t.Context(), "r"))
	require.Equal(t, "one\ntwo\n", w.whole(t, w.run(t, "r")))
	require.Empty(t, w.objects(t, "chunks/"))
}

func wakes(t *testing.T, w *world) {
	for _, id := range []string{"before", "after"} {
		w.rows.begin(id, "worker")
		w.add(t, process(id), 0, "one\n")
	}
	w.rows.end("before")
	notes := w.rows.Notes(t.Context())
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	await := func(id string) {
		for n := range notes {
			if n.Topic == sb.TopicRun && n.ID == id {
				return
			}
		}
	}
	await("before")
	w.rows.end("after")
	await("after")
	cancel()
	require.NoError(t, <-done)
	for _, id := range []string{"before", "after"} {
		require.NoError(t, w.Compact(t.Context(), id)) // what the end of Run cut short
		require.Equal(t, "one\n", w.whole(t, w.run(t, id)))
	}
	require.Empty(t, w.objects(t, "chunks/"))
}

func alone(t *testing.T, w *world) {
	w.rows.begin("r", "worker")
	w.add(t, process("r"), 0, "one\n")
	w.rows.end("r")
	mine, err := w.rows.Lease(t.Context(), "log:r", "another", time.Minute)
	require.NoError(t, err)
	require.True(t, mine)
	require.NoError(t, w.Compact(t.Context(), "r"))
	require.Nil(t, w.run(t, "r").Log)
	require.NoError(t, w.rows.Release(t.Context(), "log:r", "another"))
	var kept atomic.Int32
	w.rows.fault = func(call string) error {
		if call == "KeepLog" {
			kept.Add(1)
		}
		return nil
	}
	done := make(chan error)
	for range 4 {
		go func() { done <- w.Compact(t.Context(), "r") }()
	}
	for range 4 {
		require.NoError(t, <-done)
	}
	require.EqualValues(t, 1, kept.Load())
}

func TestWhatACrashLeftGoesAfterADay(t *testing.T) {
	t.Parallel()
	b, err := blobs.OpenFiles(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	r := newRows()
	var later atomic.Int64
	w := &world{logs.New(r, b, r, logs.Options{Now: func() time.Time { return time.Now().Add(time.Duration(later.Load())) }}), r, &fragile{Blobs: b}}
	r.begin("open", "worker")
	w.add(t, process("open"), 0, "one\n")
	r.begin("r", "worker")
	w.add(t, process("r"), 0, "one\n")
	r.end("r")
	require.NoError(t, b.Put(t.Context(), "chunks/stranger/1/main.1/0-00000000", strings.NewReader("x")))
	r.fault = func(call string) error {
		if call == "DropChunks" {
			return sb.Errorf(sb.Unavailable, "away")
		}
		return nil
	}
	require.Error(t, w.Compact(t.Context(), "r"))
	r.fault = nil
	w.Tidy(t.Context())
	require.Len(t, w.objects(t, "chunks/"), 3)
	later.Store(int64(25 * time.Hour))
	w.Tidy(t.Context())
	require.Len(t, w.objects(t, "chunks/"), 2)
	require.Empty(t, w.objects(t, sb.ChunkPrefix("r")))
	require.Equal(t, "one\n", w.whole(t, w.run(t, "r")))
}
