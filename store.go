package signalbox

import "time"

// ChangeFunc is a pure function that changes a run: it does no I/O and may be called several times. No events mean
// that nothing changed.
type ChangeFunc func(Run) (Run, []Event, error)

// NewRun is a run to be scheduled.
type NewRun struct {
	Ask            Ask
	IdempotencyKey string // "" for none
	BodyHash       string
	Operation      *OperationRef // the operation it was taken from, once; nil for none
	App            AppRequest    // beside its params; of a run that is run again, what that was asked with
}

// Standing is how a run stands, without anything large.
type Standing struct {
	Version  int64     // of the run, without its progress
	Progress *Progress // of its current attempt; nil for none
}

// Pulse is where a process and its run stand.
type Pulse struct {
	Status    Status
	Attempt   int // the run's current one
	Work      WorkState
	Ending    FailureKind
	EndedAt   *time.Time // when the work ended
	LatestTry int        // of the process's source
}

// Candidate is a run that could be admitted now.
type Candidate struct {
	Run   Run
	Facts Facts
	Now   time.Time // the time that decides
}

// Admission is what one round of admitting runs did.
type Admission struct {
	Admitted []string // ids of runs
	Rejected []string
	More     bool // another round may admit more
}

// QueuePlace is where a run stands in its orchestrator's queue.
type QueuePlace struct {
	Position     int64 // from 1
	Held         int   // slots held
	Orchestrator Orchestrator
	PoolSeen     time.Time       // last word of a worker of its pool; zero for none
	Blocked      string          // why its target would not start anything now, in words; "" for nothing known
	Durations    []time.Duration // of the latest ended attempts of the same operator, newest first
}

// Upload is a checked archive whose bytes are in the blob store.
type Upload struct {
	Manifest  Manifest
	SHA256    string
	Size      int64
	Root      string
	By        Who
	Overwrite bool
}

// OperatorPatch changes what admins decided about an operator; nil fields stay.
type OperatorPatch struct {
	Enabled                  *bool
	MinimumRole              *Role
	MinimumDatasetPermission *Permission
}

// Depth is how full an orchestrator is.
type Depth struct {
	Orchestrator string // its name
	Quota        int
	Held         int       // slots
	Scheduled    int64     // runs that wait
	Oldest       time.Time // when the first of them was scheduled
}
