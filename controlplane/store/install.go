package store

import (
	"context"

	sb "signalbox"
)

// Install keeps an upload: a new plugin; or with overwrite a new revision of the one with that name. The same bytes as an
// earlier revision move the pointer to it and add nothing. Operators new to the plugin get the defaults of the settings.
// A name that exists, without overwrite: Conflict. created tells that the plugin is new.
func (s *Store) Install(ctx context.Context, u sb.Upload) (p sb.Plugin, created bool, err error) {
	err = s.change(ctx, func(ctx context.Context, t *tx) (err error) {
		p, created, err = t.install(ctx, u)
		return err
	})
	return p, created, taken(err, "plugin %s is installed already", u.Manifest.Name)
}

func (t *tx) install(ctx context.Context, u sb.Upload) (sb.Plugin, bool, error) {
	old, err := t.lockPluginNamed(ctx, u.Manifest.Name)
	if err != nil {
		return sb.Plugin{}, false, err
	}
	created := old == nil
	if !created && !u.Overwrite {
		return sb.Plugin{}, false, sb.Errorf(sb.Conflict, "plugin %s is installed already", u.Manifest.Name)
	}
	row := pluginRow{ID: newID(), Name: u.Manifest.Name, Enabled: true, CreatedAt: t.now, UpdatedAt: t.now}
	if created {
		if err := insert(ctx, t, &row); err != nil {
			return sb.Plugin{}, false, err
		}
	} else {
		row = *old
	}
	id, err := t.revisionFor(ctx, row.ID, u)
	if err != nil {
		return sb.Plugin{}, false, err
	}
	if err := t.point(ctx, row.ID, id); err != nil {
		return sb.Plugin{}, false, err
	}
	if err := t.decide(ctx, row.ID, u.Manifest.Operators); err != nil {
		return sb.Plugin{}, false, err
	}
	p, err := plugin(ctx, t, row.ID)
	return p, created, err
}

// lockPluginNamed holds the installed plugin of a name; nil when there is none.
func (t *tx) lockPluginNamed(ctx context.Context, name string) (*pluginRow, error) {
	if err := t.lock(ctx, "plugins", "name", name); err != nil {
		return nil, err
	}
	var rows []pluginRow
	err := t.NewRaw("SELECT * FROM plugins WHERE name = ? AND deleted_at = 0", name).Scan(ctx, &rows)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// revisionFor finds the revision with these bytes, or adds one.
func (t *tx) revisionFor(ctx context.Context, pluginID string, u sb.Upload) (string, error) {
	var ids []string
	err := t.NewRaw("SELECT id FROM revisions WHERE plugin_id = ? AND sha256 = ? ORDER BY number DESC LIMIT 1", pluginID, u.SHA256).Scan(ctx, &ids)
	if err != nil || len(ids) > 0 {
		return first(ids), err
	}
	var last int
	if err := t.NewRaw("SELECT coalesce(max(number), 0) FROM revisions WHERE plugin_id = ?", pluginID).Scan(ctx, &last); err != nil {
		return "", err
	}
	manifest, err := text(u.Manifest)
	if err != nil {
		return "", err
	}
	row := revisionRow{
		ID: newID(), PluginID: pluginID, Number: last + 1, SHA256: u.SHA256, Size: u.Size, Root: u.Root, Manifest: manifest,
		CreatedAt: t.now, CreatedByID: u.By.ID, CreatedByName: u.By.Name,
	}
	return row.ID, insert(ctx, t, &row)
}

// point makes a revision the current one.
func (t *tx) point(ctx context.Context, pluginID, revisionID string) error {
	_, err := t.exec(ctx, "UPDATE plugins SET revision_id = ?, updated_at = ? WHERE id = ?", revisionID, t.now, pluginID)
	return err
}

// decide gives operators that are new to a plugin the defaults; what admins decided before stays.
func (t *tx) decide(ctx context.Context, pluginID string, names []string) error {
	v, err := settings(ctx, t)
	if err != nil || len(names) == 0 {
		return err
	}
	rows := each(unique(names), func(name string) operatorRow {
		return operatorRow{
			PluginID: pluginID, Name: name, Enabled: true,
			MinimumRole: v.DefaultOperatorMinimumRole, MinimumDatasetPermission: v.DefaultOperatorMinimumDatasetPermission,
		}
	})
	_, err = t.NewInsert().Model(&rows).On("CONFLICT DO NOTHING").Exec(ctx)
	return err
}

// changePlugin holds an installed plugin, changes it and reads it again. NotFound when it is not installed.
func (s *Store) changePlugin(ctx context.Context, id string, f func(context.Context, *tx) error) (p sb.Plugin, err error) {
	err = s.change(ctx, func(ctx context.Context, t *tx) error {
		if err := t.lock(ctx, "plugins", "id", id); err != nil {
			return err
		}
		if _, err := plugin(ctx, t, id); err != nil {
			return err
		}
		if err := f(ctx, t); err != nil {
			return err
		}
		p, err = plugin(ctx, t, id)
		return err
	})
	return p, err
}

// Rollback moves the pointer to an earlier revision, or a later one. NotFound when there is no such number.
func (s *Store) Rollback(ctx context.Context, pluginID string, number int) (sb.Plugin, error) {
	return s.changePlugin(ctx, pluginID, func(ctx context.Context, t *tx) error {
		list, err := revisions(ctx, t, "WHERE plugin_id = ? AND number = ?", pluginID, number)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return sb.Errorf(sb.NotFound, "the plugin has no revision %d", number)
		}
		if err := t.point(ctx, pluginID, list[0].ID); err != nil {
			return err
		}
		return t.decide(ctx, pluginID, list[0].Manifest.Operators)
	})
}

// EnablePlugin switches a plugin with all its operators.
func (s *Store) EnablePlugin(ctx context.Context, pluginID string, enabled bool) (sb.Plugin, error) {
	return s.changePlugin(ctx, pluginID, func(ctx context.Context, t *tx) error {
		_, err := t.exec(ctx, "UPDATE plugins SET enabled = ?, updated_at = ? WHERE id = ?", enabled, t.now, pluginID)
		return err
	})
}

// SetOperator changes what admins decided about one operator; nil fields stay. NotFound when the plugin's current
// revision has no such operator.
func (s *Store) SetOperator(ctx context.Context, pluginID, operator string, patch sb.OperatorPatch) (sb.Operator, error) {
	p, err := s.changePlugin(ctx, pluginID, func(ctx context.Context, t *tx) error {
		var rows []operatorRow
		err := t.NewRaw("SELECT * FROM operators WHERE plugin_id = ? AND name = ?", pluginID, operator).Scan(ctx, &rows)
		before, err := one(rows, err, "operator", operator)
		if err != nil {
			return err
		}
		_, err = t.update(ctx, before, patched(before, patch), "plugin_id = ? AND name = ?", pluginID, operator)
		return err
	})
	if err != nil {
		return sb.Operator{}, err
	}
	for _, o := range p.Operators {
		if o.Name == operator {
			return o, nil
		}
	}
	return sb.Operator{}, sb.Errorf(sb.NotFound, "operator %s does not exist", operator)
}

func patched(row operatorRow, patch sb.OperatorPatch) operatorRow {
	if patch.Enabled != nil {
		row.Enabled = *patch.Enabled
	}
	if patch.MinimumRole != nil {
		row.MinimumRole = *patch.MinimumRole
	}
	if patch.MinimumDatasetPermission != nil {
		row.MinimumDatasetPermission = *patch.MinimumDatasetPermission
	}
	return row
}

// Uninstall removes a plugin and rejects its Scheduled runs with the reason; its revisions stay for runs that are pinned
// to them. It tells which runs were rejected. The same name installed again is a new plugin.
func (s *Store) Uninstall(ctx context.Context, pluginID string, by sb.Who, reason string) (rejected []string, err error) {
	err = s.change(ctx, func(ctx context.Context, t *tx) (err error) {
		n, err := t.exec(ctx, "UPDATE plugins SET deleted_at = ?, updated_at = ? WHERE id = ? AND deleted_at = 0", t.now, t.now, pluginID)
		if err != nil {
			return err
		}
		if n == 0 {
			return sb.Errorf(sb.NotFound, "plugin %s does not exist", pluginID)
		}
		rejected, err = t.rejectRuns(ctx, by, reason, "revision_id IN (SELECT id FROM revisions WHERE plugin_id = ?)", pluginID)
		return err
	})
	return rejected, err
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
