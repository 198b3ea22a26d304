package dispatch_test

import (
	"context"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	sb "signalbox"
	"signalbox/controlplane/dispatch"
	"signalbox/controlplane/runs/runstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// carrier carries attempts in memory, and tells what it was asked.
type carrier struct {
	mu     sync.Mutex
	states map[sb.AttemptRef]sb.CarrierState
	begun  map[sb.AttemptRef]int // how often a carrying began
	asked  map[sb.AttemptRef]int // how often a start was asked for
	fails  error                 // of the next start
	begins func(sb.Run)          // happens between the start and its answer

	cancelled chan sb.AttemptRef
	settled   chan sb.AttemptRef
}

func newCarrier() *carrier {
	return &carrier{
		states: map[sb.AttemptRef]sb.CarrierState{}, begun: map[sb.AttemptRef]int{}, asked: map[sb.AttemptRef]int{},
		begins: func(sb.Run) {}, cancelled: make(chan sb.AttemptRef, 100), settled: make(chan sb.AttemptRef, 100),
	}
}

func (c *carrier) Start(_ context.Context, run sb.Run) (string, string, error) {
	if err := c.start(run.Ref()); err != nil {
		return "", "", err
	}
	c.begins(run)
	return run.Ref().Name(), "http://pages/" + run.Ref().Name(), nil
}

func (c *carrier) Settled(_ context.Context, ref sb.AttemptRef) error {
	c.settled <- ref
	return nil
}

func (c *carrier) start(ref sb.AttemptRef) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked[ref]++
	if err := c.fails; err != nil {
		c.fails = nil
		return err
	}
	state, known := c.states[ref]
	if known && !state.Open {
		return sb.Errorf(sb.Conflict, "it has ended")
	}
	if !known {
		c.begun[ref]++
		c.states[ref] = sb.CarrierState{Open: true}
	}
	return nil
}

func (c *carrier) Cancel(_ context.Context, ref sb.AttemptRef) error {
	c.cancelled <- ref
	return nil
}

func (c *carrier) State(_ context.Context, ref sb.AttemptRef) (sb.CarrierState, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	state, known := c.states[ref]
	state.Missing = !known
	return state, nil
}

// put changes what is known of an attempt.
func (c *carrier) put(ref sb.AttemptRef, state sb.CarrierState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.states[ref] = state
}

func (c *carrier) count(ref sb.AttemptRef) (begun, asked int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.begun[ref], c.asked[ref]
}

// dispatching runs dispatch until the test, or end, ends it.
func dispatching(t *testing.T, w *runstest.World, c *carrier) (end func()) {
	t.Helper()
	log := logrus.New()
	log.SetOutput(io.Discard)
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- dispatch.New(w.Store, w.Work, c, w, logrus.NewEntry(log)).Run(ctx) }()
	end = sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-ran)
	})
	t.Cleanup(end)
	return end
}

// until waits until a run is as it should be.
func until(t *testing.T, w *runstest.World, id string, is func(sb.Run) bool) sb.Run {
	t.Helper()
	var run sb.Run
	require.Eventually(t, func() bool {
		run = w.Get(t, id)
		return is(run)
	}, 20*time.Second, 5*time.Millisecond, "it stays as it is")
	return run
}

func sent(r sb.Run) bool { return r.DispatchedAt != nil }

// listening waits until dispatch hears notes.
func listening(t *testing.T, w *runstest.World) {
	t.Helper()
	run := w.Queued(t)
	w.Clock.Pass(6 * time.Second) // by its note or by the first sweep, before which notes are heard
	until(t, w, run.ID, sent)
}

func TestAnAdmittedRunIsSentAtOnce(t *testing.T) {
	t.Parallel()
	w, c := runstest.New(t), newCarrier()
	dispatching(t, w, c)
	listening(t, w)
	begin := time.Now()
	run := w.Queued(t)
	run = until(t, w, run.ID, sent)
	require.Less(t, time.Since(begin), time.Second, "by its note, not by the sweep")
	require.Equal(t, []any{sb.Queued, sb.WorkSubmitted, run.Ref().Name(), "http://pages/" + run.Ref().Name()},
		[]any{run.Status, run.Work.State, run.Work.Ref, run.Work.URL})
}

func TestTheSweepSendsWhatANoteMissed(t *testing.T) {
	t.Parallel()
	w, c := runstest.New(t), newCarrier()
	run := w.Queued(t)
	w.Clock.Pass(5*time.Second + time.Millisecond)
	fresh := w.Queued(t)
	dispatching(t, w, c) // its first sweep comes before any note
	until(t, w, run.ID, sent)
	require.False(t, sent(w.Get(t, fresh.ID)), "a note may yet come")
	w.Clock.Pass(5*time.Second + time.Millisecond)
	until(t, w, fresh.ID, sent)
}

func TestAStartThatFailedIsTriedAgain(t *testing.T) {
	t.Parallel()
	w, c := runstest.New(t), newCarrier()
	c.fails = sb.Errorf(sb.Unavailable, "away")
	run := w.Queued(t)
	w.Clock.Pass(6 * time.Second)
	dispatching(t, w, c)
	until(t, w, run.ID, sent)
	begun, asked := c.count(run.Ref())
	require.Equal(t, []int{1, 2}, []int{begun, asked})
}

func TestAnAttemptStartsOnce(t *testing.T) {
	t.Parallel()
	w, c := runstest.New(t), newCarrier()
	for range 3 {
		dispatching(t, w, c)
	}
	var runs []sb.Run
	for range 8 {
		runs = append(runs, w.Queued(t))
	}
	w.Clock.Pass(6 * time.Second) // the sweeps take them too
	for _, run := range runs {
		until(t, w, run.ID, sent)
		begun, _ := c.count(run.Ref())
		require.Equal(t, 1, begun)
	}
}

func TestWhatIsOverByThenIsCancelled(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(*testing.T, *runstest.World, string){
		"marked": func(t *testing.T, w *runstest.World, id string) {
			_, err := w.Life.Mark(t.Context(), w.Ann, id)
			require.NoError(t, err)
		},
		"stopped": func(t *testing.T, w *runstest.World, id string) {
			_, err := w.Life.Stop(t.Context(), w.Ann, id)
			require.NoError(t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, c := runstest.New(t), newCarrier()
			c.begins = func(r sb.Run) { do(t, w, r.ID) } // while it is being started
			run := w.Queued(t)
			w.Clock.Pass(6 * time.Second)
			dispatching(t, w, c)
			require.Equal(t, run.Ref(), <-c.cancelled)
			run = w.Get(t, run.ID)
			require.Equal(t, sb.Failed, run.Status)
			require.False(t, run.Slot)
			_, err := w.Work.Claim(t.Context(), w.Builtin.ID, w.ClaimOf(runstest.Main(run)))
			runstest.RequireCode(t, sb.Conflict, err)
		})
	}
}

func TestAWorkflowThatEndedBefore(t *testing.T) {
	t.Parallel()
	w, c := runstest.New(t), newCarrier()
	lost := w.Queued(t)
	c.put(lost.Ref(), sb.CarrierState{})
	taken := w.Queued(t)
	c.put(taken.Ref(), sb.CarrierState{})
	_, err := w.Work.Claim(t.Context(), w.Builtin.ID, w.ClaimOf(runstest.Main(taken)))
	require.NoError(t, err)
	w.Clock.Pass(6 * time.Second)
	dispatching(t, w, c)
	run := until(t, w, lost.ID, func(r sb.Run) bool { return r.Status == sb.Scheduled })
	require.Equal(t, []any{1, 1, false}, []any{run.Attempt, run.Requeued, run.Slot}, "back in the queue")
	require.Eventually(t, func() bool { _, asked := c.count(taken.Ref()); return asked > 1 }, 20*time.Second, 5*time.Millisecond)
	run = w.Get(t, taken.ID)
	require.Equal(t, []any{sb.Queued, true}, []any{run.Status, run.Slot}, "a worker has it: its word counts")
}

func TestTheEndOfWorkIsAskedForAgain(t *testing.T) {
	t.Parallel()
	w, c := runstest.New(t), newCarrier()
	run, p := w.Running(t)
	c.put(run.Ref(), sb.CarrierState{Open: true})
	end := dispatching(t, w, c)
	listening(t, w)
	_, err := w.Life.Stop(t.Context(), w.Ann, run.ID)
	require.NoError(t, err)
	require.Equal(t, run.Ref(), <-c.cancelled, "by its note")
	end()
	dispatching(t, w, c)
	require.Equal(t, run.Ref(), <-c.cancelled, "by the sweep, until the work has ended")
	require.True(t, w.Get(t, run.ID).Slot)
	require.NoError(t, w.Work.End(t.Context(), p, sb.End{Signal: "terminated"}))
	require.False(t, w.Get(t, run.ID).Slot)
}

func TestWhatTheSweepFindsThere(t *testing.T) {
	t.Parallel()
	gone := sb.CarrierState{}
	terminated := sb.CarrierState{Terminated: true, Reason: "terminated in Temporal"}
	unclaimed := func(t *testing.T, w *runstest.World) sb.Run { return w.Dispatched(t) }
	begun := func(t *testing.T, w *runstest.World) sb.Run { run, _ := w.Running(t); return run }
	unnoted := func(t *testing.T, w *runstest.World) sb.Run {
		run := w.Queued(t)
		p := runstest.Main(run)
		_, err := w.Work.Claim(t.Context(), run.OrchestratorID, w.ClaimOf(p))
		require.NoError(t, err)
		require.NoError(t, w.Work.Start(t.Context(), p, "", ""))
		return run
	}
	for name, c := range map[string]struct {
		put    func(*testing.T, *runstest.World) sb.Run
		state  sb.CarrierState
		status sb.Status
		kind   sb.FailureKind
		slot   bool
	}{
		"terminated before the work began":   {unclaimed, terminated, sb.Failed, sb.FailStopped, false},
		"terminated while the work goes on":  {begun, terminated, sb.Failed, sb.FailStopped, true},
		"terminated, its dispatch not noted": {unnoted, terminated, sb.Failed, sb.FailStopped, true},
		"ended before the work began":        {unclaimed, gone, sb.Scheduled, "", false},
		"ended while the work goes on":       {begun, gone, sb.Running, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, there := runstest.New(t), newCarrier()
			run := c.put(t, w)
			there.put(run.Ref(), c.state)
			mark := w.Dispatched(t) // looked at after it: when this has ended, it was looked at
			there.put(mark.Ref(), terminated)
			dispatching(t, w, there)
			until(t, w, mark.ID, func(r sb.Run) bool { return r.Status == sb.Failed })
			run = w.Get(t, run.ID)
			require.Equal(t, []any{c.status, c.slot}, []any{run.Status, run.Slot})
			if c.kind != "" {
				require.Equal(t, []any{c.kind, "terminated in Temporal"}, []any{run.Failure.Kind, run.Failure.Message})
			}
		})
	}
}

// away is a carrier that does not answer: each call takes as long as it is allowed to.
type away struct {
	*carrier
	calls chan struct{}
}

func (a away) Start(ctx context.Context, _ sb.Run) (string, string, error) {
	select {
	case a.calls <- struct{}{}:
	default:
	}
	<-ctx.Done()
	return "", "", sb.Errorf(sb.Unavailable, "no answer")
}

func TestACarrierThatDoesNotAnswerHoldsNoCancelUp(t *testing.T) {
	t.Parallel()
	w, there := runstest.New(t), away{newCarrier(), make(chan struct{}, 1)}
	run, _ := w.Running(t)
	for range 3 {
		w.Queued(t)
	}
	w.Clock.Pass(6 * time.Second) // the sweep takes what was queued
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	d := dispatch.New(w.Store, w.Work, there, w.Store, logrus.NewEntry(logrus.New()))
	go func() { ended <- d.Run(ctx) }()
	<-there.calls // the sweep hangs
	_, err := w.Life.Stop(t.Context(), w.Ann, run.ID)
	require.NoError(t, err)
	require.Equal(t, run.Ref(), <-there.cancelled)
	cancel()
	require.NoError(t, <-ended)
}
