package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"

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
		CreatedAt: micros(o.CreatedAt), UpdatedAt: micros(o.UpdatedAt),
	}, err
}

func (row orchestratorRow) orchestrator() (sb.Orchestrator, error) {
	o := sb.Orchestrator{
		ID: row.ID, Name: row.Name, Kind: sb.OrchestratorKind(row.Kind), Enabled: row.Enabled, Quota: row.Quota,
		Config: raw(row.Config), CreatedAt: timeAt(row.CreatedAt), UpdatedAt: timeAt(row.UpdatedAt),
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
	return list, nil
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
	list, err := orchestrators(ctx, s.read, "WHERE id = ? OR name = ? ORDER BY CASE WHEN id = ? THEN 0 ELSE 1 END", idOrName, idOrName, idOrName)
	o, err := one(list, err, "orchestrator", idOrName)
	return o, tidy(err)
}

// lockOrchestrator holds an orchestrator's row and reads it: admissions and changes of it wait for each other.
func (t *tx) lockOrchestrator(ctx context.Context, id string) (sb.Orchestrator, error) {
	if err := t.lock(ctx, "orchestrators", "id", id); err != nil {
		return sb.Orchestrator{}, err
	}
	list, err := orchestrators(ctx, t, "WHERE id = ?", id)
	return one(list, err, "orchestrator", id)
}

// UpdateOrchestrator changes an orchestrator by a pure function and sends TopicQueue; what changes nothing is no act. A
// name that is taken: Conflict.
func (s *Store) UpdateOrchestrator(ctx context.Context, id string, f func(sb.Orchestrator) (sb.Orchestrator, error)) (sb.Orchestrator, error) {
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
		after.ID, after.UpdatedAt = before.ID, before.UpdatedAt
		row, err := toOrchestratorRow(after)
		if err != nil || row == old {
			return err
		}
		after.UpdatedAt, row.UpdatedAt = timeAt(t.now), t.now
		t.note(sb.Note{Topic: sb.TopicQueue, ID: id})
		if _, err = t.update(ctx, old, row, "id = ?", id); err != nil {
			return err
		}
		return t.audit(ctx, "orchestrator.update", sb.Object{Kind: "orchestrator", ID: id, Name: row.Name}, orchestratorEdits(old, row))
	})
	return after, taken(err, "an orchestrator named %s exists already", after.Name)
}

// workersShown is how long a worker is listed after its last word.
const workersShown = 24 * time.Hour

// workerRow is a row of workers. Former are the incarnations before the present one, one a line, the latest first: a late
// word of them counts for nothing.
type workerRow struct {
	bun.BaseModel  `bun:"table:workers"`
	OrchestratorID string
	Name           string
	Incarnation    string
	Former         string
	Version        string
	Pool           string
	Concurrency    int
	Running        string
	Draining       bool
	Warnings       string
	SeenAt         int64
}

func (row workerRow) worker() (sb.Worker, error) {
	w := sb.Worker{
		OrchestratorID: row.OrchestratorID, Name: row.Name, Incarnation: row.Incarnation, Version: row.Version,
		Pool: row.Pool, Concurrency: row.Concurrency, Draining: row.Draining, SeenAt: timeAt(row.SeenAt),
	}
	return w, errors.Join(json.Unmarshal([]byte(row.Running), &w.Running), json.Unmarshal([]byte(row.Warnings), &w.Warnings))
}

// Workers reads the workers seen in the last day, by name.
func (s *Store) Workers(ctx context.Context, orchestratorID string) ([]sb.Worker, error) {
	var rows []workerRow
	err := s.read.NewRaw("SELECT * FROM workers WHERE orchestrator_id = ? AND seen_at > ? - ? ORDER BY name",
		orchestratorID, s.nowSQL(), workersShown.Microseconds()).Scan(ctx, &rows)
	if err != nil {
		return nil, tidy(err)
	}
	list := make([]sb.Worker, 0, len(rows))
	for _, row := range rows {
		w, err := row.worker()
		if err != nil {
			return nil, tidy(err)
		}
		list = append(list, w)
	}
	return list, nil
}
