package process_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/executors/process"
)

// another is an account that is not ours.
func another(t *testing.T) *process.Account {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root may start processes of another account")
	}
	a, err := process.LookUp("nobody")
	require.NoError(t, err)
	return a
}

// itself starts this test binary, also where another account cannot reach its folder.
var itself = []string{"/proc/self/exe"}

func TestAccounts(t *testing.T) {
	t.Parallel()
	own, err := process.LookUp(fmt.Sprint(os.Geteuid()))
	require.NoError(t, err)
	require.Nil(t, own, "there is nothing to change")
	_, err = process.LookUp("there-is-no-such-account")
	require.Equal(t, sb.Invalid, sb.CodeOf(err))
	require.ErrorContains(t, err, `there is no account "there-is-no-such-account" on this machine`)
}

func TestOperatorOfAnotherAccount(t *testing.T) {
	t.Parallel()
	account := another(t)
	secret := filepath.Join(t.TempDir(), "worker.key")
	require.NoError(t, os.WriteFile(secret, []byte("sbo_key"), 0o600))
	e, err := process.New(process.Options{Shim: itself, Env: []string{roleShim + "=1"}, Account: account, Folder: "/", Grace: 300 * time.Millisecond})
	require.NoError(t, err)
	var out strings.Builder
	job := shell(t, fmt.Sprintf(`id -u; id -g; id -G
		for f in %s /proc/$PPID/environ /proc/%d/environ /proc/$PPID/mem; do (read x <$f) 2>/dev/null && echo "$f can be read"; done
		kill -0 $PPID 2>/dev/null && echo the shim can be reached
		ls /proc/self/fd | tr '\n' ' '`, secret, os.Getpid()))
	job.Dir, job.Stdout, job.Stderr = "/", &out, &out
	end := run(t.Context(), t, e, job, nil)
	require.Equal(t, 0, *end.ExitCode, out.String())
	groups := strings.Trim(strings.ReplaceAll(fmt.Sprint(account.Groups), ",", ""), "[]")
	require.Equal(t, fmt.Sprintf("%d\n%d\n%s\n0 1 2 3 ", account.UID, account.GID, groups), out.String())

	hang := shell(t, "trap '' TERM; while :; do sleep 1000; done")
	hang.Dir = "/"
	require.Equal(t, "killed", stopped(t, e, hang).Signal, "the shim may still end it")
}

func TestAccountThatCannotDoTheWork(t *testing.T) {
	t.Parallel()
	account := another(t)
	closed := t.TempDir()
	require.NoError(t, os.Chmod(closed, 0o700))
	_, err := process.New(process.Options{Shim: itself, Env: []string{roleShim + "=1"}, Account: account, Folder: closed})
	require.Equal(t, sb.Invalid, sb.CodeOf(err))
	require.ErrorContains(t, err, "operators cannot run as nobody: that account cannot reach the worker's folder "+closed)
}

// A shim's memory and environment are closed to other processes of its own account, such as its operator.
func TestShimIsNotDumpable(t *testing.T) {
	t.Parallel()
	account := another(t)
	cmd := exec.CommandContext(t.Context(), itself[0])
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), roleWorker + `=(read x </proc/$PPID/environ) 2>/dev/null && echo open || echo shut`}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: account.UID, Gid: account.GID}}
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	require.True(t, lines.Scan())
	require.Equal(t, "shut", lines.Text())
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
}

// bounded is an executor that bounds memory, where this machine lets it.
func bounded(t *testing.T, bytes int64) *process.Executor {
	t.Helper()
	e, err := process.New(process.Options{
		Shim: []string{os.Args[0]}, Env: []string{roleShim + "=1"}, Memory: bytes, Worker: "test " + t.Name(),
	})
	require.NoError(t, err)
	if err := e.Bound(); err != nil {
		t.Skipf("memory cannot be bounded here: %v", err)
	}
	return e
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	const hog = "tail /dev/zero" // it keeps the whole of its last line
	cases := []struct {
		name, script string
		check        func(*testing.T, sb.End)
	}{
		{"a process that wants more is killed", "exec " + hog, func(t *testing.T, e sb.End) {
			require.Equal(t, "out of memory", e.Signal)
			require.Equal(t, "killed by signal: out of memory: a run may use 48 MiB of memory here (SIGNALBOX_WORKER_MEMORY)", e.String())
		}},
		{"a child that wants more is killed", hog + "; exit 9", func(t *testing.T, e sb.End) {
			require.Contains(t, e.String(), "killed by signal: out of memory")
			require.Contains(t, e.String(), "48 MiB")
		}},
		{"a process that needs less is not", "echo fine", func(t *testing.T, e sb.End) { require.Equal(t, "exit status 0", e.String()) }},
		{"another end has nothing to do with it", "kill -9 $$", func(t *testing.T, e sb.End) {
			require.Equal(t, "killed by signal: killed", e.String())
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := bounded(t, 48<<20)
			job := shell(t, c.script)
			job.Run = "R"
			var groups []byte
			c.check(t, run(t.Context(), t, e, job, func() { groups, _ = os.ReadFile("/proc/self/cgroup") }))
			require.NotContains(t, string(groups), "test=20", "the worker itself is not bounded")
			left, err := filepath.Glob("/sys/fs/cgroup/*/*/*/signalbox-" + sb.SafeElement("test "+t.Name()) + "-*")
			require.NoError(t, err)
			require.Empty(t, left, "the control group is removed")
		})
	}
}

// stopped executes a job until it is stopped after its start.
func stopped(t *testing.T, e *process.Executor, job sb.Job) sb.End {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	job.Stdout, job.Stderr = io.Discard, io.Discard
	return run(ctx, t, e, job, stop)
}

// The account may reach less of the PATH than the worker, which must not hide what it does reach.
func TestProgramOfAnotherAccountIsTheFirstItMayExecute(t *testing.T) {
	t.Parallel()
	e, err := process.New(process.Options{Shim: itself, Env: []string{roleShim + "=1"}, Account: another(t)})
	require.NoError(t, err)
	hidden := t.TempDir()
	require.NoError(t, os.Chmod(hidden, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(hidden, "id"), []byte("#!/bin/sh\nexit 9\n"), 0o755))
	job := shell(t, "", "PATH="+hidden+":/usr/bin:/bin")
	job.Dir, job.Command, job.Env = "/", []string{"id"}, job.Env[1:]
	require.Equal(t, 0, *run(t.Context(), t, e, job, nil).ExitCode)

	job.Env = []string{"PATH=" + hidden}
	job.Attempt++
	_, err = e.Execute(t.Context(), job, func() {})
	require.Equal(t, sb.Invalid, sb.CodeOf(err))
	require.ErrorContains(t, err, "was found as "+hidden+"/id, but the account of the operators may not execute it, or not its interpreter /bin/sh.")
}
