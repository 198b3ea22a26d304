package flyte

import (
	"context"
	"encoding/json"

	sb "signalbox"
	"signalbox/adapters/outbound"
)

// connectWrong is why an action failed.
type connectWrong struct {
	Message string `json:"message"`
	Kind    string `json:"kind"`
}

// connectDetails are a run by itself: its root action, and what it was created with.
type connectDetails struct {
	RunSpec connectSpec `json:"runSpec"`
	Action  struct {
		connectListed
		Wrong *connectWrong `json:"errorInfo"`
		Abort *struct {
			Reason string `json:"reason"`
		} `json:"abortInfo"`
		Attempts []struct {
			Wrong *connectWrong `json:"errorInfo"`
		} `json:"attempts"`
	} `json:"action"`
}

// details asks for a run. The server calls "not found" whatever goes wrong when it reads one, so that is only believed
// when its list has no such run either.
func (c *connect) details(ctx context.Context, share outbound.Share, name string) (connectDetails, error) {
	var got struct {
		Details connectDetails `json:"details"`
	}
	err := c.ask(ctx, share, runService+"GetRunDetails", map[string]any{"runId": c.run(name)}, &got)
	if sb.CodeOf(err) != sb.NotFound {
		return got.Details, err
	}
	found, asked := c.find(ctx, share, []string{name})
	switch {
	case asked != nil:
		return got.Details, asked
	case len(found) > 0:
		return got.Details, sb.Errorf(sb.Unavailable, "Flyte lists the run %s and does not give it at the moment", name)
	}
	return got.Details, err
}

// outcome reads what a run returned that has ended well, or why it failed.
func (c *connect) outcome(ctx context.Context, at sb.Place) (sb.Outcome, error) {
	d, err := c.details(ctx, outbound.Polls, at.Name)
	if err != nil {
		return sb.Outcome{}, err
	}
	s := d.Action.Status
	if !s.sight().Over() {
		return sb.Outcome{}, sb.Errorf(sb.Conflict, "the run has not ended in Flyte")
	}
	o := sb.Outcome{Completed: s.sight() == sb.SeenSucceeded, Source: sb.MainSource}
	if s.End != nil {
		o.At = *s.End
	}
	if o.Completed {
		return o, c.result(ctx, at, &o)
	}
	o.Message, o.Stack = d.failure()
	return o, nil
}

// failure tells why a run did not end well. The server learns it from events, which may come late.
func (d connectDetails) failure() (message, stack string) {
	wrong := d.Action.Wrong
	for i := len(d.Action.Attempts) - 1; i >= 0 && wrong == nil; i-- {
		wrong = d.Action.Attempts[i].Wrong
	}
	switch abort := d.Action.Abort; {
	case abort != nil && abort.Reason != "":
		return "it was aborted in Flyte: " + abort.Reason, ""
	case abort != nil:
		return "it was aborted in Flyte", ""
	case wrong == nil || wrong.Message == "":
		return "Flyte calls the run " + d.Action.Status.word() + ", and does not say why", ""
	case wrong.Kind == "KIND_SYSTEM":
		return "Flyte could not run it: " + headline("", wrong.Message), trace(wrong.Message)
	}
	return headline("", wrong.Message), trace(wrong.Message)
}

// result reads a run's outputs. One output alone is the result; several are an object by their names.
func (c *connect) result(ctx context.Context, at sb.Place, o *sb.Outcome) error {
	var data struct {
		Outputs struct {
			Literals []struct {
				Name  string `json:"name"`
				Value object `json:"value"`
			} `json:"literals"`
		} `json:"outputs"`
	}
	err := c.ask(ctx, outbound.Polls, dataService+"GetActionData", map[string]any{
		"actionId": connectAction{Run: c.run(at.Name), Name: rootAction},
	}, &data)
	switch sb.CodeOf(err) {
	case "":
	case sb.NotFound: // it has none, or they are gone
		return nil
	case sb.TooLarge:
		o.Message = "the task returned more than is read; it is left in Flyte"
		return nil
	default:
		return err
	}
	values := map[string]any{}
	for _, l := range data.Outputs.Literals {
		values[l.Name] = valueOf(l.Value)
	}
	var whole any = values
	if only, has := values[onlyOutput]; has && len(values) == 1 {
		whole = only
	}
	if len(values) == 0 {
		return nil
	}
	if o.Result, err = json.Marshal(whole); err != nil {
		o.Message = "the outputs hold what JSON cannot say; they are left in Flyte"
	}
	return nil
}
