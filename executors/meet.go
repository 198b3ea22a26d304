package executors

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	sb "signalbox"
)

// meetSoon is how long it may take to get a plugin and its Python before it is loaded, or the answer comes too late.
const meetSoon = 2 * time.Minute

// meets tells what the FiftyOne here makes of the plugin, which may take so long to be loaded. nil: something of this worker or
// its machine hindered it, and the plugin is not to blame.
func (a *asked) meets(ctx context.Context, within time.Duration) *sb.FormAnswer {
	offer, err := a.met(ctx, within)
	if code := sb.CodeOf(err); code == sb.Invalid || code == sb.TooLarge { // of the plugin
		offer = &sb.Offer{Errors: []string{strings.TrimLeft(a.stack.String()+"\n"+a.mask.Text(message(err)), "\n")}}
	}
	if offer == nil {
		return nil
	}
	return &sb.FormAnswer{ID: a.ID, Environment: offer}
}

// met loads the plugin in a process of its own. Invalid, TooLarge: the plugin cannot be loaded here.
func (a *asked) met(ctx context.Context, within time.Duration) (*sb.Offer, error) {
	began := a.now()
	folder, err := a.fetch(ctx, fetchMost) // also when it takes too long: the next question finds it there
	if err != nil {
		return nil, err
	}
	soon, cancel := context.WithTimeout(ctx, meetSoon)
	defer cancel()
	python, release, err := a.pythonFor(soon, folder)
	defer release()
	if soon.Err() != nil || a.now().Sub(began) > meetSoon { // it goes on to be made
		return nil, sb.Errorf(sb.Unavailable, "there was no Python for the plugin in time")
	}
	if err != nil {
		return nil, err
	}
	var forks []string
	if python == a.Python { // a process for forks of an environment that nothing else uses would take the place of another
		forks = ForksOf(python)
	}
	ctx, stop := context.WithTimeout(ctx, within)
	defer stop()
	b, end, err := a.run(ctx, inFiftyOne(python, "meet", folder), forks)
	switch {
	case b != nil:
		return a.told(b)
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil, sb.Errorf(sb.Invalid, "The plugin could not be loaded within %s.", within)
	case err != nil || !byItself(end):
		return nil, sb.Wrap(err, sb.Unavailable, "the worker could not load the plugin: %s", end)
	}
	return nil, sb.Errorf(sb.Invalid, "The plugin could not be loaded: its process ended with %s.", end)
}

func (a *asked) told(b []byte) (*sb.Offer, error) {
	var said struct{ Environment *sb.Offer }
	if err := json.Unmarshal(a.mask.JSON(b), &said); err != nil {
		return nil, sb.Wrap(err, sb.Internal, "what the plugin offers cannot be read")
	}
	return said.Environment, nil
}

// byItself tells whether a process was not ended for something else: what lacks memory is killed, whosesoever that is.
func byItself(end sb.End) bool {
	byForce := end.Signal == "" || end.Signal == "killed" || end.Signal == "out of memory"
	return !end.WorkerLost && (end.ExitCode != nil || !byForce)
}
