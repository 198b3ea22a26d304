package store

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	sb "signalbox"
)

// asked keeps what a database is asked.
type asked struct{ queries []string }

func (a *asked) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context { return ctx }

func (a *asked) AfterQuery(_ context.Context, e *bun.QueryEvent) {
	a.queries = append(a.queries, e.Query)
}

// What every request, and every page of people, begins with is one query, which finds its rows by an index and in order.
func TestPeopleAreFoundByAnIndexInOneQuery(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), Options{URL: filepath.Join(t.TempDir(), "test.db")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.Migrate(t.Context()))
	after := principalOrders[sb.PrincipalsByName].cursor(sb.PrincipalsByName, principalRow{Name: "n", ID: "i"})
	for name, row := range map[string]struct {
		do   func() error
		uses []string
		rank bool // few rows are put in order of rank
	}{
		"who holds a key": {
			do:   func() error { _, err := s.PrincipalOfKey(t.Context(), []byte("h")); return err },
			uses: []string{"k USING INDEX sqlite_autoindex_api_keys_2 (hash=?)", "p USING INDEX sqlite_autoindex_principals_1 (id=?)"},
		},
		"the first users": {
			do: func() error {
				_, err := s.Principals(t.Context(), sb.PrincipalQuery{Kind: sb.User, Limit: 50})
				return err
			},
			uses: []string{"USING INDEX principals_name (kind=?"},
		},
		"users behind a cursor": {
			do: func() error {
				_, err := s.Principals(t.Context(), sb.PrincipalQuery{Kind: sb.User, Cursor: after, Limit: 50})
				return err
			},
			uses: []string{"USING INDEX principals_name (kind=? AND (name,id)>(?,?))"},
		},
		"users that fit a search": {
			do: func() error {
				_, err := s.Principals(t.Context(), sb.PrincipalQuery{Kind: sb.User, Search: "x", Cursor: after, Limit: 50})
				return err
			},
			uses: []string{"USING INDEX principals_name (kind=? AND (name,id)>(?,?))"},
		},
		"someone by whatever names him": {
			do: func() error { _, err := s.Principal(t.Context(), "n"); return err },
			uses: []string{
				"sqlite_autoindex_principals_1 (id=?)", "principals_account (name=?)", "principals_email (email=?)", "principals_name (kind=? AND name=?)",
			},
			rank: true,
		},
		"groups behind a cursor": {
			do:   func() error { _, err := s.Groups(t.Context(), "", nameCursor{Name: "n"}.String(), 50); return err },
			uses: []string{"g USING INDEX sqlite_autoindex_groups_2 (name>?)", "m USING COVERING INDEX sqlite_autoindex_members_1 (group_id=?)"},
		},
		"the groups of a page of people": {
			do: func() error { _, err := s.GroupsOf(t.Context(), []string{"a", "b"}); return err },
			uses: []string{
				"m USING COVERING INDEX members_principal (principal_id=?)", "g USING INDEX sqlite_autoindex_groups_1 (id=?)",
			},
			rank: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := &asked{}
			whole := s.read
			s.read = whole.WithQueryHook(a)
			err := row.do()
			s.read = whole
			require.True(t, err == nil || sb.CodeOf(err) == sb.NotFound, "%v", err)
			require.Len(t, a.queries, 1)
			plan := explained(t, s, a.queries[0])
			for _, index := range row.uses {
				require.Contains(t, plan, index)
			}
			require.NotContains(t, strings.ReplaceAll(plan, "SCAN o", ""), "SCAN p", "the settings are one row; people are many")
			if !row.rank {
				require.NotContains(t, plan, "TEMP B-TREE")
			}
		})
	}
}

func explained(t *testing.T, s *Store, query string) string {
	t.Helper()
	var rows []struct {
		ID, Parent, Notused int
		Detail              string
	}
	require.NoError(t, s.read.NewRaw("EXPLAIN QUERY PLAN "+query).Scan(t.Context(), &rows))
	var lines []string
	for _, row := range rows {
		lines = append(lines, row.Detail)
	}
	return strings.Join(lines, "\n")
}
