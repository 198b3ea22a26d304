package flyte

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/adapters/flyte/connecttest"
)

func TestWhatFlyte2Returns(t *testing.T) {
	t.Parallel()
	text := `{"scalar":{"primitive":{"stringValue":"x"}}}`
	for outputs, result := range map[string]string{
		`[]`:                                   "",
		`[{"name":"o0","value":` + text + `}]`: `"x"`,
		`[{"name":"o0","value":` + text + `},{"name":"o1","value":` + text + `}]`:            `{"o0":"x","o1":"x"}`,
		`[{"name":"score","value":{"scalar":{"primitive":{"integer":"7"}}}}]`:                `{"score":7}`,
		`[{"name":"o0","value":{"scalar":{"binary":{"tag":"msgpack","value":"gaFuAQ=="}}}}]`: `{"n":1}`,
		`[{"name":"o0","value":{"map":{"literals":{"some_name":` + text + `}}}}]`:            `{"some_name":"x"}`,
		`[{"name":"o0","value":{"scalar":{"noneType":{}}}}]`:                                 `null`,
	} {
		s := connecttest.Start(t)
		a, _ := connected(t, s)
		s.Change(connecttest.OK, func(task *connecttest.Task) { task.Result = json.RawMessage(outputs) })
		at := sent(t, a, attempt(a, connecttest.OK))
		s.Finish()
		o, err := a.Outcome(t.Context(), at)
		require.NoError(t, err)
		require.True(t, o.Completed)
		if result == "" {
			require.Empty(t, o.Result)
			continue
		}
		require.JSONEq(t, result, string(o.Result), outputs)
	}
}

func TestWhyFlyte2Failed(t *testing.T) {
	t.Parallel()
	for said, c := range map[string]struct{ message, stack string }{
		"":            {"Flyte calls the run failed, and does not say why", ""},
		"out of room": {"out of room", ""},
		"Traceback (most recent call last):\n  File \"a.py\"\nKeyError: 'x'": {"KeyError: 'x'", "Traceback (most recent call last):\n  File \"a.py\"\nKeyError: 'x'"},
	} {
		s := connecttest.Start(t)
		a, _ := connected(t, s)
		s.Change(connecttest.Fail, func(task *connecttest.Task) { task.Wrong = said })
		at := sent(t, a, attempt(a, connecttest.Fail))
		for !see(t, a, "", at).Places[0].Sight.Over() {
			require.NoError(t, t.Context().Err())
		}
		o, err := a.Outcome(t.Context(), at)
		require.NoError(t, err)
		require.False(t, o.Completed)
		require.Equal(t, c.message, o.Message)
		require.Equal(t, c.stack, o.Stack)
	}
	d := connectDetails{}
	d.Action.Wrong = &connectWrong{Message: "pod was evicted", Kind: "KIND_SYSTEM"}
	message, _ := d.failure()
	require.Equal(t, "Flyte could not run it: pod was evicted", message)
}

func TestTheActionsOfFlyte2ComeInPages(t *testing.T) {
	t.Parallel()
	s := connecttest.Start(t)
	a, _ := connected(t, s)
	s.Change(connecttest.Mapped, func(task *connecttest.Task) { task.Children = 450 })
	at := sent(t, a, attempt(a, connecttest.Mapped))
	for !see(t, a, "", at).Places[0].Sight.Over() {
		require.NoError(t, t.Context().Err())
	}
	parts, err := a.Parts(t.Context(), at)
	require.NoError(t, err)
	require.Len(t, parts, 451)
	met := map[string]bool{}
	for _, p := range parts {
		require.Equal(t, sb.SeenSucceeded, p.Sight)
		met[p.Source] = true
	}
	require.Len(t, met, 451)
	require.Equal(t, 3, s.Requests("ListActions"))
}
