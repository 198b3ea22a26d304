package watch

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	sb "signalbox"
)

const (
	pollEvery    = 5 * time.Second  // unless the orchestrator's config says otherwise
	pollIdle     = 10 * time.Second // while nothing of ours is there
	pollGap      = time.Second      // at least between two looks, however many notes ask
	backoffMost  = time.Minute
	blockedEvery = 15 * time.Second
	blockedAnew  = time.Minute     // though some were not answered
	lookTime     = 2 * time.Minute // of one look
	page         = 500
	straysKept   = 200
	routesAsked  = 20
)

// looker watches one orchestrator.
type looker struct {
	*Bridge
	id      string
	epoch   int64
	w       sb.Watch // of the rounds alone
	install string   // whose work is looked for
	poll    time.Duration
	askFor  time.Duration       // what follows from one
	wait    time.Duration       // from here until the next round
	asked   asked               // for ends
	blocked time.Time           // when targets were last asked about
	untried []sb.Target         // that are still to be asked about since
	changed time.Time           // when the orchestrator was, by then
	collect chan struct{}       // there may be logs to collect
	turn    sb.AttemptRef       // whose log was the last to be collected, if there were more
	taken   map[sb.Process]bool // logs that are collected, of attempts that others are waited for
}

// Watch looks at an orchestrator again and again until ctx is done, and tells whether it is gone. It takes over from whoever
// watched before. Error: Conflict (another has taken over), Unavailable.
func (b *Bridge) Watch(ctx context.Context, orchestratorID string) (gone bool, err error) {
	w, err := b.store.TakeWatch(ctx, orchestratorID)
	if sb.CodeOf(err) == sb.NotFound {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	installation, err := b.store.Installation(ctx)
	if err != nil {
		return false, err
	}
	l := newLooker(b, w, installation)
	ctx, cancel := context.WithCancel(ctx)
	var beside sync.WaitGroup
	defer beside.Wait()
	defer cancel()
	beside.Go(func() { l.collectAll(ctx) })
	beside.Go(func() { l.tallyAll(ctx) })
	return l.run(ctx)
}

func newLooker(b *Bridge, w sb.Watch, installation string) *looker {
	return &looker{
		Bridge: b, id: w.OrchestratorID, epoch: w.Epoch, w: w, install: installation, poll: pollEvery, askFor: askFor,
		collect: make(chan struct{}, 1), taken: map[sb.Process]bool{},
	}
}

func (l *looker) run(ctx context.Context) (gone bool, err error) {
	notes := l.store.Notes(ctx)
	for {
		err := l.round(ctx)
		switch {
		case ctx.Err() != nil:
			return false, nil
		case sb.CodeOf(err) == sb.NotFound:
			return true, nil
		case sb.CodeOf(err) == sb.Conflict:
			return false, err
		case err != nil: // the database is away
			l.log.WithError(err).WithField("orchestrator", l.id).Warn("a look at an orchestrator could not be kept; it is repeated")
		}
		if notes = l.rest(ctx, notes); ctx.Err() != nil {
			return false, nil
		}
	}
}

// rest waits for the next look, or for a note that asks for one.
func (l *looker) rest(ctx context.Context, notes <-chan sb.Note) <-chan sb.Note {
	gap, next := time.NewTimer(pollGap), time.NewTimer(max(l.wait, pollGap))
	defer gap.Stop()
	defer next.Stop()
	wanted, rested := false, false
	for !wanted || !rested {
		select {
		case <-ctx.Done():
			return notes
		case <-next.C:
			return notes
		case <-gap.C:
			rested = true
		case n, ok := <-notes:
			if !ok {
				notes = nil
			}
			wanted = wanted || n.Topic == sb.TopicWatch && n.ID == l.id
		}
	}
	return notes
}

func (l *looker) pause() time.Duration {
	if l.w.Failures > 0 {
		return min(l.poll<<min(l.w.Failures, 10), backoffMost)
	}
	return l.poll
}

// round looks once and keeps what was seen. Errors: NotFound (the orchestrator is gone), Conflict (another watches),
// Unavailable (the database).
func (l *looker) round(ctx context.Context) error {
	began, err := l.store.Now(ctx)
	if err != nil {
		return err
	}
	open, err := l.open(ctx)
	if err != nil {
		return err
	}
	o, adapter, err := l.adapters.Adapter(ctx, l.id)
	if err != nil && sb.CodeOf(err) != sb.Invalid { // it is gone, or the database is away
		return err
	}
	var view sb.View
	if err == nil {
		l.poll = pollOf(o, len(open))
		view, err = l.look(ctx, adapter, open)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return l.failed(ctx, began, open, err)
	}
	l.w.PolledAt = &began
	l.w.Failures, l.w.FailingSince, l.w.Trouble = 0, nil, ""
	l.w.Mark, l.w.Version, l.w.Calls = view.Mark, view.Version, view.Calls
	l.w.Strays = l.strays(ctx, view.Strays)
	if now, err := l.store.Now(ctx); err == nil {
		l.w.Took = now.Sub(began)
	}
	both, bothCtx := errgroup.WithContext(ctx)
	both.Go(func() error { l.foretell(bothCtx, o, adapter, began); return nil })
	both.Go(func() error { return l.seen(bothCtx, adapter, open, view.Places) })
	if err := both.Wait(); err != nil {
		return err
	}
	return l.keep(ctx)
}

// keep writes how the watching stands.
func (l *looker) keep(ctx context.Context) error {
	now, err := l.store.Now(ctx)
	if err != nil {
		return err
	}
	l.wait = l.pause()
	if l.w.Failures == 0 { // looks begin so often, however long what follows from one takes
		l.wait = max(l.wait-now.Sub(*l.w.PolledAt), pollGap)
	}
	next := now.Add(l.wait)
	l.w.NextAt = &next
	err = l.store.KeepWatch(ctx, l.w)
	sb.FaultPoint("watch.kept")
	return err
}

// open reads what is there, or may be: attempts that have a name there.
func (l *looker) open(ctx context.Context) ([]sb.Run, error) {
	return openWork(ctx, l.store, l.id)
}

func openWork(ctx context.Context, store Store, orchestratorID string) ([]sb.Run, error) {
	var open []sb.Run
	for after := ""; ; {
		runs, err := store.OpenWork(ctx, orchestratorID, after, page)
		if err != nil {
			return nil, err
		}
		for _, run := range runs {
			after = run.ID
			if run.Work.Ref != "" {
				open = append(open, run)
			}
		}
		if len(runs) < page {
			return open, nil
		}
	}
}

// look looks at what is there. Whether something has arrived that is being sent is not asked for: many may wait for their
// turn to be sent. It shows as what is ours there.
func (l *looker) look(ctx context.Context, adapter sb.Adapter, open []sb.Run) (sb.View, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	places := make([]sb.Place, 0, len(open))
	coming := map[sb.AttemptRef]bool{}
	for _, run := range open {
		if run.OnItsWay() {
			coming[run.Ref()] = true
			continue
		}
		places = append(places, placeOf(run))
	}
	view, err := adapter.Look(ctx, places, l.install, l.w.Mark)
	view.Strays = slices.DeleteFunc(view.Strays, func(s sb.Stray) bool {
		if coming[s.Of] { // it has arrived, and the answer is still to come, or was lost
			view.Places = append(view.Places, s.Seen)
		}
		return coming[s.Of]
	})
	return view, err
}

// failed notes that the orchestrator cannot be asked, and what that means for its runs.
func (l *looker) failed(ctx context.Context, began time.Time, open []sb.Run, err error) error {
	l.w.Fail(began, message(err))
	l.log.WithError(err).WithField("orchestrator", l.id).Warn("an orchestrator cannot be asked; it is asked again")
	if err := l.keep(ctx); err != nil {
		return err
	}
	if l.w.Silent(began) < sb.UnknownAfter {
		return nil
	}
	for _, run := range open {
		c := sb.Unasked{At: began, Since: *l.w.FailingSince, Why: l.w.Trouble}
		if _, events, err := run.Apply(c); err != nil || len(events) == 0 {
			continue
		}
		if err := l.life.Unasked(ctx, l.w, run.Ref()); err != nil && sb.CodeOf(err) != sb.Conflict {
			return err
		}
	}
	return nil
}

// pollOf tells how often to look: as the config says, and seldom while nothing is there.
func pollOf(o sb.Orchestrator, open int) time.Duration {
	var config struct {
		PollSeconds float64 `json:"poll_seconds"`
	}
	poll := pollEvery
	if json.Unmarshal(o.Config, &config) == nil && config.PollSeconds > 0 {
		poll = max(time.Duration(config.PollSeconds*float64(time.Second)), pollGap)
	}
	if open == 0 {
		return max(poll, pollIdle)
	}
	return poll
}
