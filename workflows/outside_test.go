package workflows

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	sb "signalbox"
)

var there = Input{Run: "01k9", Attempt: 2, Orchestrator: "prod", Pool: "DAG etl", Outside: true}

// far is a fresh test environment with a scripted bridge.
type far struct {
	env *testsuite.TestWorkflowEnvironment

	mu      sync.Mutex
	asked   []string
	answers map[string][]any // by what is asked: bool or error; false when there are no more
}

func setupFar(t *testing.T, answers map[string][]any) *far {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetDisableRegistrationAliasing(true)
	suite.SetLogger(quiet())
	f := &far{env: suite.NewTestWorkflowEnvironment(), answers: answers}
	f.env.SetTestTimeout(10 * time.Second)
	f.env.RegisterWorkflowWithOptions(RunWorkflow, workflow.RegisterOptions{Name: runName})
	f.env.RegisterWorkflowWithOptions(WatchWorkflow, workflow.RegisterOptions{Name: watchName})
	b := bridging{f}
	f.env.RegisterActivityWithOptions(b.Submit, activity.RegisterOptions{Name: submitName})
	f.env.RegisterActivityWithOptions(b.Stop, activity.RegisterOptions{Name: stopName})
	f.env.RegisterActivityWithOptions(b.Ended, activity.RegisterOptions{Name: endedName})
	f.env.RegisterActivityWithOptions(b.Look, activity.RegisterOptions{Name: lookName})
	f.env.RegisterActivityWithOptions(b.LookAtSource, activity.RegisterOptions{Name: lookSourceName})
	return f
}

func (f *far) answer(what string) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, what)
	list := f.answers[what]
	if len(list) == 0 {
		return false, nil
	}
	f.answers[what] = list[1:]
	if err, is := list[0].(error); is {
		return false, err
	}
	return list[0].(bool), nil
}

func (f *far) Submit(context.Context, sb.AttemptRef) (bool, error) { return f.answer("submit") }
func (f *far) Stop(context.Context, sb.AttemptRef) (bool, error)   { return f.answer("stop") }
func (f *far) Ended(context.Context, sb.AttemptRef) (bool, error)  { return f.answer("ended") }
func (f *far) Watch(context.Context, string) (bool, error)         { return f.answer("watch") }
func (f *far) WatchSource(context.Context, string) (bool, error)   { return f.answer("watch source") }

func (f *far) tell() { f.env.SignalWorkflow(endedSignal, nil) }

func TestHowAnAttemptIsCarriedThere(t *testing.T) {
	t.Parallel()
	away := sb.Errorf(sb.Unavailable, "the orchestrator does not answer")
	for name, row := range map[string]struct {
		answers  map[string][]any
		told     time.Duration // when it is told that the work has ended; 0: never
		cancel   time.Duration
		asked    []string
		canceled bool
		atLeast  time.Duration
	}{
		"sent, and told of the end":               {nil, time.Hour / 20, 0, []string{"submit"}, false, 3 * time.Minute},
		"told of the end at once":                 {nil, time.Millisecond, 0, []string{"submit"}, false, 0},
		"the orchestrator is away for a while":    {map[string][]any{"submit": {away, away}}, time.Minute, 0, []string{"submit", "submit", "submit"}, false, time.Minute},
		"refused for good":                        {map[string][]any{"submit": {true}}, 0, 0, []string{"submit"}, false, 0},
		"there is no such run":                    {map[string][]any{"submit": {sb.Errorf(sb.NotFound, "no run")}}, 0, 0, []string{"submit"}, false, 0},
		"the word of the end got lost":            {map[string][]any{"ended": {false, true}}, 0, 0, []string{"submit", "ended", "ended"}, false, 3 * askFirst},
		"stopped while it runs there":             {nil, time.Hour, time.Minute, []string{"submit", "stop", "ended"}, true, 30 * time.Minute},
		"stopped, and nothing was sent":           {map[string][]any{"stop": {true}}, 0, time.Minute, []string{"submit", "stop"}, true, time.Minute},
		"stopped while the orchestrator is away":  {map[string][]any{"submit": {away, away, away, away, away, away, true}, "stop": {away, false}}, 0, 10 * time.Second, nil, true, 0},
		"stopped once, however often it is asked": {nil, 2 * time.Minute, time.Minute, []string{"submit", "stop"}, true, 2 * time.Minute},
		"the database is away when it is asked":   {map[string][]any{"ended": {away, true}}, 0, 0, []string{"submit", "ended", "ended"}, false, askFirst},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setupFar(t, row.answers)
			if row.told > 0 {
				f.env.RegisterDelayedCallback(f.tell, row.told)
			}
			if row.cancel > 0 {
				f.env.RegisterDelayedCallback(f.env.CancelWorkflow, row.cancel)
			}
			start := f.env.Now()
			f.env.ExecuteWorkflow(runName, there)
			require.True(t, f.env.IsWorkflowCompleted())
			err := f.env.GetWorkflowError()
			require.Equal(t, row.canceled, temporal.IsCanceledError(err), "%v", err)
			if !row.canceled {
				require.NoError(t, err)
			}
			require.GreaterOrEqual(t, f.env.Now().Sub(start), row.atLeast)
			if row.asked != nil && name != "stopped while it runs there" {
				require.Equal(t, row.asked, f.asked)
			}
		})
	}
}

func TestALongWaitGoesOnInANewHistory(t *testing.T) {
	t.Parallel()
	f := setupFar(t, nil)
	f.env.SetContinueAsNewSuggested(true)
	f.env.ExecuteWorkflow(runName, there)
	var next *workflow.ContinueAsNewError
	require.ErrorAs(t, f.env.GetWorkflowError(), &next)

	again := there
	again.Seen = &How{Sign: Sent}
	f = setupFar(t, nil)
	f.env.RegisterDelayedCallback(f.tell, time.Minute)
	f.env.ExecuteWorkflow(runName, again)
	require.NoError(t, f.env.GetWorkflowError())
	require.Empty(t, f.asked, "nothing is sent again")
}

func TestAnOrchestratorIsWatchedUntilItIsGone(t *testing.T) {
	t.Parallel()
	f := setupFar(t, map[string][]any{"watch": {sb.Errorf(sb.Conflict, "another watches"), false, true}})
	f.env.ExecuteWorkflow(watchName, WatchInput{Orchestrator: "01o", Name: "prod"})
	require.NoError(t, f.env.GetWorkflowError())
	require.Equal(t, []string{"watch", "watch", "watch"}, f.asked)
}

func TestASourceIsWatchedUntilItIsGone(t *testing.T) {
	t.Parallel()
	f := setupFar(t, map[string][]any{"watch source": {sb.Errorf(sb.Conflict, "another watches"), false, true}})
	f.env.ExecuteWorkflow(watchName, WatchInput{Source: "01s", Name: "vision"})
	require.NoError(t, f.env.GetWorkflowError())
	require.Equal(t, []string{"watch source", "watch source", "watch source"}, f.asked)
}
