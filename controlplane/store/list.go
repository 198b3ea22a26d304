package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	sb "signalbox"
)

// A list of runs is put together from branches. Each branch reads the first rows of one index, which has the filter that
// drives it in front and the order behind, so it stops after a page. A filter on several statuses, a viewer who sees by
// several grounds and a search in several places are several branches, whose few rows are sorted together.

// term is one condition on a run; on a column that may drive an index, or any other.
type term struct {
	column string // "" for a condition that drives nothing
	value  any
	sql    string // instead of column = value
	args   []any
}

func is(column string, value any) term { return term{column: column, value: value} }

func where(sql string, args ...any) term { return term{sql: sql, args: args} }

// drivers are the columns that have an index for each order, the most selective first. Runs that are not over are few,
// so their status comes before all but the id.
var drivers = []string{"id", openStatus, "pinned", "dataset_id", "created_by_id", "operator", "orchestrator_id", "status"}

const openStatus = "open status"

// withOperator are the drivers that have an index with the operator behind them, then the column of the order.
var withOperator = map[string][]string{
	"scheduled_at": {openStatus, "dataset_id", "created_by_id", "orchestrator_id", "status"},
	"updated_at":   {"dataset_id"},
}

// drives is what the term is among the drivers.
func (t term) drives() string {
	if status, ok := t.value.(sb.Status); ok && !status.Terminal() {
		return openStatus
	}
	return t.column
}

// maxBranches bounds a list's SQL; what would need more is filtered along the order instead.
const maxBranches = 60

// Runs reads a page of runs, without params, view, schemas, result and failure stack. The cursor of another order:
// Invalid. A page neither skips nor repeats a run that was there all the time; in the order of updates a run may be
// seen again when it changes.
func (s *Store) Runs(ctx context.Context, q sb.RunQuery) (sb.Page[sb.Run], error) {
	var page sb.Page[sb.Run]
	if q.Sort == "" {
		q.Sort = sb.SortScheduled
	}
	order, ok := orders[q.Sort]
	if !ok {
		return page, sb.Errorf(sb.Invalid, "there is no order of runs called %q", q.Sort)
	}
	cursor, err := readRunCursor(q.Cursor, q.Sort)
	if err != nil {
		return page, err
	}
	branches, err := s.branches(ctx, q)
	if err != nil || len(branches) == 0 {
		return page, tidy(err)
	}
	limit := limitOf(q.Limit)
	pick, args := union(branches, order, cursor, limit+1)
	page.Items, err = s.runs(ctx, s.read, false, "JOIN ("+pick+") AS p ON p.id = r.id ORDER BY "+order.of("r")+" LIMIT ?", append(args, limit+1)...)
	if len(page.Items) > limit {
		page.Items = page.Items[:limit]
		page.Next = order.cursor(page.Items[limit-1]).String()
	}
	return page, tidy(err)
}

// order is an order of runs: by a time and the id, down or up; by operator first where that is set.
type order struct {
	sort     sb.RunSort
	column   string
	down     bool
	operator bool
}

var orders = map[sb.RunSort]order{
	sb.SortScheduled: {sort: sb.SortScheduled, column: "scheduled_at", down: true},
	sb.SortUpdated:   {sort: sb.SortUpdated, column: "updated_at", down: true},
	sb.SortOldest:    {sort: sb.SortOldest, column: "scheduled_at"},
	sb.SortOperator:  {sort: sb.SortOperator, column: "scheduled_at", down: true, operator: true},
}

// of writes the ORDER BY for a table's alias.
func (o order) of(alias string) string {
	way := ""
	if o.down {
		way = " DESC"
	}
	by := alias + "." + o.column + way + ", " + alias + ".id" + way
	if o.operator {
		return alias + ".operator, " + by
	}
	return by
}

func (o order) cursor(r sb.Run) runCursor {
	c := runCursor{Sort: o.sort, At: micros(r.ScheduledAt), ID: r.ID}
	switch o.sort {
	case sb.SortUpdated:
		c.At = micros(r.UpdatedAt)
	case sb.SortOperator:
		c.Operator = r.Operator
	case sb.SortScheduled, sb.SortOldest:
	}
	return c
}

// behind gives the conditions for what lies behind a cursor: one, or two parts of the list where the operator comes
// first, for an index is read on from one key only.
func (o order) behind(c *runCursor) [][]term {
	if c == nil {
		return [][]term{nil}
	}
	sign := ">"
	if o.down {
		sign = "<"
	}
	rest := where("(r."+o.column+", r.id) "+sign+" (?, ?)", c.At, c.ID)
	if !o.operator {
		return [][]term{{rest}}
	}
	return [][]term{{where("r.operator = ?", c.Operator), rest}, {where("r.operator > ?", c.Operator)}}
}

// union writes the SELECT of the ids of a page.
func union(branches [][]term, o order, c *runCursor, limit int) (string, []any) {
	var parts []string
	var args []any
	for _, b := range branches {
		for _, rest := range o.behind(c) {
			sql, a := branch(append(append([]term{}, b...), rest...), o, limit)
			parts = append(parts, "SELECT id FROM ("+sql+") AS b")
			args = append(args, a...)
		}
	}
	return strings.Join(parts, " UNION "), args
}

// branch writes the SELECT of one branch. The most selective of its columns drives the index, with the operator where
// an index has both; the others are kept from doing so by an empty text behind them, for a database that picks the
// wrong one reads the whole table.
func branch(terms []term, o order, limit int) (string, []any) {
	driver, second := driversOf(terms, o)
	conditions := []string{"1 = 1"}
	var args []any
	for i, t := range terms {
		switch {
		case t.sql != "":
			conditions = append(conditions, t.sql)
			args = append(args, t.args...)
		case t.value == true:
			conditions = append(conditions, "r."+t.column)
		case i == driver || i == second:
			conditions = append(conditions, "r."+t.column+" = ?")
			args = append(args, t.value)
		default:
			conditions = append(conditions, "(r."+t.column+" || '') = ?")
			args = append(args, t.value)
		}
	}
	return "SELECT r.id FROM runs AS r WHERE " + strings.Join(conditions, " AND ") + " ORDER BY " + o.of("r") + " LIMIT ?", append(args, limit)
}

// driversOf finds the term that drives the index, and the operator's if that can do so behind it; -1 for none.
func driversOf(terms []term, o order) (driver, second int) {
	driver = mostSelective(terms, drivers)
	second = mostSelective(terms, []string{"operator"})
	before := mostSelective(terms, withOperator[o.column])
	switch {
	case second < 0 || before < 0:
		return driver, -1
	case driver == second:
		return before, second
	case driver == before:
		return driver, second
	}
	return driver, -1
}

// mostSelective finds the term whose column comes first in a list; -1 for none.
func mostSelective(terms []term, columns []string) int {
	best, rank := -1, len(columns)
	for i, t := range terms {
		if n := slices.Index(columns, t.drives()); n >= 0 && n < rank {
			best, rank = i, n
		}
	}
	return best
}

// branches gives the alternatives by which a run belongs to the list; none, and the list is empty.
func (s *Store) branches(ctx context.Context, q sb.RunQuery) ([][]term, error) {
	list := [][]term{filters(q)}
	viewed, err := s.viewed(ctx, q)
	if err != nil {
		return nil, err
	}
	list = times(list, viewed)
	if q.Search != "" {
		found, err := s.search(ctx, q)
		if err != nil {
			return nil, err
		}
		list = times(list, found)
	}
	if len(q.Statuses) == 0 {
		return list, nil
	}
	if len(list)*len(q.Statuses) > maxBranches {
		return times(list, [][]term{{where("(r.status || '') IN (?)", bun.List(q.Statuses))}}), nil
	}
	var statuses [][]term
	for _, status := range q.Statuses {
		statuses = append(statuses, []term{is("status", status)})
	}
	return times(list, statuses), nil
}

func filters(q sb.RunQuery) []term {
	var terms []term
	for _, f := range []struct{ column, value string }{
		{"dataset_id", q.DatasetID}, {"created_by_id", q.UserID}, {"operator", q.Operator}, {"orchestrator_id", q.OrchestratorID},
	} {
		if f.value != "" {
			terms = append(terms, is(f.column, f.value))
		}
	}
	if q.Pinned != nil {
		if *q.Pinned {
			return append(terms, is("pinned", true))
		}
		return append(terms, where("NOT r.pinned"))
	}
	return terms
}

// times combines each alternative of one kind with each of another.
func times(a, b [][]term) [][]term {
	var all [][]term
	for _, x := range a {
		for _, y := range b {
			all = append(all, append(append([]term{}, x...), y...))
		}
	}
	return all
}

// maxDatasets is up to how many visible datasets a viewer's list has a branch for each.
const maxDatasets = 12

// maxListed is up to how many visible datasets a viewer's list names them.
const maxListed = 500

// viewed gives the grounds on which the viewer sees runs: an admin all; others their own without a dataset, and in
// datasets they see all, or their own and the pinned ones.
func (s *Store) viewed(ctx context.Context, q sb.RunQuery) ([][]term, error) {
	v := q.Viewer
	if v.Principal.Role == sb.Admin {
		return [][]term{nil}, nil
	}
	in, err := s.inVisible(ctx, q)
	if err != nil {
		return nil, err
	}
	own := [][]term{{is("created_by_id", v.Principal.ID)}}
	bare := times(own, [][]term{{where("r.dataset_id = ''")}})
	if q.DatasetID != "" {
		bare = nil
	}
	if v.Others {
		return append(bare, in...), nil
	}
	others := times([][]term{{is("pinned", true)}}, in)
	return append(append(bare, times(own, in)...), others...), nil
}

// inVisible gives the alternatives of lying in a dataset the viewer sees: one for each of a few; one for all where they
// are more, by a list of ids as long as it is short, else by asking for each run.
func (s *Store) inVisible(ctx context.Context, q sb.RunQuery) ([][]term, error) {
	c, which := visibleDatasets(q.Viewer, part{}, "", maxListed+1), "SELECT id FROM (%s) AS c LIMIT ?"
	see, args := visible(q.Viewer)
	if q.DatasetID != "" {
		c, which = partOf("SELECT d.id FROM datasets AS d WHERE d.id = ? AND "+see, append([]any{q.DatasetID}, args...)...), "%s LIMIT ?"
	}
	var ids []string
	if err := s.read.NewRaw(fmt.Sprintf(which, c.sql), append(c.args, maxListed+1)...).Scan(ctx, &ids); err != nil {
		return nil, err
	}
	switch {
	case len(ids) > maxListed:
		return [][]term{{where("EXISTS (SELECT 1 FROM datasets AS d WHERE d.id = r.dataset_id AND "+see+")", args...)}}, nil
	case len(ids) > maxDatasets:
		return [][]term{{where("(r.dataset_id || '') IN (?)", bun.List(ids))}}, nil
	}
	return each(ids, func(id string) []term { return []term{is("dataset_id", id)} }), nil
}
