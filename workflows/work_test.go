package workflows

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	sb "signalbox"
)

type doerFunc func(ctx context.Context, ref sb.AttemptRef) error // nothing is told

func (f doerFunc) Open(context.Context) (<-chan struct{}, error) { return nil, nil } //nolint:nilnil // it is never shut

func (f doerFunc) Do(ctx context.Context, ref sb.AttemptRef) (bool, error) { return false, f(ctx, ref) }

// work runs the activity with a doer and with answers to its heartbeats; after the last answer all are nil.
func work(t *testing.T, w *working) error {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet())
	env := suite.NewTestActivityEnvironment()
	env.SetTestTimeout(10 * time.Second)
	env.RegisterActivityWithOptions(w.Work, activity.RegisterOptions{Name: workName})
	_, err := env.ExecuteActivity(workName, sb.AttemptRef{Run: "01k9", Attempt: 1})
	return err
}

// beats answers heartbeats with the errors in turn, then with nil, and counts them.
func beats(count chan<- int, answers ...error) func(context.Context, []byte) error {
	n := 0
	return func(context.Context, []byte) error {
		n++
		select {
		case count <- n:
		default:
		}
		if n <= len(answers) {
			return answers[n-1]
		}
		return nil
	}
}

func TestWorkEndsOnlyWhenItWasCancelled(t *testing.T) {
	t.Parallel()
	outage := serviceerror.NewUnavailable("connection refused")
	tests := map[string]struct {
		answers []error
		enough  int // heartbeats after which the doer has seen enough
		stopped bool
	}{
		"an outage of Temporal does not stop it": {[]error{outage, outage, context.DeadlineExceeded}, 5, false},
		"a pause in Temporal does not stop it":   {[]error{activity.ErrActivityPaused, activity.ErrActivityReset}, 4, false},
		"an outage, then a cancel":               {[]error{outage, temporal.NewCanceledError()}, 1000, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			count := make(chan int, 1000)
			stopped := false
			w := &working{every: time.Millisecond, beat: beats(count, test.answers...), doer: doerFunc(func(ctx context.Context, _ sb.AttemptRef) error {
				for {
					select {
					case <-ctx.Done():
						stopped = true
						return nil
					case n := <-count:
						if n >= test.enough {
							return nil
						}
					}
				}
			})}
			require.NoError(t, work(t, w))
			require.Equal(t, test.stopped, stopped)
		})
	}
}

func TestHeartbeatsGoOnWhileTheWorkIsBeingEnded(t *testing.T) {
	t.Parallel()
	count := make(chan int, 1000)
	w := &working{every: time.Millisecond, beat: beats(count, temporal.NewCanceledError()), doer: doerFunc(func(ctx context.Context, _ sb.AttemptRef) error {
		<-ctx.Done()
		for n := range count {
			if n > 3 {
				return nil
			}
		}
		return nil
	})}
	require.NoError(t, work(t, w))
}

func TestWorkGoesOnWhenTemporalHasClosedIt(t *testing.T) {
	t.Parallel()
	closed := make(chan struct{})
	w := &working{every: time.Millisecond}
	w.beat = func(context.Context, []byte) error {
		close(closed) // a second heartbeat would panic
		return serviceerror.NewNotFound("activity not found")
	}
	w.doer = doerFunc(func(ctx context.Context, _ sb.AttemptRef) error {
		<-closed
		return ctx.Err()
	})
	require.NoError(t, work(t, w))
}

func TestWorkErrorsTellPeopleAndHideCauses(t *testing.T) {
	t.Parallel()
	secret := errors.New("dial postgres://me:secret@db")
	tests := map[string]struct {
		err           error
		code, message string
	}{
		"a known error":    {sb.Wrap(secret, sb.Invalid, "the archive is damaged"), "invalid", "the archive is damaged"},
		"nothing begun":    {sb.Errorf(sb.Unavailable, "the control plane does not answer"), "unavailable", "the control plane does not answer"},
		"an unknown error": {secret, "internal", "an internal error; the log of this process tells more"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &working{every: time.Hour, doer: doerFunc(func(context.Context, sb.AttemptRef) error { return test.err })}
			var failed *temporal.ApplicationError
			err := work(t, w)
			require.ErrorAs(t, err, &failed)
			require.Equal(t, test.code, failed.Type())
			require.Equal(t, test.message, failed.Message())
			require.NotContains(t, err.Error(), "secret")
		})
	}
}

func TestDrainingWorkerHandsBack(t *testing.T) {
	t.Parallel()
	w := &working{every: time.Hour}
	w.draining.Store(true)
	require.Equal(t, How{Sign: HandedBack, Reason: "the worker shuts down"}, howOf(work(t, w)))
}
