package store

import (
	"context"

	sb "signalbox"
)

// Install keeps an upload: a new plugin; or with overwrite a new revision of the one with that name. The same bytes as an
// earlier revision move the pointer to it and add nothing; those of the current one are no act. Operators new to the plugin get the defaults of the settings.
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
	if id == row.RevisionID {
		p, err := t.s.plugin(ctx, t, row.ID)
		return p, false, err
	}
	if err := t.point(ctx, row.ID, id); err != nil {
		return sb.Plugin{}, false, err
	}
	if err := t.decide(ctx, row.ID, u.Manifest.Operators); err != nil {
		return sb.Plugin{}, false, err
	}
	p, err := t.s.plugin(ctx, t, row.ID)
	if err != nil {
		return p, created, err
	}
	return p, created, t.auditInstall(ctx, old, p)
}

func (t *tx) auditInstall(ctx context.Context, old *pluginRow, p sb.Plugin) error {
	if old == nil {
		return t.audit(ctx, "plugin.install", pluginObject(p), revisionDetail(p.Revision))
	}
	list, err := revisions(ctx, t, "WHERE id = ?", old.RevisionID)
	before, err := one(list, err, "revision", old.RevisionID)
	if err != nil {
		return err
	}
	return t.audit(ctx, "plugin.upgrade", pluginObject(p), revisionEdits(before, p.Revision))
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
	number, err := t.nextNumber(ctx, pluginID)
	if err != nil {
		return "", err
	}
	manifest, err := text(u.Manifest)
	if err != nil {
		return "", err
	}
	row := revisionRow{
		ID: newID(), PluginID: pluginID, Number: number, SHA256: u.SHA256, Size: u.Size, Root: u.Root, Manifest: manifest,
		CreatedAt: t.now, CreatedByID: u.By.ID, CreatedByName: u.By.Name,
	}
	return row.ID, insert(ctx, t, &row)
}

// nextNumber takes the next number of a revision. Runs tell by it what they ran, so no number of a name comes again,
// neither after the plugin was uninstalled nor after the revision was forgotten.
func (t *tx) nextNumber(ctx context.Context, pluginID string) (number int, err error) {
	err = t.NewRaw(`UPDATE plugins SET revisions = 1 + (
			SELECT max(o.revisions) FROM plugins AS o WHERE o.name = plugins.name) WHERE id = ? RETURNING revisions`, pluginID).Scan(ctx, &number)
	return number, err
}

// point makes a revision the current one.
func (t *tx) point(ctx context.Context, pluginID, revisionID string) error {
	_, err := t.exec(ctx, "UPDATE plugins SET revision_id = ?, updated_at = ?, changes = changes + 1 WHERE id = ?", revisionID, t.now, pluginID)
	t.note(sb.Note{Topic: sb.TopicPlugin, ID: pluginID})
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

// changePlugin holds an installed plugin, lets f change it, which tells whether it did, reads it again and audits what
// differs. NotFound when it is not installed.
func (s *Store) changePlugin(
	ctx context.Context, id string, f func(context.Context, *tx, sb.Plugin) (bool, error), audit func(before, after sb.Plugin) act,
) (p sb.Plugin, err error) {
	err = s.change(ctx, func(ctx context.Context, t *tx) error {
		if err := t.lock(ctx, "plugins", "id", id); err != nil {
			return err
		}
		before, err := t.s.plugin(ctx, t, id)
		if err != nil {
			return err
		}
		p = before
		if did, err := f(ctx, t, before); err != nil || !did {
			return err
		}
		if _, err := t.exec(ctx, "UPDATE plugins SET changes = changes + 1 WHERE id = ?", id); err != nil {
			return err
		}
		t.note(sb.Note{Topic: sb.TopicPlugin, ID: id})
		if p, err = t.s.plugin(ctx, t, id); err != nil {
			return err
		}
		a := audit(before, p)
		return t.audit(ctx, a.name, a.object, a.detail)
	})
	return p, err
}

// Rollback moves the pointer to an earlier revision, or a later one; to the current one it is no act. NotFound when there
// is no such number.
func (s *Store) Rollback(ctx context.Context, pluginID string, number int) (sb.Plugin, error) {
	return s.changePlugin(ctx, pluginID, func(ctx context.Context, t *tx, before sb.Plugin) (bool, error) {
		list, err := revisions(ctx, t, "WHERE plugin_id = ? AND number = ?", pluginID, number)
		if err != nil {
			return false, err
		}
		if len(list) == 0 {
			return false, sb.Errorf(sb.NotFound, "the plugin has no revision %d", number)
		}
		if list[0].ID == before.Revision.ID {
			return false, nil
		}
		if err := t.point(ctx, pluginID, list[0].ID); err != nil {
			return false, err
		}
		return true, t.decide(ctx, pluginID, list[0].Manifest.Operators)
	}, func(before, after sb.Plugin) act {
		return act{"plugin.rollback", pluginObject(after), revisionEdits(before.Revision, after.Revision)}
	})
}

// EnablePlugin switches a plugin with all its operators; to what it is already it is no act.
func (s *Store) EnablePlugin(ctx context.Context, pluginID string, enabled bool) (sb.Plugin, error) {
	return s.changePlugin(ctx, pluginID, func(ctx context.Context, t *tx, before sb.Plugin) (bool, error) {
		if before.Enabled == enabled {
			return false, nil
		}
		_, err := t.exec(ctx, "UPDATE plugins SET enabled = ?, updated_at = ? WHERE id = ?", enabled, t.now, pluginID)
		return true, err
	}, func(before, after sb.Plugin) act {
		return act{"plugin.update", pluginObject(after), edits{}.field("enabled", before.Enabled, after.Enabled)}
	})
}

// SetOperator changes what admins decided about one operator; nil fields stay, and what changes nothing is no act.
// NotFound when the plugin's current revision has no such operator.
func (s *Store) SetOperator(ctx context.Context, pluginID, operator string, patch sb.OperatorPatch) (sb.Operator, error) {
	p, err := s.changePlugin(ctx, pluginID, func(ctx context.Context, t *tx, _ sb.Plugin) (bool, error) {
		var rows []operatorRow
		err := t.NewRaw("SELECT * FROM operators WHERE plugin_id = ? AND name = ?", pluginID, operator).Scan(ctx, &rows)
		before, err := one(rows, err, "operator", operator)
		if err != nil {
			return false, err
		}
		n, err := t.update(ctx, before, patched(before, patch), "plugin_id = ? AND name = ?", pluginID, operator)
		return n > 0, err
	}, func(before, after sb.Plugin) act { return operatorAct(before, after, operator) })
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

// Uninstall removes a plugin. Its Scheduled runs are rejected with the reason by RejectWaiting; its revisions stay for
// runs that are pinned to them. The same name installed again is a new plugin whose revisions are counted on.
func (s *Store) Uninstall(ctx context.Context, pluginID string, by sb.Who, reason string) error {
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		var names []string
		err := t.NewRaw("UPDATE plugins SET deleted_at = ?, updated_at = ? WHERE id = ? AND deleted_at = 0 RETURNING name",
			t.now, t.now, pluginID).Scan(ctx, &names)
		name, err := one(names, err, "plugin", pluginID)
		if err != nil {
			return err
		}
		t.note(sb.Note{Topic: sb.TopicPlugin, ID: pluginID})
		if err := t.depart(ctx, departedPlugin, pluginID, reason, by); err != nil {
			return err
		}
		return t.audit(ctx, "plugin.uninstall", sb.Object{Kind: "plugin", ID: pluginID, Name: name}, nil)
	})
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
