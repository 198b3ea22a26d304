package airflow

import (
	"context"
	"net/http"

	sb "signalbox"
	"signalbox/adapters/outbound"
)

// partsPage is how many task instances are asked for at once, where there are pages, and partsMost how many are read.
const (
	partsPage = 500
	partsMost = 10_000
)

// Parts lists a run's task instances. See sb.Adapter.
func (a *Adapter) Parts(ctx context.Context, at sb.Place) ([]sb.Part, error) {
	api, err := a.api(ctx)
	if err != nil {
		return nil, err
	}
	all, err := a.tasks(ctx, at)
	if err != nil {
		return nil, err
	}
	parts := make([]sb.Part, 0, len(all))
	for _, t := range all {
		parts = append(parts, sb.Part{
			Source: t.source(), Try: t.Try, Sight: taskSight(t.word()), Word: t.word(),
			URL: api.taskURL(a.out.Base(), at, t.Task, t.Index, t.Try),
		})
	}
	return parts, nil
}

func (a *Adapter) tasks(ctx context.Context, at sb.Place) ([]taskInstance, error) {
	if at.Target.DAG == "" || at.Name == "" {
		return nil, sb.Errorf(sb.Invalid, "a run of Airflow has a DAG and a name") // an empty filter would be none
	}
	api, err := a.api(ctx)
	if err != nil {
		return nil, err
	}
	var all []taskInstance
	for {
		var page struct {
			Tasks []taskInstance `json:"task_instances"`
			Total int            `json:"total_entries"`
		}
		body, pages := api.parts(at.Target.DAG, at.Name, len(all))
		err := a.ask(ctx, call{
			share: outbound.Polls, method: http.MethodPost, body: body,
			path: []string{"dags", "~", "dagRuns", "~", "taskInstances", "list"},
		}, &page)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Tasks...)
		if !pages || len(page.Tasks) == 0 || len(all) >= page.Total || len(all) >= partsMost {
			return all, nil
		}
	}
}
