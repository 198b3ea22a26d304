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
	APIKey(ctx context.Context, secret string) (sb.Caller, error)
	OrchestratorKey(ctx context.Context, secret string) (orchestratorID string, err error)
	// RunToken checks a token's signature; whether its process may still do something is the run's matter.
	RunToken(secret string) (sb.Process, error)
	// EndsWork checks an end token, which the worker of a process has.
	EndsWork(secret string) (sb.Process, error)

	ServiceAccounts(ctx context.Context, q sb.PrincipalQuery) (sb.Page[sb.Principal], error)
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

// Users keeps users. Errors: Invalid with every fault, Forbidden (to raise one's own role), NotFound, Conflict (a login
// provider decides the role, or no admin would be left).
type Users interface {
	Users(ctx context.Context, q sb.PrincipalQuery) (sb.Page[sb.Principal], error)
	User(ctx context.Context, idOrEmail string) (sb.Principal, error)
	// UpdateUser changes what is not nil.
	UpdateUser(ctx context.Context, idOrEmail string, name *string, role *sb.Role) (sb.Principal, error)
	DeleteUser(ctx context.Context, idOrEmail string) error
}

// Groups keeps groups and who belongs to them. Errors: Invalid with every fault, NotFound, Conflict (the name is taken,
// or a login provider decides the membership).
type Groups interface {
	Groups(ctx context.Context, search, cursor string, limit int) (sb.Page[sb.Group], error)
	Group(ctx context.Context, idOrName string) (sb.Group, error)
	CreateGroup(ctx context.Context, name, description string) (sb.Group, error)
	// UpdateGroup changes what is not nil.
	UpdateGroup(ctx context.Context, idOrName string, name, description *string) (sb.Group, error)
	DeleteGroup(ctx context.Context, idOrName string) error
	// Members reads a page by name; of those whose name or email holds the search, "" for all.
	Members(ctx context.Context, groupID, search, cursor string, limit int) (sb.Page[sb.GroupMember], error)
	// AddMember puts a principal into a group; who is in it stays so.
	AddMember(ctx context.Context, group, principal string) error
	RemoveMember(ctx context.Context, group, principal string) error
	// GroupsOf tells which groups principals belong to, by name.
	GroupsOf(ctx context.Context, principalIDs []string) (map[string][]sb.Who, error)
}

// Logins lets people in by login providers, and keeps their sessions. Errors: Unauthenticated, Forbidden (there is no
// user for the login), NotFound, Unavailable (the provider cannot be reached).
type Logins interface {
	Providers() []sb.Provider
	// Begin gives the provider's address, and the token that the browser keeps until it is back.
	Begin(ctx context.Context, provider, browser, returnTo, invitation string) (address, token string, err error)
	// Finish ends a login that a provider has answered, in the browser that began it.
	Finish(ctx context.Context, provider, browser, agent string, answer sb.Answer) (sb.Welcome, error)
	EnterDemo(ctx context.Context, role sb.Role, returnTo, agent string) (sb.Welcome, error)
	// Metadata describes us to a provider.
	Metadata(ctx context.Context, provider string) ([]byte, error)

	// Session finds whose session a token opens.
	Session(ctx context.Context, token string) (sb.Caller, error)
	// StillOpen is Session, but does not count as use.
	StillOpen(ctx context.Context, token string) (sb.Caller, error)
	Sessions(ctx context.Context, principalID string) ([]sb.Session, error)
	// AllSessions reads a page of everybody's, newest first; of those whose name or email holds the search, "" for all.
	AllSessions(ctx context.Context, search, cursor string, limit int) (sb.Page[sb.UserSession], error)
	// EndSession ends a session of a user, of whomever for "".
	EndSession(ctx context.Context, principalID, id string) error
	// EndOthers ends all sessions of a user but one.
	EndOthers(ctx context.Context, principalID, but string) error
	// Leave ends a session, and gives the address where the login ends at the provider too; "" for none.
	Leave(ctx context.Context, s sb.Session) (address string, err error)

	AskDevice(ctx context.Context, agent string) (sb.Asked, error)
	// Device finds the request of a code that a person typed.
	Device(ctx context.Context, typed string) (sb.Device, error)
	AnswerDevice(ctx context.Context, typed string, user sb.Principal, let bool) error
	// EnterDevice gives the session of a program that its person has let in; no token while nobody has answered.
	EnterDevice(ctx context.Context, code string) (sb.Welcome, error)
}

// Invitations let people join who are no users yet. Errors: Invalid with every fault, Forbidden, NotFound, Conflict, Gone
// (expired, taken back, or who invited could not do so any more).
type Invitations interface {
	// Invite makes an invitation, mails it where that is set up, and gives its link this once.
	Invite(ctx context.Context, v sb.Invitation) (sb.Invited, error)
	// List reads a page, newest first.
	List(ctx context.Context, q sb.InvitationQuery) (sb.Page[sb.Invitation], error)
	// Revoke ends one that waits, if it is one of those that are meant.
	Revoke(ctx context.Context, id string, scope sb.InvitationScope) error
	// Find reads the invitation of a token; the error tells why it cannot be accepted any more.
	Find(ctx context.Context, token string) (sb.Invitation, error)
	// Accept gives a user what he was invited to.
	Accept(ctx context.Context, token, principalID string) (sb.Invitation, error)
}

// Organisation keeps its settings. Errors: those of the function that is given.
type Organisation interface {
	// UpdateSettings changes the settings by a pure function. The next request of everyone goes by them.
	UpdateSettings(ctx context.Context, f func(sb.Settings) (sb.Settings, error)) (sb.Settings, error)
	// Headcounts counts who has each role that anybody has.
	Headcounts(ctx context.Context) ([]sb.Headcount, error)
}

// Secrets keeps values for the work of operators; they are never read back. Errors: Invalid with every fault, NotFound,
// Conflict.
type Secrets interface {
	// Secrets reads a page by key.
	Secrets(ctx context.Context, cursor string, limit int) (sb.Page[sb.Secret], error)
	CreateSecret(ctx context.Context, key, value, description string) (sb.Secret, error)
	// UpdateSecret changes what is not nil.
	UpdateSecret(ctx context.Context, key string, value, description *string) (sb.Secret, error)
	DeleteSecret(ctx context.Context, key string) error
}

// Access judges facts; see controlplane/access.
type Access interface {
	Check(f sb.Facts, a sb.Action) error
	Effective(f sb.Facts) sb.Permission
	Viewer(p sb.Principal, s sb.Settings) sb.Viewer
	// Explain is Check with its grounds, in words for somebody who may know all of the facts.
	Explain(f sb.Facts, a sb.Action) sb.Explanation
	// Basis tells what a permission rests on, in words, and whether the role keeps it below what was granted.
	Basis(f sb.Facts) (capped bool, reason string)
	// MayGrant tells whether the principal of the facts may be granted a permission. Errors: Invalid.
	MayGrant(f sb.Facts, p sb.Permission) error
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
	// Scrubbed notes that text was blanked out in a run's log.
	Scrubbed(ctx context.Context, who sb.Principal, id string, places int) error
	// Release ends the work of a run by an admin's word and frees its slot.
	Release(ctx context.Context, who sb.Principal, id string) (sb.Run, error)
	Events(ctx context.Context, who sb.Principal, id string, after int64, limit int) ([]sb.Event, error)
	// MayHear tells whether someone may hear of a run now; for each event of a stream.
	MayHear(ctx context.Context, who sb.Principal, id string) bool
	// Result opens a result that lies in the blob store.
	Result(ctx context.Context, run sb.Run) (json.RawMessage, error)
}

// Forms asks operators for their forms, by resolvers that wait in the pools of workers. Form checks the right to schedule. Errors: Invalid with every fault, Forbidden, NotFound,
// Conflict, RateLimited (too much is asked at once), Unavailable (by signalbox.ErrNoForm: the form could not be made, and what to do).
type Forms interface {
	Form(ctx context.Context, who sb.Principal, ask sb.FormAsk) (sb.MadeForm, error)
	// Question waits for a question to a pool; nil when there was none. A worker that gives its name is also asked what it makes
	// of plugins.
	Question(ctx context.Context, orchestratorID, pool, worker string) (*sb.FormQuestion, error)
	// Answer takes a worker's answer to a question of a pool. NotFound: it is not that pool's, or nobody waits any more; Conflict: it
	// was answered by another.
	Answer(ctx context.Context, orchestratorID, pool, worker string, answer sb.FormAnswer) error
	// Archive opens the archive of the plugin that a question is about. Errors: NotFound.
	Archive(ctx context.Context, orchestratorID, question string) (body io.ReadCloser, size int64, err error)
}

// Queue explains why runs wait.
type Queue interface {
	Wait(ctx context.Context, run sb.Run) (sb.Wait, error)
	// Outlook says what a run of an operator would wait for at an orchestrator if it was scheduled now.
	Outlook(ctx context.Context, operator string, o sb.Orchestrator, to sb.Target) (sb.Wait, error)
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
	// Masked is a piece of a process's log without the secrets that it was given.
	Masked(ctx context.Context, p sb.Process, text []byte, ndjson bool) ([]byte, error)
	LogPath(ctx context.Context, p sb.Process, uri string) error
	// Environment keeps what the FiftyOne of a process makes of its plugin.
	Environment(ctx context.Context, p sb.Process, o sb.Offer) error
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
	// Entries reads the lines of a text as those of a log.
	Entries(text []byte) []sb.Line
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
	// Scrub blanks out what a mask finds in the log, and gives how many places that were, which it tells before it begins.
	// Conflict: others keep it.
	Scrub(ctx context.Context, run string, mask sb.Mask, note func(places int) error) (places int, err error)
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
	// Operators reads all operators, by URI, with their plugins. Nobody changes what it gives.
	Operators(ctx context.Context) ([]sb.Operator, []sb.Plugin, error)
	// Environments reads where a revision was met, the last first.
	Environments(ctx context.Context, revisionID string) ([]sb.Environment, error)
	// Lacking reads the operators that no environment could load which met their plugin's revision, with why, by revision
	// and name.
	Lacking(ctx context.Context) (map[string]map[string]string, error)
}

// Installed is what an installation did, or would do.
type Installed = sb.Installed

// Datasets keeps datasets. Errors: NotFound, Conflict.
type Datasets interface {
	// Datasets reads a page of those the viewer may see and whose name holds the search, in whatever case ("" for all), by
	// name, with his permission's grounds.
	Datasets(ctx context.Context, v sb.Viewer, search, cursor string, limit int) (sb.Page[sb.Facts], error)
	// CreateDataset keeps a dataset; its creator gets Can manage.
	CreateDataset(ctx context.Context, d sb.Dataset) (sb.Dataset, error)
	UpdateDataset(ctx context.Context, by, id string, patch sb.DatasetPatch, may func(sb.Facts) error) (sb.Dataset, error)
	// DeleteDataset removes the entry; its Scheduled runs are rejected soon after.
	DeleteDataset(ctx context.Context, id string, by sb.Who, may func(sb.Facts) error) error
}

// Sharing is who has access to datasets, and what changes would do. Errors: NotFound, Conflict, and those of functions
// that are given.
type Sharing interface {
	// SetGrant gives a principal or a group a permission; NoAccess takes it away. May judges in the transaction by facts
	// about who asks and about whom it is for.
	SetGrant(ctx context.Context, by string, g sb.Grant, may func(by, to sb.Facts) error) error
	// Holders reads a page of those who have access, by name.
	Holders(ctx context.Context, q sb.HolderQuery) (sb.Page[sb.Holder], error)
	// GroupGrants reads a page of the groups that a dataset is shared with and whose name holds search, by name.
	GroupGrants(ctx context.Context, datasetID, search, cursor string, limit int) (sb.Page[sb.GroupAccess], error)
	// Candidates finds principals and groups by part of a name or email.
	Candidates(ctx context.Context, search string) (sb.Candidates, error)
	// CloneDataset keeps a dataset with the default access of another, unless it has its own; its creator gets Can manage.
	CloneDataset(ctx context.Context, sourceID string, d sb.Dataset, may func(sb.Facts) error) (sb.Dataset, error)
	// Preview runs a change that is then undone, and tells what it would do to the permissions and runs of the scope.
	Preview(ctx context.Context, scope sb.Scope, judge sb.Judge, do func(context.Context) error) (sb.Effect, error)
	// Principal finds one by id, email, or name.
	Principal(ctx context.Context, idOrName string) (sb.Principal, error)
	// Group finds one by id or name.
	Group(ctx context.Context, idOrName string) (sb.Group, error)
}

// Registrar registers orchestrators. Errors: Invalid with every fault, none of which quotes a credential; NotFound; Conflict (the
// name is taken, or runs are there that keep it from being removed).
type Registrar interface {
	// Register keeps a new one; a quota below 0 takes the default.
	Register(ctx context.Context, o sb.Orchestrator, secrets map[string]json.RawMessage) (sb.Orchestrator, error)
	Change(ctx context.Context, idOrName string, p sb.OrchestratorPatch) (sb.Orchestrator, error)
	Remove(ctx context.Context, idOrName string) error
	// Probe asks one that we do not own what an admin wants to know; what fails is a check, never an error.
	Probe(ctx context.Context, idOrName string) ([]sb.Check, error)
}

// SourceRegistrar registers sources. Errors: Invalid with every fault, none of which quotes an address; NotFound; Conflict (the
// name is taken, or runs are open that keep it from being removed).
type SourceRegistrar interface {
	// Register keeps a new one; what the patch leaves open takes its default.
	Register(ctx context.Context, kind sb.SourceKind, p sb.SourcePatch) (sb.Source, error)
	Change(ctx context.Context, idOrName string, p sb.SourcePatch) (sb.Source, error)
	Remove(ctx context.Context, idOrName string) error
}

// Sources reads sources, and how they go. Errors: NotFound.
type Sources interface {
	Sources(ctx context.Context) ([]sb.Source, error)
	Source(ctx context.Context, idOrName string) (sb.Source, error)
	SourceState(ctx context.Context, id string) (sb.SourceState, error)
}

// Bridge watches orchestrators that we do not own. Errors: Unavailable.
type Bridge interface {
	// Ledger compares what is asserted of an orchestrator's open work with what was last seen there.
	Ledger(ctx context.Context, o sb.Orchestrator) (sb.Ledger, error)
	// Live gives the log of work that goes on there, as its API gives it now. Errors: NotFound, Unavailable, and others.
	Live(ctx context.Context, run sb.Run) ([]byte, error)
	// Nudge asks whoever watches it to look at once.
	Nudge(ctx context.Context, o sb.Orchestrator) error
}

// Orchestrators reads orchestrators and knows their workers. Errors: NotFound.
type Orchestrators interface {
	Orchestrators(ctx context.Context) ([]sb.Orchestrator, error)
	Orchestrator(ctx context.Context, idOrName string) (sb.Orchestrator, error)
	// OrchestratorID finds the id of one that is there, or was.
	OrchestratorID(ctx context.Context, idOrName string) (string, error)
	// Workers reads the workers seen in the last day, by name.
	Workers(ctx context.Context, orchestratorID string) ([]sb.Worker, error)
	// Watch reads how the watching of one that we do not own stands.
	Watch(ctx context.Context, orchestratorID string) (sb.Watch, error)
	// OpenWork reads runs of the orchestrator that hold a slot, in the order of their ids.
	OpenWork(ctx context.Context, orchestratorID string, afterID string, limit int) ([]sb.Run, error)
}

// Audit is the audit log. What was done is written with it.
type Audit interface {
	// Audit reads a page of the audit log, newest first. Errors: Invalid (the cursor), Unavailable.
	Audit(ctx context.Context, q sb.AuditQuery) (sb.Page[sb.AuditEntry], error)
	// AuditActions lists the actions that occur in it, by name.
	AuditActions(ctx context.Context) ([]string, error)
}

// Refusals hears of what was refused; nothing else tells the audit log of it.
type Refusals interface {
	// Refuse notes that the context's origin was refused an act. Equal refusals of one minute are counted, not listed.
	Refuse(ctx context.Context, action string, object sb.Object) error
}

// Seal knows the chain that seals the audit log. Errors: Unavailable.
type Seal interface {
	// State tells the newest link, and whether entries are being sealed.
	State(ctx context.Context) (sb.Check, error)
	// Check reads the whole chain and tells where it is broken. A zero head means the chain as it is.
	Check(ctx context.Context, head sb.AuditHead) (sb.Check, error)
}

// Clock is the time that decides.
type Clock interface {
	Now(ctx context.Context) (time.Time, error)
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
