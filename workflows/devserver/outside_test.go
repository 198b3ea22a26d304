package devserver_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/workflows"
	"signalbox/workflows/devserver"
)

// afar is an orchestrator that takes everything, and remembers what it was asked.
type afar struct {
	sent    chan sb.AttemptRef
	stops   chan sb.AttemptRef
	watched chan string
	gone    chan struct{}
}

func newAfar() *afar {
	return &afar{sent: make(chan sb.AttemptRef, 10), stops: make(chan sb.AttemptRef, 10), watched: make(chan string, 10), gone: make(chan struct{})}
}

func (a *afar) Submit(_ context.Context, ref sb.AttemptRef) (bool, error) {
	a.sent <- ref
	return false, nil
}

func (a *afar) Stop(_ context.Context, ref sb.AttemptRef) (bool, error) {
	a.stops <- ref
	return false, nil
}

func (a *afar) Ended(context.Context, sb.AttemptRef) (bool, error) { return false, nil }

func (a *afar) WatchSource(ctx context.Context, id string) (bool, error) { return a.Watch(ctx, id) }

func (a *afar) Watch(ctx context.Context, id string) (bool, error) {
	a.watched <- id
	select {
	case <-ctx.Done():
		return false, nil
	case <-a.gone:
		return true, nil
	}
}

func outsideRun(id string) sb.Run {
	r := aRun(id)
	r.Orchestrator, r.Target = "prod", sb.Target{DAG: "etl"}
	return r
}

func TestAnAttemptThatRunsElsewhereIsCarriedUntilItsEndIsTold(t *testing.T) {
	t.Parallel()
	server := startServer(t, devserver.Options{Log: quiet()})
	b, far := newBench(t, server.Addr(), atOnce), newAfar()
	run(t, workflows.Control(b.client, b, far))

	done := outsideRun("01outside")
	_, _, err := b.client.Start(t.Context(), done)
	require.NoError(t, err)
	require.Equal(t, done.Ref(), next(t, far.sent))
	require.NoError(t, b.client.Settled(t.Context(), done.Ref()))
	require.False(t, b.closed(t, done.Ref()).Terminated)
	require.NoError(t, b.client.Settled(t.Context(), done.Ref()), "again is fine")
	b.keep(t, done.Ref(), "outside")

	stopped := outsideRun("01outsidestopped")
	_, _, err = b.client.Start(t.Context(), stopped)
	require.NoError(t, err)
	require.Equal(t, stopped.Ref(), next(t, far.sent))
	require.NoError(t, b.client.Cancel(t.Context(), stopped.Ref()))
	require.Equal(t, stopped.Ref(), next(t, far.stops))
	require.NoError(t, b.client.Settled(t.Context(), stopped.Ref()))
	require.True(t, b.closed(t, stopped.Ref()).Terminated)
	b.keep(t, stopped.Ref(), "outside_stopped")
}

func TestAWatchingMovesToAnotherWorkerWhenItsOwnStops(t *testing.T) {
	t.Parallel()
	server := startServer(t, devserver.Options{Log: quiet()})
	b, far := newBench(t, server.Addr(), atOnce), newAfar()
	other := newBench(t, server.Addr(), atOnce)
	stop := run(t, workflows.Control(b.client, b, far))
	require.NoError(t, b.client.StartWatch(t.Context(), "01o", "prod"))
	require.NoError(t, b.client.StartWatch(t.Context(), "01o", "prod"), "it goes on already")
	require.Equal(t, "01o", next(t, far.watched))
	run(t, workflows.Control(other.client, other, far))
	began := time.Now()
	stop()
	require.Equal(t, "01o", next(t, far.watched))
	require.Less(t, time.Since(began), 14*time.Second, "it is handed on, not given up for dead")
	require.Empty(t, far.watched, "one at a time")
	close(far.gone)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	require.NoError(t, b.sdk.GetWorkflow(ctx, "watch:01o", "").Get(ctx, nil))
}
