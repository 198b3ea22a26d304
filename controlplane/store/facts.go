package store

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	sb "signalbox"
)

// Facts reads what decides about an ask. What does not exist is nil in the facts and no error; only an unknown principal
// is NotFound. It is one query; another reads the run that is meant, and one the operator, from the same snapshot. What
// does not exist costs as many as what does.
func (s *Store) Facts(ctx context.Context, ask sb.Ask) (f sb.Facts, err error) {
	read := func(ctx context.Context, q bun.IDB) error {
		run, err := s.askedRun(ctx, q, &ask)
		if err != nil {
			return err
		}
		list, err := s.facts(ctx, q, []sb.Ask{ask})
		if err != nil {
			return err
		}
		f = list[0]
		f.Run = run
		return nil
	}
	if ask.Run == "" && ask.Operator == "" {
		return f, tidy(read(ctx, s.read))
	}
	return f, s.view(ctx, read)
}

// askedRun reads the run an ask is about; its dataset and operator are then what is asked for.
func (s *Store) askedRun(ctx context.Context, q bun.IDB, ask *sb.Ask) (*sb.Run, error) {
	if ask.Run == "" {
		return nil, nil
	}
	runs, err := s.runs(ctx, q, true, "WHERE r.id = ?", ask.Run)
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	ask.Dataset, ask.DatasetID, ask.Operator = "", runs[0].DatasetID, runs[0].Operator
	return &runs[0], nil
}

// facts reads the facts of many asks, runs left out, in as many queries as for one. NotFound when a principal is unknown.
func (s *Store) facts(ctx context.Context, q bun.IDB, asks []sb.Ask) ([]sb.Facts, error) {
	list, err := s.factsOfAll(ctx, q, asks)
	if err != nil {
		return nil, err
	}
	for i, f := range list {
		if f.Principal.ID == "" {
			return nil, sb.Errorf(sb.NotFound, "principal %s does not exist", asks[i].PrincipalID)
		}
	}
	return list, nil
}

// factsOfAll is facts without a fault for a principal who is gone: he has no role.
func (s *Store) factsOfAll(ctx context.Context, q bun.IDB, asks []sb.Ask) ([]sb.Facts, error) {
	return s.factsOf(ctx, q, asks, askedPlugin.operator)
}

// factsOfRuns is factsOfAll for runs that wait: an operator that only the revision has to which a run is pinned is
// found, too.
func (s *Store) factsOfRuns(ctx context.Context, q bun.IDB, runs []sb.Run) ([]sb.Facts, error) {
	asks := each(runs, func(r sb.Run) sb.Ask {
		return sb.Ask{PrincipalID: r.CreatedBy.ID, DatasetID: r.DatasetID, Operator: r.Operator}
	})
	list, err := s.factsOf(ctx, q, asks, askedPlugin.everOperator)
	for i := range list {
		list[i].Run = &runs[i]
		if list[i].Principal.ID == "" {
			list[i].Principal.Name = runs[i].CreatedBy.Name
		}
	}
	return list, err
}

func (s *Store) factsOf(ctx context.Context, q bun.IDB, asks []sb.Ask, operator func(askedPlugin, string) *sb.Operator) ([]sb.Facts, error) {
	list, err := grounds(ctx, q, asks)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(asks, func(a sb.Ask) bool { return a.Operator != "" }) {
		return list, nil
	}
	found, err := s.askedOperators(ctx, q, asks)
	if err != nil {
		return nil, err
	}
	for i, ask := range asks {
		plugin, name, _ := sb.SplitURI(ask.Operator)
		if p, ok := found[plugin]; ok {
			list[i].Plugin, list[i].Operator = &p.Plugin, operator(p, name)
		}
	}
	return list, nil
}

// factsRow are the grounds of one ask. What does not exist is empty.
type factsRow struct {
	N         int
	Principal principalRow `bun:"embed:p_"`
	Settings  settingsRow  `bun:"embed:o_"`
	Dataset   datasetRow   `bun:"embed:d_"`
	standing  `bun:",extend"`
}

// standing is what was granted to a principal on a dataset.
type standing struct {
	Own  string
	Best string // see bestGroup
}

// rankOf is the rank of what a group was granted.
const rankOf = `CASE gg.permission WHEN 'view' THEN '1' WHEN 'tag' THEN '2' WHEN 'edit' THEN '3' WHEN 'manage' THEN '4' ELSE '0' END`

// bestGroup is what the best group of the principal p gives on the dataset d: the rank of the permission and the
// group's name, so that the greatest is the best.
const bestGroup = `coalesce((SELECT max(` + rankOf + ` || gr.name)
	FROM members AS m JOIN group_grants AS gg ON gg.group_id = m.group_id AND gg.dataset_id = d.id JOIN groups AS gr ON gr.id = m.group_id
	WHERE m.principal_id = p.id), '')`

func (row standing) into(f *sb.Facts) {
	f.Own, f.Group, f.Via = orNone(row.Own), sb.NoAccess, ""
	if row.Best != "" {
		f.Group, f.Via = sb.Permissions[row.Best[0]-'0'], row.Best[1:]
	}
}

func orNone(p string) sb.Permission {
	if p == "" {
		return sb.NoAccess
	}
	return sb.Permission(p)
}

// grounds reads principals, settings, datasets and grants of asks, in one query and in their order.
func grounds(ctx context.Context, q bun.IDB, asks []sb.Ask) ([]sb.Facts, error) {
	var rows []factsRow
	values := make([]string, 0, len(asks))
	args := make([]any, 0, 4*len(asks))
	for i, ask := range asks {
		values = append(values, "(?, ?, ?, ?)")
		name := ask.Dataset
		if ask.DatasetID != "" {
			name = "" // a dataset that is gone must not give what belonged to it to another that is named like its id
		}
		args = append(args, i, ask.PrincipalID, cmp.Or(ask.DatasetID, ask.Dataset), name)
	}
	err := q.NewRaw("WITH a (n, principal_id, dataset_id, dataset_name) AS (VALUES "+strings.Join(values, ", ")+") SELECT a.n, "+factsColumns(q)+`
		FROM a CROSS JOIN settings AS o
		LEFT JOIN principals AS p ON p.id = a.principal_id AND p.deleted_at = 0
		LEFT JOIN datasets AS d ON d.id = coalesce((SELECT e.id FROM datasets AS e WHERE e.id = a.dataset_id), (SELECT e.id FROM datasets AS e WHERE e.name = a.dataset_name))
		LEFT JOIN grants AS g ON g.dataset_id = d.id AND g.principal_id = p.id
		ORDER BY a.n`, args...).Scan(ctx, &rows)
	if err != nil {
		return nil, err
	}
	return factsOfRows(rows)
}

// factsColumns are the columns of a factsRow, of principals AS p, settings AS o, datasets AS d and grants AS g.
func factsColumns(q bun.IDB) string {
	return callerColumns(q) + ", " + columns(q, datasetRow{}, "d", "d_") + ", coalesce(g.permission, '') AS own, " + bestGroup + " AS best"
}

func factsOfRows(rows []factsRow) ([]sb.Facts, error) {
	list := make([]sb.Facts, 0, len(rows))
	for _, row := range rows {
		f := sb.Facts{Principal: row.Principal.principal()}
		var err error
		if f.Settings, err = row.Settings.settings(); err != nil {
			return nil, err
		}
		if row.Dataset.ID != "" {
			d := row.Dataset.dataset()
			f.Dataset = &d
		}
		row.into(&f)
		list = append(list, f)
	}
	return list, nil
}

// askedPlugin is a plugin, without its operators, and what was decided about those that are asked for.
type askedPlugin struct {
	Plugin  sb.Plugin
	decided map[string]operatorRow
}

// operator gives an operator of the current revision; nil for one it does not have.
func (p askedPlugin) operator(name string) *sb.Operator {
	if !slices.Contains(p.Plugin.Revision.Manifest.Operators, name) {
		return nil
	}
	return p.everOperator(name)
}

// everOperator gives an operator of any revision; nil for one the plugin never had.
func (p askedPlugin) everOperator(name string) *sb.Operator {
	row, ok := p.decided[name]
	if !ok {
		return nil
	}
	o := operatorOf(p.Plugin, row, name)
	return &o
}

// askedOperators reads the plugins of asks, by name, with the operators that are asked for, in one query.
func (s *Store) askedOperators(ctx context.Context, q bun.IDB, asks []sb.Ask) (map[string]askedPlugin, error) {
	var plugins, names []string
	for _, ask := range asks {
		plugin, name, _ := sb.SplitURI(ask.Operator)
		plugins, names = append(plugins, plugin), append(names, name)
	}
	var rows []struct {
		pluginWithRevision `bun:",extend"`
		Operator           operatorRow `bun:"embed:o_"`
	}
	err := q.NewRaw("SELECT "+pluginColumns(q)+", "+columns(q, operatorRow{}, "o", "o_")+fromPlugins+`
		LEFT JOIN operators AS o ON o.plugin_id = p.id AND o.name IN (?)
		WHERE p.deleted_at = 0 AND p.name IN (?)`, bun.List(orNobody(unique(names))), bun.List(orNobody(unique(plugins)))).Scan(ctx, &rows)
	if err != nil {
		return nil, err
	}
	found := map[string]askedPlugin{}
	for _, row := range rows {
		p, known := found[row.Plugin.Name]
		if !known {
			p = askedPlugin{Plugin: row.plugin(), decided: map[string]operatorRow{}}
			if p.Plugin.Revision.Manifest, err = s.manifest(ctx, q, row.Revision.ID); err != nil {
				return nil, err
			}
			found[row.Plugin.Name] = p
		}
		p.decided[row.Operator.Name] = row.Operator
	}
	return found, nil
}

// orNobody keeps a list from being empty, which SQL does not allow; nothing has an empty id or name.
func orNobody(list []string) []string {
	if len(list) == 0 {
		return []string{""}
	}
	return list
}
