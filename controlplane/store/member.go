package store

import (
	"context"
	"slices"

	"github.com/uptrace/bun"

	sb "signalbox"
)

// memberRow is a row of members.
type memberRow struct {
	bun.BaseModel `bun:"table:members"`
	GroupID       string
	PrincipalID   string
	LockedBy      string
}

// Members reads a page of a group's members, by name: those whose name or email holds the search, in whatever case; "" for
// all.
func (s *Store) Members(ctx context.Context, groupID, search, cursor string, limit int) (sb.Page[sb.GroupMember], error) {
	var page sb.Page[sb.GroupMember]
	after, err := readNameCursor(cursor)
	if err != nil {
		return page, err
	}
	limit = limitOf(limit)
	holds, args := s.holds(search, "p.name", "p.email")
	args = slices.Concat([]any{groupID, after.Name, after.ID}, args, []any{limit + 1, groupID})
	var rows []struct {
		Member    memberRow    `bun:"embed:m_"`
		Principal principalRow `bun:"embed:p_"`
	}
	err = s.read.NewRaw("SELECT "+columns(s.read, memberRow{}, "m", "m_")+", "+columns(s.read, principalRow{}, "p", "p_")+`
		FROM (SELECT m.principal_id, p.name FROM members AS m JOIN principals AS p ON p.id = m.principal_id
			WHERE m.group_id = ? AND (p.name, p.id) > (?, ?)`+holds+` ORDER BY p.name, p.id LIMIT ?) AS page
		JOIN members AS m ON m.group_id = ? AND m.principal_id = page.principal_id JOIN principals AS p ON p.id = page.principal_id
		ORDER BY p.name, p.id`, args...).Scan(ctx, &rows)
	if err != nil {
		return page, tidy(err)
	}
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = nameCursor{rows[limit-1].Principal.Name, rows[limit-1].Principal.ID}.String()
	}
	for _, row := range rows {
		page.Items = append(page.Items, sb.GroupMember{Principal: row.Principal.principal(), LockedBy: row.Member.LockedBy})
	}
	return page, nil
}

// GroupsOf tells which groups principals belong to, by name, in one query for all of them; the first 500 of each.
func (s *Store) GroupsOf(ctx context.Context, principalIDs []string) (map[string][]sb.Who, error) {
	var rows []struct{ PrincipalID, ID, Name string }
	err := s.read.NewRaw(`SELECT principal_id, id, name FROM (
			SELECT m.principal_id, g.id, g.name, row_number() OVER (PARTITION BY m.principal_id ORDER BY g.name) AS place
			FROM members AS m JOIN groups AS g ON g.id = m.group_id WHERE m.principal_id IN (?)) AS first
		WHERE place <= ? ORDER BY name`, bun.List(orNobody(principalIDs)), sb.MaxLimit).Scan(ctx, &rows)
	found := map[string][]sb.Who{}
	for _, row := range rows {
		found[row.PrincipalID] = append(found[row.PrincipalID], sb.Who{ID: row.ID, Name: row.Name})
	}
	return found, tidy(err)
}

// AddMember puts a principal into a group; who is in it stays so. NotFound when there is no such group or principal.
func (s *Store) AddMember(ctx context.Context, groupID, principalID string) error {
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		group, p, err := t.lockMember(ctx, groupID, principalID)
		if err != nil {
			return err
		}
		n, err := t.exec(ctx, "INSERT INTO members (group_id, principal_id, locked_by) VALUES (?, ?, '') ON CONFLICT DO NOTHING", groupID, principalID)
		if err != nil || n == 0 {
			return err
		}
		return t.audit(ctx, "group.add_member", group.object(), map[string]any{"member": memberOf(p)})
	})
}

// RemoveMember takes a principal out of a group, and at once what that gave him. NotFound when he is not in it;
// Conflict when a login provider's mapping put him there.
func (s *Store) RemoveMember(ctx context.Context, groupID, principalID string) error {
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		group, p, err := t.lockMember(ctx, groupID, principalID)
		if err != nil {
			return err
		}
		var rows []memberRow
		err = t.NewRaw("SELECT * FROM members WHERE group_id = ? AND principal_id = ?", groupID, principalID).Scan(ctx, &rows)
		row, err := one(rows, err, "member", p.Name)
		if err != nil {
			return err
		}
		if row.LockedBy != "" {
			return sb.Errorf(sb.Conflict, "%s is in %s by the mapping of the login provider %s; take him out there", p.Name, group.Name, row.LockedBy)
		}
		if _, err := t.exec(ctx, "DELETE FROM members WHERE group_id = ? AND principal_id = ?", groupID, principalID); err != nil {
			return err
		}
		return t.audit(ctx, "group.remove_member", group.object(), map[string]any{"member": memberOf(p)})
	})
}

func (t *tx) lockMember(ctx context.Context, groupID, principalID string) (countedGroup, principalRow, error) {
	group, err := t.lockGroup(ctx, groupID)
	if err != nil {
		return group, principalRow{}, err
	}
	p, err := t.lockPrincipal(ctx, principalID)
	return group, p, err
}

// memberOf names a member in the audit log.
func memberOf(p principalRow) map[string]string {
	return map[string]string{"kind": p.Kind, "id": p.ID, "name": p.Name}
}
