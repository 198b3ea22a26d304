package storetest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

// met is what an environment makes of the world's plugin.
func (w *world) met(t *testing.T, worker string, lacks map[string]string, errors ...string) sb.Environment {
	t.Helper()
	e := sb.Environment{
		RevisionID: w.plugin.Revision.ID, Orchestrator: sb.Who{ID: w.builtin.ID, Name: w.builtin.Name}, Worker: worker, Lacks: lacks, SeenAt: w.clock.now(),
		Offer: sb.Offer{FiftyOne: "1.22.1", Python: "3.11.7", Operators: []sb.OfferedOperator{{Name: "hello", Config: json.RawMessage(`{"label":"H"}`)}}, Errors: errors},
	}
	require.NoError(t, w.KeepEnvironment(t.Context(), e))
	return e
}

func environments(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	known := func(worker string) bool {
		is, err := w.KnowsEnvironment(t.Context(), w.plugin.Revision.ID, w.builtin.ID, worker)
		require.NoError(t, err)
		return is
	}
	lacking := func() map[string]string {
		all, err := w.Lacking(t.Context())
		require.NoError(t, err)
		return all[w.plugin.Revision.ID]
	}
	require.False(t, known("a"))
	broken := w.met(t, "a", map[string]string{"hello": "no torch", "count": "no torch"}, "Traceback")
	require.False(t, known("a"), "one that lacks something is asked again")
	require.Equal(t, broken.Lacks, lacking())

	w.clock.pass(time.Second)
	half := w.met(t, "b", map[string]string{"count": "no numpy"})
	require.Equal(t, map[string]string{"count": "no numpy"}, lacking(), "hello could be loaded somewhere")
	list, err := w.Environments(t.Context(), w.plugin.Revision.ID)
	require.NoError(t, err)
	require.Equal(t, []sb.Environment{half, broken}, list)

	w.clock.pass(time.Second)
	whole := w.met(t, "a", map[string]string{})
	require.True(t, known("a"))
	require.False(t, known("b"))
	require.Empty(t, lacking())
	list, err = w.Environments(t.Context(), w.plugin.Revision.ID)
	require.NoError(t, err)
	require.Equal(t, []sb.Environment{whole, half}, list)
	w.clock.pass(25 * time.Hour)
	require.False(t, known("a"), "it is asked once a day")
}

func environmentsBounded(t *testing.T, fresh Fresh) {
	w := setup(t, fresh)
	for i := range 25 {
		w.clock.pass(time.Second)
		w.met(t, fmt.Sprintf("worker %02d", i), map[string]string{})
	}
	list, err := w.Environments(t.Context(), w.plugin.Revision.ID)
	require.NoError(t, err)
	require.Len(t, list, 20)
	require.Equal(t, "worker 24", list[0].Worker)

	large := w.met(t, "large", nil)
	for i := range 1000 {
		large.Offer.Operators = append(large.Offer.Operators, sb.OfferedOperator{Name: fmt.Sprint(i), Config: json.RawMessage(`"` + strings.Repeat("x", 4096) + `"`)})
	}
	require.NoError(t, w.KeepEnvironment(t.Context(), large))
	list, err = w.Environments(t.Context(), w.plugin.Revision.ID)
	require.NoError(t, err)
	require.Len(t, list[0].Offer.Operators, 1001)
	require.Nil(t, list[0].Offer.Operators[7].Config)
}
