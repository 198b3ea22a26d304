package runs

import (
	"context"

	sb "signalbox"
)

// Elsewhere is the life of runs that an App of a source asked for.
type Elsewhere struct{ *Runs }

// StopThere stops a run because of what happened where it was asked for. Conflict: it is over.
func (e Elsewhere) StopThere(ctx context.Context, run, reason string) error {
	now, err := e.store.Now(ctx)
	if err != nil {
		return err
	}
	_, err = e.store.Change(ctx, run, applyAll(sb.Stop{At: now, Reason: reason}))
	return err
}
