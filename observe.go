package signalbox

import (
	"fmt"
	"time"
)

// Submitting notes that an attempt is about to be sent to an orchestrator that we do not own, under which name. Only
// then it may be. Again with the same name: nothing changes.
type Submitting struct {
	At      time.Time
	Attempt int
	Name    string
}

func (c Submitting) when() time.Time { return c.At }

func (c Submitting) apply(r *Run) ([]Event, error) {
	if err := current(r, c.Attempt); err != nil {
		return nil, err
	}
	if r.Status.Terminal() || r.StopWanted() {
		return nil, over(r)
	}
	if r.Work.Ref != "" {
		return nil, nil
	}
	r.Work.State, r.Work.Ref = WorkSubmitting, c.Name
	return []Event{{Kind: EventSubmitting, Message: fmt.Sprintf("It is sent to %s as %s.", r.Orchestrator, c.Name)}}, nil
}

// Delayed notes why an attempt cannot be sent there now; it is tried again. The same words again: nothing changes.
type Delayed struct {
	At      time.Time
	Attempt int
	Why     string
}

func (c Delayed) when() time.Time { return c.At }

func (c Delayed) apply(r *Run) ([]Event, error) {
	if err := current(r, c.Attempt); err != nil {
		return nil, err
	}
	if r.Work.State != WorkSubmitting || r.Work.Seen != nil && r.Work.Seen.Why == c.Why {
		return nil, nil
	}
	r.Work.Seen = &Sighting{Why: c.Why, Since: c.At}
	return []Event{{Kind: EventDelayed, Message: fmt.Sprintf("It cannot be sent to %s now, and is tried again: %s.", r.Orchestrator, c.Why)}}, nil
}

// Submitted notes that the orchestrator has the attempt, and where.
type Submitted struct {
	At      time.Time
	Attempt int
	Place   Place
}

func (c Submitted) when() time.Time { return c.At }

func (c Submitted) apply(r *Run) ([]Event, error) {
	if err := current(r, c.Attempt); err != nil {
		return nil, err
	}
	if r.Work.State != WorkSubmitting && r.Work.Ref == c.Place.Name && r.Work.URL == c.Place.URL {
		return nil, nil
	}
	r.Work.Ref, r.Work.URL = c.Place.Name, c.Place.URL
	if r.Work.State == WorkSubmitting {
		r.Work.State, r.Work.Seen = WorkSubmitted, nil
	}
	return []Event{{Kind: EventSubmitted, Message: fmt.Sprintf("%s has it as %s.", r.Orchestrator, c.Place.Name)}}, nil
}

// Observed notes how an attempt's work was seen at its orchestrator. It never ends the work; Settled tells when that is
// certain. Work that has ended and is seen going on was revived there: that is an event and no more.
type Observed struct {
	At      time.Time
	Attempt int
	Seen    Seen
}

func (c Observed) when() time.Time { return c.At }

func (c Observed) apply(r *Run) ([]Event, error) {
	if r.Attempt != c.Attempt || r.Status == Scheduled && r.Work.State != WorkEnded || r.Work.State == WorkNone {
		return nil, stale(r, c.Attempt)
	}
	before, state := r.Work.Seen, r.Work.State
	now := c.sighting(before)
	if state == WorkEnded {
		return r.revived(before, now), nil
	}
	r.Work.SeenAt, r.Work.Seen = &c.At, &now
	if c.Seen.URL != "" {
		r.Work.URL = c.Seen.URL
	}
	r.Work.State = r.stateBy(now.Sight)
	var events []Event
	if state == WorkUnknown && r.Work.State != WorkUnknown {
		events = append(events, Event{Kind: EventSeen, Message: r.Orchestrator + " answers again."})
	}
	if before == nil || before.Sight != now.Sight || before.Word != now.Word || before.Why != now.Why {
		events = append(events, Event{Kind: EventObserved, Message: r.says(now)})
	}
	if now.Sight == SeenActive && r.Status == Queued && !r.StopWanted() {
		r.become(Running, c.At)
		r.StartedAt = &c.At
		events = append(events, Event{Kind: EventStarted})
	}
	if len(events) == 0 && state != r.Work.State {
		events = append(events, Event{Kind: EventObserved, Message: r.says(now)})
	}
	return events, nil
}

// sighting is what was seen, with since when.
func (c Observed) sighting(before *Sighting) Sighting {
	s := Sighting{
		Sight: c.Seen.Sight, Word: c.Seen.Word, Why: c.Seen.Why, Since: c.At, StartedAt: c.Seen.StartedAt, EndedAt: c.Seen.EndedAt,
	}
	if before != nil && before.Sight == s.Sight { // another end than before was one that went on in between
		s.Since = before.Since
	}
	return s
}

// stateBy is the state of work that has not ended, by how it was seen.
func (r *Run) stateBy(s Sight) WorkState {
	switch {
	case s == SeenGone && r.Work.State == WorkSubmitting: // it may be on its way
		return WorkSubmitting
	case r.StopWanted():
		return WorkEnding
	case s == SeenWaiting:
		return WorkWaiting
	case s == SeenActive:
		return WorkActive
	case r.Work.State == WorkUnknown && r.StartedAt != nil:
		return WorkActive
	case r.Work.State == WorkUnknown, r.Work.State == WorkSubmitting:
		return WorkSubmitted
	}
	return r.Work.State
}

// revived notes that work which has ended here goes on there, and when that has ended too.
func (r *Run) revived(before *Sighting, now Sighting) []Event {
	if before != nil && before.Sight.Over() == now.Sight.Over() || before == nil && now.Sight.Over() {
		return nil
	}
	r.Work.Seen = &now
	said := "It was cleared or revived there, and goes on without a slot; this run stays as it is. "
	if now.Sight.Over() {
		said = "What was revived there has ended; this run stays as it is. "
	}
	return []Event{{Kind: EventRevived, Message: said + r.says(now)}}
}

// says tells in words what the orchestrator says of the work.
func (r *Run) says(s Sighting) string {
	said := map[Sight]string{
		SeenWaiting: "has it waiting", SeenActive: "runs it", SeenSucceeded: "says that it succeeded", SeenFailed: "says that it failed",
		SeenStopped: "says that somebody stopped it there", SeenBroken: "could not run it", SeenGone: "does not know it any more",
	}[s.Sight]
	text := r.Orchestrator + " " + said
	if s.Word != "" {
		text += " (" + s.Word + ")"
	}
	if s.Why != "" {
		text += ": " + s.Why
	}
	return text
}

// Unasked notes that the orchestrator of a run cannot be asked about its work, since when. The work shows as unknown; after
// UnaskedFor the reported outcome ends the run, unless it would be tried again, which needs the work's end. The slot stays
// held.
type Unasked struct {
	At    time.Time
	Since time.Time
	Why   string
}

func (c Unasked) when() time.Time { return c.At }

func (c Unasked) apply(r *Run) ([]Event, error) {
	if !r.WorkGoesOn() || r.Work.State == WorkSubmitting {
		return nil, nil
	}
	var events []Event
	if r.Work.State != WorkUnknown {
		r.Work.State = WorkUnknown
		events = append(events, Event{Kind: EventUnseen, Message: r.Orchestrator + " cannot be asked: " + c.Why + "."})
	}
	said := r.Work.Reported
	if c.At.Sub(c.Since) < UnaskedFor || said == nil || r.Status.Terminal() || r.Status == Scheduled || r.StopWanted() {
		return events, nil
	}
	if said.Completed {
		return append(events, r.complete(c.At, said)...), nil
	}
	if r.RetriesLeft > 0 && r.Attempt < MaxAttempts {
		return events, nil
	}
	return append(events, r.fail(c.At, Failure{FailError, said.Message, said.Stack})...), nil
}

// Found keeps what an orchestrator knows of the outcome of work that has ended, where it could not be read before the end:
// the result of a completed run, or why it failed; of an attempt that was followed by another in the timeline alone.
type Found struct {
	At      time.Time
	Attempt int
	Outcome Outcome
}

func (c Found) when() time.Time { return c.At }

func (c Found) apply(r *Run) ([]Event, error) {
	if r.Attempt != c.Attempt || r.Work.State != WorkEnded || !r.Work.OutcomeDue {
		return nil, stale(r, c.Attempt)
	}
	r.Work.OutcomeDue = false
	if c.Outcome.Completed && r.Status == Completed {
		r.resulted(c.Outcome)
		return []Event{{Kind: EventFound, Message: "Its result was read there."}}, nil
	}
	if f := r.Failure; r.Status == Failed && !c.Outcome.Completed && f.Kind == FailError { // until now with words that stood for these
		r.Failure = &Failure{Kind: f.Kind, Message: c.Outcome.Message, Stack: c.Outcome.Stack}
	}
	return []Event{{Kind: EventFound, Message: "What is known of it there: " + c.Outcome.Message}}, nil
}
