package store

import (
	"context"
	"encoding/hex"
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

// PrincipalOfKey finds the owner of an unexpired API key, and the settings, in one query by the index of hashes, and
// notes the key's use. NotFound when there is no such key. What is looked up is a hash of 256 random bits, so the time
// that takes says nothing about any key.
func (s *Store) PrincipalOfKey(ctx context.Context, hash []byte) (sb.Caller, error) {
	var rows []struct {
		callerRow `bun:",extend"`
		Key       keyRow `bun:"embed:k_"`
		Now       int64
	}
	err := s.read.NewRaw("SELECT "+columns(s.read, keyRow{}, "k", "k_")+", "+callerColumns(s.read)+`, ? AS now
		FROM api_keys AS k JOIN principals AS p ON p.id = k.owner_id AND p.deleted_at = 0 CROSS JOIN settings AS o WHERE k.hash = ?`,
		s.nowSQL(), hex.EncodeToString(hash)).Scan(ctx, &rows)
	row, err := one(rows, err, "this", "key")
	if err != nil || row.Key.expired(row.Now) {
		return sb.Caller{}, noKey(err)
	}
	s.noteUse(ctx, "api_keys", row.Key, row.Now)
	p, v, err := row.caller()
	return sb.Caller{Principal: p, Settings: v, Via: "key:" + row.Key.ID}, err
}

// OrchestratorOfKey finds what an orchestrator key opens, and notes its use. NotFound when there is no such key.
func (s *Store) OrchestratorOfKey(ctx context.Context, hash []byte) (orchestratorID string, err error) {
	var rows []struct {
		Key keyRow `bun:"embed:k_"`
		Now int64
	}
	err = s.read.NewRaw("SELECT "+columns(s.read, keyRow{}, "k", "k_")+", ? AS now FROM orchestrator_keys AS k WHERE k.hash = ?",
		s.nowSQL(), hex.EncodeToString(hash)).Scan(ctx, &rows)
	row, err := one(rows, err, "this", "key")
	if err != nil || row.Key.expired(row.Now) {
		return "", noKey(err)
	}
	s.noteUse(ctx, "orchestrator_keys", row.Key, row.Now)
	return row.Key.OwnerID, nil
}

func (row keyRow) expired(now int64) bool { return row.ExpiresAt != 0 && row.ExpiresAt <= now }

// noKey says the same of a key that never was, one that has expired, and one whose owner is gone.
func noKey(err error) error {
	if err == nil || sb.CodeOf(err) == sb.NotFound {
		return sb.Errorf(sb.NotFound, "there is no such key")
	}
	return tidy(err)
}

// noteUse notes the use of a key, unless that was done just now. When it cannot, the key is good nevertheless.
func (s *Store) noteUse(ctx context.Context, table string, row keyRow, now int64) {
	if now-row.LastUsedAt < noteUseEvery.Microseconds() {
		return
	}
	err := s.change(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.exec(ctx, "UPDATE ? SET last_used_at = ? WHERE id = ?", bun.Ident(table), t.now, row.ID)
		return err
	})
	if err != nil {
		s.log.WithError(err).WithField("key", row.ID).Warn("The use of a key cannot be noted.")
	}
}

// CreateKey keeps a key's hash for a principal or an orchestrator. NotFound when there is no such owner.
func (s *Store) CreateKey(ctx context.Context, k sb.Key, hash []byte) (sb.Key, error) {
	err := s.change(ctx, func(ctx context.Context, t *tx) error {
		owner, err := t.keyOwner(ctx, k.Owner)
		if err != nil {
			return err
		}
		k.ID = orNewID(k.ID)
		if k.CreatedAt.IsZero() {
			k.CreatedAt = timeAt(t.now)
		}
		if err := insertKey(ctx, t, owner.table(), k, hash); err != nil {
			return err
		}
		return t.audit(ctx, "key.create", sb.Object{Kind: "key", ID: k.ID, Name: k.Name}, map[string]any{"owner": owner, "expires_at": k.ExpiresAt})
	})
	return k, taken(err, "this key exists already")
}

// keyOwner is whose key, or session, one is.
type keyOwner struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (o keyOwner) table() string {
	if o.Kind == "orchestrator" {
		return "orchestrator_keys"
	}
	return "api_keys"
}

func (t *tx) keyOwner(ctx context.Context, owner string) (keyOwner, error) {
	var owners []keyOwner
	err := t.NewRaw(`SELECT kind, id, name FROM principals WHERE id = ? AND deleted_at = 0
		UNION ALL SELECT 'orchestrator', id, name FROM orchestrators WHERE id = ?`, owner, owner).Scan(ctx, &owners)
	return one(owners, err, "owner", owner)
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
		of, err := t.keyOwner(ctx, owner)
		if sb.CodeOf(err) == sb.NotFound {
			return sb.Errorf(sb.NotFound, "key %s does not exist", id)
		}
		if err != nil {
			return err
		}
		var names []string
		err = t.NewRaw("DELETE FROM ? WHERE owner_id = ? AND id = ? RETURNING name", bun.Ident(of.table()), owner, id).Scan(ctx, &names)
		name, err := one(names, err, "key", id)
		if err != nil {
			return err
		}
		return t.audit(ctx, "key.delete", sb.Object{Kind: "key", ID: id, Name: name}, map[string]any{"owner": of})
	})
}
