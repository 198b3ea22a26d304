package store

import (
	"context"

	"github.com/uptrace/bun"

	sb "signalbox"
)

// secretRow is a row of secrets, without its value, which only SealedSecrets reads.
type secretRow struct {
	bun.BaseModel `bun:"table:secrets"`
	Key           string
	Description   string
	CreatedAt     int64
	UpdatedAt     int64
	UpdatedByID   string
	UpdatedByName string
}

const secretColumns = "SELECT key, description, created_at, updated_at, updated_by_id, updated_by_name FROM secrets "

func (row secretRow) secret() sb.Secret {
	return sb.Secret{
		Key: row.Key, Description: row.Description, CreatedAt: timeAt(row.CreatedAt), UpdatedAt: timeAt(row.UpdatedAt),
		UpdatedBy: sb.Who{ID: row.UpdatedByID, Name: row.UpdatedByName},
	}
}

func (row secretRow) object() sb.Object {
	return sb.Object{Kind: "secret", ID: row.Key, Name: row.Key}
}

// Secrets reads a page of secrets by key, without their values.
func (s *Store) Secrets(ctx context.Context, cursor string, limit int) (sb.Page[sb.Secret], error) {
	var page sb.Page[sb.Secret]
	after, err := readNameCursor(cursor)
	if err != nil {
		return page, err
	}
	limit = limitOf(limit)
	var rows []secretRow
	if err := s.read.NewRaw(secretColumns+"WHERE key > ? ORDER BY key LIMIT ?", after.Name, limit+1).Scan(ctx, &rows); err != nil {
		return page, tidy(err)
	}
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = nameCursor{Name: rows[limit-1].Key}.String()
	}
	page.Items = each(rows, secretRow.secret)
	return page, nil
}

// CreateSecret keeps a new secret, sealed. A key that is taken: Conflict.
func (s *Store) CreateSecret(ctx context.Context, key, description string, sealed []byte) (sb.Secret, error) {
	var row secretRow
	err := s.change(ctx, func(ctx context.Context, t *tx) error {
		by := sb.OriginOf(ctx).Actor
		row = secretRow{Key: key, Description: description, CreatedAt: t.now, UpdatedAt: t.now, UpdatedByID: by.ID, UpdatedByName: by.Name}
		_, err := t.exec(ctx, `INSERT INTO secrets (key, value, description, created_at, updated_at, updated_by_id, updated_by_name)
			VALUES (?, ?, ?, ?, ?, ?, ?)`, key, sealed, description, t.now, t.now, by.ID, by.Name)
		if err != nil {
			return err
		}
		return t.audit(ctx, "secret.create", row.object(), map[string]any{"description": description})
	})
	return row.secret(), taken(err, "the secret %s exists already", key)
}

// UpdateSecret changes a secret's sealed value or its description; nil stays.
func (s *Store) UpdateSecret(ctx context.Context, key string, sealed []byte, description *string) (sb.Secret, error) {
	var row secretRow
	err := s.change(ctx, func(ctx context.Context, t *tx) error {
		if err := t.lock(ctx, "secrets", "key", key); err != nil {
			return err
		}
		var rows []secretRow
		err := t.NewRaw(secretColumns+"WHERE key = ?", key).Scan(ctx, &rows)
		before, err := one(rows, err, "secret", key)
		if err != nil {
			return err
		}
		row = before
		if description != nil {
			row.Description = *description
		}
		did := edits{}.field("description", before.Description, row.Description)
		if sealed != nil {
			did["value"] = edit{"(not shown)", "(changed)"}
			if _, err := t.exec(ctx, "UPDATE secrets SET value = ? WHERE key = ?", sealed, key); err != nil {
				return err
			}
		}
		if len(did) == 0 {
			return nil
		}
		by := sb.OriginOf(ctx).Actor
		row.UpdatedAt, row.UpdatedByID, row.UpdatedByName = t.now, by.ID, by.Name
		if _, err := t.update(ctx, before, row, "key = ?", key); err != nil {
			return err
		}
		return t.audit(ctx, "secret.update", row.object(), did)
	})
	return row.secret(), err
}

// DeleteSecret ends a secret.
func (s *Store) DeleteSecret(ctx context.Context, key string) error {
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, "DELETE FROM secrets WHERE key = ?", key)
		if err != nil {
			return err
		}
		if n == 0 {
			return sb.Errorf(sb.NotFound, "secret %s does not exist", key)
		}
		return t.audit(ctx, "secret.delete", secretRow{Key: key}.object(), nil)
	})
}

// SealedSecrets reads the sealed values of secrets; those that do not exist are left out.
func (s *Store) SealedSecrets(ctx context.Context, keys []string) (map[string][]byte, error) {
	var rows []struct {
		Key   string
		Value []byte
	}
	err := s.read.NewRaw("SELECT key, value FROM secrets WHERE key IN (?)", bun.List(orNobody(keys))).Scan(ctx, &rows)
	found := make(map[string][]byte, len(rows))
	for _, row := range rows {
		found[row.Key] = row.Value
	}
	return found, tidy(err)
}
