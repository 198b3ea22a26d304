package process_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	sb "signalbox"
	"signalbox/executors/executortest"
	"signalbox/executors/process"
)

// How the test binary knows that it is to be something else.
const (
	roleShim   = "SIGNALBOX_TEST_SHIM"
	roleWorker = "SIGNALBOX_TEST_WORKER"
	roleForked = "SIGNALBOX_TEST_FORKED" // the worker's jobs are
	patience   = 30 * time.Second
)

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(roleShim) != "":
		os.Exit(process.Shim(context.Background()))
	case os.Getenv(roleWorker) != "":
		os.Exit(beWorker())
	}
	goleak.VerifyTestMain(m)
}

func executor(grace time.Duration) *process.Executor {
	e, err := process.New(process.Options{Shim: []string{os.Args[0]}, Env: []string{roleShim + "=1"}, Grace: grace})
	if err != nil {
		panic(err) // it is only tried for another account
	}
	return e
}

func shell(t *testing.T, script string, env ...string) sb.Job {
	t.Helper()
	return sb.Job{
		Process: sb.Process{AttemptRef: sb.AttemptRef{Run: t.Name() + script, Attempt: 1}, Source: sb.MainSource},
		Command: []string{"sh", "-c", script}, Dir: t.TempDir(), Env: append([]string{"PATH=" + os.Getenv("PATH")}, env...),
		Stdout: io.Discard, Stderr: io.Discard,
	}
}

func TestContract(t *testing.T) {
	t.Parallel()
	scripts := map[string]string{
		executortest.OK:   "exit 0",
		executortest.Fail: "echo broken >&2; exit 3",
		executortest.Log:  "i=0; while [ $i -lt 1000 ]; do echo line $i; i=$((i+1)); done",
		executortest.Hang: "while :; do sleep 1000; done",
		executortest.Die:  "kill -9 $$",
	}
	for name, forks := range map[string][]string{
		"by a shim": nil, "forked": serving(server), "by a spare process": serving(spares),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			open := func(*testing.T) *process.Executor { return executor(0) }
			if forks != nil {
				open = func(t *testing.T) *process.Executor { t.Helper(); return forking(t, forks) }
			}
			contract(t, scripts, open, forks)
		})
	}
}

func contract(t *testing.T, scripts map[string]string, open func(*testing.T) *process.Executor, forks []string) {
	t.Helper()
	executortest.Run(t, func(t *testing.T) executortest.Subject {
		var n atomic.Int32
		return executortest.Subject{Executor: open(t), Job: func(t *testing.T, name string) sb.Job {
			job := shell(t, scripts[name])
			job.Forks = forks
			job.Attempt = int(n.Add(1))
			if name == executortest.Refuse {
				job.Command, job.Dir = []string{"there-is-no-such-command"}, "/there/is/no/such/folder"
			}
			return job
		}}
	})
}

// run executes a job to its end.
func run(ctx context.Context, t *testing.T, e *process.Executor, job sb.Job, began func()) sb.End {
	t.Helper()
	end, err := e.Execute(ctx, job, func() {
		if began != nil {
			began()
		}
	})
	require.NoError(t, err)
	e.Told(job.Process)
	return end
}

func TestProcessGetsItsEnvironmentFolderAndNoInput(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	job := shell(t, `pwd; env | sort; read x || echo no input; ls /proc/self/fd | tr '\n' ' '`, "A=1", "SIGNALBOX_TOKEN=t")
	job.Stdout = &out
	run(t.Context(), t, executor(0), job, nil)
	lines := strings.Split(out.String(), "\n")
	require.Equal(t, job.Dir, lines[0])
	require.Contains(t, lines, "A=1")
	require.Contains(t, lines, "no input")
	require.NotContains(t, out.String(), roleShim, "the shim's own environment stays there")
	require.Equal(t, "0 1 2 3 ", lines[len(lines)-1], "3 is what ls itself opened")
}

func TestGroup(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, script string
		stop         bool
		signal       string
	}{
		// A leader opens F too before it exits, so that the test's end of it is open in any case.
		{"a child that goes on after its parent is ended", "sleep 1000 >F & : >F; exit 0", false, ""},
		{"a child that forked twice into another session is ended", "setsid sh -c 'sleep 1000 >F & exit 0'; : >F; exit 0", false, ""},
		{"a child that ignores SIGTERM is killed", "(trap '' TERM; while :; do sleep 1000; done) >F & : >F; exit 0", false, ""},
		{"a stop reaches the whole group", "sleep 1000 >F & sleep 1000", true, "terminated"},
		{"a leader that ignores SIGTERM is killed", "trap '' TERM; while :; do sleep 1000 >F; done", true, "killed"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			fifo := filepath.Join(t.TempDir(), "alive")
			require.NoError(t, syscall.Mkfifo(fifo, 0o600))
			held := make(chan struct{})
			gone := make(chan struct{})
			go holders(fifo, held, gone)

			ctx, stop := context.WithTimeout(t.Context(), patience)
			defer stop()
			go func() {
				<-held
				if c.stop {
					stop()
				}
			}()
			job := shell(t, strings.ReplaceAll(c.script, ">F", ">"+fifo))
			end := run(ctx, t, executor(300*time.Millisecond), job, nil)
			require.Equal(t, c.signal, end.Signal)
			<-gone
		})
	}
}

// holders closes held when a process has the pipe open, and gone when none has any more.
func holders(fifo string, held, gone chan<- struct{}) {
	f, err := os.OpenFile(fifo, os.O_RDONLY, 0)
	if err != nil {
		return
	}
	close(held)
	_, _ = io.Copy(io.Discard, f)
	_ = f.Close()
	close(gone)
}

func TestShimThatIsKilledTakesItsProcessAlong(t *testing.T) {
	t.Parallel()
	fifo := filepath.Join(t.TempDir(), "alive")
	require.NoError(t, syscall.Mkfifo(fifo, 0o600))
	held, gone := make(chan struct{}), make(chan struct{})
	go holders(fifo, held, gone)

	out, in := io.Pipe()
	job := shell(t, "sleep 1000 >"+fifo+" & echo $PPID; wait")
	job.Stdout = in
	go func() {
		line, _ := bufio.NewReader(out).ReadString('\n')
		<-held
		shim, _ := strconv.Atoi(strings.TrimSpace(line))
		_ = syscall.Kill(shim, syscall.SIGKILL)
		_, _ = io.Copy(io.Discard, out)
	}()
	end := run(t.Context(), t, executor(0), job, nil)
	_ = in.Close()
	require.True(t, end.WorkerLost)
	require.Contains(t, end.Reason, "shim")
	<-gone
}

func TestSignalsDoNotEndTheShim(t *testing.T) {
	t.Parallel()
	job := shell(t, "kill -TERM $PPID; kill -INT $PPID; kill -HUP $PPID; exit 7")
	end := run(t.Context(), t, executor(0), job, nil)
	require.Equal(t, 7, *end.ExitCode)
}

// A worker that is killed leaves no process behind, and its shim tells the control plane.
func TestWorkerThatIsKilled(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, script string
		forked       bool
		refusals     int
		reason       string
	}{
		{"while the process runs", "echo begun; (setsid sleep 1000 >F &) ; sleep 1000 >F", false, 0, "the worker died; its process was ended"},
		{"while a forked process runs", "echo begun; (setsid sleep 1000 >F &) ; sleep 1000 >F", true, 0, "the worker died; its process was ended"},
		{"while the control plane is away for a moment", "echo begun; sleep 1000 >F", false, 3, "the worker died; its process was ended"},
		{"while the control plane is away for a forked process", "echo begun; sleep 1000 >F", true, 3, "the worker died; its process was ended"},
		{"after the process has ended", "echo begun; exit 0", false, 0, "the worker died before it could tell how the work ended: exit status 0"},
		{"after a forked process has ended", "echo begun; exit 0", true, 0, "the worker died before it could tell how the work ended: exit status 0"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			api := newControlPlane(t, c.refusals)
			fifo := filepath.Join(t.TempDir(), "alive")
			require.NoError(t, syscall.Mkfifo(fifo, 0o600))
			held, gone := make(chan struct{}), make(chan struct{})
			go holders(fifo, held, gone)

			worker := startWorker(t, api.URL, strings.ReplaceAll(c.script, ">F", ">"+fifo), c.forked)
			if strings.Contains(c.script, ">F") {
				<-held
			} else {
				worker.wait("ended")
			}
			require.NoError(t, worker.cmd.Process.Kill())
			_ = worker.cmd.Wait()

			end := <-api.ends
			require.True(t, end.WorkerLost)
			require.Equal(t, c.reason, end.Reason)
			if strings.Contains(c.script, ">F") {
				<-gone
			} else {
				f, err := os.OpenFile(fifo, os.O_WRONLY, 0) // lets holders go
				require.NoError(t, err)
				_ = f.Close()
			}
		})
	}
}

// others are answers of a control plane in trouble, and of what may stand before it. None of them is final.
var others = []func(http.ResponseWriter){
	func(w http.ResponseWriter) { say(w, http.StatusServiceUnavailable, "application/problem+json") },
	func(w http.ResponseWriter) { say(w, http.StatusNotFound, "text/html") },
	func(w http.ResponseWriter) {
		w.Header().Set("Location", "/login")
		say(w, http.StatusFound, "text/html")
	},
}

func say(w http.ResponseWriter, status int, kind string) {
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
}

// controlPlane hears the ends that shims tell.
type controlPlane struct {
	*httptest.Server
	ends chan sb.EndRequest
}

func newControlPlane(t *testing.T, refusals int) controlPlane {
	t.Helper()
	c := controlPlane{ends: make(chan sb.EndRequest, 1)}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refusals > 0 {
			refusals--
			others[refusals%len(others)](w)
			return
		}
		var end sb.EndRequest
		ok := r.URL.Path == "/api/v1/work/R/end" && r.Header.Get("Authorization") == "Bearer secret"
		if !ok || json.NewDecoder(r.Body).Decode(&end) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		c.ends <- end
	}))
	t.Cleanup(c.Close)
	return c
}

type workerProcess struct {
	t   *testing.T
	cmd *exec.Cmd
	out *bufio.Scanner
}

// startWorker starts this binary as a worker that executes one script and then stays.
func startWorker(t *testing.T, url, script string, forked bool) workerProcess {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), roleWorker+"="+script, "SIGNALBOX_URL="+url)
	if forked {
		cmd.Env = append(cmd.Env, roleForked+"=1")
	}
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	return workerProcess{t, cmd, bufio.NewScanner(out)}
}

func (w workerProcess) wait(line string) {
	w.t.Helper()
	for w.out.Scan() {
		if w.out.Text() == line {
			return
		}
	}
	require.Fail(w.t, "the worker ended early")
}

func beWorker() int {
	job := sb.Job{
		Process:  sb.Process{AttemptRef: sb.AttemptRef{Run: "R", Attempt: 1}, Source: sb.MainSource},
		EndToken: "secret",
		Command:  []string{"sh", "-c", os.Getenv(roleWorker)}, Dir: "/", Stdout: os.Stdout, Stderr: os.Stderr,
		Env: []string{
			"PATH=" + os.Getenv("PATH"), "SIGNALBOX_URL=" + os.Getenv("SIGNALBOX_URL"),
			"SIGNALBOX_RUN_ID=R", "SIGNALBOX_TOKEN=the operator's",
		},
	}
	e := executor(time.Second)
	if os.Getenv(roleForked) != "" {
		e, job.Forks = forker(process.Options{Grace: time.Second}), serving(server)
	}
	if _, err := e.Execute(context.Background(), job, func() {}); err != nil {
		return 1
	}
	_, _ = io.WriteString(os.Stdout, "ended\n")
	select {}
}
