package signalbox

import (
	"encoding/json"
	"time"
)

// The bodies of the work API, /api/v1/work: what those who do the work send and get. They are the same for a builtin
// worker, an Airflow task, a Flyte task and a person with curl. Field names are a promise to all of them.

// ClaimRequest asks for an attempt's work. The same nonce again gets the same answer with a fresh token.
type ClaimRequest struct {
	AttemptRef
	Source      string `json:"source,omitempty"` // MainSource when empty
	Try         int    `json:"try,omitempty"`
	Nonce       string `json:"nonce"`
	Worker      string `json:"worker,omitempty"` // of a builtin pool
	Incarnation string `json:"incarnation,omitempty"`
}

// ClaimAnswer is what a process needs to begin.
type ClaimAnswer struct {
	Token            string            `json:"token"`     // opens /work/{run}/… for this attempt, source and try
	EndToken         string            `json:"end_token"` // opens /work/{run}/end alone; never given to the operator; "" where the orchestrator tells the end
	HeartbeatSeconds int               `json:"heartbeat_seconds"`
	Operator         string            `json:"operator"` // URI
	Params           json.RawMessage   `json:"params"`
	View             json.RawMessage   `json:"view"`    // null: the whole dataset
	Dataset          *ClaimDataset     `json:"dataset"` // null: none
	Plugin           ClaimPlugin       `json:"plugin"`
	Secrets          map[string]string `json:"secrets"` // by the names in the manifest
	MissingSecrets   []string          `json:"missing_secrets,omitempty" doc:"Of the manifest's secrets those that do not exist here."`
	Command          *ClaimCommand     `json:"command"` // null: the operator needs the FiftyOne runtime
	FiftyOne         *ClaimFiftyOne    `json:"fiftyone" doc:"Null for an operator with a command, and for a run without a source."`
	Tell             bool              `json:"tell_environment" doc:"What the FiftyOne here makes of the plugin is wanted."`
}

// ClaimFiftyOne is how the FiftyOne runtime gets at the data of a run.
type ClaimFiftyOne struct {
	DatabaseURI  string          `json:"database_uri" doc:"Empty where the source does not let it go; see its pools."`
	DatabaseName string          `json:"database_name"`
	DatasetID    string          `json:"dataset_id" doc:"FiftyOne's own id of the dataset, in hex; empty without one."`
	DatasetName  string          `json:"dataset_name" doc:"The dataset's name in FiftyOne."`
	Request      json.RawMessage `json:"request" doc:"What an App asks with besides params, such as a selection, without tokens; null for nothing."`
	Pipeline     json.RawMessage `json:"pipeline" doc:"The stages that an App had resolved; null for none."`
}

// ClaimDataset is the dataset a run works on.
type ClaimDataset struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// ClaimPlugin is the plugin revision a run is pinned to.
type ClaimPlugin struct {
	Name     string `json:"name"`
	Revision int    `json:"revision"`
	SHA256   string `json:"sha256"` // hex, of the archive
	Root     string `json:"root"`   // the folder in the archive that holds the manifest, "" for the archive's root
}

// ClaimCommand says how the operator runs.
type ClaimCommand struct {
	Argv           []string `json:"argv"`            // no shell
	Executor       string   `json:"executor"`        // "" is a process, "dummy" the scripted one
	TimeoutSeconds float64  `json:"timeout_seconds"` // the control plane watches it; here it is only told
}

// WorkersRequest is what a worker says of itself every WorkersEvery.
type WorkersRequest struct {
	Name        string       `json:"name"` // host/pool or a setting, never a process id
	Incarnation string       `json:"incarnation"`
	Version     string       `json:"version"`
	Pool        string       `json:"pool"`
	Concurrency int          `json:"concurrency"`
	Running     []AttemptRef `json:"running" required:"false" nullable:"true"`
	Draining    bool         `json:"draining,omitempty"` // nothing new starts there
	Warnings    []string     `json:"warnings,omitempty" maxItems:"10" doc:"What there is not as its settings ask, in words for operators."`
}

// WorkersAnswer tells a worker which attempts to stop, and whether to drain.
type WorkersAnswer struct {
	Stop  []AttemptRef `json:"stop"`
	Drain bool         `json:"drain"`
}

// FormsRequest asks for an operator's form to resolve, and brings the one that was asked for before.
type FormsRequest struct {
	Pool   string      `json:"pool"`
	Worker string      `json:"worker,omitempty" doc:"Its name, of one that also tells what its FiftyOne makes of a plugin."`
	Answer *FormAnswer `json:"answer,omitempty"`
}

// FormAnswer is the form that a question asked for, or what the FiftyOne there makes of the plugin.
type FormAnswer struct {
	ID string `json:"id"` // of the question
	Form
	Environment *Offer `json:"environment,omitempty" doc:"The answer to a question with tell_environment."`
}

// FormQuestion asks a resolver for the form of an operator of the FiftyOne runtime, or what it makes of a plugin.
type FormQuestion struct {
	ID            string            `json:"id"`
	WithinSeconds float64           `json:"within_seconds" doc:"Who asked waits for so long."`
	Tell          bool              `json:"tell_environment,omitempty" doc:"What the FiftyOne there makes of the plugin is wanted, and no form."`
	Operator      string            `json:"operator" doc:"Its URI; empty with tell_environment."`
	Params        json.RawMessage   `json:"params"`  // so far
	View          json.RawMessage   `json:"view"`    // null: the whole dataset
	Dataset       *ClaimDataset     `json:"dataset"` // null: none
	Plugin        ClaimPlugin       `json:"plugin"`
	Secrets       map[string]string `json:"secrets"` // by the names in the manifest
	FiftyOne      ClaimFiftyOne     `json:"fiftyone"`
}

// StartRequest says that the work begins now.
type StartRequest struct {
	Ref string `json:"ref,omitempty"` // its name there
	URL string `json:"url,omitempty"` // its page there
}

// HeartbeatAnswer tells whether to stop, and whether somebody watches the log.
type HeartbeatAnswer struct {
	Stop    bool `json:"stop"`
	Watched bool `json:"watched,omitempty"`
}

// ProgressRequest says how far the work is.
type ProgressRequest struct {
	Fraction *float64 `json:"fraction" required:"false"` // 0 to 1, or unknown
	Label    string   `json:"label,omitempty"`
}

// LogsAnswer acknowledges a chunk: it is durable.
type LogsAnswer struct {
	Next    int64 `json:"next"`              // the number wanted next
	Watched bool  `json:"watched,omitempty"` // somebody watches the log: send more often
}

// LogPathRequest says where the log is or will be.
type LogPathRequest struct {
	URI string `json:"uri"`
}

// CompleteRequest says that the attempt completed. It ends nothing by itself.
type CompleteRequest struct {
	Result        json.RawMessage `json:"result,omitempty"`
	OutputsSchema json.RawMessage `json:"outputs_schema,omitempty"`
}

// FailRequest says that the attempt failed. It ends nothing by itself.
type FailRequest struct {
	Message string `json:"message"`
	Stack   string `json:"stack,omitempty"`
}

// EndRequest says that the process and its whole group are gone; from the worker and its shim only.
type EndRequest struct {
	ExitCode   *int   `json:"exit_code,omitempty"`
	Signal     string `json:"signal,omitempty"`
	WorkerLost bool   `json:"worker_lost,omitempty"`
	HandedBack bool   `json:"handed_back,omitempty"`
	Terminated bool   `json:"terminated,omitempty"` // a person ended it in Temporal
	Broken     bool   `json:"broken,omitempty"`
	Reason     string `json:"reason,omitempty"`
	Stack      string `json:"stack,omitempty"`
}

// End is the end that the request tells of.
func (r EndRequest) End() End {
	return End{
		ExitCode: r.ExitCode, Signal: r.Signal, WorkerLost: r.WorkerLost, HandedBack: r.HandedBack, Terminated: r.Terminated,
		Broken: r.Broken, Reason: r.Reason, Stack: r.Stack,
	}
}

// Request is the body that tells of the end.
func (e End) Request() EndRequest {
	return EndRequest{
		ExitCode: e.ExitCode, Signal: e.Signal, WorkerLost: e.WorkerLost, HandedBack: e.HandedBack, Terminated: e.Terminated,
		Broken: e.Broken, Reason: e.Reason, Stack: e.Stack,
	}
}

// Limits of the work API.
const (
	WorkersEvery = 10 * time.Second // how often a worker says what it runs
	MaxResult    = 16 << 20         // bytes of a result
	MaxStack     = 64 << 10         // bytes of the last lines of stderr
)
