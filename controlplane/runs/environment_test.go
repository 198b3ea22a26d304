package runs_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/runs/runstest"
)

func TestWhatAnEnvironmentMakesOfAPluginIsAskedAndKept(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	w.Secrets["API_KEY"] = "planted-value"
	claim := func(operator string) (sb.Claimed, sb.Process) {
		run := w.Dispatched(t, runstest.Of(operator))
		p := runstest.Main(run)
		got, err := w.Work.Claim(t.Context(), w.Builtin.ID, w.ClaimOf(p))
		require.NoError(t, err)
		return got, p
	}
	plain, _ := claim(runstest.Hello)
	require.False(t, plain.Tell, "a command needs no FiftyOne")
	got, p := claim(runstest.Embed)
	require.True(t, got.Tell)

	broken := sb.Offer{FiftyOne: "1.22.1", Errors: []string{"at planted-value\nModuleNotFoundError: No module named 'torch'"}}
	require.NoError(t, w.Work.Environment(t.Context(), p, broken))
	list, err := w.Environments(t.Context(), w.Plugin.Revision.ID)
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, runstest.WorkerName, list[0].Worker)
	require.Equal(t, w.Builtin.ID, list[0].Orchestrator.ID)
	require.Equal(t, w.Clock.Now(), list[0].SeenAt)
	require.Contains(t, list[0].Offer.Errors[0], "at ***")
	require.Len(t, list[0].Lacks, 1, "commands do not count")
	require.Contains(t, list[0].Lacks["embed"], "has the module torch")

	got, p = claim(runstest.Embed)
	require.True(t, got.Tell, "it may have been repaired")
	require.NoError(t, w.Work.Environment(t.Context(), p, sb.Offer{FiftyOne: "1.22.1", Operators: []sb.OfferedOperator{{Name: "embed"}}}))
	got, p = claim(runstest.Embed)
	require.False(t, got.Tell)

	require.NoError(t, w.Work.End(t.Context(), p, runstest.Exit(1)))
	require.Equal(t, sb.Conflict, sb.CodeOf(w.Work.Environment(t.Context(), p, broken)))
}
