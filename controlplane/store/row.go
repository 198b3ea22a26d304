package store

import (
	"context"
	"reflect"
	"slices"
	"strings"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"

	sb "signalbox"
)

// insert writes one row, or a slice of rows in one statement.
func insert(ctx context.Context, q bun.IDB, model any) error {
	_, err := q.NewInsert().Model(model).Exec(ctx)
	return err
}

// update writes those columns of a row that differ between two rows of one type, where the condition holds, and tells
// how many rows that were. A column that others write meanwhile is left alone, and an index that nothing changed, too.
func (t *tx) update(ctx context.Context, before, after any, where string, args ...any) (int64, error) {
	table := tableOf(t, after)
	v, w := reflect.Indirect(reflect.ValueOf(before)), reflect.Indirect(reflect.ValueOf(after))
	var sets []string
	var values []any
	for _, f := range table.Fields {
		if value := f.Value(w).Interface(); f.Value(v).Interface() != value {
			sets = append(sets, "? = ?")
			values = append(values, bun.Ident(f.Name), value)
		}
	}
	if len(sets) == 0 {
		return 0, nil
	}
	query := "UPDATE ? SET " + strings.Join(sets, ", ") + " WHERE " + where
	return t.exec(ctx, query, slices.Concat([]any{bun.Ident(table.Name)}, values, args)...)
}

// columns lists the columns of a model for a SELECT: of the table called alias, named with a prefix, without some.
func columns(q bun.IDB, model any, alias, prefix string, without ...string) string {
	var list []string
	for _, f := range tableOf(q, model).Fields {
		if !slices.Contains(without, f.Name) {
			list = append(list, alias+`."`+f.Name+`" AS "`+prefix+f.Name+`"`)
		}
	}
	return strings.Join(list, ", ")
}

func tableOf(q bun.IDB, model any) *schema.Table {
	return q.Dialect().Tables().Get(reflect.Indirect(reflect.ValueOf(model)).Type())
}

// one picks the only row, or says that there is none.
func one[T any](rows []T, err error, what, name string) (T, error) {
	var none T
	if err != nil {
		return none, err
	}
	if len(rows) == 0 {
		return none, sb.Errorf(sb.NotFound, "%s %s does not exist", what, name)
	}
	return rows[0], nil
}

// each makes a slice of another.
func each[T, U any](list []T, f func(T) U) []U {
	out := make([]U, 0, len(list))
	for _, v := range list {
		out = append(out, f(v))
	}
	return out
}
