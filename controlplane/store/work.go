package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	sb "signalbox"
)

const (
	// orphanAfter is how long work without a sign of life is left to those who end it when its worker is gone: they tell
	// its end themselves, and only then is its slot free for certain.
	orphanAfter = 15 * time.Second
	// formerKept is how many incarnations of a worker are remembered, so that a late word of one counts for nothing.
	formerKept = 8
)

// claimRow is a row of claims.
type claimRow struct {
	bun.BaseModel  `bun:"table:claims"`
	RunID          string
	Attempt        int
	Source         string
	Try            int
	Nonce          string
	OrchestratorID string
	Worker         string
	Incarnation    string
	At             int64
	LogPath        string
	Secrets        []byte
}

// Claim keeps a claim and changes its run, in one transaction. The same process with the same nonce: replayed, nothing
// changes. The same process with another nonce, or a lower try than one that has claimed: Conflict. A run of another
// orchestrator than the claim's: NotFound.
func (s *Store) Claim(ctx context.Context, c sb.Claim, f sb.ChangeFunc) (run sb.Run, replayed bool, err error) {
	err = s.change(ctx, func(ctx context.Context, t *tx) (err error) {
		run, replayed, err = t.claim(ctx, c, f)
		return err
	})
	return run, replayed, err
}

// noneOfKey is said of a run that does not exist, and of another orchestrator's: a key tells nothing of those.
func noneOfKey(c sb.Claim) error {
	return sb.Errorf(sb.NotFound, "there is no run %s at this key's orchestrator; a run is claimed with a key of the orchestrator that it is on", c.Run)
}

func (t *tx) claim(ctx context.Context, c sb.Claim, f sb.ChangeFunc) (sb.Run, bool, error) {
	run, err := t.lockRun(ctx, c.Run)
	if sb.CodeOf(err) == sb.NotFound {
		return sb.Run{}, false, noneOfKey(c)
	}
	if err != nil {
		return sb.Run{}, false, err
	}
	if run.OrchestratorID != c.OrchestratorID {
		return sb.Run{}, false, noneOfKey(c)
	}
	replayed, err := t.claimedBefore(ctx, c)
	if err != nil || replayed {
		return run, replayed, err
	}
	if run, err = t.changeRun(ctx, c.Run, f); err != nil {
		return sb.Run{}, false, err
	}
	at := micros(c.At)
	if at == 0 {
		at = t.now
	}
	return run, false, insert(ctx, t, &claimRow{
		RunID: c.Run, Attempt: c.Attempt, Source: c.Source, Try: c.Try, Nonce: c.Nonce, OrchestratorID: c.OrchestratorID,
		Worker: c.Worker, Incarnation: c.Incarnation, At: at, Secrets: c.Secrets,
	})
}

// claimedBefore looks at the latest claim of the process's source.
func (t *tx) claimedBefore(ctx context.Context, c sb.Claim) (bool, error) {
	var rows []claimRow
	err := t.NewRaw("SELECT * FROM claims WHERE run_id = ? AND attempt = ? AND source = ? AND try >= ? ORDER BY try DESC LIMIT 1",
		c.Run, c.Attempt, c.Source, c.Try).Scan(ctx, &rows)
	if err != nil || len(rows) == 0 {
		return false, err
	}
	switch last := rows[0]; {
	case last.Try > c.Try:
		return false, sb.Errorf(sb.Conflict, "try %d of %s is superseded by try %d", c.Try, c.Source, last.Try)
	case last.Nonce != c.Nonce:
		return false, sb.Errorf(sb.Conflict, "try %d of %s is taken", c.Try, c.Source)
	}
	return true, nil
}

// Pulse reads where a process stands: its run, and the work of its own attempt. NotFound when it has no claim.
func (s *Store) Pulse(ctx context.Context, p sb.Process) (sb.Pulse, error) {
	pulse, err := pulse(ctx, s.read, p)
	return pulse, tidy(err)
}

func pulse(ctx context.Context, q bun.IDB, p sb.Process) (sb.Pulse, error) {
	var rows []struct {
		Status        sb.Status
		Attempt       int
		State, Ending string
		EndedAt       int64
		LatestTry     int
	}
	err := q.NewRaw(`SELECT r.status, r.attempt, w.state, w.ending, w.ended_at,
			(SELECT max(m.try) FROM claims AS m WHERE m.run_id = c.run_id AND m.attempt = c.attempt AND m.source = c.source) AS latest_try
		FROM claims AS c
		JOIN runs AS r ON r.id = c.run_id
		JOIN works AS w ON w.run_id = c.run_id AND w.attempt = c.attempt
		WHERE c.run_id = ? AND c.attempt = ? AND c.source = ? AND c.try = ?`, p.Run, p.Attempt, p.Source, p.Try).Scan(ctx, &rows)
	row, err := one(rows, err, "the claim on run", p.Run)
	return sb.Pulse{
		Status: row.Status, Attempt: row.Attempt, Work: sb.WorkState(row.State), Ending: sb.FailureKind(row.Ending),
		EndedAt: timeOf(row.EndedAt), LatestTry: row.LatestTry,
	}, err
}

// Beat renews the lease of the process's attempt while its work has not ended, and reads the pulse. It never touches the
// run's row. A superseded try renews nothing. Sends TopicRun only when the work was unknown.
func (s *Store) Beat(ctx context.Context, p sb.Process) (sb.Pulse, error) {
	var beat sb.Pulse
	err := s.change(ctx, func(ctx context.Context, t *tx) (err error) {
		if beat, err = pulse(ctx, t, p); err != nil || beat.LatestTry != p.Try {
			return err
		}
		if beat.Work == sb.WorkUnknown {
			t.note(sb.Note{Topic: sb.TopicRun, ID: p.Run})
		}
		_, err = t.exec(ctx, "UPDATE works SET seen_at = ? WHERE run_id = ? AND attempt = ? AND state <> 'ended'", t.now, p.Run, p.Attempt)
		return err
	})
	return beat, err
}

// SetProgress keeps the progress of a run's current attempt; false when that has ended, the run is over, or the try is
// superseded. Sends TopicRun.
func (s *Store) SetProgress(ctx context.Context, p sb.Process, progress sb.Progress) (kept bool, err error) {
	said, err := text(progress)
	if err != nil {
		return false, sb.Wrap(err, sb.Invalid, "the progress cannot be kept")
	}
	err = s.change(ctx, func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, `UPDATE works SET progress = ? WHERE run_id = ? AND attempt = ? AND state NOT IN ('none', 'ended')
			AND EXISTS (SELECT 1 FROM runs WHERE id = ? AND attempt = ? AND status IN ('queued', 'running'))
			AND NOT EXISTS (SELECT 1 FROM claims WHERE run_id = ? AND attempt = ? AND source = ? AND try > ?)`,
			said, p.Run, p.Attempt, p.Run, p.Attempt, p.Run, p.Attempt, p.Source, p.Try)
		if kept = n > 0; kept {
			t.note(sb.Note{Topic: sb.TopicRun, ID: p.Run})
		}
		return err
	})
	return kept, err
}

// SeeWorker keeps what a worker says of itself, renews the leases of the attempts it runs, and tells which of them
// should stop: those asked to end, ended, or held by another. A new incarnation sends TopicQueue. Orphans are the open
// attempts of earlier incarnations without a sign of life for orphanAfter, told until they have ended. A late word of an
// incarnation before: all should stop.
func (s *Store) SeeWorker(ctx context.Context, w sb.Worker) (stop, orphans []sb.AttemptRef, err error) {
	err = s.change(ctx, func(ctx context.Context, t *tx) error {
		row, err := t.keepWorker(ctx, w)
		if err != nil {
			return err
		}
		if row.Incarnation != w.Incarnation {
			stop, orphans = w.Running, nil
			return nil
		}
		if stop, err = t.renew(ctx, w); err != nil {
			return err
		}
		orphans, err = t.orphans(ctx, w)
		return err
	})
	return stop, orphans, err
}

// keepWorker writes a worker's row, and gives it as it stands.
func (t *tx) keepWorker(ctx context.Context, w sb.Worker) (workerRow, error) {
	running, err := text(w.Running)
	if err != nil {
		return workerRow{}, err
	}
	warnings, err := text(w.Warnings)
	if err != nil {
		return workerRow{}, err
	}
	row := workerRow{
		OrchestratorID: w.OrchestratorID, Name: w.Name, Incarnation: w.Incarnation, Version: w.Version, Pool: w.Pool,
		Concurrency: w.Concurrency, Running: running, Draining: w.Draining, Warnings: warnings, SeenAt: t.now,
	}
	var old []workerRow
	err = t.NewRaw("SELECT * FROM workers WHERE orchestrator_id = ? AND name = ?", w.OrchestratorID, w.Name).Scan(ctx, &old)
	if err != nil {
		return row, err
	}
	if len(old) == 0 {
		t.note(sb.Note{Topic: sb.TopicQueue, ID: w.OrchestratorID})
		return row, insert(ctx, t, &row)
	}
	former := strings.FieldsFunc(old[0].Former, func(r rune) bool { return r == '\n' })
	switch row.Former = old[0].Former; {
	case w.Incarnation == old[0].Incarnation:
	case slices.Contains(former, w.Incarnation):
		return old[0], nil
	default:
		former = slices.Insert(former, 0, old[0].Incarnation)
		row.Former = strings.Join(former[:min(len(former), formerKept)], "\n")
		t.note(sb.Note{Topic: sb.TopicQueue, ID: w.OrchestratorID})
	}
	_, err = t.update(ctx, old[0], row, "orchestrator_id = ? AND name = ?", w.OrchestratorID, w.Name)
	return row, err
}

// renew renews the leases of what a worker runs, and tells what it should stop.
func (t *tx) renew(ctx context.Context, w sb.Worker) ([]sb.AttemptRef, error) {
	if len(w.Running) == 0 {
		return nil, nil
	}
	var works []workRow
	refs, args := tuples(w.Running)
	err := t.NewRaw("SELECT w.* FROM works AS w JOIN runs AS r ON r.id = w.run_id AND r.attempt = w.attempt WHERE (w.run_id, w.attempt) IN (VALUES "+refs+
		") AND r.orchestrator_id = ?", append(args, w.OrchestratorID)...).Scan(ctx, &works)
	if err != nil {
		return nil, err
	}
	going := map[sb.AttemptRef]bool{}
	var held []sb.AttemptRef
	for _, row := range works {
		ref := sb.AttemptRef{Run: row.RunID, Attempt: row.Attempt}
		if row.State == string(sb.WorkEnded) || row.Worker != "" && (row.Worker != w.Name || row.Incarnation != w.Incarnation) {
			continue
		}
		going[ref] = row.Ending == ""
		if row.Worker == "" { // not claimed yet, or by somebody else: the lease is none of this worker's
			continue
		}
		held = append(held, ref)
		if row.State == string(sb.WorkUnknown) {
			t.note(sb.Note{Topic: sb.TopicRun, ID: row.RunID})
		}
	}
	var stop []sb.AttemptRef
	for _, ref := range w.Running {
		if !going[ref] {
			stop = append(stop, ref)
		}
	}
	return stop, t.beatAll(ctx, held)
}

func (t *tx) beatAll(ctx context.Context, refs []sb.AttemptRef) error {
	if len(refs) == 0 {
		return nil
	}
	list, args := tuples(refs)
	_, err := t.exec(ctx, "UPDATE works SET seen_at = ? WHERE state <> 'ended' AND (run_id, attempt) IN (VALUES "+list+")", append([]any{t.now}, args...)...)
	return err
}

// orphans reads the open attempts of earlier incarnations of a worker that nobody speaks for any more.
func (t *tx) orphans(ctx context.Context, w sb.Worker) (refs []sb.AttemptRef, err error) {
	var rows []workRow
	err = t.NewRaw(`SELECT w.* FROM works AS w JOIN runs AS r ON r.id = w.run_id AND r.attempt = w.attempt
		WHERE w.worker = ? AND w.worker <> '' AND w.state <> 'ended' AND w.state <> 'none' AND w.incarnation <> ? AND w.seen_at < ? AND r.orchestrator_id = ? ORDER BY w.run_id`,
		w.Name, w.Incarnation, t.now-orphanAfter.Microseconds(), w.OrchestratorID).Scan(ctx, &rows)
	for _, row := range rows {
		refs = append(refs, sb.AttemptRef{Run: row.RunID, Attempt: row.Attempt})
	}
	return refs, err
}

// tuples writes attempts as rows of VALUES.
func tuples(refs []sb.AttemptRef) (string, []any) {
	var args []any
	for _, ref := range refs {
		args = append(args, ref.Run, ref.Attempt)
	}
	return strings.TrimSuffix(strings.Repeat("(?, ?), ", len(refs)), ", "), args
}
