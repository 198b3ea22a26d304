package store

import (
	"context"

	"github.com/uptrace/bun"

	sb "signalbox"
)

// SuspendUsers makes everybody whom a provider let in as if he were deleted, and ends his keys, sessions and programs.
// Unlike who is deleted he keeps his identity, grants and memberships, so that ReviveUsers brings him back. Whoever is
// suspended already stays so.
func (s *Store) SuspendUsers(ctx context.Context, provider string) error {
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		list, err := t.usersOf(ctx, provider, "p.deleted_at = 0")
		if err != nil || len(list) == 0 {
			return err
		}
		ids := bun.List(each(list, func(row principalRow) string { return row.ID }))
		for _, query := range []string{
			"DELETE FROM api_keys WHERE owner_id IN (?)", "DELETE FROM sessions WHERE principal_id IN (?)", "DELETE FROM devices WHERE principal_id IN (?)",
		} {
			if _, err := t.exec(ctx, query, ids); err != nil {
				return err
			}
		}
		if _, err := t.exec(ctx, "UPDATE principals SET deleted_at = ? WHERE id IN (?)", t.now, ids); err != nil {
			return err
		}
		return t.auditUsers(ctx, "user.suspend", list)
	})
}

// ReviveUsers brings back whom SuspendUsers made as if deleted. Who was deleted has no identity any more and stays so.
func (s *Store) ReviveUsers(ctx context.Context, provider string) error {
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		list, err := t.usersOf(ctx, provider, "p.deleted_at > 0")
		if err != nil || len(list) == 0 {
			return err
		}
		ids := bun.List(each(list, func(row principalRow) string { return row.ID }))
		if _, err := t.exec(ctx, "UPDATE principals SET deleted_at = 0 WHERE id IN (?)", ids); err != nil {
			return err
		}
		return t.auditUsers(ctx, "user.revive", list)
	})
}

// usersOf holds the organisation and reads whom a provider let in, under a condition.
func (t *tx) usersOf(ctx context.Context, provider, condition string) ([]principalRow, error) {
	if err := t.lockOrganisation(ctx); err != nil {
		return nil, err
	}
	var rows []principalRow
	err := t.NewRaw("SELECT p.* FROM principals AS p WHERE "+condition+
		" AND p.id IN (SELECT principal_id FROM identities WHERE provider = ?) ORDER BY p.id", provider).Scan(ctx, &rows)
	return rows, err
}

func (t *tx) auditUsers(ctx context.Context, action string, list []principalRow) error {
	for _, row := range list {
		if err := t.audit(ctx, action, principalObject(row.principal()), map[string]any{"role": sb.Role(row.Role)}); err != nil {
			return err
		}
	}
	return nil
}
