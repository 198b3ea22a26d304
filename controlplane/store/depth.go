package store

import (
	"context"

	sb "signalbox"
)

// Depths reads how full every orchestrator is: its queue and its slots.
func (s *Store) Depths(ctx context.Context) ([]sb.Depth, error) {
	var rows []struct {
		Name      string
		Quota     int
		Held      int
		Scheduled int64
		Oldest    int64
	}
	err := s.read.NewRaw(`SELECT name, quota,
		(SELECT count(*) FROM runs WHERE slot AND orchestrator_id = o.id) AS held,
		(SELECT count(*) FROM runs WHERE status = 'scheduled' AND orchestrator_id = o.id) AS scheduled,
		(SELECT coalesce(min(scheduled_at), 0) FROM runs WHERE status = 'scheduled' AND orchestrator_id = o.id) AS oldest
		FROM orchestrators AS o ORDER BY name`).Scan(ctx, &rows)
	depths := make([]sb.Depth, 0, len(rows))
	for _, row := range rows {
		depths = append(depths, sb.Depth{
			Orchestrator: row.Name, Quota: row.Quota, Held: row.Held, Scheduled: row.Scheduled, Oldest: timeAt(row.Oldest),
		})
	}
	return depths, tidy(err)
}
