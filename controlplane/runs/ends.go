package runs

import (
	"context"

	sb "signalbox"
)

// MayEnd tells whether a process may tell its own end with its run token: a person with a plain shell may, an operator
// under a worker may not, for then the worker knows when it has really ended; a task of an orchestrator that we do not own may not
// either, for its slot is free when its orchestrator says that it has ended. Errors: Forbidden, NotFound.
func (w *Work) MayEnd(ctx context.Context, p sb.Process) error {
	run, err := w.store.Run(ctx, p.Run)
	if err == nil && run.Outside() {
		return sb.Errorf(sb.Forbidden, "orchestrator %s tells the end of this attempt", run.Orchestrator)
	}
	if err == nil && run.Attempt == p.Attempt && run.Work.Claimed() {
		return sb.Errorf(sb.Forbidden, "worker %s tells the end of this attempt", run.Work.Worker)
	}
	return err
}
