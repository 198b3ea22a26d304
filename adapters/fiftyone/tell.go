package fiftyone

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	sb "signalbox"
)

const maxDocument = 16 << 20 // bytes

// set changes a document that is in one of the states, and tells whether it was.
func (d *Database) set(ctx context.Context, id string, from []sb.OperationState, fields bson.D) (bool, error) {
	ctx, cancel := d.bounded(ctx)
	defer cancel()
	key, err := bson.ObjectIDFromHex(id)
	if err != nil {
		return false, nil
	}
	filter := bson.D{{Key: "_id", Value: key}, {Key: "run_state", Value: bson.D{{Key: "$in", Value: from}}}}
	done, err := d.operations.UpdateOne(ctx, filter, bson.D{{Key: "$set", Value: fields}})
	if err != nil {
		return false, trouble(err)
	}
	return done.MatchedCount == 1, nil
}

// becomes is what FiftyOne writes when an operation gets into a state.
func becomes(state sb.OperationState, moment string, at time.Time, more ...bson.E) bson.D {
	at = at.UTC()
	return append(bson.D{{Key: "run_state", Value: state}, {Key: moment, Value: at}, {Key: "updated_at", Value: at}}, more...)
}

var (
	queued    = []sb.OperationState{sb.OperationQueued}
	scheduled = []sb.OperationState{sb.OperationScheduled}
	running   = []sb.OperationState{sb.OperationRunning}
)

// Hold makes a queued operation a scheduled one, and takes its tokens out.
func (d *Database) Hold(ctx context.Context, id string, at time.Time) (bool, error) {
	clean, err := d.withoutTokens(ctx, id)
	if err != nil {
		return false, err
	}
	return d.set(ctx, id, queued, becomes(sb.OperationScheduled, "scheduled_at", at, clean...))
}

// Scrub takes the tokens out of one that is scheduled.
func (d *Database) Scrub(ctx context.Context, id string) (bool, error) {
	clean, err := d.withoutTokens(ctx, id)
	if err != nil || len(clean) == 0 {
		return err == nil, err
	}
	return d.set(ctx, id, scheduled, append(bson.D{{Key: "updated_at", Value: time.Now().UTC()}}, clean...))
}

// withoutTokens is the request of a document without its tokens, as a field to set; none when it has no tokens. It is written whole, for
// a key may hold dots, which no path reaches.
func (d *Database) withoutTokens(ctx context.Context, id string) (bson.D, error) {
	ctx, cancel := d.bounded(ctx)
	defer cancel()
	key, err := bson.ObjectIDFromHex(id)
	if err != nil {
		return nil, nil
	}
	raw, err := d.operations.FindOne(ctx, bson.D{{Key: "_id", Value: key}}, options.FindOne().SetProjection(bson.D{{Key: "context.request_params", Value: 1}})).Raw()
	if errors.Is(err, mongo.ErrNoDocuments) {
		return nil, nil
	}
	if err != nil {
		return nil, trouble(err)
	}
	request, _ := raw.Lookup("context", "request_params").DocumentOK()
	elements, _ := request.Elements()
	kept := bson.D{}
	for _, e := range elements {
		if !isToken(e.Key()) {
			kept = append(kept, bson.E{Key: e.Key(), Value: e.Value()})
		}
	}
	if len(kept) == len(elements) {
		return nil, nil
	}
	return bson.D{{Key: "context.request_params", Value: kept}}, nil
}

// GiveBack makes one that is scheduled a queued one again.
func (d *Database) GiveBack(ctx context.Context, id string, at time.Time) (bool, error) {
	return d.set(ctx, id, scheduled, becomes(sb.OperationQueued, "queued_at", at))
}

// Start makes a scheduled one a running one, with the page of its run.
func (d *Database) Start(ctx context.Context, id, link string, at time.Time) (bool, error) {
	return d.set(ctx, id, scheduled, becomes(sb.OperationRunning, "started_at", at,
		bson.E{Key: "monitored", Value: true}, bson.E{Key: "run_link", Value: orNull(link)}))
}

// Progress tells how far a running one is.
func (d *Database) Progress(ctx context.Context, id string, p sb.Progress, at time.Time) (bool, error) {
	status := bson.D{
		{Key: "progress", Value: p.Fraction}, {Key: "label", Value: orNull(p.Label)}, {Key: "updated_at", Value: p.UpdatedAt.UTC()},
	}
	return d.set(ctx, id, running, bson.D{{Key: "status", Value: status}, {Key: "updated_at", Value: at.UTC()}})
}

// Beat tells that a running one is alive.
func (d *Database) Beat(ctx context.Context, id string, at time.Time) (bool, error) {
	return d.set(ctx, id, running, bson.D{{Key: "updated_at", Value: at.UTC()}})
}

// Complete ends a running one well. TooLarge: its result does not fit.
func (d *Database) Complete(ctx context.Context, id string, f sb.Finding, at time.Time) (bool, error) {
	found, err := bson.Marshal(result(f))
	if err != nil || len(found) > maxDocument {
		return false, errTooLarge // before its way takes longer than an answer may
	}
	fields := becomes(sb.OperationCompleted, "completed_at", at, bson.E{Key: "result", Value: bson.Raw(found)})
	if schema := fromJSON(f.OutputsSchema); schema != nil {
		fields = append(fields, bson.E{Key: "metadata.outputs_schema", Value: schema})
	}
	return d.set(ctx, id, running, fields)
}

// Fail ends one that is in a state as failed.
func (d *Database) Fail(ctx context.Context, id string, from sb.OperationState, f sb.Finding, at time.Time) (bool, error) {
	return d.set(ctx, id, []sb.OperationState{from}, becomes(sb.OperationFailed, "failed_at", at, bson.E{Key: "result", Value: result(f)}))
}

// result is an execution result as FiftyOne keeps it: always these six keys.
func result(f sb.Finding) bson.D {
	return bson.D{
		{Key: "result", Value: fromJSON(f.Result)},
		{Key: "executor", Value: nil},
		{Key: "error", Value: orNull(f.Error)},
		{Key: "error_message", Value: nil},
		{Key: "delegated", Value: false},
		{Key: "validation_ctx", Value: nil},
	}
}

// Show makes the document of a run that was scheduled here, once: as FiftyOne makes one, but scheduled, so that no launcher takes it.
func (d *Database) Show(ctx context.Context, m sb.Mirrored, at time.Time) error {
	ctx, cancel := d.bounded(ctx)
	defer cancel()
	key, err := bson.ObjectIDFromHex(m.ID)
	if err != nil {
		return sb.Errorf(sb.Invalid, "%s is no id of an operation", m.ID)
	}
	_, err = d.operations.UpdateOne(ctx, bson.D{{Key: "_id", Value: key}}, bson.D{{Key: "$setOnInsert", Value: document(m, at.UTC())}},
		options.UpdateOne().SetUpsert(true))
	return trouble(err)
}

func document(m sb.Mirrored, at time.Time) bson.D {
	var dataset any
	if key, err := bson.ObjectIDFromHex(m.DatasetID); err == nil {
		dataset = key
	}
	view := fromJSON(m.View)
	if view == nil {
		view = bson.A{}
	}
	request := bson.D{
		{Key: "operator_uri", Value: m.Operator},
		{Key: "dataset_name", Value: orNull(m.Dataset)},
		{Key: "view", Value: view},
		{Key: "params", Value: fromJSON(orObject(m.Params))},
		{Key: "delegated", Value: true},
		{Key: ownKey, Value: m.Run},
	}
	null := func(keys ...string) (fields bson.D) {
		for _, key := range keys {
			fields = append(fields, bson.E{Key: key, Value: nil})
		}
		return fields
	}
	fields := bson.D{
		{Key: "operator", Value: m.Operator},
		{Key: "label", Value: m.Label},
		{Key: "delegation_target", Value: nil},
		{Key: "run_state", Value: sb.OperationScheduled},
		{Key: "run_link", Value: orNull(m.Link)},
		{Key: "queued_at", Value: nil},
		{Key: "updated_at", Value: at},
		{Key: "status", Value: nil},
		{Key: "dataset_id", Value: dataset},
		{Key: "started_at", Value: nil},
		{Key: "pinned", Value: false},
		{Key: "completed_at", Value: nil},
		{Key: "failed_at", Value: nil},
		{Key: "scheduled_at", Value: at},
		{Key: "result", Value: nil},
		{Key: "metadata", Value: null("inputs_schema", "outputs_schema")},
	}
	fields = append(fields, null("log_path", "log_size", "log_tail", "log_upload_error")...)
	return append(fields, bson.D{
		{Key: "monitored", Value: true},
		{Key: "archived", Value: false},
		{Key: "rerunnable", Value: false},
		{Key: "parent_id", Value: nil},
		{Key: "context", Value: bson.D{{Key: "request_params", Value: request}}},
	}...)
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func orObject(params json.RawMessage) json.RawMessage {
	if len(params) == 0 {
		return json.RawMessage("{}")
	}
	return params
}
