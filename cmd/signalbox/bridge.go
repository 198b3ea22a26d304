package main

import (
	"context"
	"encoding/json"

	sb "signalbox"
	"signalbox/adapters/airflow"
	"signalbox/controlplane/orchestrators"
	"signalbox/controlplane/store"
	"signalbox/controlplane/watch"
)

// kinds are the orchestrators that we do not own, and how each is reached.
func kinds() map[sb.OrchestratorKind]orchestrators.Build {
	return map[sb.OrchestratorKind]orchestrators.Build{
		sb.Airflow: func(config, secrets json.RawMessage) (sb.Adapter, error) {
			return adapterOf(airflow.New(config, secrets))
		},
	}
}

// adapterOf keeps an adapter that could not be made from looking like one.
func adapterOf[A sb.Adapter](a A, err error) (sb.Adapter, error) {
	if err != nil {
		return nil, err
	}
	return a, nil
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
