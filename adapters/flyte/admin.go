package flyte

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"

	sb "signalbox"
	"signalbox/adapters/outbound"
)

// admin speaks to FlyteAdmin, which is Flyte 1.
type admin struct {
	a    *Adapter
	text string
}

func (f *admin) version() string { return f.text }

// log tells that there is none: FlyteAdmin knows links to logs, which Parts gives, and no text.
func (f *admin) log(context.Context, sb.Place, sb.Part, int) (io.ReadCloser, error) {
	return nil, sb.Errorf(sb.Invalid, "Flyte 1 keeps no text of logs; its pages link to where they are")
}

// The numbers of gRPC that FlyteAdmin answers with.
const (
	grpcAlreadyExists = 6
	grpcPrecondition  = 9
)

// ask calls and gives the message of a good answer. The path's elements are given unescaped.
func (f *admin) ask(ctx context.Context, share outbound.Share, method string, path []string, query url.Values, body any) (object, error) {
	r := outbound.Request{Share: share, Method: method, Path: "api/v1/" + joined(path), Query: query, Header: asJSON(body != nil)}
	if body != nil {
		r.Body = encoded(body)
	}
	reply, err := f.a.authorized(ctx, r)
	if err != nil {
		return nil, err
	}
	if err := f.verdict(reply); err != nil {
		return nil, err
	}
	said := objectOf(reply.Body)
	if said == nil || !reply.JSON() {
		return nil, sb.Errorf(sb.Unavailable, "the answer is no JSON, perhaps the page of a proxy before Flyte")
	}
	return said, nil
}

func (f *admin) get(ctx context.Context, query url.Values, path ...string) (object, error) {
	return f.ask(ctx, outbound.Polls, http.MethodGet, path, query, nil)
}

// verdict puts an answer that is not a good one into our words.
func (f *admin) verdict(reply outbound.Reply) error {
	said := objectOf(reply.Body)
	no := &refused{status: reply.Status, code: said.number("code"), said: said.text("message")}
	code, text := sb.Invalid, "Flyte refuses the call"
	switch s := reply.Status; {
	case s >= 200 && s < 300:
		return nil
	case s >= 300 && s < 400:
		code, text = sb.Unavailable, "Flyte, or a proxy before it, answers with a redirect, perhaps to a login page"
	case s == http.StatusUnauthorized:
		return notTaken(f.a.set.Auth, reply)
	case s == http.StatusForbidden:
		code, text = sb.Forbidden, "the account in Flyte, or a proxy before it, lacks the right to this call"
	case s == http.StatusNotFound && no.code == 0, s == http.StatusMethodNotAllowed, s == http.StatusNotImplemented:
		f.a.forgetProtocol() // upgraded, or not the API that we know
		code, text = sb.Unavailable, "Flyte does not know the call; which version it is will be found out again"
	case s == http.StatusNotFound:
		code, text = sb.NotFound, "Flyte knows nothing of this name"
	case s == http.StatusTooManyRequests && strings.Contains(no.said, "larger than max"):
		code, text = sb.TooLarge, "the call is larger than Flyte takes, which is 4 MiB unless it is set to more"
	case s >= 500 || s == http.StatusTooManyRequests || s == http.StatusRequestTimeout:
		code, text = sb.Unavailable, "Flyte cannot answer at the moment"
	}
	return sb.Wrap(no, code, "%s (status %d)", text, reply.Status)
}

func joined(path []string) string {
	for i, e := range path {
		path[i] = url.PathEscape(e)
	}
	return strings.Join(path, "/")
}

// here is the path of something in the registered project and domain.
func (f *admin) here(kind string, rest ...string) []string {
	return append([]string{kind, f.a.set.Project, f.a.set.Domain}, rest...)
}

// execution reads one by its name, with all that lists leave out. NotFound: there is none.
func (f *admin) execution(ctx context.Context, share outbound.Share, name string) (execution, error) {
	said, err := f.ask(ctx, share, http.MethodGet, f.here("executions", name), nil, nil)
	return execution{said}, err
}

// execution is one as FlyteAdmin tells of it.
type execution struct{ object }

func (e execution) name() string { return e.object.object("id").text("name") }

func (e execution) closure() object { return e.object.object("closure") }

func (e execution) notes() map[string]string {
	return e.object.object("spec").object("annotations").words("values")
}

// target is what it runs. Of a launch plan whose version the route leaves open, the route is meant.
func (e execution) target() sb.Target {
	plan := e.object.object("spec").object("launch_plan")
	if plan.text("resource_type") == "TASK" {
		return sb.Target{Task: plan.text("name"), Version: plan.text("version")}
	}
	return sb.Target{LaunchPlan: plan.text("name"), Version: plan.text("version")}
}

// page is where people see an execution.
func (f *admin) page(name string) string {
	console := f.a.set.ConsoleURL
	if console == "" {
		console = f.a.out.Base()
	}
	return strings.TrimRight(console, "/") + "/console/projects/" + url.PathEscape(f.a.set.Project) + "/domains/" +
		url.PathEscape(f.a.set.Domain) + "/executions/" + url.PathEscape(name)
}

// resolved is a target with its version, and the inputs that it takes.
type resolved struct {
	id     map[string]string
	inputs map[string]parameter
	active bool
}

// resolve finds the version that a target means, and its interface. NotFound: there is none.
func (f *admin) resolve(ctx context.Context, share outbound.Share, t sb.Target) (resolved, error) {
	path, kind := f.here("active_launch_plans", t.LaunchPlan), "LAUNCH_PLAN"
	switch {
	case t.Task != "":
		path, kind = f.here("tasks", t.Task, t.Version), "TASK"
	case t.Version != "":
		path = f.here("launch_plans", t.LaunchPlan, t.Version)
	}
	said, err := f.ask(ctx, share, http.MethodGet, path, nil, nil)
	if err != nil {
		return resolved{}, missing(err, t)
	}
	id := said.object("id")
	r := resolved{
		active: t.Task != "" || said.object("closure").text("state") == "ACTIVE",
		id: map[string]string{
			"resourceType": kind, "project": f.a.set.Project, "domain": f.a.set.Domain, "name": id.text("name"), "version": id.text("version"),
		},
	}
	if t.Task != "" {
		r.inputs = taskInputs(said)
	} else {
		r.inputs = planInputs(said)
	}
	return r, nil
}

// missing says what is not there.
func missing(err error, t sb.Target) error {
	switch {
	case sb.CodeOf(err) != sb.NotFound:
		return err
	case t.LaunchPlan != "" && t.Version == "":
		return sb.Wrap(err, sb.NotFound, "launch plan %s has no active version in Flyte", t.LaunchPlan)
	case t.LaunchPlan != "":
		return sb.Wrap(err, sb.NotFound, "Flyte has no launch plan %s of version %s", t.LaunchPlan, t.Version)
	}
	return sb.Wrap(err, sb.NotFound, "Flyte has no task %s of version %s", t.Task, t.Version)
}

func planInputs(plan object) map[string]parameter {
	inputs := map[string]parameter{}
	for name, p := range plan.object("closure").object("expected_inputs").entries("parameters") {
		inputs[name] = parameter{of: p.object("var").object("type"), required: p.flag("required")}
	}
	for name := range plan.object("spec").object("fixed_inputs").entries("literals") {
		inputs[name] = parameter{fixed: true}
	}
	return inputs
}

func taskInputs(task object) map[string]parameter {
	inputs := map[string]parameter{}
	template := task.object("closure").object("compiled_task").object("template")
	for name, v := range template.object("interface").object("inputs").entries("variables") {
		inputs[name] = parameter{of: v.object("type"), required: !optional(v.object("type"))}
	}
	return inputs
}

// readInputs reads what a route maps: an object, or the run's params as a whole.
func readInputs(raw json.RawMessage) (mapped map[string]json.RawMessage, whole bool) {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return nil, text == "$params"
	}
	_ = json.Unmarshal(raw, &mapped) // its form was checked by the core
	return mapped, false
}
