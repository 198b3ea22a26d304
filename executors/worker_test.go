package executors

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

// running is a worker under test.
type running struct {
	*world
	*Worker
	stop  context.CancelFunc // the first signal
	ended chan error         // of Run
	did   chan error         // of each Do
}

func (w *world) work(t *testing.T, s WorkerSettings) *running {
	t.Helper()
	s.Name, s.Pool = "h/default", "default"
	ctx, stop := context.WithCancel(t.Context())
	r := &running{world: w, Worker: NewWorker(w.runner, s), stop: stop, ended: make(chan error, 1), did: make(chan error, 9)}
	over := make(chan struct{})
	go func() {
		defer close(over)
		r.ended <- r.Run(ctx)
	}()
	t.Cleanup(func() {
		stop()
		r.Hurry()
		<-over
	})
	return r
}

// give gives the worker an attempt.
// did leaves out whether the end was taken.
func did(_ bool, err error) error { return err }

func (r *running) give(ctx context.Context) { go func() { r.did <- did(r.Do(ctx, ref)) }() }

func TestWorkerMakesItselfKnownAtOnce(t *testing.T) {
	t.Parallel()
	w := setup(t, "").scripted("hang", "{}")
	w.runner.Warnings = []string{"no bounds"}
	r := w.work(t, WorkerSettings{Version: "1.2", Concurrency: 3, Drain: -1})
	r.hears(t, "workers")
	said := r.workers[0]
	require.NotEmpty(t, said.Incarnation)
	said.Incarnation = ""
	require.Equal(t, sb.WorkersRequest{
		Name: "h/default", Version: "1.2", Pool: "default", Concurrency: 3, Running: []sb.AttemptRef{}, Warnings: []string{"no bounds"},
	}, said)

	r.give(t.Context())
	r.hears(t, "start")
	wake(r.nudge)
	r.hears(t, "workers")
	require.Equal(t, []sb.AttemptRef{ref}, r.workers[1].Running)
	require.Equal(t, r.incarnation, r.claims[0].Incarnation)
	require.Equal(t, "h/default", r.claims[0].Worker)
}

func TestWorkerStopsWhatItIsTold(t *testing.T) {
	t.Parallel()
	r := setup(t, "").scripted("hang", "{}").work(t, WorkerSettings{})
	r.hears(t, "workers")
	r.give(t.Context())
	r.hears(t, "start")
	r.plane.mu.Lock()
	r.tell.Stop = []sb.AttemptRef{ref, {Run: "another", Attempt: 1}}
	r.plane.mu.Unlock()
	wake(r.nudge)
	require.NoError(t, <-r.did)
	require.Equal(t, "terminated", r.end(t).Signal)
	require.False(t, r.end(t).WorkerLost)
}

func TestCallerStopsAnAttempt(t *testing.T) {
	t.Parallel()
	r := setup(t, "").scripted("hang", "{}").work(t, WorkerSettings{})
	ctx, cancel := context.WithCancel(t.Context())
	r.give(ctx)
	r.hears(t, "start")
	cancel()
	require.NoError(t, <-r.did)
	require.Equal(t, "terminated", r.end(t).Signal, "the end is told although the caller's ctx is done")
}

func TestOneAttemptIsCarriedOutOnce(t *testing.T) {
	t.Parallel()
	r := setup(t, "").scripted("hang", "{}").work(t, WorkerSettings{Drain: -1})
	r.give(t.Context())
	r.hears(t, "start")
	require.NoError(t, did(r.Do(t.Context(), ref)), "there is nothing to do")
	require.Equal(t, 1, r.called("claim"))
}

func TestWorkerThatDoesNotRunBeginsNothing(t *testing.T) {
	t.Parallel()
	w := setup(t, "")
	first := w.work(t, WorkerSettings{})
	first.hears(t, "workers")
	second := NewWorker(w.runner, WorkerSettings{Name: "h/default"})
	ended := make(chan error, 1)
	go func() { ended <- did(second.Do(t.Context(), ref)) }()
	require.Equal(t, sb.Conflict, sb.CodeOf(second.Run(t.Context())))
	require.Equal(t, sb.Unavailable, sb.CodeOf(<-ended))

	first.stop()
	require.NoError(t, <-first.ended)
	require.Equal(t, sb.Unavailable, sb.CodeOf(did(first.Do(t.Context(), ref))), "it has ended")
	require.Zero(t, w.called("claim"))
}

func TestFoldersOfAnEarlierIncarnationStayWhileItsShimsEndTheWork(t *testing.T) {
	t.Parallel()
	w := setup(t, "")
	runs := w.runner.runs("h/default")
	require.NoError(t, os.MkdirAll(filepath.Join(runs, "old", "work"), 0o700))
	worker := NewWorker(w.runner, WorkerSettings{Name: "h/default"})
	waited, gone := make(chan time.Duration, 1), make(chan time.Time)
	worker.after = func(d time.Duration) <-chan time.Time {
		waited <- d
		return gone
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- worker.Run(ctx) }()

	require.Equal(t, 15*time.Second, <-waited)
	require.DirExists(t, filepath.Join(runs, "old"))
	require.NoError(t, os.Mkdir(filepath.Join(runs, "new"), 0o700))
	gone <- time.Time{}
	stop()
	require.NoError(t, <-ended)
	require.NoDirExists(t, filepath.Join(runs, "old"))
	require.DirExists(t, filepath.Join(runs, "new"))
}

func TestDrain(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		end  func(*running)
		told sb.EndRequest
	}{
		{
			"what runs is stopped when the time is over", func(r *running) { r.settings.Drain = time.Millisecond; r.stop() },
			sb.EndRequest{Signal: "terminated", WorkerLost: true, Reason: "worker shut down"},
		},
		{
			"a second signal skips the wait", func(r *running) { r.stop(); r.Hurry(); r.Hurry() },
			sb.EndRequest{Signal: "terminated", WorkerLost: true, Reason: "worker shut down"},
		},
		{"what ends in time ends as it does", func(r *running) {
			r.stop()
			<-r.closing
			r.Worker.stop(errStopped, ref)
		}, sb.EndRequest{Signal: "terminated"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := setup(t, "").scripted("hang", "{}").work(t, WorkerSettings{})
			r.give(t.Context())
			r.hears(t, "start")
			c.end(r)
			require.NoError(t, <-r.did)
			require.NoError(t, <-r.ended)
			require.Equal(t, c.told, r.end(t))
		})
	}
}

func TestDrainHandsBackWhatHasNotStarted(t *testing.T) {
	t.Parallel()
	w := setup(t, "exit 0")
	asked, asking := make(chan struct{}, 100), make(chan struct{})
	w.fail = func(_ context.Context, call string) error {
		if call == "plugin" {
			asked <- struct{}{}
			<-asking
			return errAway
		}
		return nil
	}
	r := w.work(t, WorkerSettings{})
	r.give(t.Context())
	<-asked
	r.stop()
	<-r.closing
	close(asking)
	require.NoError(t, <-r.did)
	require.NoError(t, <-r.ended)
	require.Equal(t, sb.EndRequest{HandedBack: true, Reason: "it had not begun: the worker shuts down"}, r.end(t))
	require.Zero(t, r.called("start"))
	require.True(t, r.workers[len(r.workers)-1].Draining || len(r.workers) == 1)
}

func TestDrainWhileTheStartIsAsked(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		then error
		want func(*testing.T, sb.EndRequest)
	}{
		{"work that was let start is done", nil, func(t *testing.T, e sb.EndRequest) {
			require.Equal(t, sb.EndRequest{ExitCode: e.ExitCode}, e)
			require.Equal(t, 0, *e.ExitCode)
		}},
		{"work that was not let start is handed back", errRunOver, func(t *testing.T, e sb.EndRequest) {
			require.Equal(t, sb.EndRequest{HandedBack: true, Reason: "it had not begun: the worker shuts down"}, e)
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, "exit 0")
			asked, drains, answers := make(chan struct{}), make(chan struct{}), []error{errAway, c.then}
			w.fail = func(_ context.Context, call string) error {
				if call != "start" {
					return nil
				}
				err := answers[0]
				if answers = answers[1:]; len(answers) == 1 {
					close(asked)
					<-drains
				}
				return err
			}
			r := w.work(t, WorkerSettings{})
			r.give(t.Context())
			<-asked
			r.stop()
			<-r.closing
			close(drains)
			require.NoError(t, <-r.did)
			require.NoError(t, <-r.ended)
			c.want(t, r.end(t))
		})
	}
}

func TestDrainByTheControlPlane(t *testing.T) {
	t.Parallel()
	w := setup(t, "")
	w.tell.Drain = true
	r := w.work(t, WorkerSettings{})
	require.NoError(t, <-r.ended)
}

func TestTwoWorkersOfOneNameAreNotPossible(t *testing.T) {
	t.Parallel()
	w := setup(t, "")
	first := w.work(t, WorkerSettings{})
	first.hears(t, "workers")
	second := NewWorker(w.runner, WorkerSettings{Name: "h/default"})
	err := second.Run(t.Context())
	require.Equal(t, sb.Conflict, sb.CodeOf(err))
	require.ErrorContains(t, err, `another worker named "h/default" runs on this machine`)
	require.NoError(t, NewWorker(w.runner, WorkerSettings{Name: "h/other"}).Run(canceled(t)))

	first.stop()
	require.NoError(t, <-first.ended)
	third := NewWorker(w.runner, WorkerSettings{Name: "h/default"})
	require.NoError(t, third.Run(canceled(t)), "the name is free again")
}

func canceled(t *testing.T) context.Context {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	return ctx
}

// A rejected key costs each attempt that came one hand-back and no more: nothing is taken until it is accepted again.
func TestWorkerWhoseKeyIsRejectedLeavesThePool(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	rejected := false
	reject := func(yes bool) {
		mu.Lock()
		defer mu.Unlock()
		rejected = yes
	}
	w := setup(t, "").scripted("ok", "{}")
	w.fail = func(_ context.Context, call string) error {
		mu.Lock()
		defer mu.Unlock()
		if rejected && (call == "claim" || call == "workers") {
			return sb.Errorf(sb.Unauthenticated, "this key is not known")
		}
		return nil
	}
	r := w.work(t, WorkerSettings{})
	shut, err := r.Open(t.Context())
	require.NoError(t, err)
	require.False(t, closed(shut))

	reject(true)
	require.Equal(t, sb.Unavailable, sb.CodeOf(did(r.Do(t.Context(), ref))), "another worker may take it")
	<-shut
	_, err = r.Open(canceled(t))
	require.ErrorIs(t, err, context.Canceled, "it takes nothing")
	require.Equal(t, sb.Unavailable, sb.CodeOf(did(r.Do(t.Context(), ref))), "what was on its way is not even asked for")
	require.Zero(t, r.called("claim"))

	reject(false)
	wake(r.nudge)
	_, err = r.Open(t.Context())
	require.NoError(t, err)
	require.NoError(t, did(r.Do(t.Context(), ref)))
	require.Equal(t, 1, r.called("claim"))
}

func TestDoor(t *testing.T) {
	t.Parallel()
	rejected, away := sb.Errorf(sb.Unauthenticated, "this key is not known"), errAway
	cases := []struct {
		name    string
		answers []error
		open    bool
		changes int
	}{
		{"before any answer it is shut", nil, false, 0},
		{"an accepted key opens it", []error{nil}, true, 0},
		{"a control plane that is away says nothing about the key", []error{away}, true, 0},
		{"a key rejected from the start never opens it", []error{rejected, rejected}, false, 1},
		{"a rejected key shuts it", []error{nil, rejected}, false, 1},
		{"it stays shut while the control plane is away", []error{nil, rejected, away}, false, 1},
		{"a key that is accepted again opens it", []error{nil, rejected, away, nil, nil}, true, 2},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, changes := newDoor(), 0
			for _, answer := range c.answers {
				if d.heard(answer) {
					changes++
				}
			}
			open, shut, _ := d.state()
			require.Equal(t, c.open, closed(open))
			require.Equal(t, !c.open, closed(shut))
			require.Equal(t, c.changes, changes, "each is told once")
		})
	}
}

func TestPaceWhileTheKeyIsRejected(t *testing.T) {
	t.Parallel()
	w := NewWorker(setup(t, "").runner, WorkerSettings{Name: "h/default"})
	require.Zero(t, w.pace(0))
	w.door.heard(sb.Errorf(sb.Unauthenticated, "this key is not known"))
	var waits []time.Duration
	for wait := time.Duration(0); len(waits) < 7; {
		wait = w.pace(wait)
		waits = append(waits, wait/time.Second)
	}
	require.Equal(t, []time.Duration{1, 2, 4, 8, 16, 30, 30}, waits)
}
