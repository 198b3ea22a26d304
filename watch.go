package signalbox

import "time"

// Sighting is how an attempt's work was last seen at an orchestrator that we do not own.
type Sighting struct {
	Sight     Sight      `json:"sight"`
	Word      string     `json:"word,omitempty"` // the orchestrator's own
	Why       string     `json:"why,omitempty"`
	Since     time.Time  `json:"since"` // by our clock
	StartedAt *time.Time `json:"started_at,omitempty"`
	EndedAt   *time.Time `json:"ended_at,omitempty"`
}

// Watch is how the watching of an orchestrator stands. It is one row, whoever watches: who takes over raises its epoch,
// and a write of an earlier epoch is refused.
type Watch struct {
	OrchestratorID string
	Epoch          int64
	Mark           Mark
	PolledAt       *time.Time // when the last look that succeeded began
	Took           time.Duration
	Calls          int        // requests of that look
	Failures       int        // looks that failed since, one after the other
	FailingSince   *time.Time // when the first of them began
	Trouble        string     // why the last of them failed
	NextAt         *time.Time
	Version        string            // of the orchestrator, as it says
	Strays         []Stray           // that go on there
	Blocked        map[string]string // why targets would start nothing now, by their keys
}

// WatchRef names a watching that still may write.
type WatchRef struct {
	OrchestratorID string
	Epoch          int64
}

// Ref names the watching.
func (w Watch) Ref() WatchRef { return WatchRef{w.OrchestratorID, w.Epoch} }

// Fail notes that a look failed that began at a time. While nobody looked, nobody was silent: after an outage of ours it
// counts from now.
func (w *Watch) Fail(began time.Time, trouble string) {
	if w.NextAt != nil && began.Sub(*w.NextAt) > LookLate {
		w.Failures, w.FailingSince = 0, nil
	}
	if w.FailingSince == nil {
		w.FailingSince = &began
	}
	w.Failures++
	w.Trouble = trouble
}

// Silent tells for how long the orchestrator could not be asked.
func (w Watch) Silent(now time.Time) time.Duration {
	if w.FailingSince == nil {
		return 0
	}
	return now.Sub(*w.FailingSince)
}

// Times that decide about work at orchestrators that we do not own.
const (
	SettleFor    = 20 * time.Second // how long an end after a stop of ours has to last: some revive what was stopped
	GoneFor      = time.Minute      // how long something has to be gone to count as deleted
	SendWithin   = 45 * time.Second // of one try to send: what is still to arrive must not count as deleted
	LookLate     = time.Minute      // after it was due, a look is the first after an outage of ours
	UnknownAfter = time.Minute      // without an answer the work is shown as unknown
	UnaskedFor   = 10 * time.Minute // without an answer a report ends the run
	LogWait      = 10 * time.Minute // how long a log is waited for after the end
	StopAgain    = 30 * time.Second // between two requests to end
)

// DueLog is an attempt whose log has to be collected where it ran.
type DueLog struct {
	AttemptRef
	Place
	Until  time.Time
	Untold bool  // its outcome is to be read too
	Sight  Sight // how the orchestrator called its end
}

// Ledger compares what an orchestrator was asked to do with what is seen there.
type Ledger struct {
	Watch
	Now        time.Time
	Open       int // runs that hold a slot
	Mismatches []Drift
	Lost       []Drift // not seen there any more
	Orphans    []Orphan
}

// Drift is a run whose work differs from what is seen there.
type Drift struct {
	AttemptRef
	Place
	Asserted WorkState
	Observed Sight // "" for not seen yet
	Word     string
	Why      string // in words, what is made of it
	Since    time.Time
}

// Orphan is something of ours at an orchestrator that is no open work.
type Orphan struct {
	Stray
	Run   string // "" for one that this installation does not know
	Known string // in words, what is known of it
}

// Add compares one run that holds a slot with how it was seen.
func (l *Ledger) Add(run Run) {
	d := Drift{AttemptRef: run.Ref(), Place: Place{Target: run.Target, Name: run.Work.Ref, URL: run.Work.URL}, Asserted: run.Work.State}
	if s := run.Work.Seen; s != nil {
		d.Observed, d.Word, d.Since = s.Sight, s.Word, s.Since
	}
	if d.Why = drift(run, d.Observed, l.Now); d.Why == "" {
		return
	}
	if d.Observed == SeenGone {
		l.Lost = append(l.Lost, d)
		return
	}
	l.Mismatches = append(l.Mismatches, d)
}

// drift tells in words how a run differs from how its work was seen; "" when it does not.
func drift(run Run, s Sight, now time.Time) string {
	going := s == SeenActive || s == SeenWaiting
	switch {
	case run.Work.State == WorkUnknown:
		return "the orchestrator cannot be asked; this is what was last seen"
	case run.Work.State == WorkSubmitting && s == "":
		return "on its way; the orchestrator has not answered yet"
	case s == SeenGone:
		return "not there any more; it counts as deleted when it is gone for " + GoneFor.String()
	case s != "" && s.Over():
		return "over there; its end is recorded when it is certain"
	case run.StopWanted() && going:
		return "was asked to end and goes on there; it is asked again, for " + now.Sub(*run.Work.EndingAt).Round(time.Second).String() + " now"
	case run.Status.Terminal() && going:
		return "is " + string(run.Status) + " here and goes on there; it holds its slot"
	case run.Status == Running && s == SeenWaiting:
		return "has run, and waits there again"
	}
	return ""
}
