package intake

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	sb "signalbox"
)

// holding makes an operation ours there, and tells whether it is.
type holding func(ctx context.Context, id string, at time.Time) (bool, error)

// scrub is the holding of one that is scheduled already.
func (l *watcher) scrub(ctx context.Context, id string, _ time.Time) (bool, error) {
	return l.db.Scrub(ctx, id)
}

// tell tells how runs go, and hears what happened to their operations there.
func (l *watcher) tell(ctx context.Context, t todo) error {
	for some := range slices.Chunk(l.concerned(t), page) {
		if err := l.tellSome(ctx, some); err != nil {
			return err
		}
	}
	return l.look(ctx, t)
}

// tellSome tells of those runs that have changed. A run is large, and is read for nothing else.
func (l *watcher) tellSome(ctx context.Context, some []sb.Hold) error {
	runs := make([]string, 0, len(some))
	for _, h := range some {
		runs = append(runs, h.RunID)
	}
	standings, err := l.store.Standings(ctx, runs)
	if err != nil {
		return err
	}
	now, err := l.store.Now(ctx)
	if err != nil {
		return err
	}
	for _, h := range some {
		standing, is := standings[h.RunID]
		if !is {
			continue
		}
		if err := l.alone(ctx, h.ID, func() error { return l.tellChange(ctx, h, standing, now) }); err != nil {
			return err
		}
	}
	return nil
}

// tellChange brings an operation to where its run stands.
func (l *watcher) tellChange(ctx context.Context, h sb.Hold, standing sb.Standing, now time.Time) error {
	switch {
	case l.told[h.ID] != standing.Version:
		return l.tellOne(ctx, h, now)
	case h.State == sb.HoldRunning:
		return l.alive(ctx, h, standing.Progress, now)
	}
	return nil
}

// concerned are the open holds that something is to be told of.
func (l *watcher) concerned(t todo) []sb.Hold {
	var list []sb.Hold
	for _, h := range l.holds {
		if h.RunID != "" && (t.all || t.runs[h.RunID] || h.State == sb.HoldShowing) {
			list = append(list, h)
		}
	}
	return list
}

// tellOne brings an operation to where its run is.
func (l *watcher) tellOne(ctx context.Context, h sb.Hold, now time.Time) error {
	run, err := l.store.Run(ctx, h.RunID)
	if err != nil {
		return err
	}
	if h.State == sb.HoldShowing {
		if err := l.show(ctx, h, run, now); err != nil {
			return err
		}
		h = l.holds[h.ID]
	}
	if h.State == sb.HoldScheduled && (run.StartedAt != nil || run.Status == sb.Completed) {
		if err := l.start(ctx, h, run, now); err != nil {
			return err
		}
		h = l.holds[h.ID]
	}
	switch {
	case h.State == sb.HoldOver || h.ID == "":
		return nil
	case run.Status == sb.Completed:
		return l.complete(ctx, h, run, now)
	case run.Status == sb.Failed:
		return l.fail(ctx, h, run, now)
	case h.State == sb.HoldRunning:
		err = l.alive(ctx, h, run.Work.Progress, now)
	}
	if _, open := l.holds[h.ID]; open && err == nil {
		l.told[h.ID] = run.Version
	}
	return err
}

// show makes the document of a run that was scheduled here.
func (l *watcher) show(ctx context.Context, h sb.Hold, run sb.Run, now time.Time) error {
	m := sb.Mirrored{
		ID: h.ID, Run: run.ID, Operator: run.Operator, Label: run.Label, Params: run.Params, View: run.View, Link: run.Page(l.options.Pages),
	}
	_, reach, err := l.store.RunSource(ctx, run.ID)
	if err != nil {
		return err
	}
	m.DatasetID, m.Dataset = reach.DatasetID, reach.Dataset
	err = l.db.Show(ctx, m, now)
	switch sb.CodeOf(err) {
	case "":
		return l.become(ctx, h, sb.HoldScheduled, now)
	case sb.TooLarge, sb.Invalid:
		return l.over(ctx, h)
	default:
		return err
	}
}

func (l *watcher) start(ctx context.Context, h sb.Hold, run sb.Run, now time.Time) error {
	done, err := l.db.Start(ctx, h.ID, run.Page(l.options.Pages), orNow(run.StartedAt, now))
	if err != nil {
		return err
	}
	if !done {
		seen, err := l.db.Look(ctx, []string{h.ID})
		if err != nil {
			return err
		}
		if s := seen[h.ID]; s.State != sb.OperationRunning || s.Link != run.Page(l.options.Pages) {
			return l.lost(ctx, h, s)
		}
	}
	return l.become(ctx, h, sb.HoldRunning, now)
}

// alive tells the progress of a running operation, or that it is alive.
func (l *watcher) alive(ctx context.Context, h sb.Hold, p *sb.Progress, now time.Time) (err error) {
	done := true
	switch {
	case p != nil && p.UpdatedAt.After(l.shown[h.ID]):
		done, err = l.db.Progress(ctx, h.ID, *p, now)
		l.shown[h.ID], l.said[h.ID] = p.UpdatedAt, now
	case now.Sub(l.said[h.ID]) >= l.options.Pace.Beat:
		done, err = l.db.Beat(ctx, h.ID, now)
		l.said[h.ID] = now
	}
	if err != nil || done {
		return err
	}
	seen, err := l.db.Look(ctx, []string{h.ID})
	if err != nil {
		return err
	}
	return l.lost(ctx, h, seen[h.ID])
}

func (l *watcher) complete(ctx context.Context, h sb.Hold, run sb.Run, now time.Time) error {
	result, err := l.result(ctx, run)
	if err != nil {
		return err
	}
	f := sb.Finding{Result: result, OutputsSchema: run.OutputsSchema}
	if err := l.lastProgress(ctx, h, run, now); err != nil {
		return err
	}
	_, err = l.db.Complete(ctx, h.ID, f, orNow(run.EndedAt, now))
	if itsOwn(err) {
		f = sb.Finding{Result: elsewhere(len(result), cmp.Or(run.Page(l.options.Pages), "run "+run.ID))}
		_, err = l.db.Complete(ctx, h.ID, f, orNow(run.EndedAt, now))
	}
	sb.FaultPoint("intake.told")
	if err != nil {
		return err
	}
	return l.over(ctx, h)
}

// lastProgress tells the last progress before an end, always.
func (l *watcher) lastProgress(ctx context.Context, h sb.Hold, run sb.Run, now time.Time) error {
	p := run.Work.Progress
	if p == nil || !p.UpdatedAt.After(l.shown[h.ID]) {
		return nil
	}
	_, err := l.db.Progress(ctx, h.ID, *p, now)
	return err
}

// elsewhere stands for a result that this document of MongoDB cannot hold.
func elsewhere(size int, where string) json.RawMessage {
	text, _ := json.Marshal(map[string]string{"signalbox": fmt.Sprintf("The result, %d bytes of JSON, does not fit into this document; see %s.", size, where)}) // text can always be written
	return text
}

func (l *watcher) fail(ctx context.Context, h sb.Hold, run sb.Run, now time.Time) error {
	from := sb.OperationRunning
	if h.State == sb.HoldScheduled {
		from = sb.OperationScheduled
	}
	if err := l.lastProgress(ctx, h, run, now); err != nil {
		return err
	}
	if _, err := l.db.Fail(ctx, h.ID, from, sb.Finding{Error: failure(run.Failure)}, orNow(run.EndedAt, now)); err != nil {
		return err
	}
	return l.over(ctx, h)
}

// failure is what an App shows of one: the traceback as FiftyOne keeps it, or what there is.
func failure(f *sb.Failure) string {
	switch {
	case f == nil:
		return "It failed."
	case f.Stack == "":
		return f.Message
	case f.Kind == sb.FailError && strings.Contains(f.Stack, f.Message):
		return f.Stack
	}
	return f.Message + "\n\n" + f.Stack
}

func (l *watcher) result(ctx context.Context, run sb.Run) (json.RawMessage, error) {
	if run.ResultKey == "" {
		return run.Result, nil
	}
	result, err := l.life.Result(ctx, run)
	switch {
	case sb.CodeOf(err) == sb.NotFound: // it is lost here, too
		return nil, nil
	case err != nil && ctx.Err() == nil:
		return nil, sb.Wrap(err, sb.Invalid, "its result cannot be read here")
	}
	return result, err
}

// look hears what happened to operations there: what is not as it was left was ended by somebody, so its work ends.
func (l *watcher) look(ctx context.Context, t todo) error {
	var ids []string
	for id, h := range l.holds {
		if (t.all || t.operations[id]) && (h.State == sb.HoldScheduled || h.State == sb.HoldRunning) {
			ids = append(ids, id)
		}
	}
	for len(ids) > 0 {
		some := ids[:min(len(ids), page)]
		ids = ids[len(some):]
		seen, err := l.db.Look(ctx, some)
		if err != nil {
			return err
		}
		for _, id := range some {
			if err := l.alone(ctx, id, func() error { return l.compare(ctx, l.holds[id], seen[id]) }); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *watcher) compare(ctx context.Context, h sb.Hold, seen sb.OperationSeen) error {
	if string(seen.State) == string(h.State) {
		return nil
	}
	now, err := l.store.Now(ctx)
	if err != nil {
		return err
	}
	if err := l.tellOne(ctx, h, now); err != nil { // what was told before the row could be written
		return err
	}
	if after, open := l.holds[h.ID]; !open || after.State != h.State {
		return nil
	}
	return l.lost(ctx, h, seen)
}

// lost stops the run of an operation that somebody ended there.
func (l *watcher) lost(ctx context.Context, h sb.Hold, seen sb.OperationSeen) error {
	why := "Its operation was deleted in " + l.source.Name + "."
	switch seen.State {
	case "":
	case sb.OperationFailed:
		why = "It was marked as failed in " + l.source.Name + "."
	default:
		why = fmt.Sprintf("Its operation is %s in %s, by somebody else's doing.", seen.State, l.source.Name)
	}
	if err := l.life.StopThere(ctx, h.RunID, why); err != nil && sb.CodeOf(err) != sb.Conflict {
		return err
	}
	return l.over(ctx, h)
}

// over notes that there is nothing more to tell of an operation.
func (l *watcher) over(ctx context.Context, h sb.Hold) error {
	if err := ours(l.store.SetHold(ctx, l.w.Ref(), h.ID, sb.HoldOver)); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.holds, h.ID)
	delete(l.known, h.RunID)
	delete(l.said, h.ID)
	delete(l.shown, h.ID)
	delete(l.told, h.ID)
	delete(l.putOff, h.ID)
	return nil
}

func (l *watcher) become(ctx context.Context, h sb.Hold, state sb.HoldState, now time.Time) error {
	if err := ours(l.store.SetHold(ctx, l.w.Ref(), h.ID, state)); err != nil {
		return err
	}
	h.State = state
	l.holds[h.ID], l.said[h.ID] = h, now
	return nil
}

func orNow(t *time.Time, now time.Time) time.Time {
	if t == nil {
		return now
	}
	return *t
}
