package main

import (
	"context"

	sb "signalbox"
	"signalbox/controlplane/orchestrators"
	"signalbox/controlplane/store"
	"signalbox/controlplane/watch"
)

// kinds are the orchestrators that we do not own, and how each is reached.
func kinds() map[sb.OrchestratorKind]orchestrators.Build {
	return map[sb.OrchestratorKind]orchestrators.Build{}
}

// ledgers is the bridge as the API sees it.
type ledgers struct {
	*watch.Bridge
	*store.Store
}

// Ledger compares an orchestrator's open work with what was last seen there.
func (l ledgers) Ledger(ctx context.Context, o sb.Orchestrator) (sb.Ledger, error) {
	return l.Bridge.Ledger(ctx, o)
}
