package watch_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/watch"
)

func TestTheLogOfWorkThatGoesOnCanBeRead(t *testing.T) {
	t.Parallel()
	w := setup(t)
	run := w.sent()
	w.set(run, sb.SeenActive, "running")
	w.there.Write(run.Work.Ref, "clean", "try 1\n", "line 0 of try 2")
	read := func() string {
		text, err := w.bridge.Live(t.Context(), run)
		require.NoError(t, err)
		return string(text)
	}
	require.Equal(t, "line 0 of try 2\n", read())
	w.there.Write(run.Work.Ref, "clean", "try 1\n", "line 0 of try 2\nline 1\n")
	require.Equal(t, "line 0 of try 2\n", read(), "many who look are one who asks")
	w.Clock.Pass(watch.LiveFor)
	require.Equal(t, "line 0 of try 2\nline 1\n", read())
	w.there.Away(sb.Errorf(sb.Unavailable, "away"))
	w.Clock.Pass(watch.LiveFor)
	_, err := w.bridge.Live(t.Context(), run)
	require.Equal(t, sb.Unavailable, sb.CodeOf(err))
	shown, err := w.output.Show(t.Context(), run)
	require.NoError(t, err)
	require.Zero(t, shown.Size, "nothing of it is kept")
}
