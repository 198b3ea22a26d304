package process

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	sb "signalbox"
)

// again is how often what survived SIGKILL for a moment is looked for.
const again = 100 * time.Millisecond

// Shim is the main of the process that Executor starts: the parent of one operator. It reads its order from stdin,
// tells what happens on file 3 and returns the status to exit with. No signal ends it: it goes when the worker says
// so, or when it has told the end itself because the worker died. ctx must not end with a signal.
func Shim(ctx context.Context) int {
	// Before the order, whose token no other process of this account may read.
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
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
		_ = s.status.Encode(notBegun(err))
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
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := os.Chdir(s.order.Dir); err != nil {
		return err
	}
	searched := lookup(s.order.Env, "PATH")
	_ = os.Setenv("PATH", searched)
	path, err := find(s.order.Argv[0], searched)
	if err != nil {
		return err
	}
	if err := s.start(path, null); err != nil {
		return err
	}
	_ = unix.Dup2(int(null.Fd()), 1)
	_ = unix.Dup2(int(null.Fd()), 2)
	return nil
}

// start starts the operator's process, within its bound of memory.
func (s *shim) start(path string, stdin *os.File) error {
	fork := func() (err error) {
		s.ooms = s.oomKills()
		attr := &syscall.ProcAttr{
			Env: s.order.Env, Files: []uintptr{stdin.Fd(), 1, 2},
			Sys: &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, Credential: s.order.Account.credential()},
		}
		s.leader, err = syscall.ForkExec(path, s.order.Argv, attr)
		for _, other := range others(s.order.Argv[0], path, lookup(s.order.Env, "PATH")) {
			if !errors.Is(err, syscall.EACCES) {
				break
			}
			s.leader, err = syscall.ForkExec(other, s.order.Argv, attr)
		}
		if err != nil {
			return notStarted(s.order.Argv[0], path, err)
		}
		return nil
	}
	if s.order.Bound == nil {
		return fork()
	}
	err := s.order.Bound.around(fork)
	if err == nil {
		return nil
	}
	if s.leader > 0 { // the shim is caught in the bound of the run, and would die with it
		signalAll(s.leader, unix.SIGKILL)
	}
	_ = s.order.Bound.remove()
	if sb.CodeOf(err) == sb.Invalid {
		return err
	}
	return sb.Wrap(err, sb.Internal, "the worker could not bound the memory of the run: %v", err)
}

// oomKills counts kills for lack of memory: of the run, or where it has no bound of the worker's surroundings.
func (s *shim) oomKills() int64 {
	if s.order.Bound != nil {
		return s.order.Bound.kills()
	}
	return oomKills()
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
	said := status{}
	short := s.oomKills() > s.ooms
	if ws.Exited() {
		code := ws.ExitStatus()
		said.ExitCode = &code
		short = short && code != 0 && s.order.Bound != nil // whose processes were killed is known then
	} else if said.Signal = ws.Signal().String(); ws.Signal() == unix.SIGKILL && !s.killed && short {
		said.Signal = outOfMemory
	} else {
		short = false
	}
	if short && s.order.Bound != nil {
		said = s.order.Bound.blame(said)
	}
	return said
}

// finish tells the worker how it ended and waits until it has told the control plane. False: the worker died first.
func (s *shim) finish() bool {
	if s.order.Bound != nil {
		_ = s.order.Bound.remove() // what stays is swept by the worker
	}
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
