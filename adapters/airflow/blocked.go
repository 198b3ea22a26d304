package airflow

import (
	"context"

	sb "signalbox"
)

var _ sb.Foreteller = (*Adapter)(nil)

// Blocked tells why runs of a DAG would not start now. See sb.Foreteller.
func (a *Adapter) Blocked(ctx context.Context, t sb.Target) (string, error) {
	api, err := a.api(ctx)
	if err != nil {
		return "", err
	}
	d, err := a.dag(ctx, t.DAG)
	gone := sb.CodeOf(err) == sb.NotFound
	if err != nil && !gone {
		return "", err
	}
	if a.set.Unpause { // it is unpaused when something is sent there
		d.Paused = false
	}
	return held(api, knownDAG{dagInfo: d, gone: gone}), nil
}
