package api

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/identity"
	vault "signalbox/controlplane/secrets"
	"signalbox/controlplane/store/storetest"
)

// organised is a town with settings and secrets.
func organised(t *testing.T) *town {
	t.Helper()
	keys, err := vault.Create(t.Context(), t.TempDir()+"/keyset.json")
	require.NoError(t, err)
	s := storetest.SQLite(t)
	people := identity.New(s, nil)
	b := setup(t, func(d *Deps) {
		d.Identity, d.Users, d.Groups, d.Facts, d.Datasets = people, people, people, s, s
		d.Organisation, d.Secrets = s, vault.NewVault(s, keys)
	})
	w := &town{b, s, map[string]string{}}
	for _, role := range []sb.Role{sb.Admin, sb.Member} {
		p, err := s.CreatePrincipal(t.Context(), sb.Principal{Kind: sb.User, Name: string(role), Role: role})
		require.NoError(t, err)
		w.ids[string(role)] = p.ID
		w.ids["key of "+string(role)] = w.key(t, p.ID)
	}
	return w
}

func TestSecretsAreWrittenAndNeverShown(t *testing.T) {
	t.Parallel()
	w := organised(t)
	secret := func(r reply) map[string]any {
		require.NotContains(t, r.body, "planted")
		out := r.json(t)
		delete(out, "created_at")
		delete(out, "updated_at")
		return out
	}
	got := w.as("admin", "POST", "/secrets", `{"key":"API_KEY","value":"planted-value","description":"of the API"}`)
	require.Equal(t, 201, got.StatusCode, got.body)
	require.Equal(t, base+"/secrets/API_KEY", got.Header.Get("Location"))
	by := map[string]any{"id": w.ids["admin"], "name": "admin"}
	require.Equal(t, map[string]any{"key": "API_KEY", "description": "of the API", "updated_by": by}, secret(got))
	got = w.as("admin", "PATCH", "/secrets/API_KEY", `{"value":"planted-again","description":""}`)
	require.Equal(t, 200, got.StatusCode, got.body)
	require.Equal(t, map[string]any{"key": "API_KEY", "description": "", "updated_by": by}, secret(got))
	got = w.as("admin", "GET", "/secrets", "")
	require.Len(t, secret(got)["items"], 1)

	for name, row := range map[string]struct {
		who, method, path, body string
		status                  int
		holds                   []string
	}{
		"a key that is there":           {"admin", "POST", "/secrets", `{"key":"API_KEY","value":"planted-value"}`, 409, []string{"exists already"}},
		"every fault":                   {"admin", "POST", "/secrets", `{"key":"SIGNALBOX_planted","value":"plant"}`, 422, []string{"body.key", "body.value", "at least 6 characters"}},
		"a value that is a number":      {"admin", "POST", "/secrets", `{"key":"A","value":70707070}`, 422, []string{"body.value"}},
		"a value without a key":         {"admin", "POST", "/secrets", `{"value":"planted-value"}`, 422, []string{"key"}},
		"a misspelt value":              {"admin", "POST", "/secrets", `{"key":"A","vallue":"planted-value"}`, 422, []string{"body.vallue"}},
		"a value over 64 KiB":           {"admin", "PATCH", "/secrets/API_KEY", `{"value":"` + strings.Repeat("planted", 10_000) + `"}`, 422, []string{"65536"}},
		"a body over the limit":         {"admin", "PATCH", "/secrets/API_KEY", `{"value":"` + strings.Repeat("planted", 100_000) + `"}`, 413, nil},
		"null as a value":               {"admin", "PATCH", "/secrets/API_KEY", `{"value":null}`, 422, []string{"leave out"}},
		"one that is none":              {"admin", "PATCH", "/secrets/NONE", `{"value":"planted-value"}`, 404, nil},
		"deleting one that is none":     {"admin", "DELETE", "/secrets/NONE", "", 404, nil},
		"a member who lists":            {"member", "GET", "/secrets", "", 403, nil},
		"a member who adds":             {"member", "POST", "/secrets", `{"key":"A","value":"planted-value"}`, 403, nil},
		"a member who changes":          {"member", "PATCH", "/secrets/API_KEY", `{"value":"planted-value"}`, 403, nil},
		"a member who deletes":          {"member", "DELETE", "/secrets/API_KEY", "", 403, nil},
		"a member who changes settings": {"member", "PATCH", "/settings", `{}`, 403, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := w.as(row.who, row.method, row.path, row.body)
			require.Equal(t, row.status, got.StatusCode, got.body)
			require.NotContains(t, got.body, "planted")
			require.NotContains(t, got.body, "70707070")
			for _, holds := range row.holds {
				require.Contains(t, got.body, holds)
			}
		})
	}
	require.Equal(t, 204, w.as("admin", "DELETE", "/secrets/API_KEY", "").StatusCode)
}

func TestSettingsCountFromTheNextRequest(t *testing.T) {
	t.Parallel()
	w := organised(t)
	before := w.as("member", "GET", "/settings", "")
	require.Equal(t, 200, before.StatusCode, before.body)
	want := before.json(t)
	require.Equal(t, true, want["just_in_time_users"])
	for name, value := range map[string]any{
		"default_user_role": "guest", "default_dataset_permission": "none", "default_operator_minimum_role": "labeler",
		"default_operator_minimum_dataset_permission": "view", "all_runs_minimum_role": "admin", "just_in_time_users": false,
	} {
		want[name] = value
	}
	want["api_key_roles"] = []any{"labeler", "member", "admin"}
	got := w.as("admin", "PATCH", "/settings", `{"default_user_role":"guest","default_dataset_permission":"none","default_operator_minimum_role":"labeler",
		"default_operator_minimum_dataset_permission":"view","all_runs_minimum_role":"admin","api_key_roles":["admin","labeler","member","admin"],"just_in_time_users":false}`)
	require.Equal(t, 200, got.StatusCode, got.body)
	require.Equal(t, want, got.json(t))
	require.Equal(t, want, w.as("member", "GET", "/settings", "").json(t))
	require.Equal(t, want, w.as("admin", "PATCH", "/settings", `{}`).json(t), "what is left out stays")
	made := w.as("admin", "POST", "/datasets", `{"name":"birds"}`)
	require.Equal(t, "none", made.json(t)["default_permission"], made.body)

	got = w.as("admin", "PATCH", "/settings", `{"default_user_role":"god","all_runs_minimum_role":"","api_key_roles":["admin",{"x":[]}],"default_dataset_permission":"all","just_in_time_users":"yes","x":1}`)
	require.Equal(t, 422, got.StatusCode, got.body)
	require.Len(t, got.json(t)["errors"], 6, got.body)

	next, _ := w.listen(strings.TrimPrefix(w.ids["key of member"], "sbk_"), base+"/events")
	<-w.heard
	set := func(roles string) {
		got := w.as("admin", "PATCH", "/settings", `{"api_key_roles":`+roles+`}`)
		require.Equal(t, 200, got.StatusCode, got.body)
	}
	set(`["admin"]`)
	require.Equal(t, 401, w.as("member", "GET", "/me", "").StatusCode, "a role taken out makes its keys useless at once")
	w.put(sb.Run{ID: "r1"})
	require.Equal(t, "end of stream", next(), "also in streams that are open")
	set(`["member","admin"]`)
	require.Equal(t, 200, w.as("member", "GET", "/me", "").StatusCode, "and they work again when it is back")
	got = w.as("admin", "PATCH", "/settings", `{"api_key_roles":["member"]}`)
	require.Equal(t, 422, got.StatusCode, "with a key an admin does not shut himself out: %s", got.body)
	require.Contains(t, got.body, "body.api_key_roles")
	require.Equal(t, 200, w.as("admin", "GET", "/me", "").StatusCode)
}
