package signalbox

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Offer is what an environment, a Python that has FiftyOne, makes of a plugin's revision.
type Offer struct {
	FiftyOne  string            `json:"fiftyone"` // version
	Python    string            `json:"python"`
	Unmet     string            `json:"unmet"` // why this FiftyOne is none that the manifest asks for; "" when it is one
	Operators []OfferedOperator `json:"operators"`
	Errors    []string          `json:"errors"` // the traceback of each thing that could not be loaded
}

// OfferedOperator is an operator that an environment has loaded.
type OfferedOperator struct {
	Name   string          `json:"name"`
	Config json.RawMessage `json:"config,omitempty"` // FiftyOne's; nil where it is not known
}

// Limits of an offer; what is longer is cut, or not kept.
const (
	MaxOffer        = 1 << 20  // bytes of all of it
	maxOfferErrors  = 20       // tracebacks
	maxOfferError   = 16 << 10 // bytes of one; its end is what tells
	maxOfferConfig  = 16 << 10 // bytes of what an operator is; larger ones are left out
	maxOfferVersion = 100      // bytes
	maxOfferReason  = 1000     // bytes of why the whole, or an operator, does not run
)

// Bounded is the offer within its limits, with texts masked.
func (o Offer) Bounded(mask func(string) string) Offer {
	b := Offer{FiftyOne: head(mask(o.FiftyOne), maxOfferVersion), Python: head(mask(o.Python), maxOfferVersion), Unmet: head(mask(o.Unmet), maxOfferReason)}
	for _, e := range o.Errors[:min(len(o.Errors), maxOfferErrors)] {
		e = mask(e)
		b.Errors = append(b.Errors, strings.ToValidUTF8(e[max(0, len(e)-maxOfferError):], ""))
	}
	for _, operator := range o.Operators {
		config := json.RawMessage(mask(string(operator.Config)))
		if len(config) > maxOfferConfig || !json.Valid(config) {
			config = nil
		}
		b.Operators = append(b.Operators, OfferedOperator{head(mask(operator.Name), maxNameBytes), config})
	}
	return b
}

func head(text string, most int) string { return strings.ToValidUTF8(text[:min(len(text), most)], "") }

// Operator is what the environment made of an operator; nil when it could not load it.
func (o Offer) Operator(name string) *OfferedOperator {
	i := slices.IndexFunc(o.Operators, func(one OfferedOperator) bool { return one.Name == name })
	if i < 0 {
		return nil
	}
	return &o.Operators[i]
}

// WhyNot says why an operator that the manifest declares does not run in the environment; "" when it does.
func (o Offer) WhyNot(name string) string {
	switch {
	case o.Unmet != "":
		return o.Unmet
	case o.Operator(name) != nil:
		return ""
	case len(o.Errors) == 0:
		return "The plugin's Python code does not register it."
	}
	last := lastLine(o.Errors[len(o.Errors)-1])
	for _, e := range o.Errors {
		if strings.Contains(lastLine(e), "No module named") {
			last = lastLine(e)
		}
	}
	if missing := noModule.FindStringSubmatch(last); missing != nil {
		return last + ". Install what has the module " + missing[1] + " in the environment."
	}
	return cmp.Or(last, "The plugin could not be loaded.")
}

var noModule = regexp.MustCompile(`No module named '([^']+)'`)

func lastLine(text string) string {
	text = strings.TrimRight(text, "\n")
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// Environment is where a revision was met, and what was made of it there.
type Environment struct {
	RevisionID   string
	Orchestrator Who
	Worker       string // "" where the orchestrator is not ours
	Offer        Offer
	Lacks        map[string]string // the operators that are declared and not loadable there, with why
	SeenAt       time.Time
}

// EnvironmentAgain is how old the word of an environment may be that lacks nothing. Of one that does every run tells anew:
// it may have been repaired.
const EnvironmentAgain = 24 * time.Hour

// MeetAgain is how long a pool is not asked again about a revision of which its workers lacked something.
const MeetAgain = time.Hour

// Lacks are the operators of a manifest that need FiftyOne and do not run in the environment, with why.
func (o Offer) Lacks(m Manifest) map[string]string {
	lacks := map[string]string{}
	for _, name := range m.Operators {
		if _, command := m.Commands[name]; command {
			continue
		}
		if why := o.WhyNot(name); why != "" {
			lacks[name] = head(why, maxOfferReason)
		}
	}
	return lacks
}

// Remark is something that whoever tries a plugin should know.
type Remark struct {
	Operator string `json:"operator"` // its name; "" for the plugin
	Problem  bool   `json:"problem"`  // it would not work in a run here
	Message  string `json:"message"`
	Stack    string `json:"stack,omitempty"`
}

// Trial is what came of trying a plugin in an environment.
type Trial struct {
	Plugin    string          `json:"plugin"`
	Version   string          `json:"version"`
	Program   string          `json:"program"`  // the Python that was asked; "" where none was needed
	FiftyOne  string          `json:"fiftyone"` // version; "" where it was not needed
	Python    string          `json:"python"`
	Operators []TriedOperator `json:"operators"`
	Remarks   []Remark        `json:"remarks"`
}

// TriedOperator is an operator of a manifest as it would run.
type TriedOperator struct {
	Name    string `json:"name"`
	Runtime string `json:"runtime"` // command or fiftyone
	Works   bool   `json:"works"`
}

// Works tells whether no problem was found.
func (t Trial) Works() bool {
	return !slices.ContainsFunc(t.Remarks, func(f Remark) bool { return f.Problem })
}
