package catalog_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

func TestSweepDeletesArchivesThatNoRevisionHas(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.blobs.blobs = map[string][]byte{"plugins/a.zip": nil, "plugins/ab.zip": nil, "plugins/b.zip": nil}
	w.blobs.age = 2 * time.Hour
	w.store.forget = []string{"a", "gone"}
	n, err := w.Sweep(context.Background())
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, []string{"plugins/ab.zip", "plugins/b.zip"}, w.blobs.keys())
}

func TestSweepLeavesAnArchiveThatWasJustPut(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.blobs.blobs = map[string][]byte{"plugins/a.zip": nil}
	w.store.forget = []string{"a"}
	n, err := w.Sweep(context.Background())
	require.NoError(t, err)
	require.Zero(t, n)
	require.Len(t, w.blobs.keys(), 1)
}

func TestRunSweepsDailyAlsoAfterFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := setup(t)
		w.store.forgotten = make(chan struct{})
		w.store.err = sb.Errorf(sb.Unavailable, "no database")
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- w.Run(ctx) }()
		started := time.Now()
		for day := range 3 {
			<-w.store.forgotten
			require.Equal(t, time.Duration(day)*24*time.Hour, time.Since(started))
		}
		stop()
		require.NoError(t, <-ended)
	})
}
