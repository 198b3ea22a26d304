package logstest_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/blobs"
	"signalbox/logs"
)

var benchChunk = bytes.Repeat([]byte("2026-05-01T10:00:00.123456Z INFO image 000123 of 100000: brightness 0.51, contrast 0.2\n"), 256<<10/87)

func BenchmarkAppend(b *testing.B) {
	files, err := blobs.OpenFiles(b.TempDir())
	require.NoError(b, err)
	defer func() { require.NoError(b, files.Close()) }()
	r := newRows()
	r.begin("r", "worker")
	l := logs.New(r, files, r, logs.Options{})
	b.SetBytes(int64(len(benchChunk)))
	seq := int64(0)
	for b.Loop() {
		require.NoError(b, l.Append(b.Context(), process("r"), seq, benchChunk, false))
		seq++
	}
}

func BenchmarkFirstPageOfALargeLog(b *testing.B) {
	files, err := blobs.OpenFiles(b.TempDir())
	require.NoError(b, err)
	defer func() { require.NoError(b, files.Close()) }()
	r := newRows()
	r.begin("r", "worker")
	l := logs.New(r, files, r, logs.Options{})
	for seq := range int64(400) { // 100 MB; the index grows with the log, the page does not
		require.NoError(b, l.Append(b.Context(), process("r"), seq, benchChunk, false))
	}
	r.end("r")
	require.NoError(b, l.Compact(b.Context(), "r"))
	run, err := r.Run(b.Context(), "r")
	require.NoError(b, err)
	for b.Loop() {
		window, err := l.Lines(b.Context(), run, sb.LineQuery{From: 1_000_000, Count: 200})
		require.NoError(b, err)
		require.Len(b, window.Lines, 200)
	}
}

func BenchmarkSearchOfALargeLog(b *testing.B) {
	files, err := blobs.OpenFiles(b.TempDir())
	require.NoError(b, err)
	defer func() { require.NoError(b, files.Close()) }()
	r := newRows()
	r.begin("r", "worker")
	l := logs.New(r, files, r, logs.Options{})
	for seq := range int64(400) { // 100 MB
		require.NoError(b, l.Append(b.Context(), process("r"), seq, benchChunk, false))
	}
	r.end("r")
	require.NoError(b, l.Compact(b.Context(), "r"))
	run, err := r.Run(b.Context(), "r")
	require.NoError(b, err)
	b.SetBytes(400 * int64(len(benchChunk)))
	for b.Loop() {
		for q := (sb.LineQuery{Count: 200, Search: "nowhere"}); q.From >= 0; {
			window, err := l.Lines(b.Context(), run, q)
			require.NoError(b, err)
			q.From = window.Next
		}
	}
}
