package airflowtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// log answers with the log of a try: what it printed, and for a failed one the recorded end with its traceback.
func (q request) log() {
	r := q.namedRun()
	if r == nil {
		return
	}
	try, _ := strconv.Atoi(q.path[7])
	index := -1
	if text := q.r.URL.Query().Get("map_index"); text != "" {
		index, _ = strconv.Atoi(text)
	}
	var of *instance
	for _, t := range r.tasks {
		if t.task.ID == q.path[5] && t.index == index {
			of = t
		}
	}
	accept := q.r.Header.Get("Accept")
	switch {
	case of == nil && q.s.major == 2:
		q.s.say(q.w, "get_run_404", "echo_ok", q.path[1], "run-ld-4", q.path[3])
	case of == nil || q.s.major == 3 && (try < 1 || try > of.try):
		q.s.say(q.w, "logs_try2_missing")
	case try < 1 || try > of.try || of.start == nil && try == of.try:
		q.s.say(q.w, "logs_try2_missing")
	case q.s.major == 2 && accept == "text/plain":
		q.textLog(of)
	case q.s.major == 3 && accept == "application/x-ndjson":
		q.jsonLog(of)
	case q.s.major == 3 && strings.HasPrefix(accept, "text/"):
		q.s.say(q.w, "logs_always_fail_text")
	default:
		q.s.say(q.w, "unknown_query_param")
	}
}

func (q request) textLog(t *instance) {
	q.w.Header().Set("Content-Type", "text/plain")
	fmt.Fprint(q.w, "vm\n*** Found local files:\n***   * /opt/airflow/logs/attempt.log\n")
	for n := range t.task.Lines {
		fmt.Fprintf(q.w, "[2026-11-22T04:23:00.978+0000] {logging_mixin.py:190} INFO - line %d of %s\n", n, t.task.ID)
	}
	if t.state == "failed" && t.task.Does == "fail" {
		_, rest, _ := strings.Cut(q.s.wire["logs_always_fail_text"].Body, "INFO - about to fail\n")
		fmt.Fprint(q.w, rest)
	}
}

func (q request) jsonLog(t *instance) {
	q.w.Header().Set("Content-Type", "application/x-ndjson")
	q.w.Header().Set("Airflow-Continuation-Token", "eyJkb3dubG9hZF9sb2dzIjpmYWxzZX0.hvUAy9FVDvkR3RlH3CEKIZn2EDY") // constant, and says nothing
	recorded := strings.SplitAfter(q.s.wire["logs_always_fail_ndjson"].Body, "\n")
	fmt.Fprint(q.w, strings.Join(recorded[:3], ""))
	for n := range t.task.Lines {
		b, _ := json.Marshal(map[string]any{"timestamp": "2026-11-22T04:23:22.608382Z", "event": fmt.Sprintf("line %d of %s", n, t.task.ID), "level": "info", "logger": "task.stdout"})
		_, _ = q.w.Write(append(b, '\n'))
	}
	if t.state == "failed" && t.task.Does == "fail" {
		for _, line := range recorded {
			if strings.Contains(line, "Task failed with exception") || strings.Contains(line, "Post Execute") {
				fmt.Fprint(q.w, line)
			}
		}
	}
}

var _ http.Handler = (*Server)(nil)
