package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

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

// sessionBegins is how the token of a session begins: in a cookie, or as Bearer of the command line.
const sessionBegins = "sbs_"

var keyBegins = map[door][]string{forPeople: {"sbk_", sessionBegins}, forOrchestrators: {"sbo_"}, forWork: {"sbr_"}}

var noKey = map[door]string{
	forPeople:        "this needs a login, or a valid API key in the header X-API-Key or as Bearer",
	forOrchestrators: "this needs a valid orchestrator key, in the header X-API-Key or as Bearer",
	forWork:          "this needs the run's token, in the header X-API-Key or as Bearer",
}

// pass is the middleware of a door: it finds out who asks, and demands the route's right where that right needs no
// more than the caller; what changes something then demands it once more in its transaction. Rights on an object are
// demanded where the object is read.
func (s *server) pass(r route) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		req := requestOf(ctx.Context())
		err := s.show(ctx, r, req)
		if err == nil {
			err = s.admit(ctx.Context(), r, req, ctx.Param("run"))
		}
		err = s.guessed(ctx, req, err)
		if req.caller.ID != "" {
			req.refused = s.refusing(r, objectOf(ctx, r))
			ctx = huma.WithContext(ctx, sb.WithOrigin(ctx.Context(), originOf(ctx, req)))
		}
		if err != nil {
			refuse(ctx, err)
			return
		}
		if r.ofCaller() {
			ctx = huma.WithContext(ctx, sb.WithDemand(ctx.Context(), func(f sb.Facts) error { return s.Access.Check(f, r.right) }))
		}
		next(ctx)
	}
}

// originOf is who acts in a request, and from where.
func originOf(ctx huma.Context, req *request) sb.Origin {
	return sb.Origin{
		Actor: req.caller.Who(), Kind: req.caller.Kind, Address: humagin.Unwrap(ctx).ClientIP(), Request: req.id, Via: req.caller.via, Trace: req.trace,
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
	if !slices.ContainsFunc(keyBegins[r.door], func(begin string) bool { return strings.HasPrefix(req.key, begin) }) {
		return newProblem(http.StatusUnauthorized, sb.Unauthenticated, noKey[r.door])
	}
	err := s.identify(ctx, r, req, run)
	if sb.CodeOf(err) == sb.Unauthenticated {
		return newProblem(http.StatusUnauthorized, sb.Unauthenticated, noKey[r.door])
	}
	if err != nil || r.door != forPeople {
		return err
	}
	if r.ofCaller() {
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
		var c sb.Caller
		c, err = s.person(ctx, req.key)
		req.caller = caller{Principal: c.Principal, Settings: c.Settings, via: c.Via, session: c.Session}
		req.log = req.log.WithField("principal", c.Principal.ID)
	}
	return err
}

func (s *server) person(ctx context.Context, key string) (sb.Caller, error) {
	if strings.HasPrefix(key, sessionBegins) {
		return s.Logins.Session(ctx, key)
	}
	return s.Identity.APIKey(ctx, key)
}

// again reads who the caller of a stream is now. An error means that his key or session opens nothing any more. A
// stream that is open keeps no session from ending by idleness.
func (s *server) again(ctx context.Context) (sb.Principal, error) {
	key := requestOf(ctx).key
	if strings.HasPrefix(key, sessionBegins) {
		c, err := s.Logins.StillOpen(ctx, key)
		return c.Principal, err
	}
	c, err := s.Identity.APIKey(ctx, key)
	return c.Principal, err
}

// show takes the key that a request comes with: of a header, or at the door of people also of a browser's cookie. What
// a browser sends by itself must come from a page of ours.
func (s *server) show(ctx huma.Context, r route, req *request) error {
	if req.key = keyOf(ctx.Header("X-API-Key"), ctx.Header("Authorization")); req.key != "" || r.door != forPeople {
		return nil
	}
	c := humagin.Unwrap(ctx)
	if req.key = s.sessionCookie(c); req.key == "" {
		return nil
	}
	return s.sameOrigin(c)
}

// guessed slows down who tries keys. A valid key is never slowed down, for only what failed counts.
func (s *server) guessed(ctx huma.Context, req *request, err error) error {
	var p *Problem
	if req.key == "" || !errors.As(err, &p) || p.Status != http.StatusUnauthorized {
		return err
	}
	if late := s.guesses.take(humagin.Unwrap(ctx).ClientIP()); late != nil {
		return late
	}
	return err
}
