package store

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	sb "signalbox"
)

// pluginRow is a row of plugins. An uninstalled plugin keeps its row, for its revisions belong to it.
type pluginRow struct {
	bun.BaseModel `bun:"table:plugins"`
	ID            string
	Name          string
	Enabled       bool
	RevisionID    string
	CreatedAt     int64
	UpdatedAt     int64
	DeletedAt     int64
	Revisions     int   // the last number given
	Changes       int64 // rises with each change of it, of its revision, and of what is decided about its operators
}

// revisionRow is a row of revisions.
type revisionRow struct {
	bun.BaseModel `bun:"table:revisions"`
	ID            string
	PluginID      string
	Number        int
	SHA256        string `bun:"sha256"`
	Size          int64
	Root          string
	Manifest      string
	CreatedAt     int64
	CreatedByID   string
	CreatedByName string
}

func (row revisionRow) revision() (sb.Revision, error) {
	r := row.bare()
	return r, json.Unmarshal([]byte(row.Manifest), &r.Manifest)
}

// bare is the revision without its manifest.
func (row revisionRow) bare() sb.Revision {
	return sb.Revision{
		ID: row.ID, PluginID: row.PluginID, Number: row.Number, SHA256: row.SHA256, Size: row.Size, Root: row.Root,
		CreatedAt: timeAt(row.CreatedAt), CreatedBy: sb.Who{ID: row.CreatedByID, Name: row.CreatedByName},
	}
}

// operatorRow is a row of operators: what admins decided about an operator, also while no revision has it.
type operatorRow struct {
	bun.BaseModel            `bun:"table:operators"`
	PluginID                 string
	Name                     string
	Enabled                  bool
	MinimumRole              sb.Role
	MinimumDatasetPermission sb.Permission
}

// pluginWithRevision is a plugin with its current revision, without the manifest.
type pluginWithRevision struct {
	Plugin   pluginRow   `bun:"embed:p_"`
	Revision revisionRow `bun:"embed:v_"`
}

func pluginColumns(q bun.IDB) string {
	return columns(q, pluginRow{}, "p", "p_") + ", " + columns(q, revisionRow{}, "v", "v_", "manifest")
}

const fromPlugins = " FROM plugins AS p JOIN revisions AS v ON v.id = p.revision_id "

func (row pluginWithRevision) plugin() sb.Plugin {
	p := row.Plugin
	return sb.Plugin{
		ID: p.ID, Name: p.Name, Enabled: p.Enabled, Revision: row.Revision.bare(), CreatedAt: timeAt(p.CreatedAt), UpdatedAt: timeAt(p.UpdatedAt),
	}
}

// plugins reads installed plugins with their current revisions and operators, in two queries.
func (s *Store) plugins(ctx context.Context, q bun.IDB, rest string, args ...any) ([]sb.Plugin, error) {
	var rows []pluginWithRevision
	err := q.NewRaw("SELECT "+pluginColumns(q)+fromPlugins+"WHERE p.deleted_at = 0 "+rest, args...).Scan(ctx, &rows)
	if err != nil {
		return nil, err
	}
	list := each(rows, pluginWithRevision.plugin)
	manifests, err := s.manifestsOf(ctx, q, each(rows, func(row pluginWithRevision) string { return row.Revision.ID }))
	if err != nil {
		return nil, err
	}
	for i := range list {
		list[i].Revision.Manifest = manifests[list[i].Revision.ID]
	}
	return list, s.addOperators(ctx, q, list, each(rows, func(row pluginWithRevision) int64 { return row.Plugin.Changes }))
}

// addOperators gives plugins their operators: from the database only those that have changed since they were last read
// here. Inside of a transaction that changes something all are read, and none kept: it may never have been.
func (s *Store) addOperators(ctx context.Context, q bun.IDB, list []sb.Plugin, changes []int64) error {
	outside := s.ambient(ctx) == nil
	var missing []*sb.Plugin
	for i := range list {
		operators, known := s.operators.get(list[i].ID, changes[i])
		if list[i].Operators = operators; !known || !outside {
			list[i].Operators = nil
			missing = append(missing, &list[i])
		}
	}
	if err := operatorsOf(ctx, q, missing); err != nil || !outside {
		return err
	}
	for i, p := range list {
		s.operators.keep(p.ID, changes[i], p.Operators)
	}
	return nil
}

// operatorsOf reads the operators of the current revisions of plugins, in the manifests' order.
func operatorsOf(ctx context.Context, q bun.IDB, list []*sb.Plugin) error {
	if len(list) == 0 {
		return nil
	}
	var rows []operatorRow
	ids := each(list, func(p *sb.Plugin) string { return p.ID })
	if err := q.NewRaw("SELECT * FROM operators WHERE plugin_id IN (?)", bun.List(ids)).Scan(ctx, &rows); err != nil {
		return err
	}
	decided := map[[2]string]operatorRow{}
	for _, row := range rows {
		decided[[2]string{row.PluginID, row.Name}] = row
	}
	for _, p := range list {
		for _, name := range p.Revision.Manifest.Operators {
			p.Operators = append(p.Operators, operatorOf(*p, decided[[2]string{p.ID, name}], name))
		}
	}
	return nil
}

func operatorOf(p sb.Plugin, row operatorRow, name string) sb.Operator {
	o := sb.Operator{
		PluginID: p.ID, Plugin: p.Name, Name: name, Enabled: row.Enabled,
		MinimumRole: row.MinimumRole, MinimumDatasetPermission: row.MinimumDatasetPermission,
	}
	if c, ok := p.Revision.Manifest.Commands[name]; ok {
		o.Command = &c
	}
	return o
}

func (s *Store) plugin(ctx context.Context, q bun.IDB, idOrName string) (sb.Plugin, error) {
	list, err := s.plugins(ctx, q, "AND (p.id = ? OR p.name = ?) ORDER BY CASE WHEN p.id = ? THEN 0 ELSE 1 END", idOrName, idOrName, idOrName)
	return one(list, err, "plugin", idOrName)
}

// Plugins reads a page of plugins with their operators, by name.
func (s *Store) Plugins(ctx context.Context, cursor string, limit int) (sb.Page[sb.Plugin], error) {
	var page sb.Page[sb.Plugin]
	after, err := readNameCursor(cursor)
	if err != nil {
		return page, err
	}
	limit = limitOf(limit)
	err = s.view(ctx, func(ctx context.Context, q bun.IDB) (err error) {
		page.Items, err = s.plugins(ctx, q, "AND p.name > ? ORDER BY p.name LIMIT ?", after.Name, limit+1)
		return err
	})
	if len(page.Items) > limit {
		page.Items = page.Items[:limit]
		page.Next = nameCursor{Name: page.Items[limit-1].Name}.String()
	}
	return page, err
}

// Plugin reads one by id or name.
func (s *Store) Plugin(ctx context.Context, idOrName string) (p sb.Plugin, err error) {
	err = s.view(ctx, func(ctx context.Context, q bun.IDB) (err error) {
		p, err = s.plugin(ctx, q, idOrName)
		return err
	})
	return p, err
}

// Operators reads all operators of enabled and disabled plugins, by URI, with their plugins. It is one query of the
// plugins, and others for what has changed since it was last read here. What they find of operators is as new as the
// plugins, or newer.
func (s *Store) Operators(ctx context.Context) ([]sb.Operator, []sb.Plugin, error) {
	list, err := s.plugins(ctx, s.read, "ORDER BY p.name")
	var operators []sb.Operator
	for _, p := range list {
		operators = append(operators, p.Operators...)
	}
	if byURI := func(a, b sb.Operator) int { return strings.Compare(a.URI(), b.URI()) }; !slices.IsSortedFunc(operators, byURI) {
		slices.SortFunc(operators, byURI)
	}
	return operators, list, tidy(err)
}

func revisions(ctx context.Context, q bun.IDB, rest string, args ...any) ([]sb.Revision, error) {
	var rows []revisionRow
	if err := q.NewRaw("SELECT * FROM revisions "+rest, args...).Scan(ctx, &rows); err != nil {
		return nil, err
	}
	list := make([]sb.Revision, 0, len(rows))
	for _, row := range rows {
		v, err := row.revision()
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

// Revisions reads a plugin's revisions, newest first.
func (s *Store) Revisions(ctx context.Context, pluginID string) ([]sb.Revision, error) {
	list, err := revisions(ctx, s.read, "WHERE plugin_id = ? ORDER BY number DESC", pluginID)
	return list, tidy(err)
}

// Revision reads one revision by its id; that of an uninstalled plugin too.
func (s *Store) Revision(ctx context.Context, id string) (sb.Revision, error) {
	list, err := revisions(ctx, s.read, "WHERE id = ?", id)
	v, err := one(list, err, "revision", id)
	return v, tidy(err)
}

// Waiting tells how many Scheduled, and how many other open runs a plugin has.
func (s *Store) Waiting(ctx context.Context, pluginID string) (scheduled, open int, err error) {
	var row struct{ Scheduled, Open int }
	err = s.read.NewRaw(`SELECT coalesce(sum(CASE WHEN status = 'scheduled' THEN 1 ELSE 0 END), 0) AS scheduled,
			coalesce(sum(CASE WHEN status <> 'scheduled' THEN 1 ELSE 0 END), 0) AS open
		FROM runs WHERE id IN (
			SELECT id FROM runs WHERE status IN ('scheduled', 'queued', 'running') UNION SELECT id FROM runs WHERE slot)
		AND revision_id IN (SELECT id FROM revisions WHERE plugin_id = ?)`, pluginID).Scan(ctx, &row)
	return row.Scheduled, row.Open, tidy(err)
}

// forgetAfter is how long a revision is kept that nothing needs.
const forgetAfter = 30 * 24 * time.Hour

// ForgetRevisions removes revisions that are not current, of which no run is open, and whose last run ended 30 days ago
// or that never had one and are 30 days old. It tells the hashes that no revision has any more.
func (s *Store) ForgetRevisions(ctx context.Context) ([]string, error) {
	now, err := s.nowIn(ctx, s.read)
	if err != nil {
		return nil, tidy(err)
	}
	var ids, hashes []string
	// Reads all runs: it is done seldom, and outside the transaction that writes.
	err = s.read.NewRaw(`SELECT v.id FROM revisions AS v LEFT JOIN plugins AS p ON p.revision_id = v.id AND p.deleted_at = 0
		WHERE p.id IS NULL AND v.created_at < ? AND v.id NOT IN (
			SELECT revision_id FROM runs WHERE ended_at = 0 OR ended_at > ? OR slot)`,
		now-forgetAfter.Microseconds(), now-forgetAfter.Microseconds()).Scan(ctx, &ids)
	if err != nil || len(ids) == 0 {
		return nil, tidy(err)
	}
	err = s.change(ctx, func(ctx context.Context, t *tx) (err error) {
		hashes, err = t.forget(ctx, ids)
		return err
	})
	return hashes, err
}

// forget removes revisions unless they came into use again meanwhile.
func (t *tx) forget(ctx context.Context, ids []string) ([]string, error) {
	var gone []string
	err := t.NewRaw(`DELETE FROM revisions WHERE id IN (?)
		AND id NOT IN (SELECT revision_id FROM plugins WHERE deleted_at = 0)
		AND id NOT IN (SELECT revision_id FROM runs WHERE status IN ('scheduled', 'queued', 'running'))
		RETURNING sha256`, bun.List(ids)).Scan(ctx, &gone)
	if err != nil || len(gone) == 0 {
		return nil, err
	}
	if _, err := t.exec(ctx, "DELETE FROM environments WHERE revision_id IN (?) AND revision_id NOT IN (SELECT id FROM revisions)", bun.List(ids)); err != nil {
		return nil, err
	}
	var kept []string
	if err := t.NewRaw("SELECT sha256 FROM revisions WHERE sha256 IN (?)", bun.List(gone)).Scan(ctx, &kept); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(unique(gone), func(h string) bool { return slices.Contains(kept, h) }), nil
}
