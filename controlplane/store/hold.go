package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/uptrace/bun"

	sb "signalbox"
)

// holdRow is a row of holds.
type holdRow struct {
	bun.BaseModel `bun:"table:holds"`
	SourceID      string
	Operation     string
	State         string
	RunID         string
	Mirrored      bool
	PrincipalID   string
	CreatedAt     int64
}

func (row holdRow) hold() sb.Hold {
	return sb.Hold{
		OperationRef: sb.OperationRef{SourceID: row.SourceID, ID: row.Operation}, State: sb.HoldState(row.State), RunID: row.RunID,
		Mirrored: row.Mirrored, PrincipalID: row.PrincipalID,
	}
}

const ofHold = "source_id = ? AND operation = ?"

// TakeHold notes that an operation is about to be held, or gives the row that there is. Conflict when another watches.
func (s *Store) TakeHold(ctx context.Context, w sb.SourceWatchRef, h sb.Hold) (kept sb.Hold, err error) {
	err = s.change(ctx, func(ctx context.Context, t *tx) error {
		if _, err := t.watchingSource(ctx, w); err != nil {
			return err
		}
		row := holdRow{
			SourceID: h.SourceID, Operation: h.ID, State: string(sb.HoldTaking), PrincipalID: h.PrincipalID, CreatedAt: t.now,
		}
		if _, err := t.NewInsert().Model(&row).On("CONFLICT (source_id, operation) DO NOTHING").Exec(ctx); err != nil {
			return err
		}
		kept, err = holdOf(ctx, t, h.OperationRef)
		return err
	})
	return kept, err
}

func holdOf(ctx context.Context, q bun.IDB, ref sb.OperationRef) (sb.Hold, error) {
	var rows []holdRow
	err := q.NewRaw("SELECT * FROM holds WHERE "+ofHold, ref.SourceID, ref.ID).Scan(ctx, &rows)
	row, err := one(rows, err, "operation", ref.ID)
	return row.hold(), err
}

// SetHold notes where the holding of an operation stands. Conflict when another watches.
func (s *Store) SetHold(ctx context.Context, w sb.SourceWatchRef, operation string, state sb.HoldState) error {
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		if _, err := t.watchingSource(ctx, w); err != nil {
			return err
		}
		_, err := t.exec(ctx, "UPDATE holds SET state = ? WHERE "+ofHold, string(state), w.SourceID, operation)
		return err
	})
}

// DropHold forgets an operation that was not held and has no run: another was faster. Conflict when another watches.
func (s *Store) DropHold(ctx context.Context, w sb.SourceWatchRef, operation string) error {
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		if _, err := t.watchingSource(ctx, w); err != nil {
			return err
		}
		_, err := t.exec(ctx, "DELETE FROM holds WHERE "+ofHold+" AND state = ? AND run_id = ''", w.SourceID, operation, string(sb.HoldTaking))
		return err
	})
}

// OpenHolds reads the operations of a source that are ours and not over, in the order of their ids.
func (s *Store) OpenHolds(ctx context.Context, sourceID, after string, limit int) ([]sb.Hold, error) {
	var rows []holdRow
	err := s.read.NewRaw("SELECT * FROM holds WHERE source_id = ? AND state <> 'over' AND operation > ? ORDER BY operation LIMIT ?", sourceID, after, limit).Scan(ctx, &rows)
	return each(rows, holdRow.hold), tidy(err)
}

// Unheld tells which operations of a source have no row, or one that is only begun, in the order in which they are named.
func (s *Store) Unheld(ctx context.Context, sourceID string, operations []string) ([]string, error) {
	if len(operations) == 0 {
		return nil, nil
	}
	var known []string
	err := s.read.NewRaw("SELECT operation FROM holds WHERE source_id = ? AND state <> 'taking' AND operation IN (?)", sourceID, bun.List(operations)).Scan(ctx, &known)
	if err != nil {
		return nil, tidy(err)
	}
	have := make(map[string]bool, len(known))
	for _, id := range known {
		have[id] = true
	}
	var list []string
	for _, id := range operations {
		if !have[id] {
			list = append(list, id)
		}
	}
	return list, nil
}

// heldRun finds the run of an operation that is scheduled already. Gone when the operation is not held any more.
func (t *tx) heldRun(ctx context.Context, ref sb.OperationRef) (id string, err error) {
	if err := t.lock(ctx, "sources", "id", ref.SourceID); err != nil { // so that only one transaction schedules it
		return "", err
	}
	h, err := holdOf(ctx, t, ref)
	if err == nil && h.RunID == "" && h.State == sb.HoldOver || sb.CodeOf(err) == sb.NotFound {
		return "", sb.Errorf(sb.Gone, "operation %s is not held any more", ref.ID)
	}
	return h.RunID, err
}

// runOfHold notes the run of an operation with the run.
func (t *tx) runOfHold(ctx context.Context, ref sb.OperationRef, run string) error {
	_, err := t.exec(ctx, "UPDATE holds SET run_id = ?, state = ? WHERE "+ofHold, run, string(sb.HoldScheduled), ref.SourceID, ref.ID)
	return err
}

// mirror notes with a new run that it is to be shown in its dataset's source, if that wants it.
func (t *tx) mirror(ctx context.Context, run sb.Run, f sb.Facts) error {
	if f.Dataset == nil || f.Dataset.SourceID == "" {
		return nil
	}
	var wanted bool
	err := t.NewRaw("SELECT mirror FROM sources WHERE id = ?", f.Dataset.SourceID).Scan(ctx, &wanted)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !wanted {
		return nil
	}
	if err != nil {
		return err
	}
	t.note(sb.Note{Topic: sb.TopicSource, ID: f.Dataset.SourceID})
	return insert(ctx, t, &holdRow{
		SourceID: f.Dataset.SourceID, Operation: newOperation(timeAt(t.now)), State: string(sb.HoldShowing), RunID: run.ID, Mirrored: true, CreatedAt: t.now,
	})
}
