package connecttest

import (
	"encoding/json"
	"fmt"
	"slices"
)

// The names of the tasks that a server has.
const (
	OK     = "signalbox.ok"
	Fail   = "signalbox.fail"
	BigLog = "signalbox.big_log"
	Mapped = "signalbox.mapped"
	Sleep  = "signalbox.sleep"
	Params = "signalbox.params"
)

// Task is a task that was deployed.
type Task struct {
	Name     string
	Versions []string
	Inputs   []Input
	Outputs  []Input
	Children int    // actions below its own
	Endless  bool   // it runs until it is aborted
	End      string // the phase that it ends in
	Wrong    string // what it says when it fails
	Result   json.RawMessage
	Log      func(action string) []string
}

// Input is what a task takes, or gives.
type Input struct {
	Name    string
	Type    string // a LiteralType in JSON
	Default string // a Literal in JSON; "" for none
}

// literal is a value with its name.
type literal struct {
	Name  string          `json:"name"`
	Value json.RawMessage `json:"value"`
}

// traceback is how a task in Python says what went wrong.
const traceback = "Traceback (most recent call last):\n  File \"/root/work.py\", line 7, in fail\n    raise ValueError(\"deliberate failure\")\nValueError: deliberate failure"

// Tasks are the tasks of a server.
func Tasks() []Task {
	text := Input{Name: "text", Type: `{"simple":"STRING"}`, Default: `{"scalar":{"primitive":{"stringValue":""}}}`}
	list := Input{
		Name: "list", Default: `{"collection":{}}`,
		Type: `{"collectionType":{"unionType":{"variants":[{"simple":"INTEGER"},{"simple":"FLOAT"},{"simple":"NONE"},{"simple":"STRUCT"}]}}}`,
	}
	result := []Input{{Name: "o0", Type: `{"simple":"STRUCT"}`}}
	n := json.RawMessage(`[{"name":"o0","value":{"scalar":{"generic":{"n":1}}}}]`)
	short := func(action string) []string { return []string{"line 0 of " + action} }
	return []Task{
		{Name: OK, Versions: []string{"v2", "v1"}, Inputs: []Input{text, list}, Outputs: result, Result: n, End: succeeded, Log: short},
		{Name: Fail, Versions: []string{"v1"}, End: failed, Wrong: traceback, Log: func(action string) []string {
			return []string{"line 0 of " + action, "2026-01-01 10:00:00,000 - work - ERROR - an exception ended it"}
		}},
		{Name: BigLog, Versions: []string{"v1"}, End: succeeded, Log: func(action string) []string {
			lines := make([]string, 20_000)
			for i := range lines {
				lines[i] = fmt.Sprintf("line %d of %s", i, action)
			}
			return lines
		}},
		{Name: Mapped, Versions: []string{"v1"}, Children: 3, End: succeeded, Log: short},
		{Name: Sleep, Versions: []string{"v1"}, Endless: true, End: succeeded, Log: short},
		{Name: Params, Versions: []string{"v1"}, End: succeeded, Log: short, Inputs: []Input{
			{Name: "env", Type: `{"enumType":{"values":["dev","prod"]}}`, Default: `{"scalar":{"primitive":{"stringValue":"dev"}}}`},
			{Name: "must", Type: `{"simple":"STRING"}`},
		}},
	}
}

func (t *Task) lines(action string) []string { return t.Log(action) }

// filled adds the defaults of what was not given. Whether what was given fits, nobody looks.
func (t *Task) filled(given []literal) []literal {
	for _, in := range t.Inputs {
		if in.Default != "" && !slices.ContainsFunc(given, func(l literal) bool { return l.Name == in.Name }) {
			given = append(given, literal{Name: in.Name, Value: json.RawMessage(in.Default)})
		}
	}
	return given
}

func variables(all []Input) object {
	entries := []object{}
	for _, in := range all {
		entries = append(entries, object{"key": in.Name, "value": object{"type": json.RawMessage(in.Type)}})
	}
	return object{"variables": entries}
}

// getTaskDetails calls everything that fails "not found".
func (s *Server) getTaskDetails(read func(into any) *fault) (any, *fault) {
	var in struct{ TaskID taskID }
	if wrong := read(&in); wrong != nil {
		return nil, wrong
	}
	t := s.tasks[in.TaskID.Name]
	if t == nil || in.TaskID.Project != Project || in.TaskID.Domain != Domain || !slices.Contains(t.Versions, in.TaskID.Version) || s.database {
		return nil, no("not_found", "task not found: "+in.TaskID.Name)
	}
	defaults := []object{}
	for _, v := range t.Inputs {
		parameter := object{"var": object{"type": json.RawMessage(v.Type)}}
		if v.Default != "" {
			parameter["default"] = json.RawMessage(v.Default)
			defaults = append(defaults, object{"name": v.Name, "parameter": parameter})
		}
	}
	id := object{"project": Project, "domain": Domain, "name": t.Name, "version": in.TaskID.Version}
	template := object{"type": "python", "interface": object{"inputs": variables(t.Inputs), "outputs": variables(t.Outputs)}}
	return object{"details": object{"taskId": id, "metadata": object{"shortName": t.Name}, "spec": object{
		"taskTemplate": template, "defaultInputs": defaults, "shortName": t.Name,
	}}}, nil
}

func project() object {
	return object{"id": Project, "name": Project, "domains": []object{{"id": Domain, "name": Domain}}, "state": "PROJECT_STATE_ACTIVE"}
}

func (s *Server) getProject(read func(into any) *fault) (any, *fault) {
	var in struct{ ID string }
	if wrong := read(&in); wrong != nil {
		return nil, wrong
	}
	if in.ID != Project {
		return nil, no("not_found", "project not found")
	}
	return object{"project": project()}, nil
}

func (s *Server) listProjects(read func(into any) *fault) (any, *fault) {
	var in struct{}
	if wrong := read(&in); wrong != nil {
		return nil, wrong
	}
	return object{"projects": object{"projects": []object{project()}}}, nil
}
