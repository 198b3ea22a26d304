package store

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	sb "signalbox"
)

// The most that a preview looks at. Beyond it the effect says that there is more.
const (
	maxPairs     = 10_000 // principals with datasets
	maxWaiting   = 1_000  // Scheduled runs
	pairsAtOnce  = 500
	everythingID = "~" // behind every id
)

var errPreviewed = errors.New("previewed")

// Preview runs a change in a transaction that is rolled back, and tells what it would do: who gains and loses on what
// the scope names, and which Scheduled runs the judge would reject then. An error of the change is Preview's. What this
// store reads and changes with the context that do gets is in the transaction; nothing else may happen in it. Before and
// after are read from one snapshot, so that what others commit meanwhile is in neither.
func (s *Store) Preview(ctx context.Context, scope sb.Scope, judge sb.Judge, do func(context.Context) error) (sb.Effect, error) {
	var effect sb.Effect
	err := s.changeAt(ctx, s.snapshot(), func(ctx context.Context, t *tx) error {
		p := preview{tx: t, scope: scope, judge: judge}
		if err := p.before(ctx); err != nil {
			return err
		}
		if err := do(ctx); err != nil {
			return err
		}
		var err error
		if effect, err = p.after(ctx); err != nil {
			return err
		}
		return errPreviewed
	})
	if errors.Is(err, errPreviewed) {
		return effect, nil
	}
	return sb.Effect{}, err
}

// preview is what is read before and after a change.
type preview struct {
	*tx
	scope sb.Scope
	judge sb.Judge

	pairs   []pair // those looked at before
	end     string // the last id looked at, where not all were
	was     map[pair]sb.Difference
	waiting []sb.Run
	ended   map[string]bool // runs that would be rejected anyway
	more    bool
}

// pair is whom and what a permission is about. The dataset is "" for an operator.
type pair struct{ principal, dataset string }

func (p *preview) before(ctx context.Context) (err error) {
	if p.pairs, p.end, err = p.find(ctx); err != nil {
		return err
	}
	if p.was, err = p.weigh(ctx, p.pairs); err != nil {
		return err
	}
	if p.waiting, err = p.scheduled(ctx); err != nil {
		return err
	}
	rejected, err := p.rejected(ctx)
	p.ended = map[string]bool{}
	for _, r := range rejected {
		p.ended[r.Run.ID] = true
	}
	return err
}

func (p *preview) after(ctx context.Context) (e sb.Effect, err error) {
	pairs := p.pairs
	if p.scope.GroupID == "" { // what is in the scope of a group is so before and after, and gone with the group
		found, end, err := p.find(ctx)
		if err != nil {
			return e, err
		}
		p.end = min(cmp.Or(p.end, everythingID), cmp.Or(end, everythingID))
		pairs = append(slices.Clone(pairs), found...)
	}
	is, err := p.weigh(ctx, pairs)
	if err != nil {
		return e, err
	}
	p.compare(is, &e)
	rejected, err := p.rejected(ctx)
	if err != nil {
		return e, err
	}
	e.Rejected = slices.DeleteFunc(rejected, func(r sb.RejectedRun) bool { return p.ended[r.Run.ID] })
	e.More = p.more
	for _, list := range []*[]sb.Difference{&e.Gain, &e.Lose} {
		if len(*list) > sb.MaxDifferences {
			*list, e.More = (*list)[:sb.MaxDifferences], true
		}
	}
	if len(e.Rejected) > sb.MaxDifferences {
		e.Rejected, e.More = e.Rejected[:sb.MaxDifferences], true
	}
	return e, nil
}

// find lists what is in the scope: of one principal or one dataset, those pairs that have access; of a group, its
// members with its datasets; of an operator, everybody. It tells the last id it came to if there are more.
func (p *preview) find(ctx context.Context) (pairs []pair, end string, err error) {
	query, args, err := p.candidates(ctx)
	if err != nil || query == "" {
		return nil, "", err
	}
	var rows []struct{ PrincipalID, DatasetID string }
	err = p.NewRaw(query+" ORDER BY 1, 2 LIMIT ?", append(args, maxPairs+1)...).Scan(ctx, &rows)
	if len(rows) > maxPairs {
		rows, p.more = rows[:maxPairs], true
		end = rows[maxPairs-1].PrincipalID + rows[maxPairs-1].DatasetID
	}
	for _, row := range rows {
		pairs = append(pairs, pair{row.PrincipalID, row.DatasetID})
	}
	return pairs, end, err
}

// candidates is the SELECT of the pairs in the scope.
func (p *preview) candidates(ctx context.Context) (string, []any, error) {
	c := p.scope
	switch {
	case c.Operator != "":
		return "SELECT id AS principal_id, '' AS dataset_id FROM principals WHERE deleted_at = 0", nil, nil
	case c.PrincipalID != "" && c.DatasetID != "":
		return "SELECT ? AS principal_id, ? AS dataset_id", []any{c.PrincipalID, c.DatasetID}, nil
	case c.GroupID != "" && c.PrincipalID != "":
		return "SELECT ? AS principal_id, dataset_id FROM group_grants WHERE group_id = ?", []any{c.PrincipalID, c.GroupID}, nil
	case c.GroupID != "" && c.DatasetID != "":
		return "SELECT principal_id, ? AS dataset_id FROM members WHERE group_id = ?", []any{c.DatasetID, c.GroupID}, nil
	case c.GroupID != "":
		return `SELECT m.principal_id, gg.dataset_id FROM members AS m JOIN group_grants AS gg ON gg.group_id = m.group_id
			WHERE m.group_id = ?`, []any{c.GroupID}, nil
	case c.DatasetID != "":
		return `SELECT p.id AS principal_id, d.id AS dataset_id FROM datasets AS d CROSS JOIN principals AS p
			LEFT JOIN grants AS g ON g.dataset_id = d.id AND g.principal_id = p.id
			WHERE d.id = ? AND p.deleted_at = 0 AND ` + hasAccess, []any{c.DatasetID}, nil
	case c.PrincipalID != "":
		return p.datasetsOf(ctx, c.PrincipalID)
	}
	return "", nil, nil
}

// datasetsOf is the SELECT of the datasets that a principal sees.
func (p *preview) datasetsOf(ctx context.Context, principalID string) (string, []any, error) {
	var rows []principalRow
	err := p.NewRaw("SELECT * FROM principals WHERE id = ? AND deleted_at = 0", principalID).Scan(ctx, &rows)
	if err != nil || len(rows) == 0 {
		return "", nil, err
	}
	var list []string
	var args []any
	for _, g := range groundsOf(sb.Viewer{Principal: rows[0].principal()}) {
		list = append(list, "SELECT d.id "+g.sql)
		args = append(args, g.args...)
	}
	return "SELECT ? AS principal_id, id AS dataset_id FROM (" + strings.Join(list, " UNION ") + ") AS d", append([]any{principalID}, args...), nil
}

// weigh judges what each pair permits now. Whoever or whatever is gone permits nothing.
func (p *preview) weigh(ctx context.Context, pairs []pair) (map[pair]sb.Difference, error) {
	found := make(map[pair]sb.Difference, len(pairs))
	for some := range slices.Chunk(pairs, pairsAtOnce) {
		asks := each(some, func(x pair) sb.Ask {
			return sb.Ask{PrincipalID: x.principal, DatasetID: x.dataset, Operator: p.scope.Operator}
		})
		facts, err := p.s.factsOfAll(ctx, p, asks)
		if err != nil {
			return nil, err
		}
		for i, f := range facts {
			found[some[i]] = p.difference(f)
		}
	}
	return found, nil
}

// difference names a pair, with what it permits now.
func (p *preview) difference(f sb.Facts) sb.Difference {
	d := sb.Difference{Principal: f.Principal.Who(), Operator: p.scope.Operator}
	if p.scope.Operator == "" {
		d.After = p.judge.Effective(f)
		if f.Dataset != nil {
			d.Dataset = &sb.Who{ID: f.Dataset.ID, Name: f.Dataset.Name}
		}
		return d
	}
	f.Dataset, f.Own, d.After = &sb.Dataset{DefaultPermission: sb.NoAccess}, sb.CanManage, sb.NoAccess // where he has all he may have
	if p.judge.Check(f, sb.ActSchedule) == nil {
		d.After = p.judge.Effective(f)
	}
	return d
}

// compare sorts what differs into gains and losses.
func (p *preview) compare(is map[pair]sb.Difference, e *sb.Effect) {
	for x, now := range is {
		was, known := p.was[x]
		if !known {
			was.After = sb.NoAccess
		}
		if was.After == now.After || p.end != "" && x.principal+x.dataset > p.end {
			continue
		}
		d := sb.Difference{Principal: now.Principal, Dataset: now.Dataset, Operator: now.Operator, Before: was.After, After: now.After}
		if d.Principal.ID == "" {
			d.Principal = was.Principal
		}
		if d.Dataset == nil {
			d.Dataset = was.Dataset
		}
		if now.After.AtLeast(was.After) {
			e.Gain = append(e.Gain, d)
		} else {
			e.Lose = append(e.Lose, d)
		}
	}
	slices.SortFunc(e.Gain, byName)
	slices.SortFunc(e.Lose, byName)
}

func byName(a, b sb.Difference) int {
	key := func(d sb.Difference) (string, string) {
		if d.Dataset == nil {
			return "", d.Principal.ID
		}
		return d.Dataset.Name, d.Principal.ID
	}
	dataset, id := key(a)
	dataset2, id2 := key(b)
	return cmp.Or(cmp.Compare(a.Principal.Name, b.Principal.Name), cmp.Compare(dataset, dataset2), cmp.Compare(id, id2))
}

// scheduled reads the runs in the scope that wait, those that wait longest first.
func (p *preview) scheduled(ctx context.Context) ([]sb.Run, error) {
	terms := []string{"r.status = 'scheduled'"}
	var args []any
	add := func(term string, values ...any) { terms, args = append(terms, term), append(args, values...) }
	c := p.scope
	if c.DatasetID != "" {
		add("r.dataset_id = ?", c.DatasetID)
	}
	if c.PrincipalID != "" {
		add("r.created_by_id = ?", c.PrincipalID)
	}
	if c.Operator != "" {
		add("r.operator = ?", c.Operator)
	}
	if c.GroupID != "" && c.PrincipalID == "" {
		add("r.created_by_id IN (SELECT principal_id FROM members WHERE group_id = ?)", c.GroupID)
	}
	if c.GroupID != "" && c.DatasetID == "" {
		add("r.dataset_id IN (SELECT dataset_id FROM group_grants WHERE group_id = ?)", c.GroupID)
	}
	runs, err := p.s.runs(ctx, p, false, "WHERE "+strings.Join(terms, " AND ")+" ORDER BY r.scheduled_at, r.id LIMIT ?", append(args, maxWaiting+1)...)
	if len(runs) > maxWaiting {
		runs, p.more = runs[:maxWaiting], true
	}
	return runs, err
}

// rejected tells which of the waiting runs the judge would not admit now.
func (p *preview) rejected(ctx context.Context) ([]sb.RejectedRun, error) {
	var list []sb.RejectedRun
	for some := range slices.Chunk(p.waiting, pairsAtOnce) {
		facts, err := p.s.factsOfRuns(ctx, p, some)
		if err != nil {
			return nil, err
		}
		for i, f := range facts {
			if said := p.judge.Explain(f, sb.ActSchedule); !said.Allowed {
				list = append(list, sb.RejectedRun{Run: some[i], Reason: said.Reason})
			}
		}
	}
	return list, nil
}
