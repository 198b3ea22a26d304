package executors

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	sb "signalbox"
	"signalbox/executors/dummy"
	"signalbox/executors/process"
)

const (
	roleShim = "SIGNALBOX_TEST_SHIM"
	patience = 30 * time.Second
)

func TestMain(m *testing.M) {
	if os.Getenv(roleShim) != "" {
		os.Exit(process.Shim(context.Background()))
	}
	goleak.VerifyTestMain(m)
}

// plane is a control plane that keeps what it hears and answers what a test wants.
type plane struct {
	answer  sb.ClaimAnswer
	archive []byte

	// fail gives the error of a call, by its name; nil: it is accepted. It may count, and may block.
	fail func(ctx context.Context, call string) error

	mu        sync.Mutex
	calls     []string
	claims    []sb.ClaimRequest
	workers   []sb.WorkersRequest
	tell      sb.WorkersAnswer
	stop      bool
	chunks    map[int64][]byte
	next      int64
	result    json.RawMessage
	failure   *sb.FailRequest
	endToken  string
	answers   []sb.FormAnswer
	gone      string // a question whose plugin cannot be fetched
	meeter    string // the name of a worker that also tells of plugins
	fractions []float64
	ends      []sb.EndRequest

	questions chan *sb.FormQuestion // that resolvers wait for; nil: there are none

	heard chan string // each accepted call, if there is room
}

var _ WorkAPI = (*plane)(nil)

func (p *plane) call(ctx context.Context, name string, accept func() error) error {
	if p.fail != nil {
		if err := p.fail(ctx, name); err != nil {
			return err
		}
	}
	p.mu.Lock()
	p.calls = append(p.calls, name)
	err := accept()
	p.mu.Unlock()
	select {
	case p.heard <- name:
	default:
	}
	return err
}

func (p *plane) Claim(ctx context.Context, r sb.ClaimRequest) (sb.ClaimAnswer, error) {
	return p.answer, p.call(ctx, "claim", func() error { p.claims = append(p.claims, r); return nil })
}

func (p *plane) Workers(ctx context.Context, r sb.WorkersRequest) (answer sb.WorkersAnswer, err error) {
	err = p.call(ctx, "workers", func() error {
		p.workers = append(p.workers, r)
		answer = p.tell
		return nil
	})
	return answer, err
}

func (p *plane) Forms(ctx context.Context, r sb.FormsRequest) (*sb.FormQuestion, error) {
	err := p.call(ctx, "forms", func() error {
		if r.Answer != nil {
			p.answers = append(p.answers, *r.Answer)
		}
		if r.Worker != "" {
			p.meeter = r.Worker
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	select {
	case q := <-p.questions:
		return q, nil
	case <-ctx.Done():
		return nil, sb.Wrap(ctx.Err(), sb.Unavailable, "given up")
	}
}

func (p *plane) FormPlugin(ctx context.Context, id string, w io.Writer) error {
	if id == p.gone {
		return sb.Errorf(sb.NotFound, "nobody asks that")
	}
	return p.call(ctx, "form plugin", func() error { _, err := w.Write(p.archive); return err })
}

func (p *plane) Plugin(ctx context.Context, _, _ string, w io.Writer) error {
	return p.call(ctx, "plugin", func() error { _, err := w.Write(p.archive); return err })
}

func (p *plane) Start(ctx context.Context, _, _ string, _ sb.StartRequest) error {
	return p.call(ctx, "start", func() error { return nil })
}

func (p *plane) Heartbeat(ctx context.Context, _, _ string) (answer sb.HeartbeatAnswer, err error) {
	err = p.call(ctx, "heartbeat", func() error { answer.Stop = p.stop; return nil })
	return answer, err
}

func (p *plane) Progress(ctx context.Context, _, _ string, r sb.ProgressRequest) error {
	return p.call(ctx, "progress", func() error { p.fractions = append(p.fractions, *r.Fraction); return nil })
}

func (p *plane) Logs(ctx context.Context, _, _ string, seq int64, body []byte) (answer sb.LogsAnswer, err error) {
	err = p.call(ctx, "logs", func() error {
		if old, ok := p.chunks[seq]; ok && bytes.Equal(old, body) {
			return nil
		}
		if seq != p.next {
			want := p.next
			return &sb.Error{Code: sb.Conflict, Message: "another number is wanted", Want: &want}
		}
		if p.chunks == nil {
			p.chunks = map[int64][]byte{}
		}
		p.chunks[seq] = bytes.Clone(body)
		p.next++
		answer.Next = p.next
		return nil
	})
	return answer, err
}

func (p *plane) LogPath(ctx context.Context, _, _ string, _ sb.LogPathRequest) error {
	return p.call(ctx, "log-path", func() error { return nil })
}

func (p *plane) Complete(ctx context.Context, _, _ string, r sb.CompleteRequest) error {
	return p.call(ctx, "complete", func() error { p.result = r.Result; return nil })
}

func (p *plane) Fail(ctx context.Context, _, _ string, r sb.FailRequest) error {
	return p.call(ctx, "fail", func() error { p.failure = &r; return nil })
}

func (p *plane) End(ctx context.Context, _, token string, r sb.EndRequest) error {
	return p.call(ctx, "end", func() error { p.ends, p.endToken = append(p.ends, r), token; return nil })
}

// log is the whole log.
func (p *plane) log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []byte
	for seq := range p.next {
		all = append(all, p.chunks[seq]...)
	}
	return string(all)
}

// messages are the log's lines without their time.
func (p *plane) messages() []string {
	var out []string
	for line := range strings.Lines(p.log()) {
		line = strings.TrimSuffix(line, "\n")
		if _, _, _, known := sb.ParseLine([]byte(line)); known && line[0] == '2' {
			_, line, _ = strings.Cut(line, " ")
		}
		out = append(out, line)
	}
	return out
}

// end waits for nothing: it is the only end that was told.
func (p *plane) end(t *testing.T) sb.EndRequest {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	require.Len(t, p.ends, 1)
	return p.ends[0]
}

func (p *plane) called(name string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, c := range p.calls {
		if c == name {
			n++
		}
	}
	return n
}

// hears waits until a call was accepted.
func (p *plane) hears(t *testing.T, name string) {
	t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		select {
		case c := <-p.heard:
			if c == name {
				return
			}
		case <-timer.C:
			require.Fail(t, "no call of "+name)
		}
	}
}

// world is a worker's surroundings, fresh for each test.
type world struct {
	*plane
	runner *Runner
	folder string
}

var ref = sb.AttemptRef{Run: "01RUN", Attempt: 2}

// setup makes a plane that hands out a shell script as the operator of a plugin.
func setup(t *testing.T, script string) *world {
	t.Helper()
	archive := zipOf(t, map[string]string{"tools/fiftyone.yml": "name: x", "tools/hello.txt": "hello\n"})
	sum := sha256.Sum256(archive)
	w := &world{folder: t.TempDir(), plane: &plane{
		archive: archive, heard: make(chan string, 1000),
		answer: sb.ClaimAnswer{
			Token: "sbr_token", EndToken: "sbr_end_token", HeartbeatSeconds: 1, Operator: "@acme/tools/run", Params: json.RawMessage(`{"n":1}`),
			Plugin:  sb.ClaimPlugin{Name: "@acme/tools", Revision: 1, SHA256: hex.EncodeToString(sum[:]), Root: "tools"},
			Command: &sb.ClaimCommand{Argv: []string{"sh", "-c", script}},
		},
	}}
	log := logrus.New()
	log.SetOutput(t.Output())
	processes, err := process.New(process.Options{
		Shim: []string{os.Args[0]}, Env: []string{roleShim + "=1"}, Grace: 2 * time.Second,
	})
	require.NoError(t, err)
	w.runner = NewRunner(Settings{
		API: w.plane, Folder: w.folder, URL: "", Env: []string{"PATH=" + os.Getenv("PATH"), "HOME=/nowhere"}, Log: log,
		Executors: map[string]sb.Executor{
			"":      processes,
			"dummy": dummy.Executor{},
		},
	})
	return w
}

// scripted makes the operator one of the dummy executor's.
func (w *world) scripted(name, params string) *world {
	w.answer.Command = &sb.ClaimCommand{Argv: []string{name}, Executor: "dummy"}
	w.answer.Params = json.RawMessage(params)
	return w
}

// do carries out the attempt within the test's time.
func (w *world) do(t *testing.T) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, err := w.runner.Do(Until{Begin: ctx, Work: ctx, Talk: ctx}, sb.ClaimRequest{AttemptRef: ref, Nonce: "n", Worker: "h/default"})
	return err
}

func zipOf(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range files {
		f, err := z.Create(name)
		require.NoError(t, err)
		_, err = io.WriteString(f, content)
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return b.Bytes()
}

// times fails a call so often, then accepts it.
func times(n int, call string, err error) func(context.Context, string) error {
	var mu sync.Mutex
	return func(_ context.Context, name string) error {
		mu.Lock()
		defer mu.Unlock()
		if name != call || n == 0 {
			return nil
		}
		n--
		return err
	}
}

var (
	errAway    = sb.Errorf(sb.Unavailable, "no answer")
	errRunOver = sb.Errorf(sb.RunOver, "the run is over")
	errStale   = sb.Errorf(sb.Conflict, "the work has ended")
)
