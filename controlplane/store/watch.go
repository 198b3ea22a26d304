package store

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	sb "signalbox"
)

// watchRow is a row of watches.
type watchRow struct {
	bun.BaseModel  `bun:"table:watches"`
	OrchestratorID string
	Epoch          int64
	Mark           string
	PolledAt       int64
	Took           int64
	Calls          int
	Failures       int
	FailingSince   int64
	Trouble        string
	NextAt         int64
	Version        string
	Strays         string
	Blocked        string
}

func toWatchRow(w sb.Watch) (row watchRow, err error) {
	row = watchRow{
		OrchestratorID: w.OrchestratorID, Epoch: w.Epoch, Mark: string(w.Mark), PolledAt: microsOf(w.PolledAt), Took: w.Took.Microseconds(),
		Calls: w.Calls, Failures: w.Failures, FailingSince: microsOf(w.FailingSince), Trouble: w.Trouble, NextAt: microsOf(w.NextAt),
		Version: w.Version,
	}
	if row.Strays, err = text(w.Strays); err != nil {
		return row, err
	}
	row.Blocked, err = text(w.Blocked)
	return row, err
}

func (row watchRow) watch() (sb.Watch, error) {
	w := sb.Watch{
		OrchestratorID: row.OrchestratorID, Epoch: row.Epoch, Mark: sb.Mark(row.Mark), PolledAt: timeOf(row.PolledAt),
		Took: time.Duration(row.Took) * time.Microsecond, Calls: row.Calls, Failures: row.Failures,
		FailingSince: timeOf(row.FailingSince), Trouble: row.Trouble, NextAt: timeOf(row.NextAt), Version: row.Version,
	}
	if err := parse(row.Strays, &w.Strays); err != nil {
		return w, err
	}
	return w, parse(row.Blocked, &w.Blocked)
}

func watchOf(ctx context.Context, q bun.IDB, orchestratorID string) (sb.Watch, error) {
	var rows []watchRow
	err := q.NewRaw("SELECT * FROM watches WHERE orchestrator_id = ?", orchestratorID).Scan(ctx, &rows)
	if err != nil || len(rows) == 0 {
		return sb.Watch{OrchestratorID: orchestratorID}, err
	}
	return rows[0].watch()
}

// Watch reads how the watching of an orchestrator stands; epoch 0 when it was never watched.
func (s *Store) Watch(ctx context.Context, orchestratorID string) (sb.Watch, error) {
	w, err := watchOf(ctx, s.read, orchestratorID)
	return w, tidy(err)
}

// TakeWatch takes over the watching of an orchestrator: its epoch rises, and who watched before may not write any more.
// NotFound when the orchestrator is gone.
func (s *Store) TakeWatch(ctx context.Context, orchestratorID string) (w sb.Watch, err error) {
	err = s.change(ctx, func(ctx context.Context, t *tx) error {
		if _, err := t.lockOrchestrator(ctx, orchestratorID); err != nil {
			return err
		}
		_, err := t.exec(ctx, `INSERT INTO watches (orchestrator_id, epoch) VALUES (?, 1)
			ON CONFLICT (orchestrator_id) DO UPDATE SET epoch = watches.epoch + 1`, orchestratorID)
		if err != nil {
			return err
		}
		w, err = watchOf(ctx, t, orchestratorID)
		return err
	})
	return w, err
}

// watching holds the row of a watching. Conflict when another has taken over.
func (t *tx) watching(ctx context.Context, ref sb.WatchRef) (sb.Watch, error) {
	if err := t.lock(ctx, "watches", "orchestrator_id", ref.OrchestratorID); err != nil {
		return sb.Watch{}, err
	}
	w, err := watchOf(ctx, t, ref.OrchestratorID)
	if err == nil && w.Epoch != ref.Epoch {
		err = sb.Errorf(sb.Conflict, "another watches this orchestrator now")
	}
	return w, err
}

// KeepWatch writes how the watching stands. Conflict when another has taken over. Sends TopicQueue when other targets are
// blocked than before.
func (s *Store) KeepWatch(ctx context.Context, w sb.Watch) error {
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		before, err := t.watching(ctx, w.Ref())
		if err != nil {
			return err
		}
		old, err := toWatchRow(before)
		if err != nil {
			return err
		}
		row, err := toWatchRow(w)
		if err != nil {
			return err
		}
		if old.Blocked != row.Blocked {
			t.note(sb.Note{Topic: sb.TopicQueue, ID: w.OrchestratorID})
		}
		_, err = t.update(ctx, old, row, "orchestrator_id = ? AND epoch = ?", w.OrchestratorID, w.Epoch)
		return err
	})
}

// ChangeWatched is Change by who watches an orchestrator. Conflict when another has taken over.
func (s *Store) ChangeWatched(ctx context.Context, ref sb.WatchRef, id string, f sb.ChangeFunc) (sb.Run, error) {
	var after sb.Run
	err := s.change(ctx, func(ctx context.Context, t *tx) (err error) {
		if _, err = t.watching(ctx, ref); err != nil {
			return err
		}
		after, err = t.changeRun(ctx, id, f)
		return err
	})
	return after, err
}

// SeeWorks notes that works were seen just now, in one statement. Conflict when another has taken over.
func (s *Store) SeeWorks(ctx context.Context, ref sb.WatchRef, refs []sb.AttemptRef) error {
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		if _, err := t.watching(ctx, ref); err != nil {
			return err
		}
		return t.beatAll(ctx, refs)
	})
}

// SetTallies keeps progress that was counted, where nothing else was said since; the rest is left as it is. Conflict when
// another has taken over the watching. Sends TopicRun.
func (s *Store) SetTallies(ctx context.Context, ref sb.WatchRef, all []sb.Counted) error {
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		if _, err := t.watching(ctx, ref); err != nil {
			return err
		}
		for _, c := range all {
			if err := t.setTally(ctx, c); err != nil {
				return err
			}
		}
		return nil
	})
}

func (t *tx) setTally(ctx context.Context, c sb.Counted) error {
	before := ""
	after, err := text(c.After)
	if err == nil && c.Before != nil {
		before, err = text(c.Before)
	}
	if err != nil {
		return sb.Wrap(err, sb.Invalid, "the progress cannot be kept")
	}
	n, err := t.exec(ctx, `UPDATE works SET progress = ? WHERE run_id = ? AND attempt = ? AND progress = ? AND state = 'active'
		AND EXISTS (SELECT 1 FROM runs WHERE id = ? AND attempt = ? AND status IN ('queued', 'running'))`,
		after, c.Run, c.Attempt, before, c.Run, c.Attempt)
	if n > 0 {
		t.note(sb.Note{Topic: sb.TopicRun, ID: c.Run})
	}
	return err
}

// blocked tells why the target of a run would start nothing now; "" for nothing known.
func blocked(ctx context.Context, q bun.IDB, r sb.Run) (string, error) {
	if !r.Outside() {
		return "", nil
	}
	w, err := watchOf(ctx, q, r.OrchestratorID)
	return w.Blocked[r.Target.Key()], err
}

// Targets reads the targets of an orchestrator's runs that wait.
func (s *Store) Targets(ctx context.Context, orchestratorID string) ([]sb.Target, error) {
	var rows []string
	err := s.read.NewRaw("SELECT DISTINCT target FROM runs WHERE "+inQueue, orchestratorID).Scan(ctx, &rows)
	if err != nil {
		return nil, tidy(err)
	}
	list := make([]sb.Target, len(rows))
	for i, row := range rows {
		if err := parse(row, &list[i]); err != nil {
			return nil, tidy(err)
		}
	}
	return list, nil
}

// LogsDue reads the attempts of an orchestrator whose logs have to be collected there, in the order of their runs' ids,
// those after one.
func (s *Store) LogsDue(ctx context.Context, orchestratorID string, after sb.AttemptRef, limit int) ([]sb.DueLog, error) {
	var rows []struct {
		RunID, Ref, URL, Target, Seen string
		Attempt                       int
		LogDue                        int64
		OutcomeDue                    bool
	}
	err := s.read.NewRaw(`SELECT w.run_id, w.attempt, w.ref, w.url, w.seen, w.log_due, w.outcome_due, r.target FROM works AS w JOIN runs AS r ON r.id = w.run_id
		WHERE w.log_due > 0 AND r.orchestrator_id = ? AND (w.run_id, w.attempt) > (?, ?)
		ORDER BY w.run_id, w.attempt LIMIT ?`, orchestratorID, after.Run, after.Attempt, limit).Scan(ctx, &rows)
	if err != nil {
		return nil, tidy(err)
	}
	list := make([]sb.DueLog, 0, len(rows))
	for _, row := range rows {
		d := sb.DueLog{
			AttemptRef: sb.AttemptRef{Run: row.RunID, Attempt: row.Attempt}, Until: timeAt(row.LogDue), Untold: row.OutcomeDue,
			Place: sb.Place{Name: row.Ref, URL: row.URL},
		}
		var seen sb.Sighting
		if err := parse(row.Target, &d.Target); err != nil {
			return nil, tidy(err)
		}
		if err := parse(row.Seen, &seen); err != nil {
			return nil, tidy(err)
		}
		d.Sight = seen.Sight
		list = append(list, d)
	}
	return list, nil
}

// Nudge asks whoever watches an orchestrator to look at once. Sends TopicWatch.
func (s *Store) Nudge(ctx context.Context, o sb.Orchestrator) error {
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		t.note(sb.Note{Topic: sb.TopicWatch, ID: o.ID})
		return t.audit(ctx, "orchestrator.reconcile", sb.Object{Kind: "orchestrator", ID: o.ID, Name: o.Name}, nil)
	})
}

// LogDone notes that the log of an attempt is not waited for any more, with why for people when there is something to say.
// Sends TopicEnded, so that the log is finished. Conflict when another has taken over the watching.
func (s *Store) LogDone(ctx context.Context, ref sb.WatchRef, at sb.AttemptRef, why string) error {
	err := s.change(ctx, func(ctx context.Context, t *tx) error {
		if _, err := t.watching(ctx, ref); err != nil {
			return err
		}
		n, err := t.exec(ctx, "UPDATE works SET log_due = 0 WHERE run_id = ? AND attempt = ? AND log_due > 0", at.Run, at.Attempt)
		if err != nil || n == 0 {
			return err
		}
		t.note(sb.Note{Topic: sb.TopicEnded, ID: at.Run}, sb.Note{Topic: sb.TopicRun, ID: at.Run})
		if why == "" {
			return nil
		}
		return insertEvents(ctx, t, []sb.Event{{RunID: at.Run, At: timeAt(t.now), Kind: sb.EventLogMissing, Attempt: at.Attempt, Message: why}})
	})
	return passed("log.done", err)
}

// endLogs notes of logs that are still to be collected from an orchestrator that they are not waited for any more: who removes
// it takes the way there. Sends TopicEnded, so that what was sent is finished.
func (t *tx) endLogs(ctx context.Context, orchestratorID string) error {
	var rows []struct {
		RunID   string
		Attempt int
	}
	err := t.NewRaw(`UPDATE works SET log_due = 0 WHERE log_due > 0 AND run_id IN (SELECT id FROM runs WHERE orchestrator_id = ?)
		RETURNING run_id, attempt`, orchestratorID).Scan(ctx, &rows)
	if err != nil {
		return err
	}
	events := make([]sb.Event, 0, len(rows))
	for _, row := range rows {
		t.note(sb.Note{Topic: sb.TopicEnded, ID: row.RunID}, sb.Note{Topic: sb.TopicRun, ID: row.RunID})
		events = append(events, sb.Event{
			RunID: row.RunID, At: timeAt(t.now), Kind: sb.EventLogMissing, Attempt: row.Attempt,
			Message: "Its log has what was sent: the orchestrator was removed before the rest, if there is any, was collected there.",
		})
	}
	return insertEvents(ctx, t, events)
}

// OwnLogs lists the processes of an attempt that have sent some of their log themselves.
func (s *Store) OwnLogs(ctx context.Context, ref sb.AttemptRef) ([]sb.Process, error) {
	var rows []chunkRow
	err := s.read.NewRaw("SELECT DISTINCT run_id, attempt, source, try FROM chunks WHERE run_id = ? AND attempt = ? AND NOT taken ORDER BY source, try",
		ref.Run, ref.Attempt).Scan(ctx, &rows)
	return each(rows, func(row chunkRow) sb.Process { return row.chunk().Process }), tidy(err)
}

// KeepLogPath keeps where a process says that its log lies; NotFound when it has no claim.
func (s *Store) KeepLogPath(ctx context.Context, p sb.Process, uri string) error {
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, "UPDATE claims SET log_path = ? WHERE run_id = ? AND attempt = ? AND source = ? AND try = ?",
			uri, p.Run, p.Attempt, p.Source, p.Try)
		if err == nil && n == 0 {
			err = sb.Errorf(sb.NotFound, "%s has not claimed attempt %d of run %s", p.Source, p.Attempt, p.Run)
		}
		return err
	})
}

// LogPaths reads where processes of an attempt say that their logs lie, in the order in which they claimed.
func (s *Store) LogPaths(ctx context.Context, ref sb.AttemptRef) ([]sb.LogPath, error) {
	var rows []claimRow
	err := s.read.NewRaw("SELECT run_id, attempt, source, try, log_path FROM claims WHERE run_id = ? AND attempt = ? AND log_path <> '' ORDER BY at, source, try",
		ref.Run, ref.Attempt).Scan(ctx, &rows)
	return each(rows, func(row claimRow) sb.LogPath {
		return sb.LogPath{Process: sb.Process{AttemptRef: ref, Source: row.Source, Try: row.Try}, URI: row.LogPath}
	}), tidy(err)
}
