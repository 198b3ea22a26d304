package apitest

import (
	"encoding/csv"
	"fmt"
	"net/url"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

// Each row of the truth table through the API: grants are made to a Member, who then gets the row's role.
func TestEveryRowOfTheTruthTable(t *testing.T) {
	t.Parallel()
	file, err := os.Open("../../access/testdata/permissions.csv")
	require.NoError(t, err)
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 1+625)

	o := setup(t)
	people, groups := map[string]person{}, map[string]string{}
	for _, role := range sb.Roles {
		p := o.someone("the "+string(role), sb.Member)
		people[string(role)], groups[string(role)] = p, o.group("of the "+string(role), p)
	}
	datasets := map[string]string{}
	for _, row := range rows[1:] {
		role, standard, own, group := row[0], row[1], row[2], row[3]
		name := fmt.Sprintf("%s %s %s", standard, own, group)
		if datasets[name] == "" {
			datasets[name] = o.dataset(name, sb.Permission(standard))
		}
		o.share(datasets[name], "users", people[role].ID, sb.Permission(own))
		o.share(datasets[name], "groups", groups[role], sb.Permission(group))
	}
	for _, role := range sb.Roles {
		o.role(people[string(role)], role)
	}
	listed := map[string]map[string]any{}
	for role, p := range people {
		listed[role] = o.listed(p, "")
		require.Equal(t, listed[role], o.listed(o.root, p.Email), "an admin asks about him")
		if role != string(sb.Admin) {
			require.Equal(t, 403, o.ask(p.key, "GET", "/datasets?principal="+o.root.ID, "").StatusCode)
		}
	}
	for _, row := range rows[1:] {
		role, want := row[0], row[4]
		id := datasets[fmt.Sprintf("%s %s %s", row[1], row[2], row[3])]
		if want == "none" {
			require.Nil(t, listed[role][id], "%v", row)
			require.Equal(t, 404, o.ask(people[role].key, "GET", "/datasets/"+id, "").StatusCode, "%v", row)
			continue
		}
		require.Equal(t, want, listed[role][id], "%v", row)
		require.Equal(t, want, o.must(200, people[role], "GET", "/datasets/"+id, "")["my_permission"], "%v", row)
	}
}

// listed reads all datasets someone, or another one he asks about, sees, with his permission on each, in pages.
func (o *org) listed(p person, about string) map[string]any {
	o.t.Helper()
	found := map[string]any{}
	for cursor := ""; ; {
		page := o.must(200, p, "GET", "/datasets?limit=50&principal="+url.QueryEscape(about)+cursor, "")
		for _, item := range page["items"].([]any) {
			d := item.(map[string]any)
			found[d["id"].(string)] = d["my_permission"]
		}
		next, more := page["next_cursor"].(string)
		if !more {
			return found
		}
		cursor = "&cursor=" + next
	}
}

// The table of what each role may do in the organisation.
func TestWhatEachRoleMayDo(t *testing.T) {
	t.Parallel()
	o := setup(t)
	d := o.dataset("seen by all", sb.NoAccess)
	can := func(roles ...sb.Role) map[sb.Role]bool {
		set := map[sb.Role]bool{}
		for _, r := range roles {
			set[r] = true
		}
		return set
	}
	actions := map[string]map[sb.Role]bool{
		"administer":     can(sb.Admin),
		"create_dataset": can(sb.Admin, sb.Member),
		"clone":          can(sb.Admin, sb.Member),
		"export":         can(sb.Admin, sb.Member, sb.Collaborator),
		"view":           can(sb.Roles...),
		"see_all_runs":   can(sb.Admin, sb.Member),
		"use_api_keys":   can(sb.Roles...), // setup lets all
	}
	highest := map[sb.Role]sb.Permission{sb.Admin: sb.CanManage, sb.Member: sb.CanManage, sb.Collaborator: sb.CanEdit, sb.Labeler: sb.CanTag, sb.Guest: sb.CanView}
	rows := map[string]map[string]any{}
	for _, item := range o.must(200, o.root, "GET", "/roles", "")["items"].([]any) {
		row := item.(map[string]any)
		rows[row["role"].(string)] = row
	}
	for _, role := range sb.Roles {
		p := o.someone("a "+string(role), sb.Member)
		o.share(d, "users", p.ID, sb.CanView)
		o.role(p, role)
		for action, may := range actions {
			dataset := d
			if action == "administer" || action == "create_dataset" || action == "use_api_keys" {
				dataset = ""
			}
			said := o.explain(o.root, p.ID, action, dataset, "")
			require.Equal(t, may[role], said["allowed"], "%s %s: %v", role, action, said)
			require.Equal(t, said, o.explain(p, "me", action, dataset, ""), "the same about oneself")
		}
		row := rows[string(role)]
		require.Equal(t, actions["administer"][role], row["administer"])
		require.Equal(t, actions["create_dataset"][role], row["create_dataset"])
		require.Equal(t, actions["clone"][role], row["clone_dataset"])
		require.Equal(t, actions["export"][role], row["export_dataset"])
		require.Equal(t, string(highest[role]), row["highest_dataset_permission"])
		require.Equal(t, role == sb.Member || role == sb.Admin, row["default_access"])
		require.Equal(t, true, row["api_keys"])
		for _, permission := range sb.Permissions {
			status := 204
			if permission != sb.NoAccess && (role == sb.Admin || !highest[role].AtLeast(permission)) {
				status = 422
			}
			o.must(status, o.root, "PUT", "/datasets/"+d+"/access/users/"+p.ID, jsonOf(map[string]any{"permission": permission}))
			require.Equal(t, status == 204 && permission != sb.NoAccess, contains(row["may_be_granted"], permission))
		}
	}
}

func contains(list any, p sb.Permission) bool {
	for _, item := range list.([]any) {
		if item == string(p) {
			return true
		}
	}
	return false
}

// The table of what each permission allows on a dataset, of a Member.
func TestWhatEachPermissionAllows(t *testing.T) {
	t.Parallel()
	o := setup(t)
	needs := map[string]sb.Permission{
		"view": sb.CanView, "clone": sb.CanView, "export": sb.CanView, "see_all_runs": sb.CanView, "tag": sb.CanTag, "edit": sb.CanEdit,
		"pin_runs": sb.CanEdit, "rename_runs": sb.CanEdit, "schedule": sb.CanEdit, "end_runs": sb.CanManage, "manage": sb.CanManage, "prioritise": sb.CanManage,
	}
	for _, have := range sb.Permissions {
		d := o.dataset("with "+string(have), sb.NoAccess)
		p := o.someone("with "+string(have), sb.Member)
		o.share(d, "users", p.ID, have)
		for action, need := range needs {
			operator := ""
			if action == "schedule" {
				operator = "@acme/tools/hello" // Member and Can edit
			}
			said := o.explain(o.root, p.ID, action, d, operator)
			require.Equal(t, have.AtLeast(need), said["allowed"], "%s with %s: %v", action, have, said)
			if have == sb.NoAccess {
				ask := jsonOf(map[string]any{"principal": "me", "action": action, "dataset": d, "operator": operator})
				require.Equal(t, 404, o.ask(p.key, "POST", "/access/explain", ask).StatusCode, "nor does he learn of it here")
			}
		}
	}
	require.Equal(t, 422, o.ask(o.root.key, "POST", "/access/explain", `{"action":"fly"}`).StatusCode)
	require.Contains(t, o.ask(o.root.key, "POST", "/access/explain", `{"action":"fly"}`).body, "see_all_runs")
	require.Equal(t, 422, o.ask(o.root.key, "POST", "/access/explain", `{"action":"tag"}`).StatusCode)
	ann := o.keyed(o.Ann)
	require.Equal(t, 403, o.ask(ann.key, "POST", "/access/explain", jsonOf(map[string]any{"principal": o.Bob.ID, "action": "administer"})).StatusCode)
}
