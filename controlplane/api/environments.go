package api

import (
	"context"
	"encoding/json"
	"time"

	sb "signalbox"
)

// Environment is a FiftyOne that met a plugin's current revision.
type Environment struct {
	Orchestrator Who           `json:"orchestrator"`
	Worker       string        `json:"worker" doc:"Empty where the orchestrator has no workers of ours."`
	FiftyOne     string        `json:"fiftyone" doc:"Its version."`
	Python       string        `json:"python"`
	Unmet        string        `json:"unmet" doc:"Why it is none that the manifest asks for; empty when it is one."`
	NotLoadable  []NotLoadable `json:"not_loadable" doc:"Operators that are declared and do not run there."`
	Errors       []string      `json:"errors" doc:"The traceback of each thing that could not be loaded."`
	SeenAt       time.Time     `json:"seen_at"`
}

// NotLoadable is an operator that is declared and does not run in an environment.
type NotLoadable struct {
	Operator string `json:"operator"`
	Reason   string `json:"reason"`
}

func environmentOf(e sb.Environment, m sb.Manifest) Environment {
	out := Environment{
		Orchestrator: whoOf(e.Orchestrator), Worker: e.Worker, FiftyOne: e.Offer.FiftyOne, Python: e.Offer.Python, Unmet: e.Offer.Unmet,
		NotLoadable: []NotLoadable{}, Errors: some(e.Offer.Errors), SeenAt: moment(e.SeenAt),
	}
	for _, name := range m.Operators {
		if why := e.Lacks[name]; why != "" {
			out.NotLoadable = append(out.NotLoadable, NotLoadable{name, why})
		}
	}
	return out
}

// met is a plugin with where it was met, and what was made of it there.
func (h plugins) met(ctx context.Context, p sb.Plugin) (*answer[Plugin], error) {
	environments, err := h.catalog.Environments(ctx, p.Revision.ID)
	if err != nil {
		return nil, err
	}
	out := pluginOf(p)
	for _, e := range environments {
		out.Environments = append(out.Environments, environmentOf(e, p.Revision.Manifest))
	}
	for i := range out.Operators {
		o := &out.Operators[i]
		o.NotLoadable, o.Config = judged(o.Name, environments)
	}
	return answerOf(out), nil
}

// judged tells why no environment could load an operator, nil when one could or none has met it; and what the last that
// could says it is.
func judged(name string, environments []sb.Environment) (why *string, config Null[json.RawMessage]) {
	for _, e := range environments { // the last first
		reason, lacks := e.Lacks[name]
		if !lacks {
			if o := e.Offer.Operator(name); o != nil && o.Config != nil {
				config = maybe(&o.Config)
			}
			return nil, config
		}
		if why == nil {
			why = &reason
		}
	}
	return why, config
}

// lacking is why no environment could load an operator; nil when one could, or none has met it.
func lacking(all map[string]map[string]string, revision, name string) *string {
	if why := all[revision][name]; why != "" {
		return &why
	}
	return nil
}
