package store

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	sb "signalbox"
)

const (
	admitMost   = 100 // runs in one transaction
	durationsOf = 20  // ended runs an estimate rests on
	queueOrder  = "priority DESC, scheduled_at, id"
	inQueue     = "status = 'scheduled' AND orchestrator_id = ?"
	// No id is empty: naming it makes SQLite, which keeps no statistics here, take the small index of those with a slot.
	holdsSlot    = "slot AND orchestrator_id = ? AND id > ''"
	aheadInQueue = inQueue + " AND (priority > ? OR priority = ? AND (scheduled_at, id) < (?, ?))"
)

// Pools tells when each builtin pool of an orchestrator last had a word from a worker that is not draining.
func (s *Store) Pools(ctx context.Context, orchestratorID string) (map[string]time.Time, error) {
	var rows []struct {
		Pool string
		Seen int64
	}
	err := s.read.NewRaw("SELECT pool, max(seen_at) AS seen FROM workers WHERE orchestrator_id = ? AND NOT draining GROUP BY pool",
		orchestratorID).Scan(ctx, &rows)
	pools := make(map[string]time.Time, len(rows))
	for _, row := range rows {
		pools[row.Pool] = timeAt(row.Seen)
	}
	return pools, tidy(err)
}

// Admit locks the orchestrator's row, counts the slots held, and shows the judge at most min(quota − held, 100)
// Scheduled runs whose time has come and whose target is one of those meant, none of a disabled orchestrator: by
// priority, then scheduled_at, then id. It writes what the judge says, all in one transaction; nil leaves a run waiting. The judge may be called again for the same run
// when the transaction lost a race.
func (s *Store) Admit(ctx context.Context, orchestratorID string, targets sb.Targets, judge func(sb.Candidate) sb.Change) (sb.Admission, error) {
	var a sb.Admission
	err := s.change(ctx, func(ctx context.Context, t *tx) (err error) {
		a, err = t.admit(ctx, orchestratorID, targets, judge)
		return err
	})
	if err != nil {
		return sb.Admission{}, err
	}
	return a, nil
}

func (t *tx) admit(ctx context.Context, orchestratorID string, targets sb.Targets, judge func(sb.Candidate) sb.Change) (sb.Admission, error) {
	var a sb.Admission
	o, err := t.lockOrchestrator(ctx, orchestratorID)
	if err != nil {
		return a, err
	}
	held, err := heldBy(ctx, t, orchestratorID)
	if err != nil {
		return a, err
	}
	limit := min(o.Quota-held, admitMost)
	if limit <= 0 || !o.Enabled || targets.None() {
		return a, nil
	}
	candidates, err := t.candidates(ctx, orchestratorID, targets, limit)
	if err != nil {
		return a, err
	}
	for _, c := range candidates {
		if err := t.judge(ctx, c, judge(c), &a); err != nil {
			return a, err
		}
	}
	a.More = len(candidates) == limit && o.Quota-held > len(a.Admitted) && len(a.Admitted)+len(a.Rejected) > 0
	return a, nil
}

// judge writes what becomes of a candidate.
func (t *tx) judge(ctx context.Context, c sb.Candidate, verdict sb.Change, a *sb.Admission) error {
	if verdict == nil {
		return nil
	}
	after, events, err := c.Run.Apply(verdict)
	if err != nil || len(events) == 0 {
		return err
	}
	after.Version = c.Run.Version + 1
	if err := t.writeRun(ctx, c.Run, after); err != nil {
		return err
	}
	if after.Slot {
		a.Admitted = append(a.Admitted, after.ID)
	} else {
		a.Rejected = append(a.Rejected, after.ID)
	}
	return insertEvents(ctx, t, events)
}

// candidates reads the first runs of a queue with what decides about them, in as many queries for many as for one.
func (t *tx) candidates(ctx context.Context, orchestratorID string, targets sb.Targets, limit int) ([]sb.Candidate, error) {
	ids, err := t.firstInQueue(ctx, orchestratorID, targets, limit)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	runs, err := t.s.runs(ctx, t, false, "WHERE r.id IN (?) AND r.status = 'scheduled' ORDER BY r.priority DESC, r.scheduled_at, r.id", bun.List(ids))
	if err != nil {
		return nil, err
	}
	facts, err := t.s.factsOfRuns(ctx, t, runs) // a submitter who is gone has no role: the judge rejects him
	list := make([]sb.Candidate, 0, len(facts))
	for i, f := range facts {
		list = append(list, sb.Candidate{Run: runs[i], Facts: f, Now: timeAt(t.now)})
	}
	return list, err
}

// firstInQueue holds the first runs of a queue, so that nobody else changes them until they are judged.
func (t *tx) firstInQueue(ctx context.Context, orchestratorID string, targets sb.Targets, limit int) (ids []string, err error) {
	query, args := "SELECT id FROM runs WHERE "+inQueue+" AND not_before <= ?", []any{orchestratorID, t.now}
	if targets.Only != nil {
		query, args = query+" AND pool IN (?)", append(args, bun.List(targets.Only))
	}
	if len(targets.Not) > 0 {
		query, args = query+" AND pool NOT IN (?)", append(args, bun.List(targets.Not))
	}
	query += " ORDER BY " + queueOrder + " LIMIT ?"
	if t.s.listen != nil {
		query += " FOR NO KEY UPDATE"
	}
	err = t.NewRaw(query, append(args, limit)...).Scan(ctx, &ids)
	return ids, err
}

func heldBy(ctx context.Context, q bun.IDB, orchestratorID string) (n int, err error) {
	err = q.NewRaw("SELECT count(*) FROM runs WHERE "+holdsSlot, orchestratorID).Scan(ctx, &n)
	return n, err
}

// Place reads what a waiting run waits for. The position is 0 for a run that is not Scheduled.
func (s *Store) Place(ctx context.Context, run sb.Run) (sb.QueuePlace, error) {
	var p sb.QueuePlace
	err := s.view(ctx, func(ctx context.Context, q bun.IDB) error {
		list, err := orchestrators(ctx, q, "WHERE id = ?", run.OrchestratorID)
		if p.Orchestrator, err = one(list, err, "orchestrator", run.OrchestratorID); err != nil {
			return err
		}
		if p.Held, err = heldBy(ctx, q, run.OrchestratorID); err != nil {
			return err
		}
		if p.Position, err = position(ctx, q, run); err != nil {
			return err
		}
		if p.PoolSeen, err = poolSeen(ctx, q, run); err != nil {
			return err
		}
		if p.Blocked, err = blocked(ctx, q, run); err != nil {
			return err
		}
		p.Durations, err = durations(ctx, q, run.Operator)
		return err
	})
	return p, err
}

func position(ctx context.Context, q bun.IDB, r sb.Run) (n int64, err error) {
	if r.Status != sb.Scheduled {
		return 0, nil
	}
	err = q.NewRaw("SELECT 1 + count(*) FROM runs WHERE "+aheadInQueue,
		r.OrchestratorID, r.Priority, r.Priority, micros(r.ScheduledAt), r.ID).Scan(ctx, &n)
	return n, err
}

func poolSeen(ctx context.Context, q bun.IDB, r sb.Run) (time.Time, error) {
	var seen int64
	err := q.NewRaw("SELECT coalesce(max(seen_at), 0) FROM workers WHERE orchestrator_id = ? AND pool = ? AND NOT draining",
		r.OrchestratorID, r.Target.Pool).Scan(ctx, &seen)
	return timeAt(seen), err
}

// durations tells how long the latest completed runs of an operator took, newest first.
func durations(ctx context.Context, q bun.IDB, operator string) ([]time.Duration, error) {
	var took []int64
	err := q.NewRaw(`SELECT ended_at - started_at FROM (
			SELECT status, started_at, ended_at, updated_at FROM runs WHERE operator = ? ORDER BY updated_at DESC, id DESC LIMIT ?) AS latest
		WHERE status = 'completed' AND started_at > 0 ORDER BY updated_at DESC LIMIT ?`,
		operator, 5*durationsOf, durationsOf).Scan(ctx, &took)
	return each(took, func(us int64) time.Duration { return time.Duration(us) * time.Microsecond }), err
}
