package fiftyone

import (
	"context"
	"encoding/base64"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	sb "signalbox"
)

// interesting are the changes that are told: of operations those that are new, gone or in another state, of datasets all but
// the moments at which somebody loaded one.
var interesting = mongo.Pipeline{
	bson.D{{Key: "$match", Value: bson.D{{Key: "$or", Value: bson.A{
		bson.D{{Key: "ns.coll", Value: "delegated_ops"}, {Key: "$or", Value: bson.A{
			bson.D{{Key: "operationType", Value: bson.D{{Key: "$in", Value: bson.A{"insert", "delete", "replace"}}}}},
			bson.D{{Key: "updateDescription.updatedFields.run_state", Value: bson.D{{Key: "$exists", Value: true}}}},
		}}},
		bson.D{{Key: "ns.coll", Value: "datasets"}, {Key: "$or", Value: bson.A{
			bson.D{{Key: "operationType", Value: bson.D{{Key: "$ne", Value: "update"}}}},
			bson.D{{Key: "updateDescription.updatedFields.name", Value: bson.D{{Key: "$exists", Value: true}}}},
			bson.D{{Key: "updateDescription.updatedFields.tags", Value: bson.D{{Key: "$exists", Value: true}}}},
		}}},
	}}}}},
	bson.D{{Key: "$project", Value: bson.D{{Key: "ns", Value: 1}, {Key: "documentKey._id", Value: 1}}}},
}

// Follow calls told for each change after the mark, until ctx is done or it breaks; once with nothing when it has begun to
// listen. Errors: NotFound (it has no change streams), Gone (the mark is too old).
func (d *Database) Follow(ctx context.Context, from sb.Mark, told func(sb.SourceChange)) error {
	o := options.ChangeStream()
	if token, err := base64.StdEncoding.DecodeString(string(from)); err == nil && len(token) > 0 {
		if bson.Raw(token).Validate() != nil {
			return sb.Errorf(sb.Gone, "the mark cannot be read")
		}
		o.SetResumeAfter(bson.Raw(token))
	}
	stream, err := d.db.Watch(ctx, interesting, o)
	if err != nil {
		return trouble(err)
	}
	defer stream.Close(context.WithoutCancel(ctx)) //nolint:errcheck // it is given up
	told(sb.SourceChange{Mark: markOf(stream.ResumeToken())})
	for stream.Next(ctx) {
		change := sb.SourceChange{Mark: markOf(stream.ResumeToken())}
		if textOf(stream.Current.Lookup("ns", "coll")) == "delegated_ops" {
			change.Operation = idOf(stream.Current.Lookup("documentKey", "_id"))
		}
		told(change)
	}
	if ctx.Err() != nil {
		return nil
	}
	if err := trouble(stream.Err()); err != nil {
		return err
	}
	return sb.Errorf(sb.Gone, "MongoDB ended the stream of changes")
}

func markOf(token bson.Raw) sb.Mark {
	return sb.Mark(base64.StdEncoding.EncodeToString(token))
}
