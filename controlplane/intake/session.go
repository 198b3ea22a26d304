package intake

import (
	"cmp"
	"context"
	"sync"
	"time"

	sb "signalbox"
)

const page = 500

// watcher watches one source.
type watcher struct {
	*Intake
	id       string
	w        sb.SourceWatch
	kept     sb.SourceWatch // as it was last written
	answered bool           // the source did in this session
	source   sb.Source
	db       sb.OperationDatabase
	holds    map[string]sb.Hold   // that are open, by operation
	said     map[string]time.Time // when something was last said of one
	shown    map[string]time.Time // the progress that was last told, by operation
	told     map[string]int64     // the version of its run that was last told, by operation
	putOff   map[string]putOff    // that something is wrong with alone, by operation
	trouble  string               // why nothing is taken
	wake     chan struct{}
	listed   chan struct{} // holds something when there are datasets that were never counted
	hearing  sync.WaitGroup

	mu      sync.Mutex
	wanted  todo
	known   map[string]bool  // runs of open holds
	samples map[string]int64 // about how many each dataset has, by its id there
	mark    sb.Mark
}

// session watches the source with the settings that it has now, until they change (nil) or something fails.
func (l *watcher) session(ctx context.Context) error {
	l.answered = false
	source, db, err := l.sources.Open(ctx, l.id)
	if sb.CodeOf(err) == sb.NotFound {
		return errGone
	}
	if err != nil {
		return err
	}
	defer db.Close()
	if source.Version != l.source.Version && l.source.ID != "" { // another database has another history
		l.w.Mark, l.samples = "", map[string]int64{}
	}
	l.source, l.db, l.mark = source, db, l.w.Mark
	l.said, l.shown, l.told, l.putOff = map[string]time.Time{}, map[string]time.Time{}, map[string]int64{}, map[string]putOff{}
	if l.w.Server, err = db.Server(ctx); err != nil {
		return err
	}
	l.answered = true
	ctx, cancel := context.WithCancel(ctx)
	var following sync.WaitGroup
	defer following.Wait()
	defer cancel()
	broke := make(chan error, 1)
	following.Go(func() { broke <- l.follow(ctx, db, l.mark) })
	following.Go(func() { l.counting(ctx, db) })
	l.want(todo{datasets: true, queued: true, stranded: true, all: true})
	return l.rounds(ctx, broke)
}

// follow hears of changes until it breaks or the source has no change streams.
func (l *watcher) follow(ctx context.Context, db sb.OperationDatabase, from sb.Mark) error {
	err := db.Follow(ctx, from, l.changed)
	if sb.CodeOf(err) == sb.Gone && from != "" {
		return db.Follow(ctx, "", l.changed) // a whole look follows anyway
	}
	return err
}

// rounds does what there is to do until the settings change, or something fails.
func (l *watcher) rounds(ctx context.Context, broke <-chan error) error {
	clock := newClock(l.options.Pace)
	defer clock.stop()
	streams := true
	for {
		if over, err := l.round(ctx, l.next(), streams); over || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-l.wake:
		case err := <-broke:
			if sb.CodeOf(err) != sb.NotFound {
				return err
			}
			streams, broke = false, nil
			clock.poll()
		case <-clock.queued:
			l.want(todo{queued: true})
		case <-clock.tick.C:
			l.want(todo{runs: l.knownRuns(), queued: true, stranded: true})
		case <-clock.look.C:
			l.want(todo{all: true})
		case <-clock.datasets.C:
			l.want(todo{datasets: true})
		}
	}
}

// clock tells when to look for what nobody tells.
type clock struct {
	pace                 Pace
	tick, look, datasets *time.Ticker
	polling              *time.Ticker
	queued               <-chan time.Time
}

func newClock(p Pace) *clock {
	return &clock{pace: p, tick: time.NewTicker(p.Tick), look: time.NewTicker(p.Look), datasets: time.NewTicker(p.Look)}
}

// poll is the clock of a source that does not tell of changes.
func (c *clock) poll() {
	c.polling = time.NewTicker(c.pace.Poll)
	c.queued = c.polling.C
	c.look.Reset(4 * c.pace.Poll)
	c.datasets.Reset(c.pace.Datasets)
}

func (c *clock) stop() {
	for _, t := range []*time.Ticker{c.tick, c.look, c.datasets, c.polling} {
		if t != nil {
			t.Stop()
		}
	}
}

// round does what there is to do, and tells whether other settings need another session.
func (l *watcher) round(ctx context.Context, t todo, streams bool) (over bool, err error) {
	if t.settings {
		if over, err := l.settings(ctx); over || err != nil {
			return over, err
		}
		t.queued = true
	}
	if t.datasets {
		if err := l.sync(ctx); err != nil {
			return false, err
		}
	}
	if t.queued || t.stranded || t.all || t.settings {
		if err := l.take(ctx, t); err != nil {
			return false, err
		}
	}
	if err := l.tell(ctx, t); err != nil {
		return false, err
	}
	return false, l.well(ctx, streams)
}

// settings reads the source again; true when its database is another.
func (l *watcher) settings(ctx context.Context) (over bool, err error) {
	now, err := l.store.Source(ctx, l.id)
	if sb.CodeOf(err) == sb.NotFound {
		return false, errGone
	}
	if err != nil {
		return false, err
	}
	if now.Version != l.source.Version {
		return true, nil
	}
	l.source = now
	return false, nil
}

// sync brings the list of datasets in step.
func (l *watcher) sync(ctx context.Context) error {
	there, err := l.db.Datasets(ctx)
	if err != nil {
		return err
	}
	l.counted(there)
	return ours(l.store.SyncDatasets(ctx, l.w.Ref(), there))
}

// well notes that the source has answered.
func (l *watcher) well(ctx context.Context, streams bool) error {
	now, err := l.store.Now(ctx)
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.w.Mark = l.mark
	l.mu.Unlock()
	l.w.FailingSince, l.w.Trouble, l.w.Streams, l.w.SeenAt = nil, cmp.Or(l.trouble, l.puttingOff()), streams, &now
	fresh := l.kept.SeenAt != nil && now.Sub(*l.kept.SeenAt) < l.options.Pace.Tick
	same := l.kept.Trouble == l.w.Trouble && l.kept.Streams == streams && l.kept.Server == l.w.Server && l.kept.FailingSince == nil
	if fresh && same {
		return nil
	}
	return l.keep(ctx)
}

// keep writes how the watching stands. Errors: errTaken.
func (l *watcher) keep(ctx context.Context) error {
	err := ours(l.store.KeepSourceWatch(ctx, l.w))
	if err == nil {
		l.kept = l.w
	}
	return err
}

// knownRuns are the runs that the source hears of.
func (l *watcher) knownRuns() map[string]bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return joined(nil, l.known)
}
