// Package executors carries out one attempt on a worker, from its claim to the word that it has ended, and keeps a
// worker known to the control plane. How the work is done is the matter of the executors below this folder.
//
// The order is fixed: claim, fetch the plugin, start (the work begins only when that was accepted), execute, ship the
// last line of output, report what the work said, and only then tell the end. From the claim to the end the lease is
// renewed. Whatever has no answer is repeated; an answer is taken for good.
package executors

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	sb "signalbox"
)

// Settings of a Runner.
type Settings struct {
	API        WorkAPI
	Executors  map[string]sb.Executor // by the name in the claim; "" is the one for processes
	Folder     string                 // of all workers on this machine; plugins are shared there
	URL        string                 // of the control plane, as operators get it, without /api/v1
	Env        []string               // what operators get of the worker's own environment: see PassEnv
	Python     string                 // has FiftyOne, for operators without a command; "" for none
	PythonPath string                 // the folder of the Python package; "" for none
	BinPath    string                 // the folder of the command `signalbox`, last on the operators' PATH; "" for none
	Limits     sb.ArchiveLimits
	Plugins    Environments  // of plugins that need packages; nil: Python runs all
	Owner      *Owner        // of the work folders, when operators have another account; nil: this process's
	Fence      time.Duration // without an answer for so long the attempt counts as lost; DefaultFence when 0
	Warnings   []string      // what cannot be as this machine's settings ask, for operators
	Log        logrus.FieldLogger
}

// Owner is the account that operators run under.
type Owner struct{ UID, GID int }

// Witness is an executor that watches over an attempt's end until it has been told, also after Execute has returned.
type Witness interface {
	// Told lets go of an attempt: its end was told, or need not be.
	Told(p sb.Process)
}

// Runner carries out attempts. Safe for use by several goroutines.
type Runner struct {
	Settings
	cache cache
	now   func() time.Time
	all   heard // when the control plane last renewed all leases of this worker
}

// fenceMargin is how long before the control plane does a worker itself gives its work up.
const fenceMargin = 15 * time.Second

// NewRunner gives a runner.
func NewRunner(s Settings) *Runner {
	if s.Fence <= 0 {
		s.Fence = sb.DefaultFence
	}
	if s.Log == nil {
		s.Log = logrus.StandardLogger()
	}
	return &Runner{Settings: s, cache: cache{filepath.Join(s.Folder, "plugins"), s.Limits}, now: time.Now}
}

// Until bounds an attempt in time. The causes of Begin and Work say why.
type Until struct {
	Begin context.Context // done: what has not started is handed back
	Work  context.Context // done: the work is ended
	Talk  context.Context // done: nothing more is told; the shim of a process that goes on reports
}

// Why work is ended.
var (
	errStopped  = errors.New("it was stopped")
	errOver     = errors.New("the control plane says that it is over")
	errShutDown = lostError("worker shut down")
	errFence    = lostError("the worker had no answer from the control plane for too long")
	errDraining = errors.New("the worker shuts down")
)

// errRejected is why a claim was not answered.
var errRejected = errors.New("the worker's key is rejected")

// lostError is a cause that makes the attempt lost.
type lostError string

func (e lostError) Error() string { return string(e) }

// Do carries out one attempt and returns when its end has been told, or when there is nothing to do: the run is over,
// or the attempt is not this worker's. told: the end was taken. Errors: Unavailable (Work ended before the claim was answered, or the worker's
// key was rejected: nothing was begun), the code with which the claim was refused, Internal (Talk ended before the end
// could be told).
func (r *Runner) Do(u Until, claim sb.ClaimRequest) (told bool, err error) {
	log := r.Log.WithFields(logrus.Fields{"run": claim.Run, "attempt": claim.Attempt})
	answer, asked, err := r.claim(u.Work, claim)
	if notOurs(err) {
		log.WithError(err).Info("Nothing to do: the claim was refused.")
		return false, nil
	}
	if sb.CodeOf(err) == sb.Unauthenticated {
		return false, sb.Wrap(errors.Join(errRejected, err), sb.Unavailable, "the worker's key was rejected: %s", message(err))
	}
	if err != nil {
		return false, err
	}
	a := newAttempt(r, claim, answer, asked, log)
	defer a.clean()
	u, release := a.keepLease(u)
	defer release()
	end := a.carry(u)
	log.WithField("end", end.String()).Info("The work has ended.")
	return a.tell(u.Talk, end)
}

// claim asks until it is answered, or until the work is not wanted any more. It tells when it asked what was answered.
func (r *Runner) claim(ctx context.Context, c sb.ClaimRequest) (answer sb.ClaimAnswer, asked time.Time, err error) {
	err = persist(ctx, callMost, func(ctx context.Context) error {
		asked = r.now()
		answer, err = r.API.Claim(ctx, c)
		return err
	})
	return answer, asked, err
}

// heard is the time of the last call that renewed a lease: when it was sent, since the answer may have taken long. Safe
// for use by several goroutines.
type heard struct {
	mu sync.Mutex
	at time.Time
}

func (h *heard) note(asked time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if asked.After(h.at) {
		h.at = asked
	}
}

func (h *heard) last() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

// folder is a worker's own folder.
func (r *Runner) folder(worker string) string {
	return filepath.Join(r.Folder, "workers", sb.SafeElement(worker))
}

// runs is where a worker has a folder for each attempt that is here.
func (r *Runner) runs(worker string) string { return filepath.Join(r.folder(worker), "runs") }
