package workflows

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	sb "signalbox"
)

var anInput = Input{Run: "01k9", Attempt: 2, Orchestrator: "builtin", Pool: "gpu"}

// world is a fresh test environment with a scripted worker and a scripted settler.
type world struct {
	env *testsuite.TestWorkflowEnvironment

	mu      sync.Mutex
	asked   []How       // what the settler was told
	at      []time.Time // when
	answers []any       // its answers: bool or error; true when there are no more
	worked  int         // how often the work was begun
	stopped chan struct{}
	before  []Sign // what the settler had been told when the activity was cancelled
}

func setup(t *testing.T, work func(context.Context) error, answers ...any) *world {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetDisableRegistrationAliasing(true)
	suite.SetLogger(quiet())
	w := &world{env: suite.NewTestWorkflowEnvironment(), answers: answers, stopped: make(chan struct{})}
	w.env.SetTestTimeout(10 * time.Second)
	w.env.RegisterWorkflowWithOptions(RunWorkflow, workflow.RegisterOptions{Name: runName})
	w.env.RegisterActivityWithOptions(func(ctx context.Context, ref sb.AttemptRef) error {
		w.mu.Lock()
		w.worked++
		w.mu.Unlock()
		if ref != (sb.AttemptRef{Run: "01k9", Attempt: 2}) {
			return temporal.NewNonRetryableApplicationError("another attempt", "", nil)
		}
		err := work(ctx)
		if errors.Is(err, errUntilStopped) {
			<-w.stopped
			return nil
		}
		return err
	}, activity.RegisterOptions{Name: workName})
	w.env.SetOnActivityCanceledListener(func(*activity.Info) {
		w.before = w.signs()
		close(w.stopped)
	})
	w.env.RegisterActivityWithOptions(settling{w}.Settle, activity.RegisterOptions{Name: settleName})
	return w
}

func (w *world) Settle(_ context.Context, _ sb.AttemptRef, how How) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = append(w.asked, how)
	w.at = append(w.at, w.env.Now())
	if len(w.answers) == 0 {
		return true, nil
	}
	answer := w.answers[0]
	w.answers = w.answers[1:]
	if err, ok := answer.(error); ok {
		return false, err
	}
	return answer.(bool), nil
}

func quiet() logger {
	l := logrus.New()
	l.SetOutput(io.Discard)
	return logger{logrus.NewEntry(l)}
}

// signs are those the settler was told, in order.
func (w *world) signs() []Sign {
	var signs []Sign
	for _, how := range w.asked {
		signs = append(signs, how.Sign)
	}
	return signs
}

// details is what Temporal's pages would show now.
func (w *world) details(t *testing.T) string {
	t.Helper()
	value, err := w.env.QueryWorkflow("__temporal_workflow_metadata")
	require.NoError(t, err)
	var metadata sdkpb.WorkflowMetadata
	require.NoError(t, value.Get(&metadata))
	return metadata.GetCurrentDetails()
}

func returns(err error) func(context.Context) error {
	return func(context.Context) error { return err }
}

// untilStopped works until the workflow has cancelled the activity. The test environment then calls the activity
// cancelled at once; against a real server its own answer counts.
func untilStopped(context.Context) error { return errUntilStopped }

var errUntilStopped = errors.New("works until it is stopped")

func TestRunWorkflowPaths(t *testing.T) {
	t.Parallel()
	unavailable := sb.Errorf(sb.Unavailable, "the database does not answer")
	tests := map[string]struct {
		work     func(context.Context) error
		answers  []any
		cancelAt time.Duration
		signs    []Sign
		reason   string
		atLeast  time.Duration
		canceled bool
	}{
		"the worker returns and the end is known": {
			work: returns(nil), signs: []Sign{Returned},
		},
		"the worker returns before the end is known": {
			work: returns(nil), answers: []any{false, true}, signs: []Sign{Returned, Returned}, atLeast: settleFirst,
		},
		"the worker hands it back": {
			work: returns(plain(sb.Errorf(sb.Unavailable, "the worker shuts down"))), signs: []Sign{HandedBack}, reason: "the worker shuts down",
		},
		"the worker cannot do it": {
			work: returns(plain(sb.Errorf(sb.Invalid, "the archive is damaged"))), signs: []Sign{Broke}, reason: "the archive is damaged",
		},
		"the worker panics": {
			work: func(context.Context) error { panic("ouch") }, signs: []Sign{Broke}, reason: "a fault of its own",
		},
		"Temporal hears nothing from a worker that is alive": {
			work: returns(temporal.NewHeartbeatTimeoutError()), answers: []any{false, false, false, false, false, true},
			signs: []Sign{Silent, Silent, Silent, Silent, Silent, Silent}, atLeast: (10 + 20 + 40 + 60 + 60) * time.Second,
		},
		"the database is away for a while": {
			work: returns(nil), answers: []any{unavailable, errors.New("broken pipe"), true}, signs: []Sign{Returned, Returned, Returned},
		},
		"there is no such run": {
			work: returns(nil), answers: []any{sb.Errorf(sb.NotFound, "run 01k9 does not exist")}, signs: []Sign{Returned},
		},
		"cancelled while the worker works": {
			work: untilStopped, cancelAt: time.Second, signs: []Sign{Stopping, Cancelled}, canceled: true,
		},
		"cancelled while the database is away for a moment": {
			work: untilStopped, cancelAt: time.Second, answers: []any{unavailable, true, true},
			signs: []Sign{Stopping, Stopping, Cancelled}, canceled: true,
		},
		"cancelled while Temporal hears nothing from the worker": {
			work: returns(temporal.NewHeartbeatTimeoutError()), cancelAt: 15 * time.Second, answers: []any{false, false, false, false, true},
			signs: []Sign{Silent, Silent, Stopping, Silent, Silent}, canceled: true,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, test.work, test.answers...)
			if test.cancelAt > 0 {
				w.env.RegisterDelayedCallback(w.env.CancelWorkflow, test.cancelAt)
			}
			start := w.env.Now()
			w.env.ExecuteWorkflow(runName, anInput)
			require.True(t, w.env.IsWorkflowCompleted())
			err := w.env.GetWorkflowError()
			require.Equal(t, test.canceled, temporal.IsCanceledError(err), "%v", err)
			if !test.canceled {
				require.NoError(t, err)
			}
			require.Equal(t, test.signs, w.signs())
			require.Contains(t, w.asked[0].Reason, test.reason)
			require.GreaterOrEqual(t, w.env.Now().Sub(start), test.atLeast)
			require.Equal(t, sayRecorded, w.details(t))
		})
	}
}

func TestCancelledBeforeItWasSentNothingIsSent(t *testing.T) {
	t.Parallel()
	w := setup(t, returns(nil))
	w.env.RegisterWorkflowWithOptions(func(ctx workflow.Context, in Input) error {
		ctx, cancel := workflow.WithCancel(ctx)
		cancel()
		return RunWorkflow(ctx, in)
	}, workflow.RegisterOptions{Name: "cancelled"})
	w.env.ExecuteWorkflow("cancelled", anInput)
	require.True(t, temporal.IsCanceledError(w.env.GetWorkflowError()))
	require.Equal(t, []Sign{Cancelled}, w.signs())
	require.Zero(t, w.worked)
}

func TestStopIsNotedBeforeTheWorkerIsAsked(t *testing.T) {
	t.Parallel()
	w := setup(t, untilStopped)
	w.env.RegisterDelayedCallback(w.env.CancelWorkflow, time.Second)
	w.env.ExecuteWorkflow(runName, anInput)
	require.Equal(t, []Sign{Stopping}, w.before)
}

func TestStopGoesOutEvenIfItCannotBeNoted(t *testing.T) {
	t.Parallel()
	w := setup(t, untilStopped)
	late := temporal.NewNonRetryableApplicationError("too late", "", nil)
	w.env.OnActivity(settleName, mock.Anything, mock.Anything, How{Sign: Stopping}).Return(false, late)
	w.env.OnActivity(settleName, mock.Anything, mock.Anything, How{Sign: Cancelled}).Return(true, nil)
	w.env.RegisterDelayedCallback(w.env.CancelWorkflow, time.Second)
	w.env.ExecuteWorkflow(runName, anInput)
	require.True(t, temporal.IsCanceledError(w.env.GetWorkflowError()))
	require.Equal(t, 1, w.worked)
}

func TestLongHistoriesGoOnInANewOne(t *testing.T) {
	t.Parallel()
	w := setup(t, returns(temporal.NewHeartbeatTimeoutError()), false)
	w.env.SetContinueAsNewSuggested(true)
	w.env.ExecuteWorkflow(runName, anInput)
	var next *workflow.ContinueAsNewError
	require.ErrorAs(t, w.env.GetWorkflowError(), &next)
	var in Input
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(next.Input, &in))
	want := anInput
	want.Seen = &How{Sign: Silent}
	require.Equal(t, want, in)
}

func TestNewHistoryOnlyAsks(t *testing.T) {
	t.Parallel()
	w := setup(t, returns(nil), false, true)
	in := anInput
	in.Seen = &How{Sign: Silent}
	w.env.ExecuteWorkflow(runName, in)
	require.NoError(t, w.env.GetWorkflowError())
	require.Equal(t, []Sign{Silent, Silent}, w.signs())
	require.Zero(t, w.worked)
}

func TestDetailsTellWhatGoesOn(t *testing.T) {
	t.Parallel()
	w := setup(t, untilStopped, true, false, true)
	var during, waiting string
	w.env.RegisterDelayedCallback(func() { during = w.details(t) }, 500*time.Millisecond)
	w.env.RegisterDelayedCallback(w.env.CancelWorkflow, time.Second)
	w.env.RegisterDelayedCallback(func() { waiting = w.details(t) }, 5*time.Second)
	w.env.ExecuteWorkflow(runName, anInput)
	require.Contains(t, during, "Sent to pool `gpu` of orchestrator `builtin`")
	require.Contains(t, waiting, "It was cancelled. The worker still holds the work")
}
