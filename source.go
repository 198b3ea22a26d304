package signalbox

import (
	"path"
	"slices"
	"time"
)

// SourceKind is the kind of system that datasets, and operations queued elsewhere, come from.
type SourceKind string

// FiftyOne is a FiftyOne database: a MongoDB that FiftyOne Apps and scripts work on.
const FiftyOne SourceKind = "fiftyone"

// Source is a database of FiftyOne: its datasets appear here, and what its App queues can be taken over. The address of the
// database holds its credentials, so that it is kept sealed, and read where it is used.
type Source struct {
	ID                string
	Name              string
	Kind              SourceKind
	Database          string     // its name in MongoDB
	Principal         Who        // on whose behalf an operation is taken whose submitter is not known; a service account, or nobody
	DefaultPermission Permission // what Members have on its datasets without a grant, from their first appearance here
	Intake            bool       // whether operations that an App queues are taken
	Mirror            bool       // whether runs scheduled here are shown there
	Pools             []SourcePool
	Rules             []SourceRule
	Version           int64 // rises when the address or the database changes
	CreatedAt         time.Time
	UpdatedAt         time.Time
}

// SourcePool is where the address of a source's database may go: a pool of a builtin orchestrator, or all of another one.
type SourcePool struct {
	OrchestratorID string `json:"orchestrator_id"`
	Orchestrator   string `json:"-"`              // its name; read only
	Pool           string `json:"pool,omitempty"` // of a builtin one
}

// Words is the pool as people name it: <orchestrator>/<pool>, or the name of an orchestrator that is not builtin.
func (p SourcePool) Words() string {
	if p.Pool == "" {
		return p.Orchestrator
	}
	return p.Orchestrator + "/" + p.Pool
}

// SourceRule says which orchestrator runs some operators on some datasets of a source. No patterns fit all.
type SourceRule struct {
	Operators      []string `json:"operators"` // URIs or patterns, as in routes
	Datasets       []string `json:"datasets"`  // names, here or there, or patterns such as "train-*"
	OrchestratorID string   `json:"orchestrator_id"`
	Orchestrator   string   `json:"-"` // its name; read only
}

// SourcePatch changes what is not nil. Pools and rules name orchestrators as people do; the principal "" is nobody.
type SourcePatch struct {
	Name              *string
	URI               *string
	Database          *string
	Principal         *string // id or name
	DefaultPermission *Permission
	Intake            *bool
	Mirror            *bool
	Pools             *[]string
	Rules             *[]SourceRuleWords
}

// SourceRuleWords is a rule as people write it.
type SourceRuleWords struct {
	Operators    []string `json:"operators,omitempty" nullable:"false" maxItems:"1000" doc:"URIs or patterns such as @acme/*; none: all."`
	Datasets     []string `json:"datasets,omitempty" nullable:"false" maxItems:"1000" doc:"Names or patterns such as train-*; none: all."`
	Orchestrator string   `json:"orchestrator" doc:"Its name or id."`
}

// Orchestrator is the orchestrator that the first fitting rule names for an operator on a dataset, by its id; "" when no
// rule fits. A dataset goes by any of its names; none fits only rules for all datasets.
func (s Source) Orchestrator(operator string, dataset ...string) string {
	for _, r := range s.Rules {
		operators := len(r.Operators) == 0 || slices.ContainsFunc(r.Operators, func(p string) bool { return Matches(p, operator) })
		datasets := len(r.Datasets) == 0 || slices.ContainsFunc(r.Datasets, func(p string) bool {
			return p == "*" || slices.ContainsFunc(dataset, func(name string) bool { return fits(p, name) })
		})
		if operators && datasets {
			return r.OrchestratorID
		}
	}
	return ""
}

func fits(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return name != "" && (pattern == name || err == nil && ok)
}

// Serves tells whether the address of the database may go to where a run is sent.
func (s Source) Serves(orchestratorID string, t Target) bool {
	return slices.ContainsFunc(s.Pools, func(p SourcePool) bool {
		return p.OrchestratorID == orchestratorID && p.Pool == t.Pool
	})
}

// SourceWatch is how the watching of a source stands. It is one row, whoever watches: who takes over raises its epoch, and
// a write of an earlier epoch is refused.
type SourceWatch struct {
	SourceID     string
	Epoch        int64
	Mark         Mark       // from where its changes are followed
	Streams      bool       // it tells of changes; else it is polled
	SeenAt       *time.Time // when it last answered
	FailingSince *time.Time // since when it does not
	Trouble      string     // why it does not, why nothing is taken from it, or what is put off
	Server       string     // MongoDB's version
}

// SourceWatchRef names a watching that still may write.
type SourceWatchRef struct {
	SourceID string
	Epoch    int64
}

// Ref names the watching.
func (w SourceWatch) Ref() SourceWatchRef { return SourceWatchRef{w.SourceID, w.Epoch} }

// SourceState is a source as people see how it goes.
type SourceState struct {
	SourceWatch
	Datasets   int // that it has
	Operations int // that were taken and are not over
}

// SourceDataset is a dataset as a source has it.
type SourceDataset struct {
	Key     string // its id there
	Name    string
	Tags    []string
	Samples *int64 // about how many; nil for not counted, which leaves what was known
	Holds   string // the name of what holds its samples there
}

// Reach is what work needs to get at the data of its run's source.
type Reach struct {
	URI       string // "" when the work runs where it may not go
	Database  string
	DatasetID string // there; "" without a dataset
	Dataset   string // its name there
	Request   []byte // JSON: what an App asks with besides params, such as a selection; nil for nothing
	Pipeline  []byte // JSON: the stages the App had resolved; nil for none
}

// CheckSourcePrincipal tells why operations cannot be taken on somebody's behalf; "" when they can.
func CheckSourcePrincipal(p Principal) string {
	switch {
	case p.ID == "":
		return "its service account does not exist any more"
	case p.Kind != ServiceAccount:
		return "operations are taken on behalf of a service account, not of a person"
	case !Member.AtLeast(p.Role):
		return "its service account may be Member at most"
	}
	return ""
}
