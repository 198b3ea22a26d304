// Package blobstest is the suite that every place for objects passes, and gives tests an S3 and a Google Cloud Storage
// server of their own. Only tests import it.
package blobstest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

// Run checks a place for objects. open gives an empty one for each call.
func Run(t *testing.T, open func(t *testing.T) sb.Blobs) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, sb.Blobs){
		"what is put is got":                        putAndGet,
		"ranges":                                    ranges,
		"an object is replaced whole":               replace,
		"odd keys are kept apart":                   oddKeys,
		"a list is in the order of keys":            list,
		"a list ends where its reader ends it":      listEnds,
		"what does not exist":                       missing,
		"a failed reader leaves nothing":            failedReader,
		"a put that is given up leaves nothing":     givenUp,
		"large objects stream":                      large,
		"writers of one key do not mix":             writers,
		"the last object takes its folders with it": empty,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func put(t *testing.T, b sb.Blobs, key, text string) {
	t.Helper()
	require.NoError(t, b.Put(t.Context(), key, strings.NewReader(text)))
}

func get(t *testing.T, b sb.Blobs, key string, offset, length int64) string {
	t.Helper()
	r, err := b.Get(t.Context(), key, offset, length)
	require.NoError(t, err)
	text, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	return string(text)
}

func keys(t *testing.T, b sb.Blobs, prefix string) []string {
	t.Helper()
	var out []string
	require.NoError(t, b.List(t.Context(), prefix, func(o sb.Blob) error {
		out = append(out, o.Key)
		return nil
	}))
	return out
}

func putAndGet(t *testing.T, b sb.Blobs) {
	before := time.Now().Add(-time.Minute)
	put(t, b, "do_logs/2026/05/01/x.log", "hello")
	require.Equal(t, "hello", get(t, b, "do_logs/2026/05/01/x.log", 0, -1))
	size, err := b.Size(t.Context(), "do_logs/2026/05/01/x.log")
	require.NoError(t, err)
	require.EqualValues(t, 5, size)
	require.NoError(t, b.List(t.Context(), "do_logs/", func(o sb.Blob) error {
		require.EqualValues(t, 5, o.Size)
		require.True(t, o.Modified.After(before))
		return nil
	}))
	put(t, b, "empty", "")
	require.Empty(t, get(t, b, "empty", 0, -1))
}

func ranges(t *testing.T, b sb.Blobs) {
	put(t, b, "a", "0123456789")
	for _, r := range []struct {
		offset, length int64
		want           string
	}{{0, -1, "0123456789"}, {3, 4, "3456"}, {8, 100, "89"}, {9, -1, "9"}, {10, -1, ""}, {4, 0, ""}, {11, 2, ""}} {
		require.Equal(t, r.want, get(t, b, "a", r.offset, r.length), "%d, %d", r.offset, r.length)
	}
}

func replace(t *testing.T, b sb.Blobs) {
	put(t, b, "a", "a long first text")
	put(t, b, "a", "short")
	require.Equal(t, "short", get(t, b, "a", 0, -1))
}

func oddKeys(t *testing.T, b sb.Blobs) {
	odd := []string{
		"plain", "with blank", "a+b", "@org/name/ü%.json", "x/../y", ".hidden", "../up", "50%41", "50A", "q?a=b&c#d",
		`back\slash`, "tab\there", "colon:star*", "chunks/r/1/task[3]=5B.1/0-abc",
	}
	for _, key := range odd {
		put(t, b, key, key)
	}
	for _, key := range odd {
		require.Equal(t, key, get(t, b, key, 0, -1))
	}
	require.ElementsMatch(t, odd, keys(t, b, ""))
	for _, key := range odd {
		require.NoError(t, b.Delete(t.Context(), key))
	}
	require.Empty(t, keys(t, b, ""))
}

func list(t *testing.T, b sb.Blobs) {
	ordered := []string{"a!", "a-b/c", "a/a", "a/b/1", "a/b/10", "a/b/2", "a/c", "a0", "b", "ba/x"}
	for _, i := range rand.Perm(len(ordered)) {
		put(t, b, ordered[i], "x")
	}
	for prefix, want := range map[string][]string{
		"": ordered, "a": ordered[:8], "a/": ordered[2:7], "a/b": ordered[3:6], "a/b/1": ordered[3:5], "b": ordered[8:], "c": nil, "a/b/1/": nil, "c/d/": nil,
	} {
		require.Equal(t, want, keys(t, b, prefix), prefix)
	}
}

func listEnds(t *testing.T, b sb.Blobs) {
	for i := range 3 {
		put(t, b, fmt.Sprintf("a/%d", i), "x")
	}
	enough, seen := errors.New("enough"), 0
	require.ErrorIs(t, b.List(t.Context(), "a/", func(sb.Blob) error {
		seen++
		return enough
	}), enough)
	require.Equal(t, 1, seen)
}

func missing(t *testing.T, b sb.Blobs) {
	put(t, b, "there/is", "x")
	for _, key := range []string{"not", "not/there", "there", "there/is/not"} {
		_, err := b.Get(t.Context(), key, 0, -1)
		require.Equal(t, sb.NotFound, sb.CodeOf(err), key)
		_, err = b.Size(t.Context(), key)
		require.Equal(t, sb.NotFound, sb.CodeOf(err), key)
		require.NoError(t, b.Delete(t.Context(), key), key)
	}
	require.Equal(t, "x", get(t, b, "there/is", 0, -1))
}

func failedReader(t *testing.T, b sb.Blobs) {
	put(t, b, "a", "old")
	broken := sb.Errorf(sb.Gone, "the source broke")
	for _, key := range []string{"a", "b"} {
		err := b.Put(t.Context(), key, io.MultiReader(bytes.NewReader(make([]byte, 6<<20)), failing{broken}))
		require.ErrorIs(t, err, broken)
	}
	require.Equal(t, "old", get(t, b, "a", 0, -1))
	require.Equal(t, []string{"a"}, keys(t, b, ""))
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func givenUp(t *testing.T, b sb.Blobs) {
	ctx, cancel := context.WithCancel(t.Context())
	err := b.Put(ctx, "a", io.MultiReader(bytes.NewReader(make([]byte, 6<<20)), stopping{cancel}))
	require.Error(t, err)
	require.Empty(t, keys(t, b, ""))
}

type stopping struct{ stop func() }

func (s stopping) Read(p []byte) (int, error) {
	s.stop()
	return len(p), nil
}

func large(t *testing.T, b sb.Blobs) {
	text := make([]byte, 12<<20)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(text)
	require.NoError(t, b.Put(t.Context(), "large", io.LimitReader(bytes.NewReader(text), int64(len(text))))) // no seeking
	got := get(t, b, "large", 0, -1)
	require.True(t, got == string(text), "the bytes differ")
	require.Equal(t, string(text[5<<20:5<<20+100]), get(t, b, "large", 5<<20, 100))
}

func writers(t *testing.T, b sb.Blobs) {
	done := make(chan error)
	for i := range 8 {
		text := strings.Repeat(string(rune('a'+i)), 100_000)
		go func() { done <- b.Put(t.Context(), "one/key", strings.NewReader(text)) }()
	}
	for range 8 {
		require.NoError(t, <-done)
	}
	text := get(t, b, "one/key", 0, -1)
	require.Equal(t, strings.Repeat(text[:1], 100_000), text)
}

func empty(t *testing.T, b sb.Blobs) {
	put(t, b, "a/b/c/1", "x")
	put(t, b, "a/b/2", "x")
	require.NoError(t, b.Delete(t.Context(), "a/b/c/1"))
	require.Equal(t, []string{"a/b/2"}, keys(t, b, ""))
	put(t, b, "a/b/c", "now an object")
	require.Equal(t, "now an object", get(t, b, "a/b/c", 0, -1))
}
