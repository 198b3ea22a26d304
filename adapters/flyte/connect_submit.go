package flyte

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	sb "signalbox"
	"signalbox/adapters/outbound"
)

// createWithin is how long the server may work at a create. It is told so, and what it has not done by then it will not
// do. It is shorter than the time in which another replica would take over from one that died while it waited.
const (
	createWithin = 10 * time.Second
	lookAgain    = 2 * time.Second // while it is not known whether a create arrived
)

// connectSpec is what a run is created with besides its inputs.
type connectSpec struct {
	Labels      connectValues `json:"labels"`
	Annotations connectValues `json:"annotations"`
	Envs        struct {
		Values []connectPair `json:"values"`
	} `json:"envs"`
}

type connectValues struct {
	Values map[string]string `json:"values"`
}

type connectPair struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// submit creates a run of the given name. A create whose name is taken starts the run again, with other inputs, and calls
// that success; so the run is asked for first. When a create had no answer, it is looked for until the server must have
// given the create up, before anybody may try again. What a proxy holds back for longer than that can still start it twice:
// then the claim lets one of them work.
func (c *connect) submit(ctx context.Context, d sb.Submission) (sb.Place, error) {
	if err := c.acceptable(d); err != nil {
		return sb.Place{}, err
	}
	_, err, _ := c.creating.Do(fmt.Sprint(d.Name, d.AttemptRef), func() (any, error) { return nil, c.create(ctx, d) })
	if err != nil {
		return sb.Place{}, err
	}
	return sb.Place{Target: d.Target, Name: d.Name, URL: c.url(d.Name)}, nil
}

// create creates the run of a submission, unless it is there.
func (c *connect) create(ctx context.Context, d sb.Submission) error {
	if there, err := c.isThere(ctx, d); there || err != nil {
		return err
	}
	in, err := c.creation(ctx, d)
	if err != nil {
		return err
	}
	err = c.askWithin(ctx, outbound.Dispatches, runService+"CreateRun", createWithin, in, nil)
	if err == nil || !unclear(err) {
		return err
	}
	if there, asked := c.settled(ctx, d, c.a.around.now().Add(createWithin)); there || asked != nil {
		return asked
	}
	return err // it is not there, and will not be: the caller tries again with the same name
}

// unclear tells whether an error leaves open if the create was done. A word of Flyte's own says that it was not: it is
// written before a run is queued.
func unclear(err error) bool {
	var own *connectRefused
	if errors.As(err, &own) {
		return own.code == "deadline_exceeded" || own.code == "canceled" || own.code == "unavailable"
	}
	return sb.CodeOf(err) == sb.Unavailable
}

// settled looks for a run until a time, and tells whether it is there.
func (c *connect) settled(ctx context.Context, d sb.Submission, until time.Time) (there bool, err error) {
	for {
		last := !c.a.around.now().Before(until)
		there, err = c.isThere(ctx, d)
		if there || sb.CodeOf(err) == sb.Conflict || last || ctx.Err() != nil {
			return there, err
		}
		if c.a.around.wait(ctx, lookAgain) != nil {
			return false, err
		}
	}
}

// acceptable refuses what Flyte would never take, as far as that can be said without asking.
func (c *connect) acceptable(d sb.Submission) error {
	switch {
	case d.Target.LaunchPlan != "":
		return sb.Errorf(sb.Invalid, "the route names the launch plan %s, and Flyte 2 has none: name a task and its version", d.Target.LaunchPlan)
	case d.Target.Task == "" || d.Target.Version == "":
		return sb.Errorf(sb.Invalid, "the route names no task, or no version of it")
	case !ourName.MatchString(d.Name):
		return sb.Errorf(sb.Invalid, "the name is none that Flyte takes, which allows 30 characters")
	}
	return nil
}

// isThere tells whether the run of a submission exists. Conflict: a run of its name is not of this attempt.
func (c *connect) isThere(ctx context.Context, d sb.Submission) (bool, error) {
	found, err := c.find(ctx, outbound.Dispatches, []string{d.Name})
	if err != nil || len(found) == 0 {
		return false, err
	}
	got, err := c.details(ctx, outbound.Dispatches, d.Name) // whose it is
	switch {
	case sb.CodeOf(err) == sb.NotFound:
		return false, nil
	case err != nil:
		return false, err
	case !ours(got.RunSpec.Annotations.Values, d):
		return true, sb.Errorf(sb.Conflict, "Flyte has a run %s already that is not of this attempt", d.Name)
	}
	return true, nil
}

// creation builds what creates the run: the task's interface says what is sent how. The ids travel as annotations, as
// labels, as environment of the task, and as inputs where it has such.
func (c *connect) creation(ctx context.Context, d sb.Submission) (map[string]any, error) {
	task, err := c.deployed(ctx, d.Target)
	if err != nil {
		return nil, err
	}
	encoded, err := literals(d, task.parameters())
	if err != nil {
		return nil, err
	}
	inputs := make([]connectLiteral, 0, len(encoded))
	for _, name := range sorted(encoded) {
		inputs = append(inputs, connectLiteral{Name: name, Value: encoded[name]})
	}
	spec := connectSpec{Labels: connectValues{annotations(d)}, Annotations: connectValues{annotations(d)}}
	spec.Envs.Values = []connectPair{{"SIGNALBOX_RUN_ID", d.Run}, {"SIGNALBOX_ATTEMPT", strconv.Itoa(d.Attempt)}}
	return map[string]any{
		"runId": c.run(d.Name), "taskId": c.taskID(d.Target), "inputs": map[string]any{"literals": inputs}, "runSpec": spec,
	}, nil
}

// connectLiteral is a value with its name.
type connectLiteral struct {
	Name  string  `json:"name"`
	Value literal `json:"value"`
}

func noTask(err error, t sb.Target) error {
	if sb.CodeOf(err) != sb.NotFound {
		return err
	}
	return sb.Wrap(err, sb.NotFound, "Flyte has no task %s in version %s", t.Task, t.Version)
}

// stop aborts a run. The server also aborts what has ended, and then calls it aborted: so it is asked for first, and one
// that ends in the moment between is shown as aborted all the same.
func (c *connect) stop(ctx context.Context, at sb.Place, reason string) error {
	found, err := c.find(ctx, outbound.Stops, []string{at.Name})
	if err != nil {
		return err
	}
	if r, ok := found[at.Name]; !ok || r.Status.sight().Over() {
		return nil
	}
	err = c.ask(ctx, outbound.Stops, runService+"AbortRun", map[string]any{"runId": c.run(at.Name), "reason": reason}, nil)
	if sb.CodeOf(err) == sb.NotFound {
		return nil
	}
	return err
}
