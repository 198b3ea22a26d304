//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	sb "signalbox"
	airflow "signalbox/adapters/airflow/realtest"
	"signalbox/adapters/fiftyone/realtest"
	"signalbox/adapters/pythontest"
	"signalbox/client"
)

// orchestratorKey is what an orchestrator's key looks like where it is shown once.
var orchestratorKey = regexp.MustCompile(`sbo_[A-Za-z0-9_-]+`)

// realAirflow is a real Airflow 3 with the DAG of docs/tasks.md for any operator, of FiftyOne too.
func realAirflow(t *testing.T) *airflow.Server {
	t.Helper()
	sdk, err := filepath.Abs("../sdk/python")
	require.NoError(t, err)
	dag := fmt.Sprintf("import signalbox.airflow\ndag = signalbox.airflow.dag(\"signalbox_run\", python=%q)\n", realtest.Python(t))
	s, err := airflow.Open(context.WithoutCancel(t.Context()), airflow.Settings{
		Version: "3.3.1", DAGs: fstest.MapFS{"signalbox_run.py": {Data: []byte(dag), Mode: 0o644}}, Awaited: "signalbox_run",
		Env: []string{"PYTHONPATH=" + sdk}, Log: t.Logf,
	})
	var not *pythontest.NotInstallable
	if errors.As(err, &not) {
		t.Skip(err)
	}
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(s.Said())
		}
		s.Close()
	})
	return s
}

// joined registers a real Airflow, and gives its tasks a key.
func (w *world) joined(s *airflow.Server) {
	w.t.Helper()
	password := filepath.Join(w.t.TempDir(), "password")
	require.NoError(w.t, os.WriteFile(password, []byte("admin\n"), 0o600))
	w.done("orchestrators", "add", "prod", "--kind", "airflow", "--set", "url="+s.URL, "--set", "username=admin", "--set", "unpause=true",
		"--set", "poll_seconds=1", "--secret-file", "password="+password)
	w.done("orchestrators", "set", "prod", "--route", "@acme/*=signalbox_run")
	key := orchestratorKey.FindString(w.done("orchestrators", "keys", "create", "prod", "tasks"))
	connection, err := json.Marshal(map[string]string{"connection_id": "signalbox", "conn_type": "http", "host": w.url, "password": key})
	require.NoError(w.t, err)
	status, said := s.Ask(w.t.Context(), http.MethodPost, "/connections", string(connection))
	require.Equal(w.t, http.StatusCreated, status, said)
}

func TestAnOperatorOfFiftyOneRunsOnARealAirflow(t *testing.T) {
	t.Parallel()
	f := realtest.Start(t, true)
	toy(t, f)
	s := realAirflow(t)
	w := newWorld(t)
	w.dev()
	w.done("plugins", "install", filepath.Join(f.Plugins(), "hello"))
	w.joined(s)
	w.source(f)
	w.done("sources", "set", "vision", "--pool", "prod", "--rule", "@acme/*=prod")
	var there struct {
		ID      string
		Samples int
	}
	f.Script(&there, `d = fo.load_dataset("toy"); say({"ID": str(d._doc.id), "Samples": len(d)})`)
	dataset, err := bson.ObjectIDFromHex(there.ID)
	require.NoError(t, err)
	a := &app{world: w, f: f, operations: f.Database().Collection("delegated_ops"), dataset: dataset}

	id := a.queue("@acme/hello/count")
	told := a.becomes(id, "completed")
	page, err := w.client.Runs.List(t.Context(), client.RunFilter{Operator: "@acme/hello/count"})
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
	run := w.over(page.Items[0].ID)
	require.Equal(t, sb.Completed, run.Status, w.timeline(run.ID))
	require.Equal(t, "prod", run.Orchestrator)
	require.JSONEq(t, fmt.Sprintf(`{"samples":%d}`, there.Samples), string(run.Result))
	require.Contains(t, w.log(run.ID), "counting toy")
	shown, err := bson.MarshalExtJSON(told["result"], false, false)
	require.NoError(t, err)
	require.Contains(t, string(shown), fmt.Sprintf(`"samples":%d`, there.Samples))
}
