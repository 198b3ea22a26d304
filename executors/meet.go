package executors

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	sb "signalbox"
)

// meets tells what the FiftyOne here makes of the plugin, whose folder may not have come. nil: something of this worker or its
// machine hindered it, and the plugin is not to blame.
func (a *asked) meets(ctx context.Context, folder string, err error) *sb.FormAnswer {
	var offer *sb.Offer
	if err == nil {
		offer, err = a.met(ctx, folder)
	}
	if code := sb.CodeOf(err); code == sb.Invalid || code == sb.TooLarge { // of the plugin
		offer = &sb.Offer{Errors: []string{strings.TrimLeft(a.stack.String()+"\n"+a.mask.Text(message(err)), "\n")}}
	}
	if offer == nil {
		return nil
	}
	return &sb.FormAnswer{ID: a.ID, Environment: offer}
}

// met loads the plugin in a process of its own. Invalid: the plugin cannot be loaded here.
func (a *asked) met(ctx context.Context, folder string) (*sb.Offer, error) {
	python, release, err := a.pythonFor(ctx, folder)
	defer release()
	if err != nil || ctx.Err() != nil { // an environment that is made goes on to be made
		return nil, err
	}
	var forks []string
	if python == a.Python { // a process for forks of an environment that nothing else uses would take the place of another
		forks = ForksOf(python)
	}
	b, end, err := a.run(ctx, inFiftyOne(python, "meet", folder), forks)
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil, sb.Errorf(sb.Invalid, "The plugin could not be loaded within %s.", sb.MeetMost)
	case err != nil || ctx.Err() != nil:
		return nil, sb.Wrap(err, sb.Unavailable, "the worker could not load the plugin")
	case b == nil && !byItself(end):
		return nil, sb.Errorf(sb.Unavailable, "the worker could not load the plugin: its process ended with %s", end)
	case b == nil:
		return nil, sb.Errorf(sb.Invalid, "The plugin could not be loaded: its process ended with %s.", end)
	}
	var said struct{ Environment *sb.Offer }
	if err := json.Unmarshal(a.mask.JSON(b), &said); err != nil {
		return nil, sb.Wrap(err, sb.Internal, "what the plugin offers cannot be read")
	}
	return said.Environment, nil
}

// byItself tells whether a process was not ended for something else: what lacks memory is killed, whosesoever that is.
func byItself(end sb.End) bool {
	return !end.WorkerLost && (end.ExitCode != nil || end.Signal != "" && end.Signal != "killed")
}
