package workflows

import (
	"context"
	"errors"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"

	sb "signalbox"
)

// Start starts the attempt's workflow and returns its id and page. Starting an attempt again whose workflow is open is
// success and starts nothing. It does not wait for the workflow. Where the client's process has a Control worker, that
// gets the first task with the answer, which saves a round trip. Errors: Conflict (the workflow has run before and is
// closed), Unavailable (try again).
func (c *Client) Start(ctx context.Context, run sb.Run) (name, url string, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	options := c.startOptions(run)
	input := Input{Run: run.ID, Attempt: run.Attempt, Orchestrator: run.Orchestrator, Pool: pool(run.Target.Pool)}
	if run.Outside() {
		input.Outside, input.Pool = true, run.Target.Words()
	}
	searchable, err := c.hasAttributes(ctx)
	if err != nil {
		return "", "", err
	}
	if searchable {
		options.TypedSearchAttributes = c.options.attributesOf(run)
	}
	_, err = c.sdk.ExecuteWorkflow(ctx, options, runName, input)
	var invalid *serviceerror.InvalidArgument
	if searchable && errors.As(err, &invalid) {
		options.TypedSearchAttributes = temporal.SearchAttributes{}
		if _, err = c.sdk.ExecuteWorkflow(ctx, options, runName, input); err == nil {
			c.refused()
		}
	}
	if err := c.started(ctx, run.Ref(), err); err != nil {
		return "", "", err
	}
	return options.ID, c.page(options.ID), nil
}

// started judges the answer to a start.
func (c *Client) started(ctx context.Context, ref sb.AttemptRef, err error) error {
	var already *serviceerror.WorkflowExecutionAlreadyStarted
	if err == nil {
		return nil
	}
	if !errors.As(err, &already) {
		return c.unavailable(err)
	}
	state, err := c.State(ctx, ref)
	if err != nil {
		return err
	}
	if !state.Open {
		return sb.Errorf(sb.Conflict, "workflow %s has run before and is closed", ref.Name())
	}
	return nil
}

// Cancel asks the attempt's workflow to end: it notes the stop and lets the worker end the work. It may be repeated; an
// attempt without open workflow is fine. Errors: Unavailable.
func (c *Client) Cancel(ctx context.Context, ref sb.AttemptRef) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	err := c.sdk.CancelWorkflow(ctx, ref.Name(), "")
	var missing *serviceerror.NotFound
	if err == nil || errors.As(err, &missing) {
		return nil
	}
	return c.unavailable(err)
}

// State asks for the workflow by its id, never by a search, which may lag behind. A workflow that was reset is the newest
// of that id. Errors: Unavailable.
func (c *Client) State(ctx context.Context, ref sb.AttemptRef) (sb.CarrierState, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	seen, err := c.sdk.DescribeWorkflowExecution(ctx, ref.Name(), "")
	var missing *serviceerror.NotFound
	if errors.As(err, &missing) {
		return sb.CarrierState{Missing: true, Reason: "Temporal knows no workflow " + ref.Name()}, nil
	}
	if err != nil {
		return sb.CarrierState{}, c.unavailable(err)
	}
	switch status := seen.GetWorkflowExecutionInfo().GetStatus(); status {
	case enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, enumspb.WORKFLOW_EXECUTION_STATUS_PAUSED, enumspb.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW:
		return sb.CarrierState{Open: true}, nil
	case enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED:
		return sb.CarrierState{Terminated: true, Reason: c.terminated(ctx, ref)}, nil
	case enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED:
		return sb.CarrierState{Terminated: true, Reason: "cancelled in Temporal"}, nil
	default:
		return sb.CarrierState{Reason: "its workflow is closed: " + status.String()}, nil
	}
}

// terminated tells with which words a person terminated the workflow, if they can be read.
func (c *Client) terminated(ctx context.Context, ref sb.AttemptRef) string {
	const plain = "terminated in Temporal"
	history := c.sdk.GetWorkflowHistory(ctx, ref.Name(), "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT)
	for history.HasNext() {
		event, err := history.Next()
		if err != nil {
			return plain
		}
		if said := event.GetWorkflowExecutionTerminatedEventAttributes().GetReason(); said != "" {
			return fmt.Sprintf("%s: %s", plain, said)
		}
	}
	return plain
}

func pool(name string) string {
	if name == "" {
		return sb.DefaultPool
	}
	return name
}
