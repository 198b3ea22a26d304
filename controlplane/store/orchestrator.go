package store

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/uptrace/bun"

	sb "signalbox"
)

// orchestratorRow is a row of orchestrators.
type orchestratorRow struct {
	bun.BaseModel `bun:"table:orchestrators"`
	ID            string
	Name          string
	Kind          string
	Enabled       bool
	Quota         int
	Config        string
	Routes        string
	Version       int64
	CreatedAt     int64
	UpdatedAt     int64
}

func toOrchestratorRow(o sb.Orchestrator) (orchestratorRow, error) {
	routes, err := text(o.Routes)
	config := string(o.Config)
	if config == "" {
		config = "{}"
	}
	return orchestratorRow{
		ID: o.ID, Name: o.Name, Kind: string(o.Kind), Enabled: o.Enabled, Quota: o.Quota, Config: config, Routes: routes,
		Version: o.Version, CreatedAt: micros(o.CreatedAt), UpdatedAt: micros(o.UpdatedAt),
	}, err
}

func (row orchestratorRow) orchestrator() (sb.Orchestrator, error) {
	o := sb.Orchestrator{
		ID: row.ID, Name: row.Name, Kind: sb.OrchestratorKind(row.Kind), Enabled: row.Enabled, Quota: row.Quota,
		Config: raw(row.Config), Version: row.Version, CreatedAt: timeAt(row.CreatedAt), UpdatedAt: timeAt(row.UpdatedAt),
	}
	return o, json.Unmarshal([]byte(row.Routes), &o.Routes)
}

func orchestrators(ctx context.Context, q bun.IDB, rest string, args ...any) ([]sb.Orchestrator, error) {
	var rows []orchestratorRow
	if err := q.NewRaw("SELECT * FROM orchestrators "+rest, args...).Scan(ctx, &rows); err != nil {
		return nil, err
	}
	list := make([]sb.Orchestrator, 0, len(rows))
	for _, row := range rows {
		o, err := row.orchestrator()
		if err != nil {
			return nil, err
		}
		list = append(list, o)
	}
	return list, nameSecrets(ctx, q, list)
}

// allOrchestrators reads all in the order they were made, which is the order in which the first that fits is looked for.
func allOrchestrators(ctx context.Context, q bun.IDB) ([]sb.Orchestrator, error) {
	return orchestrators(ctx, q, "ORDER BY created_at, id")
}

// Orchestrators reads all orchestrators, oldest first.
func (s *Store) Orchestrators(ctx context.Context) ([]sb.Orchestrator, error) {
	list, err := allOrchestrators(ctx, s.read)
	return list, tidy(err)
}

// Orchestrator reads one by id or name.
func (s *Store) Orchestrator(ctx context.Context, idOrName string) (sb.Orchestrator, error) {
	o, err := orchestratorOf(ctx, s.read, idOrName)
	return o, tidy(err)
}

func orchestratorOf(ctx context.Context, q bun.IDB, idOrName string) (sb.Orchestrator, error) {
	list, err := orchestrators(ctx, q, "WHERE id = ? OR name = ? ORDER BY CASE WHEN id = ? THEN 0 ELSE 1 END", idOrName, idOrName, idOrName)
	return one(list, err, "orchestrator", idOrName)
}

// OrchestratorID finds the id of an orchestrator by id or name: of one that is there, else of the one that had this name last.
func (s *Store) OrchestratorID(ctx context.Context, idOrName string) (string, error) {
	var ids []string
	err := s.read.NewRaw(`SELECT id FROM (
			SELECT id, CASE WHEN id = ? THEN 0 ELSE 1 END AS rank, 0 AS removed_at FROM orchestrators WHERE id = ? OR name = ?
			UNION ALL
			SELECT id, CASE WHEN id = ? THEN 0 ELSE 2 END AS rank, removed_at FROM former_orchestrators WHERE id = ? OR name = ?
		) AS found ORDER BY rank, removed_at DESC, id DESC LIMIT 1`, idOrName, idOrName, idOrName, idOrName, idOrName, idOrName).Scan(ctx, &ids)
	id, err := one(ids, err, "orchestrator", idOrName)
	return id, tidy(err)
}

// lockOrchestrator holds an orchestrator's row and reads it: admissions and changes of it wait for each other.
func (t *tx) lockOrchestrator(ctx context.Context, id string) (sb.Orchestrator, error) {
	if err := t.lock(ctx, "orchestrators", "id", id); err != nil {
		return sb.Orchestrator{}, err
	}
	list, err := orchestrators(ctx, t, "WHERE id = ?", id)
	return one(list, err, "orchestrator", id)
}

// UpdateOrchestrator changes an orchestrator by a pure function, and sends TopicQueue and TopicWatch; what changes nothing
// is no act. A name that is taken: Conflict.
func (s *Store) UpdateOrchestrator(ctx context.Context, id string, f func(sb.Orchestrator) (sb.Orchestrator, error)) (sb.Orchestrator, error) {
	return s.ChangeOrchestrator(ctx, id, nil, f)
}

// ChangeOrchestrator is UpdateOrchestrator with some credentials, sealed; nil takes one away.
func (s *Store) ChangeOrchestrator(ctx context.Context, id string, sealed map[string][]byte, f func(sb.Orchestrator) (sb.Orchestrator, error)) (sb.Orchestrator, error) {
	var after sb.Orchestrator
	err := s.change(ctx, func(ctx context.Context, t *tx) error {
		before, err := t.lockOrchestrator(ctx, id)
		if err != nil {
			return err
		}
		old, err := toOrchestratorRow(before) // before f, which may write to what both share
		if err != nil {
			return err
		}
		if after, err = f(before); err != nil {
			return err
		}
		did, err := t.putSecrets(ctx, id, sealed)
		if err != nil {
			return err
		}
		after.ID, after.UpdatedAt, after.Version = before.ID, before.UpdatedAt, before.Version
		if string(after.Config) != old.Config || len(did) > 0 {
			after.Version++
		}
		row, err := toOrchestratorRow(after)
		if err != nil || row == old {
			return err
		}
		after.UpdatedAt, row.UpdatedAt = timeAt(t.now), t.now
		t.note(sb.Note{Topic: sb.TopicQueue, ID: id}, sb.Note{Topic: sb.TopicWatch, ID: id})
		if _, err = t.update(ctx, old, row, "id = ?", id); err != nil {
			return err
		}
		return t.audit(ctx, "orchestrator.update", sb.Object{Kind: "orchestrator", ID: id, Name: row.Name}, orchestratorEdits(old, row, did))
	})
	if err != nil || len(sealed) == 0 {
		return after, taken(err, "an orchestrator named %s exists already", after.Name)
	}
	return s.Orchestrator(ctx, id)
}

// CreateOrchestrator keeps a new orchestrator with its credentials, sealed. A name that is taken: Conflict.
func (s *Store) CreateOrchestrator(ctx context.Context, o sb.Orchestrator, sealed map[string][]byte) (sb.Orchestrator, error) {
	o.ID = orNewID(o.ID)
	err := s.change(ctx, func(ctx context.Context, t *tx) error {
		o.Version, o.CreatedAt, o.UpdatedAt = 1, timeAt(t.now), timeAt(t.now)
		row, err := toOrchestratorRow(o)
		if err != nil {
			return err
		}
		if err := insert(ctx, t, &row); err != nil {
			return err
		}
		if _, err := t.putSecrets(ctx, o.ID, sealed); err != nil {
			return err
		}
		t.note(sb.Note{Topic: sb.TopicQueue, ID: o.ID}, sb.Note{Topic: sb.TopicWatch, ID: o.ID})
		return t.audit(ctx, "orchestrator.create", sb.Object{Kind: "orchestrator", ID: o.ID, Name: o.Name},
			map[string]any{"kind": o.Kind, "quota": o.Quota, "routes": o.Routes})
	})
	if err != nil {
		return sb.Orchestrator{}, taken(err, "an orchestrator named %s exists already", o.Name)
	}
	return s.Orchestrator(ctx, o.ID)
}

// putSecrets writes credentials and tells which, in words.
func (t *tx) putSecrets(ctx context.Context, id string, sealed map[string][]byte) (map[string]string, error) {
	did := map[string]string{}
	for name, value := range sealed {
		query, args := `INSERT INTO orchestrator_secrets (orchestrator_id, name, value) VALUES (?, ?, ?)
			ON CONFLICT (orchestrator_id, name) DO UPDATE SET value = excluded.value`, []any{id, name, value}
		did[name] = "(changed)"
		if value == nil {
			query, args = "DELETE FROM orchestrator_secrets WHERE orchestrator_id = ? AND name = ?", args[:2]
			did[name] = "(removed)"
		}
		if _, err := t.exec(ctx, query, args...); err != nil {
			return nil, err
		}
	}
	return did, nil
}

// SealedOrchestrator reads an orchestrator by id or name and its sealed credentials, by name, as they are at one moment.
func (s *Store) SealedOrchestrator(ctx context.Context, idOrName string) (o sb.Orchestrator, sealed map[string][]byte, err error) {
	err = s.view(ctx, func(ctx context.Context, q bun.IDB) error {
		if o, err = orchestratorOf(ctx, q, idOrName); err != nil {
			return err
		}
		var rows []struct {
			Name  string
			Value []byte
		}
		err := q.NewRaw("SELECT name, value FROM orchestrator_secrets WHERE orchestrator_id = ?", o.ID).Scan(ctx, &rows)
		sealed = make(map[string][]byte, len(rows))
		for _, row := range rows {
			sealed[row.Name] = row.Value
		}
		return err
	})
	return o, sealed, err
}

// nameSecrets names the credentials that orchestrators have.
func nameSecrets(ctx context.Context, q bun.IDB, list []sb.Orchestrator) error {
	var rows []struct{ OrchestratorID, Name string }
	outside := false
	for _, o := range list {
		outside = outside || o.Kind != sb.Builtin
	}
	if !outside {
		return nil
	}
	if err := q.NewRaw("SELECT orchestrator_id, name FROM orchestrator_secrets ORDER BY name").Scan(ctx, &rows); err != nil {
		return err
	}
	for i := range list {
		for _, row := range rows {
			if row.OrchestratorID == list[i].ID {
				list[i].Secrets = append(list[i].Secrets, row.Name)
			}
		}
	}
	return nil
}

// DeleteOrchestrator removes an orchestrator with its keys and credentials; its runs keep its name. Conflict while runs wait for it or are there.
func (s *Store) DeleteOrchestrator(ctx context.Context, id string) error {
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		o, err := t.lockOrchestrator(ctx, id)
		if err != nil {
			return err
		}
		var open int
		err = t.NewRaw("SELECT (SELECT count(*) FROM runs WHERE "+holdsSlot+") + (SELECT count(*) FROM runs WHERE "+inQueue+")", id, id).Scan(ctx, &open)
		if err != nil {
			return err
		}
		if open > 0 {
			return sb.Errorf(sb.Conflict, "runs that wait for %s or are there: %d; end or stop them first", o.Name, open)
		}
		if err := t.endLogs(ctx, id); err != nil {
			return err
		}
		if _, err := t.exec(ctx, "INSERT INTO former_orchestrators (id, name, removed_at) VALUES (?, ?, ?)", id, o.Name, t.now); err != nil {
			return err
		}
		for _, table := range []string{"orchestrator_keys:owner_id", "workers:orchestrator_id", "orchestrator_secrets:orchestrator_id", "watches:orchestrator_id", "orchestrators:id"} {
			name, column, _ := strings.Cut(table, ":")
			if _, err := t.exec(ctx, "DELETE FROM ? WHERE ? = ?", bun.Ident(name), bun.Ident(column), id); err != nil {
				return err
			}
		}
		return t.audit(ctx, "orchestrator.delete", sb.Object{Kind: "orchestrator", ID: id, Name: o.Name}, nil)
	})
}
