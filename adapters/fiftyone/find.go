package fiftyone

import (
	"context"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	sb "signalbox"
)

// ownKey marks, in the request of a document, the run of ours that is shown by it.
const ownKey = "signalbox_run"

var ofOwn = "context.request_params." + ownKey

// mostQueued bounds what is read of another's database at once.
const mostQueued = 100_000

// Queued reads the ids of operations that wait to be run, oldest first. They are sorted without what they were asked with.
func (d *Database) Queued(ctx context.Context) ([]string, error) {
	ctx, cancel := d.bounded(ctx)
	defer cancel()
	cursor, err := d.operations.Aggregate(ctx, mongo.Pipeline{
		{{Key: "$match", Value: bson.D{{Key: "run_state", Value: sb.OperationQueued}, notArchived, {Key: "_id", Value: bson.D{{Key: "$type", Value: "objectId"}}}}}},
		{{Key: "$project", Value: bson.D{{Key: "queued_at", Value: 1}}}},
		{{Key: "$sort", Value: bson.D{{Key: "queued_at", Value: 1}, {Key: "_id", Value: 1}}}},
		{{Key: "$limit", Value: mostQueued}},
	})
	return ids(ctx, cursor, err)
}

var notArchived = bson.E{Key: "archived", Value: bson.D{{Key: "$ne", Value: true}}}

// Stranded reads the ids of operations that have been scheduled for a while, in their order; none that is shown there by us.
func (d *Database) Stranded(ctx context.Context, after string, age time.Duration, limit int) ([]string, error) {
	ctx, cancel := d.bounded(ctx)
	defer cancel()
	id, _ := bson.ObjectIDFromHex(after) // from the first on
	old := bson.D{{Key: "$lt", Value: bson.A{"$scheduled_at", bson.D{{Key: "$subtract", Value: bson.A{"$$NOW", age.Milliseconds()}}}}}}
	filter := bson.D{
		{Key: "run_state", Value: sb.OperationScheduled},
		notArchived,
		{Key: ofOwn, Value: bson.D{{Key: "$exists", Value: false}}},
		{Key: "$expr", Value: old},
		{Key: "_id", Value: bson.D{{Key: "$gt", Value: id}}},
	}
	only := bson.D{{Key: "_id", Value: 1}}
	cursor, err := d.operations.Find(ctx, filter, options.Find().SetProjection(only).SetSort(only).SetLimit(int64(limit)))
	return ids(ctx, cursor, err)
}

// ids reads those of what is found.
func ids(ctx context.Context, cursor *mongo.Cursor, err error) ([]string, error) {
	if err != nil {
		return nil, trouble(err)
	}
	defer cursor.Close(ctx) //nolint:errcheck // read to its end, or given up
	var list []string
	for cursor.Next(ctx) {
		list = append(list, idOf(cursor.Current.Lookup("_id")))
	}
	return list, trouble(cursor.Err())
}

// Read reads one. NotFound.
func (d *Database) Read(ctx context.Context, id string) (sb.Operation, error) {
	ctx, cancel := d.bounded(ctx)
	defer cancel()
	missing := sb.Errorf(sb.NotFound, "operation %s does not exist", id)
	key, err := bson.ObjectIDFromHex(id)
	if err != nil {
		return sb.Operation{}, missing
	}
	raw, err := d.operations.FindOne(ctx, bson.D{{Key: "_id", Value: key}}).Raw()
	if errors.Is(err, mongo.ErrNoDocuments) {
		return sb.Operation{}, missing
	}
	if err != nil {
		return sb.Operation{}, trouble(err)
	}
	return operationOf(raw), nil
}

// Look reads how operations stand; those that are not there are left out.
func (d *Database) Look(ctx context.Context, ids []string) (map[string]sb.OperationSeen, error) {
	ctx, cancel := d.bounded(ctx)
	defer cancel()
	keys := make(bson.A, 0, len(ids))
	for _, id := range ids {
		if key, err := bson.ObjectIDFromHex(id); err == nil {
			keys = append(keys, key)
		}
	}
	only := bson.D{{Key: "run_state", Value: 1}, {Key: "run_link", Value: 1}}
	cursor, err := d.operations.Find(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: keys}}}}, options.Find().SetProjection(only))
	if err != nil {
		return nil, trouble(err)
	}
	defer cursor.Close(ctx) //nolint:errcheck // read to its end, or given up
	found := make(map[string]sb.OperationSeen, len(ids))
	for cursor.Next(ctx) {
		raw := cursor.Current
		found[idOf(raw.Lookup("_id"))] = sb.OperationSeen{State: sb.OperationState(textOf(raw.Lookup("run_state"))), Link: textOf(raw.Lookup("run_link"))}
	}
	return found, trouble(cursor.Err())
}

// Datasets reads the datasets, without those that FiftyOne makes for itself: views of patches, clips and frames. NotFound: there is no such database.
func (d *Database) Datasets(ctx context.Context) ([]sb.SourceDataset, error) {
	ctx, cancel := d.bounded(ctx)
	defer cancel()
	filter := bson.D{{Key: "sample_collection_name", Value: bson.D{{Key: "$regex", Value: `^samples\.`}}}}
	only := bson.D{{Key: "name", Value: 1}, {Key: "tags", Value: 1}, {Key: "sample_collection_name", Value: 1}}
	cursor, err := d.datasets.Find(ctx, filter, options.Find().SetProjection(only).SetSort(bson.D{{Key: "_id", Value: 1}}))
	if err != nil {
		return nil, trouble(err)
	}
	defer cursor.Close(ctx) //nolint:errcheck // read to its end, or given up
	var list []sb.SourceDataset
	for cursor.Next(ctx) {
		if one := dataset(cursor.Current); one.Key != "" && one.Name != "" {
			list = append(list, one)
		}
	}
	if err := trouble(cursor.Err()); err != nil || len(list) > 0 {
		return list, err
	}
	return nil, d.exists(ctx)
}

// Samples is MongoDB's own estimate.
func (d *Database) Samples(ctx context.Context, of sb.SourceDataset) (int64, error) {
	ctx, cancel := d.bounded(ctx)
	defer cancel()
	n, err := d.db.Collection(of.Holds).EstimatedDocumentCount(ctx)
	return n, trouble(err)
}

func dataset(raw bson.Raw) sb.SourceDataset {
	one := sb.SourceDataset{Key: idOf(raw.Lookup("_id")), Name: textOf(raw.Lookup("name")), Holds: textOf(raw.Lookup("sample_collection_name"))}
	if tags, is := raw.Lookup("tags").ArrayOK(); is {
		values, _ := tags.Values()
		for _, v := range values {
			if tag := textOf(v); tag != "" {
				one.Tags = append(one.Tags, tag)
			}
		}
	}
	return one
}

// exists demands that FiftyOne has worked on this database.
func (d *Database) exists(ctx context.Context) error {
	names, err := d.db.ListCollectionNames(ctx, bson.D{{Key: "name", Value: "datasets"}})
	if err != nil {
		return trouble(err)
	}
	if len(names) == 0 {
		return sb.Errorf(sb.NotFound, "there is no database %s of FiftyOne", d.db.Name())
	}
	return nil
}
