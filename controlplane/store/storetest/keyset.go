package storetest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

var keysetTests = map[string]func(*testing.T, Fresh){
	"a keyset is kept, read and replaced":                     keysetKept,
	"replicas that start at once agree on one keyset":         keysetMadeOnce,
	"a keyset that was changed meanwhile is not written over": keysetReplacedOnce,
}

func keysetKept(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	_, _, err := w.Keyset(t.Context())
	requireCode(t, sb.NotFound, err)
	requireCode(t, sb.Conflict, w.ReplaceKeyset(t.Context(), "", "x", "y"))

	wrapped, by, err := w.CreateKeyset(t.Context(), "one", "awskms://alias/a")
	require.NoError(t, err)
	require.Equal(t, []string{"one", "awskms://alias/a"}, []string{wrapped, by})
	wrapped, by, err = w.CreateKeyset(t.Context(), "two", "awskms://alias/b")
	require.NoError(t, err)
	require.Equal(t, []string{"one", "awskms://alias/a"}, []string{wrapped, by}, "the first one stays")

	require.NoError(t, w.ReplaceKeyset(t.Context(), "one", "three", "awskms://alias/c"))
	wrapped, by, err = w.Keyset(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"three", "awskms://alias/c"}, []string{wrapped, by})
}

func keysetMadeOnce(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	got := make([]string, 8)
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() {
			wrapped, _, err := w.CreateKeyset(t.Context(), fmt.Sprint("of replica ", i), "a key")
			if err != nil {
				t.Error(err)
			}
			got[i] = wrapped
		})
	}
	wg.Wait()
	there, _, err := w.Keyset(t.Context())
	require.NoError(t, err)
	for _, wrapped := range got {
		require.Equal(t, there, wrapped)
	}
}

func keysetReplacedOnce(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	_, _, err := w.CreateKeyset(t.Context(), "old", "a key")
	require.NoError(t, err)
	results := make([]error, 4)
	var wg sync.WaitGroup
	for i := range results {
		wg.Go(func() { results[i] = w.ReplaceKeyset(t.Context(), "old", fmt.Sprint("new ", i), "a key") })
	}
	wg.Wait()
	won := 0
	for _, err := range results {
		if err == nil {
			won++
			continue
		}
		requireCode(t, sb.Conflict, err)
	}
	require.Equal(t, 1, won)
}
