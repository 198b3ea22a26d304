package flytetest

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func (s *Server) getVersion(request) (any, *fault) {
	return map[string]any{"controlPlaneVersion": map[string]any{"Build": "x", "Version": "v1.16.8", "BuildTime": "2026-07-09"}}, nil
}

var (
	nameRule  = regexp.MustCompile(`^[a-z][a-z\-0-9]*$`)
	valueList = regexp.MustCompile(`^(value_in|eq)\(([a-z_.]+),(.*)\)$`)
)

// createExecution stores the inputs, creates the resource, and only then looks whether the name is taken, as the real one
// does: the inputs of the first are those of the second by then.
func (s *Server) createExecution(in request) (any, *fault) {
	plan, _ := in.at("spec", "launchPlan").(map[string]any)
	of := request(plan)
	kind := of.text("name")
	switch {
	case in.text("project") != Project || in.text("domain") != Domain:
		return nil, no(badRequest, "failed to validate that project ["+in.text("project")+"] and domain are registered")
	case plan == nil || of.text("version") == "" || of.text("resourceType") == "" && plan["resourceType"] == nil:
		return nil, no(badRequest, "missing launch_plan")
	case in.text("name") != "" && (!nameRule.MatchString(strings.ToLower(in.text("name"))) || len(in.text("name")) > 63):
		return nil, no(badRequest, "invalid name format")
	case inputsOf(kind) == nil:
		return nil, no(notFound, "entry not found")
	}
	inputs, _ := in.at("inputs", "literals").(map[string]any)
	if wrong := checkInputs(kind, inputs); wrong != "" {
		return nil, no(badRequest, wrong)
	}
	if kind == Limited && s.running(Limited) > 0 {
		return nil, no(exists, "Concurrency limit (1) reached for launch plan: skipping execution")
	}
	name := in.text("name")
	notes, _ := in.at("spec", "annotations", "values").(map[string]any)
	id := map[string]any{"id": map[string]any{"project": Project, "domain": Domain, "name": name}}
	if before := s.executions[name]; before != nil {
		before.inputs = inputs
		return nil, no(exists, "execution with this name already exists")
	}
	s.add(&execution{name: name, kind: kind, plan: plan, annotations: notes, inputs: inputs})
	return id, nil
}

func (s *Server) running(kind string) (n int) {
	for _, e := range s.executions {
		if e.kind == kind && !e.over() {
			n++
		}
	}
	return n
}

func (s *Server) execution(in request, path ...string) (*execution, *fault) {
	e := s.executions[in.text(append(path, "name")...)]
	if e == nil || in.text(append(path, "project")...) != Project {
		return nil, no(notFound, "missing entity of type execution with identifier")
	}
	return e, nil
}

func (s *Server) getExecution(in request) (any, *fault) {
	e, wrong := s.execution(in, "id")
	if wrong != nil {
		return nil, wrong
	}
	e.step()
	return e.message(false), nil
}

// listExecutions filters and pages as the real one: a limit is wanted, archived ones are hidden, the token is an offset
// which a full page has even when it is the last.
func (s *Server) listExecutions(in request) (any, *fault) {
	limit, _ := in.at("limit").(float64)
	if limit <= 0 {
		return nil, no(badRequest, "invalid value for limit")
	}
	keep, wrong := filterOf(in.text("filters"))
	if wrong != nil {
		return nil, wrong
	}
	offset, _ := strconv.Atoi(in.text("token"))
	var found []any
	for _, name := range slices.Backward(s.order) {
		e := s.executions[name]
		if e == nil || e.archived || !keep(e) {
			continue
		}
		found = append(found, e)
	}
	found = found[min(offset, len(found)):]
	answer := map[string]any{"token": ""}
	if len(found) >= int(limit) {
		found = found[:int(limit)]
		answer["token"] = strconv.Itoa(offset + int(limit))
	}
	for i, e := range found {
		e.(*execution).step()
		found[i] = e.(*execution).message(true)
	}
	answer["executions"] = found
	return answer, nil
}

func filterOf(text string) (func(*execution) bool, *fault) {
	keep := func(*execution) bool { return true }
	for _, one := range strings.Split(text, "+") {
		if one == "" {
			continue
		}
		parts := valueList.FindStringSubmatch(one)
		if parts == nil {
			return nil, no(badRequest, "unexpected filter "+one)
		}
		values, before := strings.Split(parts[3], ";"), keep
		switch parts[2] {
		case "execution_name":
			keep = func(e *execution) bool { return before(e) && slices.Contains(values, e.name) }
		case "phase":
			keep = func(e *execution) bool { return before(e) && slices.Contains(values, e.phase) }
		default:
			return nil, no(badRequest, "'e."+parts[2]+"' is invalid filter")
		}
	}
	return keep, nil
}

// getExecutionData gives nothing, and no error, for outputs that are too large.
func (s *Server) getExecutionData(in request) (any, *fault) {
	e, wrong := s.execution(in, "id")
	if wrong != nil {
		return nil, wrong
	}
	outputs := map[string]any{}
	if e.phase == "SUCCEEDED" && e.kind != Big {
		outputs["n"] = map[string]any{"scalar": map[string]any{"primitive": map[string]any{"integer": "1"}}}
	}
	return map[string]any{"fullInputs": map[string]any{"literals": e.inputs}, "fullOutputs": map[string]any{"literals": outputs}}, nil
}

func (s *Server) terminateExecution(in request) (any, *fault) {
	e, wrong := s.execution(in, "id")
	switch {
	case wrong != nil:
		return nil, wrong
	case !e.abort(in.text("cause")):
		f := no(precondition, "Cannot abort an already terminate workflow execution")
		f.Details = []any{map[string]any{"@type": "type.googleapis.com/flyteidl.admin.EventFailureReason"}}
		return nil, f
	}
	return map[string]any{}, nil
}

// listNodeExecutions leaves out nodes that have a parent, unless it is asked for those of one.
func (s *Server) listNodeExecutions(in request) (any, *fault) {
	e, wrong := s.execution(in, "workflowExecutionId")
	if wrong != nil {
		return nil, wrong
	}
	var nodes []any
	for _, n := range nodesOf(e.kind) {
		if n.parent != in.text("uniqueParentId") {
			continue
		}
		closure := map[string]any{"phase": nodePhase(e)}
		if n.starts {
			closure["workflowNodeMetadata"] = map[string]any{"executionId": map[string]any{"project": Project, "domain": Domain, "name": e.name + "-child"}}
		}
		nodes = append(nodes, map[string]any{
			"id":       map[string]any{"nodeId": n.id, "executionId": map[string]any{"project": Project, "domain": Domain, "name": e.name}},
			"metadata": map[string]any{"specNodeId": n.spec, "isParentNode": n.parents},
			"closure":  closure,
		})
	}
	return map[string]any{"nodeExecutions": nodes, "token": ""}, nil
}

// node is one of an execution.
type node struct {
	id, spec, parent string
	parents          bool // it has nodes of its own
	task             bool // it runs a task
	starts           bool // it starts another execution
}

func nodesOf(kind string) []node {
	start, end := node{id: "start-node", spec: "start-node"}, node{id: "end-node", spec: "end-node"}
	if kind != Nested {
		return []node{start, {id: "n0", spec: "n0", task: true}, end}
	}
	return []node{
		start,
		{id: "n0", spec: "n0", parents: true},
		{id: "n1", spec: "n1", starts: true},
		end,
		{id: "n0-0-start-node", spec: "start-node", parent: "n0"},
		{id: "n0-0-n0", spec: "n0", parent: "n0", task: true},
		{id: "n0-0-n1", spec: "n1", parent: "n0", parents: true, task: true},
		{id: "n0-0-end-node", spec: "end-node", parent: "n0"},
		{id: "n0-0-n1-0-dn0", spec: "dn0", parent: "n0-0-n1", task: true},
	}
}

func nodePhase(e *execution) string {
	switch e.phase {
	case "UNDEFINED":
		return "QUEUED"
	case "ABORTING":
		return "RUNNING"
	}
	return e.phase
}

func (s *Server) listTaskExecutions(in request) (any, *fault) {
	e, wrong := s.execution(in, "nodeExecutionId", "executionId")
	if wrong != nil {
		return nil, wrong
	}
	task := slices.ContainsFunc(nodesOf(e.kind), func(n node) bool { return n.task && n.id == in.text("nodeExecutionId", "nodeId") })
	if !task || e.phase == "UNDEFINED" || e.kind == Broken {
		return map[string]any{"taskExecutions": []any{}, "token": ""}, nil
	}
	phase := map[string]string{"ABORTING": "RUNNING"}[e.phase]
	if phase == "" {
		phase = e.phase
	}
	closure := map[string]any{"phase": phase, "logs": []any{map[string]any{"uri": "https://logs.example.com/" + e.name, "name": "Kubernetes Logs"}}}
	if n := map[string]int{Mapped: 3, Single: 1}[e.kind]; n > 0 {
		closure["metadata"] = map[string]any{"pluginIdentifier": "k8s-array", "externalResources": elements(e.name, phase, n)}
	}
	return map[string]any{"taskExecutions": []any{map[string]any{
		"id": map[string]any{"taskId": identifier("TASK", Task), "retryAttempt": 0}, "closure": closure,
	}}, "token": ""}, nil
}

// elements are the resources of a mapped task: one for each try of each element. Only the last element is tried twice.
func elements(name, phase string, n int) (all []any) {
	one := func(index, try int, phase string) {
		all = append(all, map[string]any{
			"externalId": fmt.Sprintf("%s-n0-0-n%d-%d", name, index, try), "index": index, "retryAttempt": try, "phase": phase,
			"logs": []any{map[string]any{"uri": fmt.Sprintf("https://logs.example.com/%s/%d/%d", name, index, try)}},
		})
	}
	for i := range n - 1 {
		one(i, 0, phase)
	}
	one(n-1, 0, "RETRYABLE_FAILED")
	one(n-1, 1, phase)
	return all
}

func (s *Server) getActiveLaunchPlan(in request) (any, *fault) {
	if in.text("id", "name") == Idle {
		return nil, no(notFound, "No active launch plan could be found")
	}
	return s.plan(in.text("id", "name"))
}

func (s *Server) getLaunchPlan(in request) (any, *fault) {
	if in.text("id", "version") != Version {
		return nil, no(notFound, "missing entity of type LAUNCH_PLAN")
	}
	return s.plan(in.text("id", "name"))
}

func (s *Server) plan(name string) (any, *fault) {
	inputs := inputsOf(name)
	if inputs == nil || name == Task {
		return nil, no(notFound, "missing entity of type LAUNCH_PLAN")
	}
	state := "ACTIVE"
	if name == Idle {
		state = "INACTIVE"
	}
	parameters := map[string]any{}
	for key, p := range inputs {
		one := map[string]any{"var": map[string]any{"type": p.of}}
		if p.otherwise == nil {
			one["required"] = true
		} else {
			one["default"] = p.otherwise
		}
		parameters[key] = one
	}
	spec := map[string]any{"workflowId": identifier("WORKFLOW", name)}
	if name == Params {
		spec["fixedInputs"] = map[string]any{"literals": map[string]any{"fixed": text("x")}}
	}
	return map[string]any{
		"id": identifier("LAUNCH_PLAN", name), "spec": spec,
		"closure": map[string]any{"state": state, "expectedInputs": map[string]any{"parameters": parameters}},
	}, nil
}

func (s *Server) listLaunchPlanIDs(in request) (any, *fault) {
	if in.text("project") != Project || in.text("domain") != Domain {
		return nil, no(badRequest, "failed to validate that project and domain are registered")
	}
	return map[string]any{"entities": []any{map[string]any{"project": Project, "domain": Domain, "name": OK}}, "token": "1"}, nil
}

func (s *Server) getTask(in request) (any, *fault) {
	if in.text("id", "name") != Task || in.text("id", "version") != Version {
		return nil, no(notFound, "missing entity of type TASK")
	}
	variables := map[string]any{}
	for key, p := range inputsOf(Task) {
		variables[key] = map[string]any{"type": p.of}
	}
	return map[string]any{
		"id": identifier("TASK", Task),
		"closure": map[string]any{"compiledTask": map[string]any{"template": map[string]any{
			"id": identifier("TASK", Task), "interface": map[string]any{"inputs": map[string]any{"variables": variables}},
		}}},
	}, nil
}

// input is one of a launch plan's.
type input struct {
	of        map[string]any
	otherwise any // nil: it must be given
}

func simple(kind string) map[string]any { return map[string]any{"simple": kind} }

func text(s string) map[string]any {
	return map[string]any{"scalar": map[string]any{"primitive": map[string]any{"stringValue": s}}}
}

var nothing = map[string]any{"scalar": map[string]any{"noneType": map[string]any{}}}

// inputsOf are the inputs of a launch plan or task; nil for none of that name.
func inputsOf(name string) map[string]input {
	all := map[string]map[string]input{
		Fail: {}, Nested: {}, Mapped: {}, Single: {}, Sleep: {}, Big: {}, Broken: {}, Limited: {}, Idle: {},
		OK: {
			"threshold": {simple("FLOAT"), map[string]any{"scalar": map[string]any{"primitive": map[string]any{"floatValue": 0.5}}}},
			"items":     {map[string]any{"collectionType": simple("STRING")}, map[string]any{"collection": map[string]any{"literals": []any{}}}},
			"when":      {map[string]any{"unionType": map[string]any{"variants": []any{simple("DATETIME"), simple("NONE")}}}, nothing},
		},
		Params: {
			"env":  {map[string]any{"enumType": map[string]any{"values": []any{"dev", "prod"}}}, text("dev")},
			"must": {simple("STRING"), nil},
		},
		IDs:  {"signalbox_run": {simple("STRING"), nil}, "signalbox_attempt": {simple("INTEGER"), nil}},
		Task: {"n": {simple("INTEGER"), nil}},
	}
	return all[name]
}

// checkInputs refuses what the real one does: names that are none, fixed ones, missing ones, and other types.
func checkInputs(kind string, given map[string]any) string {
	inputs := inputsOf(kind)
	for name, value := range given {
		p, has := inputs[name]
		switch {
		case !has:
			return "invalid input " + name
		case !typed(p.of, value):
			return fmt.Sprintf("invalid %s input wrong type. Expected %v, but got another", name, p.of)
		}
	}
	for name, p := range inputs {
		if _, has := given[name]; !has && p.otherwise == nil {
			return kind + " missing required input " + name
		}
	}
	return ""
}

// typed tells whether a literal has a type; whether an enum has the value is not looked at.
func typed(of map[string]any, value any) bool {
	l := request{}
	remarshal(value, &l)
	fields := map[string]string{
		"FLOAT": "floatValue", "INTEGER": "integer", "STRING": "stringValue", "BOOLEAN": "boolean", "DATETIME": "datetime", "DURATION": "duration",
	}
	if kind, ok := of["simple"].(string); ok {
		return l.at("scalar", "primitive", fields[kind]) != nil || kind == "NONE" && l.at("scalar", "noneType") != nil
	}
	switch {
	case of["enumType"] != nil:
		return l.at("scalar", "primitive", "stringValue") != nil
	case of["collectionType"] != nil:
		return l.at("collection") != nil
	case of["unionType"] != nil:
		return l.at("scalar", "union", "value") != nil
	}
	return false
}
