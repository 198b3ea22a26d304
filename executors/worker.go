package executors

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sirupsen/logrus"
	oteltrace "go.opentelemetry.io/otel/trace"

	sb "signalbox"
)

// DefaultDrain is how long running work may go on when its worker is asked to end.
const DefaultDrain = 10 * time.Minute

// remains is how long folders of an earlier incarnation are left alone: its shims may still be ending what runs there.
const remains = 15 * time.Second

// farewell is how long a worker tries to tell the end of work it has stopped, before it leaves that to the shims.
const farewell = 45 * time.Second

// WorkerSettings say how a worker calls itself and how it ends.
type WorkerSettings struct {
	Name        string // host/pool or a setting, never a process id: a restarted worker is the same one
	Pool        string
	Version     string
	Concurrency int
	Drain       time.Duration // DefaultDrain when 0; below 0 running work is ended at once
}

// Worker is a member of a pool. It says every WorkersEvery what it runs, carries out the attempts it is given, and
// ends without losing sight of one. Safe for use by several goroutines.
type Worker struct {
	runner   *Runner
	settings WorkerSettings

	incarnation string
	after       func(time.Duration) <-chan time.Time
	ready       chan struct{} // closed when attempts may begin
	over        chan struct{} // closed when Run has returned
	life        context.Context
	nudge       chan struct{} // say at once what runs
	left        chan struct{} // an attempt is done
	door        *door

	mu       sync.Mutex
	turns    map[sb.AttemptRef]context.CancelCauseFunc
	draining bool
	closing  chan struct{} // closed when nothing may begin any more
	hurried  chan struct{} // closed when the rest is to be stopped
}

// NewWorker gives a worker that has a fresh incarnation and does nothing until Run.
func NewWorker(r *Runner, s WorkerSettings) *Worker {
	if s.Drain == 0 {
		s.Drain = DefaultDrain
	}
	return &Worker{
		runner: r, settings: s, incarnation: rand.Text(), turns: map[sb.AttemptRef]context.CancelCauseFunc{},
		after: time.After, ready: make(chan struct{}), over: make(chan struct{}), nudge: make(chan struct{}, 1), left: make(chan struct{}, 1), door: newDoor(),
		closing: make(chan struct{}), hurried: make(chan struct{}),
	}
}

// Run takes the worker's name on this machine, makes it known, and waits until ctx is done or Drain is called. Then
// nothing begins any more; it returns when all that runs has ended and been told, at the latest some time after the
// settings' Drain. It is called once. Errors: Conflict (another worker of that name runs on this machine), Internal.
func (w *Worker) Run(ctx context.Context) error {
	defer close(w.over)
	folder := w.runner.folder(w.settings.Name)
	unlock, err := lock(folder, w.settings.Name)
	if err != nil {
		return err
	}
	defer unlock()
	left, _ := os.ReadDir(w.runner.runs(w.settings.Name)) // by an earlier incarnation: its attempts are over
	w.runner.cache.forget(w.runner.now())

	life, end := context.WithCancel(context.WithoutCancel(ctx))
	var registry sync.WaitGroup
	defer registry.Wait()
	defer end()
	w.life = life
	close(w.ready)
	registry.Go(func() { w.register(life) })
	registry.Go(func() { w.clear(life, left) })
	if w.runner.Python != "" {
		for n := range resolvers {
			registry.Go(func() { w.resolve(life, n == 0) })
		}
	}

	select {
	case <-ctx.Done():
		w.Drain()
	case <-w.closing:
	}
	w.finish()
	return nil
}

// Do carries out one attempt and returns when its end has been told and taken, or when there was nothing to do. ctx done is the
// wish to stop it. While the worker drains, an attempt is handed back; one that runs here already is nothing to do.
// Errors: Unavailable (the worker does not run, or its key is rejected: nothing was begun), and those of Runner.Do.
func (w *Worker) Do(ctx context.Context, ref sb.AttemptRef) (told bool, err error) {
	select {
	case <-w.ready:
	case <-w.over:
	case <-ctx.Done():
		return false, sb.Wrap(ctx.Err(), sb.Unavailable, "the worker was not ready")
	}
	select {
	case <-w.over:
		return false, sb.Errorf(sb.Unavailable, "the worker does not run")
	default:
	}
	if _, _, rejected := w.door.state(); rejected {
		return false, sb.Errorf(sb.Unavailable, "the worker's key is rejected")
	}
	work, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	begin, hold := context.WithCancelCause(work)
	defer hold(nil)
	if !w.enter(ref, stop) {
		w.runner.Log.WithFields(logrus.Fields{"run": ref.Run, "attempt": ref.Attempt}).Info("Nothing to do: it runs here already.")
		return false, nil
	}
	defer w.leave(ref)
	sb.FaultPoint("work.taken") // the task is ours, and nobody knows
	go func() {
		select {
		case <-w.closing:
			hold(errDraining)
		case <-begin.Done():
		}
	}()
	until := Until{Begin: begin, Work: work, Talk: oteltrace.ContextWithSpanContext(w.life, oteltrace.SpanContextFromContext(ctx))}
	told, err = w.runner.Do(until, sb.ClaimRequest{ //nolint:contextcheck // each bound of time is a context of its own
		AttemptRef: ref, Source: sb.MainSource, Try: 1, Nonce: rand.Text(), Worker: w.settings.Name, Incarnation: w.incarnation,
	})
	if errors.Is(err, errRejected) {
		w.heard(sb.Wrap(err, sb.Unauthenticated, "%s", message(err)))
	}
	return told, err
}

// Drain asks the worker to end: nothing begins any more, what runs may go on for a while. It returns at once.
func (w *Worker) Drain() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.draining {
		w.draining = true
		close(w.closing)
		wake(w.nudge)
	}
}

// Hurry skips the wait of a drain: what still runs is stopped. It returns at once.
func (w *Worker) Hurry() {
	w.Drain()
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-w.hurried:
	default:
		close(w.hurried)
	}
}

// enter notes an attempt; false: it is here already.
func (w *Worker) enter(ref sb.AttemptRef, stop context.CancelCauseFunc) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.turns[ref] != nil {
		return false
	}
	w.turns[ref] = stop
	return true
}

func (w *Worker) leave(ref sb.AttemptRef) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.turns, ref)
	wake(w.left)
}

// stop ends the given attempts, as far as they run here.
func (w *Worker) stop(cause error, refs ...sb.AttemptRef) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, ref := range refs {
		if stop := w.turns[ref]; stop != nil {
			stop(cause)
		}
	}
}

// running lists the attempts that are here, and tells whether the worker drains.
func (w *Worker) running() (refs []sb.AttemptRef, draining bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	refs = []sb.AttemptRef{}
	for ref := range w.turns {
		refs = append(refs, ref)
	}
	slices.SortFunc(refs, func(a, b sb.AttemptRef) int {
		if a.Run != b.Run {
			return strings.Compare(a.Run, b.Run)
		}
		return a.Attempt - b.Attempt
	})
	return refs, w.draining
}

// finish waits for what runs, then stops it, then gives up.
func (w *Worker) finish() {
	if w.await(max(w.settings.Drain, 0), w.hurried) {
		return
	}
	refs, _ := w.running()
	w.runner.Log.WithField("attempts", len(refs)).Warn("The worker shuts down: it stops what still runs.")
	w.stop(errShutDown, refs...)
	w.await(farewell, nil)
}

// await waits until nothing is left (true), or for that long, or until it is hurried.
func (w *Worker) await(most time.Duration, hurried <-chan struct{}) bool {
	timer := time.NewTimer(most)
	defer timer.Stop()
	for {
		if refs, _ := w.running(); len(refs) == 0 {
			return true
		}
		select {
		case <-w.left:
		case <-hurried:
			return false
		case <-timer.C:
			return false
		}
	}
}

// clear removes what an earlier incarnation left, when nothing of it runs any more. A life too short for that leaves it
// to the next.
func (w *Worker) clear(ctx context.Context, left []os.DirEntry) {
	select {
	case <-w.after(remains):
	case <-ctx.Done():
		return
	}
	for _, entry := range left {
		_ = os.RemoveAll(filepath.Join(w.runner.runs(w.settings.Name), entry.Name()))
	}
}

// register makes the worker known, now and again, until ctx is done.
func (w *Worker) register(ctx context.Context) {
	for wait := time.Duration(0); ; {
		w.sayAll(ctx)
		wait = w.pace(wait)
		select {
		case <-time.After(cmp.Or(wait, sb.WorkersEvery)):
		case <-w.nudge:
		case <-ctx.Done():
			return
		}
	}
}

func (w *Worker) sayAll(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, sb.WorkersEvery)
	defer cancel()
	running, draining := w.running()
	asked := w.runner.now()
	answer, err := w.runner.API.Workers(ctx, sb.WorkersRequest{
		Name: w.settings.Name, Incarnation: w.incarnation, Version: w.settings.Version, Pool: w.settings.Pool,
		Concurrency: w.settings.Concurrency, Running: running, Draining: draining, Warnings: w.runner.Warnings,
	})
	w.heard(err)
	if err != nil {
		if ctx.Err() == nil && sb.CodeOf(err) != sb.Unauthenticated {
			w.runner.Log.WithError(err).WithFields(logrus.Fields{"worker": w.settings.Name}).Warn("The control plane did not hear this worker.")
		}
		return
	}
	w.runner.all.note(asked)
	w.stop(errStopped, answer.Stop...)
	if answer.Drain {
		w.Drain()
	}
}
