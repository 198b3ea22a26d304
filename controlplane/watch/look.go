package watch

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
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
	lookTime     = 2 * time.Minute // of one look
	endsAtOnce   = 4               // ends that are recorded at the same time
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
	prefix  string
	poll    time.Duration
	asked   map[sb.AttemptRef]time.Time // when the end was last asked for
	blocked time.Time                   // when targets were last asked about
	collect chan struct{}               // there may be logs to collect
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
	var collecting sync.WaitGroup
	defer collecting.Wait()
	defer cancel()
	collecting.Go(func() { l.collectAll(ctx) })
	return l.run(ctx)
}

func newLooker(b *Bridge, w sb.Watch, installation string) *looker {
	return &looker{
		Bridge: b, id: w.OrchestratorID, epoch: w.Epoch, w: w, prefix: sb.OurPrefix(installation), poll: pollEvery,
		asked: map[sb.AttemptRef]time.Time{}, collect: make(chan struct{}, 1),
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
	gap, next := time.NewTimer(pollGap), time.NewTimer(max(l.pause(), pollGap))
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
	if sb.CodeOf(err) == sb.NotFound {
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
	l.foretell(ctx, o, adapter, began)
	if err := l.seen(ctx, adapter, open, view.Places); err != nil {
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
	next := now.Add(l.pause())
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

func (l *looker) look(ctx context.Context, adapter sb.Adapter, open []sb.Run) (sb.View, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	places := make([]sb.Place, len(open))
	for i, run := range open {
		places[i] = placeOf(run)
	}
	return adapter.Look(ctx, places, l.prefix, l.w.Mark)
}

// failed notes that the orchestrator cannot be asked, and what that means for its runs.
func (l *looker) failed(ctx context.Context, began time.Time, open []sb.Run, err error) error {
	l.w.Failures++
	if l.w.FailingSince == nil {
		l.w.FailingSince = &began
	}
	l.w.Trouble = message(err)
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

// seen keeps how the open work was found, records ends that are certain, and asks again for ends that are wanted.
func (l *looker) seen(ctx context.Context, adapter sb.Adapter, open []sb.Run, places []sb.Seen) error {
	byName := make(map[string]sb.Run, len(open))
	for _, run := range open {
		byName[run.Work.Ref] = run
	}
	var alive []sb.AttemptRef
	ends, endsCtx := errgroup.WithContext(ctx)
	ends.SetLimit(endsAtOnce)
	for _, seen := range places {
		run, known := byName[seen.Name]
		if !known {
			continue
		}
		if seen.Sight != sb.SeenGone {
			alive = append(alive, run.Ref())
		}
		now, err := l.store.Now(ctx)
		if err != nil {
			return err
		}
		if run, err = l.observe(ctx, run, seen, now); err != nil {
			return err
		}
		if _, certain := run.Settled(now); certain {
			delete(l.asked, run.Ref())
			ends.Go(func() error { return l.end(endsCtx, adapter, run) })
		} else if run.StopWanted() && !seen.Sight.Over() {
			l.stopAgain(ctx, adapter, run, now)
		}
	}
	if err := ends.Wait(); err != nil {
		return err
	}
	return notRaced(l.store.SeeWorks(ctx, l.w.Ref(), alive))
}

// observe keeps a sighting that tells something new.
func (l *looker) observe(ctx context.Context, run sb.Run, seen sb.Seen, now time.Time) (sb.Run, error) {
	_, events, err := run.Apply(sb.Observed{At: now, Attempt: run.Attempt, Seen: seen})
	if err != nil || len(events) == 0 {
		return run, nil //nolint:nilerr // the run has gone on
	}
	after, err := l.life.Observed(ctx, l.w.Ref(), run.Ref(), seen)
	if sb.CodeOf(err) == sb.Conflict { // it has gone on, or another watches, as keeping will tell
		return run, nil
	}
	return after, err
}

// end records an end that is certain, with the outcome as the orchestrator knows it when the attempt reported none.
func (l *looker) end(ctx context.Context, adapter sb.Adapter, run sb.Run) error {
	err := l.life.EndSeen(ctx, l.w.Ref(), run.Ref(), l.found(ctx, adapter, run))
	select {
	case l.collect <- struct{}{}:
	default:
	}
	return notRaced(err)
}

// found asks for the outcome of work that has ended. Without an answer the run ends without.
func (l *looker) found(ctx context.Context, adapter sb.Adapter, run sb.Run) *sb.Outcome {
	s := run.Work.Seen.Sight
	if run.Work.Reported != nil || run.Status.Terminal() || run.StopWanted() || s != sb.SeenSucceeded && s != sb.SeenFailed {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	o, err := adapter.Outcome(ctx, placeOf(run))
	if err != nil {
		l.log.WithError(err).WithField("run", run.ID).Warn("the outcome of a run cannot be read where it ran")
		return nil
	}
	if o.Completed != (s == sb.SeenSucceeded) || !o.Completed && o.Message == "" {
		return nil
	}
	return &o
}

// stopAgain asks once more for the end of work that goes on.
func (l *looker) stopAgain(ctx context.Context, adapter sb.Adapter, run sb.Run, now time.Time) {
	last, asked := l.asked[run.Ref()]
	if !asked && run.Work.EndingAt != nil {
		last = *run.Work.EndingAt // the first request is not ours
	}
	if now.Sub(last) < sb.StopAgain {
		return
	}
	l.asked[run.Ref()] = now
	if err := adapter.Stop(ctx, placeOf(run), why(run)); err != nil && ctx.Err() == nil {
		l.log.WithError(err).WithField("run", run.ID).Warn("the end of a run cannot be asked for where it runs; it is asked again")
	}
}

// strays tells runs that were revived so, and gives those that go on.
func (l *looker) strays(ctx context.Context, found []sb.Seen) []sb.Seen {
	var going []sb.Seen
	for _, seen := range found {
		if !seen.Sight.Over() && len(going) < straysKept {
			going = append(going, seen)
		}
		ref, ours := refOf(l.prefix, seen.Name)
		if !ours {
			continue
		}
		run, err := l.store.Run(ctx, ref.Run)
		if err != nil || run.Attempt != ref.Attempt || run.Work.State != sb.WorkEnded {
			continue
		}
		if _, err := l.observe(ctx, run, seen, l.at()); err != nil {
			l.log.WithError(err).WithField("run", run.ID).Warn("a run that was revived could not be told so")
		}
	}
	return going
}

func (l *looker) at() time.Time { return *l.w.PolledAt }

// foretell asks which targets would start nothing now: those that runs wait for, and the first routes'.
func (l *looker) foretell(ctx context.Context, o sb.Orchestrator, adapter sb.Adapter, now time.Time) {
	f, can := adapter.(sb.Foreteller)
	if !can || now.Sub(l.blocked) < blockedEvery {
		return
	}
	targets, err := l.store.Targets(ctx, l.id)
	if err != nil {
		return // the next round asks again
	}
	l.blocked = now
	for _, r := range o.Routes[:min(len(o.Routes), routesAsked)] {
		if !slices.Contains(targets, r.Target) {
			targets = append(targets, r.Target)
		}
	}
	blocked := map[string]string{}
	for _, t := range targets {
		why, err := f.Blocked(ctx, t)
		switch sb.CodeOf(err) {
		case "":
		case sb.NotFound:
			why = message(err)
		default:
			why = l.w.Blocked[t.Key()] // as it was
		}
		if why != "" {
			blocked[t.Key()] = why
		}
	}
	l.w.Blocked = blocked
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

// refOf reads which attempt a name of ours stands for.
func refOf(prefix, name string) (sb.AttemptRef, bool) {
	rest, ours := strings.CutPrefix(name, prefix)
	run, attempt, cut := strings.Cut(rest, "-")
	n, err := strconv.Atoi(attempt)
	return sb.AttemptRef{Run: strings.ToUpper(run), Attempt: n}, ours && cut && err == nil
}

// notRaced forgives that others were faster; whether another watches is told when the watching is kept.
func notRaced(err error) error {
	if sb.CodeOf(err) == sb.Conflict {
		return nil
	}
	return err
}
