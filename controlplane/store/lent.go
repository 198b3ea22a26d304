package store

import (
	"context"

	sb "signalbox"
)

// Lent reads what each claim of an attempt was handed out.
func (s *Store) Lent(ctx context.Context, ref sb.AttemptRef) ([]sb.Lent, error) {
	var rows []claimRow
	err := s.read.NewRaw("SELECT run_id, attempt, source, try, secrets FROM claims WHERE run_id = ? AND attempt = ?", ref.Run, ref.Attempt).Scan(ctx, &rows)
	return each(rows, func(row claimRow) sb.Lent {
		ref := sb.AttemptRef{Run: row.RunID, Attempt: row.Attempt}
		return sb.Lent{Process: sb.Process{AttemptRef: ref, Source: row.Source, Try: row.Try}, Secrets: row.Secrets}
	}), tidy(err)
}

// ForgetLent forgets what was handed out to work that ended more than a minute ago, and whose words count no more. It is kept
// while a log is waited for, and as long as a log is read where others keep it: both are masked by it.
func (s *Store) ForgetLent(ctx context.Context) error {
	const over = ` FROM works AS w WHERE w.run_id = claims.run_id AND w.attempt = claims.attempt AND w.state = 'ended' AND w.ended_at < ? - ?
		AND w.log_due = 0 AND NOT EXISTS (SELECT 1 FROM chunks AS c WHERE c.run_id = w.run_id AND c.uri <> '')`
	var some []int
	err := s.read.NewRaw("SELECT 1 FROM claims WHERE secrets IS NOT NULL AND EXISTS (SELECT 1"+over+") LIMIT 1",
		s.nowSQL(), sb.ReportGrace.Microseconds()).Scan(ctx, &some)
	if err != nil || len(some) == 0 {
		return tidy(err)
	}
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.exec(ctx, "UPDATE claims SET secrets = NULL WHERE secrets IS NOT NULL AND EXISTS (SELECT 1"+over+")", t.now, sb.ReportGrace.Microseconds())
		return err
	})
}
