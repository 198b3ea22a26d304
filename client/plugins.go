package client

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"time"

	sb "signalbox"
)

// Plugins is the part of the API about plugins.
type Plugins struct{ c *conn }

// Plugin is an installed plugin with its operators.
type Plugin struct {
	Document
	ID           string           `json:"id"`
	Name         string           `json:"name"`
	Version      string           `json:"version"`
	Revision     int              `json:"revision"`
	SHA256       string           `json:"sha256"`
	Root         string           `json:"root"` // the folder in the archive that holds the manifest, "" for its root
	Description  string           `json:"description"`
	Enabled      bool             `json:"enabled"`
	Operators    []PluginOperator `json:"operators"`
	Environments []Environment    `json:"environments"` // where its current revision was met in FiftyOne, the last first; none in lists
	CreatedAt    time.Time        `json:"created_at"`
	UpdatedAt    time.Time        `json:"updated_at"`
}

// UnmarshalJSON reads a plugin and keeps its text.
func (p *Plugin) UnmarshalJSON(b []byte) error {
	type plain Plugin
	return keep(b, (*plain)(p), &p.JSON)
}

// Environment is a FiftyOne that met a plugin's current revision.
type Environment struct {
	Orchestrator Who       `json:"orchestrator"`
	Worker       string    `json:"worker"`
	FiftyOne     string    `json:"fiftyone"` // version
	Python       string    `json:"python"`
	Unmet        string    `json:"unmet"`  // why it is none that the manifest asks for; empty when it is one
	Errors       []string  `json:"errors"` // tracebacks
	SeenAt       time.Time `json:"seen_at"`
	NotLoadable  []struct {
		Operator string `json:"operator"`
		Reason   string `json:"reason"`
	} `json:"not_loadable"`
}

// PluginOperator is one operator of a plugin with what admins decided about it.
type PluginOperator struct {
	Document
	Name                     string        `json:"name"`
	URI                      string        `json:"uri"`
	Label                    string        `json:"label"`
	Enabled                  bool          `json:"enabled"`
	MinimumRole              sb.Role       `json:"minimum_role"`
	MinimumDatasetPermission sb.Permission `json:"minimum_dataset_permission"`
	Runtime                  string        `json:"runtime"`      // command or fiftyone
	NotLoadable              *string       `json:"not_loadable"` // why no FiftyOne that met it could load it; null: one could, or none has met it
}

// UnmarshalJSON reads an operator of a plugin and keeps its text.
func (o *PluginOperator) UnmarshalJSON(b []byte) error {
	type plain PluginOperator
	return keep(b, (*plain)(o), &o.JSON)
}

// Revision is one upload of a plugin.
type Revision struct {
	Document
	Revision  int       `json:"revision"`
	Version   string    `json:"version"`
	SHA256    string    `json:"sha256"`
	Size      int64     `json:"size"` // bytes
	CreatedAt time.Time `json:"created_at"`
	CreatedBy Who       `json:"created_by"`
	Current   bool      `json:"current"`
}

// UnmarshalJSON reads a revision and keeps its text.
func (r *Revision) UnmarshalJSON(b []byte) error {
	type plain Revision
	return keep(b, (*plain)(r), &r.JSON)
}

// Install says how to install an archive.
type Install struct {
	Overwrite bool // upgrade an installed plugin of that name
	DryRun    bool // only check, and tell what would change
}

// OperatorPatch changes what admins decide about an operator; nil fields stay.
type OperatorPatch struct {
	Enabled                  *bool          `json:"enabled,omitempty"`
	MinimumRole              *sb.Role       `json:"minimum_role,omitempty"`
	MinimumDatasetPermission *sb.Permission `json:"minimum_dataset_permission,omitempty"`
}

// Installed is what an installation did, or would do, with the plugin as it is then.
type Installed struct {
	Plugin
	Changes
}

// Changes is what an installation changes.
type Changes struct {
	DryRun    bool     `json:"dry_run"`
	Created   bool     `json:"created"`
	Unchanged bool     `json:"unchanged"` // these bytes are the current revision already
	Added     []string `json:"operators_added"`
	Removed   []string `json:"operators_removed"`
	Scheduled int      `json:"scheduled_runs"` // they wait with the revision before, and keep it
	OtherName string   `json:"other_name"`     // an installed plugin whose name is nearly the same
}

// UnmarshalJSON reads an installation, which is one flat object, and keeps its text.
func (i *Installed) UnmarshalJSON(b []byte) error {
	if err := json.Unmarshal(b, &i.Changes); err != nil {
		return err
	}
	return i.Plugin.UnmarshalJSON(b)
}

// Install sends a plugin's ZIP. The server checks all of it before it installs any. Errors: Invalid with every fault,
// Conflict (installed already, without Overwrite), TooLarge.
func (p Plugins) Install(ctx context.Context, archive io.Reader, how Install) (Installed, error) {
	q := url.Values{}
	if how.Overwrite {
		q.Set("overwrite", "true")
	}
	if how.DryRun {
		q.Set("dry_run", "true")
	}
	var done Installed
	err := p.c.call(ctx, request{
		method: http.MethodPost, path: "/plugins", query: q, body: archive, kind: "application/zip",
	}, &done)
	return done, err
}

// List reads a page of plugins.
func (p Plugins) List(ctx context.Context, at Paging) (Page[Plugin], error) {
	return read[Page[Plugin]](ctx, p.c, "/plugins", at.into(nil))
}

// Get reads one by id or name.
func (p Plugins) Get(ctx context.Context, idOrName string) (Plugin, error) {
	return read[Plugin](ctx, p.c, "/plugins"+segment(idOrName), nil)
}

// Enable switches a plugin with all its operators.
func (p Plugins) Enable(ctx context.Context, idOrName string, enabled bool) (Plugin, error) {
	body := map[string]bool{"enabled": enabled}
	return do[Plugin](ctx, p.c, http.MethodPatch, "/plugins"+segment(idOrName), body)
}

// SetOperator changes what admins decide about one operator.
func (p Plugins) SetOperator(ctx context.Context, idOrName, operator string, o OperatorPatch) (PluginOperator, error) {
	path := "/plugins" + segment(idOrName) + "/operators" + segment(operator)
	return do[PluginOperator](ctx, p.c, http.MethodPatch, path, o)
}

// Revisions reads a page of a plugin's uploads, newest first.
func (p Plugins) Revisions(ctx context.Context, idOrName string, at Paging) (Page[Revision], error) {
	return read[Page[Revision]](ctx, p.c, "/plugins"+segment(idOrName)+"/revisions", at.into(nil))
}

// Rollback makes an earlier revision the current one.
func (p Plugins) Rollback(ctx context.Context, idOrName string, revision int) (Plugin, error) {
	body := map[string]int{"revision": revision}
	return do[Plugin](ctx, p.c, http.MethodPost, "/plugins"+segment(idOrName)+"/rollback", body)
}

// Uninstall removes a plugin; its Scheduled runs fail as rejected.
func (p Plugins) Uninstall(ctx context.Context, idOrName string) error {
	return p.c.remove(ctx, "/plugins"+segment(idOrName))
}

// Archive writes the ZIP of the current revision to w. After an error w may hold a part of it.
func (p Plugins) Archive(ctx context.Context, idOrName string, w io.Writer) error {
	r := get("/plugins"+segment(idOrName)+"/archive", nil)
	r.header = http.Header{"Accept": {"*/*"}}
	return p.c.save(ctx, r, w)
}
