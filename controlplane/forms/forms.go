// Package forms asks operators for their forms: what may be entered, and what is wrong with what was. An operator with a command
// answers by the schema in its manifest, at once. One of the FiftyOne runtime is asked itself: its question lies in the database
// for a minute at most, a resolver that waits in its pool, at any replica, takes it, and the answer comes back the same way. Nobody waits
// longer than signalbox.FormPatience. A worker that waits is also asked what its FiftyOne makes of a plugin that is new.
package forms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	sb "signalbox"
)

// Params checks params against a schema of inputs. Errors: Invalid with every fault, TooLarge.
type Params func(schema, params json.RawMessage) (json.RawMessage, error)

// Forms asks operators for their forms. It is safe for use by several goroutines and replicas.
type Forms struct {
	store    Store
	check    func(sb.Facts, sb.Action) error
	params   Params
	archives Archives
	given    Given
	bells    bells
	after    func(time.Duration) <-chan time.Time
}

// New makes what asks operators for their forms.
func New(store Store, check func(sb.Facts, sb.Action) error, params Params, archives Archives, given Given) *Forms {
	return &Forms{store: store, check: check, params: params, archives: archives, given: given, bells: newBells(), after: time.After}
}

// Form gives an operator's form for the params so far, to whoever may schedule it. Errors: Invalid with every fault, Forbidden,
// NotFound, Conflict (it is disabled), RateLimited, Unavailable (the form could not be made).
func (s *Forms) Form(ctx context.Context, who sb.Principal, ask sb.FormAsk) (sb.MadeForm, error) {
	if faults := checkAsk(ask); len(faults) > 0 {
		return sb.MadeForm{}, sb.Faulty("the form cannot be asked for", faults...)
	}
	f, err := s.store.Facts(ctx, sb.Ask{PrincipalID: who.ID, Dataset: ask.Dataset, Operator: ask.Operator})
	if err != nil {
		return sb.MadeForm{}, err
	}
	if err := s.may(f, ask.Dataset); err != nil {
		return sb.MadeForm{}, err
	}
	made := sb.MadeForm{Operator: f.Operator.URI(), Revision: f.Plugin.Revision.Number}
	if command := f.Operator.Command; command != nil {
		made.Form, err = s.ofCommand(*command, ask.Params)
		made.Label = f.Operator.Label()
		return made, err
	}
	made.Form, err = s.ofResolver(ctx, f, ask)
	return made, err
}

// may demands the right to schedule what is asked about.
func (s *Forms) may(f sb.Facts, dataset string) error {
	if dataset != "" && f.Dataset == nil {
		return s.check(f, sb.ActViewDataset)
	}
	return s.check(f, sb.ActSchedule)
}

// anything is the schema of an operator that names none.
const anything = `{"type":"object"}`

// ofCommand is the form by a manifest.
func (s *Forms) ofCommand(c sb.Command, params json.RawMessage) (sb.Form, error) {
	form := sb.Form{Schema: c.Inputs}
	if len(form.Schema) == 0 {
		form.Schema = json.RawMessage(anything)
	}
	_, err := s.params(c.Inputs, params)
	var e *sb.Error
	if errors.As(err, &e) && e.Code == sb.Invalid {
		for _, fault := range e.Faults {
			path := strings.TrimPrefix(strings.TrimPrefix(fault.Location, "body.params"), ".")
			form.Errors = append(form.Errors, sb.FormError{Path: path, Message: fault.Message})
		}
		err = nil
	}
	return form, err
}

func checkAsk(a sb.FormAsk) (faults []sb.Fault) {
	add := func(location, message string) {
		faults = append(faults, sb.Fault{Location: location, Message: message})
	}
	if _, _, ok := sb.SplitURI(a.Operator); !ok {
		add("path.uri", "an operator's URI is <plugin>/<operator>, such as @acme/tools/hello")
	}
	most := fmt.Sprintf("at most %d bytes", sb.MaxFormInput)
	if len(a.Params) > sb.MaxFormInput {
		add("body.params", most)
	}
	if len(a.View) > sb.MaxFormInput {
		add("body.view", most)
	}
	if a.Selection.Size() > sb.MaxFormInput {
		add("body.selection", most)
	}
	return faults
}
