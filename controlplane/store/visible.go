package store

import (
	"strings"

	"github.com/uptrace/bun"

	sb "signalbox"
)

// seen are the permissions that let someone see a dataset.
var seen = sb.Permissions[1:]

// Whoever sees a dataset does so on one of a few grounds, as controlplane/access says: an admin sees all; a Member what
// its default access lets him; all of them what was granted to them or to a group of theirs. A cap lowers, but never
// below Can view. One dataset is looked at by visible; the datasets of a viewer are found ground by ground, for each
// ground has an index.

// visible is the condition under which a viewer sees the dataset d.
func visible(v sb.Viewer) (string, []any) {
	granted := `(EXISTS (SELECT 1 FROM grants AS g WHERE g.dataset_id = d.id AND g.principal_id = ? AND g.permission IN (?))
		OR EXISTS (SELECT 1 FROM members AS m JOIN group_grants AS gg ON gg.group_id = m.group_id AND gg.dataset_id = d.id
			WHERE m.principal_id = ? AND gg.permission IN (?)))`
	args := []any{v.Principal.ID, bun.List(seen), v.Principal.ID, bun.List(seen)}
	switch v.Principal.Role {
	case sb.Admin:
		return "1 = 1", nil
	case sb.Member:
		return "(d.default_permission IN (?) OR " + granted + ")", append([]any{bun.List(seen)}, args...)
	case sb.Collaborator, sb.Labeler, sb.Guest:
		return granted, args
	}
	return "1 = 0", nil
}

// part is a piece of SQL with its arguments.
type part struct {
	sql  string
	args []any
}

func partOf(sql string, args ...any) part { return part{sql, args} }

// groundsOf gives the FROM and WHERE clauses that find the datasets a viewer sees, called d; some by several. CROSS JOIN
// keeps SQLite from walking through all datasets in the order of their names instead of through the few granted ones.
func groundsOf(v sb.Viewer) []part {
	id, role := v.Principal.ID, v.Principal.Role
	if role == sb.Admin {
		return []part{partOf("FROM datasets AS d WHERE 1 = 1")}
	}
	if !role.Valid() {
		return []part{partOf("FROM datasets AS d WHERE 1 = 0")}
	}
	list := []part{
		partOf("FROM grants AS g CROSS JOIN datasets AS d WHERE d.id = g.dataset_id AND g.principal_id = ? AND g.permission IN (?)", id, bun.List(seen)),
		partOf(`FROM members AS m CROSS JOIN group_grants AS gg CROSS JOIN datasets AS d
			WHERE gg.group_id = m.group_id AND d.id = gg.dataset_id AND m.principal_id = ? AND gg.permission IN (?)`, id, bun.List(seen)),
	}
	if role == sb.Member {
		for _, p := range seen { // one after the other: each is in order in the index
			list = append(list, partOf("FROM datasets AS d WHERE d.default_permission = ?", p))
		}
	}
	return list
}

// visibleDatasets is a SELECT of id and name of the first datasets d that a viewer sees and that fit a further condition, if
// any, behind a name.
func visibleDatasets(v sb.Viewer, fit part, after string, limit int) part {
	var list []string
	var args []any
	for _, g := range groundsOf(v) {
		list = append(list, "SELECT id, name FROM (SELECT d.id, d.name "+g.sql+fit.sql+" AND d.name > ? ORDER BY d.name LIMIT ?) AS b")
		args = append(append(append(args, g.args...), fit.args...), after, limit)
	}
	return part{strings.Join(list, " UNION "), args}
}
