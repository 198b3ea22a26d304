package devserver_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	sb "signalbox"
	"signalbox/workflows"
	"signalbox/workflows/devserver"
)

// update writes the histories of these tests to the folder that the replay tests read.
var update = flag.Bool("update", false, "write the histories that are replayed in package workflows")

// serve makes the test binary a server of its own, which a test can kill.
var serve = flag.String("serve", "", "serve this file until killed")

func TestMain(m *testing.M) {
	flag.Parse()
	if *serve != "" {
		os.Exit(serveFile(*serve))
	}
	os.Exit(m.Run())
}

// serveFile says its address on a line of its own once it takes requests.
func serveFile(file string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	server, err := devserver.Start(ctx, devserver.Options{File: file, Listen: "127.0.0.1:0", SearchAttributes: workflows.SearchAttributes()})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Fprintln(os.Stdout, server.Addr())
	<-ctx.Done()
	server.Stop()
	return 0
}

// quiet is a log that nobody reads.
func quiet() *logrus.Logger {
	log := logrus.New()
	log.SetOutput(io.Discard)
	return log
}

// bench is a control plane and a worker in miniature: a doer that does what the test says and a settler that believes
// what the doer reported.
type bench struct {
	client *workflows.Client
	sdk    client.Client // for looking at what the client did
	do     func(ctx context.Context, ref sb.AttemptRef) error
	began  chan sb.AttemptRef
	open   chan chan struct{} // what each Open gives; closed: always open
	told   bool               // whether ends are said to be taken

	mu    sync.Mutex
	ended map[sb.AttemptRef]bool
	asked map[sb.AttemptRef][]workflows.Sign
}

func alwaysOpen() chan chan struct{} {
	c := make(chan chan struct{})
	close(c)
	return c
}

func startServer(t *testing.T, o devserver.Options) *devserver.Server {
	t.Helper()
	o.Listen = "127.0.0.1:0"
	server, err := devserver.Start(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(server.Stop)
	return server
}

func newBench(t *testing.T, address string, do func(context.Context, sb.AttemptRef) error) *bench {
	t.Helper()
	b := &bench{do: do, began: make(chan sb.AttemptRef, 1000), open: alwaysOpen(), ended: map[sb.AttemptRef]bool{}, asked: map[sb.AttemptRef][]workflows.Sign{}}
	var err error
	b.client, err = workflows.Dial(workflows.Options{
		Address: address, Names: true, Pages: "http://127.0.0.1:8233/", Identity: "signalbox", Log: quiet(),
	})
	require.NoError(t, err)
	t.Cleanup(b.client.Close)
	b.sdk, err = client.Dial(client.Options{HostPort: address, Logger: nothing{}, Identity: "a person"})
	require.NoError(t, err)
	t.Cleanup(b.sdk.Close)
	return b
}

// nothing is a log for the SDK that nobody reads.
type nothing struct{}

func (nothing) Debug(string, ...any) {}
func (nothing) Info(string, ...any)  {}
func (nothing) Warn(string, ...any)  {}
func (nothing) Error(string, ...any) {}

// run runs a part until the test, or what it gives back, ends it.
func run(t *testing.T, part interface{ Run(context.Context) error }) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- part.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("a part failed: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// work runs the control plane's worker and a pool's worker.
func (b *bench) work(t *testing.T) (stopPool func()) {
	t.Helper()
	run(t, workflows.Control(b.client, b, nil))
	return b.pool(t, 4)
}

// pool runs a worker of the pool.
func (b *bench) pool(t *testing.T, concurrency int) (stop func()) {
	t.Helper()
	pool, err := workflows.Pool(b.client, "builtin", "default", concurrency, b)
	require.NoError(t, err)
	return run(t, pool)
}

// Open lets attempts be taken, unless the test has shut the door.
func (b *bench) Open(ctx context.Context) (<-chan struct{}, error) {
	select {
	case shut := <-b.open:
		return shut, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (b *bench) Do(ctx context.Context, ref sb.AttemptRef) (told bool, err error) {
	b.began <- ref
	err = b.do(ctx, ref)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended[ref] = err == nil
	return b.told && err == nil, err
}

func (b *bench) Settle(_ context.Context, ref sb.AttemptRef, how workflows.How) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked[ref] = append(b.asked[ref], how.Sign)
	if how.Sign == workflows.Cancelled || how.Sign == workflows.HandedBack {
		return true, nil
	}
	return b.ended[ref], nil
}

func (b *bench) signs(ref sb.AttemptRef) []workflows.Sign {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.asked[ref]
}

// next is what comes next, which takes no long time.
func next[T any](t *testing.T, from <-chan T) (what T) {
	t.Helper()
	select {
	case what = <-from:
	case <-time.After(30 * time.Second):
		require.Fail(t, "nothing came")
	}
	return what
}

// wait is work that goes on until it is let go, or the test has ended: a part waits for its work before it stops.
func wait(t *testing.T, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-t.Context().Done():
	}
}

func aRun(id string) sb.Run {
	return sb.Run{
		ID: id, Attempt: 1, Operator: "@acme/tools/hello", Dataset: "Zürich by night", DatasetID: "01data",
		CreatedBy: sb.Who{ID: "01ana", Name: "Ana"}, Orchestrator: "builtin", Plugin: "@acme/tools", PluginVersion: "1.2.0", PluginRevision: 3,
	}
}

// closed waits until the run's workflow is closed.
func (b *bench) closed(t *testing.T, ref sb.AttemptRef) sb.CarrierState {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	_ = b.sdk.GetWorkflow(ctx, ref.Name(), "").Get(ctx, nil) // how it ended is for the test to judge
	state, err := b.client.State(t.Context(), ref)
	require.NoError(t, err)
	require.False(t, state.Open)
	return state
}

// keep writes the run's history for the replay tests, when asked to.
func (b *bench) keep(t *testing.T, ref sb.AttemptRef, name string) {
	t.Helper()
	if !*update {
		return
	}
	writeHistory(t, b.sdk, ref, filepath.Join("..", "testdata", name+".json"))
}
