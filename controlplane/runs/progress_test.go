package runs_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/runs"
	"signalbox/controlplane/runs/runstest"
)

func TestProgressIsStoredOnceInATurn(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	p, other := running(t, w), running(t, w)
	turn := func() { runs.Turn(t.Context(), w.Work) }
	say := func(p sb.Process, label string) {
		kept, err := w.Work.Progress(t.Context(), p, nil, label)
		require.NoError(t, err)
		require.True(t, kept)
	}
	label := func(p sb.Process) string { return w.Get(t, p.Run).Work.Progress.Label }
	turn()

	say(p, "1")
	say(p, "2")
	say(p, "3")
	say(other, "one")
	require.Equal(t, []string{"1", "one"}, []string{label(p), label(other)}, "each attempt has a turn of its own")
	turn()
	require.Equal(t, "3", label(p), "the latest of what waited")
	turn()
	say(p, "4")
	require.Equal(t, "4", label(p), "nothing was stored in this turn")
	say(p, "5")
	require.NoError(t, w.Work.Complete(t.Context(), p, nil, nil))
	require.Equal(t, "5", label(p), "the last before the end waits no longer")

	say(other, "two")
	say(other, "three")
	_, err := w.Life.Mark(t.Context(), w.Ann, p.Run)
	require.NoError(t, err)
	kept, err := w.Work.Progress(t.Context(), p, nil, "late")
	require.NoError(t, err)
	require.False(t, kept, "dropped, for the run is over")
	require.NoError(t, w.Work.End(t.Context(), p, runstest.Exit(0)))
	_, err = w.Work.Progress(t.Context(), p, nil, "later")
	runstest.RequireCode(t, sb.Conflict, err)
	ctx, end := context.WithCancel(t.Context())
	end()
	require.NoError(t, w.Work.Run(ctx))
	require.Equal(t, "three", label(other), "nothing is lost when the process ends")
	say(other, "four")
	say(other, "five")
	require.Equal(t, "five", label(other), "nobody turns the pace: nothing waits")
}

// slow is a store that keeps progress only when it is let go.
type slow struct {
	runs.Store
	began, letGo chan struct{}
}

func (s slow) SetProgress(ctx context.Context, by sb.Process, progress sb.Progress) (bool, error) {
	if progress.Label == "last" {
		close(s.began)
		<-s.letGo
	}
	return s.Store.SetProgress(ctx, by, progress)
}

func TestAnEndWaitsForProgressThatIsBeingStored(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	store := slow{w.Store, make(chan struct{}), make(chan struct{})}
	work := runs.NewWork(store, runstest.Archives{Store: w.Store}, runstest.Tokens{}, w.Secrets, w.Blobs)
	p := running(t, w)
	runs.Turn(t.Context(), work)
	for _, label := range []string{"first", "last"} {
		_, err := work.Progress(t.Context(), p, nil, label)
		require.NoError(t, err)
	}
	go runs.Turn(t.Context(), work)
	<-store.began
	ended := make(chan error, 1)
	go func() {
		ended <- errors.Join(work.Complete(t.Context(), p, nil, nil), work.End(t.Context(), p, runstest.Exit(0)))
	}()
	select {
	case err := <-ended:
		require.Fail(t, "the end came first", err)
	case <-time.After(100 * time.Millisecond): // an end that does not wait takes a few
	}
	close(store.letGo)
	require.NoError(t, <-ended)
	run := w.Get(t, p.Run)
	require.Equal(t, sb.Completed, run.Status)
	require.Equal(t, "last", run.Work.Progress.Label)
}
