package signalbox

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// LogSettings say where the tasks of an orchestrator keep their logs. Every kind that we do not own has them in its config.
type LogSettings struct {
	Roots     []LogRoot
	Template  string // how the names below a root are made; "" for not known
	Reference bool   // logs stay where they are
}

// logFields are the fields of a config that LogSettings are.
type logFields struct {
	Roots    []string `json:"log_roots"`
	Template string   `json:"log_template"`
	Logs     string   `json:"logs"`
}

var logPlaceholder = regexp.MustCompile(`\{[^}]*\}?|\}`)

// ReadLogSettings reads log_roots, log_template and logs from a config, with every fault. What they are is told nowhere else.
func ReadLogSettings(config json.RawMessage) (LogSettings, []Fault) {
	var s LogSettings
	var faults []Fault
	fault := func(field, message string, value any) {
		faults = append(faults, Fault{Location: "config." + field, Message: message, Value: value})
	}
	var fields map[string]json.RawMessage
	var f logFields
	_ = json.Unmarshal(config, &fields) // what is no object is the kind's to refuse
	for name, into := range map[string]any{"log_roots": &f.Roots, "log_template": &f.Template, "logs": &f.Logs} {
		if raw, there := fields[name]; there && json.Unmarshal(raw, into) != nil {
			fault(name, "is of another type: log_roots is a list of texts, the others are texts", nil)
		}
	}
	for i, text := range f.Roots {
		root, wrong := readLogRoot(text)
		if wrong != "" {
			fault(fmt.Sprintf("log_roots[%d]", i), wrong, text)
			continue
		}
		s.Roots = append(s.Roots, root)
	}
	s.Template, s.Reference = strings.TrimLeft(f.Template, "/"), f.Logs == "reference"
	for _, wrong := range s.checkTemplate() {
		fault("log_template", wrong, f.Template)
	}
	if !slices.Contains([]string{"", "collect", "reference"}, f.Logs) {
		fault("logs", "is collect (the default) or reference", f.Logs)
	}
	if len(f.Roots) == 0 && (s.Template != "" || s.Reference) {
		fault("log_roots", "log_template and logs: reference need a place where logs lie", nil)
	}
	return s, faults
}

func readLogRoot(text string) (LogRoot, string) {
	place, _, _ := strings.Cut(text, "?")
	if strings.Contains(place, "%") {
		return LogRoot{}, "holds a %: write the folder as it is, not encoded"
	}
	root, err := ParseLogRoot(text)
	if err != nil {
		return root, strings.TrimPrefix(err.Error(), "signalbox: ")
	}
	return root, ""
}

// checkTemplate lists what is wrong with the template.
func (s LogSettings) checkTemplate() (wrong []string) {
	if s.Template == "" {
		return nil
	}
	for _, name := range logPlaceholder.FindAllString(s.Template, -1) {
		if !slices.Contains([]string{"{dag_id}", "{run_id}", "{task_id}", "{map_index}", "{try}"}, name) {
			wrong = append(wrong, "knows {dag_id}, {run_id}, {task_id}, {map_index} and {try}, not "+name)
		}
	}
	if !strings.Contains(s.Template, "{run_id}") {
		wrong = append(wrong, "holds {run_id}, else it would name logs of other runs")
	}
	if bad := badKey(s.Template); bad != "" {
		wrong = append(wrong, bad)
	}
	return wrong
}

// Templated lists where the log of a part's try lies by the template, in the order of the roots. An element of the template
// that holds {map_index} is left out for a part that is not mapped.
func (s LogSettings) Templated(at Place, source string, try int) []LogPlace {
	if s.Template == "" {
		return nil
	}
	task, index := source, ""
	if name, rest, ok := strings.Cut(source, "["); ok {
		if n, err := strconv.Atoi(strings.TrimSuffix(rest, "]")); err == nil {
			task, index = name, strconv.Itoa(n)
		}
	}
	var elements []string
	for element := range strings.SplitSeq(s.Template, "/") {
		if index != "" || !strings.Contains(element, "{map_index}") {
			elements = append(elements, element)
		}
	}
	fill := strings.NewReplacer("{dag_id}", at.Target.there(), "{run_id}", at.Name, "{task_id}", task, "{map_index}", index, "{try}", strconv.Itoa(try))
	key := fill.Replace(strings.Join(elements, "/"))
	if badKey(key) != "" {
		return nil
	}
	var places []LogPlace
	for _, root := range s.Roots {
		places = append(places, LogPlace{Root: root, Key: key})
	}
	return places
}

// WithoutLogs is a config without what LogSettings are: what is left is the kind's own.
func WithoutLogs(config json.RawMessage) json.RawMessage {
	var fields map[string]json.RawMessage
	if json.Unmarshal(config, &fields) != nil || fields == nil {
		return config
	}
	delete(fields, "log_roots")
	delete(fields, "log_template")
	delete(fields, "logs")
	left, err := json.Marshal(fields)
	if err != nil {
		return config
	}
	return left
}
