package signalbox

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Status is where a run stands. Completed and Failed are final.
type Status string

// The statuses.
const (
	Scheduled Status = "scheduled" // waits for execution quota; all runs begin here
	Queued    Status = "queued"    // has quota, starts as soon as the orchestrator has resources
	Running   Status = "running"
	Completed Status = "completed"
	Failed    Status = "failed"
)

// Statuses lists the statuses in the order of a run's life.
var Statuses = []Status{Scheduled, Queued, Running, Completed, Failed}

var next = map[Status][]Status{
	Scheduled: {Queued, Failed},
	Queued:    {Running, Scheduled, Failed},
	Running:   {Completed, Failed, Scheduled},
}

// CanBecome tells whether a run may go from s to t.
func (s Status) CanBecome(t Status) bool { return slices.Contains(next[s], t) }

// Terminal tells whether s is final.
func (s Status) Terminal() bool { return s == Completed || s == Failed }

// Valid tells whether the status exists.
func (s Status) Valid() bool { return slices.Contains(Statuses, s) }

// FailureKind says why a run failed.
type FailureKind string

// The kinds of failure.
const (
	FailError        FailureKind = "error"        // the operator failed
	FailMarked       FailureKind = "marked"       // a person marked it
	FailStopped      FailureKind = "stopped"      // a person stopped it, here or at the orchestrator
	FailTimeout      FailureKind = "timeout"      // it took too long, or did not start in time
	FailLost         FailureKind = "lost"         // the worker or the external run vanished
	FailRejected     FailureKind = "rejected"     // not allowed any more, or refused by the orchestrator for good
	FailOrchestrator FailureKind = "orchestrator" // it broke there before or without running the work
)

// Retried tells whether a run that failed so is tried again while it has retries left.
func (k FailureKind) Retried() bool {
	return k == FailError || k == FailTimeout || k == FailLost || k == FailOrchestrator
}

// Failure is why a run failed.
type Failure struct {
	Kind    FailureKind
	Message string
	Stack   string
}

// Limits of a run's life.
const (
	MaxAttempts = 99
	MaxRequeues = 3
	retryFirst  = 10 * time.Second
	retryMost   = 5 * time.Minute
)

// Run is one delegated operation: one row for ever.
type Run struct {
	ID             string
	Operator       string // URI
	OperatorLabel  string
	Plugin         string
	PluginVersion  string
	PluginRevision int    // the revision it is pinned to
	RevisionID     string // the same, as an id
	Label          string
	DatasetID      string // "" without a dataset
	Dataset        string // its name now; read only
	Status         Status
	OrchestratorID string
	Orchestrator   string // its name; read only
	Target         Target
	Attempt        int // counts dispatches
	Priority       int // -10 to 10
	CreatedBy      Who
	RerunOf        string
	Trace          string // the place in a trace of the request that scheduled it, as in the header traceparent; "" for none
	Pinned         bool

	ScheduledAt  time.Time
	NotBefore    time.Time // a retry waits until then
	QueuedAt     *time.Time
	DispatchedAt *time.Time
	StartedAt    *time.Time
	EndedAt      *time.Time
	UpdatedAt    time.Time

	Params        json.RawMessage
	View          json.RawMessage
	InputsSchema  json.RawMessage
	OutputsSchema json.RawMessage
	Result        json.RawMessage
	ResultKey     string // where a result over 64 KiB lies in the blob store
	Failure       *Failure
	Log           *Log

	Slot        bool // holds a slot of its orchestrator's quota
	Timeout     time.Duration
	StartWithin time.Duration // from Queued to Running; 0 is no limit
	RetriesLeft int
	Retried     int
	Requeued    int
	StartedLate int // how often it did not start within StartWithin

	Version int64 // rises with every change
	Work    Work
}

// Open tells whether the run or its work still goes on.
func (r Run) Open() bool { return !r.Status.Terminal() || r.WorkGoesOn() }

// WorkGoesOn tells whether there is work that has not ended.
func (r Run) WorkGoesOn() bool { return r.Work.State != WorkNone && r.Work.State != WorkEnded }

// Dispatched tells whether the current attempt was sent out, as far as the row or a claim tells.
func (r Run) Dispatched() bool { return r.DispatchedAt != nil || r.WorkGoesOn() }

// Outside tells whether the run's orchestrator is one that we do not own.
func (r Run) Outside() bool { return r.Target.Outside() }

// Ref names the run's current attempt.
func (r Run) Ref() AttemptRef { return AttemptRef{Run: r.ID, Attempt: r.Attempt} }

// Page is the address of the run's page, where home is that of the pages; "" where none are known.
func (r Run) Page(home string) string {
	if home == "" {
		return ""
	}
	return strings.TrimSuffix(home, "/") + "/runs/" + r.ID
}

// StopWanted tells what a heartbeat answers: whether the work should end.
func (r Run) StopWanted() bool { return r.Work.Ending != "" }

// EventKind says what happened to a run.
type EventKind string

// The kinds of event.
const (
	EventScheduled     EventKind = "scheduled"
	EventQueued        EventKind = "queued"
	EventDispatched    EventKind = "dispatched"
	EventClaimed       EventKind = "claimed"
	EventStarted       EventKind = "started"
	EventReported      EventKind = "reported"
	EventLateReport    EventKind = "late_report"
	EventContradiction EventKind = "contradiction"
	EventStopAsked     EventKind = "stop_asked"
	EventStopWaits     EventKind = "stop_not_confirmed"
	EventTimeout       EventKind = "timeout"
	EventUnseen        EventKind = "unseen"
	EventSeen          EventKind = "seen_again"
	EventWorkEnded     EventKind = "work_ended"
	EventRequeued      EventKind = "requeued"
	EventRetry         EventKind = "retry"
	EventCompleted     EventKind = "completed"
	EventFailed        EventKind = "failed"
	EventLog           EventKind = "log_kept"
	EventSubmitting    EventKind = "submitting"
	EventDelayed       EventKind = "delayed"
	EventSubmitted     EventKind = "submitted"
	EventObserved      EventKind = "observed"
	EventRevived       EventKind = "revived"
	EventLogMissing    EventKind = "log_missing"
	EventLogScrubbed   EventKind = "log_scrubbed"
	EventFound         EventKind = "outcome_found"
	EventRenamed       EventKind = "renamed"
	EventPinned        EventKind = "pinned"
	EventUnpinned      EventKind = "unpinned"
)

// Event is a line of a run's timeline.
type Event struct {
	Seq     int64 // set by the store
	RunID   string
	At      time.Time
	Kind    EventKind
	Attempt int
	Actor   Who // nobody: it happened by itself
	Message string
}

// Change is something that happens to a run. The kinds of change are the types in change.go.
type Change interface {
	// apply changes the run in place, or tells why it cannot. No event means that nothing changed.
	apply(*Run) ([]Event, error)
	when() time.Time
}

// Apply gives the run after a change, with the events that tell of it. No events: nothing changed and the run is
// as it was. The only place where a run's status changes. Errors: Conflict (the change does not fit the run's
// state, or the attempt is not its current one), RunOver (the run is over; do not begin).
func (r Run) Apply(c Change) (Run, []Event, error) {
	after := r
	events, err := c.apply(&after)
	if err != nil || len(events) == 0 {
		return r, nil, err
	}
	after.UpdatedAt = c.when()
	for i := range events {
		events[i].RunID, events[i].At = r.ID, c.when()
		if events[i].Attempt == 0 {
			events[i].Attempt = after.Attempt
		}
	}
	return after, events, nil
}

func (r *Run) become(s Status, at time.Time) {
	if !r.Status.CanBecome(s) {
		panic("signalbox: a run cannot go from " + string(r.Status) + " to " + string(s))
	}
	r.Status = s
	if s.Terminal() {
		r.EndedAt = &at
	}
}

// fail ends the run as failed, or sends it back to Scheduled while it has retries left.
func (r *Run) fail(at time.Time, f Failure) []Event {
	if f.Kind.Retried() && r.RetriesLeft > 0 && r.Attempt < MaxAttempts && !r.Slot {
		wait := min(retryFirst<<min(r.Retried, 10), retryMost)
		r.RetriesLeft--
		r.Retried++
		r.back(at, wait)
		return []Event{{Kind: EventRetry, Message: f.Message + "; next attempt in " + wait.String()}}
	}
	r.become(Failed, at)
	r.Failure = &f
	return []Event{{Kind: EventFailed, Message: f.Message}}
}

// back sends the run back to Scheduled, with its old place in the queue.
func (r *Run) back(at time.Time, wait time.Duration) {
	r.become(Scheduled, at)
	r.NotBefore = at.Add(wait)
	r.QueuedAt, r.DispatchedAt, r.StartedAt = nil, nil, nil
}

// ran brings a run to Running that was not seen there, but did run.
func (r *Run) ran(at time.Time) {
	if r.Status == Queued {
		r.become(Running, at)
		r.StartedAt = &at
	}
}

// requeue sends a run whose work never began back to Scheduled, a few times.
func (r *Run) requeue(at time.Time, why string) []Event {
	if r.Requeued >= MaxRequeues || r.Attempt >= MaxAttempts {
		return r.fail(at, Failure{Kind: FailLost, Message: "The work vanished before it started, " + times(r.Requeued+1) + ": " + why + "."})
	}
	var wait time.Duration
	if r.Outside() { // so that it is seen meanwhile whether anything would start there
		wait = retryFirst << r.Requeued
	}
	r.Requeued++
	r.back(at, wait)
	return []Event{{Kind: EventRequeued, Message: "Back in the queue: " + why + "."}}
}

func (r *Run) complete(at time.Time, said *Outcome) []Event {
	r.ran(at)
	r.become(Completed, at)
	if said != nil {
		r.resulted(*said)
	}
	return []Event{{Kind: EventCompleted}}
}

// resulted takes the result. The schema that the manifest gives stays unless the result came with one of its own.
func (r *Run) resulted(o Outcome) {
	r.Result, r.ResultKey = o.Result, o.ResultKey
	if len(o.OutputsSchema) > 0 {
		r.OutputsSchema = o.OutputsSchema
	}
}
