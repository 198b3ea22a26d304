package store

import (
	"context"
	"slices"

	"github.com/uptrace/bun"

	sb "signalbox"
)

// maxCandidates is the most people, and the most groups, that a search for whom to share with gives.
const maxCandidates = 20

// SetGrant gives a principal or a group a permission on a dataset in the place of the one before; NoAccess takes it
// away. May judges, in the transaction, whether who asks may do so and to whom; for a group the latter are facts about
// nobody. NotFound when the dataset, the principal or the group does not exist.
func (s *Store) SetGrant(ctx context.Context, by string, g sb.Grant, may func(by, to sb.Facts) error) error {
	err := s.change(ctx, func(ctx context.Context, t *tx) error {
		if err := t.lockOrganisation(ctx); err != nil {
			return err
		}
		list, err := grounds(ctx, t, []sb.Ask{{PrincipalID: by, DatasetID: g.DatasetID}, {PrincipalID: g.PrincipalID, DatasetID: g.DatasetID}})
		if err != nil {
			return err
		}
		if err := may(list[0], list[1]); err != nil {
			return err
		}
		to, before, err := t.holder(ctx, g, list[1])
		if err != nil || before == g.Permission {
			return err
		}
		if err := t.grant(ctx, g); err != nil {
			return err
		}
		d := list[0].Dataset
		return t.audit(ctx, "dataset.share", sb.Object{Kind: "dataset", ID: d.ID, Name: d.Name},
			map[string]any{"to": map[string]string{"kind": to.Kind, "id": to.ID, "name": to.Name}, "permission": edit{before, g.Permission}})
	})
	return passed("grant.after", err)
}

// holder reads whom a grant is for, and what he was granted before.
func (t *tx) holder(ctx context.Context, g sb.Grant, f sb.Facts) (sb.Object, sb.Permission, error) {
	if f.Dataset == nil {
		return sb.Object{}, "", sb.Errorf(sb.NotFound, "dataset %s does not exist", g.DatasetID)
	}
	if g.GroupID == "" {
		p := f.Principal
		if p.ID == "" {
			return sb.Object{}, "", sb.Errorf(sb.NotFound, "there is no user or service account %s", g.PrincipalID)
		}
		return principalObject(p), f.Own, nil
	}
	var rows []struct{ ID, Name, Permission string }
	err := t.NewRaw(`SELECT gr.id, gr.name, coalesce(gg.permission, '') AS permission FROM groups AS gr
		LEFT JOIN group_grants AS gg ON gg.group_id = gr.id AND gg.dataset_id = ? WHERE gr.id = ?`, g.DatasetID, g.GroupID).Scan(ctx, &rows)
	row, err := one(rows, err, "group", g.GroupID)
	return sb.Object{Kind: "group", ID: row.ID, Name: row.Name}, orNone(row.Permission), err
}

// grant writes a grant, or takes it away.
func (t *tx) grant(ctx context.Context, g sb.Grant) error {
	table, column, id := "grants", "principal_id", g.PrincipalID
	if g.GroupID != "" {
		table, column, id = "group_grants", "group_id", g.GroupID
	}
	if g.Permission == sb.NoAccess {
		_, err := t.exec(ctx, "DELETE FROM ? WHERE dataset_id = ? AND ? = ?", bun.Ident(table), g.DatasetID, bun.Ident(column), id)
		return err
	}
	_, err := t.exec(ctx, `INSERT INTO ? (dataset_id, ?, permission) VALUES (?, ?, ?)
		ON CONFLICT (dataset_id, ?) DO UPDATE SET permission = excluded.permission`,
		bun.Ident(table), bun.Ident(column), g.DatasetID, id, g.Permission, bun.Ident(column))
	return err
}

// hasAccess is the condition under which the principal p has access to the dataset d, given his grant g; as visible says,
// from the dataset's side.
const hasAccess = `(p.role = 'admin' OR p.role = 'member' AND d.default_permission <> 'none' OR g.permission IS NOT NULL
	OR EXISTS (SELECT 1 FROM members AS m JOIN group_grants AS gg ON gg.group_id = m.group_id AND gg.dataset_id = d.id WHERE m.principal_id = p.id))`

// Holders reads a page of those who have access to a dataset, by name, with all that it rests on.
func (s *Store) Holders(ctx context.Context, h sb.HolderQuery) (sb.Page[sb.Holder], error) {
	var page sb.Page[sb.Holder]
	after, err := readNameCursor(h.Cursor)
	if err != nil {
		return page, err
	}
	limit := limitOf(h.Limit)
	meant, args := s.holds(h.Search, "p.name", "p.email")
	if h.OnlyID != "" {
		meant, args = meant+" AND p.id = ?", append(args, h.OnlyID)
	}
	args = slices.Concat([]any{h.DatasetID, after.Name, after.ID}, args, []any{limit + 1, h.DatasetID})
	err = s.view(ctx, func(ctx context.Context, q bun.IDB) error {
		var rows []factsRow
		err := q.NewRaw("SELECT "+factsColumns(q)+` FROM (
				SELECT p.id, p.name FROM datasets AS d CROSS JOIN principals AS p LEFT JOIN grants AS g ON g.dataset_id = d.id AND g.principal_id = p.id
				WHERE d.id = ? AND p.deleted_at = 0 AND (p.name, p.id) > (?, ?)`+meant+` AND `+hasAccess+` ORDER BY p.name, p.id LIMIT ?) AS c
			CROSS JOIN settings AS o CROSS JOIN principals AS p CROSS JOIN datasets AS d
			LEFT JOIN grants AS g ON g.dataset_id = d.id AND g.principal_id = p.id
			WHERE p.id = c.id AND d.id = ? ORDER BY c.name, c.id`, args...).Scan(ctx, &rows)
		if err != nil {
			return err
		}
		if len(rows) > limit {
			rows = rows[:limit]
			page.Next = nameCursor{rows[limit-1].Principal.Name, rows[limit-1].Principal.ID}.String()
		}
		page.Items, err = holdersOf(ctx, q, h.DatasetID, rows)
		return err
	})
	return page, err
}

func holdersOf(ctx context.Context, q bun.IDB, datasetID string, rows []factsRow) ([]sb.Holder, error) {
	facts, err := factsOfRows(rows)
	if err != nil {
		return nil, err
	}
	var through []struct {
		PrincipalID, ID, Name string
		Permission            sb.Permission
	}
	err = q.NewRaw(`SELECT principal_id, id, name, permission FROM (
			SELECT m.principal_id, gr.id, gr.name, gg.permission, row_number() OVER (PARTITION BY m.principal_id ORDER BY `+rankOf+` DESC, gr.name) AS place
			FROM group_grants AS gg JOIN members AS m ON m.group_id = gg.group_id JOIN groups AS gr ON gr.id = gg.group_id
			WHERE gg.dataset_id = ? AND m.principal_id IN (?)) AS best
		WHERE place <= ? ORDER BY name`, datasetID,
		bun.List(orNobody(each(facts, func(f sb.Facts) string { return f.Principal.ID }))), sb.MaxThrough).Scan(ctx, &through)
	groups := map[string][]sb.GroupAccess{}
	for _, row := range through {
		groups[row.PrincipalID] = append(groups[row.PrincipalID], sb.GroupAccess{Group: sb.Group{ID: row.ID, Name: row.Name}, Permission: row.Permission})
	}
	return each(facts, func(f sb.Facts) sb.Holder { return sb.Holder{Facts: f, Groups: groups[f.Principal.ID]} }), err
}

// GroupGrants reads a page of the groups that a dataset is shared with and whose name holds search, by name.
func (s *Store) GroupGrants(ctx context.Context, datasetID, search, cursor string, limit int) (sb.Page[sb.GroupAccess], error) {
	var page sb.Page[sb.GroupAccess]
	after, err := readNameCursor(cursor)
	if err != nil {
		return page, err
	}
	limit = limitOf(limit)
	holds, args := s.holds(search, "gr.name")
	var rows []struct {
		groupRow   `bun:",extend"`
		Members    int
		Permission sb.Permission
	}
	err = s.read.NewRaw(`SELECT gr.*, gg.permission, (SELECT count(*) FROM members AS m WHERE m.group_id = gr.id) AS members
		FROM group_grants AS gg JOIN groups AS gr ON gr.id = gg.group_id WHERE gg.dataset_id = ? AND gr.name > ?`+holds+` ORDER BY gr.name LIMIT ?`,
		append(append([]any{datasetID, after.Name}, args...), limit+1)...).Scan(ctx, &rows)
	if err != nil {
		return page, tidy(err)
	}
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = nameCursor{Name: rows[limit-1].Name}.String()
	}
	for _, row := range rows {
		page.Items = append(page.Items, sb.GroupAccess{Group: countedGroup{row.groupRow, row.Members}.group(), Permission: row.Permission})
	}
	return page, nil
}

// Candidates finds principals and groups to share with, by part of a name or email, whatever the case.
func (s *Store) Candidates(ctx context.Context, search string) (sb.Candidates, error) {
	people, err := s.Principals(ctx, sb.PrincipalQuery{Search: search, Limit: maxCandidates})
	if err != nil {
		return sb.Candidates{}, err
	}
	groups, err := s.Groups(ctx, search, "", maxCandidates)
	return sb.Candidates{Principals: people.Items, Groups: groups.Items}, err
}

// CloneDataset keeps a dataset with the default access of another, unless it has its own; grants are not copied, the
// creator gets Can manage. May judges in the transaction by the creator's facts about the source.
func (s *Store) CloneDataset(ctx context.Context, sourceID string, d sb.Dataset, may func(sb.Facts) error) (sb.Dataset, error) {
	var made sb.Dataset
	err := s.change(ctx, func(ctx context.Context, t *tx) error {
		if err := t.lockOrganisation(ctx); err != nil { // nobody is demoted between the judgement and his grant
			return err
		}
		list, err := grounds(ctx, t, []sb.Ask{{PrincipalID: d.Creator.ID, DatasetID: sourceID}})
		if err != nil {
			return err
		}
		if err := may(list[0]); err != nil {
			return err
		}
		source := list[0].Dataset
		if source == nil {
			return sb.Errorf(sb.NotFound, "dataset %s does not exist", sourceID)
		}
		copied := d
		if copied.DefaultPermission == "" {
			copied.DefaultPermission = source.DefaultPermission
		}
		made, err = t.createDataset(ctx, copied, "dataset.clone", map[string]any{"source": map[string]string{"id": source.ID, "name": source.Name}})
		return err
	})
	return made, taken(err, "a dataset named %s exists already", d.Name)
}

// createDataset keeps a dataset whose creator, if it has one, gets Can manage.
func (t *tx) createDataset(ctx context.Context, d sb.Dataset, action string, detail map[string]any) (sb.Dataset, error) {
	row := toDatasetRow(d)
	row.ID, row.CreatedAt, row.UpdatedAt = orNewID(d.ID), t.now, t.now
	if err := insert(ctx, t, &row); err != nil {
		return sb.Dataset{}, err
	}
	if row.CreatorID != "" {
		if err := t.grant(ctx, sb.Grant{DatasetID: row.ID, PrincipalID: row.CreatorID, Permission: sb.CanManage}); err != nil {
			return sb.Dataset{}, err
		}
	}
	detail["default_permission"] = row.DefaultPermission
	return row.dataset(), t.audit(ctx, action, row.object(), detail)
}
