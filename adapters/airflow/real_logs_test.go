package airflow

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/adapters/airflow/airflowtest"
	"signalbox/adapters/airflow/realtest"
	"signalbox/blobs"
	"signalbox/controlplane/logplaces"
)

// template is Airflow's own, as docs/airflow.md has it.
const template = "dag_id={dag_id}/run_id={run_id}/task_id={task_id}/map_index={map_index}/attempt={try}.log"

// lying compares the logs in Airflow's folder with what its API gives of them.
func lying(t *testing.T, s *realtest.Server, a *Adapter) {
	config, err := json.Marshal(map[string]any{"log_roots": []string{"file://" + s.Logs()}, "log_template": template})
	require.NoError(t, err)
	foreign := blobs.NewForeign(http.DefaultTransport)
	t.Cleanup(func() { require.NoError(t, foreign.Close()) })
	places := logplaces.New(foreign, logplaces.Options{})
	for _, dag := range []string{airflowtest.OK, airflowtest.Fail, airflowtest.Mapped} {
		at, err := a.Submit(t.Context(), sb.Submission{AttemptRef: sb.AttemptRef{Run: "l", Attempt: 1}, Name: "signalbox-lying-" + strings.ReplaceAll(dag, "_", "-") + "-1", Target: sb.Target{DAG: dag}})
		require.NoError(t, err)
		require.Eventually(t, func() bool {
			view, err := a.Look(t.Context(), []sb.Place{at}, installation, "")
			return err == nil && view.Places[0].Sight.Over()
		}, 3*time.Minute, 200*time.Millisecond)
		parts, err := a.Parts(t.Context(), at)
		require.NoError(t, err)
		require.NotEmpty(t, parts)
		for _, part := range parts {
			if part.Try == 0 || part.Word == "upstream_failed" {
				continue
			}
			require.EventuallyWithT(t, func(c *assert.CollectT) { // its last lines may be on their way
				found, err := places.Templated(t.Context(), sb.Orchestrator{Config: config}, at, part.Source, part.Try)
				require.NoError(c, err)
				body, err := a.Log(t.Context(), at, part, part.Try)
				require.NoError(c, err)
				assert.ElementsMatch(c, messages(c, body), messages(c, found), "%s %s: the API of Airflow 3 sorts by time", dag, part.Source)
			}, time.Minute, time.Second)
		}
	}
}

// messages are what the lines of a log say.
func messages(t require.TestingT, log io.ReadCloser) (list []string) {
	text, err := io.ReadAll(log)
	require.NoError(t, err)
	require.NoError(t, log.Close())
	for line := range strings.Lines(string(text)) {
		_, _, message, _ := sb.ParseLine([]byte(strings.TrimRight(line, "\n")))
		if len(message) > 0 {
			list = append(list, string(message))
		}
	}
	return list
}
