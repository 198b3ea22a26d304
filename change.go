package signalbox

import (
	"fmt"
	"strings"
	"time"
)

// Admit gives a Scheduled run a slot: it becomes Queued and its attempt rises.
type Admit struct{ At time.Time }

func (c Admit) when() time.Time { return c.At }

func (c Admit) apply(r *Run) ([]Event, error) {
	if r.Status != Scheduled {
		return nil, Errorf(Conflict, "run %s is %s, not scheduled", r.ID, r.Status)
	}
	r.become(Queued, c.At)
	r.Attempt++
	r.Slot = true
	r.QueuedAt = &c.At
	r.Work = Work{State: WorkNone}
	return []Event{{Kind: EventQueued, Message: "It has a slot of the orchestrator's quota."}}, nil
}

// Reject fails a run that has not been admitted and may not be any more.
type Reject struct {
	At     time.Time
	By     Who
	Reason string
}

func (c Reject) when() time.Time { return c.At }

func (c Reject) apply(r *Run) ([]Event, error) {
	if r.Status != Scheduled {
		return nil, Errorf(Conflict, "run %s is %s, not scheduled", r.ID, r.Status)
	}
	return by(c.By, r.fail(c.At, Failure{Kind: FailRejected, Message: c.Reason})), nil
}

// Dispatch notes that the attempt was sent out, and its name there.
type Dispatch struct {
	At       time.Time
	Attempt  int
	Ref, URL string
}

func (c Dispatch) when() time.Time { return c.At }

func (c Dispatch) apply(r *Run) ([]Event, error) {
	if err := current(r, c.Attempt); err != nil {
		return nil, err
	}
	if r.Status.Terminal() && r.Work.State == WorkNone {
		return nil, over(r)
	}
	if r.DispatchedAt != nil {
		return nil, nil
	}
	r.DispatchedAt = &c.At
	if r.Outside() { // its place there is for Submitting and Submitted to name
		if r.Work.State == WorkNone {
			r.Work.State = WorkSubmitting
		}
		return []Event{{Kind: EventDispatched, Message: "On its way, carried by " + c.Ref + "."}}, nil
	}
	r.Work.Ref, r.Work.URL = c.Ref, c.URL
	if r.Work.State == WorkNone || r.Work.State == WorkSubmitting {
		r.Work.State = WorkSubmitted
	}
	return []Event{{Kind: EventDispatched, Message: "Sent out as " + c.Ref + "."}}, nil
}

// Take notes that a worker, or a task there, took the work: its lease begins.
type Take struct{ Claim Claim }

func (c Take) when() time.Time { return c.Claim.At }

func (c Take) apply(r *Run) ([]Event, error) {
	if err := current(r, c.Claim.Attempt); err != nil {
		return nil, err
	}
	if r.Status.Terminal() && r.Work.State == WorkNone {
		return nil, over(r)
	}
	r.Work.SeenAt = &c.Claim.At
	if c.Claim.Worker != "" {
		r.Work.Worker, r.Work.Incarnation = c.Claim.Worker, c.Claim.Incarnation
	}
	if old := r.Work.Reported; old != nil && old.Source == c.Claim.Source {
		r.Work.Reported = nil // by a lower try, which this one supersedes
	}
	if r.Work.State == WorkNone {
		r.Work.State = WorkSubmitted
	}
	who := "Taken by a task of the orchestrator."
	if c.Claim.Worker != "" {
		who = "Taken by worker " + c.Claim.Worker + "."
	}
	return []Event{{Kind: EventClaimed, Message: who}}, nil
}

// Start notes that the work begins now. The process starts only when this was accepted.
type Start struct {
	At       time.Time
	Attempt  int
	Ref, URL string
}

func (c Start) when() time.Time { return c.At }

func (c Start) apply(r *Run) ([]Event, error) {
	if err := current(r, c.Attempt); err != nil {
		return nil, err
	}
	if r.Status.Terminal() || r.StopWanted() {
		return nil, over(r)
	}
	if r.Status == Running {
		return nil, nil
	}
	if r.Status != Queued {
		return nil, stale(r, c.Attempt)
	}
	r.become(Running, c.At)
	r.StartedAt = &c.At
	r.Work.State = WorkActive
	r.Work.SeenAt = &c.At
	if c.Ref != "" && !r.Outside() { // there we know the name ourselves
		r.Work.Ref = c.Ref
	}
	if c.URL != "" && (r.Work.URL == "" || !r.Outside()) {
		r.Work.URL = c.URL
	}
	return []Event{{Kind: EventStarted}}, nil
}

// Report keeps what the attempt says about its end. It ends the run only when the work has ended. A report after
// the run was over is kept as one event; KeptLate tells that case.
type Report struct {
	Attempt int
	Outcome Outcome
}

func (c Report) when() time.Time { return c.Outcome.At }

func (c Report) apply(r *Run) ([]Event, error) {
	if r.Attempt != c.Attempt {
		return nil, stale(r, c.Attempt)
	}
	if r.Work.Reported != nil && r.Work.Reported.Hash == c.Outcome.Hash {
		return nil, nil
	}
	if r.Work.State == WorkEnded || r.Work.State == WorkNone {
		return nil, stale(r, c.Attempt)
	}
	said := "It says that it failed: " + strings.TrimRight(c.Outcome.Message, ".") + "."
	if c.Outcome.Completed {
		said = "It says that it completed."
	}
	if r.Status.Terminal() {
		if r.Work.Late {
			return nil, over(r)
		}
		r.Work.Late = true
		return []Event{{Kind: EventLateReport, Message: said + " The run was over already; its status stays."}}, nil
	}
	if old := r.Work.Reported; old != nil && (old.Source == MainSource || old.Source == c.Outcome.Source) {
		return nil, Errorf(Conflict, "attempt %d of run %s has already reported another end", c.Attempt, r.ID)
	}
	r.Work.Reported = &c.Outcome
	return []Event{{Kind: EventReported, Message: said}}, nil
}

// MarkFailed fails the run because a person says so. The work goes on and keeps its slot.
type MarkFailed struct {
	At time.Time
	By Who
}

func (c MarkFailed) when() time.Time { return c.At }

func (c MarkFailed) apply(r *Run) ([]Event, error) {
	if r.Status.Terminal() {
		return nil, Errorf(Conflict, "run %s is already %s", r.ID, r.Status)
	}
	r.dropUnsent(c.At)
	return by(c.By, r.fail(c.At, Failure{Kind: FailMarked, Message: "Marked as failed by " + c.By.Name + "."})), nil
}

// Stop fails the run because a person wants it to end, and asks the work to end.
type Stop struct {
	At     time.Time
	By     Who
	Reason string // "" says who stopped it
}

func (c Stop) when() time.Time { return c.At }

func (c Stop) apply(r *Run) ([]Event, error) {
	if r.Status.Terminal() && !r.WorkGoesOn() {
		return nil, Errorf(Conflict, "run %s is already over and its work has ended", r.ID)
	}
	r.dropUnsent(c.At)
	var events []Event
	if r.WorkGoesOn() && r.Work.Ending == "" {
		r.ending(c.At, FailStopped)
		events = append(events, Event{Kind: EventStopAsked, Actor: c.By, Message: "The work is asked to end."})
	}
	if r.Status.Terminal() {
		return events, nil
	}
	reason := c.Reason
	if reason == "" {
		reason = "Stopped by " + c.By.Name + "."
	}
	return append(events, by(c.By, r.fail(c.At, Failure{Kind: FailStopped, Message: reason}))...), nil
}

// TimeOut asks the work to end because it took too long, or because it did not start in time.
type TimeOut struct{ At time.Time }

func (c TimeOut) when() time.Time { return c.At }

func (c TimeOut) apply(r *Run) ([]Event, error) {
	if r.Status == Scheduled || r.StopWanted() || r.Status.Terminal() && !r.WorkGoesOn() {
		return nil, nil
	}
	message := fmt.Sprintf("It ran for its whole timeout of %s; the work is asked to end.", r.Timeout)
	if r.Status == Queued {
		message = fmt.Sprintf("It did not start within %s; the work is called back.", r.StartWithin)
	}
	if !r.Dispatched() {
		r.dropUnsent(c.At)
		return append([]Event{{Kind: EventTimeout, Message: message}}, r.startedLate(c.At)...), nil
	}
	r.ending(c.At, FailTimeout)
	return []Event{{Kind: EventTimeout, Message: message}}, nil
}

// Unseen notes that the work gave no sign of life for a while.
type Unseen struct{ At time.Time }

func (c Unseen) when() time.Time { return c.At }

func (c Unseen) apply(r *Run) ([]Event, error) {
	if !r.WorkGoesOn() || r.Work.State == WorkUnknown {
		return nil, nil
	}
	r.Work.State = WorkUnknown
	return []Event{{Kind: EventUnseen, Message: "No sign of life from " + r.Work.Taker() + "."}}, nil
}

// SeenAgain notes a sign of life of work that was unknown.
type SeenAgain struct {
	At      time.Time
	Attempt int
}

func (c SeenAgain) when() time.Time { return c.At }

func (c SeenAgain) apply(r *Run) ([]Event, error) {
	if r.Attempt != c.Attempt || r.Work.State != WorkUnknown {
		return nil, nil
	}
	r.Work.SeenAt = &c.At
	switch {
	case r.StopWanted():
		r.Work.State = WorkEnding
	case r.Status == Queued:
		r.Work.State = WorkSubmitted
	default:
		r.Work.State = WorkActive
	}
	return []Event{{Kind: EventSeen, Message: "The worker is back."}}, nil
}

// StopWaits notes that a stop has not been confirmed for a while.
type StopWaits struct{ At time.Time }

func (c StopWaits) when() time.Time { return c.At }

func (c StopWaits) apply(r *Run) ([]Event, error) {
	if !r.StopWanted() || r.Work.State == WorkEnded || r.Work.EndingTold {
		return nil, nil
	}
	r.Work.EndingTold = true
	return []Event{{Kind: EventStopWaits, Message: "The end is not confirmed yet; it is asked again and again."}}, nil
}

// Rename gives the run another label.
type Rename struct {
	At    time.Time
	By    Who
	Label string
}

func (c Rename) when() time.Time { return c.At }

func (c Rename) apply(r *Run) ([]Event, error) {
	if r.Label == c.Label {
		return nil, nil
	}
	message := fmt.Sprintf("%q became %q.", r.Label, c.Label)
	r.Label = c.Label
	return []Event{{Kind: EventRenamed, Actor: c.By, Message: message}}, nil
}

// Pin pins the run for all who see its dataset, or unpins it.
type Pin struct {
	At     time.Time
	By     Who
	Pinned bool
}

func (c Pin) when() time.Time { return c.At }

func (c Pin) apply(r *Run) ([]Event, error) {
	if r.Pinned == c.Pinned {
		return nil, nil
	}
	r.Pinned = c.Pinned
	kind := EventUnpinned
	if c.Pinned {
		kind = EventPinned
	}
	return []Event{{Kind: kind, Actor: c.By}}, nil
}

// KeepLog notes where the finished log lies.
type KeepLog struct {
	At  time.Time
	Log Log
}

func (c KeepLog) when() time.Time { return c.At }

func (c KeepLog) apply(r *Run) ([]Event, error) {
	if r.Log != nil && *r.Log == c.Log {
		return nil, nil
	}
	r.Log = &c.Log
	return []Event{{Kind: EventLog}}, nil
}

// dropUnsent ends the work of an admitted run that was never sent out: its slot is free at once.
func (r *Run) dropUnsent(at time.Time) {
	if r.Status == Queued && !r.Dispatched() {
		r.Work.State = WorkEnded
		r.Work.EndedAt = &at
		r.Slot = false
	}
}

func (r *Run) ending(at time.Time, why FailureKind) {
	r.Work.Ending = why
	r.Work.EndingAt = &at
	if r.Work.State != WorkUnknown {
		r.Work.State = WorkEnding
	}
}

func by(who Who, events []Event) []Event {
	for i := range events {
		events[i].Actor = who
	}
	return events
}

// current demands that the attempt is the run's current one and its work has not ended.
func current(r *Run, attempt int) error {
	if r.Attempt != attempt || r.Work.State == WorkEnded || r.Status == Scheduled {
		return stale(r, attempt)
	}
	return nil
}

func stale(r *Run, attempt int) error {
	if r.Attempt != attempt {
		return Errorf(Conflict, "attempt %d of run %s is not its current one, which is %d", attempt, r.ID, r.Attempt)
	}
	return Errorf(Conflict, "the work of attempt %d of run %s has ended", attempt, r.ID)
}

func over(r *Run) error { return Errorf(RunOver, "run %s is over: %s", r.ID, r.Status) }

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
