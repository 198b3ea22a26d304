package signalbox

import (
	"fmt"
	"time"
)

// EndWork notes that the attempt's work has ended, frees its slot, and ends the run or sends it back to Scheduled.
//
// What counts for the run, in this order: stopped or timed out by us; failed there or killed; what the attempt
// reported; its exit code, or success there.
type EndWork struct {
	At      time.Time
	Attempt int
	By      Who // an admin who released it; nobody else
	End     End
	Found   *Outcome // what the orchestrator knows of it, for want of a report
}

func (c EndWork) when() time.Time { return c.At }

func (c EndWork) apply(r *Run) ([]Event, error) {
	if r.Attempt != c.Attempt || r.Status == Scheduled {
		return nil, stale(r, c.Attempt)
	}
	if r.Work.State == WorkEnded {
		return nil, nil
	}
	r.Work.State = WorkEnded
	r.Work.EndedAt = &c.At
	r.Slot = false
	if s := r.Work.Seen; r.Work.Ref != "" && s != nil && s.Sight != "" { // it was there once
		due := c.At.Add(LogWait)
		r.Work.LogDue = &due
	}
	events := []Event{{Kind: EventWorkEnded, Actor: c.By, Attempt: r.Attempt, Message: c.End.String()}}
	if r.Status.Terminal() {
		return events, nil
	}
	if said := r.contradiction(c.End); said != "" {
		events = append(events, Event{Kind: EventContradiction, Attempt: r.Attempt, Message: said})
	}
	said := r.Work.Reported
	if said == nil {
		said = c.Found
	}
	r.Work.OutcomeDue = said == nil && r.Work.Ending == "" && r.Work.LogDue != nil && (c.End.There == SeenSucceeded || c.End.There == SeenFailed)
	if r.Work.Ending == "" && (c.End.There == SeenSucceeded || c.End.There == SeenFailed) {
		r.ran(c.At)
	}
	return append(events, r.ended(c.At, c.End, said)...), nil
}

// ended decides what becomes of an open run whose work has ended.
func (r *Run) ended(at time.Time, e End, said *Outcome) []Event {
	switch {
	case r.Work.Ending == FailTimeout && r.Status == Queued:
		return r.startedLate(at)
	case r.Work.Ending == FailTimeout:
		return r.fail(at, Failure{FailTimeout, fmt.Sprintf("It ran for longer than its timeout of %s.", r.Timeout), e.Stack})
	case r.Work.Ending != "" || e.Terminated:
		return r.fail(at, Failure{FailStopped, e.String(), e.Stack})
	case e.Rejected:
		return r.fail(at, Failure{FailRejected, e.String(), e.Stack})
	case e.Broken:
		return r.fail(at, Failure{FailOrchestrator, e.String(), e.Stack})
	case r.Status == Queued && said == nil:
		return r.requeue(at, e.String())
	case e.WorkerLost:
		return r.fail(at, Failure{FailLost, e.String(), e.Stack})
	case e.Signal != "":
		return r.fail(at, Failure{FailError, e.String(), e.Stack})
	case said != nil && !said.Completed && said.Message != "":
		return r.fail(at, Failure{FailError, said.Message, said.Stack})
	case said != nil && !said.Completed && e.There == "":
		return r.fail(at, Failure{FailError, said.Message, said.Stack})
	case e.There == SeenFailed:
		return r.fail(at, Failure{FailError, e.String(), e.Stack})
	case said != nil || e.There == SeenSucceeded || (e.ExitCode != nil && *e.ExitCode == 0):
		return r.complete(at, said)
	case e.ExitCode != nil:
		return r.fail(at, Failure{FailError, e.String(), e.Stack})
	}
	return r.fail(at, Failure{FailLost, e.String(), e.Stack})
}

// startedLate sends a run that did not start in time back to Scheduled, a few times.
func (r *Run) startedLate(at time.Time) []Event {
	r.StartedLate++
	if r.StartedLate > MaxRequeues || r.Attempt >= MaxAttempts {
		return r.fail(at, Failure{Kind: FailTimeout, Message: fmt.Sprintf("It did not start within %s, %s.", r.StartWithin, times(r.StartedLate))})
	}
	r.back(at, 0)
	return []Event{{Kind: EventRequeued, Message: fmt.Sprintf("Back in the queue: it did not start within %s.", r.StartWithin)}}
}

// contradiction tells in words where the report and the end disagree.
func (r *Run) contradiction(e End) string {
	said := r.Work.Reported
	switch {
	case said == nil:
		return ""
	case said.Completed && e.There == SeenFailed:
		return "It reported that it completed, but " + e.String() + "."
	case !said.Completed && e.There == SeenSucceeded:
		return "It reported that it failed, but " + e.String() + "."
	case said.Completed && (e.Signal != "" || e.ExitCode != nil && *e.ExitCode != 0):
		return "It reported that it completed, but " + e.String() + "."
	case !said.Completed && e.ExitCode != nil && *e.ExitCode == 0:
		return "It reported that it failed, but its exit status was 0."
	}
	return ""
}

// String tells the end in words.
func (e End) String() string {
	switch {
	case e.Reason != "":
		return e.Reason
	case e.Signal != "":
		return "killed by signal: " + e.Signal
	case e.WorkerLost:
		return "the worker was lost"
	case e.HandedBack:
		return "the worker handed it back"
	case e.ExitCode != nil:
		return fmt.Sprintf("exit status %d", *e.ExitCode)
	}
	return "it ended without a word"
}

// Settled tells whether the end of work that its orchestrator calls over is certain, and what that end is. After a stop
// of ours it has to last for SettleFor, and what is gone for GoneFor. What was never accepted may still be on its way.
func (r Run) Settled(now time.Time) (End, bool) {
	s := r.Work.Seen
	if s == nil || s.Sight == "" || !s.Sight.Over() || !r.WorkGoesOn() {
		return End{}, false
	}
	since := s.Since
	if r.Work.EndingAt != nil && r.Work.EndingAt.After(since) {
		since = *r.Work.EndingAt
	}
	lasted := now.Sub(since)
	if s.Sight == SeenGone && lasted < GoneFor || r.StopWanted() && lasted < SettleFor {
		return End{}, false
	}
	if r.OnItsWay() {
		return End{}, false
	}
	return r.endBy(*s), true
}

// OnItsWay tells whether an attempt is being sent: it may have arrived, which who sends it finds out. What shall end is not.
func (r Run) OnItsWay() bool {
	return r.Work.State == WorkSubmitting && !r.Status.Terminal() && !r.StopWanted()
}

func (r Run) endBy(s Sighting) End {
	e := End{There: s.Sight, Reason: r.says(s)}
	switch s.Sight { //nolint:exhaustive // the others are what they say
	case SeenStopped:
		e.Terminated = true
	case SeenBroken:
		e.Broken = true
	case SeenGone:
		e.WorkerLost = true
		if r.StartedAt == nil && r.Work.Reported == nil {
			e.WorkerLost, e.Broken = false, true
			e.Reason = "it was accepted there and vanished before it ran: " + e.Reason
		}
	}
	return e
}
