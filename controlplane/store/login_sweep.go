package store

import (
	"context"
	"time"
)

// ForgetLogins removes what logins left behind and nobody believes any more: logins that were begun, ids of used
// assertions, requests of programs, and sessions that have expired or were not used for longer than idle. It removes at
// most limit of each, and tells how many that were of the kind that had most. Any number of replicas may do so.
func (s *Store) ForgetLogins(ctx context.Context, idle time.Duration, limit int) (int, error) {
	var most int64
	err := s.change(ctx, func(ctx context.Context, t *tx) error {
		most = 0
		for _, query := range []string{
			"DELETE FROM logins WHERE state IN (SELECT state FROM logins WHERE expires_at <= ?0 LIMIT ?2)",
			"DELETE FROM assertions WHERE (provider, id) IN (SELECT provider, id FROM assertions WHERE expires_at <= ?0 LIMIT ?2)",
			"DELETE FROM devices WHERE hash IN (SELECT hash FROM devices WHERE expires_at <= ?0 LIMIT ?2)",
			"DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at <= ?0 OR seen_at <= ?1 LIMIT ?2)",
		} {
			n, err := t.exec(ctx, query, t.now, t.now-idle.Microseconds(), limit)
			if err != nil {
				return err
			}
			most = max(most, n)
		}
		return nil
	})
	return int(most), err
}
