package main

import (
	"encoding/json"

	sb "signalbox"
	"signalbox/adapters/airflow"
	"signalbox/adapters/flyte"
	"signalbox/controlplane/orchestrators"
)

// kinds are the orchestrators that we do not own, and how each is reached.
func kinds() map[sb.OrchestratorKind]orchestrators.Build {
	return map[sb.OrchestratorKind]orchestrators.Build{
		sb.Airflow: func(config, secrets json.RawMessage) (sb.Adapter, error) {
			return adapterOf(airflow.New(config, secrets))
		},
		sb.Flyte: func(config, secrets json.RawMessage) (sb.Adapter, error) {
			return adapterOf(flyte.New(config, secrets))
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
