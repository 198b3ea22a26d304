package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/uptrace/bun"

	sb "signalbox"
)

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
