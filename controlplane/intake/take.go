package intake

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	sb "signalbox"
)

const (
	maxRequest = 8 << 20 // bytes of what an App was asked with, and of a pipeline
	maxSchema  = 4 << 20 // bytes of a schema; a larger one is not kept
	keyPrefix  = "sbk_"
)

// take takes what waits there, and goes on with what was begun.
func (l *watcher) take(ctx context.Context, t todo) error {
	if t.settings || t.stranded || t.all { // else nothing but this watcher has changed what is ours
		if err := l.resume(ctx); err != nil {
			return err
		}
	}
	if l.trouble = ""; !l.source.Intake {
		return nil
	}
	principal, err := l.principal(ctx)
	if err != nil || l.trouble != "" {
		return err
	}
	if err := l.queued(ctx, principal); err != nil {
		return err
	}
	if t.stranded {
		return l.stranded(ctx, principal)
	}
	return nil
}

// queued takes what waits.
func (l *watcher) queued(ctx context.Context, principal sb.Principal) error {
	waiting, err := l.db.Queued(ctx)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(waiting, page) {
		if err := l.takeUnheld(ctx, principal, some, l.db.Hold); err != nil {
			return err
		}
	}
	return nil
}

// takeUnheld takes those of some operations that are not ours. Documents are large: they are read one by one.
func (l *watcher) takeUnheld(ctx context.Context, principal sb.Principal, operations []string, hold holding) error {
	unheld, err := l.store.Unheld(ctx, l.id, operations)
	if err != nil {
		return err
	}
	for _, id := range unheld {
		if err := l.alone(ctx, id, func() error { return l.takeOne(ctx, principal, id, hold) }); err != nil {
			return err
		}
	}
	return nil
}

// principal is on whose behalf operations are taken; where he is not as he must be, nothing is.
func (l *watcher) principal(ctx context.Context) (sb.Principal, error) {
	p, err := l.store.Principal(ctx, cmp.Or(l.source.Principal.ID, "-"))
	if err != nil && sb.CodeOf(err) != sb.NotFound {
		return p, err
	}
	if wrong := sb.CheckSourcePrincipal(p); wrong != "" {
		l.trouble = "Nothing is taken: " + wrong + "."
	}
	return p, nil
}

// readHolds reads what is ours and not over.
func (l *watcher) readHolds(ctx context.Context) error {
	holds, known := map[string]sb.Hold{}, map[string]bool{}
	for after := ""; ; {
		list, err := l.store.OpenHolds(ctx, l.id, after, page)
		if err != nil {
			return err
		}
		for _, h := range list {
			after, holds[h.ID] = h.ID, h
			if h.RunID != "" {
				known[h.RunID] = true
			}
		}
		if len(list) < page {
			break
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.holds, l.known = holds, known
	return nil
}

// resume goes on with what was begun and has no run yet.
func (l *watcher) resume(ctx context.Context) error {
	if err := l.readHolds(ctx); err != nil {
		return err
	}
	for id, h := range l.holds {
		if h.State != sb.HoldTaking {
			continue
		}
		if err := l.alone(ctx, id, func() error { return l.goOn(ctx, h) }); err != nil {
			return err
		}
	}
	return nil
}

// goOn goes on with the taking of one operation.
func (l *watcher) goOn(ctx context.Context, h sb.Hold) error {
	o, err := l.db.Read(ctx, h.ID)
	switch {
	case err != nil && sb.CodeOf(err) != sb.NotFound:
		return err
	case err == nil && o.State == sb.OperationQueued && l.source.Intake:
		return nil // it is among what waits
	case err == nil && o.State == sb.OperationScheduled && l.source.Intake:
		return l.schedule(ctx, h, o, "")
	case err == nil && o.State == sb.OperationScheduled:
		return l.giveBack(ctx, h.ID)
	}
	return l.drop(ctx, h.ID)
}

// giveBack leaves an operation to others again.
func (l *watcher) giveBack(ctx context.Context, id string) error {
	now, err := l.store.Now(ctx)
	if err != nil {
		return err
	}
	if _, err := l.db.GiveBack(ctx, id, now); err != nil {
		return err
	}
	return l.drop(ctx, id)
}

func (l *watcher) drop(ctx context.Context, id string) error {
	delete(l.holds, id)
	return ours(l.store.DropHold(ctx, l.w.Ref(), id))
}

// takeOne takes an operation over by hold, unless somebody else is faster.
func (l *watcher) takeOne(ctx context.Context, principal sb.Principal, id string, hold holding) error {
	o, err := l.db.Read(ctx, id)
	if err != nil {
		return unlessGone(err)
	}
	who, refused, err := l.submitter(ctx, principal, o)
	if err != nil {
		return err
	}
	h := sb.Hold{OperationRef: sb.OperationRef{SourceID: l.id, ID: id}, PrincipalID: who.ID}
	if h, err = l.store.TakeHold(ctx, l.w.Ref(), h); err != nil || h.State != sb.HoldTaking {
		return ours(err)
	}
	sb.FaultPoint("intake.noted")
	now, err := l.store.Now(ctx)
	if err != nil {
		return err
	}
	held, err := hold(ctx, id, now)
	if err == nil && !held {
		held, err = l.isHeld(ctx, id)
	}
	sb.FaultPoint("intake.held") // it is ours there, and has no run
	if err != nil {
		return err
	}
	if !held {
		return l.drop(ctx, id)
	}
	return l.schedule(ctx, h, o, refused)
}

func unlessGone(err error) error {
	if sb.CodeOf(err) == sb.NotFound {
		return nil
	}
	return err
}

// isHeld tells whether an operation is held after all: the answer to an earlier try may have been lost.
func (l *watcher) isHeld(ctx context.Context, id string) (bool, error) {
	seen, err := l.db.Look(ctx, []string{id})
	return seen[id].State == sb.OperationScheduled, err
}

// submitter tells on whose behalf an operation is taken, or why it is refused. His key is looked at here, and nowhere kept.
func (l *watcher) submitter(ctx context.Context, principal sb.Principal, o sb.Operation) (who sb.Principal, refused string, err error) {
	if !strings.HasPrefix(o.Token, keyPrefix) {
		return principal, "", nil
	}
	c, err := l.callers.APIKey(ctx, o.Token)
	switch sb.CodeOf(err) {
	case "":
		return c.Principal, "", nil
	case sb.Unauthenticated, sb.NotFound:
		return sb.Principal{}, noKey, nil
	default:
		return sb.Principal{}, "", err
	}
}

const noKey = "The API key that it was submitted with is not valid here."

// schedule makes the run of an operation that is held, or fails it there with why there is none.
func (l *watcher) schedule(ctx context.Context, h sb.Hold, o sb.Operation, refused string) error {
	if h.PrincipalID == "" {
		refused = noKey
	}
	if refused = cmp.Or(o.Refusal, tooMuch(o), refused); refused != "" {
		return l.refuse(ctx, h, refused)
	}
	who, err := l.store.Principal(ctx, h.PrincipalID)
	if sb.CodeOf(err) == sb.NotFound {
		return l.refuse(ctx, h, "Who submitted it does not exist here any more.")
	}
	if err != nil {
		return err
	}
	draft, refused, err := l.draft(ctx, h, o)
	if err != nil {
		return err
	}
	if refused != "" {
		return l.refuse(ctx, h, refused)
	}
	run, err := l.life.Schedule(sb.WithOrigin(ctx, sb.Origin{Actor: who.Who(), Kind: who.Kind, Via: "source:" + l.id}), who, draft)
	sb.FaultPoint("intake.scheduled")
	switch sb.CodeOf(err) {
	case "":
		h.RunID, h.State = run.ID, sb.HoldScheduled
		l.keepHold(h)
		return nil
	case sb.Gone:
		return nil
	case sb.Invalid, sb.NotFound, sb.Forbidden, sb.Conflict, sb.TooLarge:
		return l.refuse(ctx, h, reason(err))
	default:
		return err
	}
}

// tooMuch tells why an operation is too large to be kept here; "" when it is not.
func tooMuch(o sb.Operation) string {
	if len(o.Request) > maxRequest {
		return "What it was asked with is larger than 8 MiB."
	}
	if len(o.Pipeline) > maxRequest {
		return "Its pipeline is larger than 8 MiB."
	}
	return ""
}

// keepHold remembers an operation that has a run, and lets its run be told.
func (l *watcher) keepHold(h sb.Hold) {
	l.mu.Lock()
	l.holds[h.ID], l.known[h.RunID] = h, true
	l.mu.Unlock()
	l.want(todo{runs: map[string]bool{h.RunID: true}})
}

// draft is the run that an operation asks for, or why there can be none.
func (l *watcher) draft(ctx context.Context, h sb.Hold, o sb.Operation) (d sb.Draft, refused string, err error) {
	d = sb.Draft{Operator: o.Operator, Params: o.Params, View: o.View, Label: label(o.Label), Operation: &h.OperationRef}
	d.App = sb.AppRequest{Request: o.Request, Pipeline: o.Pipeline}
	if len(o.InputsSchema) <= maxSchema {
		d.InputsSchema = o.InputsSchema
	}
	var names []string
	if o.DatasetID != "" {
		dataset, err := l.dataset(ctx, o.DatasetID)
		if err != nil || dataset.ID == "" {
			return d, "Its dataset does not exist any more.", err
		}
		d.DatasetID, names = dataset.ID, []string{dataset.Name, dataset.There}
	}
	d.Orchestrator = l.source.Orchestrator(o.Operator, names...)
	if d.Orchestrator != "" || o.Target == "" {
		return d, "", nil
	}
	places, err := l.store.Orchestrators(ctx)
	for _, p := range places {
		if p.Name == o.Target || p.ID == o.Target {
			d.Orchestrator = p.ID
		}
	}
	return d, "", err
}

// dataset finds a dataset of the source, which may have appeared a moment ago; one without an id when there is none.
func (l *watcher) dataset(ctx context.Context, key string) (sb.Dataset, error) {
	d, err := l.store.DatasetOfSource(ctx, l.id, key)
	if sb.CodeOf(err) != sb.NotFound {
		return d, err
	}
	if err := l.sync(ctx); err != nil {
		return d, err
	}
	d, err = l.store.DatasetOfSource(ctx, l.id, key)
	if sb.CodeOf(err) == sb.NotFound {
		return sb.Dataset{}, nil
	}
	return d, err
}

// label makes a label of elsewhere one that a run may have here.
func label(text string) string {
	text = sb.Unturned(text)
	if utf8.RuneCountInString(text) > 200 {
		text = string([]rune(text)[:199]) + "…"
	}
	if sb.CheckName(text) != "" {
		return ""
	}
	return text
}

// refuse fails an operation there with the reason.
func (l *watcher) refuse(ctx context.Context, h sb.Hold, why string) error {
	now, err := l.store.Now(ctx)
	if err != nil {
		return err
	}
	if _, err := l.db.Fail(ctx, h.ID, sb.OperationScheduled, sb.Finding{Error: "Signalbox: " + why}, now); err != nil {
		return err
	}
	l.options.Log.WithField("source", l.source.Name).WithField("operation", h.ID).Info("an operation of an App was refused")
	return l.over(ctx, h)
}

// reason is what the App's user reads of a refusal, every fault included.
func reason(err error) string {
	var e *sb.Error
	if !errors.As(err, &e) {
		return message(err)
	}
	text := e.Message
	for _, f := range e.Faults {
		text += "\n" + strings.TrimPrefix(f.Location, "body.") + ": " + f.Message
	}
	return text
}

// stranded takes what was held and left behind: it is scheduled there, and we know nothing of it.
func (l *watcher) stranded(ctx context.Context, principal sb.Principal) error {
	for after := ""; ; {
		list, err := l.db.Stranded(ctx, after, l.options.Pace.Stranded, page)
		if err != nil {
			return err
		}
		if err := l.takeUnheld(ctx, principal, list, l.scrub); err != nil {
			return err
		}
		if len(list) < page {
			return nil
		}
		after = list[len(list)-1]
	}
}
