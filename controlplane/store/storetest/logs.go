package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

var logTests = map[string]func(*testing.T, Fresh){
	"chunks follow each other":              chunks,
	"chunks are read in the order of a log": chunkOrder,
	"no chunk comes in once a log is kept":  keepLogRace,
	"a log that is all there is of a run's": onlyLog,
	"joined chunks stand for each of them":  joinedChunks,
	"logs that are to be kept":              unkept,
	"a lease has one holder":                leases,
}

func chunk(p sb.Process, seq int64, hash string) sb.Chunk {
	return sb.Chunk{Process: p, Seq: seq, Size: 5, SHA256: hash}
}

func chunks(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	_, p := w.running(t)
	gap := w.AddChunk(t.Context(), chunk(p, 3, "a"))
	requireCode(t, sb.Conflict, gap)
	var e *sb.Error
	require.ErrorAs(t, gap, &e)
	require.Equal(t, int64(0), *e.Want)
	for i := range int64(3) {
		require.NoError(t, w.AddChunk(t.Context(), chunk(p, i, "a")))
		require.NoError(t, w.AddChunk(t.Context(), chunk(p, i, "a")), "again")
	}
	require.NoError(t, w.AddChunk(t.Context(), chunk(p, 0, "a")))
	again := w.AddChunk(t.Context(), chunk(p, 1, "b"))
	requireCode(t, sb.Conflict, again)
	gap = w.AddChunk(t.Context(), chunk(p, 5, "a"))
	require.ErrorAs(t, gap, &e)
	require.Equal(t, int64(3), *e.Want)
	requireCode(t, sb.NotFound, w.AddChunk(t.Context(), chunk(sb.Process{AttemptRef: sb.AttemptRef{Run: "none"}}, 0, "a")))
}

func chunkOrder(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	run, _ := w.running(t)
	var want []sb.Chunk
	for _, p := range []struct {
		source       string
		attempt, try int
	}{{"z", 1, 1}, {"a", 1, 1}, {"a", 1, 2}, {"a", 2, 1}} {
		process := sb.Process{AttemptRef: sb.AttemptRef{Run: run.ID, Attempt: p.attempt}, Source: p.source, Try: p.try}
		for i := range int64(2) {
			w.clock.pass(time.Second)
			c := chunk(process, i, "a")
			require.NoError(t, w.AddChunk(t.Context(), c))
			c.CreatedAt = w.clock.now()
			want = append(want, c)
		}
	}
	got, err := w.Chunks(t.Context(), run.ID, 0)
	require.NoError(t, err)
	require.Equal(t, want, got)
	got, err = w.Chunks(t.Context(), run.ID, 3)
	require.NoError(t, err)
	require.Equal(t, want[3:], got)
	require.NoError(t, w.DropChunks(t.Context(), run.ID))
	got, err = w.Chunks(t.Context(), run.ID, 0)
	require.NoError(t, err)
	require.Empty(t, got)
}

func keepLogRace(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	run, p := w.running(t)
	w.apply(t, run.ID, w.end(true))
	var wg sync.WaitGroup
	kept := int64(0)
	wg.Go(func() {
		for i := range int64(200) {
			if w.AddChunk(t.Context(), chunk(p, i, "a")) != nil {
				return
			}
			kept++
		}
	})
	require.NoError(t, w.KeepLog(t.Context(), run.ID, sb.Log{Path: "x", Size: 1}))
	atOnce, err := w.Chunks(t.Context(), run.ID, 0)
	require.NoError(t, err)
	wg.Wait()
	after, err := w.Chunks(t.Context(), run.ID, 0)
	require.NoError(t, err)
	require.Equal(t, atOnce, after, "none came in after the log was kept")
	require.Len(t, after, int(kept))
	requireCode(t, sb.Conflict, w.AddChunk(t.Context(), chunk(p, kept, "a")))
}

func onlyLog(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	there := w.airflow(t)
	for _, row := range []struct {
		name   string
		before func(run sb.Run, p sb.Process)
		only   bool
	}{
		{"nobody else claimed it or sent anything", func(sb.Run, sb.Process) {}, true},
		{"another part claimed it", func(run sb.Run, _ sb.Process) { w.claimed(t, run, "load") }, false},
		{"it sent some itself", func(_ sb.Run, p sb.Process) { require.NoError(t, w.AddChunk(t.Context(), chunk(p, 0, "a"))) }, false},
	} {
		run := w.sent(t, there)
		p := w.claimed(t, run, "extract")[0]
		row.before(run, p)
		w.apply(t, run.ID, w.end(true))
		got, err := w.OnlyLog(t.Context(), p)
		require.NoError(t, err)
		require.Equal(t, row.only, got, row.name)
		err = w.KeepOnlyLog(t.Context(), p, sb.Log{Path: "x", Size: 1})
		kept, readErr := w.Run(t.Context(), run.ID)
		require.NoError(t, readErr)
		if row.only {
			require.NoError(t, err, row.name)
			require.Equal(t, &sb.Log{Path: "x", Size: 1}, kept.Log)
			requireCode(t, sb.Conflict, w.AddChunk(t.Context(), chunk(p, 0, "a")))
		} else {
			requireCode(t, sb.Conflict, err)
			require.Nil(t, kept.Log, row.name)
		}
	}
}

func joinedChunks(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	run, p := w.running(t)
	other := p
	other.Source = "other"
	hashed := func(p sb.Process, i int64) sb.Chunk { return chunk(p, i, fmt.Sprintf("%08x%056x", i+1, 0)) }
	add := func(p sb.Process, i int64) error { return w.AddChunk(t.Context(), hashed(p, i)) }
	for i := range int64(6) {
		w.clock.pass(time.Second)
		require.NoError(t, add(p, i))
		require.NoError(t, add(other, i))
	}
	all, err := w.Chunks(t.Context(), run.ID, 0)
	require.NoError(t, err)
	joined := sb.JoinedChunk(all[0:4])
	require.Equal(t, [3]int64{0, 3, 20}, [3]int64{joined.First(), joined.Seq, joined.Size})
	wrong := joined
	wrong.SHA256 = sb.JoinedChunk(all[0:3]).SHA256
	requireCode(t, sb.Conflict, w.JoinChunks(t.Context(), wrong))
	for range 2 {
		require.NoError(t, w.JoinChunks(t.Context(), joined))
	}
	for skip, want := range [][]sb.Chunk{append([]sb.Chunk{joined}, all[4:]...), append([]sb.Chunk{joined}, all[4:]...), 4: all[4:], 6: all[6:], 12: nil} {
		if want == nil && skip < 12 {
			continue
		}
		got, err := w.Chunks(t.Context(), run.ID, int64(skip))
		require.NoError(t, err)
		require.ElementsMatch(t, want, got, "%d", skip)
	}
	for i := range int64(6) {
		require.NoError(t, add(p, i), "each is known, %d", i)
		requireCode(t, sb.Conflict, w.AddChunk(t.Context(), chunk(p, i, hashed(p, i+1).SHA256)))
	}
	var e *sb.Error
	require.ErrorAs(t, add(p, 9), &e)
	require.Equal(t, int64(6), *e.Want)
	last, err := w.Chunks(t.Context(), run.ID, 4)
	require.NoError(t, err)
	tail := sb.JoinedChunk(last[:2])
	require.NoError(t, w.JoinChunks(t.Context(), tail))
	require.NoError(t, add(p, 5))
	require.NoError(t, add(p, 6), "the next follows joined ones")
	w.apply(t, run.ID, w.end(true))
	require.NoError(t, w.KeepLog(t.Context(), run.ID, sb.Log{Path: "x", Size: 1}))
	requireCode(t, sb.Conflict, w.JoinChunks(t.Context(), sb.JoinedChunk(all[6:8])))
}

func unkept(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	a, _ := w.running(t)
	b, _ := w.running(t)
	w.running(t)
	w.apply(t, w.schedule(t).ID, sb.MarkFailed{At: w.clock.now(), By: w.ann.Who()})
	w.apply(t, a.ID, w.end(true))
	w.apply(t, b.ID, sb.MarkFailed{At: w.clock.now(), By: w.ann.Who()})
	w.clock.pass(time.Second)
	read := func() []string {
		runs, err := w.Unkept(t.Context(), w.clock.now(), nil, 10)
		require.NoError(t, err)
		return ids(runs)
	}
	require.Equal(t, []string{a.ID}, read())
	w.apply(t, b.ID, w.end(true))
	require.Equal(t, []string{a.ID}, read())
	w.clock.pass(time.Second)
	require.Equal(t, []string{a.ID, b.ID}, read())
	first, err := w.Unkept(t.Context(), w.clock.now(), nil, 1)
	require.NoError(t, err)
	rest, err := w.Unkept(t.Context(), w.clock.now(), &first[0], 10)
	require.NoError(t, err)
	require.Equal(t, []string{b.ID}, ids(rest), "a sweep pages through them")
	rest, err = w.Unkept(t.Context(), w.clock.now(), &rest[0], 10)
	require.NoError(t, err)
	require.Empty(t, rest)
	require.NoError(t, w.KeepLog(t.Context(), a.ID, sb.Log{Path: "x", Size: 1, DownloadOnly: true}))
	require.Equal(t, []string{b.ID}, read())
	run, err := w.Run(t.Context(), a.ID)
	require.NoError(t, err)
	require.Equal(t, &sb.Log{Path: "x", Size: 1, DownloadOnly: true}, run.Log)
}

func leases(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	take := func(holder string) bool {
		ok, err := w.Lease(t.Context(), "x", holder, time.Minute)
		require.NoError(t, err)
		return ok
	}
	require.True(t, take("a"))
	require.True(t, take("a"))
	require.False(t, take("b"))
	w.clock.pass(time.Minute)
	require.True(t, take("b"))
	require.False(t, take("a"))
	require.NoError(t, w.Release(t.Context(), "x", "a"))
	require.False(t, take("a"))
	require.NoError(t, w.Release(t.Context(), "x", "b"))
	require.True(t, take("a"))
}
