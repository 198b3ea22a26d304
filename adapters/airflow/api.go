package airflow

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"time"

	sb "signalbox"
	"signalbox/adapters/outbound"
)

// api is what the two APIs do differently.
type api interface {
	major() int
	version() version
	base() string                                  // its path, without slashes at its ends
	said(r outbound.Reply) (text string, own bool) // an error's text, and whether Airflow itself wrote it
	refusal(auth string) string                    // what to say when the credentials are not taken
	trigger(t trigger) map[string]any              // body that starts a run
	noTrigger() map[string]any                     // body that is never accepted, also not by those who may start runs
	parts(dags, runs []string, offset, size int) (body map[string]any, pages bool)
	stale(d dagInfo) bool
	note(text string) (path []string, body map[string]any) // of a run, behind its path
	xcom(value json.RawMessage) json.RawMessage            // a result as JSON
	runURL(base, dag, run string) string
	taskURL(base string, at sb.Place, task string, index, try int) string
	logAccept() string
}

// trigger is a run to be started.
type trigger struct {
	name, note string
	conf       map[string]any
	date       *time.Time // nil: none
}

// dagRun is a run as both APIs list it.
type dagRun struct {
	DAG   string          `json:"dag_id"`
	Name  string          `json:"dag_run_id"`
	State string          `json:"state"`
	Start *time.Time      `json:"start_date"`
	End   *time.Time      `json:"end_date"`
	Note  *string         `json:"note"`
	Conf  json.RawMessage `json:"conf"`
}

// marker gives the attempt that a run's conf names.
func (r dagRun) marker() sb.AttemptRef {
	var c struct {
		Signalbox struct {
			Run     string `json:"run"`
			Attempt int    `json:"attempt"`
		} `json:"signalbox"`
	}
	_ = json.Unmarshal(r.Conf, &c) // of a conf that is none of ours it stays empty
	return sb.AttemptRef{Run: c.Signalbox.Run, Attempt: c.Signalbox.Attempt}
}

// taskInstance is a task of a run as both APIs list it.
type taskInstance struct {
	DAG   string     `json:"dag_id"`
	Run   string     `json:"dag_run_id"`
	Task  string     `json:"task_id"`
	Index int        `json:"map_index"`
	Try   int        `json:"try_number"`
	State *string    `json:"state"`
	Start *time.Time `json:"start_date"`
}

// source names a task the way its claims do.
func (t taskInstance) source() string {
	if t.Index < 0 {
		return t.Task
	}
	return t.Task + "[" + strconv.Itoa(t.Index) + "]"
}

func (t taskInstance) word() string {
	if t.State == nil {
		return "none"
	}
	return *t.State
}

// readSource is the inverse of source. Names of tasks have no brackets.
func readSource(s string) (task string, index int) {
	name, rest, ok := strings.Cut(s, "[")
	n, err := strconv.Atoi(strings.TrimSuffix(rest, "]"))
	if !ok || err != nil {
		return s, -1
	}
	return name, n
}

// runSight is the sight of a run's state. Airflow has no word for stopped: such a run is failed, like others.
func runSight(r dagRun) sb.Sight {
	switch r.State {
	case "queued":
		return sb.SeenWaiting
	case "success":
		return sb.SeenSucceeded
	case "failed":
		if r.Start == nil { // nothing but a person, or a program in his name, fails a run that has not begun
			return sb.SeenStopped
		}
		return sb.SeenFailed
	}
	return sb.SeenActive
}

// taskSight is the sight of a task's state; what a later Airflow may add counts as active.
func taskSight(word string) sb.Sight {
	switch word {
	case "none", "no_status", "scheduled", "queued", "up_for_retry":
		return sb.SeenWaiting
	case "success", "skipped", "removed":
		return sb.SeenSucceeded
	case "failed", "upstream_failed":
		return sb.SeenFailed
	}
	return sb.SeenActive
}

func escape(s string) string { return url.PathEscape(s) }
