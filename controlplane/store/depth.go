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
	err := s.read.NewRaw(`SELECT name, quota, coalesce(h.held, 0) AS held, coalesce(w.scheduled, 0) AS scheduled, coalesce(w.oldest, 0) AS oldest
		FROM orchestrators AS o
		LEFT JOIN (SELECT orchestrator_id, count(*) AS held FROM runs WHERE slot GROUP BY orchestrator_id) AS h ON h.orchestrator_id = o.id
		LEFT JOIN (SELECT orchestrator_id, count(*) AS scheduled, min(scheduled_at) AS oldest
			FROM runs WHERE status = 'scheduled' GROUP BY orchestrator_id) AS w ON w.orchestrator_id = o.id
		ORDER BY name`).Scan(ctx, &rows)
	depths := make([]sb.Depth, 0, len(rows))
	for _, row := range rows {
		depths = append(depths, sb.Depth{
			Orchestrator: row.Name, Quota: row.Quota, Held: row.Held, Scheduled: row.Scheduled, Oldest: timeAt(row.Oldest),
		})
	}
	return depths, tidy(err)
}
