package airflowtest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// request is one request, taken apart.
type request struct {
	s    *Server
	w    http.ResponseWriter
	r    *http.Request
	path []string // behind the API's base
	body map[string]any
}

func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	path := strings.Split(strings.Trim(r.URL.EscapedPath(), "/"), "/")
	for i, e := range path {
		path[i], _ = url.PathUnescape(e)
	}
	own, other := "v2", "v1"
	if s.major == 2 {
		own, other = "v1", "v2"
	}
	q := request{s: s, w: w, r: r}
	switch {
	case len(path) == 2 && path[0] == "auth" && path[1] == "token" && s.major == 3:
		q.token()
	case len(path) < 3 || path[0] != "api":
		s.say(w, "unknown_path")
	case path[1] == other && r.Method != http.MethodGet:
		s.say(w, "post_other_path")
	case path[1] == other:
		s.say(w, "version_other_path")
	case path[1] == own:
		q.path = path[2:]
		q.api()
	default:
		s.say(w, "unknown_path")
	}
}

// token logs in. Tokens live a day, by what stands in them.
func (q request) token() {
	var who struct{ Username, Password, Grant_Type, Client_ID, Client_Secret string }
	_ = json.NewDecoder(q.r.Body).Decode(&who)
	name := who.Username
	switch {
	case q.r.Method != http.MethodPost:
		q.s.say(q.w, "post_other_path")
		return
	case who.Grant_Type == "client_credentials" && who.Client_ID == Admin && who.Client_Secret == Admin:
		name = Admin
	case name != Admin && name != Viewer || who.Password != name:
		q.s.say(q.w, "auth_token_wrong")
		return
	}
	q.s.issued++
	q.s.counts["POST token"]++
	now := time.Now().Unix()
	payload := fmt.Sprintf(`{"sub":%q,"iat":%d,"exp":%d,"jti":"%d"}`, name, now, now+86400, q.s.issued)
	token := "e30." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + ".sig"
	q.s.tokens[token] = name
	q.w.Header().Set("Content-Type", "application/json")
	q.w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(q.w).Encode(map[string]string{"access_token": token})
}

// who is the account of a request; it has been answered when there is none.
func (q request) who() (string, bool) {
	auth := q.r.Header.Get("Authorization")
	if q.s.major == 2 {
		name, password, ok := q.r.BasicAuth()
		if ok && name == password && (name == Admin || name == Viewer) {
			return name, true
		}
		q.s.say(q.w, "auth_basic_wrong")
		return "", false
	}
	token, ok := strings.CutPrefix(auth, "Bearer ")
	switch name, known := q.s.tokens[token]; {
	case !ok:
		q.s.say(q.w, "auth_none")
	case !known:
		q.s.say(q.w, "auth_bearer_garbage")
	default:
		return name, true
	}
	return "", false
}

func (q request) api() {
	switch {
	case len(q.path) == 1 && q.path[0] == "version":
		q.s.counts["GET version"]++
		q.s.say(q.w, "version", "2.10.3", q.s.version, "3.3.1", q.s.version)
		return
	case q.s.major == 2 && slices.Equal(q.path, []string{"health"}):
		q.s.say(q.w, "health_v1path")
		return
	case q.s.major == 3 && slices.Equal(q.path, []string{"monitor", "health"}):
		q.s.say(q.w, "health_v2path")
		return
	}
	who, ok := q.who()
	if !ok || !q.readBody(who) {
		return
	}
	q.dispatch()
}

// readBody reads a JSON body, and turns away a viewer who would change something.
func (q *request) readBody(who string) bool {
	list := q.path[len(q.path)-1] == "list"
	if q.r.Method != http.MethodGet && !list && who == Viewer {
		if q.s.major == 2 {
			q.w.Header().Set("Content-Type", "application/problem+json")
			q.w.WriteHeader(http.StatusForbidden)
			_, _ = q.w.Write([]byte(`{"detail": null, "status": 403, "title": "Forbidden", "type": "https://airflow.apache.org/docs/apache-airflow/2.10.3/stable-rest-api-ref.html#section/Errors/PermissionDenied"}`))
			return false
		}
		q.s.say(q.w, "auth_viewer_trigger_403")
		return false
	}
	if q.r.Method != http.MethodPost && q.r.Method != http.MethodPatch {
		return true
	}
	if q.r.Header.Get("Content-Type") != "application/json" {
		q.s.say(q.w, "trigger_no_content_type")
		return false
	}
	d := json.NewDecoder(q.r.Body)
	d.UseNumber()
	if d.Decode(&q.body) != nil {
		q.s.say(q.w, "trigger_unknown_key")
		return false
	}
	return true
}

// dispatch finds what a path asks for; * stands for a name.
func (q request) dispatch() {
	for _, way := range []struct {
		method, path, what string
		do                 func(q request)
	}{
		{"GET", "dags", "GET dags", request.listDAGs},
		{"GET", "importErrors", "GET importErrors", request.importErrors},
		{"GET", "dags/*", "GET dag", request.getDAG},
		{"PATCH", "dags/*", "PATCH dag", request.patchDAG},
		{"GET", "dags/*/details", "GET details", request.details},
		{"GET", "dags/*/tasks", "GET tasks", request.tasks},
		{"POST", "dags/*/dagRuns", "POST run", request.trigger},
		{"POST", "dags/~/dagRuns/list", "POST list", request.list},
		{"GET", "dags/*/dagRuns/*", "GET run", request.getRun},
		{"PATCH", "dags/*/dagRuns/*", "PATCH run", request.patchRun},
		{"PATCH", "dags/*/dagRuns/*/setNote", "PATCH note", request.setNote},
		{"POST", "dags/~/dagRuns/~/taskInstances/list", "POST tasks", request.listTasks},
		{"GET", "dags/*/dagRuns/*/taskInstances", "GET tasks of run", request.tasksOfRun},
		{"GET", "dags/*/dagRuns/*/taskInstances/*/xcomEntries/return_value", "GET xcom", request.xcom},
		{"GET", "dags/*/dagRuns/*/taskInstances/*/logs/*", "GET log", request.log},
	} {
		if way.method == q.r.Method && fits(way.path, q.path) {
			q.s.counts[way.what]++
			way.do(q)
			return
		}
	}
	q.s.say(q.w, "unknown_api_path")
}

func fits(pattern string, path []string) bool {
	want := strings.Split(pattern, "/")
	if len(want) != len(path) {
		return false
	}
	for i, w := range want {
		if w != path[i] && (w != "*" || path[i] == "~") {
			return false
		}
	}
	return true
}

// named gives the DAG of the path, or nil after saying that there is none.
func (q request) named() *DAG {
	d := q.s.dags[q.path[1]]
	if d == nil {
		q.s.say(q.w, "dag_404", "nope", q.path[1])
	}
	return d
}

// namedRun gives the run of the path, or nil after saying that there is none.
func (q request) namedRun() *run {
	r := q.s.run(q.path[1], q.path[3])
	if r == nil {
		q.s.say(q.w, "get_run_404", "echo_ok", q.path[1], "run-ld-4", q.path[3])
	}
	return r
}

func (q request) listDAGs() {
	var all []any
	for _, d := range q.s.dags {
		all = append(all, q.s.dagJSON(d, false))
	}
	q.s.give(q.w, map[string]any{"dags": all[:1], "total_entries": len(all)})
}

func (q request) importErrors() {
	if q.s.broken > 0 {
		q.s.say(q.w, "import_errors", `"total_entries": 1`, `"total_entries": `+mark(q.s.broken), `"total_entries":1`, `"total_entries":`+mark(q.s.broken))
		return
	}
	q.s.give(q.w, map[string]any{"import_errors": []any{}, "total_entries": 0})
}

func (q request) getDAG() {
	if d := q.named(); d != nil {
		q.s.give(q.w, q.s.dagJSON(d, false))
	}
}

func (q request) details() {
	if d := q.named(); d != nil {
		q.s.give(q.w, q.s.dagJSON(d, true))
	}
}

func (q request) patchDAG() {
	d := q.named()
	if d == nil {
		return
	}
	if paused, ok := q.body["is_paused"].(bool); ok && q.r.URL.Query().Get("update_mask") == "is_paused" {
		d.Paused = paused
	}
	q.s.give(q.w, q.s.dagJSON(d, false))
}

func (q request) tasks() {
	d := q.named()
	if d == nil {
		return
	}
	var all []any
	for i, t := range d.Tasks {
		next := []string{}
		if i+1 < len(d.Tasks) {
			next = append(next, d.Tasks[i+1].ID)
		}
		all = append(all, map[string]any{"task_id": t.ID, "downstream_task_ids": next, "is_mapped": t.Mapped > 0})
	}
	q.s.give(q.w, map[string]any{"tasks": all, "total_entries": len(all)})
}
