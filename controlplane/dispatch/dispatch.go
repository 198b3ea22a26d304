// Package dispatch sends admitted runs to where they are carried, asks there for the end of those that should end,
// and finds what was lost on the way. Commits wake it; sweeps find what a wake-up missed.
package dispatch

import (
	"context"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	sb "signalbox"
)

const (
	unsentAfter = 5 * time.Second // then a Queued run that is not dispatched is taken by the sweep
	unsentEvery = 2 * time.Second
	lostEvery   = 30 * time.Second
	page        = 500
	atOnce      = 16 // calls to the carrier at the same time
)

// unbegun is why work that nobody took has ended.
const unbegun = "its workflow ended before the work began"

// Notes gives the notes that follow from now on.
type Notes interface {
	Notes(ctx context.Context) <-chan sb.Note
}

// Dispatch sends runs out. Any number of replicas may: a workflow of an attempt starts once.
type Dispatch struct {
	store   Store
	runs    Runs
	carrier Carrier
	notes   Notes
	log     *logrus.Entry
}

// New makes dispatch.
func New(store Store, runs Runs, carrier Carrier, notes Notes, log *logrus.Entry) *Dispatch {
	return &Dispatch{store: store, runs: runs, carrier: carrier, notes: notes, log: log}
}

// Run dispatches until ctx is done, and returns when its calls have ended.
func (d *Dispatch) Run(ctx context.Context) error {
	var calls sync.WaitGroup
	defer calls.Wait()
	room := make(chan struct{}, atOnce)
	call := func(f func(context.Context)) {
		calls.Go(func() { // the notes are read on while calls wait for room
			select {
			case room <- struct{}{}:
				defer func() { <-room }()
				f(ctx)
			case <-ctx.Done():
			}
		})
	}
	// A sweep has room of its own and waits for its round before: a carrier that does not answer must not fill the room
	// of the notes with sweeps.
	sweep := func(turn *sync.Mutex, f func(context.Context)) {
		calls.Go(func() {
			if turn.TryLock() {
				defer turn.Unlock()
				f(ctx)
			}
		})
	}
	var unsentTurn, lostTurn sync.Mutex
	notes := d.notes.Notes(ctx)
	unsent, lost := time.NewTicker(unsentEvery), time.NewTicker(lostEvery)
	defer unsent.Stop()
	defer lost.Stop()
	sweep(&unsentTurn, d.sweepUnsent)
	sweep(&lostTurn, d.sweepLost)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-unsent.C:
			sweep(&unsentTurn, d.sweepUnsent)
		case <-lost.C:
			sweep(&lostTurn, d.sweepLost)
		case n, ok := <-notes:
			if !ok {
				return nil
			}
			switch n.Topic {
			case sb.TopicDispatch:
				call(func(ctx context.Context) { d.sendByID(ctx, n.ID) })
			case sb.TopicCancel:
				call(func(ctx context.Context) { d.cancelByID(ctx, n.ID) })
			case sb.TopicSettled:
				call(func(ctx context.Context) { d.settledByID(ctx, n.ID) })
			default: // for others
			}
		}
	}
}

func (d *Dispatch) sendByID(ctx context.Context, id string) {
	run, err := d.store.Run(ctx, id)
	if err != nil {
		d.warn(ctx, err, id, "a run to dispatch cannot be read; the sweep tries again")
		return
	}
	d.send(ctx, run)
}

// send starts carrying an attempt, and notes it. What must not go on by then is cancelled at once. False when the
// carrier is away.
func (d *Dispatch) send(ctx context.Context, run sb.Run) bool {
	if run.Status != sb.Queued || run.DispatchedAt != nil {
		return true
	}
	name, url, err := d.carrier.Start(ctx, run)
	switch sb.CodeOf(err) {
	case "":
	case sb.Conflict: // it was carried before, and that has ended: the work never began, or it has reported its end
		_, err = d.runs.Settle(ctx, run.Ref(), false, sb.End{HandedBack: true, Reason: unbegun})
		d.warn(ctx, err, run.ID, "the end of a lost attempt cannot be kept")
		return true
	default:
		d.warn(ctx, err, run.ID, "a run cannot be sent out now; the sweep tries again")
		return false
	}
	sb.FaultPoint("dispatch.started") // the workflow runs, and the row does not say so
	err = d.runs.Dispatched(ctx, run.Ref(), name, url)
	sb.FaultPoint("dispatch.after")
	if code := sb.CodeOf(err); code == sb.RunOver || code == sb.Conflict {
		err = d.carrier.Cancel(ctx, run.Ref())
	}
	d.warn(ctx, err, run.ID, "the dispatch of a run cannot be noted; the sweep tries again")
	return true
}

func (d *Dispatch) cancelByID(ctx context.Context, id string) {
	run, err := d.store.Run(ctx, id)
	if err == nil && run.StopWanted() && run.WorkGoesOn() {
		err = d.carrier.Cancel(ctx, run.Ref())
	}
	d.warn(ctx, err, id, "the end of a run's work cannot be asked for now; the sweep tries again")
}

// settledByID tells the carrying of the latest attempt whose work has ended at an orchestrator that we do not own. Should
// this get lost, the carrying asks by itself after a while.
func (d *Dispatch) settledByID(ctx context.Context, id string) {
	run, err := d.store.Run(ctx, id)
	if ref := run.Ref(); err == nil {
		if run.Work.State != sb.WorkEnded { // it has gone on to another attempt
			ref.Attempt--
		}
		err = d.carrier.Settled(ctx, ref)
	}
	d.warn(ctx, err, id, "the carrying of a run that has ended cannot be told so")
}

// sweepUnsent sends what a wake-up missed.
func (d *Dispatch) sweepUnsent(ctx context.Context) {
	now, err := d.store.Now(ctx)
	if err != nil {
		d.warn(ctx, err, "", "the time cannot be read; it is read again")
		return
	}
	runs, err := d.store.Undispatched(ctx, now.Add(-unsentAfter), page)
	d.warn(ctx, err, "", "runs to dispatch cannot be read; they are read again")
	for _, run := range runs {
		if !d.send(ctx, run) {
			return // the carrier is away: the next round begins with the first again
		}
	}
}

// sweepLost looks at what is carried for every run that holds a slot: it asks again for the end of what should end,
// and ends runs whose carrying was ended there.
func (d *Dispatch) sweepLost(ctx context.Context) {
	for after := ""; ctx.Err() == nil; {
		held, err := d.store.Held(ctx, after, page)
		if err != nil {
			d.warn(ctx, err, "", "open runs cannot be read; they are read again")
			return
		}
		for _, run := range held {
			after = run.ID
			if !run.Dispatched() {
				continue
			}
			err := d.look(ctx, run)
			d.warn(ctx, err, run.ID, "the carrying of a run cannot be looked at now")
			if sb.CodeOf(err) == sb.Unavailable {
				return // the next round begins with the first again
			}
		}
		if len(held) < page {
			return
		}
	}
}

func (d *Dispatch) look(ctx context.Context, run sb.Run) error {
	if run.StopWanted() {
		if err := d.carrier.Cancel(ctx, run.Ref()); err != nil {
			return err
		}
	}
	state, err := d.carrier.State(ctx, run.Ref())
	switch {
	case err != nil || state.Open:
		return err
	case state.Terminated && !run.StopWanted():
		return d.runs.StopThere(ctx, run.Ref(), state.Reason)
	}
	_, err = d.runs.Settle(ctx, run.Ref(), false, sb.End{HandedBack: true, Terminated: state.Terminated, Reason: unbegun})
	return err
}

func (d *Dispatch) warn(ctx context.Context, err error, run, what string) {
	if err != nil && ctx.Err() == nil {
		d.log.WithError(err).WithField("run", run).Warn(what)
	}
}
