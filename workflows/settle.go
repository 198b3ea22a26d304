package workflows

import (
	"context"
	"errors"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	sb "signalbox"
)

// Settler records the end of an attempt's work, or tells that the work has not ended. It is safe for use by several
// goroutines.
type Settler interface {
	// Settle is told what Temporal saw of the attempt's work and answers whether the work has ended. It is asked again
	// and again, with the same how, until it has; the worker's signs of life decide, not Temporal's. With Stopping it
	// notes that a person wants the end, unless it knows already: the worker is asked to end the work only after that
	// was noted, or after half a minute. For every other sign: the work has ended, or the attempt is not the run's
	// current one: true. No worker ever took it: it ends it as handed back, then true. A worker holds it: false. Errors:
	// NotFound (there is no such run; it counts as true); every other error is tried again.
	Settle(ctx context.Context, ref sb.AttemptRef, how How) (done bool, err error)
}

// Sign is what Temporal saw of an attempt's work.
type Sign string

// The signs.
const (
	Stopping   Sign = "stopping"    // not over yet: somebody asked the workflow to end
	Returned   Sign = "returned"    // the worker is done with it, and has said how it ended
	HandedBack Sign = "handed_back" // the worker did not begin; it may go to another
	Broke      Sign = "broke"       // the worker failed at it; nobody but Reason may know why
	Cancelled  Sign = "cancelled"   // it was cancelled before a worker began
	Silent     Sign = "silent"      // no heartbeat came to Temporal for a while; that says nothing about the work
)

// How is what Temporal saw of an attempt's work, with a reason for people where there is one.
type How struct {
	Sign   Sign   `json:"sign"`
	Reason string `json:"reason,omitempty"`
}

// settling is the activity that asks a Settler.
type settling struct{ settler Settler }

// Settle tells whether the work of an attempt has ended.
func (s settling) Settle(ctx context.Context, ref sb.AttemptRef, how How) (bool, error) {
	done, err := s.settler.Settle(ctx, ref, how)
	switch sb.CodeOf(err) {
	case "":
		return done, nil
	case sb.NotFound:
		return true, nil
	default:
		activity.GetLogger(ctx).Warn("the end of the work could not be recorded yet", "run_id", ref.Run, "attempt", ref.Attempt, "error", err)
		return false, plain(err)
	}
}

// plain is an error as Temporal may keep it: code and message, never the cause, which may hold what only our log may.
func plain(err error) error {
	var known *sb.Error
	if !errors.As(err, &known) {
		return temporal.NewApplicationError("an internal error; the log of this process tells more", string(sb.Internal))
	}
	options := temporal.ApplicationErrorOptions{}
	if known.Code == sb.Unavailable {
		options.Category = temporal.ApplicationErrorCategoryBenign
	}
	return temporal.NewApplicationErrorWithOptions(known.Message, string(known.Code), options)
}
