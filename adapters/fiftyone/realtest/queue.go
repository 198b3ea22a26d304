package realtest

import (
	"context"
	"maps"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
)

// Queue are the delegated operations of a FiftyOne, for those who queue many of a kind.
type Queue struct {
	client     *mongo.Client
	operations *mongo.Collection
	kind       bson.M
}

// Queue takes the only operation that is queued as the kind, and queues none yet. The caller closes it.
func (i *Instance) Queue(ctx context.Context) (*Queue, error) {
	client, err := i.Connect()
	if err != nil {
		return nil, err
	}
	q := &Queue{client: client, operations: client.Database("fiftyone").Collection("delegated_ops")}
	if err := q.operations.FindOneAndDelete(ctx, bson.D{}).Decode(&q.kind); err != nil {
		q.Close(ctx)
		return nil, err
	}
	return q, nil
}

// Close closes the connection.
func (q *Queue) Close(ctx context.Context) { _ = q.client.Disconnect(context.WithoutCancel(ctx)) }

// Put queues so many at once.
func (q *Queue) Put(ctx context.Context, n int, label string) error {
	docs := make([]bson.M, n)
	for i := range docs {
		now := time.Now().UTC()
		docs[i] = maps.Clone(q.kind)
		maps.Copy(docs[i], bson.M{"_id": bson.NewObjectID(), "label": label, "queued_at": now, "updated_at": now})
	}
	_, err := q.operations.InsertMany(ctx, docs)
	return err
}

// Clear forgets all.
func (q *Queue) Clear(ctx context.Context) error {
	_, err := q.operations.DeleteMany(ctx, bson.D{})
	return err
}

// Over counts those that have ended.
func (q *Queue) Over(ctx context.Context) (completed, failed int, err error) {
	count := func(state string) (n int64) {
		if err == nil {
			n, err = q.operations.CountDocuments(ctx, bson.D{{Key: "run_state", Value: state}})
		}
		return n
	}
	completed, failed = int(count("completed")), int(count("failed"))
	return completed, failed, err
}
