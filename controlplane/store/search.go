package store

import (
	"context"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	sb "signalbox"
)

const (
	shortestLabel  = 3    // characters of a trigram
	shortestID     = 8    // characters of an id: runs of one second
	fewLabels      = 2000 // matches that are looked up; more are met soon along the order
	fewAlternative = 10   // operators, or people, that get a branch each
)

// search gives the places a run is found in: its operator's URI, its submitter's name, its label from three characters,
// and the beginning of its id from eight. Operators and people are found first, then their runs.
func (s *Store) search(ctx context.Context, q sb.RunQuery) ([][]term, error) {
	uris, err := s.operatorsLike(ctx, q.Search, q.MatchURI)
	if err != nil {
		return nil, err
	}
	found := anyOf("operator", uris)
	if q.MatchURI {
		return found, nil
	}
	people, err := s.peopleLike(ctx, q.Search)
	if err != nil {
		return nil, err
	}
	found = append(found, anyOf("created_by_id", people)...)
	if len([]rune(q.Search)) >= shortestLabel {
		labels, err := s.labelsLike(ctx, q.Search)
		if err != nil {
			return nil, err
		}
		found = append(found, labels...)
	}
	if id := strings.ToUpper(q.Search); len(id) >= shortestID && len(id) <= len(newID()) && plainID(id) {
		found = append(found, []term{where("r.id >= ? AND r.id < ?", id, id+"~")})
	}
	return found, nil
}

// anyOf is an alternative for each of a few values, or one for many.
func anyOf(column string, values []string) [][]term {
	if len(values) > fewAlternative {
		return [][]term{{where("(r."+column+" || '') IN (?)", bun.List(values))}}
	}
	return each(values, func(v string) []term { return []term{is(column, v)} })
}

func plainID(id string) bool {
	return !strings.ContainsFunc(id, func(c rune) bool { return (c < '0' || c > '9') && (c < 'A' || c > 'Z') })
}

// operatorsLike finds the operators of which there are runs, by walking from one to the next along their index.
func (s *Store) operatorsLike(ctx context.Context, part string, exact bool) ([]string, error) {
	var uris []string
	err := s.read.NewRaw(`WITH RECURSIVE o (uri) AS (
			SELECT min(operator) FROM runs
			UNION ALL
			SELECT (SELECT min(operator) FROM runs WHERE operator > o.uri) FROM o WHERE o.uri IS NOT NULL)
		SELECT uri FROM o WHERE uri IS NOT NULL`).Scan(ctx, &uris)
	return slices.DeleteFunc(uris, func(uri string) bool {
		return !strings.Contains(uri, part) && (exact || !containsFold(uri, part))
	}), err
}

// peopleLike finds people by their names, also those who are gone.
func (s *Store) peopleLike(ctx context.Context, part string) ([]string, error) {
	var rows []struct{ ID, Name string }
	if err := s.read.NewRaw("SELECT id, name FROM principals").Scan(ctx, &rows); err != nil {
		return nil, err
	}
	var ids []string
	for _, row := range rows {
		if containsFold(row.Name, part) {
			ids = append(ids, row.ID)
		}
	}
	return ids, nil
}

func containsFold(s, part string) bool {
	return strings.Contains(strings.ToLower(s), strings.ToLower(part))
}

// labelsLike finds runs by their labels: a few by their rows; many by looking at labels along the order.
func (s *Store) labelsLike(ctx context.Context, part string) ([][]term, error) {
	like := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(part) + "%"
	query, args := "SELECT id FROM runs WHERE label ILIKE ? LIMIT ?", []any{like}
	along := where(`r.label ILIKE ?`, like)
	if s.listen == nil {
		query = "SELECT id FROM runs WHERE rowno IN (SELECT rowid FROM run_labels WHERE run_labels MATCH ? LIMIT ?)"
		args = []any{`"` + strings.ReplaceAll(part, `"`, `""`) + `"`}
		along = where(`r.label LIKE ? ESCAPE '\'`, like)
	}
	var ids []string
	err := s.read.NewRaw(query, append(args, fewLabels+1)...).Scan(ctx, &ids)
	switch {
	case err != nil || len(ids) == 0:
		return nil, err
	case len(ids) > fewLabels:
		return [][]term{{along}}, nil
	}
	return [][]term{{where("r.id IN (?)", bun.List(ids))}}, nil
}
