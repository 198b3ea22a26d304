package client

import (
	"context"
	"net/http"
	"time"

	sb "signalbox"
)

// Datasets is the part of the API about datasets.
type Datasets struct{ c *conn }

// Dataset is a name people get access to.
type Dataset struct {
	Document
	ID                string        `json:"id"`
	Name              string        `json:"name"`
	DefaultPermission sb.Permission `json:"default_permission"`
	MyPermission      sb.Permission `json:"my_permission"`
	Creator           *Who          `json:"creator"`
	CreatedAt         time.Time     `json:"created_at"`
	UpdatedAt         time.Time     `json:"updated_at"`
}

// UnmarshalJSON reads a dataset and keeps its text.
func (d *Dataset) UnmarshalJSON(b []byte) error {
	type plain Dataset
	return keep(b, (*plain)(d), &d.JSON)
}

// DatasetPatch names a dataset and its default permission; nil fields stay, or take the default of the settings.
type DatasetPatch struct {
	Name              *string        `json:"name,omitempty"`
	DefaultPermission *sb.Permission `json:"default_permission,omitempty"`
}

// List reads a page of the datasets one may see.
func (d Datasets) List(ctx context.Context, p Paging) (Page[Dataset], error) {
	return read[Page[Dataset]](ctx, d.c, "/datasets", p.into(nil))
}

// Create keeps a new dataset; its name is required.
func (d Datasets) Create(ctx context.Context, p DatasetPatch) (Dataset, error) {
	return do[Dataset](ctx, d.c, http.MethodPost, "/datasets", p)
}

// Get reads one by id or name.
func (d Datasets) Get(ctx context.Context, idOrName string) (Dataset, error) {
	return read[Dataset](ctx, d.c, "/datasets"+segment(idOrName), nil)
}

// Patch changes one.
func (d Datasets) Patch(ctx context.Context, idOrName string, p DatasetPatch) (Dataset, error) {
	return do[Dataset](ctx, d.c, http.MethodPatch, "/datasets"+segment(idOrName), p)
}

// Delete removes one with its grants; its samples are elsewhere and stay.
func (d Datasets) Delete(ctx context.Context, idOrName string) error {
	return d.c.remove(ctx, "/datasets"+segment(idOrName))
}
