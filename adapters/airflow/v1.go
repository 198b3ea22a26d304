package airflow

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"

	sb "signalbox"
	"signalbox/adapters/outbound"
)

// v1 is the API of Airflow 2.
type v1 struct{ v version }

func (v1) major() int         { return 2 }
func (a v1) version() version { return a.v }
func (v1) base() string       { return "api/v1" }
func (v1) logAccept() string  { return "text/plain" }

// said reads problem+json. Its text is in title or detail, whichever; unknown paths are of type about:blank.
func (v1) said(r outbound.Reply) (string, bool) {
	var e struct {
		Title, Detail *string
		Type          string
		Status        int
	}
	if !r.JSON() || json.Unmarshal(r.Body, &e) != nil || e.Status == 0 || e.Type == "about:blank" {
		return "", false
	}
	var all []string
	for _, s := range []*string{e.Title, e.Detail} {
		if s != nil {
			all = append(all, *s)
		}
	}
	return strings.Join(all, ": "), true
}

func (v1) refusal(auth string) string {
	if auth == byPassword {
		return "Airflow does not take the name and password: they are wrong, or basic_auth is missing in its setting [api] auth_backends"
	}
	return "Airflow does not take the credentials"
}

// trigger leaves the logical date to the server: it takes its own present.
func (v1) trigger(t trigger) map[string]any {
	body := map[string]any{"dag_run_id": t.name, "conf": t.conf}
	if t.note != "" {
		body["note"] = t.note
	}
	return body
}

func (v1) noTrigger() map[string]any { return map[string]any{"signalbox_probe": true} }

// parts knows no pages here: the answer is whole.
func (v1) parts(dags, runs []string, _, _ int) (map[string]any, bool) {
	return map[string]any{"dag_ids": dags, "dag_run_ids": runs}, false
}

func (v1) stale(d dagInfo) bool { return d.Active != nil && !*d.Active }

func (v1) note(text string) ([]string, map[string]any) {
	return []string{"setNote"}, map[string]any{"note": text}
}

// xcom reads Python's text of a value.
func (v1) xcom(value json.RawMessage) json.RawMessage {
	var text string
	if json.Unmarshal(value, &text) != nil {
		return value
	}
	if read, ok := pythonLiteral(text); ok {
		return read
	}
	return value
}

func (v1) runURL(base, dag, run string) string {
	return base + "/dags/" + escape(dag) + "/grid?" + url.Values{"dag_run_id": {run}}.Encode()
}

func (v1) taskURL(base string, at sb.Place, task string, index, _ int) string {
	q := url.Values{"dag_run_id": {at.Name}, "task_id": {task}, "tab": {"logs"}}
	if index >= 0 {
		q.Set("map_index", strconv.Itoa(index))
	}
	return base + "/dags/" + escape(at.Target.DAG) + "/grid?" + q.Encode()
}
