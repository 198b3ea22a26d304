package main

import (
	"context"
	"encoding/json"

	sb "signalbox"
	"signalbox/adapters/airflow"
	"signalbox/adapters/flyte"
	"signalbox/controlplane/intake"
	"signalbox/controlplane/orchestrators"
	"signalbox/controlplane/secrets"
	"signalbox/controlplane/sources"
	"signalbox/controlplane/store"
	"signalbox/controlplane/watch"
	"signalbox/workflows"
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

// given is what operators are given: secrets, and the addresses of their data.
type given struct {
	*secrets.Vault
	*sources.Registry
}

// outside is what the workflows reach that we do not own.
type outside struct {
	*watch.Bridge
	apps *intake.Intake
}

// WatchSource watches a database of FiftyOne.
func (o outside) WatchSource(ctx context.Context, id string) (gone bool, err error) {
	return o.apps.Watch(ctx, id)
}

func watchOrchestrators(s *store.Store, temporal *workflows.Client) watch.Keeping {
	return watch.Keeping{What: "orchestrator", Topic: sb.TopicWatch, List: watch.Outside(s.Orchestrators), Start: temporal.StartWatch, Notes: s.Notes}
}

func watchSources(s *store.Store, temporal *workflows.Client) watch.Keeping {
	list := func(ctx context.Context) (list []watch.Watched, err error) {
		all, err := s.Sources(ctx)
		for _, source := range all {
			list = append(list, watch.Watched{ID: source.ID, Name: source.Name})
		}
		return list, err
	}
	return watch.Keeping{What: "source", Topic: sb.TopicSource, List: list, Start: temporal.StartSourceWatch, Notes: s.Notes}
}
