package flyte

import (
	"context"
	"fmt"
	"net/url"

	sb "signalbox"
	"signalbox/adapters/outbound"
)

// probe looks whether executions can be listed, and whether each route leads somewhere. That executions may be created
// cannot be asked without creating one.
func (f *admin) probe(ctx context.Context, routes []sb.Route) []sb.Check {
	where := "project " + f.a.set.Project + ", domain " + f.a.set.Domain
	checks := []sb.Check{f.credentials(ctx)}
	if !checks[0].OK {
		return checks
	}
	c := sb.Check{Name: "executions", OK: true, Detail: "those of " + where + " can be read"}
	if _, err := f.get(ctx, url.Values{"limit": {"1"}}, f.here("executions")...); err != nil {
		c = sb.Check{Name: "executions", Detail: words(err), Fix: "check project and domain, and that the account may read executions there"}
	}
	checks = append(checks, c)
	met := map[sb.Target]bool{}
	for _, r := range routes {
		if !met[r.Target] {
			met[r.Target] = true
			checks = append(checks, f.target(ctx, r))
		}
	}
	return checks
}

// credentials asks for the registered project, which takes a login where there is one.
func (f *admin) credentials(ctx context.Context) sb.Check {
	c := sb.Check{Name: "credentials", OK: true, Detail: "they are taken"}
	if f.a.set.Auth == byNone {
		c.Detail = "none are needed"
	}
	if _, err := f.get(ctx, url.Values{"limit": {"1"}}, f.here("launch_plan_ids")...); err != nil {
		return sb.Check{Name: "credentials", Detail: words(err), Fix: "check auth, client_id and the secrets of this orchestrator, and project and domain"}
	}
	return c
}

// target looks whether a route's launch plan or task is there and takes what is mapped.
func (f *admin) target(ctx context.Context, r sb.Route) sb.Check {
	c := sb.Check{Name: targetName(r.Target)}
	t, err := f.resolve(ctx, outbound.Polls, r.Target)
	if err != nil {
		c.Detail, c.Fix = words(err), "register it, activate a version of the launch plan, or change the route"
		return c
	}
	if wrong := compare(r, t.inputs); len(wrong) > 0 {
		c.Detail = fmt.Sprintf("its inputs do not fit what the route maps: %s %s", wrong[0].Location, wrong[0].Message)
		c.Fix = "change the route's inputs"
		return c
	}
	c.OK, c.Detail = true, "version "+t.id["version"]+" is there and takes what the route maps"
	if !t.active {
		c.Detail += "; it is not the active one, and runs nevertheless"
	}
	return c
}

// blocked tells that a target is not there, or that its launch plan has no active version.
func (f *admin) blocked(ctx context.Context, t sb.Target) (string, error) {
	_, err := f.resolve(ctx, outbound.Polls, t)
	if sb.CodeOf(err) == sb.NotFound {
		return words(err), nil
	}
	return "", err
}

// faults compares a route with the interface of what it leads to.
func (f *admin) faults(ctx context.Context, r sb.Route) ([]sb.Fault, error) {
	t, err := f.resolve(ctx, outbound.Polls, r.Target)
	if sb.CodeOf(err) == sb.NotFound {
		where, value := "target.launch_plan", r.Target.LaunchPlan
		if r.Target.Task != "" {
			where, value = "target.task", r.Target.Task
		}
		return []sb.Fault{{Location: where, Message: words(err), Value: value}}, nil
	}
	if err != nil {
		return nil, err
	}
	return compare(r, t.inputs), nil
}
