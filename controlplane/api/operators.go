package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"

	sb "signalbox"
)

// Operator is an operator as someone who may want to run it sees it.
type Operator struct {
	URI                      string        `json:"uri"`
	Name                     string        `json:"name"`
	Label                    string        `json:"label"`
	Plugin                   string        `json:"plugin"`
	Enabled                  bool          `json:"enabled"`
	MinimumRole              sb.Role       `json:"minimum_role"`
	MinimumDatasetPermission sb.Permission `json:"minimum_dataset_permission"`
	Runtime                  string        `json:"runtime" enum:"command,fiftyone"`
	InputsSchema             Null[Schema]  `json:"inputs_schema"`
	Orchestrators            []Who         `json:"orchestrators" doc:"Enabled ones with a route for it; the first is taken unless the run names another."`
	WhyNot                   *string       `json:"why_not" doc:"Why I may not run it; null when I may."`
}

// Schema is a schema of inputs or outputs. The order of its keys is kept.
type Schema struct {
	Kind   string          `json:"kind" enum:"json_schema,fiftyone"`
	Schema json.RawMessage `json:"schema"`
}

func schemaOf(raw json.RawMessage) Null[Schema] {
	if len(raw) == 0 {
		return Null[Schema]{}
	}
	return maybe(&Schema{Kind: kindOf(raw), Schema: raw})
}

// kindOf tells FiftyOne's own property, whose type is an object, from a JSON Schema, whose type is a word or several.
func kindOf(raw json.RawMessage) string {
	var property struct{ Type json.RawMessage }
	if json.Unmarshal(raw, &property) == nil && bytes.HasPrefix(property.Type, []byte("{")) {
		return "fiftyone"
	}
	return "json_schema"
}

type operators struct {
	catalog       Catalog
	orchestrators Orchestrators
	facts         Facts
	access        Access
}

type operatorsInput struct {
	Paging
	Dataset string `query:"dataset" maxLength:"600" doc:"Id or name: what I may run there."`
	All     bool   `query:"all" doc:"Also those that I may not run, and why not."`
}

func (h operators) list(ctx context.Context, in *operatorsInput) (*answer[List[Operator]], error) {
	f, err := h.ground(ctx, in.Dataset)
	if err != nil {
		return nil, err
	}
	all, owners, err := h.catalog.Operators(ctx)
	if err != nil {
		return nil, err
	}
	places, err := h.orchestrators.Orchestrators(ctx)
	if err != nil {
		return nil, err
	}
	if all, err = behind(all, sb.Operator.URI, in.Paging); err != nil {
		return nil, err
	}
	byID := map[string]*sb.Plugin{}
	for i, p := range owners {
		byID[p.ID] = &owners[i]
	}
	var judged []judgedOperator
	for i := 0; i < len(all) && (in.Limit == 0 || len(judged) <= in.Limit); i++ { // one more than the page tells that there is another
		f.Plugin, f.Operator = byID[all[i].PluginID], &all[i]
		if why := h.whyNot(f); why == nil || in.All {
			judged = append(judged, judgedOperator{f.Operator, f.Plugin, why})
		}
	}
	page := beginning(judged, func(o judgedOperator) string { return o.URI() }, in.Limit)
	return listOf(page, func(o judgedOperator) Operator { return operatorOf(*o.Operator, *o.plugin, places, o.why) }), nil
}

// judgedOperator is an operator with why it may not be run; nil when it may.
type judgedOperator struct {
	*sb.Operator
	plugin *sb.Plugin
	why    *string
}

// ground reads the facts about the dataset that is meant, or about none.
func (h operators) ground(ctx context.Context, dataset string) (sb.Facts, error) {
	c := callerOf(ctx)
	if dataset == "" {
		return c.facts(), nil
	}
	f, err := h.facts.Facts(ctx, sb.Ask{PrincipalID: c.ID, Dataset: dataset})
	if err != nil {
		return f, err
	}
	return f, h.access.Check(f, sb.ActViewDataset)
}

// whyNot is nil when the operator of the facts may be run.
func (h operators) whyNot(f sb.Facts) *string {
	err := h.access.Check(f, sb.ActSchedule)
	if err == nil {
		return nil
	}
	why := "it may not be run"
	var e *sb.Error
	if errors.As(err, &e) {
		why = e.Message
	}
	return &why
}

func operatorOf(o sb.Operator, p sb.Plugin, places []sb.Orchestrator, why *string) Operator {
	out := Operator{
		URI: o.URI(), Name: o.Name, Label: o.Label(), Plugin: o.Plugin, Enabled: o.Enabled && p.Enabled, MinimumRole: o.MinimumRole,
		MinimumDatasetPermission: o.MinimumDatasetPermission, Runtime: runtimeOf(o), Orchestrators: []Who{}, WhyNot: why,
	}
	if o.Command != nil {
		out.InputsSchema = schemaOf(o.Command.Inputs)
	}
	for _, place := range places {
		_, routed := place.Route(o.URI())
		if routed && place.Enabled {
			out.Orchestrators = append(out.Orchestrators, Who{ID: place.ID, Name: place.Name})
		}
	}
	return out
}
