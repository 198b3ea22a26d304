package store

import (
	"context"

	"github.com/uptrace/bun"

	sb "signalbox"
)

// sourceWatchRow is a row of source_watches.
type sourceWatchRow struct {
	bun.BaseModel `bun:"table:source_watches"`
	SourceID      string
	Epoch         int64
	Mark          string
	Streams       bool
	SeenAt        int64
	FailingSince  int64
	Trouble       string
	Server        string
}

func toSourceWatchRow(w sb.SourceWatch) sourceWatchRow {
	return sourceWatchRow{
		SourceID: w.SourceID, Epoch: w.Epoch, Mark: string(w.Mark), Streams: w.Streams, SeenAt: microsOf(w.SeenAt),
		FailingSince: microsOf(w.FailingSince), Trouble: w.Trouble, Server: w.Server,
	}
}

func (row sourceWatchRow) watch() sb.SourceWatch {
	return sb.SourceWatch{
		SourceID: row.SourceID, Epoch: row.Epoch, Mark: sb.Mark(row.Mark), Streams: row.Streams, SeenAt: timeOf(row.SeenAt),
		FailingSince: timeOf(row.FailingSince), Trouble: row.Trouble, Server: row.Server,
	}
}

func sourceWatchOf(ctx context.Context, q bun.IDB, id string) (sb.SourceWatch, error) {
	var rows []sourceWatchRow
	err := q.NewRaw("SELECT * FROM source_watches WHERE source_id = ?", id).Scan(ctx, &rows)
	if err != nil || len(rows) == 0 {
		return sb.SourceWatch{SourceID: id}, err
	}
	return rows[0].watch(), nil
}

// SourceState reads how a source goes.
func (s *Store) SourceState(ctx context.Context, id string) (state sb.SourceState, err error) {
	err = s.view(ctx, func(ctx context.Context, q bun.IDB) (err error) {
		if state.SourceWatch, err = sourceWatchOf(ctx, q, id); err != nil {
			return err
		}
		if err := q.NewRaw("SELECT count(*) FROM datasets WHERE source_id = ? AND source_id <> ''", id).Scan(ctx, &state.Datasets); err != nil {
			return err
		}
		return q.NewRaw("SELECT count(*) FROM holds WHERE source_id = ? AND state <> 'over'", id).Scan(ctx, &state.Operations)
	})
	return state, err
}

// TakeSourceWatch takes over the watching of a source: its epoch rises, and who watched before may not write any more.
// NotFound when the source is gone.
func (s *Store) TakeSourceWatch(ctx context.Context, id string) (w sb.SourceWatch, err error) {
	err = s.change(ctx, func(ctx context.Context, t *tx) error {
		if _, err := t.lockSource(ctx, id); err != nil {
			return err
		}
		_, err := t.exec(ctx, `INSERT INTO source_watches (source_id, epoch) VALUES (?, 1)
			ON CONFLICT (source_id) DO UPDATE SET epoch = source_watches.epoch + 1`, id)
		if err != nil {
			return err
		}
		w, err = sourceWatchOf(ctx, t, id)
		return err
	})
	return w, err
}

var errWatchTaken = sb.Errorf(sb.Conflict, "another watches this source now")

// watchingSource holds the row of a watching. Conflict when another has taken over.
func (t *tx) watchingSource(ctx context.Context, ref sb.SourceWatchRef) (sb.SourceWatch, error) {
	if err := t.lock(ctx, "source_watches", "source_id", ref.SourceID); err != nil {
		return sb.SourceWatch{}, err
	}
	w, err := sourceWatchOf(ctx, t, ref.SourceID)
	if err == nil && w.Epoch != ref.Epoch {
		err = errWatchTaken
	}
	return w, err
}

// KeepSourceWatch writes how the watching stands. Conflict when another has taken over.
func (s *Store) KeepSourceWatch(ctx context.Context, w sb.SourceWatch) error {
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		before, err := t.watchingSource(ctx, w.Ref())
		if err != nil {
			return err
		}
		_, err = t.update(ctx, toSourceWatchRow(before), toSourceWatchRow(w), "source_id = ? AND epoch = ?", w.SourceID, w.Epoch)
		return err
	})
}
