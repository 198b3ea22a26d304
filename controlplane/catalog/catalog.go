// Package catalog keeps plugins: it turns a ZIP archive into a manifest and a revision, and says what admins decided
// about plugins and their operators. It runs none of their code.
package catalog

import (
	"context"
	"io"
	"sync"

	sb "signalbox"
)

// Limits bound uploads. A zero field is its default.
type Limits struct {
	Size     int64  // bytes of an archive; default 100 MiB
	Unpacked int64  // bytes of all its files together; default 1 GiB
	Files    int    // its files and folders; default 10,000
	Ratio    int64  // how many times larger than packed a file may be; default 200
	Manifest int64  // bytes of a manifest; default 1 MiB
	TempDir  string // where uploads lie until they are checked; default the system's
}

const defaultManifest = 1 << 20

func (l Limits) archive() sb.ArchiveLimits {
	return sb.ArchiveLimits{Size: l.Size, Unpacked: l.Unpacked, Files: l.Files, Ratio: l.Ratio}.WithDefaults()
}

// Catalog keeps plugins. Safe for use by several goroutines and replicas.
type Catalog struct {
	store  Store
	blobs  sb.Blobs
	limits Limits
	sweeps sync.RWMutex // held while archives are deleted; installing waits for it
}

// New makes a catalog that keeps rows in a store and archives in a blob store.
func New(store Store, blobs sb.Blobs, limits Limits) *Catalog {
	if limits.Manifest == 0 {
		limits.Manifest = defaultManifest
	}
	return &Catalog{store: store, blobs: blobs, limits: limits}
}

// Plugins reads a page of plugins with their operators, by name.
func (c *Catalog) Plugins(ctx context.Context, cursor string, limit int) (sb.Page[sb.Plugin], error) {
	return c.store.Plugins(ctx, cursor, limit)
}

// Plugin reads one by id or name.
func (c *Catalog) Plugin(ctx context.Context, idOrName string) (sb.Plugin, error) {
	return c.store.Plugin(ctx, idOrName)
}

// Revisions reads a plugin's revisions, newest first.
func (c *Catalog) Revisions(ctx context.Context, idOrName string) ([]sb.Revision, error) {
	plugin, err := c.store.Plugin(ctx, idOrName)
	if err != nil {
		return nil, err
	}
	return c.store.Revisions(ctx, plugin.ID)
}

// Archive opens the archive of a plugin's current revision. The caller closes it.
func (c *Catalog) Archive(ctx context.Context, idOrName string) (plugin sb.Plugin, body io.ReadCloser, size int64, err error) {
	if plugin, err = c.store.Plugin(ctx, idOrName); err != nil {
		return sb.Plugin{}, nil, 0, err
	}
	body, err = c.blobs.Get(ctx, sb.ArchiveKey(plugin.Revision.SHA256), 0, -1)
	if sb.CodeOf(err) == sb.NotFound {
		err = sb.Wrap(err, sb.Internal, "the archive of plugin %s is missing from the blob store", plugin.Name)
	}
	return plugin, body, plugin.Revision.Size, err
}

// Rollback makes an earlier revision the current one. Runs that are scheduled keep theirs.
func (c *Catalog) Rollback(ctx context.Context, idOrName string, revision int) (sb.Plugin, error) {
	plugin, err := c.store.Plugin(ctx, idOrName)
	if err != nil {
		return sb.Plugin{}, err
	}
	return c.store.Rollback(ctx, plugin.ID, revision)
}

// EnablePlugin switches a plugin with all its operators.
func (c *Catalog) EnablePlugin(ctx context.Context, idOrName string, enabled bool) (sb.Plugin, error) {
	plugin, err := c.store.Plugin(ctx, idOrName)
	if err != nil {
		return sb.Plugin{}, err
	}
	return c.store.EnablePlugin(ctx, plugin.ID, enabled)
}

// SetOperator changes what admins decided about one operator; nil stays.
func (c *Catalog) SetOperator(ctx context.Context, idOrName, operator string, enabled *bool, role *sb.Role, permission *sb.Permission) (sb.Operator, error) {
	var faults []sb.Fault
	if role != nil && !role.Valid() {
		faults = append(faults, sb.Fault{Location: "body.minimum_role", Message: "is not a role", Value: *role})
	}
	if permission != nil && !permission.Valid() {
		faults = append(faults, sb.Fault{Location: "body.minimum_dataset_permission", Message: "is not a permission", Value: *permission})
	}
	if len(faults) > 0 {
		return sb.Operator{}, sb.Faulty("The operator cannot be changed so.", faults...)
	}
	plugin, err := c.store.Plugin(ctx, idOrName)
	if err != nil {
		return sb.Operator{}, err
	}
	return c.store.SetOperator(ctx, plugin.ID, operator, OperatorPatch{
		Enabled: enabled, MinimumRole: role, MinimumDatasetPermission: permission,
	})
}

// Uninstall removes a plugin. Its Scheduled runs fail as rejected soon after; Queued and Running ones keep its archive.
func (c *Catalog) Uninstall(ctx context.Context, by sb.Who, idOrName string) error {
	plugin, err := c.store.Plugin(ctx, idOrName)
	if err != nil {
		return err
	}
	return c.store.Uninstall(ctx, plugin.ID, by, "Plugin "+plugin.Name+" was uninstalled by "+by.Name+".")
}

// Environments reads where a revision was met, the last first.
func (c *Catalog) Environments(ctx context.Context, revisionID string) ([]sb.Environment, error) {
	return c.store.Environments(ctx, revisionID)
}

// Lacking reads the operators that no environment could load which met their plugin's revision, with why, by revision and
// name.
func (c *Catalog) Lacking(ctx context.Context) (map[string]map[string]string, error) {
	return c.store.Lacking(ctx)
}

// Operators reads all operators with their plugins, also disabled ones.
func (c *Catalog) Operators(ctx context.Context) ([]sb.Operator, []sb.Plugin, error) {
	return c.store.Operators(ctx)
}
