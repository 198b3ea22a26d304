package api

import (
	"context"
	"time"

	sb "signalbox"
)

// Source is a database of FiftyOne.
type Source struct {
	ID                string        `json:"id"`
	Name              string        `json:"name"`
	Kind              sb.SourceKind `json:"kind"`
	Database          string        `json:"database"`
	Principal         string        `json:"principal" doc:"The service account on whose behalf operations are taken whose submitter is not known; empty for none."`
	DefaultPermission sb.Permission `json:"default_permission" doc:"What Members have on its datasets without a grant, from their first appearance here."`
	Intake            bool          `json:"intake" doc:"Whether operations that an App queues are taken."`
	Mirror            bool          `json:"mirror" doc:"Whether runs scheduled here are shown there."`
	Pools             []string      `json:"pools" doc:"Where the address of the database may go."`
	Rules             []SourceRule  `json:"rules"`
	State             SourceState   `json:"state"`
	CreatedAt         time.Time     `json:"created_at"`
	UpdatedAt         time.Time     `json:"updated_at"`
}

// SourceRule says which orchestrator runs some operators on some datasets of a source.
type SourceRule struct {
	Operators    []string `json:"operators"`
	Datasets     []string `json:"datasets"`
	Orchestrator string   `json:"orchestrator"`
}

// SourceState is how a source goes.
type SourceState struct {
	Connected    bool       `json:"connected" doc:"Whether it answered when it was last asked."`
	SeenAt       *time.Time `json:"seen_at" doc:"When it last answered."`
	FailingSince *time.Time `json:"failing_since"`
	Trouble      string     `json:"trouble" doc:"Why it does not answer, why nothing is taken from it, or which operation is put off and why; empty when all is well."`
	Streams      bool       `json:"streams" doc:"Whether it tells of changes; else it is polled."`
	Server       string     `json:"server" doc:"MongoDB's version."`
	Datasets     int        `json:"datasets"`
	Operations   int        `json:"operations" doc:"That are ours and not over."`
}

type sources struct {
	sources   Sources
	registrar SourceRegistrar
}

// shown is a source with how it goes.
func (h sources) shown(ctx context.Context, s sb.Source) (Source, error) {
	state, err := h.sources.SourceState(ctx, s.ID)
	if err != nil {
		return Source{}, err
	}
	out := Source{
		ID: s.ID, Name: s.Name, Kind: s.Kind, Database: s.Database, Principal: s.Principal.Name, DefaultPermission: s.DefaultPermission,
		Intake: s.Intake, Mirror: s.Mirror, Pools: []string{}, Rules: []SourceRule{}, CreatedAt: moment(s.CreatedAt), UpdatedAt: moment(s.UpdatedAt),
		State: SourceState{
			Connected: state.SeenAt != nil && state.FailingSince == nil, SeenAt: momentOf(state.SeenAt), FailingSince: momentOf(state.FailingSince),
			Trouble: state.Trouble, Streams: state.Streams, Server: state.Server, Datasets: state.Datasets, Operations: state.Operations,
		},
	}
	for _, p := range s.Pools {
		out.Pools = append(out.Pools, p.Words())
	}
	for _, r := range s.Rules {
		out.Rules = append(out.Rules, SourceRule{some(r.Operators), some(r.Datasets), r.Orchestrator})
	}
	return out, nil
}

func (h sources) list(ctx context.Context, in *Paging) (*answer[List[Source]], error) {
	all, err := h.sources.Sources(ctx)
	if err != nil {
		return nil, err
	}
	name := func(s sb.Source) string { return s.Name }
	page, err := cut(sorted(all, name), name, *in)
	if err != nil {
		return nil, err
	}
	shown := make(map[string]Source, len(page.Items))
	for _, s := range page.Items {
		if shown[s.ID], err = h.shown(ctx, s); err != nil {
			return nil, err
		}
	}
	return listOf(page, func(s sb.Source) Source { return shown[s.ID] }), nil
}

// SourceFields are what may be left out of a new source, or changed of one.
type SourceFields struct {
	Principal         *string               `json:"principal,omitempty" doc:"A service account, Member at most, by name or id; empty for nobody."`
	DefaultPermission *sb.Permission        `json:"default_permission,omitempty" enum:"none,view,tag,edit,manage" doc:"Of datasets that appear from now on; none unless set."`
	Intake            *bool                 `json:"intake,omitempty"`
	Mirror            *bool                 `json:"mirror,omitempty"`
	Pools             *[]string             `json:"pools,omitempty" maxItems:"1000" doc:"All of them: <orchestrator>/<pool>, or an orchestrator that is not builtin by its name; builtin/default unless set."`
	Rules             *[]sb.SourceRuleWords `json:"rules,omitempty" maxItems:"1000" doc:"All of them, in the order they are tried; where none fits, the first orchestrator with a fitting route."`
}

func (f SourceFields) patch() sb.SourcePatch {
	return sb.SourcePatch{
		Principal: f.Principal, DefaultPermission: f.DefaultPermission, Intake: f.Intake, Mirror: f.Mirror, Pools: f.Pools, Rules: f.Rules,
	}
}

type sourceBody struct {
	Name     string        `json:"name" minLength:"1" maxLength:"200"`
	Kind     sb.SourceKind `json:"kind,omitempty" enum:"fiftyone" default:"fiftyone"`
	URI      string        `json:"uri" writeOnly:"true" doc:"The address of the MongoDB with its credentials; it is sealed and never shown."`
	Database string        `json:"database"`
	SourceFields
}

func (h sources) create(ctx context.Context, in *struct{ Body sourceBody }) (*placed[Source], error) {
	p := in.Body.patch()
	p.Name, p.URI, p.Database = &in.Body.Name, &in.Body.URI, &in.Body.Database
	s, err := h.registrar.Register(ctx, in.Body.Kind, p)
	if err != nil {
		return nil, err
	}
	out, err := h.shown(ctx, s)
	if err != nil {
		return nil, err
	}
	return &placed[Source]{Location: base + "/sources/" + s.ID, Body: out}, nil
}

func (h sources) show(ctx context.Context, in *ByName) (*answer[Source], error) {
	s, err := h.sources.Source(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	return h.answer(ctx, s)
}

func (h sources) answer(ctx context.Context, s sb.Source) (*answer[Source], error) {
	out, err := h.shown(ctx, s)
	if err != nil {
		return nil, err
	}
	return answerOf(out), nil
}

type sourcePatch struct {
	ByName
	Body struct {
		Name     *string `json:"name,omitempty" minLength:"1" maxLength:"200"`
		URI      *string `json:"uri,omitempty" writeOnly:"true"`
		Database *string `json:"database,omitempty" doc:"Another database has other datasets: those of before go, with their grants."`
		SourceFields
	}
}

func (h sources) patch(ctx context.Context, in *sourcePatch) (*answer[Source], error) {
	p := in.Body.patch()
	p.Name, p.URI, p.Database = in.Body.Name, in.Body.URI, in.Body.Database
	s, err := h.registrar.Change(ctx, in.Name, p)
	if err != nil {
		return nil, err
	}
	return h.answer(ctx, s)
}

func (h sources) delete(ctx context.Context, in *ByName) (*none, error) {
	return nil, h.registrar.Remove(ctx, in.Name)
}
