package store

import (
	"context"

	"github.com/uptrace/bun"

	sb "signalbox"
)

// datasetRow is a row of datasets.
type datasetRow struct {
	bun.BaseModel     `bun:"table:datasets"`
	ID                string
	Name              string
	DefaultPermission string
	CreatorID         string
	CreatorName       string
	CreatedAt         int64
	UpdatedAt         int64
	SourceID          string
	SourceKey         string
	SourceName        string
	Tags              string
	Samples           int64
}

func toDatasetRow(d sb.Dataset) datasetRow {
	row := datasetRow{
		ID: d.ID, Name: d.Name, DefaultPermission: string(d.DefaultPermission), CreatorID: d.Creator.ID,
		CreatorName: d.Creator.Name, CreatedAt: micros(d.CreatedAt), UpdatedAt: micros(d.UpdatedAt),
		SourceID: d.SourceID, SourceKey: d.Key, SourceName: d.There, Tags: tagsText(d.Tags), Samples: -1,
	}
	if d.Samples != nil {
		row.Samples = *d.Samples
	}
	return row
}

func tagsText(tags []string) string {
	if len(tags) == 0 {
		return "[]"
	}
	list, _ := text(tags) // text can always be written
	return list
}

func (row datasetRow) dataset() sb.Dataset {
	d := sb.Dataset{
		ID: row.ID, Name: row.Name, DefaultPermission: sb.Permission(row.DefaultPermission),
		Creator:   sb.Who{ID: row.CreatorID, Name: row.CreatorName},
		CreatedAt: timeAt(row.CreatedAt), UpdatedAt: timeAt(row.UpdatedAt),
		SourceID: row.SourceID, Key: row.SourceKey, There: row.SourceName,
	}
	_ = parse(row.Tags, &d.Tags) // our own text
	if row.Samples >= 0 {
		d.Samples = &row.Samples
	}
	return d
}

func (row datasetRow) object() sb.Object {
	return sb.Object{Kind: "dataset", ID: row.ID, Name: row.Name}
}

// Datasets reads a page of those the viewer may see and whose name holds the search, in whatever case ("" for all), by name,
// with what his permission rests on.
func (s *Store) Datasets(ctx context.Context, v sb.Viewer, search, cursor string, limit int) (sb.Page[sb.Facts], error) {
	var page sb.Page[sb.Facts]
	after, err := readNameCursor(cursor)
	if err != nil {
		return page, err
	}
	limit = limitOf(limit)
	holds, text := s.holds(search, "d.name")
	query, args := datasetsPage(s.read, v, part{holds, text}, after.Name, limit+1)
	var rows []factsRow
	if err := s.read.NewRaw(query, args...).Scan(ctx, &rows); err != nil {
		return page, tidy(err)
	}
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = nameCursor{Name: rows[limit-1].Dataset.Name}.String()
	}
	page.Items, err = factsOfRows(rows)
	return page, tidy(err)
}

// datasetsPage is the SELECT of a page with the grounds of each permission.
func datasetsPage(q bun.IDB, v sb.Viewer, holds part, after string, limit int) (string, []any) {
	c := visibleDatasets(v, holds, after, limit)
	return "SELECT " + factsColumns(q) + " FROM (" + c.sql + `) AS c CROSS JOIN settings AS o CROSS JOIN principals AS p CROSS JOIN datasets AS d
		LEFT JOIN grants AS g ON g.dataset_id = d.id AND g.principal_id = p.id
		WHERE d.id = c.id AND p.id = ? AND p.deleted_at = 0 ORDER BY c.name LIMIT ?`, append(c.args, v.Principal.ID, limit)
}

// CreateDataset keeps a dataset; its creator gets Can manage. A name that is taken: Conflict.
func (s *Store) CreateDataset(ctx context.Context, d sb.Dataset) (sb.Dataset, error) {
	var made sb.Dataset
	err := s.change(ctx, func(ctx context.Context, t *tx) (err error) {
		made, err = t.createDataset(ctx, d, "dataset.create", map[string]any{})
		return err
	})
	return made, taken(err, "a dataset named %s exists already", d.Name)
}

// UpdateDataset changes a dataset's name or default access; what changes nothing is no act. May judges, in the
// transaction, whether who asks may do so. A name that is taken: Conflict.
func (s *Store) UpdateDataset(ctx context.Context, by, id string, patch sb.DatasetPatch, may func(sb.Facts) error) (sb.Dataset, error) {
	var after datasetRow
	err := s.change(ctx, func(ctx context.Context, t *tx) error {
		before, err := t.lockDataset(ctx, by, id, may)
		if err != nil {
			return err
		}
		after = before
		if patch.Name != nil {
			after.Name = *patch.Name
		}
		if patch.DefaultPermission != nil {
			after.DefaultPermission = string(*patch.DefaultPermission)
		}
		if after == before {
			return nil
		}
		after.UpdatedAt = t.now
		if _, err := t.update(ctx, before, after, "id = ?", id); err != nil {
			return err
		}
		return t.audit(ctx, "dataset.update", after.object(), edits{}.field("name", before.Name, after.Name).
			field("default_permission", before.DefaultPermission, after.DefaultPermission))
	})
	return after.dataset(), taken(err, "a dataset named %s exists already", after.Name)
}

// lockDataset holds the organisation, so that nothing is granted meanwhile, judges who asks, and reads a dataset.
func (t *tx) lockDataset(ctx context.Context, by, id string, may func(sb.Facts) error) (datasetRow, error) {
	if err := t.lockOrganisation(ctx); err != nil {
		return datasetRow{}, err
	}
	list, err := grounds(ctx, t, []sb.Ask{{PrincipalID: by, DatasetID: id}})
	if err != nil {
		return datasetRow{}, err
	}
	if err := may(list[0]); err != nil {
		return datasetRow{}, err
	}
	if list[0].Dataset == nil {
		return datasetRow{}, sb.Errorf(sb.NotFound, "dataset %s does not exist", id)
	}
	return toDatasetRow(*list[0].Dataset), nil
}

// DeleteDataset removes the entry with its grants. Its Scheduled runs are rejected by RejectWaiting; other runs stay.
// May judges, in the transaction, whether who asks may do so.
func (s *Store) DeleteDataset(ctx context.Context, id string, by sb.Who, may func(sb.Facts) error) error {
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		row, err := t.lockDataset(ctx, by.ID, id, may)
		if err != nil {
			return err
		}
		if row.SourceID != "" {
			return sb.Errorf(sb.Conflict, "dataset %s is kept in step with its source; delete it in FiftyOne, or remove the source", row.Name)
		}
		if err := t.deleteDataset(ctx, row, "Its dataset "+row.Name+" was deleted.", by); err != nil {
			return err
		}
		return t.audit(ctx, "dataset.delete", row.object(), nil)
	})
}

// deleteDataset removes an entry with its grants; the runs that wait for it will be rejected.
func (t *tx) deleteDataset(ctx context.Context, row datasetRow, reason string, by sb.Who) error {
	for _, table := range []string{"grants", "group_grants"} {
		if _, err := t.exec(ctx, "DELETE FROM ? WHERE dataset_id = ?", bun.Ident(table), row.ID); err != nil {
			return err
		}
	}
	if err := t.endInvitations(ctx, "dataset_id", row.ID); err != nil {
		return err
	}
	if _, err := t.exec(ctx, "DELETE FROM datasets WHERE id = ?", row.ID); err != nil {
		return err
	}
	return t.depart(ctx, departedDataset, row.ID, reason, by)
}
