package apitest

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/runs/runstest"
)

// repeated are the operations that set something, each with where what it set is shown, "" for nowhere, and what it sets.
var repeated = map[string]struct{ path, shown, body string }{
	"PATCH /settings":                            {"/settings", "/settings", `{"all_runs_minimum_role":"collaborator","api_key_roles":["admin","member"]}`},
	"PATCH /users/{id}":                          {"/users/GIL", "/users/GIL", `{"name":"Gilbert","role":"labeler"}`},
	"PATCH /service-accounts/{id}":               {"/service-accounts/ACCOUNT", "/service-accounts/ACCOUNT", `{"name":"robot","role":"guest","description":"d"}`},
	"PATCH /groups/{id}":                         {"/groups/GROUP", "/groups/GROUP", `{"name":"reds","description":"d"}`},
	"PUT /groups/{id}/members/{principal}":       {"/groups/GROUP/members/GIL", "/groups/GROUP", ""},
	"PATCH /secrets/{key}":                       {"/secrets/TOKEN", "/secrets", `{"description":"d"}`},
	"PATCH /plugins/{name}":                      {"/plugins/PLUGIN", "/plugins/PLUGIN", `{"enabled":false}`},
	"PATCH /plugins/{name}/operators/{operator}": {"/plugins/PLUGIN/operators/hello", "/plugins/PLUGIN", `{"enabled":false,"minimum_role":"guest","minimum_dataset_permission":"tag"}`},
	"POST /plugins/{name}/rollback":              {"/plugins/PLUGIN/rollback", "/plugins/PLUGIN", `{"revision":1}`},
	"PATCH /orchestrators/{name}":                {"/orchestrators/builtin", "/orchestrators/builtin", `{"enabled":false,"quota":7,"routes":[{"operators":["@acme/*"],"target":{"pool":"gpu"}}]}`},
	"PATCH /sources/{name}":                      {"/sources/vision", "/sources/vision", `{"name":"vision","uri":"mongodb://u:other@db.example.org/","database":"other","principal":"bot","default_permission":"view","intake":true,"mirror":true,"pools":["builtin/gpu"],"rules":[{"operators":["@acme/*"],"datasets":["cats"],"orchestrator":"builtin"}]}`},
	"PATCH /datasets/{name}":                     {"/datasets/DATASET", "/datasets/DATASET", `{"name":"lions","default_permission":"tag"}`},
	"PUT /datasets/{name}/access/users/{id}":     {"/datasets/DATASET/access/users/BOB", "/datasets/DATASET/access", `{"permission":"manage"}`},
	"PUT /datasets/{name}/access/groups/{id}":    {"/datasets/DATASET/access/groups/GROUP", "/datasets/DATASET/access", `{"permission":"view"}`},
	"PATCH /runs/{id}":                           {"/runs/RUN", "/runs/RUN", `{"label":"mine","pinned":true}`},
	"POST /runs/bulk":                            {"/runs/bulk", "/runs/RUN", `{"action":"pin","ids":["RUN"]}`},
}

// What is set to what it is already is no act: nothing is written, neither a row of the audit log nor a new version.
func TestWhatChangesNothingIsNoAct(t *testing.T) {
	t.Parallel()
	all := setup(t)
	for _, op := range all.documented() {
		if strings.HasPrefix(op, http.MethodPatch) || strings.HasPrefix(op, http.MethodPut) {
			require.Contains(t, repeated, op, "say in this test how it is repeated")
		}
	}
	for op, row := range repeated {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			o := setup(t)
			o.Install(t, "2")
			o.must(201, o.root, "POST", "/secrets", `{"key":"TOKEN","value":"secret value"}`)
			o.must(201, o.root, "POST", "/sources", `{"name":"vision","uri":"mongodb://u:secret@db.example.org/","database":"fiftyone"}`)
			names := strings.NewReplacer(
				"GIL", o.Gil.ID, "BOB", o.Bob.ID, "ACCOUNT", o.robot("bot", sb.Member).ID, "GROUP", o.group("red"), "DATASET", o.Cats.ID,
				"PLUGIN", escaped(o.Plugin.Name), "RUN", o.Schedule(t, runstest.Of(runstest.Hello)).ID,
			)
			method, _, _ := strings.Cut(op, " ")
			set := func() {
				o.Clock.Pass(1)
				got := o.ask(o.root.key, method, names.Replace(row.path), names.Replace(row.body))
				require.Contains(t, []int{200, 204}, got.StatusCode, got.body)
			}
			look := func() (string, int) {
				page, err := o.Audit(t.Context(), sb.AuditQuery{Limit: sb.MaxLimit})
				require.NoError(t, err)
				return o.ask(o.root.key, "GET", names.Replace(row.shown), "").body, len(page.Items)
			}
			before, none := look()
			set()
			after, one := look()
			require.NotEqual(t, before, after)
			require.Equal(t, none+1+strings.Count(op, "/runs/{id}"), one, "the first time it is an act; of a run's label and pin two")
			set()
			again, still := look()
			require.Equal(t, after, again)
			require.Equal(t, one, still, "the second time it is none")
		})
	}
}

// Whoever enters a secret's value learns nothing of the one before, not even that it is the same.
func TestASecretEnteredAnewIsAnAct(t *testing.T) {
	t.Parallel()
	o := setup(t)
	o.must(201, o.root, "POST", "/secrets", `{"key":"TOKEN","value":"secret value"}`)
	acts := func() int {
		page, err := o.Audit(t.Context(), sb.AuditQuery{Action: "secret.update", Limit: 10})
		require.NoError(t, err)
		return len(page.Items)
	}
	require.Zero(t, acts())
	o.must(200, o.root, "PATCH", "/secrets/TOKEN", `{"value":"secret value"}`)
	require.Equal(t, 1, acts())
}
