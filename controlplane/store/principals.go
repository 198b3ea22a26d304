package store

import (
	"context"
	"slices"

	"github.com/uptrace/bun"

	sb "signalbox"
)

// principalOrder puts principals in order by a number, the least first, and then by name. By name alone a page is read
// off an index; for the others, which are for people who look at a list, all that fit are sorted.
type principalOrder struct {
	rank string // the number, in SQL; "" for none
	of   func(principalRow) int64
}

var principalOrders = map[sb.PrincipalSort]principalOrder{
	sb.PrincipalsByName: {},
	sb.PrincipalsByRole: {
		"CASE role WHEN 'admin' THEN 0 WHEN 'member' THEN 1 WHEN 'collaborator' THEN 2 WHEN 'labeler' THEN 3 ELSE 4 END",
		func(row principalRow) int64 {
			return int64(len(sb.Roles) - 1 - slices.Index(sb.Roles, sb.Role(row.Role)))
		},
	},
	sb.PrincipalsBySeen:   {"-last_seen_at", func(row principalRow) int64 { return -row.LastSeenAt }},
	sb.PrincipalsByNewest: {"-created_at", func(row principalRow) int64 { return -row.CreatedAt }},
}

// principalCursor is where a list of principals goes on, in its order.
type principalCursor struct {
	nameCursor
	Sort sb.PrincipalSort `json:"s,omitempty"`
	Rank int64            `json:"r,omitempty"`
}

// readPrincipalCursor reads a cursor for an order; "" is the beginning.
func readPrincipalCursor(text string, sort sb.PrincipalSort) (c principalCursor, err error) {
	if text == "" {
		return c, nil
	}
	if err := readCursor(text, &c); err != nil || c.Name == "" || c.Sort != sort {
		return principalCursor{}, badCursor()
	}
	return c, nil
}

// Principals reads a page of principals. Errors: Invalid (the cursor, or an order that does not exist).
func (s *Store) Principals(ctx context.Context, q sb.PrincipalQuery) (sb.Page[sb.Principal], error) {
	var page sb.Page[sb.Principal]
	if q.Sort == "" {
		q.Sort = sb.PrincipalsByName
	}
	order, known := principalOrders[q.Sort]
	if !known {
		return page, sb.Errorf(sb.Invalid, "there is no order %q of principals", q.Sort)
	}
	after, err := readPrincipalCursor(q.Cursor, q.Sort)
	if err != nil {
		return page, err
	}
	limit := limitOf(q.Limit)
	where, args := s.principalsMeant(q)
	behind, by, from := order.behind(after, q.Cursor != "")
	var rows []principalRow
	err = s.read.NewRaw("SELECT * FROM principals WHERE "+where+behind+" ORDER BY "+by+" LIMIT ?",
		slices.Concat(args, from, []any{limit + 1})...).Scan(ctx, &rows)
	if err != nil {
		return page, tidy(err)
	}
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = order.cursor(q.Sort, rows[limit-1])
	}
	page.Items = each(rows, principalRow.principal)
	return page, nil
}

// principalsMeant is the condition of a query, without where its page begins.
func (s *Store) principalsMeant(q sb.PrincipalQuery) (string, []any) {
	kinds := []sb.PrincipalKind{sb.User, sb.ServiceAccount}
	if q.Kind != "" {
		kinds = []sb.PrincipalKind{q.Kind}
	}
	where, args := "kind IN (?) AND deleted_at = 0", []any{bun.List(kinds)}
	if len(q.Roles) > 0 {
		where, args = where+" AND role IN (?)", append(args, bun.List(q.Roles))
	}
	holds, texts := s.holds(q.Search, "name", "email")
	return where + holds, append(args, texts...)
}

// behind is the condition of what comes behind a cursor, and the order.
func (o principalOrder) behind(after principalCursor, on bool) (condition, by string, args []any) {
	if o.rank == "" {
		return " AND (name, id) > (?, ?)", "name, id", []any{after.Name, after.ID}
	}
	by = o.rank + ", name, id"
	if !on {
		return "", by, nil
	}
	return " AND (" + by + ") > (?, ?, ?)", by, []any{after.Rank, after.Name, after.ID}
}

func (o principalOrder) cursor(sort sb.PrincipalSort, last principalRow) string {
	c := principalCursor{nameCursor: nameCursor{last.Name, last.ID}, Sort: sort}
	if o.of != nil {
		c.Rank = o.of(last)
	}
	return writeCursor(c)
}
