package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	sb "signalbox"
)

// Plugin is an installed plugin at its current revision.
type Plugin struct {
	ID           string           `json:"id"`
	Name         string           `json:"name"`
	Version      string           `json:"version"`
	Revision     int              `json:"revision"`
	SHA256       string           `json:"sha256"`
	Root         string           `json:"root" doc:"The folder in the archive that holds the manifest; empty for the archive's root."`
	Description  string           `json:"description"`
	Author       string           `json:"author"`
	License      string           `json:"license"`
	URL          string           `json:"url"`
	FiftyOne     string           `json:"fiftyone_version" doc:"The versions of FiftyOne that the manifest asks for."`
	Enabled      bool             `json:"enabled"`
	Operators    []PluginOperator `json:"operators"`
	Panels       []string         `json:"panels"`
	Environments []Environment    `json:"environments" doc:"Where its current revision was met in FiftyOne, the last first; in lists and after an installation none."`
	CreatedAt    time.Time        `json:"created_at"`
	UpdatedAt    time.Time        `json:"updated_at"`
}

// PluginOperator is an operator with what admins decided about it.
type PluginOperator struct {
	Name                     string                `json:"name"`
	URI                      string                `json:"uri"`
	Label                    string                `json:"label"`
	Enabled                  bool                  `json:"enabled"`
	MinimumRole              sb.Role               `json:"minimum_role"`
	MinimumDatasetPermission sb.Permission         `json:"minimum_dataset_permission"`
	Runtime                  string                `json:"runtime" enum:"command,fiftyone" doc:"How it runs: as a plain command, or in FiftyOne."`
	NotLoadable              *string               `json:"not_loadable" doc:"Why no FiftyOne that met its revision could load it; null when one could, or none has met it."`
	Config                   Null[json.RawMessage] `json:"config" doc:"FiftyOne's own config of it, as it was last loaded; null in lists."`
}

// Installation is a plugin after an installation, or as it would be after a dry run, and what changed.
type Installation struct {
	Plugin
	DryRun    bool     `json:"dry_run"`
	Created   bool     `json:"created"`
	Unchanged bool     `json:"unchanged" doc:"These bytes are the current revision already."`
	Added     []string `json:"operators_added"`
	Removed   []string `json:"operators_removed"`
	Scheduled int      `json:"scheduled_runs" doc:"Runs that wait, pinned to the revision before; they keep it."`
	OtherName string   `json:"other_name,omitempty" doc:"A plugin whose name is nearly the same."`
}

// Revision is one upload of a plugin.
type Revision struct {
	Revision  int       `json:"revision"`
	Version   string    `json:"version"`
	SHA256    string    `json:"sha256"`
	Size      int64     `json:"size" doc:"Bytes of the archive."`
	Current   bool      `json:"current"`
	CreatedAt time.Time `json:"created_at"`
	CreatedBy Who       `json:"created_by"`
}

type plugins struct{ catalog Catalog }

func (h plugins) list(ctx context.Context, in *Paging) (*answer[List[Plugin]], error) {
	page, err := h.catalog.Plugins(ctx, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	lacks, err := h.catalog.Lacking(ctx)
	if err != nil {
		return nil, err
	}
	return listOf(page, func(p sb.Plugin) Plugin {
		out := pluginOf(p)
		for i := range out.Operators {
			out.Operators[i].NotLoadable = lacking(lacks, p.Revision.ID, out.Operators[i].Name)
		}
		return out
	}), nil
}

type installInput struct {
	Upload
	Overwrite bool `query:"overwrite" doc:"Upgrade a plugin of this name."`
	DryRun    bool `query:"dry_run" doc:"Only tell what would change."`
}

func (h plugins) install(ctx context.Context, in *installInput) (*decided[Installation], error) {
	archive, err := in.open()
	if err != nil {
		return nil, err
	}
	done, err := h.catalog.Install(ctx, callerOf(ctx).Who(), archive, in.Overwrite, in.DryRun)
	if err != nil {
		return nil, err
	}
	status := http.StatusCreated
	if in.DryRun || done.Unchanged {
		status = http.StatusOK
	}
	return &decided[Installation]{Status: status, Body: Installation{
		Plugin: pluginOf(done.Plugin), DryRun: in.DryRun, Created: done.Created, Unchanged: done.Unchanged,
		Added: some(done.Added), Removed: some(done.Removed), Scheduled: done.Scheduled, OtherName: done.OtherName,
	}}, nil
}

func (h plugins) show(ctx context.Context, in *ByName) (*answer[Plugin], error) {
	p, err := h.catalog.Plugin(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	return h.met(ctx, p)
}

type pluginPatch struct {
	ByName
	Body struct {
		Enabled *bool `json:"enabled,omitempty"`
	}
}

func (h plugins) patch(ctx context.Context, in *pluginPatch) (*answer[Plugin], error) {
	if in.Body.Enabled == nil {
		return h.show(ctx, &in.ByName)
	}
	p, err := h.catalog.EnablePlugin(ctx, in.Name, *in.Body.Enabled)
	if err != nil {
		return nil, err
	}
	return h.met(ctx, p)
}

func (h plugins) delete(ctx context.Context, in *ByName) (*none, error) {
	return nil, h.catalog.Uninstall(ctx, callerOf(ctx).Who(), in.Name)
}

func (h plugins) archive(ctx context.Context, in *ByName) (*huma.StreamResponse, error) {
	p, body, size, err := h.catalog.Archive(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	return sendZip(body, size, p.Name+"-"+p.Revision.Manifest.Version+".zip"), nil
}

type revisionsInput struct {
	ByName
	Paging
}

func (h plugins) revisions(ctx context.Context, in *revisionsInput) (*answer[List[Revision]], error) {
	p, err := h.catalog.Plugin(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	all, err := h.catalog.Revisions(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	newestFirst := func(r sb.Revision) string { return descending(r.Number) }
	page, err := cut(all, newestFirst, in.Paging)
	if err != nil {
		return nil, err
	}
	return listOf(page, func(r sb.Revision) Revision {
		return Revision{
			Revision: r.Number, Version: r.Manifest.Version, SHA256: r.SHA256, Size: r.Size, Current: r.Number == p.Revision.Number,
			CreatedAt: moment(r.CreatedAt), CreatedBy: whoOf(r.CreatedBy),
		}
	}), nil
}

type rollbackInput struct {
	ByName
	Body struct {
		Revision int `json:"revision" minimum:"1"`
	}
}

func (h plugins) rollback(ctx context.Context, in *rollbackInput) (*answer[Plugin], error) {
	p, err := h.catalog.Rollback(ctx, in.Name, in.Body.Revision)
	if err != nil {
		return nil, err
	}
	return h.met(ctx, p)
}

type operatorPatch struct {
	ByName
	DryRun
	Operator string `path:"operator" maxLength:"600"`
	Body     struct {
		Enabled                  *bool          `json:"enabled,omitempty"`
		MinimumRole              *sb.Role       `json:"minimum_role,omitempty" enum:"guest,labeler,collaborator,member,admin"`
		MinimumDatasetPermission *sb.Permission `json:"minimum_dataset_permission,omitempty" enum:"none,view,tag,edit,manage"`
	}
}

func (h plugins) operator(ctx context.Context, in *operatorPatch) (*answer[PluginOperator], error) {
	o, err := h.catalog.SetOperator(ctx, in.Name, in.Operator, in.Body.Enabled, in.Body.MinimumRole, in.Body.MinimumDatasetPermission)
	if err != nil {
		return nil, err
	}
	return answerOf(pluginOperatorOf(o)), nil
}

func (h plugins) scope(ctx context.Context, in *operatorPatch) (sb.Scope, error) {
	p, err := h.catalog.Plugin(ctx, in.Name)
	return sb.Scope{Operator: p.Name + "/" + in.Operator}, err
}

func pluginOf(p sb.Plugin) Plugin {
	m := p.Revision.Manifest
	out := Plugin{
		ID: p.ID, Name: p.Name, Version: m.Version, Revision: p.Revision.Number, SHA256: p.Revision.SHA256, Root: p.Revision.Root,
		Description: m.Description, Author: m.Author, License: m.License, URL: m.URL, FiftyOne: m.FiftyOne, Enabled: p.Enabled,
		Operators: []PluginOperator{}, Panels: some(m.Panels), Environments: []Environment{}, CreatedAt: moment(p.CreatedAt), UpdatedAt: moment(p.UpdatedAt),
	}
	for _, o := range p.Operators {
		out.Operators = append(out.Operators, pluginOperatorOf(o))
	}
	return out
}

func pluginOperatorOf(o sb.Operator) PluginOperator {
	return PluginOperator{
		Name: o.Name, URI: o.URI(), Label: o.Label(), Enabled: o.Enabled, MinimumRole: o.MinimumRole,
		MinimumDatasetPermission: o.MinimumDatasetPermission, Runtime: runtimeOf(o),
	}
}

func runtimeOf(o sb.Operator) string {
	if o.Command == nil {
		return "fiftyone"
	}
	return "command"
}

// some makes an empty list of no list, which JSON would show as null.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
