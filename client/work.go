package client

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"strconv"
	"sync"

	sb "signalbox"
)

// gzipFrom is the size from which a log chunk is sent packed. Below it packing costs more than it saves.
const gzipFrom = 8 << 10

// Work is the work API, for those who do the work. Claim, Workers, Forms and FormPlugin are opened by the orchestrator's
// key of the options, all else by the run token of the claim, End by its end token. Each call is sent once; who calls decides about repeating.
// An answer that is not the API's own, such as a proxy's 404, is none: its code is Unavailable.
type Work struct{ c *conn }

// NewWork makes a client of the work API; it connects at the first call. Who only holds a run token leaves the key of
// the options empty. Errors: Invalid (the URL is none of a server).
func NewWork(o Options) (*Work, error) {
	c, err := newConn(o)
	if err != nil {
		return nil, err
	}
	c.strict = true
	return &Work{c}, nil
}

// Claim asks for an attempt's work. The same nonce again gets the same answer with a fresh token.
func (w *Work) Claim(ctx context.Context, r sb.ClaimRequest) (sb.ClaimAnswer, error) {
	return do[sb.ClaimAnswer](ctx, w.c, http.MethodPost, "/work/claim", r)
}

// Workers says what a worker runs and tells what it should stop.
func (w *Work) Workers(ctx context.Context, r sb.WorkersRequest) (sb.WorkersAnswer, error) {
	return do[sb.WorkersAnswer](ctx, w.c, http.MethodPost, "/work/workers", r)
}

// Forms brings the answer to a question, and waits for the next; nil when there was none. Errors: NotFound (nobody waits for the answer
// any more), Conflict (another resolver was first), TooLarge (the form is).
func (w *Work) Forms(ctx context.Context, r sb.FormsRequest) (*sb.FormQuestion, error) {
	return do[*sb.FormQuestion](ctx, w.c, http.MethodPost, "/work/forms", r)
}

// FormPlugin writes the archive of the plugin that a question is about to out. After an error out may hold a part of it.
func (w *Work) FormPlugin(ctx context.Context, question string, out io.Writer) error {
	return w.c.save(ctx, get("/work/forms"+segment(question)+"/plugin", nil), out)
}

// Plugin writes the pinned archive to out. After an error out may hold a part of it.
func (w *Work) Plugin(ctx context.Context, run, token string, out io.Writer) error {
	r := get("/work"+segment(run)+"/plugin", nil)
	r.key = token
	return w.c.save(ctx, r, out)
}

// Start says that the work begins now. Errors: RunOver (do not begin).
func (w *Work) Start(ctx context.Context, run, token string, r sb.StartRequest) error {
	return w.tell(ctx, run, "start", token, r, nil)
}

// Heartbeat renews the lease and tells whether to stop.
func (w *Work) Heartbeat(ctx context.Context, run, token string) (sb.HeartbeatAnswer, error) {
	var answer sb.HeartbeatAnswer
	err := w.tell(ctx, run, "heartbeat", token, nil, &answer)
	return answer, err
}

// Progress says how far the work is.
func (w *Work) Progress(ctx context.Context, run, token string, r sb.ProgressRequest) error {
	return w.tell(ctx, run, "progress", token, r, nil)
}

// Logs sends a chunk of whole lines as plain text, packed when it is large. It is durable when Logs returns. Errors:
// Conflict with Want (that number is wanted next).
func (w *Work) Logs(ctx context.Context, run, token string, seq int64, body []byte) (sb.LogsAnswer, error) {
	var answer sb.LogsAnswer
	r := request{
		method: http.MethodPost, path: "/work" + segment(run) + "/logs", key: token, kind: "text/plain; charset=utf-8",
		query: map[string][]string{"seq": {strconv.FormatInt(seq, 10)}}, body: bytes.NewReader(body),
	}
	if len(body) > gzipFrom {
		packed, err := pack(body)
		if err != nil {
			return answer, err
		}
		r.body, r.header = bytes.NewReader(packed), http.Header{"Content-Encoding": {"gzip"}}
	}
	err := w.c.call(ctx, r, &answer)
	return answer, err
}

// LogPath says where the log is or will be.
func (w *Work) LogPath(ctx context.Context, run, token string, r sb.LogPathRequest) error {
	return w.tell(ctx, run, "log-path", token, r, nil)
}

// Complete says that the attempt completed.
func (w *Work) Complete(ctx context.Context, run, token string, r sb.CompleteRequest) error {
	return w.tell(ctx, run, "complete", token, r, nil)
}

// Fail says that the attempt failed.
func (w *Work) Fail(ctx context.Context, run, token string, r sb.FailRequest) error {
	return w.tell(ctx, run, "fail", token, r, nil)
}

// End says that the process and its whole group are gone. Its token is the end token of the claim.
func (w *Work) End(ctx context.Context, run, token string, r sb.EndRequest) error {
	return w.tell(ctx, run, "end", token, r, nil)
}

func (w *Work) tell(ctx context.Context, run, verb, token string, body, out any) error {
	r, err := send(http.MethodPost, "/work"+segment(run)+"/"+verb, body)
	if err != nil {
		return err
	}
	r.key = token
	return w.c.call(ctx, r, out)
}

// packers are kept because each holds over 200 KiB of tables.
var packers = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is a valid one
	return w
}}

func pack(body []byte) ([]byte, error) {
	var out bytes.Buffer
	w := packers.Get().(*gzip.Writer)
	defer packers.Put(w)
	w.Reset(&out)
	if _, err := w.Write(body); err != nil {
		return nil, sb.Wrap(err, sb.Internal, "a log chunk cannot be packed")
	}
	if err := w.Close(); err != nil {
		return nil, sb.Wrap(err, sb.Internal, "a log chunk cannot be packed")
	}
	return out.Bytes(), nil
}
