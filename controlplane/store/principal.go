package store

import (
	"context"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	sb "signalbox"
)

// principalRow is a row of principals. The row of a deleted principal stays, for its name is shown and searched.
type principalRow struct {
	bun.BaseModel `bun:"table:principals"`
	ID            string
	Kind          string
	Name          string
	Email         string
	Role          string
	Description   string
	LockedBy      string
	CreatedAt     int64
	LastSeenAt    int64
	DeletedAt     int64
}

// toPrincipalRow keeps the email in lower case, so that it is one person's however it is written.
func toPrincipalRow(p sb.Principal) principalRow {
	return principalRow{
		ID: p.ID, Kind: string(p.Kind), Name: p.Name, Email: strings.ToLower(p.Email), Role: string(p.Role),
		Description: p.Description, LockedBy: p.LockedBy, CreatedAt: micros(p.CreatedAt), LastSeenAt: microsOf(p.LastSeenAt),
	}
}

func (row principalRow) principal() sb.Principal {
	return sb.Principal{
		ID: row.ID, Kind: sb.PrincipalKind(row.Kind), Name: row.Name, Email: row.Email, Role: sb.Role(row.Role),
		Description: row.Description, LockedBy: row.LockedBy, CreatedAt: timeAt(row.CreatedAt), LastSeenAt: timeOf(row.LastSeenAt),
	}
}

// holds is the condition, after others, that one of the columns holds a text, in whatever case; nothing for "".
func (s *Store) holds(search string, columns ...string) (string, []any) {
	if search == "" {
		return "", nil
	}
	like := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(search) + "%"
	operator := ` LIKE ? ESCAPE '\'` // on SQLite upper and lower case are the same, of A to Z
	if s.listen != nil {
		operator = ` ILIKE ? ESCAPE '\'`
	}
	var list []string
	var args []any
	for _, column := range columns {
		list, args = append(list, column+operator), append(args, like)
	}
	return " AND (" + strings.Join(list, " OR ") + ")", args
}

// Principal reads one by its id; else a service account by its name, a user by his email or, when only one has it, by
// his name.
func (s *Store) Principal(ctx context.Context, idOrName string) (sb.Principal, error) {
	row, err := principalCalled(ctx, s.read, idOrName)
	return row.principal(), tidy(err)
}

// principalCalled asks each index that may know the name. What looks like an address is nobody's name: a person may
// choose his name, and could choose another's address.
func principalCalled(ctx context.Context, q bun.IDB, name string) (principalRow, error) {
	called := name
	if strings.Contains(name, "@") {
		called = ""
	}
	var rows []struct {
		principalRow `bun:",extend"`
		Rank         int
	}
	err := q.NewRaw(`SELECT *, 0 AS rank FROM principals WHERE id = ? AND deleted_at = 0
		UNION ALL SELECT *, 1 FROM principals WHERE kind = 'service_account' AND name = ? AND deleted_at = 0
		UNION ALL SELECT *, 2 FROM principals WHERE email = ? AND email <> '' AND deleted_at = 0
		UNION ALL SELECT * FROM (SELECT *, 3 FROM principals WHERE kind = 'user' AND name = ? AND deleted_at = 0 LIMIT 2) AS named
		ORDER BY rank, id`, name, name, strings.ToLower(name), called).Scan(ctx, &rows)
	row, err := one(rows, err, "principal", name)
	if err == nil && row.Rank == 3 && len(rows) > 1 {
		return principalRow{}, sb.Errorf(sb.NotFound, "several users are called %s; name one by id or email", name)
	}
	return row.principalRow, err
}

// CreatePrincipal keeps a new principal. A service account's name, or a user's email, that is taken: Conflict.
func (s *Store) CreatePrincipal(ctx context.Context, p sb.Principal) (sb.Principal, error) {
	err := s.change(ctx, func(ctx context.Context, t *tx) (err error) {
		if p, err = t.insertPrincipal(ctx, p); err != nil {
			return err
		}
		return t.audit(ctx, string(p.Kind)+".create", principalObject(p), map[string]any{"role": p.Role})
	})
	return p, taken(err, "the name or email %s is taken", p.Name)
}

func (t *tx) insertPrincipal(ctx context.Context, p sb.Principal) (sb.Principal, error) {
	p.ID = orNewID(p.ID)
	if p.CreatedAt.IsZero() {
		p.CreatedAt = timeAt(t.now)
	}
	row := toPrincipalRow(p)
	return row.principal(), insert(ctx, t, &row)
}

// UpdatePrincipal changes a principal by a pure function. What changes nothing is no act. The last admin stays one:
// Conflict.
func (s *Store) UpdatePrincipal(ctx context.Context, id string, f func(sb.Principal) (sb.Principal, error)) (sb.Principal, error) {
	var after sb.Principal
	err := s.change(ctx, func(ctx context.Context, t *tx) error {
		before, err := t.lockPrincipal(ctx, id)
		if err != nil {
			return err
		}
		if after, err = f(before.principal()); err != nil {
			return err
		}
		row := toPrincipalRow(after)
		row.ID = before.ID
		n, err := t.update(ctx, before, row, "id = ?", id)
		if err != nil || n == 0 {
			return err
		}
		if err := t.wantAdmin(ctx, before); err != nil {
			return err
		}
		return t.audit(ctx, before.Kind+".update", principalObject(row.principal()), principalEdits(before, row))
	})
	return after, passed("role.after", taken(err, "the name or email %s is taken", after.Name))
}

// DeletePrincipal ends a principal at once, with all that lets him in (keys, sessions, devices, identities) and all that
// he was given (grants, memberships); invitations that he made end, too. Runs stay, with the name kept. The last admin
// cannot go: Conflict.
func (s *Store) DeletePrincipal(ctx context.Context, id string) error {
	err := s.change(ctx, func(ctx context.Context, t *tx) error {
		row, err := t.lockPrincipal(ctx, id)
		if err != nil {
			return err
		}
		for _, query := range []string{
			"DELETE FROM api_keys WHERE owner_id = ?", "DELETE FROM sessions WHERE principal_id = ?",
			"DELETE FROM devices WHERE principal_id = ?", "DELETE FROM identities WHERE principal_id = ?",
			"DELETE FROM grants WHERE principal_id = ?", "DELETE FROM members WHERE principal_id = ?",
		} {
			if _, err := t.exec(ctx, query, id); err != nil {
				return err
			}
		}
		if err := t.endInvitations(ctx, "invited_by_id", id); err != nil {
			return err
		}
		if _, err := t.exec(ctx, "UPDATE principals SET deleted_at = ? WHERE id = ?", t.now, id); err != nil {
			return err
		}
		if err := t.wantAdmin(ctx, row); err != nil {
			return err
		}
		return t.audit(ctx, row.Kind+".delete", principalObject(row.principal()), map[string]any{"role": row.Role})
	})
	return passed("removal.after", err)
}

// lockPrincipal holds the organisation, so that two cannot remove each other as the last admin, and reads a principal.
func (t *tx) lockPrincipal(ctx context.Context, id string) (principalRow, error) {
	if err := t.lockOrganisation(ctx); err != nil {
		return principalRow{}, err
	}
	var rows []principalRow
	err := t.NewRaw("SELECT * FROM principals WHERE id = ? AND deleted_at = 0", id).Scan(ctx, &rows)
	return one(rows, err, "principal", id)
}

func (t *tx) lockOrganisation(ctx context.Context) error {
	query := "SELECT one FROM installation"
	if t.s.listen != nil {
		query += " FOR UPDATE"
	}
	_, err := t.NewRaw(query).Exec(ctx)
	return err
}

// wantAdmin demands that an admin is left after one may have gone.
func (t *tx) wantAdmin(ctx context.Context, was principalRow) error {
	if was.Role != string(sb.Admin) {
		return nil
	}
	n, err := t.admins(ctx)
	if err == nil && n == 0 {
		return sb.Errorf(sb.Conflict, "%s is the last admin", was.Name)
	}
	return err
}

// lasting is the condition of an admin who counts as the last one: the demonstration's does not, for it can be switched off.
const lasting = "role = ? AND deleted_at = 0 AND id NOT IN (SELECT principal_id FROM identities WHERE provider = ?)"

func (t *tx) admins(ctx context.Context) (n int, err error) {
	err = t.NewRaw("SELECT count(*) FROM principals WHERE "+lasting, sb.Admin, sb.DemoProvider).Scan(ctx, &n)
	return n, err
}

// EnsureAdmin gives a key to the admin who has been here longest, a user if there is one and none of the demonstration; he
// is made of p when there is no admin.
func (s *Store) EnsureAdmin(ctx context.Context, p sb.Principal, keyHash []byte) (admin sb.Principal, err error) {
	err = s.change(ctx, func(ctx context.Context, t *tx) error {
		if admin, err = t.anAdmin(ctx, p); err != nil {
			return err
		}
		key := sb.Key{ID: newID(), Owner: admin.ID, Name: "admin key", CreatedAt: timeAt(t.now)}
		if err := insertKey(ctx, t, "api_keys", key, keyHash); err != nil {
			return err
		}
		owner := keyOwner{Kind: string(admin.Kind), ID: admin.ID, Name: admin.Name}
		return t.audit(ctx, "key.create", sb.Object{Kind: "key", ID: key.ID, Name: key.Name}, map[string]any{"owner": owner})
	})
	return admin, err
}

// anAdmin finds the admin who has been here longest, or makes the first one.
func (t *tx) anAdmin(ctx context.Context, p sb.Principal) (sb.Principal, error) {
	if err := t.lockOrganisation(ctx); err != nil {
		return sb.Principal{}, err
	}
	var rows []principalRow
	err := t.NewRaw("SELECT * FROM principals WHERE "+lasting+" ORDER BY kind DESC, created_at, id LIMIT 1", sb.Admin, sb.DemoProvider).Scan(ctx, &rows)
	if err != nil || len(rows) > 0 {
		row, err := one(rows, err, "principal", p.Name)
		return row.principal(), err
	}
	p.Role = sb.Admin
	made, err := t.insertPrincipal(ctx, p)
	if err != nil {
		return made, err
	}
	return made, t.audit(ctx, string(made.Kind)+".create", principalObject(made), map[string]any{"role": made.Role})
}

// taken says in words what was doubled.
func taken(err error, format string, args ...any) error {
	if faultOf(err) == doubled {
		return sb.Wrap(err, sb.Conflict, format, args...)
	}
	return err
}

// limitOf bounds the size of a page.
func limitOf(limit int) int {
	if limit <= 0 {
		return sb.DefaultLimit
	}
	return min(limit, sb.MaxLimit)
}

// unique sorts texts and leaves out doubles and empty ones.
func unique(list []string) []string {
	list = slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == "" })
	slices.Sort(list)
	return slices.Compact(list)
}
