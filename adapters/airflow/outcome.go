package airflow

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	sb "signalbox"
	"signalbox/adapters/outbound"
)

// leavesMost bounds the tasks that are asked for a result.
const leavesMost = 20

// Outcome reads the result of a run that ended well: what the one leaf task returned that returned something. Of a
// failed one it gives the exception of the task that failed last, from its log. See sb.Adapter.
func (a *Adapter) Outcome(ctx context.Context, at sb.Place) (sb.Outcome, error) {
	var r dagRun
	if err := a.ask(ctx, get("dags", at.Target.DAG, "dagRuns", at.Name).of(outbound.Details), &r); err != nil {
		return sb.Outcome{}, err
	}
	o := sb.Outcome{Completed: r.State == "success", Source: sb.MainSource}
	if r.End != nil {
		o.At = *r.End
	}
	var err error
	switch runSight(r) {
	case sb.SeenSucceeded:
		err = a.result(ctx, at, &o)
	case sb.SeenFailed, sb.SeenStopped:
		err = a.failure(ctx, at, &o)
	default:
		return o, sb.Errorf(sb.Conflict, "the run has not ended in Airflow")
	}
	return o, err
}

func (a *Adapter) result(ctx context.Context, at sb.Place, o *sb.Outcome) error {
	leaves, err := a.leaves(ctx, at.Target.DAG)
	if err != nil {
		return err
	}
	found := 0
	for _, task := range leaves[:min(len(leaves), leavesMost)] {
		value, err := a.returned(ctx, at, task)
		if sb.CodeOf(err) == sb.TooLarge {
			o.Message = "task " + task + " returned more than is read; it is left in Airflow"
			return nil
		}
		if err != nil {
			return err
		}
		if value != nil {
			found++
			o.Result, o.Source = value, task
		}
	}
	if found != 1 {
		o.Result, o.Source = nil, sb.MainSource
	}
	return nil
}

// leaves are the tasks that none follows. A DAG that is gone has none.
func (a *Adapter) leaves(ctx context.Context, dag string) ([]string, error) {
	if known, ok := a.ends.get(dag, a.around.now()); ok { // many runs of it may end together
		return known, nil
	}
	var got struct {
		Tasks []struct {
			ID   string   `json:"task_id"`
			Next []string `json:"downstream_task_ids"`
		}
	}
	err := a.ask(ctx, get("dags", dag, "tasks").of(outbound.Details), &got)
	if sb.CodeOf(err) == sb.NotFound {
		return nil, nil
	}
	var all []string
	for _, t := range got.Tasks {
		if len(t.Next) == 0 {
			all = append(all, t.ID)
		}
	}
	if err == nil {
		a.ends.put(dag, all, a.around.now())
	}
	return all, err
}

// returned is what a task returned, nil for nothing. A mapped task returns many things, which is nothing here.
func (a *Adapter) returned(ctx context.Context, at sb.Place, task string) (json.RawMessage, error) {
	api, err := a.api(ctx)
	if err != nil {
		return nil, err
	}
	var x struct{ Value json.RawMessage }
	c := get("dags", at.Target.DAG, "dagRuns", at.Name, "taskInstances", task, "xcomEntries", "return_value")
	err = a.ask(ctx, c.of(outbound.Details), &x)
	if sb.CodeOf(err) == sb.NotFound || err == nil && (len(x.Value) == 0 || string(x.Value) == "null") {
		return nil, nil
	}
	return api.xcom(x.Value), err
}

func (a *Adapter) failure(ctx context.Context, at sb.Place, o *sb.Outcome) error {
	all, err := a.tasks(ctx, at)
	if err != nil {
		return err
	}
	var failed *taskInstance
	for i, t := range all {
		if t.word() == "failed" && (failed == nil || t.Start != nil && (failed.Start == nil || t.Start.After(*failed.Start))) {
			failed = &all[i]
		}
	}
	if failed == nil {
		o.Message = "Airflow ended the run as failed, and no task of it failed: somebody set its state, or it ran into dagrun_timeout"
		return nil
	}
	o.Source = failed.source()
	o.Message = fmt.Sprintf("task %s failed in Airflow", o.Source)
	raised, err := a.raised(ctx, at, *failed)
	if raised != "" {
		lines := strings.Split(strings.TrimRight(raised, "\n"), "\n")
		o.Message = fmt.Sprintf("task %s: %s", o.Source, cut(lines[len(lines)-1], 1000))
		o.Stack = raised
	}
	if sb.CodeOf(err) == sb.NotFound {
		return nil // no log: it never ran, or the log is gone
	}
	return err
}
