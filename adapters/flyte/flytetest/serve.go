package flytetest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"

	"signalbox/adapters/flyte/idltest"
)

// maxBody is what gRPC takes unless it is set to more.
const maxBody = 4 << 20

// fault is an error as FlyteAdmin writes it.
type fault struct {
	Code    int    `json:"code"` // of gRPC
	Message string `json:"message"`
	Details []any  `json:"details"`
}

// The numbers of gRPC, and the HTTP statuses that its gateway gives them.
const (
	badRequest   = 3
	notFound     = 5
	exists       = 6
	exhausted    = 8
	precondition = 9
	unknownCall  = 12
	unknownWho   = 16
)

var statuses = map[int]int{
	badRequest: 400, notFound: 404, exists: 409, exhausted: 429, precondition: 400, unknownCall: 501, 13: 500, 14: 503, unknownWho: 401,
}

func no(code int, message string) *fault {
	return &fault{Code: code, Message: message, Details: []any{}}
}

// calls are the methods that the stand-in has.
var calls = map[string]func(s *Server, in request) (any, *fault){
	"GetVersion":          (*Server).getVersion,
	"CreateExecution":     (*Server).createExecution,
	"GetExecution":        (*Server).getExecution,
	"ListExecutions":      (*Server).listExecutions,
	"GetExecutionData":    (*Server).getExecutionData,
	"TerminateExecution":  (*Server).terminateExecution,
	"ListNodeExecutions":  (*Server).listNodeExecutions,
	"ListTaskExecutions":  (*Server).listTaskExecutions,
	"GetActiveLaunchPlan": (*Server).getActiveLaunchPlan,
	"GetLaunchPlan":       (*Server).getLaunchPlan,
	"ListLaunchPlanIds":   (*Server).listLaunchPlanIDs,
	"GetTask":             (*Server).getTask,
}

// request is a message in camel case.
type request map[string]any

func (r request) at(path ...string) any {
	var v any = map[string]any(r)
	for _, name := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

func (r request) text(path ...string) string { s, _ := r.at(path...).(string); return s }

// ServeHTTP answers as FlyteAdmin's gateway does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.login(w, r) {
		return
	}
	if strings.Contains(r.URL.RawQuery, ";") { // Go drops such a query, and the gateway refuses it
		s.refuse(w, no(badRequest, "invalid semicolon separator in query"))
		return
	}
	found, vars := s.find(r)
	switch {
	case found == nil && (r.Method == http.MethodHead || r.Method == http.MethodPatch):
		s.refuse(w, no(unknownCall, "Method Not Allowed"))
	case found == nil:
		s.refuse(w, no(notFound, "Not Found"))
	case s.secret != "" && r.Header.Get("Authorization") != "Bearer "+s.token && r.Header.Get("Flyte-Authorization") != "Bearer "+s.token:
		s.refuse(w, no(unknownWho, "token parse error [JWT_VERIFICATION_FAILED]"))
	default:
		s.call(w, r, *found, vars)
	}
}

// find finds the method for a request, and what its path says.
func (s *Server) find(r *http.Request) (*route, map[string]string) {
	elements := strings.Split(strings.Trim(r.URL.EscapedPath(), "/"), "/")
	for _, one := range s.idl.routes {
		pattern := strings.Split(strings.Trim(one.path, "/"), "/")
		if one.verb != r.Method || len(pattern) != len(elements) {
			continue
		}
		vars, fits := map[string]string{}, true
		for i, p := range pattern {
			if name, variable := strings.CutPrefix(p, "{"); variable {
				vars[strings.TrimSuffix(name, "}")], _ = url.PathUnescape(elements[i])
			} else if p != elements[i] {
				fits = false
			}
		}
		if fits {
			return &one, vars
		}
	}
	return nil, nil
}

func (s *Server) call(w http.ResponseWriter, r *http.Request, to route, vars map[string]string) {
	name := string(to.method.Name())
	s.counts[name]++
	in, wrong := s.read(r, to, vars)
	do := calls[name]
	var answer any
	switch {
	case wrong != nil:
	case do == nil:
		wrong = no(unknownCall, "unknown method "+name)
	default:
		answer, wrong = do(s, in)
	}
	if s.lose[name] > 0 {
		s.lose[name]--
		panic(http.ErrAbortHandler)
	}
	if wrong != nil {
		s.refuse(w, wrong)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(s.idl.write(to.method, answer, snake(r.Header)))
}

// snake tells in which casing an answer comes: the gateway has two marshalers, and headers choose.
func snake(h http.Header) bool {
	switch accept := h.Get("Accept"); accept {
	case "application/json":
		return true
	case "", "*/*":
		kind, _, _ := strings.Cut(h.Get("Content-Type"), ";")
		return accept == "" && kind == "application/json"
	}
	return false
}

// read joins what path, query and body say.
func (s *Server) read(r *http.Request, to route, vars map[string]string) (request, *fault) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil || len(body) > maxBody {
		return nil, no(exhausted, "grpc: received message larger than max (4194305 vs. 4194304)")
	}
	whole := map[string]any{}
	if to.body == "*" && len(body) > 0 {
		if err := json.Unmarshal(body, &whole); err != nil {
			return nil, no(badRequest, "proto: syntax error")
		}
	}
	for name, value := range vars {
		put(whole, name, value)
	}
	if to.body != "*" {
		for name, values := range r.URL.Query() {
			put(whole, name, values[0])
		}
	}
	in := request{}
	joined, err := json.Marshal(whole)
	idltest.Must(err)
	if err := s.idl.read(to.method, joined, &in); err != nil {
		return nil, no(badRequest, err.Error())
	}
	return in, nil
}

// put sets a field by its path.
func put(in map[string]any, path, value string) {
	names := strings.Split(path, ".")
	for _, name := range names[:len(names)-1] {
		inner, ok := in[name].(map[string]any)
		if !ok {
			inner = map[string]any{}
			in[name] = inner
		}
		in = inner
	}
	in[names[len(names)-1]] = value
}

func (s *Server) refuse(w http.ResponseWriter, f *fault) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(statuses[f.Code])
	_ = json.NewEncoder(w).Encode(f)
}

// login answers what is outside of the API: how to log in, and tokens.
func (s *Server) login(w http.ResponseWriter, r *http.Request) bool {
	known := map[string]any{
		"/config/v1/flyte_client": map[string]any{
			"client_id": "flytectl", "scopes": []string{"all"}, "authorization_metadata_key": "flyte-authorization", "audience": "",
		},
		"/.well-known/oauth-authorization-server": map[string]any{"token_endpoint": s.endpoint()},
	}
	switch answer, ok := known[r.URL.Path]; {
	case r.URL.Path == "/healthcheck":
		w.WriteHeader(http.StatusOK)
	case ok && s.secret == "":
		s.refuse(w, no(unknownCall, "unknown service flyteidl.service.AuthMetadataService"))
	case ok:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer)
	case r.URL.Path == "/oauth2/token" && s.secret != "":
		s.give(w, r)
	default:
		return false
	}
	return true
}

func (s *Server) endpoint() string {
	if s.tokenURL != "" {
		return s.tokenURL
	}
	return s.URL + "/oauth2/token"
}

func (s *Server) give(w http.ResponseWriter, r *http.Request) {
	id, secret, _ := r.BasicAuth()
	s.counts["token"]++
	if id != "signalbox" || secret != url.QueryEscape(s.secret) || r.FormValue("grant_type") != "client_credentials" || r.FormValue("scope") != "all" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": s.token, "expires_in": 1799, "token_type": "bearer", "scope": "all"})
}
