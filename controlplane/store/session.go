package store

import (
	"context"
	"encoding/hex"
	"slices"
	"time"

	"github.com/uptrace/bun"

	sb "signalbox"
)

// sessionRow is a row of sessions.
type sessionRow struct {
	bun.BaseModel `bun:"table:sessions"`
	ID            string
	Hash          string
	PrincipalID   string
	Provider      string
	Address       string
	Agent         string
	Logout        []byte
	CreatedAt     int64
	SeenAt        int64
	ExpiresAt     int64
}

func (row sessionRow) session() sb.Session {
	return sb.Session{
		ID: row.ID, PrincipalID: row.PrincipalID, Provider: row.Provider, Address: row.Address, Agent: row.Agent,
		Logout: row.Logout, CreatedAt: timeAt(row.CreatedAt), SeenAt: timeAt(row.SeenAt), ExpiresAt: timeAt(row.ExpiresAt),
	}
}

// CreateSession keeps a session's hash, and notes that the user was seen. NotFound when there is no such user any more.
func (s *Store) CreateSession(ctx context.Context, v sb.Session, hash []byte, lasts time.Duration) (sb.Session, error) {
	err := s.change(ctx, func(ctx context.Context, t *tx) error {
		var names []string
		err := t.NewRaw("UPDATE principals SET last_seen_at = ? WHERE id = ? AND kind = ? AND deleted_at = 0 RETURNING name",
			t.now, v.PrincipalID, sb.User).Scan(ctx, &names)
		name, err := one(names, err, "user", v.PrincipalID)
		if err != nil {
			return err
		}
		row := sessionRow{
			ID: newID(), Hash: hex.EncodeToString(hash), PrincipalID: v.PrincipalID, Provider: v.Provider, Address: v.Address,
			Agent: v.Agent, Logout: v.Logout, CreatedAt: t.now, SeenAt: t.now, ExpiresAt: t.now + lasts.Microseconds(),
		}
		if err := insert(ctx, t, &row); err != nil {
			return err
		}
		v = row.session()
		by := sb.OriginOf(ctx)
		by.Actor, by.Kind = sb.Who{ID: v.PrincipalID, Name: name}, sb.User // a login is the user's own act
		return t.audit(sb.WithOrigin(ctx, by), "session.create", sb.Object{Kind: "session", ID: row.ID}, map[string]any{"provider": row.Provider})
	})
	return v, err
}

// PrincipalOfSession finds whose session it is, and the settings, in one query, and notes its use unless quietly.
// NotFound when there is no such session, or it has come to its end: by age, unused for longer than idle, or with its
// user.
func (s *Store) PrincipalOfSession(ctx context.Context, hash []byte, idle time.Duration, quietly bool) (sb.Caller, error) {
	var rows []struct {
		callerRow `bun:",extend"`
		Session   sessionRow `bun:"embed:s_"`
		Now       int64
	}
	err := s.read.NewRaw("SELECT "+columns(s.read, sessionRow{}, "s", "s_")+", "+callerColumns(s.read)+`, ? AS now
		FROM sessions AS s JOIN principals AS p ON p.id = s.principal_id AND p.deleted_at = 0 CROSS JOIN settings AS o
		WHERE s.hash = ?`, s.nowSQL(), hex.EncodeToString(hash)).Scan(ctx, &rows)
	row, err := one(rows, err, "this", "session")
	if err != nil {
		return sb.Caller{}, noKey(err)
	}
	if row.Session.ended(row.Now, idle) {
		return sb.Caller{}, noKey(nil)
	}
	if !quietly {
		s.noteSeen(ctx, row.Session, row.Now)
	}
	p, v, err := row.caller()
	session := row.Session.session()
	return sb.Caller{Principal: p, Settings: v, Via: "session:" + session.ID, Session: &session}, err
}

func (row sessionRow) ended(now int64, idle time.Duration) bool {
	return row.ExpiresAt <= now || row.SeenAt+idle.Microseconds() <= now
}

// noteSeen notes the use of a session, unless that was done just now. When it cannot, the session is good nevertheless.
func (s *Store) noteSeen(ctx context.Context, row sessionRow, now int64) {
	if now-row.SeenAt < noteUseEvery.Microseconds() {
		return
	}
	err := s.change(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.exec(ctx, "UPDATE sessions SET seen_at = ? WHERE id = ?", t.now, row.ID)
		return err
	})
	if err != nil {
		s.log.WithError(err).WithField("session", row.ID).Warn("The use of a session cannot be noted.")
	}
}

// Sessions reads a user's sessions that have not ended, newest first.
func (s *Store) Sessions(ctx context.Context, principalID string, idle time.Duration) ([]sb.Session, error) {
	var rows []sessionRow
	err := s.read.NewRaw("SELECT * FROM sessions WHERE principal_id = ? AND expires_at > ? AND seen_at > ? - ? ORDER BY created_at DESC, id DESC",
		principalID, s.nowSQL(), s.nowSQL(), idle.Microseconds()).Scan(ctx, &rows)
	return each(rows, sessionRow.session), tidy(err)
}

// AllSessions reads a page of everybody's sessions that have not ended, newest first; of those whose name or email holds
// the search, "" for all.
func (s *Store) AllSessions(ctx context.Context, search string, idle time.Duration, cursor string, limit int) (sb.Page[sb.UserSession], error) {
	var page sb.Page[sb.UserSession]
	after, err := readNameCursor(cursor)
	if err != nil {
		return page, err
	}
	limit = limitOf(limit)
	holds, args := s.holds(search, "p.name", "p.email")
	var rows []struct {
		sessionRow `bun:",extend"`
		Principal  principalRow `bun:"embed:p_"`
	}
	err = s.read.NewRaw("SELECT s.*, "+columns(s.read, principalRow{}, "p", "p_")+` FROM sessions AS s JOIN principals AS p ON p.id = s.principal_id
		WHERE p.deleted_at = 0 AND s.expires_at > ? AND s.seen_at > ? - ? AND (? = '' OR s.id < ?)`+holds+" ORDER BY s.id DESC LIMIT ?",
		slices.Concat([]any{s.nowSQL(), s.nowSQL(), idle.Microseconds(), after.Name, after.Name}, args, []any{limit + 1})...).Scan(ctx, &rows)
	if err != nil {
		return page, tidy(err)
	}
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = nameCursor{Name: rows[limit-1].ID}.String()
	}
	for _, row := range rows {
		page.Items = append(page.Items, sb.UserSession{Session: row.session(), User: row.Principal.principal()})
	}
	return page, nil
}

// EndSession ends a session of a user at once, of whomever for "", and gives it as it was.
func (s *Store) EndSession(ctx context.Context, principalID, id string) (sb.Session, error) {
	var rows []sessionRow
	err := s.change(ctx, func(ctx context.Context, t *tx) error {
		rows = nil
		err := t.NewRaw("DELETE FROM sessions WHERE (? = '' OR principal_id = ?) AND id = ? RETURNING *", principalID, principalID, id).Scan(ctx, &rows)
		row, err := one(rows, err, "session", id)
		if err != nil {
			return err
		}
		owner, err := t.keyOwner(ctx, row.PrincipalID)
		if err != nil {
			return err
		}
		return t.audit(ctx, "session.delete", sb.Object{Kind: "session", ID: id}, map[string]any{"owner": owner})
	})
	if err != nil {
		return sb.Session{}, err
	}
	return rows[0].session(), nil
}

// EndSessions ends all sessions of a user at once, but one.
func (s *Store) EndSessions(ctx context.Context, principalID, but string) error {
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, "DELETE FROM sessions WHERE principal_id = ? AND id <> ?", principalID, but)
		if err != nil || n == 0 {
			return err
		}
		owner, err := t.keyOwner(ctx, principalID)
		if err != nil {
			return err
		}
		return t.audit(ctx, "session.delete_others", sb.Object{Kind: "user", ID: principalID, Name: owner.Name}, map[string]any{"count": n})
	})
}
