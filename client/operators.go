package client

import (
	"context"
	"encoding/json"
	"net/http"
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
	Dataset  string // those that may be run there
	All      bool   // also the others, with the reason why not
	Operator string // only this one, by its URI
	Search   string // those with this in the URI or the label
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
	if f.Operator != "" {
		q.Set("operator", f.Operator)
	}
	if f.Search != "" {
		q.Set("search", f.Search)
	}
	return read[Page[Operator]](ctx, o.c, "/operators", f.into(q))
}

// Place is an orchestrator that a run of an operator could go to, with what it would wait for there if it was scheduled now.
type Place struct {
	Orchestrator Who    `json:"orchestrator"`
	Kind         string `json:"kind"`
	Enabled      bool   `json:"enabled"`
	Waiting      Wait   `json:"waiting"`
}

// Outlook says where a run of an operator on a dataset (empty: without one) could go, and what it would wait for there.
// Errors: NotFound, Forbidden, Conflict (it is disabled).
func (o Operators) Outlook(ctx context.Context, uri, dataset string) ([]Place, error) {
	q := url.Values{}
	if dataset != "" {
		q.Set("dataset", dataset)
	}
	out, err := read[struct {
		Places []Place `json:"places"`
	}](ctx, o.c, "/operators"+segment(uri)+"/outlook", q)
	return out.Places, err
}

// FormAsk is what a form is asked for with. All of it may be left out.
type FormAsk struct {
	Dataset   string          `json:"dataset,omitempty"`
	Params    json.RawMessage `json:"params,omitempty"` // so far
	View      json.RawMessage `json:"view,omitempty"`
	Selection *sb.Selection   `json:"selection,omitempty"`
}

// Form is an operator's form for the params so far.
type Form struct {
	Document
	Operator       string          `json:"operator"`
	PluginRevision int             `json:"plugin_revision"`
	InputsSchema   *FormSchema     `json:"inputs_schema"` // null: it takes no params
	Hints          json.RawMessage `json:"hints"`
	Inputs         json.RawMessage `json:"inputs"`   // FiftyOne's own description
	Unmapped       []string        `json:"unmapped"` // what a field for JSON stands for
	Errors         []sb.Fault      `json:"errors"`   // what is wrong with the params
	Options        json.RawMessage `json:"options"`
	Delegate       *bool           `json:"delegate"`
	Label          string          `json:"label"`
	Dynamic        bool            `json:"dynamic"` // it depends on the params
	Warning        *string         `json:"warning"`
	Failure        *sb.FormFailure `json:"failure"` // why the operator gave none
}

// FormSchema is a schema with its kind.
type FormSchema struct {
	Kind   string          `json:"kind"`
	Schema json.RawMessage `json:"schema"`
}

// UnmarshalJSON reads a form and keeps its text.
func (f *Form) UnmarshalJSON(b []byte) error {
	type plain Form
	return keep(b, (*plain)(f), &f.JSON)
}

// Form asks an operator for its form. Errors: NotFound, Forbidden, Conflict (it is disabled), Unavailable (the form could not be made
// in time), RateLimited (too much is asked at once).
func (o Operators) Form(ctx context.Context, uri string, ask FormAsk) (Form, error) {
	return do[Form](ctx, o.c, http.MethodPost, "/operators"+segment(uri)+"/form", ask)
}

// Get finds an operator by its URI among those that may be run on a dataset (empty: without one), and those that may
// not. Errors: NotFound.
func (o Operators) Get(ctx context.Context, uri, dataset string) (Operator, error) {
	page, err := o.List(ctx, OperatorFilter{Dataset: dataset, Operator: uri, All: true})
	if err != nil {
		return Operator{}, err
	}
	if len(page.Items) == 1 {
		return page.Items[0], nil
	}
	return Operator{}, sb.Errorf(sb.NotFound, "operator %s does not exist, or you may not see it", uri)
}
