package client

import (
	"context"
	"encoding/json"
	"net/url"

	sb "signalbox"
)

// Operators is the part of the API about the operators one may run.
type Operators struct{ c *conn }

// Operator is an operator as someone who may run it sees it.
type Operator struct {
	Document
	URI           string          `json:"uri"`
	Name          string          `json:"name"`
	Label         string          `json:"label"`
	Plugin        string          `json:"plugin"`
	InputsSchema  json.RawMessage `json:"inputs_schema"`
	Orchestrators []Who           `json:"orchestrators"` // enabled ones with a route for it
	WhyNot        *string         `json:"why_not"`       // null: it may be run
	NotLoadable   *string         `json:"not_loadable"`  // why no FiftyOne that met it could load it; null: one could, or none has met it
}

// UnmarshalJSON reads an operator and keeps its text.
func (o *Operator) UnmarshalJSON(b []byte) error {
	type plain Operator
	return keep(b, (*plain)(o), &o.JSON)
}

// OperatorFilter says which operators to list.
type OperatorFilter struct {
	Paging
	Dataset string // those that may be run there
	All     bool   // also the others, with the reason why not
}

// List reads a page of operators.
func (o Operators) List(ctx context.Context, f OperatorFilter) (Page[Operator], error) {
	q := url.Values{}
	if f.Dataset != "" {
		q.Set("dataset", f.Dataset)
	}
	if f.All {
		q.Set("all", "true")
	}
	return read[Page[Operator]](ctx, o.c, "/operators", f.into(q))
}

// Get finds an operator by its URI among those that may be run on a dataset (empty: without one), and those that may
// not. Errors: NotFound.
func (o Operators) Get(ctx context.Context, uri, dataset string) (Operator, error) {
	page := func(ctx context.Context, p Paging) (Page[Operator], error) {
		return o.List(ctx, OperatorFilter{Paging: p, Dataset: dataset, All: true})
	}
	for op, err := range All(ctx, Paging{}, page) {
		if err != nil || op.URI == uri {
			return op, err
		}
	}
	return Operator{}, sb.Errorf(sb.NotFound, "operator %s does not exist, or you may not see it", uri)
}
