package watch

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	sb "signalbox"
)

// What a round asks there about single runs, besides its look.
const (
	endsAtOnce   = 4               // ends that are recorded at the same time
	outcomesMost = 10              // outcomes read in one round; the others are read later, so that all ends are soon true
	stopsMost    = 10              // ends asked for again
	askFor       = 3 * time.Second // all of them; the next look is due soon
)

// steps are what follows from one look.
type steps struct {
	*looker
	adapter sb.Adapter
	now     time.Time
	ctx     context.Context // of all
	asking  context.Context // of what is asked there
	done    context.CancelFunc
	ends    errgroup.Group // that are recorded as they are
	asks    errgroup.Group // that need an answer first
	reads   int            // outcomes that may still be read
	stops   int            // ends that may still be asked for
}

func (l *looker) newSteps(ctx context.Context, adapter sb.Adapter, now time.Time) *steps {
	s := &steps{looker: l, adapter: adapter, now: now, ctx: ctx, reads: outcomesMost, stops: stopsMost}
	s.ends.SetLimit(endsAtOnce)
	s.asking, s.done = context.WithTimeout(ctx, l.askFor)
	return s
}

// take does what follows for a run that was seen so.
func (s *steps) take(run sb.Run, sight sb.Sight) {
	_, certain := run.Settled(s.now)
	switch {
	case certain && untold(run) && s.reads > 0:
		s.reads--
		s.asks.Go(func() error { return s.end(run, s.found(run)) })
	case certain:
		s.ends.Go(func() error { return s.end(run, nil) })
	case run.StopWanted() && !sight.Over() && s.stops > 0 && s.stopDue(run):
		s.stops--
		s.asks.Go(func() error { s.stopAgain(run); return nil })
	}
}

func (s *steps) wait() error { return errors.Join(s.ends.Wait(), s.asks.Wait()) }

// end records an end that is certain, with the outcome as the orchestrator knows it, if it was asked.
func (s *steps) end(run sb.Run, found *sb.Outcome) error {
	s.asked.forget(run.Ref())
	err := notRaced(s.life.EndSeen(s.ctx, s.ref(), run.Ref(), found))
	if err != nil && found != nil && s.ctx.Err() == nil {
		s.log.WithError(err).WithField("run", run.ID).Warn("the outcome of a run cannot be kept; its end can")
		err = notRaced(s.life.EndSeen(s.ctx, s.ref(), run.Ref(), nil))
	}
	select {
	case s.collect <- struct{}{}:
	default:
	}
	return err
}

// untold tells whether a run needs to know what its orchestrator knows of its outcome.
func untold(run sb.Run) bool {
	s := run.Work.Seen.Sight
	return run.Work.Reported == nil && !run.Status.Terminal() && !run.StopWanted() && (s == sb.SeenSucceeded || s == sb.SeenFailed)
}

// found asks for the outcome of work that has ended. Without an answer the run ends without, and it is asked for later.
func (s *steps) found(run sb.Run) *sb.Outcome {
	o, err := s.adapter.Outcome(s.asking, placeOf(run))
	if err != nil && sb.CodeOf(err) != sb.Unavailable {
		s.log.WithError(err).WithField("run", run.ID).Warn("the outcome of a run cannot be read where it ran")
	}
	if err != nil || o.Completed != (run.Work.Seen.Sight == sb.SeenSucceeded) {
		return nil // it was cleared in between
	}
	return &o
}

// stopDue tells whether it is time to ask once more for the end of work that goes on.
func (s *steps) stopDue(run sb.Run) bool {
	last, asked := s.asked.last(run.Ref())
	if !asked && run.Work.EndingAt != nil {
		last = *run.Work.EndingAt // the first request is not ours
	}
	return s.now.Sub(last) >= sb.StopAgain
}

// stopAgain asks for the end. If the request's turn did not come, it is asked for at the next look.
func (s *steps) stopAgain(run sb.Run) {
	err := s.adapter.Stop(s.asking, placeOf(run), why(run))
	if sb.CodeOf(err) == sb.Unavailable {
		return
	}
	s.asked.set(run.Ref(), s.now)
	if err != nil {
		s.log.WithError(err).WithField("run", run.ID).Warn("the end of a run cannot be asked for where it runs; it is asked again")
	}
}

// asked is when ends were last asked for. It is safe for use by several goroutines.
type asked struct {
	mu sync.Mutex
	at map[sb.AttemptRef]time.Time
}

func (a *asked) last(ref sb.AttemptRef) (at time.Time, known bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	at, known = a.at[ref]
	return at, known
}

func (a *asked) set(ref sb.AttemptRef, at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.at == nil {
		a.at = map[sb.AttemptRef]time.Time{}
	}
	a.at[ref] = at
}

func (a *asked) forget(ref sb.AttemptRef) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.at, ref)
}
