package process_test

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/executors/process"
)

// Servers of forks.
const (
	server = "import os\nfrom signalbox.fiftyone import forks\nforks.serve(lambda argv: os.execvp(argv[0], argv))"
	// Takes a job, and is gone.
	faithless = "import os, socket\nos.write(1, b'ready\\n')\nsocket.recv_fds(socket.socket(fileno=0), 1, 4)"
)

// forking executes jobs in processes that a server of the Python package has forked.
func forking(t *testing.T) *process.Executor {
	t.Helper()
	e := forker(server, 0)
	require.NoError(t, e.Warm())
	t.Cleanup(e.Close)
	return e
}

func forker(source string, grace time.Duration) *process.Executor {
	packages, err := filepath.Abs("../../sdk/python")
	if err != nil {
		panic(err)
	}
	e, err := process.New(process.Options{
		Shim: []string{os.Args[0]}, Env: []string{roleShim + "=1"}, Grace: grace,
		Forks: []string{"python3", "-c", source}, ForksEnv: []string{"PATH=" + os.Getenv("PATH"), "PYTHONPATH=" + packages},
	})
	if err != nil {
		panic(err) // it is only tried for another account
	}
	return e
}

// parentOf is a shell's word for the parent of a process.
const parentOf = "sed 's/.*) //' /proc/%/stat | cut -d' ' -f2"

func TestServerOfForksThatIsKilledTakesNothingAlong(t *testing.T) {
	t.Parallel()
	e := forking(t)
	fifo := filepath.Join(t.TempDir(), "go on")
	require.NoError(t, syscall.Mkfifo(fifo, 0o600))
	script := strings.ReplaceAll(parentOf, "%", "$PPID") + "; read x <'" + fifo + "'; exit 7"
	out, in := io.Pipe()
	job := shell(t, script)
	job.Forked, job.Stdout = true, in
	lines := bufio.NewReader(out)
	killed := make(chan int, 1)
	go func() {
		line, _ := lines.ReadString('\n')
		pid, _ := strconv.Atoi(strings.TrimSpace(line))
		if pid > 1 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		killed <- pid
		_ = os.WriteFile(fifo, []byte("x\n"), 0o600)
		_, _ = io.Copy(io.Discard, lines)
	}()
	require.Equal(t, 7, *run(t.Context(), t, e, job, nil).ExitCode)
	_ = in.Close()
	before := <-killed
	require.Greater(t, before, 1)

	var again strings.Builder
	job = shell(t, strings.ReplaceAll(parentOf, "%", "$PPID"))
	job.Forked, job.Stdout = true, &again
	require.Zero(t, *run(t.Context(), t, e, job, nil).ExitCode)
	next, err := strconv.Atoi(strings.TrimSpace(again.String()))
	require.NoError(t, err)
	require.NotEqual(t, before, next)
	require.NotEqual(t, os.Getpid(), next, "another server forks")
}

func TestJobGoesOnWithoutAServerThatDiedWithIt(t *testing.T) {
	t.Parallel()
	e := forker(faithless, 0)
	t.Cleanup(e.Close)
	var out strings.Builder
	job := shell(t, "echo once; exit 3")
	job.Forked, job.Stdout = true, &out
	starts := 0
	end := run(t.Context(), t, e, job, func() { starts++ })
	require.Equal(t, sb.End{ExitCode: end.ExitCode}, end)
	require.Equal(t, 3, *end.ExitCode)
	require.Equal(t, "once\n", out.String())
	require.Equal(t, 1, starts)
}
