package store

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	"github.com/uptrace/bun"

	sb "signalbox"
)

// noteUseEvery is how often the use of a key is noted at most.
const noteUseEvery = time.Minute

// keyRow is a row of api_keys and of orchestrator_keys.
type keyRow struct {
	bun.BaseModel `bun:"table:api_keys"`
	ID            string
	OwnerID       string
	Name          string
	Hash          string
	CreatedAt     int64
	ExpiresAt     int64
	LastUsedAt    int64
}

func (row keyRow) key() sb.Key {
	return sb.Key{
		ID: row.ID, Owner: row.OwnerID, Name: row.Name, CreatedAt: timeAt(row.CreatedAt),
		ExpiresAt: timeOf(row.ExpiresAt), LastUsedAt: timeOf(row.LastUsedAt),
	}
}

// PrincipalOfKey finds the owner of an unexpired API key, and the settings, and notes the key's use. NotFound when there
// is no such key.
func (s *Store) PrincipalOfKey(ctx context.Context, hash []byte) (sb.Principal, sb.Settings, error) {
	key, err := s.useKey(ctx, "api_keys", hash)
	if err != nil {
		return sb.Principal{}, sb.Settings{}, err
	}
	var rows []principalRow
	err = s.read.NewRaw("SELECT * FROM principals WHERE id = ? AND deleted_at = 0", key.OwnerID).Scan(ctx, &rows)
	row, err := one(rows, err, "principal", key.OwnerID)
	if err != nil {
		return sb.Principal{}, sb.Settings{}, tidy(err)
	}
	v, err := settings(ctx, s.read)
	return row.principal(), v, tidy(err)
}

// OrchestratorOfKey finds what an orchestrator key opens, and notes its use. NotFound when there is no such key.
func (s *Store) OrchestratorOfKey(ctx context.Context, hash []byte) (orchestratorID string, err error) {
	key, err := s.useKey(ctx, "orchestrator_keys", hash)
	return key.OwnerID, err
}

func (s *Store) useKey(ctx context.Context, table string, hash []byte) (keyRow, error) {
	var rows []keyRow
	err := s.read.NewRaw("SELECT * FROM ? WHERE hash = ? AND (expires_at = 0 OR expires_at > ?)",
		bun.Ident(table), hex.EncodeToString(hash), s.nowSQL()).Scan(ctx, &rows)
	if err != nil {
		return keyRow{}, tidy(err)
	}
	if len(rows) == 0 {
		return keyRow{}, sb.Errorf(sb.NotFound, "there is no such key")
	}
	if err := s.noteUse(ctx, table, rows[0]); err != nil { // the key is good nevertheless
		s.log.WithError(err).WithField("key", rows[0].ID).Warn("The use of a key cannot be noted.")
	}
	return rows[0], nil
}

// noteUse notes the use of a key, unless that was done just now.
func (s *Store) noteUse(ctx context.Context, table string, row keyRow) error {
	now, err := s.nowIn(ctx, s.read)
	if err != nil || now-row.LastUsedAt < noteUseEvery.Microseconds() {
		return err
	}
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.exec(ctx, "UPDATE ? SET last_used_at = ? WHERE id = ?", bun.Ident(table), t.now, row.ID)
		return err
	})
}

// CreateKey keeps a key's hash for a principal or an orchestrator. NotFound when there is no such owner.
func (s *Store) CreateKey(ctx context.Context, k sb.Key, hash []byte) (sb.Key, error) {
	err := s.change(ctx, func(ctx context.Context, t *tx) error {
		table, err := t.keyTable(ctx, k.Owner)
		if err != nil {
			return err
		}
		k.ID = orNewID(k.ID)
		if k.CreatedAt.IsZero() {
			k.CreatedAt = timeAt(t.now)
		}
		return insertKey(ctx, t, table, k, hash)
	})
	return k, taken(err, "this key exists already")
}

func (t *tx) keyTable(ctx context.Context, owner string) (string, error) {
	var tables []string
	err := t.NewRaw(`SELECT 'api_keys' FROM principals WHERE id = ? AND deleted_at = 0
		UNION ALL SELECT 'orchestrator_keys' FROM orchestrators WHERE id = ?`, owner, owner).Scan(ctx, &tables)
	return one(tables, err, "owner", owner)
}

func insertKey(ctx context.Context, q bun.IDB, table string, k sb.Key, hash []byte) error {
	row := keyRow{
		ID: k.ID, OwnerID: k.Owner, Name: k.Name, Hash: hex.EncodeToString(hash),
		CreatedAt: micros(k.CreatedAt), ExpiresAt: microsOf(k.ExpiresAt),
	}
	_, err := q.NewInsert().Model(&row).ModelTableExpr("?", bun.Ident(table)).Exec(ctx)
	return err
}

// Keys reads the keys of a principal or an orchestrator, oldest first; expired ones too.
func (s *Store) Keys(ctx context.Context, owner string) ([]sb.Key, error) {
	var rows []keyRow
	err := s.read.NewRaw(`SELECT * FROM api_keys WHERE owner_id = ?
		UNION ALL SELECT * FROM orchestrator_keys WHERE owner_id = ? ORDER BY created_at, id`, owner, owner).Scan(ctx, &rows)
	return each(rows, keyRow.key), tidy(err)
}

// DeleteKey ends a key of an owner at once.
func (s *Store) DeleteKey(ctx context.Context, owner, id string) error {
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, "DELETE FROM api_keys WHERE owner_id = ? AND id = ?", owner, id)
		m, err2 := t.exec(ctx, "DELETE FROM orchestrator_keys WHERE owner_id = ? AND id = ?", owner, id)
		if err := errors.Join(err, err2); err != nil || n+m > 0 {
			return err
		}
		return sb.Errorf(sb.NotFound, "key %s does not exist", id)
	})
}
