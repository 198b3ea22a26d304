package connecttest

import (
	"encoding/json"
	"fmt"
	"time"
)

// The phases of the definitions, without their prefix.
const (
	queued       = "QUEUED"
	initializing = "INITIALIZING"
	running      = "RUNNING"
	succeeded    = "SUCCEEDED"
	failed       = "FAILED"
	aborted      = "ABORTED"
)

// numbers are the phases as filters name them.
var numbers = map[string]string{
	queued: "1", "WAITING_FOR_RESOURCES": "2", initializing: "3", running: "4", succeeded: "5", failed: "6", aborted: "7",
	"TIMED_OUT": "8", "PAUSED": "9", "RECOVERED": "10",
}

// run is a run: its root action, and those below it.
type run struct {
	task         *Task
	name         string
	version      string
	inputs, spec json.RawMessage
	phase        string
	reason       string // of an abort
	created      time.Time
	ended        *time.Time
	lost         bool // it was never queued
	starts       int
	steps        int
	children     []string // their phases
}

func (r *run) over() bool {
	switch r.phase {
	case queued, initializing, running, "WAITING_FOR_RESOURCES", "PAUSED":
		return false
	}
	return true
}

// start puts it into the queue, again if it was there before.
func (r *run) start(lost bool) {
	r.lost = lost
	if !lost {
		r.starts++
		r.steps = 0
	}
}

// step moves it on.
func (r *run) step(now time.Time) {
	if r.starts == 0 || r.lost || r.phase == aborted || r.over() && r.steps > 3 {
		return
	}
	r.steps++
	switch {
	case r.steps == 1:
		r.phase, r.ended = initializing, nil
	case r.steps == 2:
		r.phase = running
		r.children = nil
		for range r.task.Children {
			r.children = append(r.children, running)
		}
	case !r.task.Endless && r.steps > 3:
		r.end(r.task.End, now)
	}
}

func (r *run) end(phase string, now time.Time) {
	r.phase, r.ended, r.steps = phase, &now, 4
	for i := range r.children {
		r.children[i] = phase
	}
}

// actions are its actions, the root first.
func (r *run) actions() []string {
	names := []string{"a0"}
	for i := range r.children {
		names = append(names, fmt.Sprintf("c%09d", i))
	}
	return names
}

func (r *run) phaseOf(action string) string {
	for i, name := range r.actions() {
		switch {
		case name != action:
		case i == 0:
			return r.phase
		default:
			return r.children[i-1]
		}
	}
	return ""
}

// began tells whether a pod ran for it.
func (r *run) began() bool { return r.starts > 0 && r.steps >= 2 }

type object = map[string]any

func (r *run) id() object { return object{"project": Project, "domain": Domain, "name": r.name} }

func (r *run) status(action string) object {
	s := object{"phase": "ACTION_PHASE_" + r.phaseOf(action), "startTime": r.created.Format(time.RFC3339Nano), "attempts": 1}
	if r.ended != nil {
		s["endTime"] = r.ended.Format(time.RFC3339Nano)
	}
	return s
}

// action is an action as lists show it: without labels, and children without the name of their task.
func (r *run) action(name string) object {
	metadata := object{
		"actionType": "ACTION_TYPE_TASK", "funtionName": r.task.Name, // so the definitions spell it
		"task": object{"id": r.taskID(), "taskType": "python"},
	}
	if name != "a0" {
		metadata = object{"parent": "a0"}
	}
	return object{"id": object{"run": r.id(), "name": name}, "metadata": metadata, "status": r.status(name)}
}

func (r *run) taskID() object {
	return object{"project": Project, "domain": Domain, "name": r.task.Name, "version": r.version}
}

// details are an action by itself.
func (r *run) details(name string) object {
	d := r.action(name)
	attempt := object{"attempt": 1, "phase": "ACTION_PHASE_" + r.phaseOf(name), "logsAvailable": true}
	switch r.phaseOf(name) {
	case aborted:
		d["abortInfo"] = object{"reason": r.reason}
	case failed:
		wrong := object{"message": r.task.Wrong, "kind": "KIND_USER", "code": "ValueError"}
		attempt["errorInfo"], d["errorInfo"] = wrong, wrong
	}
	if r.began() {
		d["attempts"] = []object{attempt}
	}
	return d
}

// word is a number of one length.
func word(n int) string { return fmt.Sprintf("%06d", n) }
