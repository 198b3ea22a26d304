package api

import (
	"context"
	"encoding/json"
	"io"
	"time"

	sb "signalbox"
)

// Identity says who a caller is, and keeps service accounts and keys. Errors: Unauthenticated (unknown, expired,
// wrong kind, or a role without key right), NotFound, Conflict, Invalid.
type Identity interface {
	APIKey(ctx context.Context, secret string) (sb.Principal, sb.Settings, error)
	OrchestratorKey(ctx context.Context, secret string) (orchestratorID string, err error)
	// RunToken checks a token's signature; whether its process may still do something is the run's matter.
	RunToken(secret string) (sb.Process, error)
	// EndsWork checks an end token, which the worker of a process has.
	EndsWork(secret string) (sb.Process, error)

	ServiceAccounts(ctx context.Context, cursor string, limit int) (sb.Page[sb.Principal], error)
	ServiceAccount(ctx context.Context, idOrName string) (sb.Principal, error)
	CreateServiceAccount(ctx context.Context, name string, role sb.Role, description string) (sb.Principal, error)
	UpdateServiceAccount(ctx context.Context, id string, name *string, role *sb.Role, description *string) (sb.Principal, error)
	DeleteServiceAccount(ctx context.Context, id string) error

	// CreateKey makes an API key of a principal; the secret is given this once.
	CreateKey(ctx context.Context, principalID, name string, expires *time.Time) (sb.Key, string, error)
	// CreateOrchestratorKey makes an orchestrator key.
	CreateOrchestratorKey(ctx context.Context, orchestratorID, name string) (sb.Key, string, error)
	Keys(ctx context.Context, owner string) ([]sb.Key, error)
	DeleteKey(ctx context.Context, owner, id string) error
}

// Access judges facts; see controlplane/access.
type Access interface {
	Check(f sb.Facts, a sb.Action) error
	Effective(f sb.Facts) sb.Permission
	Viewer(p sb.Principal, s sb.Settings) sb.Viewer
}

// Facts reads what decides about an ask.
type Facts interface {
	Facts(ctx context.Context, ask sb.Ask) (sb.Facts, error)
}

// Runs is the life of runs for people. Each method checks the right of who calls. Errors: Invalid with every fault,
// Forbidden, NotFound, Conflict.
type Runs interface {
	Schedule(ctx context.Context, who sb.Principal, d sb.Draft) (sb.Run, error)
	Run(ctx context.Context, who sb.Principal, id string) (sb.Run, error)
	Runs(ctx context.Context, who sb.Principal, q sb.RunQuery) (sb.Page[sb.Run], error)
	// Patch changes label and pin; nil stays.
	Patch(ctx context.Context, who sb.Principal, id string, label *string, pinned *bool) (sb.Run, error)
	// Rerun schedules a run again; params nil takes the old ones.
	Rerun(ctx context.Context, who sb.Principal, id string, params json.RawMessage, idempotencyKey string) (sb.Run, error)
	Mark(ctx context.Context, who sb.Principal, id string) (sb.Run, error)
	Stop(ctx context.Context, who sb.Principal, id string) (sb.Run, error)
	// Release ends the work of a run by an admin's word and frees its slot.
	Release(ctx context.Context, who sb.Principal, id string) (sb.Run, error)
	Events(ctx context.Context, who sb.Principal, id string, after int64, limit int) ([]sb.Event, error)
	// MayHear tells whether someone may hear of a run now; for each event of a stream.
	MayHear(ctx context.Context, who sb.Principal, id string) bool
	// Result opens a result that lies in the blob store.
	Result(ctx context.Context, run sb.Run) (json.RawMessage, error)
}

// Queue explains why runs wait.
type Queue interface {
	Wait(ctx context.Context, run sb.Run) (sb.Wait, error)
	// Positions gives the positions of the Scheduled ones among runs, by id.
	Positions(ctx context.Context, runs []sb.Run) (map[string]int64, error)
}

// Work is the life of runs for those who do the work. Errors as in docs/run-states.md: Conflict, RunOver, NotFound.
type Work interface {
	// Claim gives a process what it needs to begin; the same nonce again the same, with a fresh token.
	Claim(ctx context.Context, orchestratorID string, c sb.Claim) (Claimed, error)
	// Workers keeps what a worker says of itself and answers what it should stop.
	Workers(ctx context.Context, orchestratorID string, w sb.Worker) (stop []sb.AttemptRef, err error)
	// Archive opens the archive of the revision a run is pinned to.
	Archive(ctx context.Context, p sb.Process) (body io.ReadCloser, size int64, err error)
	Start(ctx context.Context, p sb.Process, ref, url string) error
	// Heartbeat renews the lease and tells whether to stop.
	Heartbeat(ctx context.Context, p sb.Process) (stop bool, err error)
	// Progress keeps the progress; dropped when the run is over (kept false).
	Progress(ctx context.Context, p sb.Process, fraction *float64, label string) (kept bool, err error)
	// MayLog tells whether a process may still add to its log: until 60 s after its work ended.
	MayLog(ctx context.Context, p sb.Process) error
	LogPath(ctx context.Context, p sb.Process, uri string) error
	Complete(ctx context.Context, p sb.Process, result, outputsSchema json.RawMessage) error
	Fail(ctx context.Context, p sb.Process, message, stack string) error
	// MayEnd tells whether a process may tell its own end: only while no worker holds it, which then does. Forbidden.
	MayEnd(ctx context.Context, p sb.Process) error
	// End notes that the process has ended; from the worker and its shim only.
	End(ctx context.Context, p sb.Process, e sb.End) error
}

// Claimed is what a claim answers.
type Claimed = sb.Claimed

// Logs keeps and shows the output of runs. The right to see the run has been checked. Errors: NotFound, Conflict
// with Want, TooLarge.
type Logs interface {
	// Append keeps a chunk of a process's log; it is durable when Append returns. ndjson tells how to read it.
	Append(ctx context.Context, p sb.Process, seq int64, body []byte, ndjson bool) error
	// Show is what GET /runs/{id}/logs answers: the lines when there is at most 1 MiB, else only the size.
	Show(ctx context.Context, run sb.Run) (Shown, error)
	// Open reads bytes of the whole log, running or finished, from offset; length < 0 to the end. size is that of the
	// whole log now.
	Open(ctx context.Context, run sb.Run, offset, length int64) (body io.ReadCloser, size int64, err error)
	// Size tells the size of the whole log now, in bytes.
	Size(ctx context.Context, run sb.Run) (int64, error)
	// Follow calls f with each piece of the log from the offset on, then with new ones as they come, until the log is
	// complete (nil) or ctx is done.
	Follow(ctx context.Context, run sb.Run, offset int64, f func(LogPiece) error) error
	// Lines reads a window of the log's lines for GET /runs/{id}/logs/lines; running logs are scanned for it.
	Lines(ctx context.Context, run sb.Run, q sb.LineQuery) (sb.LogWindow, error)
	// Index counts the lines by severity and finds the first error, for GET /runs/{id}/logs/index.
	Index(ctx context.Context, run sb.Run) (sb.LogIndex, error)
}

// Shown is a log as GET /runs/{id}/logs answers it.
type Shown = sb.Shown

// LogPiece is a piece of a log with the offset behind it.
type LogPiece = sb.LogPiece

// Catalog keeps plugins. The right of the caller has been checked. Errors: Invalid with every fault, NotFound,
// Conflict, TooLarge.
type Catalog interface {
	// Install checks an archive and installs or upgrades it; with dryRun it only tells what would change.
	Install(ctx context.Context, by sb.Who, archive io.Reader, overwrite, dryRun bool) (Installed, error)
	Plugins(ctx context.Context, cursor string, limit int) (sb.Page[sb.Plugin], error)
	Plugin(ctx context.Context, idOrName string) (sb.Plugin, error)
	Revisions(ctx context.Context, idOrName string) ([]sb.Revision, error)
	// Archive opens the archive of a plugin's current revision.
	Archive(ctx context.Context, idOrName string) (plugin sb.Plugin, body io.ReadCloser, size int64, err error)
	Rollback(ctx context.Context, idOrName string, revision int) (sb.Plugin, error)
	EnablePlugin(ctx context.Context, idOrName string, enabled bool) (sb.Plugin, error)
	SetOperator(ctx context.Context, idOrName, operator string, enabled *bool, role *sb.Role, permission *sb.Permission) (sb.Operator, error)
	Uninstall(ctx context.Context, by sb.Who, idOrName string) error
	// Operators reads all operators with their plugins.
	Operators(ctx context.Context) ([]sb.Operator, []sb.Plugin, error)
}

// Installed is what an installation did, or would do.
type Installed = sb.Installed

// Datasets keeps datasets. Errors: NotFound, Conflict.
type Datasets interface {
	// Datasets reads a page of those the viewer may see, by name, with his permission's grounds.
	Datasets(ctx context.Context, v sb.Viewer, cursor string, limit int) (sb.Page[sb.Facts], error)
	// CreateDataset keeps a dataset; its creator gets Can manage.
	CreateDataset(ctx context.Context, d sb.Dataset) (sb.Dataset, error)
	UpdateDataset(ctx context.Context, id string, name *string, permission *sb.Permission) (sb.Dataset, error)
	// DeleteDataset removes the entry and rejects its Scheduled runs.
	DeleteDataset(ctx context.Context, id string, by sb.Who) error
}

// Orchestrators keeps orchestrators and knows their workers. Errors: NotFound, Conflict.
type Orchestrators interface {
	Orchestrators(ctx context.Context) ([]sb.Orchestrator, error)
	Orchestrator(ctx context.Context, idOrName string) (sb.Orchestrator, error)
	// UpdateOrchestrator changes it by a pure function. Sends TopicQueue.
	UpdateOrchestrator(ctx context.Context, id string, f func(sb.Orchestrator) (sb.Orchestrator, error)) (sb.Orchestrator, error)
	// Workers reads the workers seen in the last day, by name.
	Workers(ctx context.Context, orchestratorID string) ([]sb.Worker, error)
	// OpenWork reads runs of the orchestrator that hold a slot, in the order of their ids.
	OpenWork(ctx context.Context, orchestratorID string, afterID string, limit int) ([]sb.Run, error)
}

// Notes gives the notes that follow from now on, until ctx is done. A slow reader misses notes rather than slows others.
type Notes interface {
	Notes(ctx context.Context) <-chan sb.Note
}

// Part is a part of the process that must be ready, or healthy.
type Part struct {
	Name  string
	Check func(ctx context.Context) error
}
