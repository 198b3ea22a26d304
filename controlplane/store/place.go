package store

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"strings"

	sb "signalbox"
)

// placesMost is up to where positions in a queue are told.
const placesMost = 10000

// Places reads the positions in the queue of Scheduled runs, in one query per orchestrator; a position beyond 10,000 is
// left out.
func (s *Store) Places(ctx context.Context, runs []sb.Run) (map[string]int64, error) {
	waiting := map[string][]sb.Run{}
	for _, r := range runs {
		if r.Status == sb.Scheduled {
			waiting[r.OrchestratorID] = append(waiting[r.OrchestratorID], r)
		}
	}
	places := map[string]int64{}
	var errs []error
	for orchestrator, list := range waiting {
		errs = append(errs, s.places(ctx, orchestrator, list, places))
	}
	return places, tidy(errors.Join(errs...))
}

// Each run counts what stands in its priority behind the run before it, up to itself; the first of a priority counts
// the higher ones too. So the index of the queue is read once, however many runs are asked for.
const placesQuery = `SELECT w.id,
		(SELECT count(*) FROM (SELECT 1 FROM runs WHERE ` + inQueue + ` AND priority > w.p AND priority <= w.above LIMIT ?) AS higher) AS higher,
		(SELECT count(*) FROM (SELECT 1 FROM runs WHERE ` + inQueue + ` AND priority = w.p
			AND (scheduled_at, id) > (w.after_at, w.after_id) AND (scheduled_at, id) <= (w.at, w.id) LIMIT ?) AS level) AS level,
		EXISTS (SELECT 1 FROM runs WHERE id = w.id AND status = 'scheduled') AS waits
	FROM w ORDER BY w.n`

// places reads the positions of one orchestrator's runs.
func (s *Store) places(ctx context.Context, orchestrator string, runs []sb.Run, places map[string]int64) error {
	slices.SortFunc(runs, inTurn)
	var values []string
	var args []any
	above, afterAt, afterID := int64(math.MaxInt32), int64(math.MinInt64), ""
	for n, r := range runs {
		if n > 0 && r.Priority != runs[n-1].Priority {
			afterAt, afterID = math.MinInt64, ""
		}
		values = append(values, "(?, ?, ?, ?, ?, ?, ?)")
		args = append(args, n, r.ID, r.Priority, above, micros(r.ScheduledAt), afterAt, afterID)
		above, afterAt, afterID = int64(r.Priority), micros(r.ScheduledAt), r.ID
	}
	var rows []struct {
		ID            string
		Higher, Level int64
		Waits         bool
	}
	err := s.read.NewRaw("WITH w (n, id, p, above, at, after_at, after_id) AS (VALUES "+strings.Join(values, ", ")+") "+placesQuery,
		append(args, orchestrator, placesMost+1, orchestrator, placesMost+1)...).Scan(ctx, &rows)
	var higher, level int64
	for n, row := range rows {
		if n > 0 && runs[n].Priority != runs[n-1].Priority {
			level = 0
		}
		higher, level = higher+row.Higher, level+row.Level
		if row.Waits && higher+level <= placesMost {
			places[row.ID] = higher + level
		}
	}
	return err
}

// inTurn compares runs by their turn in a queue.
func inTurn(a, b sb.Run) int {
	return cmp.Or(b.Priority-a.Priority, a.ScheduledAt.Compare(b.ScheduledAt), strings.Compare(a.ID, b.ID))
}
