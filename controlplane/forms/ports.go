package forms

import (
	"context"
	"io"

	sb "signalbox"
)

// Store keeps questions and their answers, for a minute. Every method is one transaction. After a commit it sends the notes of those
// who wait. Errors: NotFound, Conflict, RateLimited, Unavailable.
type Store interface {
	// Facts reads what decides about an ask. What does not exist is nil in the facts and no error.
	Facts(ctx context.Context, ask sb.Ask) (sb.Facts, error)
	// Orchestrators reads all orchestrators, in the order in which a run goes to the first that fits.
	Orchestrators(ctx context.Context) ([]sb.Orchestrator, error)
	// Revision reads a plugin's revision by its id.
	Revision(ctx context.Context, id string) (sb.Revision, error)

	// AskForm keeps a question and gives its id. RateLimited: too many are open.
	AskForm(ctx context.Context, q sb.Question) (id string, err error)
	// AskAgain hands a question without an answer to another resolver.
	AskAgain(ctx context.Context, id string) error
	// AnswerOf reads the answer to a question; nil while there is none. taken: a resolver has the question.
	AnswerOf(ctx context.Context, id string) (f *sb.Form, taken bool, err error)
	// DropQuestion forgets a question that nobody waits for.
	DropQuestion(ctx context.Context, id string) error
	// ForgetQuestions forgets what was asked more than a minute ago.
	ForgetQuestions(ctx context.Context) error

	// TakeQuestion gives the oldest question to a pool to one resolver. NotFound: there is none.
	TakeQuestion(ctx context.Context, orchestratorID, pool string) (sb.Question, error)
	// Unmet reads for a worker the enabled plugins whose current revision none of its pool has met, or one lacked something a
	// while ago; nothing for a worker that is not there.
	Unmet(ctx context.Context, orchestratorID, pool, worker string) ([]sb.Plugin, error)
	// AskMeeting keeps a question about what a worker of a pool makes of a revision, and gives its id. Conflict: one is asked that.
	AskMeeting(ctx context.Context, orchestratorID, pool, revisionID string) (id string, err error)
	// KeepEnvironment keeps what an environment makes of a revision.
	KeepEnvironment(ctx context.Context, e sb.Environment) error

	// OpenQuestion reads a question to the pools of an orchestrator, while it is kept.
	OpenQuestion(ctx context.Context, orchestratorID, id string) (sb.Question, error)
	// AnswerQuestion keeps the answer to a question of a pool. Conflict: it was answered.
	AnswerQuestion(ctx context.Context, orchestratorID, pool, id string, f sb.Form) error

	// Notes gives the notes that follow from now on, until ctx is done.
	Notes(ctx context.Context) <-chan sb.Note
}

// Archives opens the archives of revisions. Errors: NotFound.
type Archives interface {
	Bytes(ctx context.Context, r sb.Revision) (io.ReadCloser, error)
}

// Given is what operators are given.
type Given interface {
	// Values gives the values of secrets by their keys; those that do not exist are left out. Errors: Invalid (some do not open).
	Values(ctx context.Context, keys []string) (map[string]string, error)
	// ReachFor tells what gets at a dataset's source by, where its address may go; nil for one without a source. Errors: Invalid.
	ReachFor(ctx context.Context, d sb.Dataset, orchestratorID string, t sb.Target) (*sb.Reach, error)
}
