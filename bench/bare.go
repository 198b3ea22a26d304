package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

const (
	bareControl = "bench-control"
	barePool    = "bench-pool"
)

// bare is Temporal alone: a workflow on one task queue and an activity that does nothing on another, carried by the
// same server as our runs. Its client offers the first task with the start, as ours does.
type bare struct {
	client  client.Client
	workers []worker.Worker
	began   sync.Map // by workflow id: when its activity began
	next    atomic.Int64
	ended   chan struct{} // one for each workflow that is done
}

func newBare(temporal string, concurrency int) (*bare, error) {
	c, err := client.Dial(client.Options{HostPort: temporal, Logger: silent{}})
	if err != nil {
		return nil, err
	}
	b := &bare{client: c, ended: make(chan struct{}, 1<<16)}
	control := worker.New(c, bareControl, worker.Options{})
	control.RegisterWorkflowWithOptions(b.workflow, workflow.RegisterOptions{Name: "bare"})
	pool := worker.New(c, barePool, worker.Options{DisableWorkflowWorker: true, MaxConcurrentActivityExecutionSize: concurrency})
	pool.RegisterActivityWithOptions(b.nothing, activity.RegisterOptions{Name: "nothing"})
	for _, w := range []worker.Worker{control, pool} {
		if err := w.Start(); err != nil {
			b.close()
			return nil, err
		}
		b.workers = append(b.workers, w)
	}
	return b, nil
}

func (b *bare) close() {
	for _, w := range b.workers {
		w.Stop()
	}
	b.client.Close()
}

func (b *bare) workflow(ctx workflow.Context) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{TaskQueue: barePool, StartToCloseTimeout: time.Minute})
	err := workflow.ExecuteActivity(ctx, "nothing").Get(ctx, nil)
	if !workflow.IsReplaying(ctx) {
		b.ended <- struct{}{} // the answer with the end follows at once
	}
	return err
}

func (b *bare) nothing(ctx context.Context) error {
	b.began.Store(activity.GetInfo(ctx).WorkflowExecution.ID, time.Now())
	return nil
}

// start starts a workflow and gives its id.
func (b *bare) start(ctx context.Context) (string, error) {
	id := fmt.Sprintf("bare-%d", b.next.Add(1))
	_, err := b.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: id, TaskQueue: bareControl, EnableEagerStart: true}, "bare")
	return id, err
}

// await waits for the ends of so many workflows.
func (b *bare) await(ctx context.Context, n int) error {
	for range n {
		select {
		case <-b.ended:
		case <-ctx.Done():
			return fmt.Errorf("bare workflows are still open: %w", ctx.Err())
		}
	}
	return nil
}

// silent is a log that nobody reads.
type silent struct{}

var _ log.Logger = silent{}

func (silent) Debug(string, ...any) {}
func (silent) Info(string, ...any)  {}
func (silent) Warn(string, ...any)  {}
func (silent) Error(string, ...any) {}
