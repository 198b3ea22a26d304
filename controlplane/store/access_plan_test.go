package store

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

// questions runs something and gives what the database was asked.
func (s *Store) questions(do func() error) ([]string, error) {
	a := &asked{}
	whole := s.read
	s.read = whole.WithQueryHook(a)
	defer func() { s.read = whole }()
	err := do()
	var queries []string
	for _, q := range a.queries {
		if strings.HasPrefix(q, "SELECT") || strings.HasPrefix(q, "WITH") {
			queries = append(queries, q)
		}
	}
	return queries, err
}

// What decides about a request is read in one query, and in one more for a run and for an operator; what does not exist
// takes as many as what does. Each row is found by an index.
func TestFactsAreOneQuery(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), Options{URL: filepath.Join(t.TempDir(), "test.db")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.Migrate(t.Context()))
	gus, err := s.CreatePrincipal(t.Context(), sb.Principal{Kind: sb.User, Name: "gus", Role: sb.Guest})
	require.NoError(t, err)
	hidden, err := s.CreateDataset(t.Context(), sb.Dataset{Name: "hidden", DefaultPermission: sb.NoAccess})
	require.NoError(t, err)
	for name, row := range map[string]struct {
		asks    []sb.Ask
		queries int
	}{
		"a dataset":   {[]sb.Ask{{Dataset: hidden.ID}, {Dataset: "hidden"}, {Dataset: "none"}, {DatasetID: hidden.ID}, {}}, 1},
		"an operator": {[]sb.Ask{{Dataset: "hidden", Operator: "@a/b/c"}, {Dataset: "none", Operator: "@x/y/z"}}, 2},
		"a run":       {[]sb.Ask{{Run: "none"}}, 2},
	} {
		for _, ask := range row.asks {
			ask.PrincipalID = gus.ID
			queries, err := s.questions(func() error { _, err := s.Facts(t.Context(), ask); return err })
			require.NoError(t, err)
			require.Len(t, queries, row.queries, "%s: %v", name, ask)
			for _, q := range queries {
				plan := explained(t, s, q)
				for _, table := range []string{"p", "d", "e", "g", "m", "gg", "gr", "v"} {
					require.NotContains(t, plan+"\n", "SCAN "+table+"\n", "%s: %s", name, plan)
				}
			}
		}
	}
}

// A page of datasets is put together from what each ground's index gives first, never from all datasets.
func TestDatasetsAreReadByTheirGrounds(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), Options{URL: filepath.Join(t.TempDir(), "test.db")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.Migrate(t.Context()))
	granted := []string{"g USING INDEX grants_principal (principal_id=?", "m USING COVERING INDEX members_principal (principal_id=?", "gg USING INDEX group_grants_group (group_id=?"}
	for role, uses := range map[sb.Role][]string{
		sb.Admin:  {"d USING INDEX sqlite_autoindex_datasets_2 (name>?)"},
		sb.Member: append([]string{"d USING COVERING INDEX datasets_default (default_permission=? AND name>?)"}, granted...),
		sb.Guest:  granted,
	} {
		after := nameCursor{Name: "n"}.String()
		v := sb.Viewer{Principal: sb.Principal{ID: "p", Role: role}}
		queries, err := s.questions(func() error { _, err := s.Datasets(t.Context(), v, "", after, 50); return err })
		require.NoError(t, err)
		require.Len(t, queries, 1)
		plan := explained(t, s, queries[0])
		for _, index := range uses {
			require.Contains(t, plan, index, fmt.Sprint(role))
		}
		require.NotContains(t, plan+"\n", "SCAN d\n", plan)
	}
}
