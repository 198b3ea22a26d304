package storetest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/store"
)

var baseTests = map[string]func(*testing.T, Fresh){
	"a database is made once":                                madeOnce,
	"a database that is not migrated is not served":          notMigrated,
	"a call that is given up does not block those after":     givenUp,
	"notes come after the commit, from every replica":        notesHeard,
	"the clock that decides gives microseconds in UTC":       clockDecides,
	"several replicas migrate one database at the same time": migrateAtOnce,
}

func madeOnce(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	id, err := w.Installation(t.Context())
	require.NoError(t, err)
	require.Regexp(t, `^[a-z2-7]{8}$`, id)
	require.Equal(t, sb.Builtin, w.builtin.Kind)
	require.True(t, w.builtin.Enabled)
	require.Equal(t, 8, w.builtin.Quota)
	route, ok := w.builtin.Route(hello)
	require.True(t, ok)
	require.Equal(t, sb.DefaultPool, route.Target.Pool)

	w.quota(t, 3)
	require.NoError(t, w.Migrate(t.Context()))
	again, err := w.Installation(t.Context())
	require.NoError(t, err)
	require.Equal(t, id, again)
	list, err := w.Orchestrators(t.Context())
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, 3, list[0].Quota)
	require.NoError(t, w.Ready(t.Context()))
}

func notMigrated(t *testing.T, fresh Fresh) {
	s, err := store.Open(t.Context(), fresh(t))
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	requireCode(t, sb.Unavailable, s.Ready(t.Context()))
	require.NoError(t, s.Migrate(t.Context()))
	require.NoError(t, s.Ready(t.Context()))
}

func migrateAtOnce(t *testing.T, fresh Fresh) {
	o := fresh(t)
	if !shared(o) {
		t.Skip("an SQLite file belongs to one process")
	}
	var wg sync.WaitGroup
	for range 3 {
		s, err := store.Open(t.Context(), o)
		require.NoError(t, err)
		defer func() { require.NoError(t, s.Close()) }()
		wg.Go(func() {
			if err := s.Migrate(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// shared tells whether several stores may open a database at once.
func shared(o store.Options) bool { return len(o.URL) > 8 && o.URL[:8] == "postgres" }

func givenUp(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	run := w.schedule(t)
	for range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				_, _ = w.Change(ctx, run.ID, func(r sb.Run) (sb.Run, []sb.Event, error) {
					return r.Apply(sb.Rename{At: w.clock.now(), Label: r.Label + "x"})
				})
				_, _ = w.Facts(ctx, sb.Ask{PrincipalID: w.ann.ID, Run: run.ID})
			})
		}
		cancel()
		wg.Wait()
	}
	late, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	_, err := w.Change(late, run.ID, applying(sb.Rename{At: w.clock.now(), Label: "end"}))
	require.NoError(t, err)
	for range 16 { // every reader sees it
		f, err := w.Facts(late, sb.Ask{PrincipalID: w.ann.ID, Run: run.ID})
		require.NoError(t, err)
		require.Equal(t, "end", f.Run.Label)
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = w.Change(done, run.ID, applying(sb.Rename{At: w.clock.now(), Label: "never"}))
	requireCode(t, sb.Unavailable, err)
	require.ErrorIs(t, err, context.Canceled)
}

func notesHeard(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	notes := w.Notes(t.Context())
	other := w.Store
	if shared(w.options) {
		var err error
		other, err = store.Open(t.Context(), w.options)
		require.NoError(t, err)
		defer func() { require.NoError(t, other.Close()) }()
	}
	w.heard(t, notes, func() {})
	run := w.schedule(t)
	require.Equal(t, sb.Note{Topic: sb.TopicRun, ID: run.ID}, next(t, notes))
	require.Equal(t, sb.Note{Topic: sb.TopicQueue, ID: w.builtin.ID}, next(t, notes))
	_, err := other.Admit(t.Context(), w.builtin.ID, sb.Targets{}, func(c sb.Candidate) sb.Change { return sb.Admit{At: c.Now} })
	require.NoError(t, err)
	require.Equal(t, sb.Note{Topic: sb.TopicRun, ID: run.ID}, next(t, notes))
	require.Equal(t, sb.Note{Topic: sb.TopicDispatch, ID: run.ID}, next(t, notes))

	ctx, cancel := context.WithCancel(t.Context())
	brief := w.Notes(ctx)
	cancel()
	for range brief { // ends
	}
}

// heard waits until notes are heard at all, and forgets what came until then.
func (w *world) heard(t *testing.T, notes <-chan sb.Note, then func()) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for heard, quota := false, 9; !heard; quota = 17 - quota { // what changes nothing is not told
		w.quota(t, quota)
		select {
		case <-notes:
			heard = true
		case <-tick.C:
		}
	}
	w.quota(t, 8)
	then()
	run := w.schedule(t) // the last note before silence
	for n := next(t, notes); n.ID != run.ID; n = next(t, notes) {
	}
	next(t, notes)
	w.apply(t, run.ID, sb.MarkFailed{At: w.clock.now(), By: w.ann.Who()})
	next(t, notes) // the run
	next(t, notes) // over
}

func next(t *testing.T, notes <-chan sb.Note) sb.Note {
	t.Helper()
	select {
	case n := <-notes:
		return n
	case <-time.After(20 * time.Second):
		require.FailNow(t, "no note came")
		return sb.Note{}
	}
}

func clockDecides(t *testing.T, fresh Fresh) {
	s := Open(t, fresh(t))
	now, err := s.Now(t.Context())
	require.NoError(t, err)
	require.Equal(t, time.UTC, now.Location())
	require.Equal(t, now, now.Truncate(time.Microsecond))
	require.WithinDuration(t, time.Now(), now, time.Minute)
}
