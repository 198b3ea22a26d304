package store

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	sb "signalbox"
)

// fullRow is a run with the work of its current attempt and the names of what it belongs to.
type fullRow struct {
	Run          runRow  `bun:"embed:r_"`
	Work         workRow `bun:"embed:w_"`
	Dataset      string
	Orchestrator string
}

func (row fullRow) run() (sb.Run, error) {
	r, err := row.Run.run()
	if err != nil {
		return r, err
	}
	r.Dataset, r.Orchestrator = row.Dataset, row.Orchestrator
	r.Work, err = row.Work.work()
	return r, err
}

// selectRuns begins a SELECT of runs called r; whole ones with their large columns.
func (s *Store) selectRuns(whole bool) string {
	var noRun, noWork []string
	if !whole {
		noRun, noWork = large, []string{"reported_body"}
	}
	return "SELECT " + columns(s.write, runRow{}, "r", "r_", noRun...) + ", " + columns(s.write, workRow{}, "w", "w_", noWork...) +
		`, coalesce(d.name, '') AS dataset, coalesce(o.name, (SELECT name FROM former_orchestrators WHERE id = r.orchestrator_id), '') AS orchestrator
		FROM runs AS r
		LEFT JOIN works AS w ON w.run_id = r.id AND w.attempt = r.attempt
		LEFT JOIN datasets AS d ON d.id = r.dataset_id
		LEFT JOIN orchestrators AS o ON o.id = r.orchestrator_id `
}

func (s *Store) runs(ctx context.Context, q bun.IDB, whole bool, rest string, args ...any) ([]sb.Run, error) {
	var rows []fullRow
	if err := q.NewRaw(s.selectRuns(whole)+rest, args...).Scan(ctx, &rows); err != nil {
		return nil, err
	}
	runs := make([]sb.Run, 0, len(rows))
	for _, row := range rows {
		r, err := row.run()
		if err != nil {
			return nil, sb.Wrap(err, sb.Internal, "the row of run %s cannot be read", row.Run.ID)
		}
		runs = append(runs, r)
	}
	return runs, nil
}

func (s *Store) run(ctx context.Context, q bun.IDB, id string) (sb.Run, error) {
	runs, err := s.runs(ctx, q, true, "WHERE r.id = ?", id)
	return one(runs, err, "run", id)
}

// Run reads a whole run, with the work of its current attempt and the names of its dataset and orchestrator.
func (s *Store) Run(ctx context.Context, id string) (sb.Run, error) {
	r, err := s.run(ctx, s.read, id)
	return r, tidy(err)
}

// Standings reads how runs stand; those that do not exist are left out.
func (s *Store) Standings(ctx context.Context, runs []string) (map[string]sb.Standing, error) {
	if len(runs) == 0 {
		return nil, nil
	}
	var rows []struct {
		ID       string
		Version  int64
		Progress string
	}
	err := s.read.NewRaw(`SELECT r.id, r.version, coalesce(w.progress, '') AS progress FROM runs AS r
		LEFT JOIN works AS w ON w.run_id = r.id AND w.attempt = r.attempt WHERE r.id IN (?)`, bun.List(runs)).Scan(ctx, &rows)
	if err != nil {
		return nil, tidy(err)
	}
	all := make(map[string]sb.Standing, len(rows))
	for _, row := range rows {
		standing := sb.Standing{Version: row.Version}
		if err := parse(row.Progress, &standing.Progress); err != nil {
			return nil, sb.Wrap(err, sb.Internal, "the progress of run %s cannot be read", row.ID)
		}
		all[row.ID] = standing
	}
	return all, nil
}

// Held reads the runs that hold a slot, in the order of their ids, without their large columns.
func (s *Store) Held(ctx context.Context, afterID string, limit int) ([]sb.Run, error) {
	runs, err := s.runs(ctx, s.read, false, "WHERE r.id IN (SELECT id FROM runs WHERE slot) AND r.id > ? ORDER BY r.id LIMIT ?", afterID, limit)
	return runs, tidy(err)
}

// OpenWork reads runs of an orchestrator that hold a slot, in the order of their ids.
func (s *Store) OpenWork(ctx context.Context, orchestratorID, afterID string, limit int) ([]sb.Run, error) {
	runs, err := s.runs(ctx, s.read, false,
		"WHERE r.slot AND r.orchestrator_id = ? AND r.id > ? ORDER BY r.id LIMIT ?", orchestratorID, afterID, limit)
	return runs, tidy(err)
}

// Undispatched reads Queued runs without dispatched_at that were queued before a time, oldest first.
func (s *Store) Undispatched(ctx context.Context, before time.Time, limit int) ([]sb.Run, error) {
	runs, err := s.runs(ctx, s.read, false,
		"WHERE r.status = 'queued' AND r.dispatched_at = 0 AND r.queued_at < ? ORDER BY r.queued_at, r.id LIMIT ?",
		micros(before), limit)
	return runs, tidy(err)
}

// eventRow is a row of events.
type eventRow struct {
	bun.BaseModel `bun:"table:events"`
	Seq           int64 `bun:",autoincrement"`
	RunID         string
	At            int64
	Kind          string
	Attempt       int
	ActorID       string
	ActorName     string
	Message       string
}

// Events reads a run's events after a sequence number, oldest first.
func (s *Store) Events(ctx context.Context, run string, after int64, limit int) ([]sb.Event, error) {
	var rows []eventRow
	err := s.read.NewRaw("SELECT * FROM events WHERE run_id = ? AND seq > ? ORDER BY seq LIMIT ?", run, after, limit).Scan(ctx, &rows)
	return each(rows, func(e eventRow) sb.Event {
		return sb.Event{
			Seq: e.Seq, RunID: e.RunID, At: timeAt(e.At), Kind: sb.EventKind(e.Kind), Attempt: e.Attempt,
			Actor: sb.Who{ID: e.ActorID, Name: e.ActorName}, Message: e.Message,
		}
	}), tidy(err)
}

func insertEvents(ctx context.Context, t *tx, events []sb.Event) error {
	if len(events) == 0 {
		return nil
	}
	rows := each(events, func(e sb.Event) eventRow {
		return eventRow{
			RunID: e.RunID, At: micros(e.At), Kind: string(e.Kind), Attempt: e.Attempt,
			ActorID: e.Actor.ID, ActorName: e.Actor.Name, Message: e.Message,
		}
	})
	_, err := t.NewInsert().Model(&rows).ExcludeColumn("seq").Exec(ctx)
	return err
}
