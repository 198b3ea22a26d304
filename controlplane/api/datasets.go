package api

import (
	"context"
	"time"

	sb "signalbox"
)

// onlyHere is said wherever a dataset's entry changes.
const onlyHere = "This is about the entry in Signalbox; the samples in FiftyOne stay as they are."

// Dataset is a dataset as its reader may know it.
type Dataset struct {
	ID                string         `json:"id"`
	Name              string         `json:"name"`
	DefaultPermission sb.Permission  `json:"default_permission"`
	MyPermission      sb.Permission  `json:"my_permission"`
	Creator           Who            `json:"creator"`
	CreatedAt         time.Time      `json:"created_at"`
	UpdatedAt         time.Time      `json:"updated_at"`
	Note              string         `json:"note,omitempty"`
	Source            Null[OfSource] `json:"source" doc:"Null for one that was made here."`
	Tags              []string       `json:"tags" doc:"As in FiftyOne."`
	Samples           *int64         `json:"samples" doc:"About how many it has in FiftyOne; null for unknown."`
}

// OfSource is where a dataset appeared from.
type OfSource struct {
	ID        string `json:"id"`
	DatasetID string `json:"dataset_id" doc:"FiftyOne's own id of the dataset."`
	Name      string `json:"name" doc:"The dataset's name in FiftyOne."`
}

type datasets struct {
	datasets Datasets
	facts    Facts
	access   Access
}

type datasetBody struct {
	Name              string        `json:"name" minLength:"1" maxLength:"200"`
	DefaultPermission sb.Permission `json:"default_permission,omitempty" enum:"none,view,tag,edit,manage" doc:"What Members have without a grant; by default as in the settings."`
}

func (h datasets) create(ctx context.Context, in *struct{ Body datasetBody }) (*placed[Dataset], error) {
	if err := checkName("body.name", in.Body.Name); err != nil {
		return nil, err
	}
	c := callerOf(ctx)
	d := sb.Dataset{Name: in.Body.Name, DefaultPermission: in.Body.DefaultPermission, Creator: c.Who()}
	if d.DefaultPermission == "" {
		d.DefaultPermission = c.DefaultDatasetPermission
	}
	d, err := h.datasets.CreateDataset(ctx, d)
	if err != nil {
		return nil, err
	}
	return h.made(ctx, d), nil
}

// made shows a dataset to its creator.
func (h datasets) made(ctx context.Context, d sb.Dataset) *placed[Dataset] {
	f := callerOf(ctx).facts()
	f.Dataset, f.Own = &d, sb.CanManage
	return &placed[Dataset]{Location: base + "/datasets/" + d.ID, Body: h.dataset(f, onlyHere)}
}

func (h datasets) show(ctx context.Context, in *ByName) (*answer[Dataset], error) {
	f, err := h.allowed(ctx, in.Name, sb.ActViewDataset)
	if err != nil {
		return nil, err
	}
	return answerOf(h.dataset(f, "")), nil
}

type datasetPatch struct {
	ByName
	DryRun
	Body struct {
		Name              *string        `json:"name,omitempty" minLength:"1" maxLength:"200"`
		DefaultPermission *sb.Permission `json:"default_permission,omitempty" enum:"none,view,tag,edit,manage"`
	}
}

func (h datasets) patch(ctx context.Context, in *datasetPatch) (*answer[Dataset], error) {
	f, err := h.allowed(ctx, in.Name, sb.ActManageDataset)
	if err != nil {
		return nil, err
	}
	if err := checkNewName("body.name", in.Body.Name); err != nil {
		return nil, err
	}
	change := sb.DatasetPatch{Name: in.Body.Name, DefaultPermission: in.Body.DefaultPermission}
	d, err := h.datasets.UpdateDataset(ctx, f.Principal.ID, f.Dataset.ID, change, h.mayManage)
	if err != nil {
		return nil, err
	}
	f.Dataset = &d
	return answerOf(h.dataset(f, onlyHere)), nil
}

func (h datasets) scope(ctx context.Context, in *datasetPatch) (sb.Scope, error) {
	f, err := h.allowed(ctx, in.Name, sb.ActManageDataset)
	if err != nil {
		return sb.Scope{}, err
	}
	return sb.Scope{DatasetID: f.Dataset.ID}, nil
}

// Deleted says what was deleted.
type Deleted struct {
	ID   string `json:"id"`
	Note string `json:"note"`
}

func (h datasets) delete(ctx context.Context, in *ByName) (*answer[Deleted], error) {
	f, err := h.allowed(ctx, in.Name, sb.ActManageDataset)
	if err != nil {
		return nil, err
	}
	if err := h.datasets.DeleteDataset(ctx, f.Dataset.ID, callerOf(ctx).Who(), h.mayManage); err != nil {
		return nil, err
	}
	return answerOf(Deleted{ID: f.Dataset.ID, Note: onlyHere}), nil
}

// allowed reads the facts about a dataset and demands a right on it.
func (h datasets) allowed(ctx context.Context, name string, right sb.Action) (sb.Facts, error) {
	f, err := h.facts.Facts(ctx, sb.Ask{PrincipalID: callerOf(ctx).ID, Dataset: name})
	if err != nil {
		return f, err
	}
	return f, h.access.Check(f, right)
}

// mayManage is looked at once more in the transaction of a change.
func (h datasets) mayManage(f sb.Facts) error { return h.access.Check(f, sb.ActManageDataset) }

func (h datasets) dataset(f sb.Facts, note string) Dataset {
	d := f.Dataset
	out := Dataset{
		ID: d.ID, Name: d.Name, DefaultPermission: d.DefaultPermission, MyPermission: h.access.Effective(f),
		Creator: whoOf(d.Creator), CreatedAt: moment(d.CreatedAt), UpdatedAt: moment(d.UpdatedAt), Note: note,
		Tags: some(d.Tags), Samples: d.Samples,
	}
	if d.SourceID != "" {
		out.Source = maybe(&OfSource{ID: d.SourceID, DatasetID: d.Key, Name: d.There})
	}
	return out
}
