package signalbox

import (
	"context"
	"encoding/json"
	"io"
	"time"
)

// Adapter reaches one registered orchestrator through its own API. It keeps nothing that the next process would miss:
// what has to last is in its arguments and answers. It is safe for use by several goroutines and replicas.
//
// Probe and Faults may be asked at any time, Submit once or more for an attempt, the rest for what was submitted. A call
// that changes something there is sent once; whether an earlier try of it arrived is found out by asking first. Errors of
// every method: Unavailable (no answer, or one that says to try again), Unauthenticated (the credentials are refused),
// Forbidden (they lack a right), Invalid (it will never be accepted as it is), NotFound (what the target names is not
// there). No error holds a secret, or text of an answer that could.
type Adapter interface {
	// Probe asks what an admin wants to know before runs are sent there, and whether the routes lead somewhere. What
	// fails is a check with what to do, never an error.
	Probe(ctx context.Context, routes []Route) []Check
	// Faults compares a route with what is there, and lists what would not be accepted.
	Faults(ctx context.Context, r Route) ([]Fault, error)
	// Origins are the schemes, hosts and ports that the credentials are sent to. It asks nobody.
	Origins() []string
	// Home names what keeps the runs there, for people. Settings with the same home reach the same runs. It asks nobody.
	Home() string
	// Name is what an attempt of an installation is called there: always the same, and of no other attempt. It asks nobody.
	Name(installation string, ref AttemptRef) string
	// Submit starts the attempt there under the name it was given, and returns its place. Submitting it again returns
	// the same place and starts nothing, also when the first answer was lost. It does not wait for the end. Conflict: the
	// name is taken by something that is not ours.
	Submit(ctx context.Context, d Submission) (Place, error)
	// Stop asks what runs at a place to end, with a reason for people there. It may be repeated; what has ended or is
	// gone is fine. The end is for Look to see.
	Stop(ctx context.Context, at Place, reason string) error
	// Look tells how all the open places stand, each once, in calls that grow with pages and not with places. What is
	// neither open nor finished since the mark is asked for by itself, a few in one look: the others are left out until a
	// later one. What is not there is Gone. What is there, belongs to the installation by its name or by what it was given,
	// and is not among the places, is a stray. The mark that it answers goes into the next look; the zero mark is a first
	// look.
	Look(ctx context.Context, open []Place, installation string, from Mark) (View, error)
	// Parts tells how the tasks at a place stand, for people and for progress.
	Parts(ctx context.Context, at Place) ([]Part, error)
	// Outcome reads what ended work returned, or why it failed, where its API tells.
	Outcome(ctx context.Context, at Place) (Outcome, error)
	// Log opens the log of a part's try, as its API gives it. The caller closes it. NotFound: there is none yet; Invalid: it
	// never has the text of logs.
	Log(ctx context.Context, at Place, p Part, try int) (io.ReadCloser, error)
}

// Check is the state of one thing that must be right for all to go well: a line of a probe, or of the doctor.
type Check struct {
	Name   string `json:"name"` // such as "reachable", "credentials", "dag example_dag"
	OK     bool   `json:"ok"`
	Detail string `json:"detail"` // what was found, in words
	Fix    string `json:"fix"`    // what to do; "" when it is right
}

// Submission is an attempt on its way to an orchestrator.
type Submission struct {
	AttemptRef
	Name         string // as Adapter.Name gives it
	Installation string // whose it is
	Target       Target
	Inputs       json.RawMessage // an object: what the route maps; nil for nothing. Ids travel always.
	Note         string          // for people there: who, which operator, where its page is
}

// Place is where an attempt runs at an orchestrator.
type Place struct {
	Target Target
	Name   string // ours, or what it is called there
	URL    string // its page there; "" for none
}

// Sight is how something stands at an orchestrator, in our words.
type Sight string

// The sights.
const (
	SeenWaiting   Sight = "waiting"   // accepted, and waits there
	SeenActive    Sight = "active"    // runs
	SeenSucceeded Sight = "succeeded" // ended well, by the orchestrator's word
	SeenFailed    Sight = "failed"
	SeenStopped   Sight = "stopped" // somebody ended it there
	SeenBroken    Sight = "broken"  // it broke there before or without running the work
	SeenGone      Sight = "gone"    // there is nothing of this name; said twice, a while apart, it was deleted
)

// Over tells whether the orchestrator calls it ended. That may change: some can be cleared or revived.
func (s Sight) Over() bool { return s != SeenWaiting && s != SeenActive }

// Seen is one place as it was found.
type Seen struct {
	Place
	Sight     Sight
	Word      string     // the orchestrator's own, such as "queued"
	Why       string     // in words, such as "the DAG is paused in Airflow"; "" when the sight says it all
	StartedAt *time.Time // by its clock: to be shown, never to decide
	EndedAt   *time.Time
}

// Stray is something of an installation that is there, and not among the places that a look was for.
type Stray struct {
	Seen
	Of AttemptRef // whose it is, by its name or by what it was given
}

// Mark is how far a look has read: opaque, made by an adapter for itself.
type Mark string

// View is what a look found.
type View struct {
	Places  []Seen // each open place once, but for those that were left out
	Strays  []Stray
	Mark    Mark
	Version string // of the orchestrator
	Calls   int    // requests that it took
}

// Part is a task or node of something that runs at an orchestrator.
type Part struct {
	Source string // task_id[map_index], or a node: the source of its claims
	First  int    // the number of its first try: some count from 0
	Try    int    // that of its latest; less than First: it was not tried
	Sight  Sight
	Word   string
	URL    string
}

// Foreteller is an Adapter that knows beforehand what would not start.
type Foreteller interface {
	// Blocked tells why what is sent to a target would not start now, in words such as "the DAG is paused in Airflow"; ""
	// when it would, as far as is known. What is sent there waits here instead, and others pass it. Errors as of an Adapter.
	Blocked(ctx context.Context, t Target) (why string, err error)
}

// Tallier is an Adapter that can count the tasks of many runs together.
type Tallier interface {
	// Tally counts the tasks at places, in calls that grow with pages and not with places. A place of which too much or
	// nothing is known is left out. Errors as of an Adapter; what was counted until then comes with them.
	Tally(ctx context.Context, at []Place) ([]Tally, error)
}

// Tally is how many tasks there are at a place, and how many of them are over, well or not. There may be more of them later.
type Tally struct {
	Place
	Over, All int
}
