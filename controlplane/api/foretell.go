package api

import (
	"context"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	sb "signalbox"
)

// DryRun is the parameter of what can tell what it would do.
type DryRun struct {
	DryRun bool `query:"dry_run" doc:"Change nothing; answer who would gain and lose what, and which Scheduled runs would be rejected."`
}

func (d DryRun) dry() bool { return d.DryRun }

// DryID is ByID of what can tell what it would do.
type DryID struct {
	ByID
	DryRun
}

func (d DryID) named() string { return d.ID }

// ofNamed is the scope of what happens to a thing that the path names.
func ofNamed[I interface{ named() string }](scope func(context.Context, string) (sb.Scope, error)) func(context.Context, *I) (sb.Scope, error) {
	return func(ctx context.Context, in *I) (sb.Scope, error) { return scope(ctx, (*in).named()) }
}

// Effect is what a change would do.
type Effect struct {
	Gain     []Difference  `json:"gain"`
	Lose     []Difference  `json:"lose"`
	Rejected []RejectedRun `json:"rejected_runs" doc:"Scheduled runs that would be rejected when their turn comes."`
	More     bool          `json:"more" doc:"There is more than these lists hold, or than was looked at."`
}

// Difference is a permission that would rise or fall.
type Difference struct {
	Principal Who           `json:"principal"`
	Dataset   Null[Who]     `json:"dataset" doc:"null for the right to run an operator."`
	Operator  *string       `json:"operator" doc:"URI; null for a permission on a dataset. Before and after are then the most with which he may run it, none where he may not run it at all."`
	Before    sb.Permission `json:"before"`
	After     sb.Permission `json:"after"`
}

// RejectedRun is a Scheduled run that would be rejected.
type RejectedRun struct {
	ID        string    `json:"id"`
	Operator  string    `json:"operator"`
	Dataset   Null[Who] `json:"dataset"`
	CreatedBy Who       `json:"created_by"`
	Reason    string    `json:"reason"`
}

func effectOf(e sb.Effect) Effect {
	out := Effect{Gain: []Difference{}, Lose: []Difference{}, Rejected: []RejectedRun{}, More: e.More}
	for _, d := range e.Gain {
		out.Gain = append(out.Gain, differenceOf(d))
	}
	for _, d := range e.Lose {
		out.Lose = append(out.Lose, differenceOf(d))
	}
	for _, r := range e.Rejected {
		shown := RejectedRun{ID: r.Run.ID, Operator: r.Run.Operator, CreatedBy: whoOf(r.Run.CreatedBy), Reason: r.Reason}
		if r.Run.DatasetID != "" {
			shown.Dataset = maybe(&Who{ID: r.Run.DatasetID, Name: r.Run.Dataset})
		}
		out.Rejected = append(out.Rejected, shown)
	}
	return out
}

func differenceOf(d sb.Difference) Difference {
	out := Difference{Principal: whoOf(d.Principal), Operator: textOf(d.Operator), Before: d.Before, After: d.After}
	if d.Dataset != nil {
		who := whoOf(*d.Dataset)
		out.Dataset = maybe(&who)
	}
	return out
}

// foreseen is the answer of what was done, or of what it would do.
type foreseen struct {
	Status int
	Body   any
}

// foretold puts a handler behind a route that can also tell what it would do: with dry_run the handler runs in a
// transaction that is rolled back. Scope says what it may touch; rights on an object it must demand before it tells.
func foretold[I interface{ dry() bool }, T any](
	s *server, r route, scope func(context.Context, *I) (sb.Scope, error), handler func(context.Context, *I) (*answer[T], error),
) {
	silent := reflect.TypeFor[T]() == reflect.TypeFor[none]()
	on(s, r, func(ctx context.Context, in *I) (*foreseen, error) {
		if (*in).dry() {
			return s.foresee(ctx, func(ctx context.Context) (sb.Scope, error) { return scope(ctx, in) }, func(ctx context.Context) error {
				_, err := handler(ctx, in)
				return err
			})
		}
		out, err := handler(ctx, in)
		if err != nil {
			return nil, err
		}
		if silent {
			return &foreseen{Status: http.StatusNoContent}, nil
		}
		return &foreseen{Status: http.StatusOK, Body: out.Body}, nil
	})
	s.documentEffect(r, reflect.TypeFor[T](), silent)
}

// quietly makes a handler without an answer one that foretold takes.
func quietly[I any](handler func(context.Context, *I) (*none, error)) func(context.Context, *I) (*answer[none], error) {
	return func(ctx context.Context, in *I) (*answer[none], error) {
		_, err := handler(ctx, in)
		return &answer[none]{}, err
	}
}

func (s *server) foresee(ctx context.Context, scope func(context.Context) (sb.Scope, error), do func(context.Context) error) (*foreseen, error) {
	about, err := scope(ctx)
	if err != nil {
		return nil, err
	}
	e, err := s.Sharing.Preview(ctx, about, s.Access, do)
	if err != nil {
		return nil, err
	}
	return &foreseen{Status: http.StatusOK, Body: effectOf(e)}, nil
}

// documentEffect says in the document that the answer is one of two.
func (s *server) documentEffect(r route, body reflect.Type, silent bool) {
	if !silent {
		s.documentForesight(r, body, reflect.TypeFor[Effect]())
		return
	}
	op := s.documented(r)
	op.Responses["204"] = &huma.Response{Description: http.StatusText(http.StatusNoContent)}
	op.Responses["200"] = jsonResponse("What it would do, with dry_run.", s.schema(reflect.TypeFor[Effect]()))
}

// documentForesight says in the document that the answer is a body, or with dry_run an effect.
func (s *server) documentForesight(r route, body, effect reflect.Type) {
	schema := &huma.Schema{AnyOf: []*huma.Schema{s.schema(body), s.schema(effect)}}
	s.documented(r).Responses["200"] = jsonResponse("OK; with dry_run, what it would do.", schema)
}

func (s *server) schema(of reflect.Type) *huma.Schema {
	return s.huma.OpenAPI().Components.Schemas.Schema(of, true, "")
}

func jsonResponse(said string, schema *huma.Schema) *huma.Response {
	return &huma.Response{Description: said, Content: map[string]*huma.MediaType{"application/json": {Schema: schema}}}
}

// principal finds a user or a service account. The server's documents are made without a store to ask.
func (s *server) principal(ctx context.Context, idOrName string) (sb.Principal, error) {
	return s.Sharing.Principal(ctx, idOrName)
}
