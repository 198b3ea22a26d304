package store

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	sb "signalbox"
)

// loginRow is a row of logins: one that waits for its provider's answer.
type loginRow struct {
	bun.BaseModel `bun:"table:logins"`
	State         string
	Browser       string
	Provider      string
	Nonce         string
	Verifier      string
	ReturnTo      string
	Invitation    string
	ExpiresAt     int64
}

// BeginLogin keeps a login that waits for its provider's answer. Secrets in it are hashes already.
func (s *Store) BeginLogin(ctx context.Context, p sb.Pending, lasts time.Duration) error {
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		return insert(ctx, t, &loginRow{
			State: p.State, Browser: p.Browser, Provider: p.Provider, Nonce: p.Nonce, Verifier: p.Verifier,
			ReturnTo: p.ReturnTo, Invitation: p.Invitation, ExpiresAt: t.now + lasts.Microseconds(),
		})
	})
}

// TakeLogin gives the waiting login of a browser, once. NotFound when that browser began none of this state at that
// provider, or it has expired; then nothing is taken from whoever did.
func (s *Store) TakeLogin(ctx context.Context, provider, state, browser string) (sb.Pending, error) {
	var rows []loginRow
	err := s.change(ctx, func(ctx context.Context, t *tx) error {
		rows = nil
		return t.NewRaw("DELETE FROM logins WHERE state = ? AND browser = ? AND provider = ? AND expires_at > ? RETURNING *",
			state, browser, provider, t.now).Scan(ctx, &rows)
	})
	row, err := one(rows, err, "this", "login")
	return sb.Pending{
		State: row.State, Browser: row.Browser, Provider: row.Provider, Nonce: row.Nonce, Verifier: row.Verifier,
		ReturnTo: row.ReturnTo, Invitation: row.Invitation, ExpiresAt: timeAt(row.ExpiresAt),
	}, err
}

// UseAssertion notes that an assertion was used, so that it is good once. Conflict when it was before.
func (s *Store) UseAssertion(ctx context.Context, provider, id string, until time.Time) error {
	err := s.change(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.exec(ctx, "INSERT INTO assertions (provider, id, expires_at) VALUES (?, ?, ?)", provider, id, micros(until))
		return err
	})
	return taken(err, "this login was used before")
}

// LogIn finds or makes the user whom a login belongs to, all in one transaction under the organisation's lock: decide,
// a pure function, says what it leads to. The invitation is the hash of its token, "" for none.
func (s *Store) LogIn(ctx context.Context, l sb.Login, invitation string, decide func(sb.LoginFacts) (sb.LoginPlan, error)) (sb.Principal, error) {
	var p sb.Principal
	err := s.change(ctx, func(ctx context.Context, t *tx) error {
		if err := t.lockOrganisation(ctx); err != nil {
			return err
		}
		f, err := t.loginFacts(ctx, l, invitation)
		if err != nil {
			return err
		}
		plan, err := decide(f)
		if err != nil {
			return err
		}
		p, err = t.carryOut(ctx, l, f, plan)
		return err
	})
	return p, taken(err, "another user has this e-mail address")
}

func (t *tx) loginFacts(ctx context.Context, l sb.Login, invitation string) (f sb.LoginFacts, err error) {
	if f.Settings, err = settings(ctx, t); err != nil {
		return f, err
	}
	if f.Admins, err = t.admins(ctx); err != nil {
		return f, err
	}
	f.Known, err = t.user(ctx, `SELECT p.* FROM principals AS p JOIN identities AS i ON i.principal_id = p.id
		WHERE i.provider = ? AND i.subject = ? AND p.deleted_at = 0`, l.Provider, l.Subject)
	if err != nil {
		return f, err
	}
	if f.Known == nil && l.Verified && l.Email != "" {
		f.SameEmail, err = t.user(ctx, "SELECT * FROM principals WHERE email = ? AND kind = ? AND deleted_at = 0", l.Email, sb.User)
	}
	if err == nil && invitation != "" {
		err = t.addInvitation(ctx, &f, invitation)
	}
	return f, err
}

func (t *tx) user(ctx context.Context, query string, args ...any) (*sb.Principal, error) {
	var rows []principalRow
	if err := t.NewRaw(query, args...).Scan(ctx, &rows); err != nil || len(rows) == 0 {
		return nil, err
	}
	p := rows[0].principal()
	return &p, nil
}

// addInvitation adds the facts about an invitation that may still be accepted, if there is one with this token.
func (t *tx) addInvitation(ctx context.Context, f *sb.LoginFacts, hash string) error {
	v, err := openInvitation(ctx, t, t.now, hash, func(by sb.Facts, _ sb.Invitation) error {
		f.Inviter = by
		return nil
	})
	switch sb.CodeOf(err) {
	case "":
		f.Invitation = &v
	case sb.NotFound, sb.Conflict, sb.Gone:
	default:
		return err
	}
	return nil
}

// carryOut does what a login leads to.
func (t *tx) carryOut(ctx context.Context, l sb.Login, f sb.LoginFacts, plan sb.LoginPlan) (sb.Principal, error) {
	p, err := t.keepUser(ctx, l, f, plan.Principal)
	if err != nil {
		return p, err
	}
	_, err = t.exec(ctx, `INSERT INTO identities (provider, subject, principal_id, email, created_at, seen_at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (provider, subject) DO UPDATE SET principal_id = excluded.principal_id, email = excluded.email, seen_at = excluded.seen_at`,
		l.Provider, l.Subject, p.ID, l.Email, t.now, t.now)
	if err == nil && plan.Groups != nil {
		err = t.mapGroups(ctx, l.Provider, p, plan.Groups)
	}
	if err == nil && plan.Accept {
		err = t.accept(ctx, *f.Invitation, p)
	}
	return p, err
}

// keepUser makes the user, or changes what the login changes of him.
func (t *tx) keepUser(ctx context.Context, l sb.Login, f sb.LoginFacts, p sb.Principal) (sb.Principal, error) {
	before := f.Known
	if before == nil {
		before = f.SameEmail
	}
	if p.ID == "" || before == nil {
		made, err := t.insertPrincipal(ctx, p)
		if err != nil {
			return p, err
		}
		return made, t.audit(ctx, "user.create", principalObject(made), map[string]any{"role": made.Role, "provider": l.Provider})
	}
	row, was := toPrincipalRow(p), toPrincipalRow(*before)
	n, err := t.update(ctx, was, row, "id = ?", p.ID)
	if err != nil || n == 0 {
		return p, err
	}
	return p, t.audit(ctx, "user.update", principalObject(p), principalEdits(was, row))
}

// mapGroups makes the memberships that a provider decides what it says now. It never touches those that others decided,
// and joins groups that exist only: what an organisation's directory calls its groups is not for us to copy.
func (t *tx) mapGroups(ctx context.Context, provider string, p sb.Principal, names []string) error {
	names = unique(append(names, "")) // sorted, without the empty one
	var left, joined []string
	err := t.NewRaw(`DELETE FROM members WHERE principal_id = ? AND locked_by = ? AND group_id NOT IN (SELECT id FROM groups WHERE name IN (?))
		RETURNING group_id`, p.ID, provider, bun.List(append(names, ""))).Scan(ctx, &left)
	if err != nil {
		return err
	}
	err = t.NewRaw(`INSERT INTO members (group_id, principal_id, locked_by) SELECT id, ?, ? FROM groups WHERE name IN (?)
		ON CONFLICT (group_id, principal_id) DO NOTHING RETURNING group_id`, p.ID, provider, bun.List(append(names, ""))).Scan(ctx, &joined)
	if err != nil || len(left)+len(joined) == 0 {
		return err
	}
	return t.audit(ctx, "user.groups", principalObject(p), map[string]any{"provider": provider, "joined": joined, "left": left})
}
