package process

import (
	"bufio"
	"io"
	"net"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	sb "signalbox"
)

const (
	wordGo    = "go"             // let the process that was forked begin
	forksTime = 60 * time.Second // for a server to import what it has to
	forksRest = 30 * time.Second // after one that did not come up
	forksEnd  = 5 * time.Second  // from the end of its socket until it is killed
)

// DefaultFork is how long a server has to fork a process, or to have one ready that imports what it has to.
const DefaultFork = forksTime

// forks is a server that forks the shims of jobs from a process which has imported what they need. It is started when it
// is first wanted, and again when it has died or ended unused. What it forked does not need it.
type forks struct {
	options Options
	command []string
	ended   *sync.WaitGroup // servers

	mu     sync.Mutex
	socket *net.UnixConn // nil: it does not run
	server *os.Process
	again  time.Time // not before
	kept   bool      // also unused
	used   time.Time
	unused *time.Timer // ends it
}

// newForks gives a server that does not run yet.
func newForks(o Options, command []string, ended *sync.WaitGroup) *forks {
	f := &forks{options: o, command: command, ended: ended}
	f.unused = time.AfterFunc(o.Idle, f.rest)
	return f
}

// rest ends the server, unless it is to stay.
func (f *forks) rest() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.kept && time.Since(f.used) >= f.options.Idle {
		f.close()
	}
}

// use notes that the server is used now.
func (f *forks) use() {
	f.used = time.Now()
	f.unused.Reset(f.options.Idle)
}

// warm starts the server, to stay also unused.
func (f *forks) warm() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.kept = true
	return f.open()
}

// end ends the server.
func (f *forks) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.kept = false
	f.close()
}

// launch lets the server fork a shim that holds the ends of pipes.
func (f *forks) launch(p pipes) (*leash, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	defer f.use()
	for range 2 {
		if err := f.open(); err != nil {
			return nil, err
		}
		files := unix.UnixRights(int(p.controlIn.Fd()), int(p.statusIn.Fd()), int(p.stdoutIn.Fd()), int(p.stderrIn.Fd()))
		late := time.Now().Add(f.options.Fork)
		_ = f.socket.SetWriteDeadline(late)
		if _, _, err := f.socket.WriteMsgUnix([]byte{1}, files, nil); err == nil {
			_ = p.status.SetReadDeadline(late)
			_ = p.control.SetWriteDeadline(late)
			p.closeTheirs()
			return &leash{shim: &forked{server: f.server, abandon: f.abandon}, pipes: p}, nil
		}
		f.close() // it has died; another is started
	}
	return nil, sb.Errorf(sb.Unavailable, "the server of forks does not take the job")
}

// open starts the server unless it runs, and waits until it is ready.
func (f *forks) open() error {
	if f.socket != nil {
		return nil
	}
	if time.Now().Before(f.again) {
		return sb.Errorf(sb.Unavailable, "the server of forks did not come up a moment ago")
	}
	f.again = time.Now().Add(forksRest)
	socket, server, err := f.start()
	if err != nil {
		return err
	}
	f.socket, f.server, f.again = socket, server, time.Time{}
	return nil
}

// close closes the socket, so that the server ends. One that hangs is killed.
func (f *forks) close() {
	f.unused.Stop()
	if f.socket != nil {
		server := f.server
		time.AfterFunc(forksEnd, func() { _ = server.Kill() })
		_ = f.socket.Close()
		f.socket = nil
	}
}

// abandon ends a server that did not fork, unless another has taken its place.
func (f *forks) abandon(server *os.Process) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.server == server {
		f.close()
	}
}

// start starts the server as the operators' account. It ends when its socket closes.
func (f *forks) start() (*net.UnixConn, *os.Process, error) {
	ours, theirs, err := pair()
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = theirs.Close() }()
	cmd := exec.Command(f.command[0], f.command[1:]...) //nolint:noctx // it ends with its socket
	cmd.Env, cmd.Dir, cmd.Stdin = append([]string{}, f.options.ForksEnv...), "/", theirs
	cmd.Stderr, cmd.WaitDelay = f.options.ForksLog, forksEnd
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: f.options.Account.credential()}
	ready, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		_ = ours.Close()
		return nil, nil, err
	}
	if err := awaited(ready); err != nil {
		_ = ours.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return nil, nil, err
	}
	f.ended.Go(func() { _ = cmd.Wait() })
	return ours, cmd.Process, nil
}

// awaited waits for a server's word that it is ready.
func awaited(out io.Reader) error {
	said := make(chan error, 1)
	go func() {
		_, err := bufio.NewReader(out).ReadString('\n')
		said <- err
	}()
	select {
	case err := <-said:
		if err != nil {
			return sb.Wrap(err, sb.Unavailable, "the server of forks ended before it was ready")
		}
		return nil
	case <-time.After(forksTime):
		return sb.Errorf(sb.Unavailable, "the server of forks was not ready within %s", forksTime)
	}
}

// pair makes a socket with two ends.
func pair() (ours *net.UnixConn, theirs *os.File, err error) {
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	file := os.NewFile(uintptr(ends[0]), "forks")
	defer func() { _ = file.Close() }()
	conn, err := net.FileConn(file)
	if err != nil {
		_ = unix.Close(ends[1])
		return nil, nil, err
	}
	return conn.(*net.UnixConn), os.NewFile(uintptr(ends[1]), "forks"), nil
}

// forked is a shim that the server has forked, and so no child of this process.
type forked struct {
	shim    int // 0: it has said nothing yet
	server  *os.Process
	abandon func(server *os.Process)
}

func (f *forked) pid() int { return f.shim }

// wait ends the server when it has not forked the shim.
func (f *forked) wait() {
	if f.shim == 0 {
		f.abandon(f.server)
	}
}

func (*forked) refused() string { return "" } // a process begins only when it is let

// begin bounds the memory of the operator's process, which waits for that, and lets it begin.
func (f *forked) begin(l *leash, s status) error {
	f.shim = s.Shim
	_ = l.status.SetReadDeadline(time.Time{})
	_ = l.control.SetWriteDeadline(time.Time{})
	if l.bound != nil {
		if err := l.bound.take(s.PID); err != nil {
			return sb.Wrap(err, sb.Internal, "the worker could not bound the memory of the run: %v", err)
		}
	}
	l.say(wordGo)
	return nil
}

// judge tells whether the memory was short.
func (f *forked) judge(l *leash, s status) status {
	if l.bound == nil {
		return s
	}
	killed := s.Signal == unix.SIGKILL.String() || s.ExitCode != nil && *s.ExitCode != 0
	if killed && l.bound.kills() > 0 {
		s = l.bound.blame(s)
	}
	_ = l.bound.remove()
	return s
}
