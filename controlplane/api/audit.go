package api

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	sb "signalbox"
)

const jsonLines = "application/x-ndjson"

// AuditEntry is a line of the audit log.
type AuditEntry struct {
	ID        string            `json:"id"`
	At        time.Time         `json:"at"`
	Actor     Null[AuditActor]  `json:"actor" doc:"Null for a login that failed: nobody is known then."`
	Action    string            `json:"action" doc:"Such as dataset.create; of a refusal the right that was missing, or the operation."`
	Object    Null[AuditObject] `json:"object" doc:"What it was about."`
	Outcome   sb.AuditOutcome   `json:"outcome" enum:"done,refused"`
	Count     int64             `json:"count" doc:"Of equal refusals in one minute: first those until the entry is sealed, then in an entry of their own those that follow."`
	Address   string            `json:"address" doc:"From where."`
	RequestID string            `json:"request_id"`
	Via       string            `json:"via" doc:"The key, session or login it was done with."`
	Detail    json.RawMessage   `json:"detail" doc:"What changed; of refusals after a sealed one in its minute, further; null for nothing more to say."`
	Chain     *int64            `json:"chain" doc:"Its place in the sealed chain; null while it is not sealed."`
	MAC       *string           `json:"mac" doc:"With the place it is a head for signalbox doctor audit."`
}

// AuditActor is who did something.
type AuditActor struct {
	ID   string `json:"id" doc:"Empty for the system itself, such as a command on the server's machine."`
	Name string `json:"name" doc:"At the time."`
	Kind string `json:"kind" doc:"user, service_account or system."`
}

// AuditObject is what something was done to.
type AuditObject struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
	Name string `json:"name" doc:"At the time."`
}

func auditEntryOf(e sb.AuditEntry) AuditEntry {
	out := AuditEntry{
		ID: e.ID, At: moment(e.At), Action: e.Action, Outcome: e.Outcome, Count: e.Count, Address: e.Origin.Address,
		RequestID: e.Origin.Request, Via: e.Origin.Via, Detail: e.Detail, MAC: textOf(e.MAC),
		Object: maybe(&AuditObject{e.Object.Kind, e.Object.ID, e.Object.Name}),
	}
	if who := e.Origin.Actor; who.ID != "" || who.Name != "" {
		kind := string(e.Origin.Kind)
		if who.ID == "" {
			kind = "system"
		}
		out.Actor = maybe(&AuditActor{who.ID, who.Name, kind})
	}
	if e.Chain > 0 {
		out.Chain = &e.Chain
	}
	return out
}

type auditLog struct{ audit Audit }

type auditInput struct {
	Paging
	Actor   string          `query:"actor" maxLength:"200" doc:"Id of who did it."`
	Action  string          `query:"action" maxLength:"100" doc:"Such as dataset.create, or dataset for all that was done to datasets."`
	Object  string          `query:"object" maxLength:"600" doc:"Id of what it was done to."`
	Outcome sb.AuditOutcome `query:"outcome" enum:"done,refused"`
	Since   time.Time       `query:"since" doc:"This time and later."`
	Until   time.Time       `query:"until" doc:"Before this time."`
	Format  string          `query:"format" enum:"json,jsonl" doc:"jsonl: all that fits, one JSON object a line, as does Accept: application/x-ndjson."`
	Accept  string          `header:"Accept"`
}

func (in auditInput) query() sb.AuditQuery {
	return sb.AuditQuery{
		Actor: in.Actor, Action: in.Action, Object: in.Object, Outcome: in.Outcome, Since: in.Since, Until: in.Until,
		Cursor: in.Cursor, Limit: in.Limit,
	}
}

func (in auditInput) lines() bool {
	return in.Format == "jsonl" || in.Format == "" && strings.HasPrefix(in.Accept, jsonLines)
}

// list answers with a page, or with all as lines. The first page is read before the answer begins, so that what is wrong
// with a filter can still be said.
func (h auditLog) list(ctx context.Context, in *auditInput) (*huma.StreamResponse, error) {
	q := in.query()
	if in.lines() {
		q.Limit = sb.MaxLimit
	}
	page, err := h.audit.Audit(ctx, q)
	if err != nil {
		return nil, err
	}
	if in.lines() {
		return h.export(q, page), nil //nolint:contextcheck // a stream lives with its connection
	}
	return &huma.StreamResponse{Body: func(ctx huma.Context) { //nolint:contextcheck // likewise
		ctx.SetHeader("Content-Type", "application/json")
		ctx.SetStatus(http.StatusOK)
		if err := json.NewEncoder(ctx.BodyWriter()).Encode(listOf(page, auditEntryOf).Body); err != nil {
			requestOf(ctx.Context()).log.WithError(err).Debug("the client did not take the answer")
		}
	}}, nil
}

func (h auditLog) actions(ctx context.Context, _ *none) (*answer[List[string]], error) {
	all, err := h.audit.AuditActions(ctx)
	if err != nil {
		return nil, err
	}
	return answerOf(List[string]{Items: some(all)}), nil
}

// export writes page after page, each of which is forgotten before the next is read.
func (h auditLog) export(q sb.AuditQuery, page sb.Page[sb.AuditEntry]) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		ctx.SetHeader("Content-Type", jsonLines)
		ctx.SetHeader("Content-Disposition", `attachment; filename="audit.jsonl"`)
		ctx.SetStatus(http.StatusOK)
		if requestOf(ctx.Context()).head {
			return
		}
		if err := h.write(ctx, q, page); err != nil {
			requestOf(ctx.Context()).log.WithError(err).Info("an export of the audit log broke off")
			panic(http.ErrAbortHandler) // so that nobody takes a piece for the whole
		}
	}}
}

func (h auditLog) write(ctx huma.Context, q sb.AuditQuery, page sb.Page[sb.AuditEntry]) error {
	lines := json.NewEncoder(ctx.BodyWriter())
	for {
		for _, e := range page.Items {
			if err := lines.Encode(auditEntryOf(e)); err != nil {
				return err
			}
		}
		if page.Next == "" {
			return nil
		}
		q.Cursor = page.Next
		var err error
		if page, err = h.audit.Audit(ctx.Context(), q); err != nil {
			return err
		}
	}
}

func (s *server) auditRoutes() {
	h := auditLog{s.Audit}
	r := route{method: get, path: "/audit", what: "Who did what, newest first; or all of it as JSON lines", door: forPeople, right: sb.ActAdminister}
	on(s, r, h.list)
	s.documented(r).Responses = map[string]*huma.Response{"200": {
		Description: http.StatusText(http.StatusOK),
		Content: map[string]*huma.MediaType{
			"application/json": {Schema: s.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[List[AuditEntry]](), true, "ListAuditEntry")},
			jsonLines:          {Schema: &huma.Schema{Type: "string"}},
		},
	}}
	on(s, route{method: get, path: "/audit/actions", what: "The actions that occur in the audit log, by name", door: forPeople, right: sb.ActAdminister}, h.actions)
	on(s, route{method: get, path: "/doctor", what: "Is all well, and if not what is to be done?", door: forPeople, right: sb.ActAdminister},
		doctor{s.known, s.Orchestrators, s.Sources, s.Seal, s.Clock}.look)
}

// tellWithin bounds how long an answer waits for its refusal to be kept.
const tellWithin = 3 * time.Second

// refusing gives what keeps a refusal of a route in the audit log. A refusal that cannot be kept is one nevertheless.
func (s *server) refusing(r route, object sb.Object) func(context.Context) {
	action := string(r.right)
	if action == "" {
		action = operationID(r)
	}
	return func(ctx context.Context) {
		if s.Refusals == nil {
			return
		}
		within, done := context.WithTimeout(context.WithoutCancel(ctx), tellWithin)
		defer done()
		if err := s.Refusals.Refuse(within, action, object); err != nil {
			requestOf(ctx).log.WithError(err).WithField("action", action).Error("a refusal cannot be kept in the audit log")
		}
	}
}

// objectOf is what a request is about, as far as its path says.
func objectOf(ctx huma.Context, r route) sb.Object {
	o := sb.Object{Kind: tag(r.path)}
	for _, name := range []string{"id", "name", "run"} {
		if v := ctx.Param(name); v != "" {
			o.ID = v
			break
		}
	}
	return o
}
