package devserver_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/sdk/temporal"

	sb "signalbox"
	"signalbox/workflows"
	"signalbox/workflows/devserver"
)

// atOnce is work that takes no time.
func atOnce(context.Context, sb.AttemptRef) error { return nil }

func TestRunIsCarriedAndShownToPeople(t *testing.T) {
	t.Parallel()
	server := startServer(t, devserver.Options{UIListen: "127.0.0.1:0", SearchAttributes: workflows.SearchAttributes(), Log: quiet()})
	release := make(chan struct{})
	b := newBench(t, server.Addr(), func(context.Context, sb.AttemptRef) error { wait(t, release); return nil })
	b.work(t)
	require.NoError(t, b.client.Check(t.Context()))

	r := aRun("01carried")
	name, url, err := b.client.Start(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, "run:01carried:1", name)
	require.Equal(t, "http://127.0.0.1:8233/namespaces/default/workflows/run:01carried:1", url)
	require.Equal(t, r.Ref(), next(t, b.began))

	again, _, err := b.client.Start(t.Context(), r)
	require.NoError(t, err, "starting again while it is carried is success")
	require.Equal(t, name, again)
	state, err := b.client.State(t.Context(), r.Ref())
	require.NoError(t, err)
	require.Equal(t, sb.CarrierState{Open: true}, state)
	b.shown(t, name)
	pages(t, server.UIAddr())

	close(release)
	require.False(t, b.closed(t, r.Ref()).Terminated)
	require.Equal(t, []workflows.Sign{workflows.Returned}, b.signs(r.Ref()))
	_, _, err = b.client.Start(t.Context(), r)
	require.Equal(t, sb.Conflict, sb.CodeOf(err), "an attempt is carried once")
	require.NoError(t, b.client.Cancel(t.Context(), r.Ref()), "nothing to cancel is fine")
	require.Empty(t, b.began)
	b.keep(t, r.Ref(), "completed")
}

// shown looks at a running workflow as people see it.
func (b *bench) shown(t *testing.T, name string) {
	t.Helper()
	seen, err := b.sdk.DescribeWorkflow(t.Context(), name, "")
	require.NoError(t, err)
	summary, err := seen.GetStaticSummary()
	require.NoError(t, err)
	require.Equal(t, "@acme/tools/hello on dataset Zürich by night for Ana", summary)
	for attribute, want := range map[string]string{
		workflows.AttributeOperator: "@acme/tools/hello", workflows.AttributeDataset: "Zürich by night",
		workflows.AttributeSubmitter: "Ana", workflows.AttributeOrchestrator: "builtin",
	} {
		got, ok := seen.TypedSearchAttributes.GetKeyword(temporal.NewSearchAttributeKeyKeyword(attribute))
		require.True(t, ok, attribute)
		require.Equal(t, want, got)
	}
	value, err := b.sdk.QueryWorkflow(t.Context(), name, "", "__temporal_workflow_metadata")
	require.NoError(t, err)
	var metadata sdkpb.WorkflowMetadata
	require.NoError(t, value.Get(&metadata))
	require.Contains(t, metadata.GetCurrentDetails(), "Sent to pool `default` of orchestrator `builtin`")
}

func pages(t *testing.T, address string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/api/v1/namespaces/default/workflows", nil)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return false
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		return err == nil && answer.StatusCode == http.StatusOK && len(body) > 0
	}, 10*time.Second, 50*time.Millisecond)
}

func TestCancelStopsTheWorkAndTheStopIsNotedFirst(t *testing.T) {
	t.Parallel()
	server := startServer(t, devserver.Options{Log: quiet()})
	var before []workflows.Sign
	var b *bench
	r := aRun("01cancelled")
	b = newBench(t, server.Addr(), func(ctx context.Context, ref sb.AttemptRef) error {
		wait(t, ctx.Done())
		before = b.signs(ref)
		return nil
	})
	b.work(t)
	_, _, err := b.client.Start(t.Context(), r)
	require.NoError(t, err)
	next(t, b.began)
	require.NoError(t, b.sdk.CancelWorkflow(t.Context(), r.Ref().Name(), ""))
	state := b.closed(t, r.Ref())
	require.Equal(t, sb.CarrierState{Terminated: true, Reason: "cancelled in Temporal"}, state)
	require.Equal(t, []workflows.Sign{workflows.Stopping}, before)
	require.Equal(t, []workflows.Sign{workflows.Stopping, workflows.Returned}, b.signs(r.Ref()))
	b.keep(t, r.Ref(), "cancelled")
}

func TestCancelBeforeAWorkerBegan(t *testing.T) {
	t.Parallel()
	server := startServer(t, devserver.Options{Log: quiet()})
	b := newBench(t, server.Addr(), atOnce)
	run(t, workflows.Control(b.client, b, nil)) // no worker of the pool
	r := aRun("01unbegun")
	_, _, err := b.client.Start(t.Context(), r)
	require.NoError(t, err)
	require.NoError(t, b.client.Cancel(t.Context(), r.Ref()))
	require.True(t, b.closed(t, r.Ref()).Terminated)
	require.Equal(t, workflows.Cancelled, b.signs(r.Ref())[len(b.signs(r.Ref()))-1])
	require.Empty(t, b.began)
	b.keep(t, r.Ref(), "unbegun")
}

func TestTerminatedIsSeenAndTheWorkGoesOn(t *testing.T) {
	t.Parallel()
	server := startServer(t, devserver.Options{Log: quiet()})
	release := make(chan struct{})
	undisturbed := make(chan error, 1)
	b := newBench(t, server.Addr(), func(ctx context.Context, _ sb.AttemptRef) error {
		wait(t, release)
		undisturbed <- ctx.Err()
		return nil
	})
	b.work(t)
	r := aRun("01terminated")
	missing, err := b.client.State(t.Context(), r.Ref())
	require.NoError(t, err)
	require.True(t, missing.Missing)
	_, _, err = b.client.Start(t.Context(), r)
	require.NoError(t, err)
	next(t, b.began)
	require.NoError(t, b.sdk.TerminateWorkflow(t.Context(), r.Ref().Name(), "", "the disk is full"))
	state, err := b.client.State(t.Context(), r.Ref())
	require.NoError(t, err)
	require.Equal(t, sb.CarrierState{Terminated: true, Reason: "terminated in Temporal: the disk is full"}, state)
	close(release)
	require.NoError(t, next(t, undisturbed), "ending it is for the sweep and the lease")
}

func TestDrainingPoolLetsItsWorkEndAndLeavesTheRest(t *testing.T) {
	t.Parallel()
	server := startServer(t, devserver.Options{Log: quiet()})
	release := make(chan struct{})
	b := newBench(t, server.Addr(), func(context.Context, sb.AttemptRef) error { wait(t, release); return nil })
	stopPool := b.work(t)
	first, second := aRun("01first"), aRun("01second")
	_, _, err := b.client.Start(t.Context(), first)
	require.NoError(t, err)
	next(t, b.began)
	stopped := make(chan struct{})
	go func() {
		stopPool()
		close(stopped)
	}()
	close(release)
	next(t, stopped)
	require.Empty(t, b.signs(second.Ref()))
	b.closed(t, first.Ref())
	_, _, err = b.client.Start(t.Context(), second)
	require.NoError(t, err)
	state, err := b.client.State(t.Context(), second.Ref())
	require.NoError(t, err)
	require.True(t, state.Open, "it waits for another worker")
	b.pool(t, 1)
	require.Equal(t, second.Ref(), next(t, b.began))
	b.closed(t, second.Ref())
}

// A poll that is given up while a task is on its way to it would take the task along.
func TestNoAttemptIsLostWithAWorkerThatStops(t *testing.T) {
	t.Parallel()
	server := startServer(t, devserver.Options{Log: quiet()})
	b := newBench(t, server.Addr(), atOnce)
	run(t, workflows.Control(b.client, b, nil))
	var refs []sb.AttemptRef
	for i := range 30 {
		r := aRun(fmt.Sprintf("01moved%d", i))
		refs = append(refs, r.Ref())
		stop := b.pool(t, 4)
		_, _, err := b.client.Start(t.Context(), r)
		require.NoError(t, err)
		stop()
	}
	b.pool(t, 4)
	for _, ref := range refs {
		b.closed(t, ref)
		require.NotContains(t, b.signs(ref), workflows.Silent)
	}
}

// A pool whose doer is shut takes nothing more, lets what runs go on beside, and takes again when the doer is open.
func TestPoolThatIsShutAndOpenedAgain(t *testing.T) {
	t.Parallel()
	server := startServer(t, devserver.Options{Log: quiet()})
	release := make(chan struct{})
	b := newBench(t, server.Addr(), func(_ context.Context, ref sb.AttemptRef) error {
		if ref.Run == "01before" {
			wait(t, release)
		}
		return nil
	})
	b.open = make(chan chan struct{})
	b.work(t)
	shut := make(chan struct{})
	b.open <- shut
	before, after := aRun("01before"), aRun("01after")
	_, _, err := b.client.Start(t.Context(), before)
	require.NoError(t, err)
	require.Equal(t, before.Ref(), next(t, b.began))
	close(shut)
	b.open <- nil
	_, _, err = b.client.Start(t.Context(), after)
	require.NoError(t, err)
	require.Equal(t, after.Ref(), next(t, b.began), "what ran before is still running")
	b.closed(t, after.Ref())
	close(release)
	b.closed(t, before.Ref())
}

// What the worker has told needs no question: a workflow less work, and none left open behind a burst.
func TestEndThatWasTakenIsNotAskedAbout(t *testing.T) {
	t.Parallel()
	server := startServer(t, devserver.Options{Log: quiet()})
	b := newBench(t, server.Addr(), atOnce)
	b.told = true
	b.work(t)
	r := aRun("01told")
	_, _, err := b.client.Start(t.Context(), r)
	require.NoError(t, err)
	b.closed(t, r.Ref())
	require.Empty(t, b.signs(r.Ref()))
}

func TestHandedBackAndBrokenWork(t *testing.T) {
	t.Parallel()
	server := startServer(t, devserver.Options{Log: quiet()})
	b := newBench(t, server.Addr(), func(_ context.Context, ref sb.AttemptRef) error {
		return sb.Errorf(sb.Unavailable, "the worker shuts down")
	})
	b.work(t)
	r := aRun("01handedback")
	_, _, err := b.client.Start(t.Context(), r)
	require.NoError(t, err)
	b.closed(t, r.Ref())
	require.Equal(t, []workflows.Sign{workflows.HandedBack}, b.signs(r.Ref()))
	b.keep(t, r.Ref(), "handed_back")
}

// TestWorkBeginsWithinMilliseconds guards against a return of the server's default rates, which cost 100 ms a run; the
// benchmarks measure the rest. It runs before the others, which would take its time.
func TestWorkBeginsWithinMilliseconds(t *testing.T) {
	server := startServer(t, devserver.Options{Log: quiet(), File: t.TempDir() + "/temporal.db"})
	b := newBench(t, server.Addr(), atOnce)
	b.work(t)
	fastest := time.Hour
	for i := range 20 {
		r := aRun("01fast")
		r.Attempt = i + 1
		start := time.Now()
		_, _, err := b.client.Start(t.Context(), r)
		require.NoError(t, err)
		next(t, b.began)
		fastest = min(fastest, time.Since(start))
	}
	t.Logf("fastest of 20: %s", fastest)
	require.Less(t, fastest, 80*time.Millisecond)
}
