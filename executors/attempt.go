package executors

import (
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/sirupsen/logrus"

	sb "signalbox"
)

// attempt is one that this worker has claimed.
type attempt struct {
	*Runner
	sb.ClaimAnswer
	process sb.Process
	worker  string
	heard   heard   // about this attempt
	mask    sb.Mask // of its secrets and tokens
	log     logrus.FieldLogger

	room           // removed at the end
	plugin  string // the folder of the manifest
	release func() // lets go of its Python; nil: it has none
	ship    *shipper
}

// newAttempt makes the attempt of a claim that was answered; asked is when it was sent.
func newAttempt(r *Runner, c sb.ClaimRequest, answer sb.ClaimAnswer, asked time.Time, log logrus.FieldLogger) *attempt {
	source := c.Source
	if source == "" {
		source = sb.MainSource
	}
	a := &attempt{
		Runner: r, ClaimAnswer: answer, process: sb.Process{AttemptRef: c.AttemptRef, Source: source, Try: c.Try},
		worker: c.Worker, mask: maskOf(answer), log: log,
		ship: &shipper{api: r.API, run: c.Run, token: answer.Token, sent: make(chan struct{})},
	}
	a.heard.note(asked)
	return a
}

// maskOf masks what an attempt was given and nobody else should read.
func maskOf(answer sb.ClaimAnswer) sb.Mask {
	values := slices.AppendSeq([]string{answer.Token, answer.EndToken}, maps.Values(answer.Secrets))
	if answer.FiftyOne != nil {
		values = append(values, answer.FiftyOne.DatabaseURI)
	}
	return sb.NewMask(values...)
}

// keepLease renews the lease until release is called. The work ends when the control plane says so, or says nothing
// for too long.
func (a *attempt) keepLease(u Until) (_ Until, release func()) {
	work, stop := context.WithCancelCause(u.Work)
	begin, hold := context.WithCancelCause(u.Begin)
	unhook := context.AfterFunc(work, func() { hold(context.Cause(work)) })
	talk, quiet := context.WithCancel(u.Talk)
	done := make(chan struct{})
	go func() {
		defer close(done)
		a.beat(talk, stop)
	}()
	return Until{Begin: begin, Work: work, Talk: u.Talk}, func() {
		quiet()
		<-done
		unhook()
		hold(nil)
		stop(nil)
	}
}

func (a *attempt) beat(ctx context.Context, stop context.CancelCauseFunc) {
	every := sb.HeartbeatEvery
	if a.HeartbeatSeconds > 0 {
		every = time.Duration(a.HeartbeatSeconds) * time.Second
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			a.beatOnce(ctx, every, stop)
		}
	}
}

// beatOnce renews the lease. That the token is refused says nothing about the run: then the fence decides.
func (a *attempt) beatOnce(ctx context.Context, most time.Duration, stop context.CancelCauseFunc) {
	if a.fenced() {
		stop(errFence)
	}
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	asked := a.now()
	answer, err := a.API.Heartbeat(ctx, a.process.Run, a.Token)
	switch {
	case err == nil:
		a.heard.note(asked)
		a.ship.watched.Store(answer.Watched)
		if answer.Stop {
			stop(errStopped)
		}
	case notOurs(err):
		stop(errOver)
	}
}

// lastHeard is when the last call was sent that renewed the attempt's lease.
func (a *attempt) lastHeard() time.Time {
	own, all := a.heard.last(), a.all.last()
	if all.After(own) {
		return all
	}
	return own
}

// fenced tells whether the work must be given up: nobody has renewed its lease for too long.
func (a *attempt) fenced() bool { return a.now().Sub(a.lastHeard()) > a.Fence-fenceMargin }

// carry does the work and tells how it ended. What never began is handed back, or is broken.
func (a *attempt) carry(u Until) sb.End {
	executor, job, err := a.prepare(u.Begin)
	if err == nil {
		err = a.start(u)
	}
	switch {
	case err == nil:
		return a.execute(u, executor, job)
	case u.Begin.Err() != nil:
		return sb.End{HandedBack: true, Reason: "it had not begun: " + context.Cause(u.Begin).Error()}
	case notOurs(err):
		return sb.End{HandedBack: true, Reason: "it was over before it began"}
	}
	return sb.End{Broken: true, Reason: a.mask.Text(message(err))}
}

// start asks for leave to begin. Once asked it waits for the answer, also in a drain: work that was let start has
// begun there, and can no more be handed back.
func (a *attempt) start(u Until) error {
	if err := u.Begin.Err(); err != nil {
		return err
	}
	return persist(u.Work, callMost, func(ctx context.Context) error {
		return a.API.Start(ctx, a.process.Run, a.Token, sb.StartRequest{})
	})
}

// execute runs the job, and returns when its last line has been acknowledged.
func (a *attempt) execute(u Until, executor sb.Executor, job sb.Job) sb.End {
	spool, err := newSpool(filepath.Join(a.dir, "spool"))
	if err != nil {
		return sb.End{Broken: true, Reason: "the worker has no room for the output"}
	}
	defer spool.Remove()
	a.ship.spool = spool
	go func() {
		if err := a.ship.Run(u.Talk); err != nil {
			a.log.WithError(err).Warn("The rest of the output was not taken.")
		}
	}()

	stack := &tail{}
	out := &output{spool: spool, line: func(text string) []byte {
		return append(sb.FormatLine(a.now(), sb.Warning, []byte(text)), '\n')
	}}
	for _, name := range a.MissingSecrets {
		out.Write(u.Work, out.line("[signalbox] The secret "+name+" does not exist here; the operator runs without it. An admin can add it."))
	}
	stdout, stderr := a.lines(u.Work, out, sb.Info, nil), a.lines(u.Work, out, sb.Warning, stack)
	job.Stdout, job.Stderr = stdout, stderr
	end, err := executor.Execute(u.Work, job, func() { a.log.Info("The work has begun.") })
	cause := context.Cause(u.Work)
	stdout.Flush()
	stderr.Flush()
	if err := out.Close(u.Talk); err != nil {
		a.log.WithError(err).Warn("Output is missing in the log.")
	}
	if err == nil && cause == nil {
		a.report(u.Talk, end)
	}
	<-a.ship.sent
	return a.judge(end, err, cause, stack.String())
}

// cannotExecute is the exit status of work that could not be begun for its own fault.
const cannotExecute = 126

// judge completes the end as the executor saw it.
func (a *attempt) judge(end sb.End, err, cause error, stack string) sb.End {
	var lost lostError
	switch {
	case sb.CodeOf(err) == sb.Invalid: // the operator's own fault, told as a shell does
		status := cannotExecute
		end = sb.End{ExitCode: &status, Reason: a.mask.Text(message(err))}
	case err != nil:
		end = sb.End{Broken: true, Reason: a.mask.Text(message(err))}
	}
	if errors.As(cause, &lost) {
		end.WorkerLost, end.Reason = true, lost.Error()
	}
	if end.ExitCode == nil || *end.ExitCode != 0 {
		end.Stack = stack
	}
	return end
}

func (a *attempt) lines(ctx context.Context, out *output, severity sb.Severity, stack *tail) *lines {
	return &lines{
		severity: severity, now: a.now, mask: a.mask, tail: stack,
		out: func(p []byte) { out.Write(ctx, p) },
	}
}

// tell says that the work has ended until that is answered. A refusal (taken false) means that it is known, or of no
// interest.
func (a *attempt) tell(ctx context.Context, end sb.End) (taken bool, err error) {
	err = persist(ctx, callMost, func(ctx context.Context) error {
		return a.API.End(ctx, a.process.Run, a.EndToken, end.Request())
	})
	if err != nil && !refused(err) {
		return false, sb.Wrap(err, sb.Internal, "the end of attempt %d of run %s could not be told", a.process.Attempt, a.process.Run)
	}
	if err != nil {
		a.log.WithError(err).Info("The end was not wanted.")
	}
	for _, e := range a.Executors {
		if w, ok := e.(Witness); ok {
			w.Told(a.process)
		}
	}
	return err == nil, nil
}

func (a *attempt) clean() {
	if a.release != nil {
		a.release()
	}
	if a.dir == "" {
		return
	}
	if err := os.RemoveAll(a.dir); err != nil {
		a.log.WithError(err).Warn("The work folder could not be removed.")
	}
}

// message is what people may read of an error.
func message(err error) string {
	var e *sb.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return err.Error()
}

var _ io.Writer = (*lines)(nil)
