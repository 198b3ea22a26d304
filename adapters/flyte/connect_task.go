package flyte

import (
	"context"
	"slices"
	"strings"
	"time"

	sb "signalbox"
	"signalbox/adapters/outbound"
)

// connectInterface is what is known of a task: its inputs with their types, and those that may be left out.
type connectInterface struct {
	Spec struct {
		Template struct {
			Interface struct {
				Inputs struct {
					Variables []struct {
						Key   string `json:"key"`
						Value object `json:"value"`
					} `json:"variables"`
				} `json:"inputs"`
			} `json:"interface"`
		} `json:"taskTemplate"`
		Defaults []struct {
			Name      string `json:"name"`
			Parameter object `json:"parameter"`
		} `json:"defaultInputs"`
	} `json:"spec"`
}

func (c *connect) taskID(t sb.Target) connectTask {
	return connectTask{connectRun: c.run(t.Task), Version: t.Version}
}

// task asks for a task's interface. NotFound also when the server's database is away.
func (c *connect) task(ctx context.Context, share outbound.Share, t sb.Target) (connectInterface, error) {
	var got struct {
		Details connectInterface `json:"details"`
	}
	err := c.ask(ctx, share, taskService+"GetTaskDetails", map[string]any{"taskId": c.taskID(t)}, &got)
	return got.Details, err
}

// deployedFor is how long a task's interface is believed: a version of a task seldom changes.
const deployedFor = time.Minute

// deployedTask is a task's interface, and when it was asked for.
type deployedTask struct {
	connectInterface
	when time.Time
}

// deployed gives the interface of a task that runs are sent to, without asking for each of them. NotFound says so in words.
func (c *connect) deployed(ctx context.Context, t sb.Target) (connectInterface, error) {
	if known, ok := c.tasks.Load(t); ok && c.a.around.now().Sub(known.(deployedTask).when) < deployedFor {
		return known.(deployedTask).connectInterface, nil
	}
	got, err := c.task(ctx, outbound.Dispatches, t)
	if err != nil {
		return got, noTask(err, t)
	}
	c.tasks.Store(t, deployedTask{got, c.a.around.now()})
	return got, nil
}

// parameters are the task's inputs. Flyte 2 does not look at what it is given, so what does not fit would fail in the
// task: it is refused here.
func (t connectInterface) parameters() map[string]parameter {
	all := map[string]parameter{}
	for _, v := range t.Spec.Template.Interface.Inputs.Variables {
		all[v.Key] = parameter{of: v.Value.object("type"), required: true}
	}
	for _, d := range t.Spec.Defaults {
		if p, ok := all[d.Name]; ok {
			p.required = d.Parameter.raw("default") == nil
			all[d.Name] = p
		}
	}
	return all
}

// faults compares a route with the interface of its task.
func (c *connect) faults(ctx context.Context, r sb.Route) ([]sb.Fault, error) {
	faults := connectTarget(r.Target)
	if len(faults) > 0 {
		return faults, nil
	}
	t, err := c.task(ctx, outbound.Polls, r.Target)
	if sb.CodeOf(err) == sb.NotFound {
		return []sb.Fault{{Location: "target.task", Message: words(noTask(err, r.Target)), Value: r.Target.Task}}, nil
	}
	if err != nil {
		return nil, err
	}
	return compare(r, t.parameters()), nil
}

// connectTarget lists what is wrong with a target before anybody is asked.
func connectTarget(t sb.Target) []sb.Fault {
	var faults []sb.Fault
	for _, f := range []struct{ name, value string }{{"dag_id", t.DAG}, {"pool", t.Pool}} {
		if f.value != "" {
			faults = append(faults, sb.Fault{Location: "target." + f.name, Message: "means nothing to Flyte; its routes lead to a task"})
		}
	}
	if t.LaunchPlan != "" {
		faults = append(faults, sb.Fault{Location: "target.launch_plan", Message: "Flyte 2 has no launch plans: name a task and its version"})
	}
	if t.Task == "" && t.LaunchPlan == "" {
		faults = append(faults, sb.Fault{Location: "target.task", Message: "is missing: the task that runs the operators"})
	}
	if t.Task != "" && t.Version == "" {
		faults = append(faults, sb.Fault{Location: "target.version", Message: "is missing: Flyte 2 runs a task in one version"})
	}
	return faults
}

// blocked tells of a task that is not there. Nothing else is known beforehand.
func (c *connect) blocked(ctx context.Context, t sb.Target) (string, error) {
	if faults := connectTarget(t); len(faults) > 0 {
		return faults[0].Message, nil
	}
	_, err := c.task(ctx, outbound.Polls, t)
	if sb.CodeOf(err) == sb.NotFound {
		return words(noTask(err, t)), nil
	}
	return "", err
}

// connectProbe collects checks.
type connectProbe struct {
	c      *connect
	checks []sb.Check
}

func (p *connectProbe) add(name string, ok bool, detail, fix string) {
	p.checks = append(p.checks, sb.Check{Name: name, OK: ok, Detail: detail, Fix: fix})
}

// probe asks for the project, for the right to list its runs, and for the routes' tasks.
func (c *connect) probe(ctx context.Context, routes []sb.Route) []sb.Check {
	p := &connectProbe{c: c}
	if !p.project(ctx) {
		return p.checks
	}
	p.rights(ctx)
	var met []sb.Target
	for _, r := range routes {
		if !slices.Contains(met, r.Target) {
			met = append(met, r.Target)
			p.route(ctx, r)
		}
	}
	return p.checks
}

func (p *connectProbe) project(ctx context.Context) bool {
	s := p.c.a.set
	var got struct {
		Project struct {
			Domains []struct {
				ID string `json:"id"`
			} `json:"domains"`
		} `json:"project"`
	}
	err := p.c.ask(ctx, outbound.Polls, projectService+"GetProject", map[string]any{"id": s.Project, "org": p.c.org()}, &got)
	switch sb.CodeOf(err) {
	case "":
	case sb.Unauthenticated:
		p.add("credentials", false, words(err), "Check auth, client_id and the secrets of this orchestrator, or of the proxy before Flyte.")
		return false
	case sb.NotFound:
		p.add("project", false, "Flyte has no project "+s.Project, "Change project in the config, or create it in Flyte.")
		return false
	default:
		p.add("project", false, words(err), "Ask again; if it stays so, look at the logs of Flyte's runs service.")
		return false
	}
	p.add("credentials", true, "Flyte takes the calls", "")
	var domains []string
	for _, d := range got.Project.Domains {
		domains = append(domains, d.ID)
	}
	if len(domains) > 0 && !slices.Contains(domains, s.Domain) {
		p.add("project", false, "project "+s.Project+" has no domain "+s.Domain+", only "+strings.Join(domains, ", "), "Change domain in the config.")
		return false
	}
	p.add("project", true, "project "+s.Project+", domain "+s.Domain, "")
	return true
}

func (p *connectProbe) rights(ctx context.Context) {
	if _, err := p.c.find(ctx, outbound.Polls, []string{nowhere}); err != nil {
		p.add("rights", false, words(err), "Give the account the right to read and start runs in this project.")
		return
	}
	p.add("rights", true, "runs may be listed; whether they may be started and aborted shows when one is", "")
}

// nowhere is a name that no run has.
const nowhere = "signalbox-probe"

func (p *connectProbe) route(ctx context.Context, r sb.Route) {
	name := targetName(r.Target)
	if faults := connectTarget(r.Target); len(faults) > 0 {
		p.add(name, false, faults[0].Location+" "+faults[0].Message, "Change the route.")
		return
	}
	t, err := p.c.task(ctx, outbound.Polls, r.Target)
	if err != nil {
		p.add(name, false, words(noTask(err, r.Target)), "Deploy it in this version, or change the route.")
		return
	}
	if wrong := compare(r, t.parameters()); len(wrong) > 0 {
		p.add(name, false, "its inputs do not fit what the route maps: "+wrong[0].Location+" "+wrong[0].Message, "Change the route's inputs.")
		return
	}
	p.add(name, true, "version "+r.Target.Version+" is there and takes what the route maps", "")
}
