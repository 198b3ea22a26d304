package store

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

// Every order under every filter reads one index from its beginning, or from the cursor, without sorting.
func TestListsReadOneIndexInOrder(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), Options{URL: filepath.Join(t.TempDir(), "test.db")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.Migrate(t.Context()))
	yes := true
	filters := map[string]sb.RunQuery{
		"runs_":              {},
		"runs_dataset_":      {DatasetID: "d", Statuses: []sb.Status{sb.Failed, sb.Completed}},
		"runs_status_":       {Statuses: []sb.Status{sb.Failed, sb.Running}},
		"runs_operator":      {Operator: "o"},
		"runs_orchestrator_": {OrchestratorID: "x"},
		"runs_user_":         {UserID: "u", Operator: "o"},
		"runs_pinned_":       {Pinned: &yes, DatasetID: "d"},
	}
	for index, q := range filters {
		q.Viewer.Principal.Role = sb.Admin
		for _, sort := range sb.RunSorts {
			branches, err := s.branches(t.Context(), q)
			require.NoError(t, err)
			for _, cursor := range []*runCursor{nil, {Sort: sort, At: 1, Operator: "o", ID: "i"}} {
				for _, b := range branches {
					for _, rest := range orders[sort].behind(cursor) {
						plan := s.plan(t, append(append([]term{}, b...), rest...), orders[sort])
						require.Contains(t, plan, "INDEX "+index, "%v by %s: %s", q, sort, plan)
						require.NotContains(t, plan, "TEMP B-TREE", "%v by %s", q, sort)
					}
				}
			}
		}
	}
}

// Two filters that each fit many runs, and few together, must not be met by reading all that fit one of them.
func TestTheBestIndexIsTaken(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), Options{URL: filepath.Join(t.TempDir(), "test.db")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.Migrate(t.Context()))
	for index, q := range map[string]sb.RunQuery{
		"runs_dataset_operator (dataset_id=? AND operator=?":           {Operator: "o", DatasetID: "d", Statuses: []sb.Status{sb.Failed}},
		"runs_user_operator (created_by_id=? AND operator=?":           {Operator: "o", UserID: "u", OrchestratorID: "x"},
		"runs_orchestrator_operator (orchestrator_id=? AND operator=?": {Operator: "o", OrchestratorID: "x"},
		"runs_status_operator (status=? AND operator=?":                {Operator: "o", Statuses: []sb.Status{sb.Queued}, DatasetID: "d"},
		"runs_status_scheduled (status=?":                              {Statuses: []sb.Status{sb.Running}, OrchestratorID: "x", UserID: "u"},
		"COVERING INDEX runs_dataset_scheduled (dataset_id=?":          {Statuses: []sb.Status{sb.Completed}, DatasetID: "d"},
	} {
		q.Viewer.Principal.Role = sb.Admin
		branches, err := s.branches(t.Context(), q)
		require.NoError(t, err)
		for _, sort := range []sb.RunSort{sb.SortScheduled, sb.SortOldest} {
			plan := s.plan(t, branches[0], orders[sort])
			require.Contains(t, plan, index)
			require.NotContains(t, plan, "TEMP B-TREE")
		}
	}
	q := sb.RunQuery{Operator: "o", DatasetID: "d", Statuses: []sb.Status{sb.Failed}}
	q.Viewer.Principal.Role = sb.Admin
	branches, err := s.branches(t.Context(), q)
	require.NoError(t, err)
	plan := s.plan(t, branches[0], orders[sb.SortUpdated])
	require.Contains(t, plan, "COVERING INDEX runs_dataset_operator_updated (dataset_id=? AND operator=?")
	require.NotContains(t, plan, "TEMP B-TREE")
	branches, err = s.branches(t.Context(), sb.RunQuery{DatasetID: "d", UserID: "u", Viewer: q.Viewer})
	require.NoError(t, err)
	require.Contains(t, s.plan(t, branches[0], orders[sb.SortUpdated]), "COVERING INDEX runs_dataset_updated (dataset_id=?")
}

func (s *Store) plan(t *testing.T, terms []term, o order) string {
	t.Helper()
	sql, args := branch(terms, o, 10)
	var rows []struct {
		ID, Parent, Notused int
		Detail              string
	}
	require.NoError(t, s.read.NewRaw("EXPLAIN QUERY PLAN "+sql, args...).Scan(t.Context(), &rows))
	var lines []string
	for _, row := range rows {
		lines = append(lines, row.Detail)
	}
	return strings.Join(lines, "\n")
}
