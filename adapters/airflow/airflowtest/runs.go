package airflowtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

var runID = regexp.MustCompile(`^[A-Za-z0-9_.~:+-]+$`)

func (q request) trigger() {
	s := q.s
	d := s.dags[q.path[1]]
	allowed := []string{"dag_run_id", "conf", "note", "logical_date", "data_interval_start", "data_interval_end"}
	if s.major == 3 {
		allowed = append(allowed, "run_after", "partition_key")
	}
	date, dated := q.body["logical_date"]
	conf, hasConf := q.body["conf"]
	switch {
	case !q.onlyKeys(allowed):
		s.say(q.w, "trigger_unknown_key")
	case s.major == 3 && !dated:
		s.say(q.w, "trigger_without_logical_date")
	case hasConf && conf == nil && s.major == 2:
		s.say(q.w, "trigger_conf_null")
	case d == nil || d.Stale:
		s.say(q.w, "trigger_dag_404", "nope", q.path[1])
	case d.Broken:
		w := q.w
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"title": "DAG cannot be triggered", "detail": "DAG with dag_id: '%s' has import errors", "status": 400, "type": "x/BadRequest"}`, d.ID)
	case !q.paramsFit(d):
	default:
		q.create(d, date)
	}
}

func (q request) onlyKeys(allowed []string) bool {
	for name := range q.body {
		if !slices.Contains(allowed, name) {
			return false
		}
	}
	return true
}

// paramsFit checks the params of the recorded DAG with_params, and that one which needs a value has one.
func (q request) paramsFit(d *DAG) bool {
	conf, _ := q.body["conf"].(map[string]any)
	if env, ok := conf["env"]; ok && d.Params["env"].Schema != nil && env != "dev" && env != "prod" {
		q.s.say(q.w, "trigger_params_bad_enum", "'qa'", fmt.Sprintf("'%v'", env))
		return false
	}
	if _, ok := conf["must"]; !ok && d.Params["must"].Schema != nil {
		q.s.say(q.w, "trigger_params_bad_range", "count: 99 is greater than the maximum of 10", "must: None is not of type 'string'")
		return false
	}
	return true
}

func (q request) create(d *DAG, date any) {
	s := q.s
	name, _ := q.body["dag_run_id"].(string)
	at := s.now()
	if text, ok := date.(string); ok {
		var err error
		if at, err = time.Parse(time.RFC3339Nano, text); err != nil {
			s.say(q.w, "batch_end_date_gte_naive")
			return
		}
		at = at.Truncate(time.Microsecond)
	}
	r := newRun(d, name)
	r.logical, r.noLogical = at, s.major == 3 && date == nil
	switch {
	case s.run(d.ID, name) != nil:
		s.say(q.w, "trigger_duplicate_run_id", "echo_ok", d.ID, "run-ok-1", name)
		return
	case !r.noLogical && slices.ContainsFunc(s.runs, func(o *run) bool { return o.dag == d && !o.noLogical && o.logical.Equal(at) }):
		s.say(q.w, "trigger_duplicate_logical_date")
		return
	case !runID.MatchString(name) || len(name) > 250:
		s.say(q.w, "trigger_unknown_key")
		return
	}
	r.conf, _ = json.Marshal(q.body["conf"])
	if note, ok := q.body["note"].(string); ok {
		r.note = &note
	}
	s.runs = append(s.runs, r)
	o, raw := s.runJSON(r)
	s.give(q.w, o, raw...)
}

func (q request) getRun() {
	if r := q.namedRun(); r != nil {
		o, raw := q.s.runJSON(r)
		q.s.give(q.w, o, raw...)
	}
}

func (q request) patchRun() {
	s := q.s
	r := s.run(q.path[1], q.path[3])
	state, _ := q.body["state"].(string)
	note, noted := q.body["note"].(string)
	switch {
	case s.major == 2 && len(q.r.URL.Query()) > 0:
		s.say(q.w, "patch_queued_on_success")
		return
	case s.major == 2 && noted:
		s.say(q.w, "trigger_unknown_key", "bogus", "note")
		return
	case state != "" && state != "failed" && state != "success" && state != "queued":
		s.say(q.w, "patch_invalid_state")
		return
	case r == nil:
		s.say(q.w, "patch_404", "nope", q.path[3], "sleepy", q.path[1])
		return
	case state == "failed":
		r.stop(s.now())
	case state != "":
		now := s.now()
		r.state, r.end = state, &now
	}
	if noted {
		r.note = &note
	}
	o, raw := s.runJSON(r)
	s.give(q.w, o, raw...)
}

func (q request) setNote() {
	r := q.namedRun()
	if r == nil {
		return
	}
	note, _ := q.body["note"].(string)
	r.note = &note
	o, raw := q.s.runJSON(r)
	q.s.give(q.w, o, raw...)
}

// list is the batch list of runs. No dag_ids, and an empty list of them, are no filter.
func (q request) list() {
	s := q.s
	if !q.listable() {
		return
	}
	dags, states := texts(q.body["dag_ids"]), texts(q.body["states"])
	var after time.Time
	if text, ok := q.body["end_date_gte"].(string); ok {
		var err error
		if after, err = time.Parse(time.RFC3339Nano, text); err != nil {
			s.say(q.w, "batch_end_date_gte_naive")
			return
		}
	}
	var found []*run
	for _, r := range s.runs {
		if len(dags) > 0 && !slices.Contains(dags, r.dag.ID) || len(states) > 0 && !slices.Contains(states, r.state) ||
			!after.IsZero() && (r.end == nil || r.end.Before(after)) {
			continue
		}
		found = append(found, r)
	}
	if q.body["order_by"] == "-end_date" {
		slices.SortStableFunc(found, func(a, b *run) int { return b.end.Compare(*a.end) })
	}
	offset, limit := number(q.body["page_offset"], 0), number(q.body["page_limit"], 100)
	total := len(found)
	found = found[min(offset, total):min(offset+limit, total)]
	all, raw := []any{}, []string{}
	for _, r := range found {
		o, more := s.runJSON(r)
		all, raw = append(all, o), append(raw, more...)
	}
	answer := map[string]any{"dag_runs": all, "total_entries": total}
	if s.major == 3 {
		answer["next_cursor"], answer["previous_cursor"] = nil, nil
	}
	s.give(q.w, answer, raw...)
}

func (q request) listable() bool {
	allowed := []string{"dag_ids", "states", "page_limit", "page_offset", "order_by", "end_date_gte", "end_date_lte", "start_date_gte", "start_date_lte"}
	for _, state := range texts(q.body["states"]) {
		if q.s.major == 3 && !slices.Contains([]string{"queued", "running", "success", "failed"}, state) {
			q.s.say(q.w, "batch_bad_state")
			return false
		}
	}
	switch {
	case !q.onlyKeys(allowed):
		q.s.say(q.w, "batch_unknown_key")
		return false
	case q.s.major == 2 && number(q.body["page_limit"], 1) < 1:
		q.s.say(q.w, "batch_page_limit_0")
		return false
	}
	return true
}

func (q request) listTasks() {
	allowed := []string{"dag_ids", "dag_run_ids", "task_ids", "state"}
	if q.s.major == 3 {
		allowed = append(allowed, "page_limit", "page_offset")
	}
	if !q.onlyKeys(allowed) {
		q.s.say(q.w, "batch_unknown_key")
		return
	}
	var found []func() any
	dags, runs := texts(q.body["dag_ids"]), texts(q.body["dag_run_ids"])
	for _, r := range q.s.runs {
		if slices.Contains(dags, r.dag.ID) && slices.Contains(runs, r.name) {
			for _, t := range r.tasks {
				found = append(found, func() any { return q.s.taskJSON(r, t) })
			}
		}
	}
	total := len(found)
	if q.s.major == 3 {
		offset, limit := number(q.body["page_offset"], 0), number(q.body["page_limit"], 100)
		found = found[min(offset, total):min(offset+limit, total)]
	}
	all := []any{}
	for _, one := range found {
		all = append(all, one())
	}
	q.s.give(q.w, map[string]any{"task_instances": all, "total_entries": total})
}

// tasksOfRun lists as many as asked for, and at most 100.
func (q request) tasksOfRun() {
	r := q.namedRun()
	if r == nil {
		return
	}
	all := []any{}
	for _, t := range r.tasks {
		all = append(all, q.s.taskJSON(r, t))
	}
	total, query := len(all), q.r.URL.Query()
	offset, limit := number(query.Get("offset"), 0), min(number(query.Get("limit"), 50), 100)
	q.s.give(q.w, map[string]any{"task_instances": all[min(offset, total):min(offset+limit, total)], "total_entries": total})
}

func (q request) xcom() {
	r := q.namedRun()
	if r == nil {
		return
	}
	for _, t := range r.tasks {
		if t.task.ID == q.path[5] && t.index < 0 && t.state == "success" && t.task.JSON != "" {
			o := q.s.object("xcom_return_value")
			o["value"] = json.RawMessage(t.task.JSON)
			if q.s.major == 2 {
				o["value"] = t.task.Python
			}
			q.s.give(q.w, o)
			return
		}
	}
	q.s.say(q.w, "xcom_404")
}

func texts(v any) []string {
	list, _ := v.([]any)
	all := make([]string, 0, len(list))
	for _, one := range list {
		text, _ := one.(string)
		all = append(all, text)
	}
	return all
}

func number(v any, none int) int {
	n, err := strconv.Atoi(strings.TrimSpace(fmt.Sprint(v)))
	if err != nil {
		return none
	}
	return n
}
