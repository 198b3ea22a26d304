package signalbox

import (
	"encoding/json"
	"fmt"
	"time"
)

// WorkState is what really happens for one attempt, as far as we can see it. It is kept apart from the run's status.
type WorkState string

// The states of work.
const (
	WorkNone       WorkState = "none"       // nothing was sent anywhere
	WorkSubmitting WorkState = "submitting" // being sent; the answer is not in yet
	WorkSubmitted  WorkState = "submitted"  // accepted there
	WorkWaiting    WorkState = "waiting"    // waits there for resources
	WorkActive     WorkState = "active"     // does something
	WorkEnding     WorkState = "ending"     // was asked to end
	WorkEnded      WorkState = "ended"      // has ended for certain
	WorkUnknown    WorkState = "unknown"    // no sign of life
)

// Work is the work of a run's current attempt.
type Work struct {
	State       WorkState
	SeenAt      *time.Time  // last sign of life; for builtin work the lease
	Ref         string      // its name there
	URL         string      // its page there
	Ending      FailureKind // why we asked it to end; empty while we did not
	EndingAt    *time.Time
	EndingTold  bool // an event said that the stop is not confirmed
	Worker      string
	Incarnation string
	Reported    *Outcome // what the attempt said
	Late        bool     // a report after the run was over has been kept
	EndedAt     *time.Time
	Progress    *Progress
	Seen        *Sighting  // how it was last seen at an orchestrator that we do not own
	OutcomeDue  bool       // its outcome is still to be read there
	LogDue      *time.Time // until when its log is waited for there; nil: it is not, or not any more
}

// Claimed tells whether a worker holds the work.
func (w Work) Claimed() bool { return w.Worker != "" }

// Taken tells whether somebody took the work: a worker, or a person without one. Its lease counts from then on.
func (w Work) Taken() bool { return w.SeenAt != nil }

// Taker names who took the work, in words.
func (w Work) Taker() string {
	if w.Worker == "" {
		return "who took it"
	}
	return "worker " + w.Worker
}

// Progress is how far the operator says it is. While he says nothing it is how many tasks of his are over.
type Progress struct {
	Fraction  *float64  `json:"fraction"` // 0 to 1, or unknown
	Label     string    `json:"label"`
	UpdatedAt time.Time `json:"updated_at"`
	Tallied   bool      `json:"tallied,omitempty"` // tasks were counted; nobody said so
}

// MainSource is the source of a claim that names none.
const MainSource = "main"

// Outcome is what one attempt said about its end. A run ends by it only when the work has ended.
type Outcome struct {
	Completed     bool            `json:"completed"`
	Result        json.RawMessage `json:"result,omitempty"`
	ResultKey     string          `json:"result_key,omitempty"` // where a result over 64 KiB lies in the blob store
	OutputsSchema json.RawMessage `json:"outputs_schema,omitempty"`
	Message       string          `json:"message,omitempty"`
	Stack         string          `json:"stack,omitempty"`
	Source        string          `json:"source"`
	Hash          string          `json:"hash"` // of the report's body: the same again is the same report
	At            time.Time       `json:"at"`
}

// End is how the work ended, seen from outside of it.
type End struct {
	ExitCode   *int   // the process exited by itself
	Signal     string // the process was killed: "killed by signal: …" in words
	WorkerLost bool   // the worker died, shut down or lost touch, and the process was ended for it
	HandedBack bool   // nothing was begun; it may go to another worker
	Terminated bool   // a person ended it at the orchestrator
	Broken     bool   // the orchestrator or worker could not run it
	Rejected   bool   // the orchestrator will never take it
	There      Sight  // how an orchestrator that we do not own calls it; "" for work of ours
	Reason     string // in words, for the failure's message
	Stack      string // the last lines of stderr
}

// AttemptRef names one attempt of a run.
type AttemptRef struct {
	Run     string `json:"run_id"`
	Attempt int    `json:"attempt"`
}

// Name is the attempt's name as a Temporal workflow id.
func (a AttemptRef) Name() string { return fmt.Sprintf("run:%s:%d", a.Run, a.Attempt) }

// CarrierState is where the carrying of an attempt to its orchestrator stands.
type CarrierState struct {
	Open       bool
	Missing    bool // never started, or forgotten
	Terminated bool // a person ended it there
	Reason     string
}

// Process is one process of an attempt: Airflow's tries, mapped tasks and several tasks of a DAG are several.
type Process struct {
	AttemptRef
	Source string `json:"source"` // task_id[map_index], Flyte node, "main"
	Try    int    `json:"try"`
}

// Claim is a process that took an attempt's work.
type Claim struct {
	Process
	Nonce          string // the same nonce again gets the same answer
	OrchestratorID string // of the key it came with
	Worker         string // of a builtin pool
	Incarnation    string
	At             time.Time
	Secrets        []byte // what it is handed out, sealed; nil for none
}

// Lent is what a claim was handed out, sealed; nil for none, or when that is forgotten.
type Lent struct {
	Process Process
	Secrets []byte
}

// Claimed is what a claim is answered with.
type Claimed struct {
	Token    string
	EndToken string // for the word that the work has ended: the worker's and its shim's, never the operator's
	Run      Run
	Secrets  map[string]string // of the manifest's, those that exist
	Missing  []string          // of the manifest's, those that do not
	Command  *Command          // nil: the FiftyOne runtime
	SHA256   string            // of the archive
	Root     string            // the folder in the archive that holds the manifest
	Reach    *Reach            // nil: it has a command, or no source
	Tell     bool              // what the environment makes of the plugin is wanted
}

// Times that decide about builtin work.
const (
	HeartbeatEvery = 5 * time.Second  // how often a worker renews its leases
	UnseenAfter    = 20 * time.Second // then the work is shown as unknown
	DefaultFence   = 5 * time.Minute  // then the work counts as lost
	ReportGrace    = 60 * time.Second // logs are taken this long after the work ended
)
