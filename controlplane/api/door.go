package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	sb "signalbox"
)

// door is a way in. Each opens to one kind of key and answers 401 to all others.
type door string

// The doors.
const (
	forPeople        door = "apiKey"          // API keys of people and service accounts
	forOrchestrators door = "orchestratorKey" // keys of orchestrators: claim work, tell of workers
	forWork          door = "runToken"        // tokens of one attempt's process: report
)

var keyBegins = map[door]string{forPeople: "sbk_", forOrchestrators: "sbo_", forWork: "sbr_"}

var noKey = map[door]string{
	forPeople:        "this needs a valid API key, in the header X-API-Key or as Bearer",
	forOrchestrators: "this needs a valid orchestrator key, in the header X-API-Key or as Bearer",
	forWork:          "this needs the run's token, in the header X-API-Key or as Bearer",
}

// pass is the middleware of a door: it finds out who asks, and demands the route's right where that right needs no
// more than the caller. Rights on an object are demanded where the object is read.
func (s *server) pass(r route) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		req := requestOf(ctx.Context())
		req.key = keyOf(ctx.Header("X-API-Key"), ctx.Header("Authorization"))
		if err := s.admit(ctx.Context(), r, req, ctx.Param("run")); err != nil {
			refuse(ctx, err)
			return
		}
		next(ctx)
	}
}

func keyOf(header, authorization string) string {
	if header != "" {
		return header
	}
	scheme, key, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(key)
}

func (s *server) admit(ctx context.Context, r route, req *request, run string) error {
	if !strings.HasPrefix(req.key, keyBegins[r.door]) {
		return newProblem(http.StatusUnauthorized, sb.Unauthenticated, noKey[r.door])
	}
	err := s.identify(ctx, r, req, run)
	if sb.CodeOf(err) == sb.Unauthenticated {
		return newProblem(http.StatusUnauthorized, sb.Unauthenticated, noKey[r.door])
	}
	if err != nil || r.door != forPeople {
		return err
	}
	if r.right == sb.ActAdminister || r.right == sb.ActCreateDataset {
		return s.Access.Check(req.caller.facts(), r.right)
	}
	return nil
}

// identify finds out whose key it is.
func (s *server) identify(ctx context.Context, r route, req *request, run string) (err error) {
	switch r.door {
	case forOrchestrators:
		req.orchestrator, err = s.Identity.OrchestratorKey(ctx, req.key)
		req.log = req.log.WithField("orchestrator", req.orchestrator)
	case forWork:
		req.process, err = s.Identity.RunToken(req.key)
		if err != nil && r.ends {
			req.process, err = s.Identity.EndsWork(req.key)
			req.holder = err == nil
		}
		if err == nil && req.process.Run != run {
			return sb.Errorf(sb.Unauthenticated, "the token is another run's")
		}
		req.log = req.log.WithField("attempt", req.process.Attempt)
	default:
		req.caller.Principal, req.caller.Settings, err = s.Identity.APIKey(ctx, req.key)
		req.log = req.log.WithField("principal", req.caller.Principal.ID)
	}
	return err
}

// again reads who the caller of a stream is now. An error means that his key opens nothing any more.
func (s *server) again(ctx context.Context) (sb.Principal, error) {
	p, _, err := s.Identity.APIKey(ctx, requestOf(ctx).key)
	return p, err
}
