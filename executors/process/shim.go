package process

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// again is how often what survived SIGKILL for a moment is looked for.
const again = 100 * time.Millisecond

// Shim is the main of the process that Executor starts: the parent of one operator. It reads its order from stdin,
// tells what happens on file 3 and returns the status to exit with. No signal ends it: it goes when the worker says
// so, or when it has told the end itself because the worker died. ctx must not end with a signal.
func Shim(ctx context.Context) int {
	runtime.LockOSThread() // the kernel sends the parent-death signal when the thread that forked ends
	signal.Notify(make(chan os.Signal, 1), unix.SIGTERM, unix.SIGINT, unix.SIGHUP, unix.SIGQUIT, unix.SIGPIPE)
	unix.CloseOnExec(3)
	_ = unix.CloseRange(3, ^uint(0), unix.CLOSE_RANGE_CLOEXEC) // what the worker itself was started with
	s := &shim{status: json.NewEncoder(os.NewFile(3, "status")), children: make(chan os.Signal, 1)}
	signal.Notify(s.children, unix.SIGCHLD)

	control := bufio.NewReader(os.Stdin)
	if err := json.NewDecoder(lineReader{control}).Decode(&s.order); err != nil {
		return 2
	}
	if err := s.begin(); err != nil {
		_ = s.status.Encode(status{Error: err.Error()})
		return 1
	}
	_ = s.status.Encode(status{PID: s.leader})
	s.control = words(control)
	s.watch()
	if s.finish() {
		return 0
	}
	return tell(ctx, s.order, s.ended.lost())
}

// shim is the state of one.
type shim struct {
	order    order
	status   *json.Encoder
	control  <-chan string
	children chan os.Signal

	leader int
	gone   bool // the leader has exited
	ended  status
	lost   bool // the worker died
	killed bool // we sent SIGKILL
	kill   <-chan time.Time
	ooms   int64 // kills for lack of memory before the start
}

// begin starts the operator. The shim then holds none of its output open.
func (s *shim) begin() error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return err
	}
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) // keeps other processes of this user away from the token
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := os.Chdir(s.order.Dir); err != nil {
		return err
	}
	_ = os.Setenv("PATH", lookup(s.order.Env, "PATH"))
	path, err := exec.LookPath(s.order.Argv[0])
	if err != nil {
		return err
	}
	s.ooms = oomKills()
	s.leader, err = syscall.ForkExec(path, s.order.Argv, &syscall.ProcAttr{
		Env: s.order.Env, Files: []uintptr{null.Fd(), 1, 2},
		Sys: &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL},
	})
	if err != nil {
		return &os.PathError{Op: "start", Path: path, Err: err}
	}
	_ = unix.Dup2(int(null.Fd()), 1)
	_ = unix.Dup2(int(null.Fd()), 2)
	return nil
}

// watch returns when nothing that the operator started is left.
func (s *shim) watch() {
	for !s.reap() {
		select {
		case <-s.children:
		case word, ok := <-s.control:
			if !ok {
				s.lost, s.control = true, nil
			}
			if !ok || word == wordStop {
				s.terminate()
			}
		case <-s.kill:
			s.killed = s.killed || !s.gone
			signalAll(s.leader, unix.SIGKILL)
			s.kill = time.After(again)
		}
	}
}

// reap collects what has exited, and tells whether nothing is left.
func (s *shim) reap() (none bool) {
	for {
		var ws syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &ws, syscall.WNOHANG, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case err != nil:
			return true
		case pid == 0:
			if s.gone {
				s.terminate()
			}
			return false
		case pid == s.leader:
			s.gone = true
			s.ended = s.statusOf(ws)
		}
	}
}

// terminate asks all that is left to end, once, and sets the time of the kill.
func (s *shim) terminate() {
	if s.kill != nil {
		return
	}
	signalAll(s.leader, unix.SIGTERM)
	s.kill = time.After(s.order.Grace)
}

func (s *shim) statusOf(ws syscall.WaitStatus) status {
	if ws.Exited() {
		code := ws.ExitStatus()
		return status{ExitCode: &code}
	}
	if ws.Signal() == unix.SIGKILL && !s.killed && oomKills() > s.ooms {
		return status{Signal: "out of memory"}
	}
	return status{Signal: ws.Signal().String()}
}

// finish tells the worker how it ended and waits until it has told the control plane. False: the worker died first.
func (s *shim) finish() bool {
	if s.lost || s.status.Encode(s.ended) != nil {
		return false
	}
	for word := range s.control {
		if word == wordTold {
			return true
		}
	}
	return false
}

// words gives the lines that come, and closes when the pipe does.
func words(r *bufio.Reader) <-chan string {
	c := make(chan string)
	go func() {
		defer close(c)
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			c <- line[:len(line)-1]
		}
	}()
	return c
}

// lineReader gives one line at most a Read, so that a decoder takes none of the words that follow.
type lineReader struct{ *bufio.Reader }

// Read gives the rest of the current line, or a part of it.
func (l lineReader) Read(p []byte) (int, error) {
	for i := range p {
		b, err := l.ReadByte()
		if err != nil {
			return i, err
		}
		if p[i] = b; b == '\n' {
			return i + 1, nil
		}
	}
	return len(p), nil
}

var _ io.Reader = lineReader{}
