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
	// Takes no job, and does not end by itself.
	hanging = "import os, time\nos.write(1, b'ready\\n')\ntime.sleep(1000)"
	// Has a process ready before each job, which notes that it is, and whose threads would not survive a fork.
	spares = "import os, threading, time\nfrom signalbox.fiftyone import forks\n" +
		"def load():\n    threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()\n" +
		"forks.spare(load, lambda argv: os.execvp(argv[0], argv))"
)

// serving is the command of a server.
func serving(source string) []string { return []string{"python3", "-c", source} }

// forking executes jobs in processes that a server of the Python package has forked.
func forking(t *testing.T, command []string) *process.Executor {
	t.Helper()
	e := forker(process.Options{})
	require.NoError(t, e.Warm(command))
	t.Cleanup(e.Close)
	return e
}

// forker executes jobs, within bounds.
func forker(o process.Options) *process.Executor {
	packages, err := filepath.Abs("../../sdk/python")
	if err != nil {
		panic(err)
	}
	o.Shim, o.Env = []string{os.Args[0]}, []string{roleShim + "=1"}
	o.ForksEnv = []string{"PATH=" + os.Getenv("PATH"), "PYTHONPATH=" + packages}
	e, err := process.New(o)
	if err != nil {
		panic(err) // it is only tried for another account
	}
	return e
}

// parentOf is a shell's word for the parent of a process.
const parentOf = "sed 's/.*) //' /proc/%/stat | cut -d' ' -f2"

func TestServerOfForksThatIsKilledTakesNothingAlong(t *testing.T) {
	t.Parallel()
	e := forking(t, serving(server))
	fifo := filepath.Join(t.TempDir(), "go on")
	require.NoError(t, syscall.Mkfifo(fifo, 0o600))
	script := strings.ReplaceAll(parentOf, "%", "$PPID") + "; read x <'" + fifo + "'; exit 7"
	out, in := io.Pipe()
	job := shell(t, script)
	job.Forks, job.Stdout = serving(server), in
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
	job.Forks, job.Stdout = serving(server), &again
	require.Zero(t, *run(t.Context(), t, e, job, nil).ExitCode)
	next, err := strconv.Atoi(strings.TrimSpace(again.String()))
	require.NoError(t, err)
	require.NotEqual(t, before, next)
	require.NotEqual(t, os.Getpid(), next, "another server forks")
}

func TestJobGoesOnWithoutAServerThatDiedWithIt(t *testing.T) {
	t.Parallel()
	e := forker(process.Options{})
	t.Cleanup(e.Close)
	var out strings.Builder
	job := shell(t, "echo once; exit 3")
	job.Forks, job.Stdout = serving(faithless), &out
	starts := 0
	end := run(t.Context(), t, e, job, func() { starts++ })
	require.Equal(t, sb.End{ExitCode: end.ExitCode}, end)
	require.Equal(t, 3, *end.ExitCode)
	require.Equal(t, "once\n", out.String())
	require.Equal(t, 1, starts)
}

func TestJobGoesOnWithoutAServerThatHangs(t *testing.T) {
	t.Parallel()
	e := forker(process.Options{Fork: 100 * time.Millisecond})
	t.Cleanup(e.Close)
	file := filepath.Join(t.TempDir(), "pid")
	hangs := serving("import os\nopen('" + file + "', 'w').write(str(os.getpid()))\n" + hanging)
	var out strings.Builder
	job := shell(t, "echo once; exit 3")
	job.Forks, job.Stdout = hangs, &out
	require.Equal(t, 3, *run(t.Context(), t, e, job, nil).ExitCode)
	require.Equal(t, "once\n", out.String())
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	pid, err := strconv.Atoi(string(text))
	require.NoError(t, err)
	ends(t, pid)
}

func TestASpareProcessIsReadyBeforeItsJobAndGoesWithItsServer(t *testing.T) {
	t.Parallel()
	fifo := filepath.Join(t.TempDir(), "ready")
	require.NoError(t, syscall.Mkfifo(fifo, 0o600))
	command := serving("import os\nfrom signalbox.fiftyone import forks\n" +
		"def load():\n    open('" + fifo + "', 'w').write(f'{os.getpid()}\\n')\n" +
		"forks.spare(load, lambda argv: print(os.getpid(), flush=True) or 7)")
	e := forking(t, command)
	ready := func() string {
		text, err := os.ReadFile(fifo)
		require.NoError(t, err)
		return string(text)
	}
	spare := ready()
	var out strings.Builder
	job := shell(t, "")
	job.Forks, job.Stdout = command, &out
	require.Equal(t, 7, *run(t.Context(), t, e, job, nil).ExitCode)
	require.Equal(t, spare, out.String())
	next, err := strconv.Atoi(strings.TrimSpace(ready()))
	require.NoError(t, err)
	e.Close()
	ends(t, next)
}

func TestASpareProcessThatCannotBeMadeReadyTellsItsJobWhy(t *testing.T) {
	t.Parallel()
	command := serving("from signalbox.fiftyone import forks\ndef load():\n    raise ImportError('no such module')\n" +
		"forks.spare(load, lambda argv: 0)")
	e := forking(t, command)
	var out strings.Builder
	job := shell(t, "")
	job.Forks, job.Stderr = command, &out
	require.Equal(t, 1, *run(t.Context(), t, e, job, nil).ExitCode)
	require.Contains(t, out.String(), "ImportError: no such module")
}

func TestASpareProcessThatDiedFailsNoJob(t *testing.T) {
	t.Parallel()
	command := serving("import os\nfrom signalbox.fiftyone import forks\n" +
		"forks.spare(lambda: os._exit(0), lambda argv: 0)")
	e := forking(t, command)
	fork(t, e, command) // whenever it died
	fork(t, e, command)
}

// noted is a server that notes each of its processes in a file, and what was noted there.
func noted(t *testing.T) (command []string, pids func() []int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "pids")
	return serving("import os\nopen('" + file + "', 'a').write(f'{os.getpid()}\\n')\n" + server), func() (pids []int) {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for line := range strings.Lines(string(text)) {
			pid, err := strconv.Atoi(strings.TrimSpace(line))
			require.NoError(t, err)
			pids = append(pids, pid)
		}
		return pids
	}
}

// fork has a job forked by a server.
func fork(t *testing.T, e *process.Executor, command []string) {
	t.Helper()
	job := shell(t, "exit 7")
	job.Forks = command
	require.Equal(t, 7, *run(t.Context(), t, e, job, nil).ExitCode)
}

// ends waits for the end of a process.
func ends(t *testing.T, pid int) {
	t.Helper()
	require.Eventually(t, func() bool { return syscall.Kill(pid, 0) != nil }, patience, 10*time.Millisecond)
}

func TestServerThatIsNotWantedEndsAndComesBack(t *testing.T) {
	t.Parallel()
	e := forker(process.Options{Idle: 50 * time.Millisecond})
	t.Cleanup(e.Close)
	warm, stayed := noted(t)
	require.NoError(t, e.Warm(warm))
	other, started := noted(t)
	fork(t, e, other)
	ends(t, started()[0])
	fork(t, e, other)
	require.Len(t, started(), 2)
	fork(t, e, warm)
	require.Len(t, stayed(), 1, "what is kept warm stays")
}

func TestOfTooManyServersTheOneNotWantedForLongestEnds(t *testing.T) {
	t.Parallel()
	e := forker(process.Options{Servers: 2})
	t.Cleanup(e.Close)
	one, first := noted(t)
	two, second := noted(t)
	three, third := noted(t)
	for _, server := range [][]string{one, two, one, three} {
		fork(t, e, server)
	}
	ends(t, second()[0])
	fork(t, e, one)
	fork(t, e, three)
	require.Len(t, append(first(), third()...), 2, "the others stay")
}
