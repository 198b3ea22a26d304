package apitest

import (
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/client"
)

// Everything that takes dry_run tells what then comes, and changes nothing.
func TestForetoldChanges(t *testing.T) {
	t.Parallel()
	o := setup(t)
	d := o.dataset("shared", sb.NoAccess)
	lee, bot := o.someone("lee", sb.Member), o.robot("bot", sb.Member)
	group := o.group("red", bot)
	o.share(d, "users", lee.ID, sb.CanEdit)
	run := o.must(202, lee, "POST", "/runs", `{"operator":"@acme/tools/hello","dataset":"shared"}`)["id"]
	for _, row := range []struct{ name, method, path, body, list, who, before, after string }{
		{"a smaller grant", "PUT", "/datasets/" + d + "/access/users/" + lee.ID, `{"permission":"view"}`, "lose", "lee", "edit", "view"},
		{"no grant", "DELETE", "/datasets/" + d + "/access/users/lee@example.net", "", "lose", "lee", "edit", "none"},
		{"a grant to a group", "PUT", "/datasets/" + d + "/access/groups/red", `{"permission":"tag"}`, "gain", "bot", "none", "tag"},
		{"another role", "PATCH", "/users/" + lee.ID, `{"role":"guest"}`, "lose", "lee", "edit", "view"},
		{"a user who goes", "DELETE", "/users/" + lee.ID, "", "lose", "lee", "edit", "none"},
		{"an account's role", "PATCH", "/service-accounts/" + bot.ID, `{"role":"admin"}`, "gain", "bot", "none", "manage"},
		{"default access", "PATCH", "/datasets/" + d, `{"default_permission":"manage"}`, "gain", "lee", "edit", "manage"},
		{"an operator for admins", "PATCH", "/plugins/" + escaped("@acme/tools") + "/operators/hello", `{"minimum_role":"admin"}`, "lose", "lee", "manage", "none"},
	} {
		t.Run(row.name, func(t *testing.T) {
			o.t = t
			e := o.must(200, o.root, row.method, row.path+"?dry_run=true", row.body)
			found := false
			for _, item := range e[row.list].([]any) {
				x := item.(map[string]any)
				on, _ := x["dataset"].(map[string]any)
				if x["principal"].(map[string]any)["name"] == row.who && (on == nil || on["id"] == d) {
					found = true
					require.Equal(t, []any{row.before, row.after}, []any{x["before"], x["after"]})
				}
			}
			require.True(t, found, "%v", e)
			if row.list == "lose" {
				rejected := e["rejected_runs"].([]any)
				require.Len(t, rejected, 1)
				require.Equal(t, run, rejected[0].(map[string]any)["id"])
			}
			require.Equal(t, "edit", o.must(200, lee, "GET", "/datasets/"+d, "")["my_permission"], "nothing changed")
		})
	}
	o.t = t
	o.share(d, "groups", group, sb.CanTag)
	e := o.must(200, o.root, "PUT", "/groups/red/members/"+lee.ID+"?dry_run=true", "")
	require.Empty(t, e["gain"], "the group gives less than he has")
	e = o.must(200, o.root, "DELETE", "/groups/red?dry_run=true", "")
	require.Len(t, e["lose"], 1)
	require.Equal(t, 422, o.ask(o.root.key, "PUT", "/datasets/"+d+"/access/users/"+o.Gil.ID+"?dry_run=true", `{"permission":"edit"}`).StatusCode, "what would fail fails")

	api, err := client.New(client.Options{URL: o.url, Key: o.root.key})
	require.NoError(t, err)
	ctx, effect := client.Foretell(t.Context())
	require.NoError(t, api.Datasets.ShareWithUser(ctx, d, lee.ID, sb.CanManage))
	require.Len(t, effect.Gain, 1)
	require.NoError(t, api.Datasets.ShareWithUser(t.Context(), d, lee.ID, sb.CanManage))
	v, err := api.Datasets.Access(t.Context(), d, client.Paging{})
	require.NoError(t, err)
	require.Len(t, v.Items, 3)
	require.Equal(t, "lee has Can manage by a grant.", v.Items[1].Reason)
	said, err := api.Rights.Explain(t.Context(), client.Question{Principal: "lee@example.net", Action: "manage", Dataset: d})
	require.NoError(t, err)
	require.True(t, said.Allowed)
}
