package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

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
	FromApp                  Null[Who]     `json:"from_app" doc:"The orchestrator that it goes to when FiftyOne's App schedules it on the dataset that was asked for; null when nothing is taken from there, or it would be refused."`
	NotLoadable              *string       `json:"not_loadable" doc:"Why no FiftyOne that met its revision could load it; null when one could, or none has met it."`
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
	sources       Sources
	facts         Facts
	access        Access
	queue         Queue
}

type operatorsInput struct {
	Paging
	Dataset string `query:"dataset" maxLength:"600" doc:"Id or name: what I may run there."`
	All     bool   `query:"all" doc:"Also those that I may not run, and why not."`
	URI     string `query:"operator" maxLength:"600" doc:"Only this one, by its URI."`
	Search  string `query:"search" maxLength:"200" doc:"In the URI and the label, whatever the case."`
}

// means tells whether an operator is one of those that were asked for.
func (in *operatorsInput) means(o sb.Operator) bool {
	holds := func(text string) bool { return strings.Contains(strings.ToLower(text), strings.ToLower(in.Search)) }
	return (in.URI == "" || o.URI() == in.URI) && (holds(o.URI()) || holds(o.Label()))
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
	places, err := h.places(ctx, f.Dataset)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(o sb.Operator) bool { return !in.means(o) })
	lacks, err := h.catalog.Lacking(ctx)
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
	return listOf(page, func(o judgedOperator) Operator {
		out := operatorOf(*o.Operator, *o.plugin, places, o.why)
		out.NotLoadable = lacking(lacks, o.plugin.Revision.ID, o.Name)
		return out
	}), nil
}

// places are the orchestrators that there are, and the source whose rules choose among them for its App: that of a dataset
// from which operations are taken.
type places struct {
	all    []sb.Orchestrator
	source *sb.Source
	names  []string // of the dataset, here and there
}

func (h operators) places(ctx context.Context, d *sb.Dataset) (places, error) {
	all, err := h.orchestrators.Orchestrators(ctx)
	p := places{all: all}
	if err != nil || d == nil || d.SourceID == "" {
		return p, err
	}
	source, err := h.sources.Source(ctx, d.SourceID)
	if sb.CodeOf(err) == sb.NotFound { // it was removed just now
		return p, nil
	}
	if source.Intake {
		p.source, p.names = &source, []string{d.Name, d.There}
	}
	return p, err
}

// fit are the orchestrators that would take an operator.
func (p places) fit(operator string) []Who {
	list := []Who{}
	for _, o := range p.all {
		if _, routed := o.Route(operator); routed && o.Enabled {
			list = append(list, Who{ID: o.ID, Name: o.Name})
		}
	}
	return list
}

// fromApp is which of those that fit gets what an App schedules.
func (p places) fromApp(operator string, fit []Who) Null[Who] {
	if p.source == nil || len(fit) == 0 {
		return Null[Who]{}
	}
	ruled := p.source.Orchestrator(operator, p.names...)
	if ruled == "" {
		return maybe(&fit[0])
	}
	if i := slices.IndexFunc(fit, func(w Who) bool { return w.ID == ruled }); i >= 0 {
		return maybe(&fit[i])
	}
	return Null[Who]{}
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

func operatorOf(o sb.Operator, p sb.Plugin, at places, why *string) Operator {
	out := Operator{
		URI: o.URI(), Name: o.Name, Label: o.Label(), Plugin: o.Plugin, Enabled: o.Enabled && p.Enabled, MinimumRole: o.MinimumRole,
		MinimumDatasetPermission: o.MinimumDatasetPermission, Runtime: runtimeOf(o), Orchestrators: at.fit(o.URI()), WhyNot: why,
	}
	if o.Command != nil {
		out.InputsSchema = schemaOf(o.Command.Inputs)
	}
	if why == nil {
		out.FromApp = at.fromApp(out.URI, out.Orchestrators)
	}
	return out
}
