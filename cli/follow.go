package cli

import (
	"context"
	"fmt"
	"sync"
	"time"

	sb "signalbox"
	"signalbox/client"
)

const (
	rereadEvery = 5 * time.Second // the stream of changes may lose one
	logGrace    = 5 * time.Second // for the last log lines after the run's end
	patience    = 5 * time.Minute // without an answer of the server
)

// follower tells what becomes of one run. The streams only say when to look; what is told was read from the run.
type follower struct {
	*app
	api    *client.Client
	screen *screen
	id     string
	run    client.Run
	waits  string // what was said last about its waiting
	unread time.Time

	changed chan struct{}
	lines   chan []sb.Line
	logEnd  chan error
	refused chan error
}

// follow stays with a run until it is over: what happens to standard error, the outcome to standard output. The
// error is exit 1 for a run that failed.
func (a *app) follow(ctx context.Context, api *client.Client, run client.Run) error {
	f := &follower{
		app: a, api: api, screen: a.screen(), id: run.ID, run: run,
		changed: make(chan struct{}, 1), lines: make(chan []sb.Line), logEnd: make(chan error, 1), refused: make(chan error, 1),
	}
	f.screen.say(fmt.Sprintf("run %s of %s", run.ID, printable(run.Operator)))
	f.tell(ctx, client.Run{})
	err := f.watch(ctx)
	f.screen.hide()
	if ctx.Err() != nil {
		f.screen.say(fmt.Sprintf("The run goes on. Follow it with `signalbox runs watch %s`, stop it with `signalbox runs stop %s`.", run.ID, run.ID))
		return ctx.Err()
	}
	if err != nil {
		return err
	}
	return f.end()
}

// end shows the outcome.
func (f *follower) end() error {
	show := f.outcome
	if f.json() {
		show = func(r client.Run) error { return f.writeJSON(r) }
	}
	if err := show(f.run); err != nil {
		return err
	}
	if f.run.Status == sb.Failed {
		return exit(exitFailed)
	}
	return nil
}

// watch keeps both streams open and the run read until it is over and its log is told.
func (f *follower) watch(ctx context.Context) error {
	ctx, leave := context.WithCancel(ctx)
	var streams sync.WaitGroup
	defer streams.Wait()
	defer leave()
	streams.Go(func() { f.refused <- f.api.Runs.Watch(ctx, f.heard) })
	streams.Go(func() { f.logEnd <- f.api.Runs.StreamLogs(ctx, f.id, f.hearLines(ctx)) })
	return f.loop(ctx)
}

// heard notes that the run may have changed. Several changes before the next look are one.
func (f *follower) heard(c client.Change) error {
	if c.Kind == client.Connected || c.ID == f.id {
		select {
		case f.changed <- struct{}{}:
		default:
		}
	}
	return nil
}

func (f *follower) hearLines(ctx context.Context) func([]sb.Line) error {
	return func(lines []sb.Line) error {
		select {
		case f.lines <- lines:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (f *follower) loop(ctx context.Context) error {
	again := time.NewTicker(rereadEvery)
	defer again.Stop()
	var grace <-chan time.Time
	for logOver := false; f.screen.err == nil; {
		if f.run.Status.Terminal() {
			if logOver || workGoesOn(f.run) || f.run.Attempt == 0 {
				return nil // there will be no more lines, or nobody knows when
			}
			if grace == nil {
				grace = time.After(logGrace)
			}
		}
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-grace:
			return nil
		case lines := <-f.lines:
			f.screen.log(lines)
		case err = <-f.logEnd:
			f.logless(err)
			logOver, err = true, nil
		case err = <-f.refused:
		case <-f.changed:
			err = f.look(ctx)
		case <-again.C:
			err = f.look(ctx)
		}
		if err != nil {
			return err
		}
	}
	return f.screen.err
}

// logless tells that the log cannot be followed; the run still can.
func (f *follower) logless(err error) {
	if err != nil {
		f.screen.say("The log cannot be followed: " + printable(err.Error()))
	}
}

// look reads the run and tells what is new. A server that does not answer is waited for.
func (f *follower) look(ctx context.Context) error {
	run, err := f.api.Runs.Get(ctx, f.id)
	if sb.CodeOf(err) == sb.Unavailable && ctx.Err() == nil {
		return f.unanswered(err)
	}
	if err != nil {
		return err
	}
	if !f.unread.IsZero() {
		f.unread = time.Time{}
		f.screen.say("The server answers again.")
	}
	before := f.run
	f.run = run
	f.tell(ctx, before)
	return nil
}

func (f *follower) unanswered(err error) error {
	switch now := f.Now(); {
	case f.unread.IsZero():
		f.unread = now
		f.screen.say("The server does not answer; trying again. The run goes on without us.")
		return nil
	case now.Sub(f.unread) > patience:
		return err
	default:
		return nil
	}
}

// tell says how the run is different from before.
func (f *follower) tell(ctx context.Context, before client.Run) {
	if f.run.Status != before.Status || f.run.Attempt != before.Attempt {
		f.waits = ""
		f.screen.status(f.run.Status, f.detail())
	}
	switch f.run.Status {
	case sb.Scheduled, sb.Queued:
		f.why(ctx)
	case sb.Running:
		f.screen.progress(f.run.Progress)
	default:
		f.screen.hide()
	}
}

// detail is what is worth to be said with a new status.
func (f *follower) detail() string {
	switch r := f.run; {
	case r.Status == sb.Queued && r.Attempt > 1:
		return fmt.Sprintf("attempt %d, on %s", r.Attempt, r.Orchestrator)
	case r.Status == sb.Queued:
		return "on " + r.Orchestrator
	case r.Status == sb.Running && r.Work.Worker != "":
		return "at " + r.Work.Worker
	default:
		return ""
	}
}

// why tells what the run waits for, whenever that changes. A run that hardly waits gets no such line.
func (f *follower) why(ctx context.Context) {
	if f.run.Status == sb.Queued && f.Now().Sub(deref(f.run.QueuedAt)) < rereadEvery {
		return
	}
	w, err := f.api.Runs.Wait(ctx, f.id)
	if err != nil || w.Summary == f.waits {
		return // the next look tells what is wrong
	}
	f.waits = w.Summary
	f.screen.say("waits: " + printable(w.Summary))
}
