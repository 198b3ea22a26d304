package store

import (
	"context"

	"github.com/uptrace/bun"

	sb "signalbox"
)

// rejectMost is how many runs are rejected in one transaction.
const rejectMost = 100

// What departs while runs wait for it.
const (
	departedDataset = "dataset"
	departedPlugin  = "plugin"
)

// departedRow is a row of departed: what is gone, until the runs that waited for it are rejected.
type departedRow struct {
	bun.BaseModel `bun:"table:departed"`
	ID            string
	Kind          string
	Reason        string
	ByID          string
	ByName        string
	At            int64
}

// waits is the condition of the runs that wait for it.
func (row departedRow) waits() (string, []any) {
	if row.Kind == departedPlugin {
		return "status = 'scheduled' AND revision_id IN (SELECT id FROM revisions WHERE plugin_id = ?)", []any{row.ID}
	}
	return "status = 'scheduled' AND dataset_id = ?", []any{row.ID}
}

// depart notes, in the transaction that removes something, that the runs which wait for it are to be rejected. There may
// be tens of thousands, so that is done afterwards; none of them is admitted meanwhile.
func (t *tx) depart(ctx context.Context, kind, id, reason string, by sb.Who) error {
	t.note(sb.Note{Topic: sb.TopicDeparted, ID: id})
	return insert(ctx, t, &departedRow{ID: id, Kind: kind, Reason: reason, ByID: by.ID, ByName: by.Name, At: t.now})
}

// RejectWaiting rejects some of the runs that wait for a dataset or plugin that is gone, at most 100. It tells whether
// there may be more. Replicas that do so at once share the work.
func (s *Store) RejectWaiting(ctx context.Context) (more bool, err error) {
	err = s.change(ctx, func(ctx context.Context, t *tx) error {
		row, err := t.firstDeparted(ctx)
		if more = row != nil; err != nil || row == nil {
			return err
		}
		ids, err := t.waitingFor(ctx, *row)
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			more, err = t.forgetDeparted(ctx, *row)
			return err
		}
		rejected, err := t.rejectRuns(ctx, ids, sb.Reject{At: timeAt(t.now), By: sb.Who{ID: row.ByID, Name: row.ByName}, Reason: row.Reason})
		more = rejected > 0
		return err
	})
	return more && err == nil, err
}

// firstDeparted holds what has been gone longest and nobody else holds; nil for nothing.
func (t *tx) firstDeparted(ctx context.Context) (*departedRow, error) {
	var rows []departedRow
	if err := t.NewRaw("SELECT * FROM departed ORDER BY at, id LIMIT 1"+t.free()).Scan(ctx, &rows); err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// waitingFor holds some of the runs that wait for it. Those that somebody else holds are left: he may be admitting in
// another order, and they would wait for each other.
func (t *tx) waitingFor(ctx context.Context, row departedRow) (ids []string, err error) {
	waits, args := row.waits()
	err = t.NewRaw("SELECT id FROM runs WHERE "+waits+" ORDER BY scheduled_at DESC, id DESC LIMIT ?"+t.free(), append(args, rejectMost)...).Scan(ctx, &ids)
	return ids, err
}

// forgetDeparted ends the matter, unless runs wait that somebody else holds: false, for now.
func (t *tx) forgetDeparted(ctx context.Context, row departedRow) (bool, error) {
	waits, args := row.waits()
	n, err := t.exec(ctx, "DELETE FROM departed WHERE id = ? AND NOT EXISTS (SELECT 1 FROM runs WHERE "+waits+")", append([]any{row.ID}, args...)...)
	return n > 0, err
}

// free ends a SELECT of rows to be held, of those that nobody else holds. SQLite has one writer anyway.
func (t *tx) free() string {
	if t.s.listen == nil {
		return ""
	}
	return " FOR NO KEY UPDATE SKIP LOCKED"
}

// rejectRuns rejects those that are still Scheduled, and tells how many.
func (t *tx) rejectRuns(ctx context.Context, ids []string, reject sb.Reject) (n int, err error) {
	for _, id := range ids {
		_, err := t.changeRun(ctx, id, func(r sb.Run) (sb.Run, []sb.Event, error) { return r.Apply(reject) })
		switch {
		case sb.CodeOf(err) == sb.Conflict: // no longer Scheduled
		case err != nil:
			return n, err
		default:
			n++
		}
	}
	return n, nil
}
