package store

import (
	"context"
	"encoding/json"

	"github.com/uptrace/bun"

	sb "signalbox"
)

// sourceRow is a row of sources without its address, which is read where it is used.
type sourceRow struct {
	bun.BaseModel     `bun:"table:sources"`
	ID                string
	Name              string
	Kind              string
	DatabaseName      string
	PrincipalID       string
	DefaultPermission string
	Intake            bool
	Mirror            bool
	Pools             string
	Rules             string
	Version           int64
	CreatedAt         int64
	UpdatedAt         int64
}

func toSourceRow(s sb.Source) (row sourceRow, err error) {
	row = sourceRow{
		ID: s.ID, Name: s.Name, Kind: string(s.Kind), DatabaseName: s.Database, PrincipalID: s.Principal.ID,
		DefaultPermission: string(s.DefaultPermission), Intake: s.Intake, Mirror: s.Mirror, Version: s.Version,
		CreatedAt: micros(s.CreatedAt), UpdatedAt: micros(s.UpdatedAt),
	}
	if row.Pools, err = text(s.Pools); err != nil {
		return row, err
	}
	row.Rules, err = text(s.Rules)
	return row, err
}

func (row sourceRow) source() (sb.Source, error) {
	s := sb.Source{
		ID: row.ID, Name: row.Name, Kind: sb.SourceKind(row.Kind), Database: row.DatabaseName, Principal: sb.Who{ID: row.PrincipalID},
		DefaultPermission: sb.Permission(row.DefaultPermission), Intake: row.Intake, Mirror: row.Mirror, Version: row.Version,
		CreatedAt: timeAt(row.CreatedAt), UpdatedAt: timeAt(row.UpdatedAt),
	}
	if err := parse(row.Pools, &s.Pools); err != nil {
		return s, err
	}
	return s, parse(row.Rules, &s.Rules)
}

func (row sourceRow) object() sb.Object { return sb.Object{Kind: "source", ID: row.ID, Name: row.Name} }

// sources reads sources with the names of whom and what they refer to; a pool or rule whose orchestrator is gone is left out.
func sources(ctx context.Context, q bun.IDB, rest string, args ...any) ([]sb.Source, error) {
	var rows []struct {
		Source    sourceRow `bun:"embed:s_"`
		Principal string
	}
	err := q.NewRaw("SELECT "+columns(q, sourceRow{}, "s", "s_")+`, coalesce(p.name, '') AS principal FROM sources AS s
		LEFT JOIN principals AS p ON p.id = s.principal_id `+rest, args...).Scan(ctx, &rows)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	names, err := orchestratorNames(ctx, q)
	if err != nil {
		return nil, err
	}
	list := make([]sb.Source, 0, len(rows))
	for _, row := range rows {
		s, err := row.Source.source()
		if err != nil {
			return nil, err
		}
		s.Principal.Name = row.Principal
		list = append(list, named(s, names))
	}
	return list, nil
}

// named puts names to the orchestrators of a source.
func named(s sb.Source, names map[string]string) sb.Source {
	pools, rules := s.Pools, s.Rules
	s.Pools, s.Rules = nil, nil
	for _, p := range pools {
		if p.Orchestrator = names[p.OrchestratorID]; p.Orchestrator != "" {
			s.Pools = append(s.Pools, p)
		}
	}
	for _, r := range rules {
		if r.Orchestrator = names[r.OrchestratorID]; r.Orchestrator != "" {
			s.Rules = append(s.Rules, r)
		}
	}
	return s
}

func orchestratorNames(ctx context.Context, q bun.IDB) (map[string]string, error) {
	var rows []struct{ ID, Name string }
	err := q.NewRaw("SELECT id, name FROM orchestrators").Scan(ctx, &rows)
	names := make(map[string]string, len(rows))
	for _, row := range rows {
		names[row.ID] = row.Name
	}
	return names, err
}

// Sources reads all sources, by name.
func (s *Store) Sources(ctx context.Context) ([]sb.Source, error) {
	list, err := sources(ctx, s.read, "ORDER BY s.name")
	return list, tidy(err)
}

// Source reads one by id or name.
func (s *Store) Source(ctx context.Context, idOrName string) (sb.Source, error) {
	list, err := sources(ctx, s.read, "WHERE s.id = ? OR s.name = ? ORDER BY CASE WHEN s.id = ? THEN 0 ELSE 1 END", idOrName, idOrName, idOrName)
	source, err := one(list, err, "source", idOrName)
	return source, tidy(err)
}

// SourceURI reads the sealed address of a source's database.
func (s *Store) SourceURI(ctx context.Context, id string) ([]byte, error) {
	var rows [][]byte
	err := s.read.NewRaw("SELECT uri FROM sources WHERE id = ?", id).Scan(ctx, &rows)
	uri, err := one(rows, err, "source", id)
	return uri, tidy(err)
}

// lockSource holds a source's row and reads it.
func (t *tx) lockSource(ctx context.Context, id string) (sb.Source, error) {
	if err := t.lock(ctx, "sources", "id", id); err != nil {
		return sb.Source{}, err
	}
	list, err := sources(ctx, t, "WHERE s.id = ?", id)
	return one(list, err, "source", id)
}

// CreateSource keeps a new source with its address, sealed. A name that is taken: Conflict. Sends TopicSource.
func (s *Store) CreateSource(ctx context.Context, source sb.Source, uri []byte) (sb.Source, error) {
	source.ID = orNewID(source.ID)
	err := s.change(ctx, func(ctx context.Context, t *tx) error {
		source.Version, source.CreatedAt, source.UpdatedAt = 1, timeAt(t.now), timeAt(t.now)
		row, err := toSourceRow(source)
		if err != nil {
			return err
		}
		if err := insert(ctx, t, &row); err != nil {
			return err
		}
		if _, err := t.exec(ctx, "UPDATE sources SET uri = ? WHERE id = ?", uri, row.ID); err != nil {
			return err
		}
		t.note(sb.Note{Topic: sb.TopicSource, ID: row.ID})
		return t.audit(ctx, "source.create", row.object(), map[string]any{
			"database": row.DatabaseName, "principal": source.Principal.Name, "intake": row.Intake, "mirror": row.Mirror, "pools": source.Pools,
		})
	})
	if err != nil {
		return sb.Source{}, taken(err, "a source named %s exists already", source.Name)
	}
	return s.Source(ctx, source.ID)
}

// ChangeSource changes a source by a pure function, and its sealed address unless that is nil; what changes nothing is no
// act. A name that is taken: Conflict. Sends TopicSource.
func (s *Store) ChangeSource(ctx context.Context, id string, uri []byte, f func(sb.Source) (sb.Source, error)) (sb.Source, error) {
	var name string
	err := s.change(ctx, func(ctx context.Context, t *tx) error {
		before, err := t.lockSource(ctx, id)
		if err != nil {
			return err
		}
		old, err := toSourceRow(before)
		if err != nil {
			return err
		}
		after, err := f(before)
		if err != nil {
			return err
		}
		after.Version = before.Version
		if uri != nil || after.Database != before.Database {
			after.Version++
		}
		row, err := toSourceRow(after)
		if err != nil || row == old {
			return err
		}
		name, row.UpdatedAt = row.Name, t.now
		return t.changeSource(ctx, old, row, uri)
	})
	if err != nil {
		return sb.Source{}, taken(err, "a source named %s exists already", name)
	}
	return s.Source(ctx, id)
}

func (t *tx) changeSource(ctx context.Context, old, row sourceRow, uri []byte) error {
	if _, err := t.update(ctx, old, row, "id = ?", row.ID); err != nil {
		return err
	}
	if uri != nil {
		if _, err := t.exec(ctx, "UPDATE sources SET uri = ? WHERE id = ?", uri, row.ID); err != nil {
			return err
		}
	}
	if row.Version != old.Version { // another database has another history
		if _, err := t.exec(ctx, "UPDATE source_watches SET mark = '' WHERE source_id = ?", row.ID); err != nil {
			return err
		}
	}
	t.note(sb.Note{Topic: sb.TopicSource, ID: row.ID})
	return t.audit(ctx, "source.update", row.object(), sourceEdits(old, row, uri != nil))
}

func sourceEdits(before, after sourceRow, uri bool) any {
	e := edits{}.field("name", before.Name, after.Name).field("database", before.DatabaseName, after.DatabaseName).
		field("principal", before.PrincipalID, after.PrincipalID).field("default_permission", before.DefaultPermission, after.DefaultPermission).
		field("intake", before.Intake, after.Intake).field("mirror", before.Mirror, after.Mirror)
	if before.Pools != after.Pools {
		e["pools"] = edit{json.RawMessage(before.Pools), json.RawMessage(after.Pools)}
	}
	if before.Rules != after.Rules {
		e["rules"] = edit{json.RawMessage(before.Rules), json.RawMessage(after.Rules)}
	}
	if uri {
		e["uri"] = edit{"(not shown)", "(changed)"}
	}
	return e
}

// DeleteSource removes a source with its datasets and their grants. Conflict while runs of it are open. Sends TopicSource.
func (s *Store) DeleteSource(ctx context.Context, id string, by sb.Who) error {
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		if err := t.lockOrganisation(ctx); err != nil {
			return err
		}
		source, err := t.lockSource(ctx, id)
		if err != nil {
			return err
		}
		if err := t.noOpenRuns(ctx, source); err != nil {
			return err
		}
		var rows []datasetRow
		if err := t.NewRaw("SELECT * FROM datasets WHERE source_id = ?", id).Scan(ctx, &rows); err != nil {
			return err
		}
		for _, row := range rows {
			if err := t.deleteDataset(ctx, row, "Its source "+source.Name+" was removed.", by); err != nil {
				return err
			}
		}
		for table, column := range map[string]string{"holds": "source_id", "source_watches": "source_id"} {
			if _, err := t.exec(ctx, "DELETE FROM ? WHERE ? = ?", bun.Ident(table), bun.Ident(column), id); err != nil {
				return err
			}
		}
		if _, err := t.exec(ctx, "DELETE FROM sources WHERE id = ?", id); err != nil {
			return err
		}
		t.note(sb.Note{Topic: sb.TopicSource, ID: id})
		return t.audit(ctx, "source.delete", sb.Object{Kind: "source", ID: id, Name: source.Name}, map[string]any{"datasets": len(rows)})
	})
}

// noOpenRuns demands that nothing is open which needs a source.
func (t *tx) noOpenRuns(ctx context.Context, source sb.Source) error {
	var open int
	err := t.NewRaw(`SELECT count(*) FROM runs AS r WHERE (r.slot OR r.status IN ('scheduled', 'queued', 'running')) AND (
		r.dataset_id IN (SELECT id FROM datasets WHERE source_id = ?) OR r.id IN (SELECT run_id FROM holds WHERE source_id = ? AND state <> 'over'))`,
		source.ID, source.ID).Scan(ctx, &open)
	if err == nil && open > 0 {
		err = sb.Errorf(sb.Conflict, "%d runs on datasets of %s, or from its App, are open; end or stop them first", open, source.Name)
	}
	return err
}
