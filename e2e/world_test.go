//go:build e2e

// Package e2e tests the real binary from end to end: its processes, its API, its command line, and what is left of
// everything after a kill -9.
package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/client"
	"signalbox/internal/freeport"
)

// patience bounds every wait of a test.
const patience = 6 * time.Minute

// binary is the program under test.
func binary(t *testing.T) string { return built(t, "signalbox") }

// faulty is the program with the fault points of the kill tests.
func faulty(t *testing.T) string { return built(t, "signalbox-fault") }

func built(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs("../bin/" + name)
	require.NoError(t, err)
	require.FileExists(t, path, "make e2e makes it")
	return path
}

// address is a free address on loopback.
func address(t *testing.T) string {
	t.Helper()
	port, err := freeport.Find(freeport.Loopback)
	require.NoError(t, err)
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}

// output keeps what a process says; safe for use by several goroutines.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{}
	gone chan struct{} // of the process
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.Write(p)
	close(o.more)
	o.more = make(chan struct{})
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// await waits until the process has said something.
func (o *output) await(t *testing.T, text string) {
	t.Helper()
	late := time.After(patience)
	for ended := false; ; {
		o.mu.Lock()
		said, more := strings.Contains(o.text.String(), text), o.more
		o.mu.Unlock()
		if said {
			return
		}
		require.False(t, ended, "it ended before it said %q, and said:\n%s", text, o)
		select {
		case <-more:
		case <-o.gone:
			ended = true
		case <-late:
			t.Fatalf("it did not say %q, but:\n%s", text, o)
		}
	}
}

// node is a running process of the program.
type node struct {
	t    *testing.T
	cmd  *exec.Cmd
	out  *output
	gone chan struct{}
	code int
}

// launch starts a process, which ends with the test.
func launch(t *testing.T, path string, env []string, args ...string) *node {
	t.Helper()
	gone := make(chan struct{})
	n := &node{t: t, cmd: exec.Command(path, args...), out: &output{more: make(chan struct{}), gone: gone}, gone: gone}
	n.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "TMPDIR=" + os.TempDir()}, env...)
	n.cmd.Stdout, n.cmd.Stderr = n.out, n.out
	n.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	require.NoError(t, n.cmd.Start())
	go func() {
		_ = n.cmd.Wait()
		n.code = n.cmd.ProcessState.ExitCode()
		close(n.gone)
	}()
	t.Cleanup(func() {
		n.kill()
		if t.Failed() {
			t.Logf("%v said:\n%s", args, tail(n.out.String(), 8000))
		}
	})
	return n
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }

// kill ends the process as kill -9 does.
func (n *node) kill() {
	_ = n.cmd.Process.Kill()
	<-n.gone
}

// end asks the process to end, and waits.
func (n *node) end() int {
	n.t.Helper()
	require.NoError(n.t, n.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-n.gone:
	case <-time.After(patience):
		n.t.Fatal("it does not end")
	}
	return n.code
}

// world is one installation, whose processes may be killed and started again.
type world struct {
	t      *testing.T
	dir    string
	env    []string
	url    string
	path   string // the program
	marks  marks
	client *client.Client
}

// newWorld prepares an installation; it starts nothing.
func newWorld(t *testing.T, env ...string) *world {
	t.Helper()
	listen := address(t)
	w := &world{t: t, dir: filepath.Join(t.TempDir(), "data"), url: "http://" + listen, path: binary(t), marks: marks(t.TempDir())}
	w.env = slices.Concat([]string{
		"SIGNALBOX_DATA_DIR=" + w.dir, "SIGNALBOX_LISTEN=" + listen, "SIGNALBOX_TEMPORAL_LISTEN=" + address(t),
		"SIGNALBOX_TEMPORAL_UI_LISTEN=", "SIGNALBOX_DEMO=0",
	}, w.marks.env(), env)
	return w
}

// dev starts everything in one process and waits until it is ready.
func (w *world) dev(env ...string) *node {
	w.t.Helper()
	return w.start("dev", env...)
}

// start starts a process that serves the API and waits until it is ready.
func (w *world) start(verb string, env ...string) *node {
	w.t.Helper()
	n := launch(w.t, w.path, slices.Concat(w.env, env), verb)
	w.ready(n)
	w.connect()
	return n
}

// ready waits for /readyz.
func (w *world) ready(n *node) {
	w.t.Helper()
	late := time.After(patience)
	for {
		answer, err := http.Get(w.url + "/readyz")
		if err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-n.gone:
			w.t.Fatalf("it ended with %d:\n%s", n.code, n.out)
		case <-late:
			w.t.Fatalf("it is not ready:\n%s", n.out)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// connect makes a client with the admin's key, once: a process that is started again is the same server.
func (w *world) connect() {
	w.t.Helper()
	if w.client != nil {
		return
	}
	var err error
	w.client, err = client.New(client.Options{URL: w.url, Key: w.adminKey()})
	require.NoError(w.t, err)
}

// adminKey is the key that the first start has left in the data folder.
func (w *world) adminKey() string {
	w.t.Helper()
	key, err := os.ReadFile(filepath.Join(w.dir, "admin.key"))
	require.NoError(w.t, err)
	return strings.TrimSpace(string(key))
}

// cli runs a client's verb as a user would, and gives what it says and its exit code.
func (w *world) cli(args ...string) (string, int) {
	w.t.Helper()
	return w.exec(append(args, "--url", w.url)...)
}

// exec runs a verb to its end.
func (w *world) exec(args ...string) (string, int) {
	w.t.Helper()
	cmd := exec.Command(w.path, args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + w.t.TempDir()}, w.env...)
	var out, wrong bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &wrong
	err := cmd.Run()
	if cmd.ProcessState == nil {
		w.t.Fatal(err)
	}
	return out.String() + wrong.String(), cmd.ProcessState.ExitCode()
}

// install installs a plugin that comes with the program.
func (w *world) install(name string) {
	w.t.Helper()
	out, code := w.cli("plugins", "install", "--builtin", name, "--overwrite")
	require.Zero(w.t, code, out)
}

// schedule schedules a run.
func (w *world) schedule(operator string, params any) client.Run {
	w.t.Helper()
	raw, err := json.Marshal(params)
	require.NoError(w.t, err)
	if params == nil {
		raw = nil
	}
	run, err := w.client.Runs.Schedule(w.t.Context(), client.Draft{Operator: operator, Params: raw})
	require.NoError(w.t, err)
	return run
}

// await waits until a run is what the condition says.
func (w *world) await(id, what string, is func(client.Run) bool) client.Run {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	var last client.Run
	for {
		run, err := w.client.Runs.Get(ctx, id)
		if err == nil {
			if last = run; is(run) {
				return run
			}
		}
		select {
		case <-ctx.Done():
			w.t.Fatalf("run %s is not %s: %s %+v %+v (%v)", id, what, last.Status, last.Failure, last.Work, err)
		case <-time.After(25 * time.Millisecond):
		}
	}
}

// over waits until a run is over and its work has ended.
func (w *world) over(id string) client.Run {
	w.t.Helper()
	return w.await(id, "over", func(r client.Run) bool {
		return r.Status.Terminal() && (r.Work.State == sb.WorkEnded || r.Work.State == sb.WorkNone)
	})
}

// status waits for a status.
func (w *world) status(id string, s sb.Status) client.Run {
	w.t.Helper()
	return w.await(id, string(s), func(r client.Run) bool { return r.Status == s })
}
