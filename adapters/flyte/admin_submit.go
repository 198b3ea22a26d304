package flyte

import (
	"context"
	"net/http"

	sb "signalbox"
	"signalbox/adapters/outbound"
)

// submit asks for the name first: FlyteAdmin looks whether a name is taken only after it has stored the inputs of the
// second, which would be those of the first from then on. So a name is created once, and what is there is compared.
func (f *admin) submit(ctx context.Context, d sb.Submission) (sb.Place, error) {
	at := sb.Place{Target: d.Target, Name: d.Name, URL: f.page(d.Name)}
	there, err := f.isThere(ctx, d)
	if there || err != nil {
		return at, err
	}
	body, err := f.creation(ctx, d)
	if err != nil {
		return sb.Place{}, err
	}
	_, err = f.ask(ctx, outbound.Dispatches, http.MethodPost, []string{"executions"}, nil, body)
	no := refusalOf(err)
	switch {
	case err == nil:
		return at, nil // that it was taken is no promise: whether it began is for look to see
	case no.code != grpcAlreadyExists && sb.CodeOf(err) != sb.Unavailable:
		return sb.Place{}, f.refusal(err, d)
	}
	there, asked := f.isThere(ctx, d)
	switch {
	case there || asked != nil:
		return at, asked
	case no.code == grpcAlreadyExists: // and there is none: the launch plan's own limit
		return sb.Place{}, sb.Wrap(err, sb.Unavailable, "launch plan %s has as many executions as its concurrency limit allows", d.Target.LaunchPlan)
	}
	return sb.Place{}, err // not there, as far as can be seen; the caller tries again with the same name
}

// isThere tells whether the execution of a submission exists. Conflict: it is not of this attempt.
func (f *admin) isThere(ctx context.Context, d sb.Submission) (bool, error) {
	e, err := f.execution(ctx, outbound.Dispatches, d.Name)
	switch {
	case sb.CodeOf(err) == sb.NotFound:
		return false, nil
	case err != nil:
		return false, err
	case !ours(e.notes(), d):
		return false, sb.Errorf(sb.Conflict, "Flyte has an execution %s already that is not of this attempt", d.Name)
	}
	return true, nil
}

// creation is the body that creates an execution. Fields that are not set are left out: older servers refuse what they do
// not know.
func (f *admin) creation(ctx context.Context, d sb.Submission) (any, error) {
	target, err := f.resolve(ctx, outbound.Dispatches, d.Target)
	if err != nil {
		return nil, err
	}
	inputs, err := literals(d, target.inputs)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"project": f.a.set.Project, "domain": f.a.set.Domain, "name": d.Name,
		"spec": map[string]any{
			"launchPlan":  target.id,
			"metadata":    map[string]any{"mode": "MANUAL"},
			"annotations": map[string]any{"values": annotations(d)},
		},
		"inputs": map[string]any{"literals": inputs},
	}, nil
}

// refusal says what is wrong with a submission, without quoting the answer.
func (f *admin) refusal(err error, d sb.Submission) error {
	if refusalOf(err).status == http.StatusBadRequest {
		return sb.Wrap(err, sb.Invalid, "Flyte does not accept an execution of %s with these inputs; its own log tells why", targetName(d.Target))
	}
	return err
}

// stop terminates an execution. What has ended, or is not there, is fine.
func (f *admin) stop(ctx context.Context, at sb.Place, reason string) error {
	_, err := f.ask(ctx, outbound.Stops, http.MethodDelete, f.here("executions", at.Name), nil, map[string]any{"cause": reason})
	if sb.CodeOf(err) == sb.NotFound || refusalOf(err).code == grpcPrecondition {
		return nil
	}
	return err
}
