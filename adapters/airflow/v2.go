package airflow

import (
	"encoding/json"
	"strconv"
	"time"

	sb "signalbox"
	"signalbox/adapters/outbound"
)

// v2 is the API of Airflow 3.
type v2 struct{ v version }

func (v2) major() int         { return 3 }
func (a v2) version() version { return a.v }
func (v2) base() string       { return "api/v2" }
func (v2) logAccept() string  { return "application/x-ndjson" }

// said reads detail, which is a text, a list of what is wrong, or an object. Unknown paths have error in its place.
func (v2) said(r outbound.Reply) (string, bool) {
	var e struct{ Detail json.RawMessage }
	if !r.JSON() || json.Unmarshal(r.Body, &e) != nil || e.Detail == nil {
		return "", false
	}
	var text string
	if json.Unmarshal(e.Detail, &text) != nil {
		text = string(e.Detail)
	}
	return text, true
}

func (v2) refusal(auth string) string {
	if auth == byPassword || auth == byKeycloak {
		return "Airflow gave a token and does not take it; its processes may have different [api_auth] jwt_secret"
	}
	return "Airflow does not take the credentials"
}

// trigger always sends a logical date, if only null: Airflow 3 demands the key.
func (v2) trigger(t trigger) map[string]any {
	body := map[string]any{"dag_run_id": t.name, "conf": t.conf, "logical_date": nil}
	if t.date != nil {
		body["logical_date"] = t.date.UTC().Format(time.RFC3339Nano)
	}
	if t.note != "" {
		body["note"] = t.note
	}
	return body
}

// noTrigger lacks the logical date besides.
func (v2) noTrigger() map[string]any { return map[string]any{"signalbox_probe": true} }

func (v2) parts(dags, runs []string, offset, size int) (map[string]any, bool) {
	return map[string]any{
		"dag_ids": dags, "dag_run_ids": runs, "page_limit": size, "page_offset": offset,
	}, true
}

func (v2) stale(d dagInfo) bool { return d.Stale }

func (v2) note(text string) ([]string, map[string]any) { return nil, map[string]any{"note": text} }

func (v2) xcom(value json.RawMessage) json.RawMessage { return value }

func (v2) runURL(base, dag, run string) string {
	return base + "/dags/" + escape(dag) + "/runs/" + escape(run)
}

func (a v2) taskURL(base string, at sb.Place, task string, index, try int) string {
	u := a.runURL(base, at.Target.DAG, at.Name) + "/tasks/" + escape(task)
	if index >= 0 {
		u += "/mapped/" + strconv.Itoa(index)
	}
	if try > 0 {
		u += "?try_number=" + strconv.Itoa(try)
	}
	return u
}
