package store

import (
	"context"
	"encoding/json"
	"slices"

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
	CreatedAt     int64
	DeletedAt     int64
}

func toPrincipalRow(p sb.Principal) principalRow {
	return principalRow{
		ID: p.ID, Kind: string(p.Kind), Name: p.Name, Email: p.Email, Role: string(p.Role),
		Description: p.Description, CreatedAt: micros(p.CreatedAt),
	}
}

func (row principalRow) principal() sb.Principal {
	return sb.Principal{
		ID: row.ID, Kind: sb.PrincipalKind(row.Kind), Name: row.Name, Email: row.Email, Role: sb.Role(row.Role),
		Description: row.Description, CreatedAt: timeAt(row.CreatedAt),
	}
}

// Principals reads a page of principals of a kind, "" for all, by name.
func (s *Store) Principals(ctx context.Context, kind sb.PrincipalKind, cursor string, limit int) (sb.Page[sb.Principal], error) {
	var page sb.Page[sb.Principal]
	after, err := readNameCursor(cursor)
	if err != nil {
		return page, err
	}
	kinds := []sb.PrincipalKind{sb.User, sb.ServiceAccount}
	if kind != "" {
		kinds = []sb.PrincipalKind{kind}
	}
	limit = limitOf(limit)
	var rows []principalRow
	err = s.read.NewRaw(`SELECT * FROM principals WHERE kind IN (?) AND deleted_at = 0 AND (name, id) > (?, ?)
		ORDER BY name, id LIMIT ?`, bun.List(kinds), after.Name, after.ID, limit+1).Scan(ctx, &rows)
	if err != nil {
		return page, tidy(err)
	}
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = nameCursor{rows[limit-1].Name, rows[limit-1].ID}.String()
	}
	page.Items = each(rows, principalRow.principal)
	return page, nil
}

// Principal reads one by its id; else a service account by its name, a user by his email or, when only one has it, by
// his name.
func (s *Store) Principal(ctx context.Context, idOrName string) (sb.Principal, error) {
	var rows []principalRow
	err := s.read.NewRaw(`SELECT * FROM principals WHERE deleted_at = 0 AND (id = ? OR name = ? OR email = ?)
		ORDER BY CASE WHEN id = ? THEN 0 WHEN kind = 'service_account' THEN 1 WHEN email = ? THEN 2 ELSE 3 END, id LIMIT 2`,
		idOrName, idOrName, idOrName, idOrName, idOrName).Scan(ctx, &rows)
	p, err := one(rows, err, "principal", idOrName)
	if err == nil && len(rows) > 1 && p.ID != idOrName && p.Email != idOrName && p.Kind == string(sb.User) {
		return sb.Principal{}, sb.Errorf(sb.NotFound, "several users are called %s; name one by id or email", idOrName)
	}
	return p.principal(), tidy(err)
}

// CreatePrincipal keeps a new principal. A service account's name, or a user's email, that is taken: Conflict.
func (s *Store) CreatePrincipal(ctx context.Context, p sb.Principal) (sb.Principal, error) {
	err := s.change(ctx, func(ctx context.Context, t *tx) (err error) {
		p, err = t.insertPrincipal(ctx, p)
		return err
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

// UpdatePrincipal changes a principal by a pure function. The last admin stays one: Conflict.
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
		if _, err := t.update(ctx, before, row, "id = ?", id); err != nil {
			return err
		}
		return t.wantAdmin(ctx, before)
	})
	return after, taken(err, "the name or email %s is taken", after.Name)
}

// DeletePrincipal ends a principal with its keys and grants at once; runs stay, with the name kept. The last admin
// cannot go: Conflict.
func (s *Store) DeletePrincipal(ctx context.Context, id string) error {
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		row, err := t.lockPrincipal(ctx, id)
		if err != nil {
			return err
		}
		for _, query := range []string{
			"DELETE FROM api_keys WHERE owner_id = ?", "DELETE FROM grants WHERE principal_id = ?",
		} {
			if _, err := t.exec(ctx, query, id); err != nil {
				return err
			}
		}
		if _, err := t.exec(ctx, "UPDATE principals SET deleted_at = ? WHERE id = ?", t.now, id); err != nil {
			return err
		}
		return t.wantAdmin(ctx, row)
	})
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

func (t *tx) admins(ctx context.Context) (n int, err error) {
	err = t.NewRaw("SELECT count(*) FROM principals WHERE role = ? AND deleted_at = 0", sb.Admin).Scan(ctx, &n)
	return n, err
}

// EnsureAdmin makes the first admin with a key, if there is no admin yet, and tells whether it did.
func (s *Store) EnsureAdmin(ctx context.Context, p sb.Principal, keyHash []byte) (created bool, err error) {
	err = s.change(ctx, func(ctx context.Context, t *tx) error {
		created = false
		if err := t.lockOrganisation(ctx); err != nil {
			return err
		}
		if n, err := t.admins(ctx); err != nil || n > 0 {
			return err
		}
		p.Role = sb.Admin
		made, err := t.insertPrincipal(ctx, p)
		if err != nil {
			return err
		}
		created = true
		return insertKey(ctx, t, "api_keys", sb.Key{ID: newID(), Owner: made.ID, Name: "first admin", CreatedAt: timeAt(t.now)}, keyHash)
	})
	return created, err
}

// settingsRow is the row of settings.
type settingsRow struct {
	bun.BaseModel                           `bun:"table:settings"`
	One                                     int
	DefaultUserRole                         sb.Role
	DefaultDatasetPermission                sb.Permission
	DefaultOperatorMinimumRole              sb.Role
	DefaultOperatorMinimumDatasetPermission sb.Permission
	AllRunsMinimumRole                      sb.Role
	APIKeyRoles                             string
}

func insertSettings(ctx context.Context, q bun.IDB, v sb.Settings) error {
	roles, err := text(v.APIKeyRoles)
	if err != nil {
		return err
	}
	return insert(ctx, q, &settingsRow{
		One: 1, DefaultUserRole: v.DefaultUserRole, DefaultDatasetPermission: v.DefaultDatasetPermission,
		DefaultOperatorMinimumRole:              v.DefaultOperatorMinimumRole,
		DefaultOperatorMinimumDatasetPermission: v.DefaultOperatorMinimumDatasetPermission,
		AllRunsMinimumRole:                      v.AllRunsMinimumRole, APIKeyRoles: roles,
	})
}

func settings(ctx context.Context, q bun.IDB) (sb.Settings, error) {
	var row settingsRow
	if err := q.NewRaw("SELECT * FROM settings").Scan(ctx, &row); err != nil {
		return sb.Settings{}, err
	}
	v := sb.Settings{
		DefaultUserRole: row.DefaultUserRole, DefaultDatasetPermission: row.DefaultDatasetPermission,
		DefaultOperatorMinimumRole:              row.DefaultOperatorMinimumRole,
		DefaultOperatorMinimumDatasetPermission: row.DefaultOperatorMinimumDatasetPermission,
		AllRunsMinimumRole:                      row.AllRunsMinimumRole,
	}
	return v, json.Unmarshal([]byte(row.APIKeyRoles), &v.APIKeyRoles)
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
