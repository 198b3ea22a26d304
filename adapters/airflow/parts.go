package airflow

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	sb "signalbox"
	"signalbox/adapters/outbound"
)

// How many task instances are read, and how many of them at once where Airflow itself sets a limit.
const (
	partsMost = 10_000
	cappedAt  = 100
)

// taskPage is a page of task instances.
type taskPage struct {
	Tasks []taskInstance `json:"task_instances"`
	Total int            `json:"total_entries"`
}

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
			Source: t.source(), First: 1, Try: t.Try, Sight: taskSight(t.word()), Word: t.word(),
			URL: api.taskURL(a.out.Base(), at, t.Task, t.Index, t.Try),
		})
	}
	return parts, nil
}

// tasks lists the task instances of one run.
func (a *Adapter) tasks(ctx context.Context, at sb.Place) ([]taskInstance, error) {
	all, _, err := a.list(ctx, []sb.Place{at})
	if sb.CodeOf(err) == sb.TooLarge {
		return a.tasksInPages(ctx, at)
	}
	return all, err
}

// list lists the task instances of runs, and tells how many there are if there are more than it reads. TooLarge: they are too
// many bytes, and come without pages.
func (a *Adapter) list(ctx context.Context, at []sb.Place) (all []taskInstance, total int, err error) {
	var dags, runs []string
	for _, p := range at {
		if p.Target.DAG == "" || p.Name == "" {
			return nil, 0, sb.Errorf(sb.Invalid, "a run of Airflow has a DAG and a name") // an empty filter would be none
		}
		if !slices.Contains(dags, p.Target.DAG) {
			dags = append(dags, p.Target.DAG)
		}
		runs = append(runs, p.Name)
	}
	api, err := a.api(ctx)
	if err != nil {
		return nil, 0, err
	}
	for size := a.pageSize(api.version()); ; {
		body, pages := api.parts(dags, runs, len(all), size)
		var page taskPage
		err := a.ask(ctx, call{
			share: outbound.Details, method: http.MethodPost, body: body,
			path: []string{"dags", "~", "dagRuns", "~", "taskInstances", "list"},
		}, &page)
		switch {
		case sb.CodeOf(err) == sb.TooLarge && pages && size > 1:
			size = max(size/4, 1)
			continue
		case err != nil:
			return nil, 0, err
		}
		all = append(all, page.Tasks...)
		if !pages || len(page.Tasks) == 0 || len(all) >= page.Total || len(all) >= partsMost {
			return all, page.Total, nil
		}
	}
}

// tasksInPages is the slower way, where the batch of all is too large.
func (a *Adapter) tasksInPages(ctx context.Context, at sb.Place) ([]taskInstance, error) {
	var all []taskInstance
	for {
		c := get("dags", at.Target.DAG, "dagRuns", at.Name, "taskInstances").of(outbound.Details)
		c.query = map[string]string{"limit": strconv.Itoa(cappedAt), "offset": strconv.Itoa(len(all))}
		var page taskPage
		if err := a.ask(ctx, c, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Tasks...)
		if len(page.Tasks) == 0 || len(all) >= page.Total || len(all) >= partsMost {
			return all, nil
		}
	}
}
