package orchestrators_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/orchestrators"
)

func TestOneMovesOnlyToWhereItsOpenRunsAre(t *testing.T) {
	t.Parallel()
	submitted := sb.Run{ID: "01R", Work: sb.Work{Ref: "ours", State: sb.WorkSubmitted}}
	coming := sb.Run{ID: "01S", Work: sb.Work{Ref: "coming", State: sb.WorkSubmitting}}
	for name, c := range map[string]struct {
		open    []sb.Run
		config  string
		there   bool
		away    error
		refused string
	}{
		"nothing is open":                   {nil, `{"url":"http://other"}`, false, nil, ""},
		"what is open is there too":         {[]sb.Run{submitted}, `{"url":"http://other"}`, true, nil, ""},
		"what is open is not there":         {[]sb.Run{submitted}, `{"url":"http://other"}`, false, nil, "runs that are open at prod and that http://other does not have: 1 of 1; "},
		"nobody tells":                      {[]sb.Run{submitted}, `{"url":"http://other"}`, true, sb.Errorf(sb.Unavailable, "no answer"), "whether the runs that are open at prod are at http://other, it does not tell: no answer; "},
		"it does not move":                  {[]sb.Run{submitted}, `{"url":"http://x","poll_seconds":9}`, false, nil, ""},
		"what never arrived is sent anew":   {[]sb.Run{coming}, `{"url":"http://other"}`, false, nil, ""},
		"what has not been sent yet waits ": {[]sb.Run{{ID: "01T"}}, `{"url":"http://other"}`, false, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			o, err := w.Register(t.Context(), airflow("prod"), secret("password", `"first"`))
			require.NoError(t, err)
			if w.open = c.open; c.there {
				w.fake.Set("ours", sb.SeenActive, "running", "")
			}
			w.fake.Away(c.away)
			_, err = w.Change(t.Context(), o.ID, sb.OrchestratorPatch{Config: json.RawMessage(c.config), Secrets: secret("password", `"first"`)})
			if c.refused == "" {
				require.NoError(t, err)
				return
			}
			require.Equal(t, sb.Conflict, sb.CodeOf(err))
			require.Equal(t, c.refused+"end or release them first, or register another orchestrator", sb.MessageOf(err))
			now, err := w.store.Orchestrator(t.Context(), o.ID)
			require.NoError(t, err)
			require.JSONEq(t, `{"url":"http://x"}`, string(now.Config))
		})
	}
}

func TestConfigAndCredentialsAreOfOneMoment(t *testing.T) {
	t.Parallel()
	w := setup(t)
	o, err := w.Register(t.Context(), airflow("prod"), secret("password", `"first"`))
	require.NoError(t, err)
	w.read = func() {
		_, err := w.another.Change(t.Context(), o.ID, sb.OrchestratorPatch{Config: json.RawMessage(`{"url":"http://other"}`), Secrets: secret("password", `"second"`)})
		require.NoError(t, err)
	}
	o, _, err = w.Adapter(t.Context(), o.ID)
	require.NoError(t, err)
	require.JSONEq(t, `{"url":"http://other"}`, string(o.Config))
	require.Equal(t, made{`{"url":"http://other"}`, `{"password":"second"}`}, w.made[len(w.made)-1])
}

func TestWhatReachesARemovedOneIsForgotten(t *testing.T) {
	t.Parallel()
	w := setup(t)
	reached := func(name string) sb.Orchestrator {
		o, err := w.Register(t.Context(), airflow(name), secret("password", `"first"`))
		require.NoError(t, err)
		_, _, err = w.Adapter(t.Context(), o.ID)
		require.NoError(t, err)
		return o
	}
	reached("here")
	there := reached("there")
	asked := reached("asked")
	require.Equal(t, 3, orchestrators.Built(w.Registry))
	require.NoError(t, w.Remove(t.Context(), "here"))
	require.Equal(t, 2, orchestrators.Built(w.Registry))
	require.NoError(t, w.another.Remove(t.Context(), asked.ID))
	_, _, err := w.Adapter(t.Context(), asked.ID)
	require.Equal(t, sb.NotFound, sb.CodeOf(err))
	require.Equal(t, 1, orchestrators.Built(w.Registry))
	require.NoError(t, w.another.Remove(t.Context(), there.ID))
	reached("next")
	require.Equal(t, 1, orchestrators.Built(w.Registry))
}
