package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/uptrace/bun"

	sb "signalbox"
)

// replayFor is how long an idempotency key gives the same run.
const replayFor = 24 * time.Hour

// Change reads a run, lets f change it, and writes it with the events and the work of its attempt. No events: nothing is
// written. The run's row is held meanwhile, and its version guards the write once more. What only heartbeats and
// progress write is left alone unless f changed it. Errors: NotFound, Unavailable (also for three lost races), and those of f.
func (s *Store) Change(ctx context.Context, id string, f sb.ChangeFunc) (sb.Run, error) {
	var after sb.Run
	err := s.change(ctx, func(ctx context.Context, t *tx) (err error) {
		after, err = t.changeRun(ctx, id, f)
		return err
	})
	return after, err
}

func (t *tx) changeRun(ctx context.Context, id string, f sb.ChangeFunc) (sb.Run, error) {
	before, err := t.lockRun(ctx, id)
	if err != nil {
		return sb.Run{}, err
	}
	after, events, err := f(before)
	if err != nil || len(events) == 0 {
		return before, err
	}
	after.Version = before.Version + 1
	if err := t.writeRun(ctx, before, after); err != nil {
		return sb.Run{}, err
	}
	if err := insertEvents(ctx, t, events); err != nil {
		return sb.Run{}, err
	}
	return after, t.auditChange(ctx, before, after, events)
}

// lockRun holds a run's row and then reads it: a read that had waited for the row would see the work as it was before.
func (t *tx) lockRun(ctx context.Context, id string) (sb.Run, error) {
	if err := t.lock(ctx, "runs", "id", id); err != nil {
		return sb.Run{}, err
	}
	return t.s.run(ctx, t, id)
}

// writeRun writes what differs, and notes who must be woken.
func (t *tx) writeRun(ctx context.Context, before, after sb.Run) error {
	old, err := toRunRow(before)
	if err != nil {
		return err
	}
	row, err := toRunRow(after)
	if err != nil {
		return err
	}
	n, err := t.update(ctx, old, row, "id = ? AND version = ?", before.ID, before.Version)
	if err != nil {
		return err
	}
	if n == 0 {
		return errRaced
	}
	t.note(sb.NotesOf(before, after)...)
	t.moves = append(t.moves, move{before, after})
	return t.writeWork(ctx, before, after)
}

func (t *tx) writeWork(ctx context.Context, before, after sb.Run) error {
	row, err := toWorkRow(after.Ref(), after.Work)
	if err != nil {
		return err
	}
	if after.Attempt != before.Attempt {
		return insert(ctx, t, &row)
	}
	old, err := toWorkRow(before.Ref(), before.Work)
	if err != nil {
		return err
	}
	_, err = t.update(ctx, old, row, "run_id = ? AND attempt = ?", after.ID, after.Attempt)
	return err
}

// Schedule keeps a new run. An idempotency key of the last 24 h gives the run of then, replayed; with another body it
// is Conflict. Else decide makes the run from the facts and all orchestrators as they are in the same transaction; what
// it leaves open (id, times, version) is filled in.
func (s *Store) Schedule(ctx context.Context, n sb.NewRun, decide func(sb.Facts, []sb.Orchestrator) (sb.Run, []sb.Event, error)) (run sb.Run, replayed bool, err error) {
	err = s.change(ctx, func(ctx context.Context, t *tx) (err error) {
		if n.Operation != nil {
			run, replayed, err = t.replayOperation(ctx, *n.Operation)
		} else {
			run, replayed, err = t.replay(ctx, n)
		}
		if err != nil || replayed {
			return err
		}
		run, err = t.schedule(ctx, n, decide)
		return err
	})
	return run, replayed, err
}

func (t *tx) schedule(ctx context.Context, n sb.NewRun, decide func(sb.Facts, []sb.Orchestrator) (sb.Run, []sb.Event, error)) (sb.Run, error) {
	facts, err := t.s.facts(ctx, t, []sb.Ask{n.Ask})
	if err != nil {
		return sb.Run{}, err
	}
	orchestrators, err := allOrchestrators(ctx, t)
	if err != nil {
		return sb.Run{}, err
	}
	run, events, err := decide(facts[0], orchestrators)
	if err != nil {
		return sb.Run{}, err
	}
	if err := t.insertRun(ctx, &run, events); err != nil {
		return sb.Run{}, err
	}
	if err := t.keepAsked(ctx, n, run); err != nil {
		return sb.Run{}, err
	}
	if err := t.keepKey(ctx, n, run.ID); err != nil {
		return sb.Run{}, err
	}
	if n.Operation != nil {
		err = t.runOfHold(ctx, *n.Operation, run.ID)
	} else {
		err = t.mirror(ctx, run, facts[0])
	}
	if err != nil {
		return sb.Run{}, err
	}
	t.note(sb.Note{Topic: sb.TopicRun, ID: run.ID}, sb.Note{Topic: sb.TopicQueue, ID: run.OrchestratorID})
	if run, err = t.s.run(ctx, t, run.ID); err != nil {
		return run, err
	}
	return run, t.auditSchedule(ctx, run)
}

func (t *tx) insertRun(ctx context.Context, run *sb.Run, events []sb.Event) error {
	if run.Status != sb.Scheduled {
		return sb.Errorf(sb.Internal, "a new run is scheduled, not %q", run.Status)
	}
	run.ID, run.Version = orNewID(run.ID), 1
	if run.ScheduledAt.IsZero() {
		run.ScheduledAt = timeAt(t.now)
	}
	if run.UpdatedAt.IsZero() {
		run.UpdatedAt = run.ScheduledAt
	}
	row, err := toRunRow(*run)
	if err != nil {
		return err
	}
	if err := insert(ctx, t, &row); err != nil {
		return err
	}
	for i := range events {
		events[i].RunID = run.ID
		if events[i].At.IsZero() {
			events[i].At = run.ScheduledAt
		}
	}
	return insertEvents(ctx, t, events)
}

// idempotencyRow is a row of idempotency.
type idempotencyRow struct {
	bun.BaseModel `bun:"table:idempotency"`
	PrincipalID   string
	Key           string
	BodyHash      string
	RunID         string
	CreatedAt     int64
}

// replayOperation gives the run of an operation that has one already.
func (t *tx) replayOperation(ctx context.Context, ref sb.OperationRef) (sb.Run, bool, error) {
	id, err := t.heldRun(ctx, ref)
	if err != nil || id == "" {
		return sb.Run{}, false, err
	}
	run, err := t.s.run(ctx, t, id)
	return run, err == nil, err
}

func (t *tx) replay(ctx context.Context, n sb.NewRun) (sb.Run, bool, error) {
	if n.IdempotencyKey == "" {
		return sb.Run{}, false, nil
	}
	if _, err := t.exec(ctx, "DELETE FROM idempotency WHERE created_at <= ?", t.now-replayFor.Microseconds()); err != nil {
		return sb.Run{}, false, err
	}
	var old idempotencyRow
	err := t.NewRaw("SELECT * FROM idempotency WHERE principal_id = ? AND key = ?", n.Ask.PrincipalID, n.IdempotencyKey).Scan(ctx, &old)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return sb.Run{}, false, nil
	case err != nil:
		return sb.Run{}, false, err
	case old.BodyHash != n.BodyHash:
		return sb.Run{}, false, sb.Errorf(sb.Conflict, "this idempotency key was used for another request")
	}
	run, err := t.s.run(ctx, t, old.RunID)
	return run, err == nil, err
}

// keepKey remembers the run of an idempotency key. When another transaction was faster, this one begins again and finds
// the other's run.
func (t *tx) keepKey(ctx context.Context, n sb.NewRun, run string) error {
	if n.IdempotencyKey == "" {
		return nil
	}
	added, err := t.exec(ctx, "INSERT INTO idempotency (principal_id, key, body_hash, run_id, created_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
		n.Ask.PrincipalID, n.IdempotencyKey, n.BodyHash, run, t.now)
	if err == nil && added == 0 {
		return errRaced
	}
	return err
}
