package airflow

import (
	"context"
	"net/http"
	"strings"

	sb "signalbox"
	"signalbox/adapters/outbound"
)

// Stop sets the run to failed, which is how Airflow ends one: running tasks get a signal at their next heartbeat, others
// do not begin. A run that has ended is left as it is. Airflow 2.10 revives a stopped run when its task ends; Look shows
// that, and the caller stops it again. See sb.Adapter.
func (a *Adapter) Stop(ctx context.Context, at sb.Place, reason string) error {
	path := []string{"dags", at.Target.DAG, "dagRuns", at.Name}
	var r dagRun
	err := a.ask(ctx, get(path...).of(outbound.Stops), &r)
	if sb.CodeOf(err) == sb.NotFound || err == nil && runSight(r).Over() {
		return nil
	}
	if err != nil {
		return err
	}
	c := call{share: outbound.Stops, method: http.MethodPatch, path: path, body: map[string]any{"state": "failed"}}
	err = a.ask(ctx, c, nil)
	if sb.CodeOf(err) == sb.NotFound {
		return nil
	}
	if err == nil {
		a.note(ctx, path, r.Note, reason)
	}
	return err
}

// note adds the reason to the run's note, once. The stop does not depend on it.
func (a *Adapter) note(ctx context.Context, path []string, before *string, reason string) {
	text := reason
	if before != nil && *before != "" {
		if strings.Contains(*before, reason) {
			return
		}
		text = *before + "\n" + reason
	}
	api, err := a.api(ctx)
	if err != nil {
		return
	}
	more, body := api.note(cut(text, maxNote))
	_ = a.ask(ctx, call{share: outbound.Stops, method: http.MethodPatch, path: append(path[:len(path):len(path)], more...), body: body}, nil)
}
