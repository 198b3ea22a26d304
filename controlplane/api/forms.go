package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	sb "signalbox"
)

// Form is an operator's form for the params so far.
type Form struct {
	Operator       string               `json:"operator" doc:"URI"`
	PluginRevision int                  `json:"plugin_revision" doc:"The revision of the plugin that the form is of."`
	InputsSchema   Null[Schema]         `json:"inputs_schema" doc:"JSON Schema 2020-12, its properties in the order of the form. Null for an operator that takes no params."`
	Hints          json.RawMessage      `json:"hints" doc:"An object: how the fields are shown, by the ui: keys of react-jsonschema-form, nested as the schema's properties are. Readers leave out what they do not know."`
	Inputs         json.RawMessage      `json:"inputs" doc:"FiftyOne's own description of the inputs, a Property; null for an operator with a command."`
	Unmapped       []string             `json:"unmapped" doc:"Where a field for JSON stands for what a schema cannot say, as path: name of the type or view."`
	Errors         []sb.Fault           `json:"errors" doc:"What is wrong with the params so far, at places such as body.params.boxes[2].width, in FiftyOne's words for its operators."`
	Options        json.RawMessage      `json:"options" doc:"FiftyOne's execution options, an object; null for an operator with a command."`
	Delegate       *bool                `json:"delegate" doc:"Whether the operator asks to be delegated; null when it does not say."`
	Label          string               `json:"label" doc:"What a run with these params would be called."`
	Dynamic        bool                 `json:"dynamic" doc:"The form depends on the params: ask again when they change."`
	Warning        *string              `json:"warning" doc:"What went wrong without harm to the form, such as the traceback of execution options; null for nothing."`
	Failure        Null[sb.FormFailure] `json:"failure" doc:"Why the operator gave no form, for its own code failed; null when it did. Params can be entered as JSON then."`
}

type forms struct{ forms Forms }

type formBody struct {
	Dataset   string          `json:"dataset,omitempty" nullable:"true" maxLength:"600" doc:"Id or name."`
	Params    object          `json:"params,omitempty" doc:"Those so far; by default an empty object."`
	View      json.RawMessage `json:"view,omitempty" doc:"By default the whole dataset."`
	Selection *sb.Selection   `json:"selection,omitempty" doc:"What is selected in the view; by default nothing."`
}

type formInput struct {
	URI  string `path:"uri" maxLength:"600" doc:"The operator's URI, as one segment."`
	Body *formBody
}

func (h forms) ask(ctx context.Context, in *formInput) (*answer[Form], error) {
	ask := sb.FormAsk{Operator: in.URI}
	if b := in.Body; b != nil {
		ask.Dataset, ask.Params, ask.View, ask.Selection = b.Dataset, json.RawMessage(b.Params), given(b.View), b.Selection
	}
	made, err := h.forms.Form(ctx, callerOf(ctx).Principal, ask)
	if errors.Is(err, sb.ErrNoForm) { // whose words are for people
		p := newProblem(http.StatusServiceUnavailable, sb.Unavailable, "")
		p.Detail = sb.MessageOf(err)
		return nil, p
	}
	if err != nil {
		return nil, err
	}
	return answerOf(formOf(made)), nil
}

func formOf(m sb.MadeForm) Form {
	out := Form{
		Operator: m.Operator, PluginRevision: m.Revision, Hints: m.Hints, Inputs: m.Inputs, Unmapped: some(m.Unmapped), Errors: []sb.Fault{},
		Options: m.Options, Delegate: m.Delegate, Label: m.Label, Dynamic: m.Dynamic, Warning: textOf(m.Warning), Failure: maybe(m.Failure),
	}
	if given(m.Schema) != nil {
		out.InputsSchema = schemaOf(m.Schema)
	}
	if given(m.Hints) == nil {
		out.Hints = json.RawMessage("{}")
	}
	for _, e := range m.Errors {
		out.Errors = append(out.Errors, e.Fault())
	}
	return out
}
