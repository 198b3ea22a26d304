package runs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	sb "signalbox"
)

// Sizes of what an attempt reports, in bytes.
const (
	maxResult    = 16 << 20
	inlineResult = 64 << 10
	maxMessage   = 64 << 10
	maxStack     = 256 << 10
)

// Archives finds the plugin revision a run is pinned to, and its bytes.
type Archives interface {
	Revision(ctx context.Context, id string) (sb.Revision, error)
	Bytes(ctx context.Context, r sb.Revision) (io.ReadCloser, error)
}

// Tokens makes run tokens, and those that open only the word that the work has ended.
type Tokens interface {
	Token(p sb.Process) (string, error)
	EndToken(p sb.Process) (string, error)
}

// Work is the life of runs for those who do the work. Its answers by state are the table of docs/run-states.md.
type Work struct {
	store    Store
	archives Archives
	tokens   Tokens
	secrets  Secrets
	blobs    sb.Blobs
	logs     LogPlaces // nil: no log is read elsewhere
	pace     pace
	storing  sync.Mutex // a word of progress that waited is on its way to the store
	declared declarations
}

// NewWork makes the life of runs for those who do the work.
func NewWork(store Store, archives Archives, tokens Tokens, secrets Secrets, blobs sb.Blobs) *Work {
	return &Work{store: store, archives: archives, tokens: tokens, secrets: secrets, blobs: blobs}
}

// Claim gives a process what it needs to begin; the same nonce again the same, with fresh tokens, until the work has
// ended. Errors: NotFound, RunOver, Conflict, Invalid (a secret of the operator does not open).
func (w *Work) Claim(ctx context.Context, orchestratorID string, c sb.Claim) (sb.Claimed, error) {
	now, err := w.store.Now(ctx)
	if err != nil {
		return sb.Claimed{}, err
	}
	c.OrchestratorID, c.At = orchestratorID, now
	values, lendErr := w.lend(ctx, &c)
	run, replayed, err := w.store.Claim(ctx, c, func(r sb.Run) (sb.Run, []sb.Event, error) {
		after, events, err := r.Apply(sb.Take{Claim: c})
		if err == nil && lendErr != nil { // nobody works without what he was to be given
			return r, nil, lendErr
		}
		return after, events, err
	})
	sb.FaultPoint("claim.after")
	if err == nil && replayed {
		if err = alive(c.Process, sb.Pulse{Attempt: run.Attempt, Work: run.Work.State}); err == nil {
			values, err = w.lentBefore(ctx, c.Process, values)
		}
	}
	if err != nil {
		return sb.Claimed{}, err
	}
	revision, err := w.archives.Revision(ctx, run.RevisionID)
	if err != nil {
		return sb.Claimed{}, err
	}
	token, err := w.tokens.Token(c.Process)
	if err != nil {
		return sb.Claimed{}, err
	}
	var endToken string
	if !run.Outside() { // there the orchestrator tells the end
		if endToken, err = w.tokens.EndToken(c.Process); err != nil {
			return sb.Claimed{}, err
		}
	}
	return w.claimed(ctx, run, revision, values, token, endToken)
}

// claimed is the answer to a claim.
func (w *Work) claimed(ctx context.Context, run sb.Run, revision sb.Revision, values map[string]string, token, endToken string) (sb.Claimed, error) {
	claimed := sb.Claimed{
		Token: token, EndToken: endToken, Run: run, SHA256: revision.SHA256, Root: revision.Root, Command: commandOf(revision, run), Secrets: values,
	}
	if claimed.Command == nil {
		var err error
		if claimed.Reach, err = w.reach(ctx, run, values); err != nil {
			return sb.Claimed{}, err
		}
		known, err := w.store.KnowsEnvironment(ctx, revision.ID, run.OrchestratorID, run.Work.Worker)
		if err != nil {
			return sb.Claimed{}, err
		}
		claimed.Tell = !known
	}
	claimed.Missing = missing(revision.Manifest.Secrets, values)
	return claimed, nil
}

// Workers keeps what a worker says of itself, ends the attempts that its earlier incarnations left behind, and answers
// what it should stop.
func (w *Work) Workers(ctx context.Context, orchestratorID string, worker sb.Worker) ([]sb.AttemptRef, error) {
	worker.OrchestratorID = orchestratorID
	stop, orphans, err := w.store.SeeWorker(ctx, worker)
	if err != nil {
		return nil, err
	}
	for _, ref := range orphans {
		end := sb.End{WorkerLost: true, Reason: "Worker " + worker.Name + " was restarted."}
		if err := w.EndWork(ctx, ref, end); err != nil && sb.CodeOf(err) != sb.Conflict { // Conflict: over by another way
			return nil, err
		}
	}
	return stop, nil
}

// Archive opens the archive of the revision a run is pinned to, while the work goes on. Errors: Conflict.
func (w *Work) Archive(ctx context.Context, p sb.Process) (io.ReadCloser, int64, error) {
	if err := w.live(ctx, p); err != nil {
		return nil, 0, err
	}
	run, err := w.store.Run(ctx, p.Run)
	if err != nil {
		return nil, 0, err
	}
	revision, err := w.archives.Revision(ctx, run.RevisionID)
	if err != nil {
		return nil, 0, err
	}
	body, err := w.archives.Bytes(ctx, revision)
	if sb.CodeOf(err) == sb.NotFound {
		err = sb.Wrap(err, sb.Internal, "the archive of %s, revision %d, is missing in the blob store; install the plugin again", run.Plugin, revision.Number)
	}
	return body, revision.Size, err
}

// Start notes that the work begins. The process may start only when this returned nil. Errors: RunOver, Conflict.
func (w *Work) Start(ctx context.Context, p sb.Process, ref, url string) error {
	if err := w.live(ctx, p); err != nil {
		return err
	}
	err := w.change(ctx, p.Run, func(now stamp) sb.Change {
		return sb.Start{At: now, Attempt: p.Attempt, Ref: ref, URL: url}
	})
	sb.FaultPoint("start.after")
	return err
}

// Heartbeat renews the lease of an attempt and tells whether its work should end.
func (w *Work) Heartbeat(ctx context.Context, p sb.Process) (bool, error) {
	pulse, err := w.store.Beat(ctx, p)
	sb.FaultPoint("heartbeat.after")
	if err != nil {
		return false, noClaim(p, err)
	}
	if err := alive(p, pulse); err != nil {
		return false, err
	}
	if pulse.Work == sb.WorkUnknown {
		err = w.change(ctx, p.Run, func(now stamp) sb.Change { return sb.SeenAgain{At: now, Attempt: p.Attempt} })
	}
	return pulse.Ending != "", err
}

// Progress keeps how far the attempt is; false when the run is over and it was dropped. What comes too often is stored
// a little later, or replaced by what comes next.
func (w *Work) Progress(ctx context.Context, p sb.Process, fraction *float64, label string) (bool, error) {
	if fraction != nil && !(*fraction >= 0 && *fraction <= 1) {
		return false, sb.Faulty("the progress cannot be used", sb.Fault{Location: "body.fraction", Message: "a fraction is from 0 to 1, or null", Value: *fraction})
	}
	now, err := w.store.Now(ctx)
	if err != nil {
		return false, err
	}
	if label != "" {
		mask, err := w.Mask(ctx, p)
		if err != nil {
			return false, err
		}
		label = mask.Text(label)
	}
	s := saying{by: p, progress: sb.Progress{Fraction: fraction, Label: cut(label, 200), UpdatedAt: now}}
	if w.pace.holds(s) {
		pulse, err := w.pulse(ctx, p)
		return err == nil && !pulse.Status.Terminal(), err
	}
	kept, err := w.store.SetProgress(ctx, p, s.progress)
	sb.FaultPoint("progress.after")
	if err != nil || kept {
		return kept, err
	}
	return false, w.live(ctx, p)
}

// Complete keeps the attempt's word that it completed. The run ends when its work has ended.
func (w *Work) Complete(ctx context.Context, p sb.Process, result, outputsSchema json.RawMessage) error {
	if len(result) > maxResult {
		return sb.Errorf(sb.TooLarge, "the result has %d bytes; at most %d are kept", len(result), maxResult)
	}
	mask, err := w.Mask(ctx, p)
	if err != nil {
		return err
	}
	result, outputsSchema = mask.JSON(result), mask.JSON(outputsSchema)
	o := sb.Outcome{Completed: true, Result: result, OutputsSchema: outputsSchema, Hash: hashParts("complete", result, outputsSchema)}
	if len(result) > inlineResult {
		o.Result, o.ResultKey = nil, fmt.Sprintf("results/%s/%d-%s.json", p.Run, p.Attempt, o.Hash[:16])
		if err := w.keep(ctx, p, o.ResultKey, result); err != nil {
			return err
		}
	}
	return w.report(ctx, p, o)
}

// keep puts a large result where it belongs. One that comes too late is not put: it is refused, or there already.
func (w *Work) keep(ctx context.Context, p sb.Process, key string, result []byte) error {
	err := w.live(ctx, p)
	switch sb.CodeOf(err) {
	case "":
	case sb.Conflict:
		return nil
	default:
		return err
	}
	if err := w.put(ctx, key, result); err != nil {
		return err
	}
	sb.FaultPoint("report.put") // no row names it yet
	return nil
}

func (w *Work) put(ctx context.Context, key string, result []byte) error {
	if err := w.blobs.Put(ctx, key, bytes.NewReader(result)); err != nil {
		return sb.Wrap(err, sb.Unavailable, "the result cannot be kept now; try again")
	}
	return nil
}

// Fail keeps the attempt's word that it failed.
func (w *Work) Fail(ctx context.Context, p sb.Process, message, stack string) error {
	mask, err := w.Mask(ctx, p)
	if err != nil {
		return err
	}
	message, stack = mask.Text(message), mask.Text(stack)
	o := sb.Outcome{Message: cut(message, maxMessage), Stack: cut(stack, maxStack)}
	o.Hash = hashParts("fail", []byte(message), []byte(stack))
	return w.report(ctx, p, o)
}

func (w *Work) report(ctx context.Context, p sb.Process, o sb.Outcome) error {
	pulse, err := w.store.Pulse(ctx, p)
	if err != nil {
		return noClaim(p, err)
	}
	if pulse.LatestTry > p.Try {
		return superseded(p, pulse)
	}
	now, err := w.store.Now(ctx)
	if err != nil {
		return err
	}
	o.Source, o.At = p.Source, now
	w.storeWaiting(ctx, p.AttemptRef)
	late := false
	_, err = w.store.Change(ctx, p.Run, func(run sb.Run) (sb.Run, []sb.Event, error) {
		late = run.Status.Terminal() && run.WorkGoesOn() && run.Attempt == p.Attempt
		return run.Apply(sb.Report{Attempt: p.Attempt, Outcome: o})
	})
	sb.FaultPoint("report.after")
	if err == nil && late {
		return sb.Errorf(sb.RunOver, "run %s is over; its status stays", p.Run)
	}
	return err
}

// End notes that the process of an attempt has ended, with its whole group. Errors: Conflict (another attempt is the
// current one, or a higher try supersedes this one: the work goes on there).
func (w *Work) End(ctx context.Context, p sb.Process, e sb.End) error {
	pulse, err := w.store.Pulse(ctx, p)
	if err != nil {
		return noClaim(p, err)
	}
	if pulse.LatestTry > p.Try {
		return superseded(p, pulse)
	}
	mask, err := w.Mask(ctx, p)
	if err != nil {
		return err
	}
	e.Reason, e.Stack = mask.Text(e.Reason), mask.Text(e.Stack)
	return w.EndWork(ctx, p.AttemptRef, e)
}

// EndWork notes that an attempt's work has ended. Errors: Conflict (another attempt is the current one).
func (w *Work) EndWork(ctx context.Context, ref sb.AttemptRef, e sb.End) error {
	e.Stack = cut(e.Stack, maxStack)
	w.storeWaiting(ctx, ref)
	err := w.change(ctx, ref.Run, func(now stamp) sb.Change { return sb.EndWork{At: now, Attempt: ref.Attempt, End: e} })
	sb.FaultPoint("end.after")
	return err
}

// Dispatched notes that an attempt was sent out. Errors: RunOver (it must not go on), Conflict (so must not it).
func (w *Work) Dispatched(ctx context.Context, ref sb.AttemptRef, name, url string) error {
	return w.change(ctx, ref.Run, func(now stamp) sb.Change {
		return sb.Dispatch{At: now, Attempt: ref.Attempt, Ref: name, URL: url}
	})
}

// StopThere notes that a person ended an attempt at its orchestrator.
func (w *Work) StopThere(ctx context.Context, ref sb.AttemptRef, reason string) error {
	now, err := w.store.Now(ctx)
	if err != nil {
		return err
	}
	_, err = w.store.Change(ctx, ref.Run, func(run sb.Run) (sb.Run, []sb.Event, error) {
		if run.Attempt != ref.Attempt || !run.WorkGoesOn() || run.StopWanted() {
			return run, nil, nil
		}
		if !sent(run) {
			return run.Apply(sb.EndWork{At: now, Attempt: ref.Attempt, End: sb.End{Terminated: true, Reason: reason}})
		}
		return run.Apply(sb.Stop{At: now, Reason: reason})
	})
	return err
}

// Settle tells whether an attempt's work has ended, when its carrier has nothing more to carry. Work that never began
// ends here, as end says; over tells that it will not begin any more, also when somebody has claimed it. Work that
// began goes on until its worker, or its lease, says otherwise.
func (w *Work) Settle(ctx context.Context, ref sb.AttemptRef, over bool, end sb.End) (bool, error) {
	run, err := w.store.Run(ctx, ref.Run)
	if err != nil {
		return false, err
	}
	if ended, began := settled(run, ref, over); ended || began {
		return ended, nil
	}
	now, err := w.store.Now(ctx)
	if err != nil {
		return false, err
	}
	end.Stack = cut(end.Stack, maxStack)
	after, err := w.store.Change(ctx, ref.Run, func(run sb.Run) (sb.Run, []sb.Event, error) { // it may have begun by now
		if ended, began := settled(run, ref, over); ended || began {
			return run, nil, nil
		}
		return run.Apply(sb.EndWork{At: now, Attempt: ref.Attempt, End: end})
	})
	if err != nil {
		return false, err
	}
	ended, _ := settled(after, ref, over)
	return ended, nil
}

// sent tells whether the work of a run may go on somewhere: a worker took it, or it has a name at its orchestrator.
func sent(run sb.Run) bool {
	if run.Outside() {
		return run.Work.Ref != ""
	}
	return run.Work.Taken()
}

// settled tells whether an attempt's work has ended, else whether it began, or may yet.
func settled(run sb.Run, ref sb.AttemptRef, over bool) (ended, began bool) {
	if run.Attempt != ref.Attempt || run.Work.State == sb.WorkEnded {
		return true, false
	}
	if run.Outside() { // once it has a name there, only its orchestrator knows
		return false, sent(run)
	}
	return false, run.StartedAt != nil || run.Work.Taken() && !over
}

func (w *Work) change(ctx context.Context, run string, change func(stamp) sb.Change) error {
	now, err := w.store.Now(ctx)
	if err != nil {
		return err
	}
	_, err = w.store.Change(ctx, run, applyAll(change(now)))
	return err
}

// live demands that the process is the latest of its source, of the run's current attempt, whose work has not ended.
func (w *Work) live(ctx context.Context, p sb.Process) error {
	_, err := w.pulse(ctx, p)
	return err
}

// pulse reads where a live process stands.
func (w *Work) pulse(ctx context.Context, p sb.Process) (sb.Pulse, error) {
	pulse, err := w.store.Pulse(ctx, p)
	if err != nil {
		return pulse, noClaim(p, err)
	}
	return pulse, alive(p, pulse)
}

func alive(p sb.Process, pulse sb.Pulse) error {
	switch {
	case pulse.Attempt != p.Attempt:
		return sb.Errorf(sb.Conflict, "attempt %d of run %s is not its current one, which is %d", p.Attempt, p.Run, pulse.Attempt)
	case pulse.LatestTry > p.Try:
		return superseded(p, pulse)
	case pulse.Work == sb.WorkEnded:
		return sb.Errorf(sb.Conflict, "the work of attempt %d of run %s has ended", p.Attempt, p.Run)
	}
	return nil
}

func superseded(p sb.Process, pulse sb.Pulse) error {
	return sb.Errorf(sb.Conflict, "try %d of %s is superseded by try %d", p.Try, p.Source, pulse.LatestTry)
}

// noClaim makes a missing claim what it is for a caller with a token: an attempt that is over.
func noClaim(p sb.Process, err error) error {
	var e *sb.Error
	if errors.As(err, &e) && e.Code == sb.NotFound {
		return sb.Errorf(sb.Conflict, "attempt %d of run %s is over", p.Attempt, p.Run)
	}
	return err
}

func hashParts(kind string, parts ...[]byte) string {
	h := sha256.New()
	h.Write([]byte(kind))
	for _, part := range parts {
		fmt.Fprintf(h, "\n%d\n", len(part))
		h.Write(part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// cut shortens a text to n bytes without breaking a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return string(bytes.ToValidUTF8([]byte(s[:n]), nil)) + "…"
}

// since tells how long ago a moment was, 0 for none.
func since(t *time.Time, now time.Time) time.Duration {
	if t == nil {
		return 0
	}
	return now.Sub(*t)
}
