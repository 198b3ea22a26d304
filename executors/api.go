package executors

import (
	"context"
	"io"

	sb "signalbox"
)

// Environments gives plugins Pythons that have FiftyOne and what their requirements.txt asks for.
type Environments interface {
	// Use gives the Python for the plugin of a folder, which stays until release is called; release is never nil. Making it may take
	// minutes, and goes on when ctx is done. Errors: Invalid (it cannot be made), Unavailable (ctx is done), Internal.
	Use(ctx context.Context, folder string) (python string, release func(), err error)
}

// WorkAPI is the control plane as the work sees it. Claim, Workers, Forms and FormPlugin are opened by the orchestrator's key, which
// the implementation holds; all others by the run token of the claim, End by its end token.
//
// Each call is sent once; who calls decides about repeating. An error that the control plane answered carries its
// code (Conflict and RunOver for 409, Conflict with Want for a gap in the log); one without an answer,
// or with the answer of something in between, is Unavailable.
// Safe for use by several goroutines.
type WorkAPI interface {
	Claim(ctx context.Context, r sb.ClaimRequest) (sb.ClaimAnswer, error)
	Workers(ctx context.Context, r sb.WorkersRequest) (sb.WorkersAnswer, error)
	// Forms brings the answer to a question, and waits for the next about signalbox.FormPoll; nil when there was none.
	Forms(ctx context.Context, r sb.FormsRequest) (*sb.FormQuestion, error)
	// FormPlugin writes the archive of the plugin that a question is about to w, as Plugin does.
	FormPlugin(ctx context.Context, question string, w io.Writer) error

	// Plugin writes the pinned archive to w. After an error w may hold a part of it.
	Plugin(ctx context.Context, run, token string, w io.Writer) error
	Start(ctx context.Context, run, token string, r sb.StartRequest) error
	Heartbeat(ctx context.Context, run, token string) (sb.HeartbeatAnswer, error)
	Progress(ctx context.Context, run, token string, r sb.ProgressRequest) error
	// Logs sends a chunk of whole lines as plain text.
	Logs(ctx context.Context, run, token string, seq int64, body []byte) (sb.LogsAnswer, error)
	LogPath(ctx context.Context, run, token string, r sb.LogPathRequest) error
	Complete(ctx context.Context, run, token string, r sb.CompleteRequest) error
	Fail(ctx context.Context, run, token string, r sb.FailRequest) error
	End(ctx context.Context, run, token string, r sb.EndRequest) error
}
