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

// UserSession is a session, and whose it is.
type UserSession struct {
	Session
	User SessionUser `json:"user"`
}

// SessionUser is who is logged in by a session.
type SessionUser struct {
	Who
	Email string  `json:"email"`
	Role  sb.Role `json:"role"`
}

func (s *server) sessionRoutes() {
	h := sessions{s.Logins, s.Users}
	on(s, route{method: get, path: "/sessions", what: "Everybody's sessions, newest first", door: forPeople, right: sb.ActAdminister}, h.all)
	on(s, route{method: remove, path: "/sessions/{id}", what: "End anybody's session at once", door: forPeople, right: sb.ActAdminister}, h.endAny)
	on(s, route{method: remove, path: "/users/{id}/sessions", what: "Log a user out everywhere; of oneself, everywhere else", door: forPeople, right: sb.ActAdminister}, h.endOf)
	on(s, route{method: get, path: "/me/sessions", what: "My sessions, newest first", door: forPeople}, h.list)
	on(s, route{method: remove, path: "/me/sessions", what: "End all my sessions but this one", door: forPeople}, h.endOthers)
	on(s, route{method: remove, path: "/me/sessions/{id}", what: "End a session of mine", door: forPeople}, h.end)
}

type sessions struct {
	logins Logins
	users  Users
}

func (h sessions) all(ctx context.Context, in *Searching) (*answer[List[UserSession]], error) {
	page, err := h.logins.AllSessions(ctx, in.Search, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	return listOf(page, func(s sb.UserSession) UserSession {
		return UserSession{sessionOf(s.Session, currentID(ctx)), SessionUser{whoOf(s.User.Who()), s.User.Email, s.User.Role}}
	}), nil
}

func (h sessions) endAny(ctx context.Context, in *ByID) (*none, error) {
	return nil, h.logins.EndSession(ctx, "", in.ID)
}

func (h sessions) endOf(ctx context.Context, in *ByID) (*none, error) {
	user, err := h.users.User(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return nil, h.logins.EndOthers(ctx, user.ID, currentID(ctx)) // the caller's own is nobody else's
}

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
