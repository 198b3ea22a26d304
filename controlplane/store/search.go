package store

import (
	"cmp"
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
	fewTrigrams    = 3    // of a text that are looked up first
	sampleLabels   = 200  // from which it is told which trigrams are rare
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
	find, along := s.idsByTrigrams, where(`r.label LIKE ? ESCAPE '\'`, like)
	if s.listen != nil {
		along = where(`r.label ILIKE ?`, like)
		find = func(ctx context.Context, _ string) (ids []string, err error) {
			err = s.read.NewRaw("SELECT id FROM runs WHERE label ILIKE ? LIMIT ?", like, fewLabels+1).Scan(ctx, &ids)
			return ids, err
		}
	}
	ids, err := find(ctx, part)
	switch {
	case err != nil || len(ids) == 0:
		return nil, err
	case len(ids) > fewLabels:
		return [][]term{{along}}, nil
	}
	return [][]term{{where("r.id IN (?)", bun.List(ids))}}, nil
}

// idsByTrigrams finds up to fewLabels + 1 runs by their labels on SQLite. Its trigram index reads every list of a
// phrase's trigrams to the end, and those of common words are as long as the table. So the rarest trigrams alone are
// looked up first, and labels that have them all are compared; only where those are many, the whole phrase is.
func (s *Store) idsByTrigrams(ctx context.Context, part string) ([]string, error) {
	rare, err := s.rarest(ctx, trigrams(part))
	if err != nil {
		return nil, err
	}
	if len(rare) == 0 {
		return s.idsByPhrase(ctx, part)
	}
	var rows []struct{ ID, Label string }
	err = s.read.NewRaw("SELECT id, label FROM runs WHERE rowno IN (SELECT rowid FROM run_labels WHERE run_labels MATCH ? LIMIT ?)",
		strings.Join(each(rare, quoted), " AND "), fewLabels+1).Scan(ctx, &rows)
	if err != nil {
		return nil, err
	}
	if len(rows) > fewLabels {
		return s.idsByPhrase(ctx, part)
	}
	var ids []string
	for _, row := range rows {
		if containsFold(row.Label, part) {
			ids = append(ids, row.ID)
		}
	}
	return ids, nil
}

func (s *Store) idsByPhrase(ctx context.Context, part string) (ids []string, err error) {
	err = s.read.NewRaw("SELECT id FROM runs WHERE rowno IN (SELECT rowid FROM run_labels WHERE run_labels MATCH ? LIMIT ?)",
		quoted(part), fewLabels+1).Scan(ctx, &ids)
	return ids, err
}

// quoted writes a text as a phrase of a full-text query.
func quoted(text string) string { return `"` + strings.ReplaceAll(text, `"`, `""`) + `"` }

// trigrams lists the different trigrams of a text.
func trigrams(text string) []string {
	var list []string
	runes := []rune(text)
	for i := range len(runes) - shortestLabel + 1 {
		list = append(list, string(runes[i:i+shortestLabel]))
	}
	return unique(list)
}

// rarest picks the few trigrams that the fewest of the newest labels have; none when even those are common.
func (s *Store) rarest(ctx context.Context, list []string) ([]string, error) {
	if len(list) <= fewTrigrams {
		return list, nil
	}
	var labels []string
	if err := s.read.NewRaw("SELECT label FROM runs ORDER BY rowno DESC LIMIT ?", sampleLabels).Scan(ctx, &labels); err != nil {
		return nil, err
	}
	labels = each(labels, strings.ToLower)
	in := map[string]int{}
	for _, trigram := range list {
		for _, label := range labels {
			if strings.Contains(label, strings.ToLower(trigram)) {
				in[trigram]++
			}
		}
	}
	slices.SortStableFunc(list, func(a, b string) int { return cmp.Compare(in[a], in[b]) })
	if in[list[0]] > len(labels)/10 {
		return nil, nil
	}
	return list[:fewTrigrams], nil
}
