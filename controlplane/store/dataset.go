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
}

func toDatasetRow(d sb.Dataset) datasetRow {
	return datasetRow{
		ID: d.ID, Name: d.Name, DefaultPermission: string(d.DefaultPermission), CreatorID: d.Creator.ID,
		CreatorName: d.Creator.Name, CreatedAt: micros(d.CreatedAt), UpdatedAt: micros(d.UpdatedAt),
	}
}

func (row datasetRow) dataset() sb.Dataset {
	return sb.Dataset{
		ID: row.ID, Name: row.Name, DefaultPermission: sb.Permission(row.DefaultPermission),
		Creator:   sb.Who{ID: row.CreatorID, Name: row.CreatorName},
		CreatedAt: timeAt(row.CreatedAt), UpdatedAt: timeAt(row.UpdatedAt),
	}
}

// seen are the permissions that let someone see a dataset.
var seen = sb.Permissions[1:]

// visible is the condition under which a viewer sees the dataset d, given his grant g: what controlplane/access says,
// put as SQL. An admin sees all; a Member what its default access or his grant lets him; others by grant alone.
func visible(v sb.Viewer) (string, []any) {
	switch v.Principal.Role {
	case sb.Admin:
		return "1 = 1", nil
	case sb.Member:
		return "(g.permission IN (?) OR d.default_permission IN (?))", []any{bun.List(seen), bun.List(seen)}
	case sb.Collaborator, sb.Labeler, sb.Guest:
		return "g.permission IN (?)", []any{bun.List(seen)}
	}
	return "1 = 0", nil
}

// visibleDatasets is a SELECT from the datasets a viewer sees, called d, with his grant g.
func visibleDatasets(columns string, v sb.Viewer) (string, []any) {
	where, args := visible(v)
	return "SELECT " + columns + ` FROM datasets AS d LEFT JOIN grants AS g ON g.dataset_id = d.id AND g.principal_id = ?
		WHERE ` + where, append([]any{v.Principal.ID}, args...)
}

// Datasets reads a page of those the viewer may see, by name, with what his permission rests on.
func (s *Store) Datasets(ctx context.Context, v sb.Viewer, cursor string, limit int) (sb.Page[sb.Facts], error) {
	var page sb.Page[sb.Facts]
	after, err := readNameCursor(cursor)
	if err != nil {
		return page, err
	}
	v2, err := settings(ctx, s.read)
	if err != nil {
		return page, tidy(err)
	}
	var rows []struct {
		datasetRow `bun:",extend"`
		Own        string
	}
	limit = limitOf(limit)
	query, args := visibleDatasets("d.*, coalesce(g.permission, '') AS own", v)
	err = s.read.NewRaw(query+" AND d.name > ? ORDER BY d.name LIMIT ?", append(args, after.Name, limit+1)...).Scan(ctx, &rows)
	if err != nil {
		return page, tidy(err)
	}
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = nameCursor{Name: rows[limit-1].Name}.String()
	}
	for _, row := range rows {
		d := row.dataset()
		page.Items = append(page.Items, sb.Facts{Principal: v.Principal, Settings: v2, Dataset: &d, Own: orNone(row.Own), Group: sb.NoAccess})
	}
	return page, nil
}

func orNone(p string) sb.Permission {
	if p == "" {
		return sb.NoAccess
	}
	return sb.Permission(p)
}

// CreateDataset keeps a dataset; its creator gets Can manage. A name that is taken: Conflict.
func (s *Store) CreateDataset(ctx context.Context, d sb.Dataset) (sb.Dataset, error) {
	err := s.change(ctx, func(ctx context.Context, t *tx) error {
		row := toDatasetRow(d)
		row.ID, row.CreatedAt, row.UpdatedAt = orNewID(d.ID), t.now, t.now
		if err := insert(ctx, t, &row); err != nil {
			return err
		}
		d = row.dataset()
		if row.CreatorID == "" {
			return nil
		}
		_, err := t.exec(ctx, "INSERT INTO grants (dataset_id, principal_id, permission) VALUES (?, ?, ?)", row.ID, row.CreatorID, sb.CanManage)
		return err
	})
	return d, taken(err, "a dataset named %s exists already", d.Name)
}

// UpdateDataset changes a dataset's name or default access; nil stays. A name that is taken: Conflict.
func (s *Store) UpdateDataset(ctx context.Context, id string, name *string, permission *sb.Permission) (sb.Dataset, error) {
	var after datasetRow
	err := s.change(ctx, func(ctx context.Context, t *tx) error {
		if err := t.lock(ctx, "datasets", "id", id); err != nil {
			return err
		}
		before, err := datasetOf(ctx, t, id)
		if err != nil {
			return err
		}
		after = before
		if name != nil {
			after.Name = *name
		}
		if permission != nil {
			after.DefaultPermission = string(*permission)
		}
		after.UpdatedAt = t.now
		_, err = t.update(ctx, before, after, "id = ?", id)
		return err
	})
	return after.dataset(), taken(err, "a dataset named %s exists already", after.Name)
}

func datasetOf(ctx context.Context, q bun.IDB, id string) (datasetRow, error) {
	var rows []datasetRow
	err := q.NewRaw("SELECT * FROM datasets WHERE id = ?", id).Scan(ctx, &rows)
	return one(rows, err, "dataset", id)
}

// DeleteDataset removes the entry with its grants and rejects its Scheduled runs. Other runs stay.
func (s *Store) DeleteDataset(ctx context.Context, id string, by sb.Who) error {
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		row, err := datasetOf(ctx, t, id)
		if err != nil {
			return err
		}
		if _, err := t.rejectRuns(ctx, by, "Its dataset "+row.Name+" was deleted.", "dataset_id = ?", id); err != nil {
			return err
		}
		if _, err := t.exec(ctx, "DELETE FROM grants WHERE dataset_id = ?", id); err != nil {
			return err
		}
		_, err = t.exec(ctx, "DELETE FROM datasets WHERE id = ?", id)
		return err
	})
}
