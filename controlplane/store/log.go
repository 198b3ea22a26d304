package store

import (
	"context"
	"strings"
	"time"

	"github.com/uptrace/bun"

	sb "signalbox"
)

// chunkRow is a row of chunks.
type chunkRow struct {
	bun.BaseModel `bun:"table:chunks"`
	RunID         string
	Attempt       int
	Source        string
	Try           int
	Seq           int64
	Joined        int64
	Size          int64
	SHA256        string `bun:"sha256"`
	CreatedAt     int64
	Hashes        string
	Taken         bool
	URI           string `bun:"uri"`
}

// hashPart is how much of each chunk's hash is kept when chunks are joined: as much as its key has.
const hashPart = 8

func (row chunkRow) chunk() sb.Chunk {
	return sb.Chunk{
		Process: sb.Process{AttemptRef: sb.AttemptRef{Run: row.RunID, Attempt: row.Attempt}, Source: row.Source, Try: row.Try},
		Seq:     row.Seq, Joined: row.Joined, Size: row.Size, SHA256: row.SHA256, CreatedAt: timeAt(row.CreatedAt),
		Taken: row.Taken, URI: row.URI,
	}
}

// AddChunk keeps a chunk's row if its number is the next of its process. The same number and hash again: nil. The same
// number with another hash: Conflict. A gap: Conflict with Want. It holds the run's row, so that none comes in once the
// run's log is kept: Conflict. Sends TopicLog.
func (s *Store) AddChunk(ctx context.Context, c sb.Chunk) error {
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		if err := t.openLog(ctx, c.Run); err != nil {
			return err
		}
		row := chunkRow{
			RunID: c.Run, Attempt: c.Attempt, Source: c.Source, Try: c.Try, Seq: c.Seq, Size: c.Size, SHA256: c.SHA256,
			CreatedAt: micros(c.CreatedAt), Taken: c.Taken, URI: c.URI,
		}
		if row.CreatedAt == 0 {
			row.CreatedAt = t.now
		}
		known, err := t.checkChunk(ctx, row)
		if err != nil || known {
			return err
		}
		t.note(sb.Note{Topic: sb.TopicLog, ID: c.Run})
		return insert(ctx, t, &row)
	})
}

// openLog holds a run's row and demands that its log is not kept yet.
func (t *tx) openLog(ctx context.Context, run string) error {
	if err := t.lock(ctx, "runs", "id", run); err != nil {
		return err
	}
	var paths []string
	err := t.NewRaw("SELECT log_path FROM runs WHERE id = ?", run).Scan(ctx, &paths)
	path, err := one(paths, err, "run", run)
	if err == nil && path != "" {
		return sb.Errorf(sb.Conflict, "the log of run %s is complete", run)
	}
	return err
}

// checkChunk tells whether a chunk is known already, and refuses one that does not follow.
func (t *tx) checkChunk(ctx context.Context, c chunkRow) (known bool, err error) {
	var rows []chunkRow
	err = t.NewRaw(`SELECT seq, joined, sha256, substr(hashes, CAST((? - seq + joined) * ? + 1 AS INTEGER), ?) AS hashes FROM chunks
		WHERE run_id = ? AND attempt = ? AND source = ? AND try = ? AND seq >= ? - 1 ORDER BY seq LIMIT 2`,
		c.Seq, hashPart, hashPart, c.RunID, c.Attempt, c.Source, c.Try, c.Seq).Scan(ctx, &rows)
	if err != nil {
		return false, err
	}
	for _, row := range rows {
		switch {
		case c.Seq < row.Seq-row.Joined || row.Seq < c.Seq:
		case row.Joined == 0 && row.SHA256 == c.SHA256, row.Joined > 0 && row.Hashes == beginning(c.SHA256):
			return true, nil
		default:
			return false, sb.Errorf(sb.Conflict, "chunk %d of the log was sent with other content", c.Seq)
		}
	}
	if c.Seq == 0 || len(rows) > 0 {
		return false, nil
	}
	return false, t.gap(ctx, c)
}

func beginning(hash string) string { return hash[:min(hashPart, len(hash))] }

func (t *tx) gap(ctx context.Context, c chunkRow) error {
	var want int64
	err := t.NewRaw("SELECT coalesce(max(seq), -1) + 1 FROM chunks WHERE run_id = ? AND attempt = ? AND source = ? AND try = ?",
		c.RunID, c.Attempt, c.Source, c.Try).Scan(ctx, &want)
	if err != nil {
		return err
	}
	e := sb.Errorf(sb.Conflict, "chunk %d of the log is missing", want)
	e.Want = &want
	return e
}

// Chunks reads a run's chunks in the order of its log: attempt, then source as first seen, try, number; all but those
// before the given count of chunks, of which joined ones count each. Joined ones that lie on both sides come whole.
func (s *Store) Chunks(ctx context.Context, run string, skip int64) ([]sb.Chunk, error) {
	var rows []chunkRow
	err := s.read.NewRaw(`SELECT run_id, attempt, source, try, seq, joined, size, sha256, created_at, taken, uri FROM (
			SELECT c.run_id, c.attempt, c.source, c.try, c.seq, c.joined, c.size, c.sha256, c.created_at, c.taken, c.uri, sum(c.joined + 1) OVER (
				ORDER BY c.attempt, s.first, c.source, c.try, c.seq ROWS UNBOUNDED PRECEDING) AS upto
			FROM chunks AS c JOIN (
				SELECT attempt, source, min(created_at) AS first FROM chunks WHERE run_id = ? GROUP BY attempt, source) AS s
				ON s.attempt = c.attempt AND s.source = c.source
			WHERE c.run_id = ?) AS counted
		WHERE upto > ? ORDER BY upto`, run, run, skip).Scan(ctx, &rows)
	return each(rows, chunkRow.chunk), tidy(err)
}

// JoinChunks puts joined chunks in the place of those they were made of, by signalbox.JoinedChunk; again is fine. Conflict
// when those are not what is kept, or the run's log is kept already.
func (s *Store) JoinChunks(ctx context.Context, joined sb.Chunk) error {
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		if err := t.openLog(ctx, joined.Run); err != nil {
			return err
		}
		const these = " FROM chunks WHERE run_id = ? AND attempt = ? AND source = ? AND try = ? AND seq BETWEEN ? AND ?"
		args := []any{joined.Run, joined.Attempt, joined.Source, joined.Try, joined.First(), joined.Seq}
		var rows []chunkRow
		if err := t.NewRaw("SELECT *"+these+" ORDER BY seq", args...).Scan(ctx, &rows); err != nil {
			return err
		}
		list := each(rows, chunkRow.chunk)
		if len(list) == 1 && list[0].SHA256 == joined.SHA256 && list[0].Joined == joined.Joined {
			return nil
		}
		if int64(len(list)) != joined.Joined+1 || sb.JoinedChunk(list).SHA256 != joined.SHA256 {
			return sb.Errorf(sb.Conflict, "the chunks of the log of run %s are not those that were joined", joined.Run)
		}
		if _, err := t.exec(ctx, "DELETE"+these, args...); err != nil {
			return err
		}
		row := rows[len(rows)-1]
		row.Joined, row.Size, row.SHA256, row.CreatedAt = joined.Joined, sb.JoinedChunk(list).Size, joined.SHA256, rows[0].CreatedAt
		row.Hashes = strings.Join(each(rows, func(row chunkRow) string { return beginning(row.SHA256) }), "")
		return insert(ctx, t, &row)
	})
}

// DropChunks removes the rows of a run's chunks.
func (s *Store) DropChunks(ctx context.Context, run string) error {
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.exec(ctx, "DELETE FROM chunks WHERE run_id = ?", run)
		return err
	})
}

// Unkept reads runs that are over, whose work ended before a time and that have no kept log yet, in the order in which
// they ended; those after one of them, nil from the first. A run that was never admitted has no log.
func (s *Store) Unkept(ctx context.Context, endedBefore time.Time, after *sb.Run, limit int) ([]sb.Run, error) {
	var ended int64
	var id string
	if after != nil {
		ended, id = microsOf(after.EndedAt), after.ID
	}
	runs, err := s.runs(ctx, s.read, false, `WHERE r.log_path = '' AND r.ended_at > 0 AND r.attempt > 0 AND (r.ended_at, r.id) > (?, ?)
		AND w.state = 'ended' AND w.ended_at < ? AND w.log_due = 0 ORDER BY r.ended_at, r.id LIMIT ?`, ended, id, micros(endedBefore), limit)
	return runs, tidy(err)
}

// KeepLog sets a run's log, by signalbox.KeepLog; from then on its chunks are closed.
func (s *Store) KeepLog(ctx context.Context, run string, log sb.Log) error {
	return s.change(ctx, func(ctx context.Context, t *tx) error { return t.keepLog(ctx, run, log) })
}

func (t *tx) keepLog(ctx context.Context, run string, log sb.Log) error {
	_, err := t.changeRun(ctx, run, func(r sb.Run) (sb.Run, []sb.Event, error) {
		return r.Apply(sb.KeepLog{At: timeAt(t.now), Log: log})
	})
	return err
}

// OnlyLog tells whether nothing is kept of the log of a process's run, and nobody else has claimed it.
func (s *Store) OnlyLog(ctx context.Context, p sb.Process) (bool, error) {
	only, err := onlyLog(ctx, s.read, p)
	return only, tidy(err)
}

func onlyLog(ctx context.Context, db bun.IDB, p sb.Process) (only bool, err error) {
	err = db.NewRaw(`SELECT NOT EXISTS (SELECT 1 FROM chunks WHERE run_id = ?)
		AND NOT EXISTS (SELECT 1 FROM claims WHERE run_id = ? AND (attempt, source, try) <> (?, ?, ?))`,
		p.Run, p.Run, p.Attempt, p.Source, p.Try).Scan(ctx, &only)
	return only, err
}

// KeepOnlyLog is KeepLog while OnlyLog holds. Conflict: it holds no more.
func (s *Store) KeepOnlyLog(ctx context.Context, p sb.Process, log sb.Log) error {
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		if err := t.keepLog(ctx, p.Run, log); err != nil { // first, since it closes the chunks
			return err
		}
		only, err := onlyLog(ctx, t, p)
		if err == nil && !only {
			err = sb.Errorf(sb.Conflict, "the log of run %s is not that of one process", p.Run)
		}
		return err
	})
}

// Lease takes or renews a named lease for a holder; false while another holds it.
func (s *Store) Lease(ctx context.Context, name, holder string, ttl time.Duration) (held bool, err error) {
	err = s.change(ctx, func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, `INSERT INTO leases (name, holder, expires_at) VALUES (?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
			WHERE leases.holder = excluded.holder OR leases.expires_at <= ?`, name, holder, t.now+ttl.Microseconds(), t.now)
		held = n > 0
		return err
	})
	return held, err
}

// Release gives a lease back; that another holds it is fine.
func (s *Store) Release(ctx context.Context, name, holder string) error {
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.exec(ctx, "DELETE FROM leases WHERE name = ? AND holder = ?", name, holder)
		return err
	})
}
