package store

import (
	"context"

	"github.com/uptrace/bun"

	sb "signalbox"
)

// requestRow is a row of requests.
type requestRow struct {
	bun.BaseModel `bun:"table:requests"`
	RunID         string
	SourceID      string
	Request       string
	Pipeline      string
}

// keepAsked keeps with a new run what it is asked with: as the run that it repeats, or as it says.
func (t *tx) keepAsked(ctx context.Context, n sb.NewRun, run sb.Run) error {
	row := requestRow{RunID: run.ID, Request: string(n.App.Request), Pipeline: string(n.App.Pipeline)}
	switch {
	case run.RerunOf != "":
		_, err := t.exec(ctx, "INSERT INTO requests (run_id, source_id, request, pipeline) SELECT ?, source_id, request, '' FROM requests WHERE run_id = ?", run.ID, run.RerunOf)
		return err
	case n.Operation != nil:
		row.SourceID = n.Operation.SourceID
	case row.Request == "":
		return nil
	}
	return insert(ctx, t, &row)
}

// reachRow is what a run reaches its source by.
type reachRow struct {
	SourceID, SourceKey, SourceName, Request, Pipeline string
}

// RunSource reads what a run reaches its source by: the source's id, "" for none, its dataset there, and what it is asked with.
func (s *Store) RunSource(ctx context.Context, run string) (sourceID string, r sb.Reach, err error) {
	var rows []reachRow
	err = s.read.NewRaw(`SELECT coalesce(nullif(d.source_id, ''), s.id, '') AS source_id, coalesce(d.source_key, '') AS source_key,
		coalesce(d.source_name, '') AS source_name, coalesce(q.request, '') AS request, coalesce(q.pipeline, '') AS pipeline
		FROM runs AS r LEFT JOIN datasets AS d ON d.id = r.dataset_id LEFT JOIN requests AS q ON q.run_id = r.id
		LEFT JOIN sources AS s ON s.id = q.source_id WHERE r.id = ?`, run).Scan(ctx, &rows)
	row, err := one(rows, err, "run", run)
	return row.SourceID, sb.Reach{DatasetID: row.SourceKey, Dataset: row.SourceName, Request: raw(row.Request), Pipeline: raw(row.Pipeline)}, tidy(err)
}
