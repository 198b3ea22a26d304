package api

import (
	"context"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	sb "signalbox"
)

// base is what every path of the API begins with.
const base = "/api/v1"

// route is one line of the route table.
type route struct {
	method string
	path   string // below base
	what   string // in words, for the document
	door   door
	ends   bool      // the end token opens it too
	right  sb.Action // "" for whoever passes the door; rights on an object are demanded where it is read
	status int       // of success; 0 is 200, or 204 without a body

	limit  int64         // bytes of the body; 0 is smallBody
	within time.Duration // how long the body may take; 0 is jsonTime
	takes  []string      // content types of a body that is no JSON
	gives  string        // content type of an answer that is no JSON
}

// ofCaller tells whether the route's right needs no more than the caller.
func (r route) ofCaller() bool { return r.right == sb.ActAdminister || r.right == sb.ActCreateDataset }

// on puts a handler behind a route. What the handler returns as an error becomes a Problem.
func on[I, O any](s *server, r route, handler func(context.Context, *I) (*O, error)) {
	huma.Register(s.huma, s.operation(r), func(ctx context.Context, in *I) (*O, error) {
		out, err := handler(ctx, in)
		if err != nil {
			return nil, problemOf(ctx, err)
		}
		return out, nil
	})
	if r.takes != nil {
		// Afterwards: Huma would take a body with a schema for one that it has to decode.
		s.documented(r).RequestBody = binary(r.takes)
	}
}

// documented is the route's entry in the document.
func (s *server) documented(r route) *huma.Operation {
	item := s.huma.OpenAPI().Paths[base+r.path]
	return map[string]*huma.Operation{get: item.Get, post: item.Post, put: item.Put, patch: item.Patch, remove: item.Delete}[r.method]
}

func (s *server) operation(r route) huma.Operation {
	if r.limit == 0 {
		r.limit = smallBody
	}
	if r.within == 0 {
		r.within = jsonTime
	}
	op := huma.Operation{
		OperationID:     operationID(r),
		Method:          r.method,
		Path:            base + r.path,
		Summary:         r.what,
		Description:     needs(r),
		Tags:            []string{tag(r.path)},
		Security:        []map[string][]string{{string(r.door): {}}},
		DefaultStatus:   r.status,
		MaxBodyBytes:    -1, // bound limits it, also where Huma would not
		BodyReadTimeout: r.within,
		Middlewares:     huma.Middlewares{s.pass(r), bound(r.limit, r.within)},
	}
	if r.method == patch {
		op.Middlewares = append(op.Middlewares, noNulls)
	}
	if r.door == forPeople {
		op.Security = append(op.Security, map[string][]string{"bearer": {}}, map[string][]string{"session": {}})
	}
	if r.gives != "" {
		op.Responses = streamed(r.gives)
	}
	return op
}

func needs(r route) string {
	switch {
	case r.right != "":
		return "Needs the right to " + strings.ReplaceAll(string(r.right), "_", " ") + "."
	case r.door == forOrchestrators:
		return "Needs an orchestrator key."
	case r.door == forWork:
		return "Needs the token of the run's attempt."
	}
	return "Open to everyone with a key."
}

// operationID is such as "patch-plugins-by-name-operators-by-operator".
func operationID(r route) string {
	parts := []string{strings.ToLower(r.method)}
	for part := range strings.SplitSeq(strings.Trim(r.path, "/"), "/") {
		if name, isParam := strings.CutPrefix(part, "{"); isParam {
			part = "by-" + strings.TrimSuffix(name, "}")
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "-")
}

func tag(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return first
}

func binary(types []string) *huma.RequestBody {
	content := map[string]*huma.MediaType{}
	for _, t := range types {
		content[t] = &huma.MediaType{Schema: &huma.Schema{Type: "string", Format: "binary"}}
	}
	if _, multipart := content[multipartForm]; multipart {
		content[multipartForm].Schema = &huma.Schema{
			Type: "object", Required: []string{"file"},
			Properties: map[string]*huma.Schema{"file": {Type: "string", Format: "binary"}},
		}
	}
	return &huma.RequestBody{Required: true, Content: content}
}

func streamed(contentType string) map[string]*huma.Response {
	schema := &huma.Schema{Type: "string", Format: "binary"}
	if strings.HasPrefix(contentType, "text/") {
		schema = &huma.Schema{Type: "string"}
	}
	return map[string]*huma.Response{"200": {
		Description: http.StatusText(http.StatusOK),
		Content:     map[string]*huma.MediaType{contentType: {Schema: schema}},
	}}
}

// withErrors documents that every operation may answer with a problem.
func withErrors(doc *huma.OpenAPI) {
	schema := doc.Components.Schemas.Schema(problemType, true, "Problem")
	problem := &huma.Response{
		Description: "What is wrong.",
		Content:     map[string]*huma.MediaType{"application/problem+json": {Schema: schema}},
	}
	for item := range maps.Values(doc.Paths) {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op != nil {
				op.Responses["default"] = problem
			}
		}
	}
}
