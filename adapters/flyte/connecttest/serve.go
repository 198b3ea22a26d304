package connecttest

import (
	"encoding/binary"
	"encoding/json"
	"io"
	"net/http"
	"path"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"signalbox/adapters/flyte/idltest"
)

// fault is an error as Connect writes it.
type fault struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func no(code, message string) *fault { return &fault{Code: code, Message: message} }

// statuses are the HTTP statuses of Connect's codes.
var statuses = map[string]int{
	"unknown": 500, "invalid_argument": 400, "not_found": 404, "already_exists": 409, "permission_denied": 403,
	"resource_exhausted": 429, "failed_precondition": 400, "unimplemented": 501, "internal": 500, "unavailable": 503,
	"unauthenticated": 401,
}

// unary are the methods that answer once. read gives the request, or the reason why it is none.
var unary = map[string]func(s *Server, read func(into any) *fault) (any, *fault){
	"flyteidl2.workflow.RunService/CreateRun":            (*Server).createRun,
	"flyteidl2.workflow.RunService/GetRunDetails":        (*Server).getRunDetails,
	"flyteidl2.workflow.RunService/ListRuns":             (*Server).listRuns,
	"flyteidl2.workflow.RunService/AbortRun":             (*Server).abortRun,
	"flyteidl2.workflow.RunService/ListActions":          (*Server).listActions,
	"flyteidl2.workflow.RunService/GetActionDetails":     (*Server).getActionDetails,
	"flyteidl2.dataproxy.DataProxyService/GetActionData": (*Server).getActionData,
	"flyteidl2.task.TaskService/GetTaskDetails":          (*Server).getTaskDetails,
	"flyteidl2.project.ProjectService/GetProject":        (*Server).getProject,
	"flyteidl2.project.ProjectService/ListProjects":      (*Server).listProjects,
}

// streamed are the methods that answer with a stream.
var streamed = map[string]func(s *Server, read func(into any) *fault, out *stream) *fault{
	"flyteidl2.dataproxy.DataProxyService/TailLogs": (*Server).tailLogs,
	"flyteidl2.workflow.RunService/WatchRunDetails": (*Server).watchRunDetails,
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	method := s.idl.method(name)
	switch {
	case name == "healthz":
		_, _ = w.Write([]byte("ok"))
	case method == nil:
		http.NotFound(w, r)
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", "POST")
		w.WriteHeader(http.StatusMethodNotAllowed)
	case method.IsStreamingServer():
		s.stream(w, r, name, method)
	default:
		s.once(w, r, name, method)
	}
}

// step counts a request, and moves all runs on.
func (s *Server) step(name string, r *http.Request) {
	s.counts[path.Base(name)]++
	s.headers[path.Base(name)] = r.Header.Clone()
	for _, one := range s.runs {
		one.step(s.now())
	}
}

func (s *Server) once(w http.ResponseWriter, r *http.Request, name string, method protoreflect.MethodDescriptor) {
	body, err := io.ReadAll(r.Body)
	if kind := r.Header.Get("Content-Type"); err != nil || kind != "application/json" {
		w.Header().Set("Accept-Post", "application/json")
		w.WriteHeader(http.StatusUnsupportedMediaType)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.step(name, r)
	answer, wrong := any(nil), no("unimplemented", name+" is not implemented")
	if call, ok := unary[name]; ok {
		answer, wrong = call(s, s.reader(method, body))
	}
	w.Header().Set("Content-Type", "application/json")
	if wrong != nil {
		w.WriteHeader(statuses[wrong.Code])
		_ = json.NewEncoder(w).Encode(wrong)
		return
	}
	_, _ = w.Write(s.idl.write(method, answer))
}

func (s *Server) reader(method protoreflect.MethodDescriptor, body []byte) func(into any) *fault {
	return func(into any) *fault {
		if wrong := s.idl.read(method, body, into); wrong != "" {
			return no("invalid_argument", wrong)
		}
		return nil
	}
}

// stream writes the frames of an answer.
type stream struct {
	w      http.ResponseWriter
	gone   <-chan struct{} // the caller is
	encode func(answer any) []byte
}

func (s *stream) frame(flags byte, message []byte) {
	head := make([]byte, 5, 5+len(message))
	head[0] = flags
	binary.BigEndian.PutUint32(head[1:], uint32(len(message)))
	_, _ = s.w.Write(append(head, message...))
	_ = http.NewResponseController(s.w).Flush()
}

func (s *stream) send(answer any) { s.frame(0, s.encode(answer)) }

// stream answers with status 200 whatever happens; an error stands in the last frame.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, name string, method protoreflect.MethodDescriptor) {
	body, err := io.ReadAll(r.Body)
	if kind := r.Header.Get("Content-Type"); err != nil || kind != "application/connect+json" {
		w.Header().Set("Accept-Post", "application/connect+json")
		w.WriteHeader(http.StatusUnsupportedMediaType)
		return
	}
	out := &stream{w: w, gone: r.Context().Done(), encode: func(answer any) []byte { return s.idl.write(method, answer) }}
	w.Header().Set("Content-Type", "application/connect+json")
	last := map[string]any{}
	if len(body) < 5 || body[0] != 0 || int(binary.BigEndian.Uint32(body[1:])) != len(body)-5 {
		last["error"] = no("invalid_argument", "protocol error: incomplete envelope")
	} else if call, ok := streamed[name]; !ok {
		last["error"] = no("unimplemented", name+" is not implemented")
	} else {
		s.mu.Lock()
		s.step(name, r)
		s.mu.Unlock()
		if wrong := call(s, s.reader(method, body[5:]), out); wrong != nil {
			last["error"] = wrong
		}
	}
	b, err := json.Marshal(last)
	idltest.Must(err)
	out.frame(2, b)
}
