package store

import (
	"cmp"
	"context"
	"slices"

	"github.com/uptrace/bun"

	sb "signalbox"
)

// Facts reads what decides about an ask, from one snapshot. What does not exist is nil in the facts and no error; only
// an unknown principal is NotFound. What does not exist costs as many queries as what does.
func (s *Store) Facts(ctx context.Context, ask sb.Ask) (sb.Facts, error) {
	var f sb.Facts
	err := s.view(ctx, func(ctx context.Context, q bun.IDB) error {
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
	})
	return f, err
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

// grantKey names a grant.
type grantKey struct{ dataset, principal string }

// known are the rows that many asks are judged by, read in one query for each kind.
type known struct {
	settings   sb.Settings
	principals map[string]sb.Principal
	datasets   []sb.Dataset
	grants     map[grantKey]sb.Permission
	plugins    map[string]sb.Plugin // by name
}

// facts reads the facts of many asks, runs left out, in as many queries as for one. NotFound when a principal is unknown.
func (s *Store) facts(ctx context.Context, q bun.IDB, asks []sb.Ask) ([]sb.Facts, error) {
	k, err := s.known(ctx, q, asks)
	if err != nil {
		return nil, err
	}
	list := make([]sb.Facts, 0, len(asks))
	for _, ask := range asks {
		f, found := k.facts(ask)
		if !found {
			return nil, sb.Errorf(sb.NotFound, "principal %s does not exist", ask.PrincipalID)
		}
		list = append(list, f)
	}
	return list, nil
}

func (s *Store) known(ctx context.Context, q bun.IDB, asks []sb.Ask) (k known, err error) {
	if k.settings, err = settings(ctx, q); err != nil {
		return k, err
	}
	ids := unique(each(asks, func(a sb.Ask) string { return a.PrincipalID }))
	if k.principals, err = principalsOf(ctx, q, ids); err != nil {
		return k, err
	}
	if k.datasets, err = datasetsOf(ctx, q, asks); err != nil {
		return k, err
	}
	if k.grants, err = grantsOf(ctx, q, k.datasets, ids); err != nil {
		return k, err
	}
	k.plugins, err = pluginsOf(ctx, q, unique(each(asks, func(a sb.Ask) string {
		plugin, _, _ := sb.SplitURI(a.Operator)
		return plugin
	})))
	return k, err
}

// facts judges one ask by the rows; false when its principal is unknown.
func (k known) facts(ask sb.Ask) (sb.Facts, bool) {
	p, found := k.principals[ask.PrincipalID]
	f := sb.Facts{Principal: p, Settings: k.settings, Own: sb.NoAccess, Group: sb.NoAccess}
	if d := k.dataset(ask); d != nil {
		f.Dataset = d
		f.Own = orNone(string(k.grants[grantKey{d.ID, p.ID}]))
	}
	plugin, name, _ := sb.SplitURI(ask.Operator)
	if pl, ok := k.plugins[plugin]; ok {
		f.Plugin = &pl
		if i := slices.IndexFunc(pl.Operators, func(o sb.Operator) bool { return o.Name == name }); i >= 0 {
			f.Operator = &pl.Operators[i]
		}
	}
	return f, found
}

// dataset finds a dataset by id, else by name; by id alone where the ask says so: a dataset that is gone must not give
// what belonged to it to another that is named like its id.
func (k known) dataset(ask sb.Ask) *sb.Dataset {
	id := cmp.Or(ask.DatasetID, ask.Dataset)
	if id == "" {
		return nil
	}
	i := slices.IndexFunc(k.datasets, func(d sb.Dataset) bool { return d.ID == id })
	if i < 0 && ask.DatasetID == "" {
		i = slices.IndexFunc(k.datasets, func(d sb.Dataset) bool { return d.Name == id })
	}
	if i < 0 {
		return nil
	}
	d := k.datasets[i]
	return &d
}

func principalsOf(ctx context.Context, q bun.IDB, ids []string) (map[string]sb.Principal, error) {
	var rows []principalRow
	err := q.NewRaw("SELECT * FROM principals WHERE id IN (?) AND deleted_at = 0", bun.List(orNobody(ids))).Scan(ctx, &rows)
	found := map[string]sb.Principal{}
	for _, row := range rows {
		found[row.ID] = row.principal()
	}
	return found, err
}

func datasetsOf(ctx context.Context, q bun.IDB, asks []sb.Ask) ([]sb.Dataset, error) {
	ids := unique(each(asks, func(a sb.Ask) string { return cmp.Or(a.DatasetID, a.Dataset) }))
	names := unique(each(asks, func(a sb.Ask) string { return a.Dataset }))
	var rows []datasetRow
	err := q.NewRaw("SELECT * FROM datasets WHERE id IN (?) OR name IN (?)", bun.List(orNobody(ids)), bun.List(orNobody(names))).Scan(ctx, &rows)
	return each(rows, datasetRow.dataset), err
}

func grantsOf(ctx context.Context, q bun.IDB, datasets []sb.Dataset, principals []string) (map[grantKey]sb.Permission, error) {
	var rows []struct {
		DatasetID, PrincipalID string
		Permission             sb.Permission
	}
	ids := each(datasets, func(d sb.Dataset) string { return d.ID })
	err := q.NewRaw("SELECT * FROM grants WHERE dataset_id IN (?) AND principal_id IN (?)",
		bun.List(orNobody(ids)), bun.List(orNobody(principals))).Scan(ctx, &rows)
	found := map[grantKey]sb.Permission{}
	for _, row := range rows {
		found[grantKey{row.DatasetID, row.PrincipalID}] = row.Permission
	}
	return found, err
}

// orNobody keeps a list from being empty, which SQL does not allow; nothing has an empty id or name.
func orNobody(list []string) []string {
	if len(list) == 0 {
		return []string{""}
	}
	return list
}
