// Package process executes work as a process of this machine.
//
// Each operator runs under a shim, a second process of this program that is the parent of the operator and leads a
// session of its own. The shim holds a pipe to the worker. When the worker dies the pipe closes: the shim ends
// everything the operator started and tells the control plane itself, so that no work outlives its worker unseen. It
// is a child subreaper: what the operator started cannot leave it, not by forking twice and not by a new session.
//
// It needs Linux.
package process

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	sb "signalbox"
)

// DefaultGrace is how long a process has between SIGTERM and SIGKILL.
const DefaultGrace = 10 * time.Second

// Options say how to start the shim.
type Options struct {
	Shim  []string      // the command whose main calls Shim, such as {"/usr/bin/signalbox", "exec"}
	Env   []string      // of the shim itself: what it needs to reach the control plane, such as SSL_CERT_FILE
	Grace time.Duration // between SIGTERM and SIGKILL; DefaultGrace when 0

	Account  *Account      // that runs the operators; nil: the one of this process
	Folder   string        // which that account has to reach; "" is not tried
	ForksEnv []string      // of the servers that fork processes for jobs that name one
	ForksLog io.Writer     // gets what those servers say; nil: nobody
	Idle     time.Duration // then such a server ends that was not wanted; DefaultIdle when 0
	Servers  int           // most of them; DefaultServers when 0
	Fork     time.Duration // for such a server to fork a process; DefaultFork when 0
	Memory   int64         // bytes that a run may have, where control groups can be made; 0: no bound
	Worker   string        // the worker's name, in those of the control groups
}

// Executor executes jobs as processes.
type Executor struct {
	options   Options
	bounds    *bounds // nil: none
	servers   *servers
	unbounded bool // although a bound was asked for

	mu    sync.Mutex
	shims map[sb.Process]*leash // of attempts whose end has not been told
}

var _ sb.Executor = (*Executor)(nil)

// New gives an executor that starts its shims as the options say. Errors: Invalid (operators cannot run under the
// account).
func New(o Options) (*Executor, error) {
	if o.Grace <= 0 {
		o.Grace = DefaultGrace
	}
	if o.Account != nil && o.Folder != "" {
		if err := o.Account.try(o.Shim, o.Env, o.Folder); err != nil {
			return nil, err
		}
	}
	return &Executor{options: o, shims: map[sb.Process]*leash{}, servers: newServers(o)}, nil
}

// Bound bounds the memory of each run from now on, as the options say. The error says why it cannot be done here. It
// may move this process into a control group of its own, so it is called before anything runs.
func (e *Executor) Bound() (err error) {
	if e.options.Memory > 0 {
		e.bounds, err = openBounds(e.options.Worker, e.options.Memory)
		e.unbounded = err != nil
	}
	return err
}

// bound is the control group of a job, or nil without one.
func (e *Executor) bound(p sb.Process) *bound {
	if e.bounds == nil {
		return nil
	}
	return e.bounds.of(fmt.Sprintf("%s-%d", sb.SafeElement(p.Run), p.Attempt))
}

// Execute runs the job's command in its folder and with its environment alone, stdin closed. When it returns without
// an error, all the command started is gone; the shim stays until Told, and reports the end if this process dies
// before.
func (e *Executor) Execute(ctx context.Context, job sb.Job, started func()) (sb.End, error) {
	end, err := e.execute(ctx, job, started)
	if errors.Is(err, errNotForked) {
		job.Forks = nil
		end, err = e.execute(ctx, job, started)
	}
	if e.unbounded && end.Signal == outOfMemory {
		end.Reason = end.String() + ": this worker cannot bound the memory of a run, so the machine ran out of it"
	}
	return end, err
}

func (e *Executor) execute(ctx context.Context, job sb.Job, started func()) (sb.End, error) {
	l, err := e.launch(job)
	if err != nil {
		return sb.End{}, sb.Wrap(err, sb.Internal, "the shim could not be started: %v", err)
	}
	e.mu.Lock()
	e.shims[job.Process] = l
	e.mu.Unlock()

	copied := l.pump(job.Stdout, job.Stderr)
	unhook := context.AfterFunc(ctx, func() { l.say(wordStop) })
	end, err := l.follow(started)
	unhook()
	<-copied
	if err != nil {
		e.Told(job.Process)
	}
	return end, err
}

// Told lets the shim of an attempt go: its end has been told, or need not be. Nothing happens if there is none.
func (e *Executor) Told(p sb.Process) {
	e.mu.Lock()
	l := e.shims[p]
	delete(e.shims, p)
	e.mu.Unlock()
	if l != nil {
		l.say(wordTold)
		l.drop()
	}
}

func (e *Executor) launch(job sb.Job) (*leash, error) {
	b := e.bound(job.Process)
	if len(job.Forks) > 0 {
		if l, err := e.fork(job, b); err == nil {
			return l, nil
		} // without the server it is started as others are
	}
	p, err := openPipes()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(e.options.Shim[0], e.options.Shim[1:]...) //nolint:noctx // ctx asks the group to end, it must not kill the shim
	cmd.Env = append([]string{}, e.options.Env...)
	cmd.Dir = "/"
	cmd.Stdin, cmd.Stdout, cmd.Stderr = p.controlIn, p.stdoutIn, p.stderrIn
	cmd.ExtraFiles = []*os.File{p.statusIn}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		p.closeAll()
		return nil, err
	}
	p.closeTheirs()
	l := &leash{shim: started{cmd}, pipes: p, bound: b}
	return l, l.order(orderOf(job, e.options, l.bound))
}

// fork has the shim forked by the server.
func (e *Executor) fork(job sb.Job, b *bound) (*leash, error) {
	p, err := openPipes()
	if err != nil {
		return nil, err
	}
	l, err := e.servers.launch(job.Forks, p)
	if err != nil {
		p.closeAll()
		return nil, err
	}
	l.bound = b
	return l, l.order(orderOf(job, e.options, nil))
}

// parent is the shim as a process of this machine.
type parent interface {
	pid() int
	wait()           // until it is gone
	refused() string // why it ended by itself; "" when it was killed
	// begin lets the operator's process begin, which the shim has started.
	begin(l *leash, s status) error
	// judge completes how it ended, as the shim told.
	judge(l *leash, s status) status
}

// started is a shim that this process has started.
type started struct{ *exec.Cmd }

func (s started) pid() int                        { return s.Process.Pid }
func (s started) wait()                           { _ = s.Wait() }
func (s started) begin(*leash, status) error      { return nil }
func (s started) judge(_ *leash, e status) status { return e }

func (s started) refused() string {
	if s.ProcessState.Exited() {
		return s.ProcessState.String()
	}
	return ""
}

// leash is the worker's side of a shim.
type leash struct {
	shim parent
	pipes
	bound *bound // nil: none

	mu sync.Mutex // for writing
}

func (l *leash) order(o order) error {
	line, err := json.Marshal(o)
	if err == nil {
		_, err = l.control.Write(append(line, '\n'))
	}
	if err != nil {
		l.drop()
		_ = l.stdout.Close()
		_ = l.stderr.Close()
	}
	return err
}

// say sends the shim a word. A shim that is gone hears nothing, which is fine.
func (l *leash) say(word string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = io.WriteString(l.control, word+"\n")
}

// drop closes the pipe to the shim and waits for its exit.
func (l *leash) drop() {
	l.mu.Lock()
	_ = l.control.Close()
	l.mu.Unlock()
	l.shim.wait()
	_ = l.status.Close()
}

// pump copies what the process writes; the channel closes when all writers are gone.
func (l *leash) pump(stdout, stderr io.Writer) <-chan struct{} {
	var group sync.WaitGroup
	drain := func(from *os.File, to io.Writer) {
		group.Go(func() {
			defer func() { _ = from.Close() }()
			if _, err := io.Copy(to, from); err != nil {
				_, _ = io.Copy(io.Discard, from) // a full pipe would hold the process up
			}
		})
	}
	drain(l.stdout, stdout)
	drain(l.stderr, stderr)
	done := make(chan struct{})
	go func() {
		group.Wait()
		close(done)
	}()
	return done
}

// follow reads what the shim tells until the end.
func (l *leash) follow(started func()) (sb.End, error) {
	lines := bufio.NewScanner(l.status)
	begun := false
	for lines.Scan() {
		var s status
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			continue
		}
		switch {
		case s.err() != nil:
			return sb.End{}, s.err()
		case s.PID != 0:
			if err := l.shim.begin(l, s); err != nil {
				l.say(wordStop)
				return sb.End{}, err
			}
			begun = true
			started()
		default:
			return l.shim.judge(l, s).end(), nil
		}
	}
	return l.orphaned(begun)
}

// errNotForked says that a job was given to a server of forks which died before it had forked a shim: nothing has begun.
var errNotForked = errors.New("it was not forked")

// orphaned ends the session of a shim that died without a word. Only one that was killed may have begun the work.
func (l *leash) orphaned(begun bool) (sb.End, error) {
	shim := l.shim.pid()
	if shim > 0 {
		killSession(shim)
	}
	l.cutOutput()
	l.drop()
	if l.bound != nil {
		_ = l.bound.remove() // what stays is swept at the next start
	}
	if shim == 0 {
		return sb.End{}, errNotForked
	}
	if why := l.shim.refused(); !begun && why != "" {
		return sb.End{}, sb.Errorf(sb.Internal, "the shim ended before the process could start: %s", why)
	}
	return sb.End{WorkerLost: true, Reason: "its shim was killed, and the process with it"}, nil
}

// cutOutput stops reading what strays may still write.
func (l *leash) cutOutput() {
	soon := time.Now().Add(time.Second)
	_ = l.stdout.SetReadDeadline(soon)
	_ = l.stderr.SetReadDeadline(soon)
}

// pipes are those between the worker and a shim; the shim's ends have names in "In".
type pipes struct {
	control, controlIn *os.File
	status, statusIn   *os.File
	stdout, stdoutIn   *os.File
	stderr, stderrIn   *os.File
}

func openPipes() (p pipes, err error) {
	open := func(reader, writer **os.File) {
		if err == nil {
			*reader, *writer, err = os.Pipe()
		}
	}
	open(&p.controlIn, &p.control)
	open(&p.status, &p.statusIn)
	open(&p.stdout, &p.stdoutIn)
	open(&p.stderr, &p.stderrIn)
	if err != nil {
		p.closeAll()
	}
	return p, err
}

func (p pipes) closeTheirs() { closeFiles(p.controlIn, p.statusIn, p.stdoutIn, p.stderrIn) }

func (p pipes) closeAll() {
	p.closeTheirs()
	closeFiles(p.control, p.status, p.stdout, p.stderr)
}

func closeFiles(files ...*os.File) {
	for _, f := range files {
		if f != nil {
			_ = f.Close()
		}
	}
}
