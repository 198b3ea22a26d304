package workflows

import (
	"context"
	"errors"
	"sync"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	sb "signalbox"
)

// The names that histories know the watching by; they never change.
const (
	watchName      = "Watch"
	lookName       = "Look"
	lookSourceName = "LookAtSource"
)

const (
	lookTime  = time.Hour        // then the activity ends and begins anew, here or elsewhere
	lookBeat  = 3 * time.Second  // how often it says that it is alive
	lookQuiet = 15 * time.Second // without a word another replica takes over
	looks     = 100              // activities in one history
)

// WatchInput is all that a watching is told.
type WatchInput struct {
	Orchestrator string `json:"orchestrator_id,omitempty"`
	Source       string `json:"source_id,omitempty"` // instead of an orchestrator
	Name         string `json:"name"`                // for people
}

// WatchWorkflow keeps one activity alive that looks at an orchestrator which we do not own, or at a database of FiftyOne,
// however many replicas there are, until that is gone.
func WatchWorkflow(ctx workflow.Context, in WatchInput) error {
	there := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:           ControlQueue,
		StartToCloseTimeout: 2 * lookTime,
		HeartbeatTimeout:    lookQuiet,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 1.5, MaximumInterval: 10 * time.Second},
		Summary:             "looks at " + in.Name,
	})
	look, id := lookName, in.Orchestrator
	if in.Source != "" {
		look, id = lookSourceName, in.Source
	}
	for range looks {
		var gone bool
		if err := workflow.ExecuteActivity(there, look, id).Get(ctx, &gone); err != nil || gone {
			return err
		}
	}
	return workflow.NewContinueAsNewError(ctx, watchName, in)
}

// Look looks at an orchestrator until it is gone, or for an hour. When this worker stops it gives up at once, so that
// another goes on.
func (b bridging) Look(ctx context.Context, orchestratorID string) (gone bool, err error) {
	return looking(ctx, b.bridge.Watch, orchestratorID)
}

// LookAtSource is Look for a database of FiftyOne.
func (b bridging) LookAtSource(ctx context.Context, sourceID string) (gone bool, err error) {
	return looking(ctx, b.bridge.WatchSource, sourceID)
}

func looking(ctx context.Context, watch func(context.Context, string) (bool, error), id string) (gone bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	var beating sync.WaitGroup
	defer beating.Wait()
	beating.Go(func() { sayAlive(ctx, cancel) })
	defer cancel()
	gone, err = watch(ctx, id)
	if err == nil && !gone && !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = errGivenUp
	}
	if err != nil {
		return false, plain(err)
	}
	return gone, nil
}

var errGivenUp = sb.Errorf(sb.Unavailable, "the watching was given up here")

func sayAlive(ctx context.Context, stop context.CancelFunc) {
	tick := time.NewTicker(lookBeat)
	defer tick.Stop()
	for {
		activity.RecordHeartbeat(ctx)
		select {
		case <-ctx.Done():
			return
		case <-activity.GetWorkerStopChannel(ctx):
			stop()
			return
		case <-tick.C:
		}
	}
}

// StartWatch sees to it that an orchestrator is watched; that it is already is fine. Errors: Unavailable.
func (c *Client) StartWatch(ctx context.Context, orchestratorID, name string) error {
	return c.startWatch(ctx, "watch:"+orchestratorID, "Watches orchestrator "+name, WatchInput{Orchestrator: orchestratorID, Name: name})
}

// StartSourceWatch is StartWatch for a database of FiftyOne.
func (c *Client) StartSourceWatch(ctx context.Context, sourceID, name string) error {
	return c.startWatch(ctx, "source:"+sourceID, "Watches source "+name, WatchInput{Source: sourceID, Name: name})
}

func (c *Client) startWatch(ctx context.Context, id, summary string, in WatchInput) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	_, err := c.sdk.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: id, TaskQueue: ControlQueue,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary:            summary,
	}, watchName, in)
	if err != nil {
		return c.unavailable(err)
	}
	return nil
}
