package airflow

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	sb "signalbox"
	"signalbox/adapters/outbound"
)

// skewMost is how far the clocks may be apart without a word.
const skewMost = 30 * time.Second

// oldest is the first version whose API can list the tasks of a run by its name.
var oldest = version{major: 2, minor: 7, patch: 1}

// probe collects checks.
type probe struct {
	a      *Adapter
	checks []sb.Check
}

func (p *probe) good(name, detail string, args ...any) {
	p.checks = append(p.checks, sb.Check{Name: name, OK: true, Detail: fmt.Sprintf(detail, args...)})
}

func (p *probe) bad(name, detail, fix string) {
	p.checks = append(p.checks, sb.Check{Name: name, Detail: detail, Fix: fix})
}

// Probe asks from the outside in, and ends where nothing further can be asked. See sb.Adapter.
func (a *Adapter) Probe(ctx context.Context, routes []sb.Route) []sb.Check {
	a.forgetAPI()
	p := &probe{a: a}
	if !p.reachable(ctx) || !p.credentials(ctx) {
		return p.checks
	}
	p.scheduler(ctx)
	p.rights(ctx)
	met := map[string]bool{}
	for _, r := range routes {
		if dag := r.Target.DAG; dag != "" && !met[dag] {
			met[dag] = true
			p.dag(ctx, dag)
		}
	}
	return p.checks
}

func (p *probe) reachable(ctx context.Context) bool {
	api, err := p.a.api(ctx)
	if err != nil {
		p.bad("reachable", p.a.out.Base()+": "+words(err), "Check url, ca and the network between; "+
			"a proxy before Airflow must let the paths /api and /auth through with the headers given here.")
		return false
	}
	p.good("reachable", "%s answers", p.a.out.Base())
	switch v := api.version(); {
	case v.before(oldest.major, oldest.minor, oldest.patch):
		p.bad("version", "Airflow "+v.text, "Airflow 2.7.1 is the oldest that is supported; upgrade it.")
	default:
		p.good("version", "Airflow %s, API v%d", v.text, v.major-1)
	}
	if skew, known := p.a.clock.skew(); known && skew.Abs() > skewMost {
		p.bad("clock", fmt.Sprintf("Airflow's clock is %s from this one", skew.Round(time.Second)),
			"Have both set by NTP. Runs are not affected, but times that are shown are.")
	} else if known {
		p.good("clock", "no more than %s from this one", skewMost)
	}
	return true
}

func (p *probe) credentials(ctx context.Context) bool {
	c := get("dags")
	c.query = map[string]string{"limit": "1"}
	err := p.a.ask(ctx, c, nil)
	switch {
	case err == nil:
		p.good("credentials", "Airflow takes them")
	case sb.CodeOf(err) == sb.Forbidden:
		p.good("credentials", "Airflow takes them")
		p.bad("rights", "the account may not read DAGs", "Give its role the rights that docs/airflow.md lists, or Airflow's role User.")
		return false
	default:
		p.bad("credentials", words(err), "Enter the account's credentials again, and check in Airflow that the account is active.")
	}
	return err == nil
}

func (p *probe) scheduler(ctx context.Context) {
	type state struct{ Status *string }
	var health struct {
		Metadatabase, Scheduler state
		Processor               state `json:"dag_processor"`
	}
	c := get("monitor", "health")
	api, err := p.a.api(ctx)
	if err == nil && api.major() == 2 {
		c = get("health")
	}
	if err = p.a.ask(ctx, c, &health); err != nil {
		p.bad("scheduler", words(err), "Look at Airflow's health page.")
		return
	}
	ill := func(s state) bool { return s.Status == nil || *s.Status != "healthy" }
	switch {
	case ill(health.Metadatabase):
		p.bad("scheduler", "Airflow's database is not healthy", "Look at Airflow's own logs.")
	case ill(health.Scheduler):
		p.bad("scheduler", "Airflow's scheduler is not healthy: runs will wait", "Start or restart airflow scheduler.")
	case api.major() == 3 && ill(health.Processor):
		p.bad("scheduler", "Airflow's DAG processor is not healthy: new DAGs will not be found", "Start or restart airflow dag-processor.")
	default:
		p.good("scheduler", "Airflow calls it healthy")
	}
}

// rights tries what reads, on all DAGs.
func (p *probe) rights(ctx context.Context) {
	post := func(body map[string]any, path ...string) call {
		return call{share: outbound.Polls, method: http.MethodPost, path: path, body: body}
	}
	lacks := ""
	for _, c := range []call{
		post(map[string]any{"page_limit": 1}, "dags", "~", "dagRuns", "list"),
		post(map[string]any{"dag_ids": []string{nowhere}, "dag_run_ids": []string{nowhere}}, "dags", "~", "dagRuns", "~", "taskInstances", "list"),
		get("importErrors"),
	} {
		err := p.a.ask(ctx, c, nil)
		switch {
		case sb.CodeOf(err) == sb.Forbidden:
			lacks += ", " + c.verb()
		case err != nil:
			p.bad("rights", words(err), "Ask again; if it stays so, look at the logs of Airflow's web server.")
			return
		}
	}
	if lacks != "" {
		p.bad("rights", "the account may not "+lacks[2:], "Give its role the rights that docs/airflow.md lists, or Airflow's role User.")
		return
	}
	p.good("rights", "the account may read DAGs, DAG runs, task instances and import errors")
}

// nowhere is a name that nothing in Airflow has.
const nowhere = "signalbox-probe-of-nothing"

// dag looks at a route's DAG, and whether runs of it may be started, stopped and read.
func (p *probe) dag(ctx context.Context, dag string) {
	name := "dag " + dag
	api, err := p.a.api(ctx)
	if err != nil {
		p.bad(name, words(err), "Ask again.")
		return
	}
	d, err := p.a.dag(ctx, dag)
	if err != nil {
		p.noDAG(ctx, name, err)
		return
	}
	switch {
	case d.Broken:
		p.bad(name, "its file cannot be imported by Airflow", "Airflow lists what is wrong with it under Import Errors; mend the file.")
	case api.stale(d):
		p.bad(name, "Airflow no longer finds it in its files", "Bring the DAG's file back, or change the route.")
	case d.Paused && !p.a.set.Unpause:
		p.bad(name, "it is paused: runs will wait", "Unpause it in Airflow, or set unpause in the orchestrator's config.")
	default:
		p.good(name, "there, at most %d active runs", d.MostActive)
	}
	p.mayUse(ctx, api, dag)
}

func (p *probe) noDAG(ctx context.Context, name string, err error) {
	if sb.CodeOf(err) != sb.NotFound {
		p.bad(name, words(err), "Give the account the right to read this DAG.")
		return
	}
	var broken struct {
		Total int `json:"total_entries"`
	}
	detail, fix := "Airflow has no such DAG", "Put the DAG's file where Airflow reads DAGs (it may take minutes to see it), or change the route."
	if p.a.ask(ctx, get("importErrors"), &broken) == nil && broken.Total > 0 {
		detail = fmt.Sprintf("Airflow has no such DAG, and %d of its files cannot be imported", broken.Total)
		fix = "Airflow lists them under Import Errors; mend the DAG's file, or change the route."
	}
	p.bad(name, detail, fix)
}

// mayUse tries the calls that change something in a way that changes nothing: a run that no Airflow accepts, and runs
// that do not exist. Without the right to do so, the answer is 403; with it, it is another.
func (p *probe) mayUse(ctx context.Context, api api, dag string) {
	lacks := ""
	for _, c := range []call{
		{share: outbound.Polls, method: http.MethodPost, path: []string{"dags", dag, "dagRuns"}, body: api.noTrigger()},
		{share: outbound.Polls, method: http.MethodPatch, path: []string{"dags", dag, "dagRuns", nowhere}, body: map[string]any{"state": "failed"}},
		get("dags", dag, "dagRuns", nowhere, "taskInstances", nowhere, "logs", "1"),
		get("dags", dag, "dagRuns", nowhere, "taskInstances", nowhere, "xcomEntries", "return_value"),
	} {
		if sb.CodeOf(p.a.ask(ctx, c, nil)) == sb.Forbidden {
			lacks += ", " + c.verb()
		}
	}
	if lacks != "" {
		p.bad("rights on "+dag, "the account may not "+lacks[2:], "Give its role the rights that docs/airflow.md lists, or Airflow's role User.")
		return
	}
	p.good("rights on "+dag, "the account may start and stop runs, and read logs and results")
}

// words are an error's message, with its cause where that is ours to show.
func words(err error) string {
	var e *sb.Error
	if !errors.As(err, &e) {
		return "something unexpected happened"
	}
	var no *refused
	if e.Cause == nil || errors.As(e.Cause, &no) {
		return e.Message
	}
	return e.Message + ": " + e.Cause.Error()
}
