package connecttest

import (
	"fmt"
	"slices"
	"time"
)

// actionID names an action of a run.
type actionID struct {
	Run  runID
	Name string
}

// action finds an action.
func (s *Server) action(id actionID) (*run, *fault) {
	r := s.run(id.Run.Name)
	if r == nil || !id.Run.here() || !slices.Contains(r.actions(), id.Name) {
		return nil, no("not_found", "action not found: "+id.Name)
	}
	return r, nil
}

func (s *Server) getActionDetails(read func(into any) *fault) (any, *fault) {
	var in struct{ ActionID actionID }
	if wrong := read(&in); wrong != nil {
		return nil, wrong
	}
	r, wrong := s.action(in.ActionID)
	if wrong != nil {
		return nil, wrong
	}
	return object{"details": r.details(in.ActionID.Name)}, nil
}

func (s *Server) getActionData(read func(into any) *fault) (any, *fault) {
	var in struct{ ActionID actionID }
	if wrong := read(&in); wrong != nil {
		return nil, wrong
	}
	r, wrong := s.action(in.ActionID)
	if wrong != nil {
		return nil, wrong
	}
	data := object{"inputs": object{"literals": r.inputs}, "inputsUri": "s3://flyte/" + r.name + "/inputs.pb"}
	if r.phaseOf(in.ActionID.Name) == succeeded {
		data["outputs"] = object{"literals": r.task.Result}
		data["outputsUri"] = "s3://flyte/" + r.name + "/outputs.pb"
	}
	return data, nil
}

// batch is how many lines come in one message.
const batch = 1000

// tailLogs gives the lines of an attempt's pod. Of one that runs it gives what there is, and waits.
func (s *Server) tailLogs(read func(into any) *fault, out *stream) *fault {
	var in struct {
		ActionID actionID
		Attempt  int
	}
	if wrong := read(&in); wrong != nil {
		return wrong
	}
	s.mu.Lock()
	r, wrong := s.action(in.ActionID)
	var lines []string
	follow := false
	switch {
	case wrong != nil:
	case in.Attempt > 1 || !r.began():
		wrong = no("not_found", fmt.Sprintf("no event found for action %s attempt %d", in.ActionID.Name, in.Attempt))
	case s.dropped:
		wrong = no("not_found", "pod "+r.name+"-a0-0 not found in namespace "+Project+"-"+Domain)
	default:
		lines, follow = r.task.lines(in.ActionID.Name), r.phaseOf(in.ActionID.Name) == running
	}
	s.mu.Unlock()
	if wrong != nil {
		return wrong
	}
	at := s.now().Format(time.RFC3339Nano)
	for some := range slices.Chunk(lines, batch) {
		written := make([]object, len(some))
		for i, line := range some {
			written[i] = object{"timestamp": at, "message": line, "originator": "USER"}
		}
		out.send(object{"logs": []object{{"lines": written}}})
	}
	if follow {
		<-out.gone
	}
	return nil
}

// watchRunDetails sends details that are empty, and never ends.
func (s *Server) watchRunDetails(read func(into any) *fault, out *stream) *fault {
	var in struct{ RunID runID }
	if wrong := read(&in); wrong != nil {
		return wrong
	}
	out.send(object{"details": object{}})
	<-out.gone
	return nil
}
