package apitest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

const anAirflow = `{"name":"prod","kind":"airflow","config":{"url":"http://x"},"secrets":{"password":"planted-password"},
	"routes":[{"operators":["@acme/*"],"target":{"dag_id":"etl"},"inputs":{"who":"$params.name"}}]}`

func TestAnOrchestratorFromRegistrationToRemoval(t *testing.T) {
	t.Parallel()
	o := setup(t)
	made := o.ask(o.root.key, "POST", "/orchestrators", anAirflow)
	require.Equal(t, 201, made.StatusCode, made.body)
	require.NotContains(t, made.body, "planted")
	require.Contains(t, made.body, `"secret_names":["password"]`)
	require.Contains(t, made.Header.Get("Location"), base+"/orchestrators/")
	require.Equal(t, 409, o.ask(o.root.key, "POST", "/orchestrators", anAirflow).StatusCode)
	require.Equal(t, true, o.must(200, o.root, "POST", "/orchestrators/prod/probe", "")["ok"])

	run := o.must(202, o.root, "POST", "/runs", `{"operator":"@acme/tools/hello","dataset":"cats","orchestrator":"prod"}`)["id"].(string)
	require.Equal(t, 409, o.ask(o.root.key, "DELETE", "/orchestrators/prod", "").StatusCode)
	place, err := o.Orchestrator(t.Context(), "prod")
	require.NoError(t, err)
	_, err = o.Admit(t.Context(), place.ID, sb.Targets{}, func(c sb.Candidate) sb.Change { return sb.Admit{At: c.Now} })
	require.NoError(t, err)
	_, err = o.bridge.Submit(t.Context(), o.Get(t, run).Ref())
	require.NoError(t, err)

	work := o.must(200, o.root, "GET", "/orchestrators/prod/work", "")
	require.Len(t, work["items"], 1)
	ledger := work["ledger"].(map[string]any)
	require.EqualValues(t, 1, ledger["open"])
	require.Nil(t, o.must(200, o.root, "GET", "/orchestrators/builtin/work", "")["ledger"])
	o.must(204, o.root, "POST", "/orchestrators/prod/reconcile", "")
	require.Equal(t, 422, o.ask(o.root.key, "POST", "/orchestrators/builtin/reconcile", "").StatusCode)

	doctor := o.ask(o.root.key, "GET", "/doctor", "").body
	require.Contains(t, doctor, `{"name":"orchestrator prod","ok":false,"detail":"it was never looked at"`)

	why := o.must(200, o.root, "GET", "/runs/"+run+"/wait", "")
	require.Contains(t, why["summary"], "DAG etl")
	require.Equal(t, 403, o.ask(o.keyed(o.Ann).key, "POST", "/runs/"+run+"/release", "").StatusCode)
	released := o.must(200, o.root, "POST", "/runs/"+run+"/release", "")
	require.Equal(t, "ended", released["work"].(map[string]any)["state"])
	if status := o.Get(t, run).Status; !status.Terminal() { // it has retries, and goes back to the queue
		o.must(200, o.root, "POST", "/runs/"+run+"/fail", "")
	}

	o.must(200, o.root, "PATCH", "/orchestrators/prod", `{"enabled":false,"secrets":{"token":"planted-token","password":null}}`)
	require.Equal(t, 409, o.ask(o.root.key, "POST", "/runs", `{"operator":"@acme/tools/hello","dataset":"cats","orchestrator":"prod"}`).StatusCode)
	o.must(204, o.root, "DELETE", "/orchestrators/prod", "")
	require.Equal(t, 404, o.ask(o.root.key, "GET", "/orchestrators/prod", "").StatusCode)

	told := o.ask(o.root.key, "GET", "/audit?action=orchestrator", "").body
	for _, act := range []string{"orchestrator.create", "orchestrator.update", "orchestrator.reconcile", "orchestrator.delete"} {
		require.Contains(t, told, act)
	}
	require.NotContains(t, told, "planted")
	require.Contains(t, o.ask(o.root.key, "GET", "/audit?action=run.release", "").body, run)
}

func TestWhatIsWrongWithAnOrchestratorIsListed(t *testing.T) {
	t.Parallel()
	o := setup(t)
	got := o.ask(o.root.key, "POST", "/orchestrators", `{"name":"x","kind":"airflow","routes":[{"operators":[],"target":{"pool":"p"},"inputs":{"a":"$b"}}]}`)
	require.Equal(t, 422, got.StatusCode)
	for _, location := range []string{"body.routes[0].operators", "body.routes[0].target.dag_id", "body.routes[0].inputs.a"} {
		require.Contains(t, got.body, location)
	}
	require.Equal(t, 422, o.ask(o.root.key, "POST", "/orchestrators", `{"name":"x","kind":"flyte"}`).StatusCode)
	require.True(t, strings.Contains(o.ask(o.root.key, "DELETE", "/orchestrators/builtin", "").body, "disable it"))
}
