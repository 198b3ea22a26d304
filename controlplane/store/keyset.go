package store

import (
	"context"

	"github.com/uptrace/bun"

	sb "signalbox"
)

// keysetRow is the one row of a keyset that a key service's key has wrapped.
type keysetRow struct {
	bun.BaseModel `bun:"table:keyset"`
	One           int
	Wrapped       string
	WrappedBy     string
	CreatedAt     int64
	UpdatedAt     int64
}

// Keyset reads the wrapped keyset, and the name of the key that wrapped it. NotFound when there is none.
func (s *Store) Keyset(ctx context.Context) (wrapped, by string, err error) {
	row, err := keyset(ctx, s.read)
	return row.Wrapped, row.WrappedBy, tidy(err)
}

// CreateKeyset keeps a wrapped keyset unless there is one, and reads the one that is there then: of several replicas
// that start for the first time, one gives all of them their keys.
func (s *Store) CreateKeyset(ctx context.Context, wrapped, by string) (there, thereBy string, err error) {
	var row keysetRow
	err = s.change(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.exec(ctx, `INSERT INTO keyset (one, wrapped, wrapped_by, created_at, updated_at)
			VALUES (1, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, wrapped, by, t.now, t.now)
		if err != nil {
			return err
		}
		row, err = keyset(ctx, t)
		return err
	})
	return row.Wrapped, row.WrappedBy, tidy(err)
}

// ReplaceKeyset puts another wrapped keyset in the place of the one that was read. Conflict when that one is no longer
// there: a change made meanwhile must not be lost.
func (s *Store) ReplaceKeyset(ctx context.Context, read, wrapped, by string) error {
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, "UPDATE keyset SET wrapped = ?, wrapped_by = ?, updated_at = ? WHERE wrapped = ?", wrapped, by, t.now, read)
		if err == nil && n == 0 {
			return sb.Errorf(sb.Conflict, "the keyset in the database was changed meanwhile; try again")
		}
		return err
	})
}

func keyset(ctx context.Context, q bun.IDB) (keysetRow, error) {
	var rows []keysetRow
	err := q.NewRaw("SELECT * FROM keyset").Scan(ctx, &rows)
	if err == nil && len(rows) == 0 {
		return keysetRow{}, sb.Errorf(sb.NotFound, "the database has no keyset")
	}
	if err != nil {
		return keysetRow{}, err
	}
	return rows[0], nil
}
