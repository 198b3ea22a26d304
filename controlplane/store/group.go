package store

import (
	"context"

	"github.com/uptrace/bun"

	sb "signalbox"
)

// groupRow is a row of groups.
type groupRow struct {
	bun.BaseModel `bun:"table:groups"`
	ID            string
	Name          string
	Description   string
	CreatedAt     int64
}

func (row groupRow) object() sb.Object { return sb.Object{Kind: "group", ID: row.ID, Name: row.Name} }

// countedGroup is a group with the number of its members.
type countedGroup struct {
	groupRow `bun:",extend"`
	Members  int
}

func (row countedGroup) group() sb.Group {
	return sb.Group{ID: row.ID, Name: row.Name, Description: row.Description, Members: row.Members, CreatedAt: timeAt(row.CreatedAt)}
}

const groupColumns = "SELECT g.*, (SELECT count(*) FROM members AS m WHERE m.group_id = g.id) AS members FROM groups AS g "

// Groups reads a page of groups by name: those whose name holds the search, in whatever case; "" for all.
func (s *Store) Groups(ctx context.Context, search, cursor string, limit int) (sb.Page[sb.Group], error) {
	var page sb.Page[sb.Group]
	after, err := readNameCursor(cursor)
	if err != nil {
		return page, err
	}
	limit = limitOf(limit)
	holds, args := s.holds(search, "g.name")
	var rows []countedGroup
	err = s.read.NewRaw(groupColumns+"WHERE g.name > ?"+holds+" ORDER BY g.name LIMIT ?",
		append(append([]any{after.Name}, args...), limit+1)...).Scan(ctx, &rows)
	if err != nil {
		return page, tidy(err)
	}
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = nameCursor{Name: rows[limit-1].Name}.String()
	}
	page.Items = each(rows, countedGroup.group)
	return page, nil
}

// Group reads one by its id, else by its name.
func (s *Store) Group(ctx context.Context, idOrName string) (sb.Group, error) {
	row, err := groupCalled(ctx, s.read, idOrName)
	return row.group(), tidy(err)
}

func groupCalled(ctx context.Context, q bun.IDB, idOrName string) (countedGroup, error) {
	var rows []countedGroup
	err := q.NewRaw(groupColumns+"WHERE g.id = ? OR g.name = ? ORDER BY CASE WHEN g.id = ? THEN 0 ELSE 1 END LIMIT 1",
		idOrName, idOrName, idOrName).Scan(ctx, &rows)
	return one(rows, err, "group", idOrName)
}

// CreateGroup keeps a new group without members. A name that is taken: Conflict.
func (s *Store) CreateGroup(ctx context.Context, name, description string) (sb.Group, error) {
	var row groupRow
	err := s.change(ctx, func(ctx context.Context, t *tx) error {
		row = groupRow{ID: newID(), Name: name, Description: description, CreatedAt: t.now}
		if err := insert(ctx, t, &row); err != nil {
			return err
		}
		return t.audit(ctx, "group.create", row.object(), nil)
	})
	return countedGroup{groupRow: row}.group(), groupTaken(err, name)
}

// UpdateGroup changes a group's name or description; nil stays. A name that is taken: Conflict.
func (s *Store) UpdateGroup(ctx context.Context, id string, name, description *string) (sb.Group, error) {
	var after countedGroup
	err := s.change(ctx, func(ctx context.Context, t *tx) error {
		before, err := t.lockGroup(ctx, id)
		if err != nil {
			return err
		}
		after = before
		if name != nil {
			after.Name = *name
		}
		if description != nil {
			after.Description = *description
		}
		n, err := t.update(ctx, before.groupRow, after.groupRow, "id = ?", id)
		if err != nil || n == 0 {
			return err
		}
		return t.audit(ctx, "group.update", after.object(),
			edits{}.field("name", before.Name, after.Name).field("description", before.Description, after.Description))
	})
	return after.group(), groupTaken(err, after.Name)
}

// DeleteGroup ends a group, and at once what it gave its members.
func (s *Store) DeleteGroup(ctx context.Context, id string) error {
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		row, err := t.lockGroup(ctx, id)
		if err != nil {
			return err
		}
		for _, query := range []string{
			"DELETE FROM group_grants WHERE group_id = ?", "DELETE FROM members WHERE group_id = ?", "DELETE FROM groups WHERE id = ?",
		} {
			if _, err := t.exec(ctx, query, id); err != nil {
				return err
			}
		}
		return t.audit(ctx, "group.delete", row.object(), map[string]any{"members": row.Members})
	})
}

func groupTaken(err error, name string) error {
	return taken(err, "a group named %s exists already", name)
}

// lockGroup holds the organisation, for a group decides about permissions, and reads the group.
func (t *tx) lockGroup(ctx context.Context, id string) (countedGroup, error) {
	if err := t.lockOrganisation(ctx); err != nil {
		return countedGroup{}, err
	}
	var rows []countedGroup
	err := t.NewRaw(groupColumns+"WHERE g.id = ?", id).Scan(ctx, &rows)
	return one(rows, err, "group", id)
}
