// Package intake takes over what FiftyOne Apps queue, and tells there how it goes: an operation of a source becomes a run
// here, under the same rules as any other, and the App shows its states, progress, result and error as if FiftyOne's own
// launcher ran it. It also keeps the list of a source's datasets in step, and shows there what is scheduled here.
//
// An operation is taken in three steps, each of which may be repeated: a row here, unique by source and id; a
// compare-and-set there, from queued to scheduled, which FiftyOne's launchers leave alone; and the run, in one transaction
// with the row. So none is taken twice or lost, whichever side stops in between. One replica watches a source at a time.
package intake

import (
	"context"
	"errors"
	"time"

	"github.com/sirupsen/logrus"

	sb "signalbox"
)

const (
	backoffFirst = time.Second
	backoffMost  = 30 * time.Second
)

// Intake watches sources. It is safe for use by several goroutines and replicas.
type Intake struct {
	store   Store
	life    Life
	callers Callers
	sources Sources
	options Options
}

// Options say how the intake shows itself.
type Options struct {
	Pages string // the address below which the pages are; "" for none
	Log   *logrus.Entry
	Pace  Pace // the zero value is DefaultPace
}

// Pace is how often it is looked for what nobody tells.
type Pace struct {
	Poll     time.Duration // for queued operations, where there are no change streams
	Tick     time.Duration // for what a lost note left behind
	Look     time.Duration // how operations stand there, where there are change streams
	Beat     time.Duration // how often a running operation is told to be alive
	Datasets time.Duration // of a source without change streams
	Count    time.Duration // how many samples datasets have
	Stranded time.Duration // how long an operation is scheduled there until it counts as left behind
}

// DefaultPace is that of the product. A queued operation is looked for as often as FiftyOne's own launcher does.
func DefaultPace() Pace {
	return Pace{
		Poll: 500 * time.Millisecond, Tick: 5 * time.Second, Look: 30 * time.Second, Beat: 30 * time.Second, Datasets: 10 * time.Second,
		Count: 5 * time.Minute, Stranded: 30 * time.Second,
	}
}

// New makes the intake.
func New(store Store, life Life, callers Callers, sources Sources, o Options) *Intake {
	if o.Pace == (Pace{}) {
		o.Pace = DefaultPace()
	}
	return &Intake{store: store, life: life, callers: callers, sources: sources, options: o}
}

// Watch watches a source until ctx is done, and tells whether it is gone. It takes over from whoever watched before.
// Errors: Conflict (another has taken over), Unavailable (the database here).
func (i *Intake) Watch(ctx context.Context, sourceID string) (gone bool, err error) {
	w, err := i.store.TakeSourceWatch(ctx, sourceID)
	if sb.CodeOf(err) == sb.NotFound {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	l := &watcher{Intake: i, id: sourceID, w: w, wake: make(chan struct{}, 1), listed: make(chan struct{}, 1), samples: map[string]int64{}}
	ctx, cancel := context.WithCancel(ctx)
	defer l.hearing.Wait()
	defer cancel()
	notes := i.store.Notes(ctx)
	l.hearing.Go(func() { l.hear(notes) })
	for wait := backoffFirst; ; wait = min(2*wait, backoffMost) {
		err := l.session(ctx)
		switch code := sb.CodeOf(err); {
		case ctx.Err() != nil:
			return false, nil
		case err == nil: // its settings have changed
			wait = backoffFirst / 2
			continue
		case errors.Is(err, errGone):
			return true, nil
		case errors.Is(err, errTaken):
			_, err := i.store.Source(ctx, sourceID)
			return sb.CodeOf(err) == sb.NotFound, orTaken(err)
		case code == sb.Unavailable && l.answered:
			wait = backoffFirst
		}
		if err := l.failed(ctx, err); err != nil {
			return false, err
		}
		l.rest(ctx, wait)
	}
}

var (
	errGone  = errors.New("the source is gone")
	errTaken = sb.Errorf(sb.Conflict, "another watches this source now")
)

// orTaken is why a watching ends that may not write any more: nothing when the source is gone.
func orTaken(err error) error {
	switch sb.CodeOf(err) {
	case sb.NotFound:
		return nil
	case "":
		return errTaken
	default:
		return err
	}
}

// failed notes that a source does not answer. Errors: Conflict (another watches).
func (l *watcher) failed(ctx context.Context, why error) error {
	l.options.Log.WithError(why).WithField("source", l.id).Warn("a source cannot be asked; it is asked again")
	now, err := l.store.Now(ctx)
	if err != nil {
		return nil //nolint:nilerr // the database here is away: the next round comes
	}
	if l.w.FailingSince == nil {
		l.w.FailingSince = &now
	}
	l.w.Trouble = message(why)
	err = l.keep(ctx)
	if errors.Is(err, errTaken) {
		return err
	}
	return nil
}

// rest waits for a while, or until the source is changed.
func (l *watcher) rest(ctx context.Context, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			return
		case <-l.wake:
			if l.peek().settings {
				return
			}
		}
	}
}

// ours tells apart what the own database says from what a source says.
func ours(err error) error {
	if sb.CodeOf(err) == sb.Conflict {
		return errTaken
	}
	return err
}

// message is what people may read of an error: never its cause.
func message(err error) string {
	var e *sb.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Message
	}
	return "an internal error; the server's log tells more"
}
