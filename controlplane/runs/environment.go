package runs

import (
	"context"

	sb "signalbox"
)

// Environment keeps what the FiftyOne of a process makes of its plugin, without the secrets that it was given. Errors:
// Conflict.
func (w *Work) Environment(ctx context.Context, p sb.Process, o sb.Offer) error {
	if err := w.live(ctx, p); err != nil {
		return err
	}
	run, err := w.store.Run(ctx, p.Run)
	if err != nil {
		return err
	}
	revision, err := w.archives.Revision(ctx, run.RevisionID)
	if err != nil {
		return err
	}
	mask, err := w.Mask(ctx, p)
	if err != nil {
		return err
	}
	offer := o.Bounded(mask.Text)
	return w.store.KeepEnvironment(ctx, sb.Environment{
		RevisionID: revision.ID, Orchestrator: sb.Who{ID: run.OrchestratorID}, Worker: run.Work.Worker, Offer: offer, Lacks: offer.Lacks(revision.Manifest),
	})
}
