package signalbox

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"
)

// FormAsk is what somebody asks an operator's form with.
type FormAsk struct {
	Operator  string          // URI
	Dataset   string          // id or name; "" for none
	Params    json.RawMessage // so far; an object, nil for {}
	View      json.RawMessage // nil for the whole dataset
	Selection *Selection      // nil for nothing
}

// Selection is what is selected in a view.
type Selection struct {
	Samples []string          `json:"samples,omitempty" nullable:"false" maxItems:"100000" doc:"Ids of samples."`
	Labels  []json.RawMessage `json:"labels,omitempty" nullable:"false" maxItems:"100000" doc:"Labels as FiftyOne names them: objects with label_id, sample_id, field and frame_number."`
}

// Request is a selection as an App sends it; nil for nothing.
func (s *Selection) Request() json.RawMessage {
	if s == nil || len(s.Samples)+len(s.Labels) == 0 {
		return nil
	}
	text, err := json.Marshal(struct {
		Selected []string          `json:"selected"`
		Labels   []json.RawMessage `json:"selected_labels"`
	}{append([]string{}, s.Samples...), append([]json.RawMessage{}, s.Labels...)})
	if err != nil { // what was decoded can be encoded
		panic(err)
	}
	return text
}

// Size is how many bytes it names.
func (s *Selection) Size() (size int) {
	if s == nil {
		return 0
	}
	for _, id := range s.Samples {
		size += len(id)
	}
	for _, label := range s.Labels {
		size += len(label)
	}
	return size
}

// Form is an operator's form for the params so far, as a resolver makes it: what may be entered, how it is shown, and what is
// wrong with what was entered.
type Form struct {
	Inputs   json.RawMessage `json:"inputs,omitempty" doc:"FiftyOne's own description of the inputs; null for an operator that takes none, and for one with a command."`
	Schema   json.RawMessage `json:"schema,omitempty" doc:"The same as JSON Schema, its properties in the order of the form."`
	Hints    json.RawMessage `json:"hints,omitempty"`
	Unmapped []string        `json:"unmapped,omitempty" nullable:"false"`
	Errors   []FormError     `json:"errors,omitempty" nullable:"false"`
	Options  json.RawMessage `json:"options,omitempty"`
	Delegate *bool           `json:"delegate,omitempty"`
	Label    string          `json:"label,omitempty"`
	Dynamic  bool            `json:"dynamic,omitempty"`
	Warning  string          `json:"warning,omitempty"`
	Failure  *FormFailure    `json:"failure,omitempty"`
}

// FormError is something that is wrong with the params.
type FormError struct {
	Path    string `json:"path"` // below the params, such as "boxes[2].width"; "" for all of them
	Message string `json:"message"`
}

// Fault is the error as those of other params are told.
func (e FormError) Fault() Fault {
	at := "body.params"
	if e.Path != "" {
		at += "." + e.Path
	}
	return Fault{Location: at, Message: e.Message}
}

// FormFailure is why an operator gave no form.
type FormFailure struct {
	Message string `json:"message"`
	Stack   string `json:"stack" doc:"The traceback; empty without one."`
}

// ErrNoForm is the cause of errors that tell people why a form could not be made, and what to do.
var ErrNoForm = errors.New("there is no form")

// MadeForm is a form with who it is of.
type MadeForm struct {
	Form
	Operator string // URI
	Revision int    // of its plugin
}

// Question is a form that somebody waits for. It is asked of the resolvers of a pool.
type Question struct {
	ID             string
	OrchestratorID string
	Pool           string
	PrincipalID    string // who asks
	Operator       string // URI
	RevisionID     string // of its plugin
	DatasetID      string // "" for none
	Params         json.RawMessage
	View           json.RawMessage // nil for the whole dataset
	Request        json.RawMessage // what an App would be asked with besides; nil for nothing
}

// Meets tells whether it asks, of nobody's, what an environment makes of the revision, and no operator for its form.
func (q Question) Meets() bool { return q.Operator == "" }

// Answered is a question's answer, as it was kept.
type Answered struct {
	RevisionID string
	DatasetID  string
	Form       Form
}

// Of tells whether it was asked about the plugin's revision and the dataset of facts.
func (a Answered) Of(f Facts) bool {
	dataset := ""
	if f.Dataset != nil {
		dataset = f.Dataset.ID
	}
	return a.RevisionID == f.Plugin.Revision.ID && a.DatasetID == dataset
}

// SumOfAsked tells apart what forms are asked with, however it is written: the order of members and white space do not count.
func SumOfAsked(params, view, request json.RawMessage) string {
	if len(params) == 0 {
		params = json.RawMessage("{}")
	}
	h := sha256.New()
	for _, raw := range []json.RawMessage{params, view, request} {
		var value any
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		if err := d.Decode(&value); err != nil && len(raw) > 0 {
			value = string(raw)
		}
		text, err := json.Marshal(value)
		if err != nil { // what was decoded can be encoded
			panic(err)
		}
		h.Write(append(text, '\n'))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Times and sizes of forms.
const (
	FormPatience = 5 * time.Second  // how long an answer is waited for
	FormAgain    = 2 * time.Second  // after which a question without an answer is asked once more: its resolver may have died
	FormKept     = time.Minute      // how long a question and its answer are kept
	FormPoll     = 25 * time.Second // how long a resolver waits for a question

	MeetMost = time.Minute     // how long a plugin may take to be loaded that a worker is to tell of
	MeetKept = 5 * time.Minute // how long the question about it is kept, and the next one waits

	MaxFormInput = 1 << 20 // bytes of the params, of the view, and of the selection
	MaxForm      = 4 << 20 // bytes of an answer

	MaxQuestions    = 200 // about how many may be open at once
	MaxOwnQuestions = 10  // of one principal
)
