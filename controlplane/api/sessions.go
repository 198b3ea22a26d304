package api

import (
	"context"
	"time"

	sb "signalbox"
)

// Session is a login that lasts.
type Session struct {
	ID        string    `json:"id"`
	Provider  string    `json:"provider" doc:"The login provider; device for a program that was let in; empty for a demonstration user."`
	Address   string    `json:"address"`
	Agent     string    `json:"agent" doc:"What the browser said of itself."`
	CreatedAt time.Time `json:"created_at"`
	SeenAt    time.Time `json:"seen_at" doc:"To the minute."`
	ExpiresAt time.Time `json:"expires_at" doc:"Whatever is done with it."`
	Current   bool      `json:"current"`
}

func sessionOf(s sb.Session, current string) Session {
	return Session{
		ID: s.ID, Provider: s.Provider, Address: s.Address, Agent: s.Agent, CreatedAt: moment(s.CreatedAt),
		SeenAt: moment(s.SeenAt), ExpiresAt: moment(s.ExpiresAt), Current: s.ID == current,
	}
}

// mySession is the session of a request; nil with a key.
func mySession(ctx context.Context) *Session {
	s := callerOf(ctx).session
	if s == nil {
		return nil
	}
	out := sessionOf(*s, s.ID)
	return &out
}

func currentID(ctx context.Context) string {
	if s := callerOf(ctx).session; s != nil {
		return s.ID
	}
	return ""
}

func (s *server) sessionRoutes() {
	h := sessions{s.Logins}
	on(s, route{method: get, path: "/me/sessions", what: "My sessions, newest first", door: forPeople}, h.list)
	on(s, route{method: remove, path: "/me/sessions", what: "End all my sessions but this one", door: forPeople}, h.endOthers)
	on(s, route{method: remove, path: "/me/sessions/{id}", what: "End a session of mine", door: forPeople}, h.end)
}

type sessions struct{ logins Logins }

func (h sessions) list(ctx context.Context, _ *none) (*answer[List[Session]], error) {
	all, err := h.logins.Sessions(ctx, callerOf(ctx).ID)
	if err != nil {
		return nil, err
	}
	out := List[Session]{Items: make([]Session, 0, len(all))}
	for _, s := range all {
		out.Items = append(out.Items, sessionOf(s, currentID(ctx)))
	}
	return answerOf(out), nil
}

func (h sessions) endOthers(ctx context.Context, _ *none) (*none, error) {
	return nil, h.logins.EndOthers(ctx, callerOf(ctx).ID, currentID(ctx))
}

func (h sessions) end(ctx context.Context, in *ByID) (*none, error) {
	return nil, h.logins.EndSession(ctx, callerOf(ctx).ID, in.ID)
}
