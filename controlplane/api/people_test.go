package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/identity"
	"signalbox/controlplane/store"
	"signalbox/controlplane/store/storetest"
)

// noGroups is for tests that are about nobody's groups.
type noGroups struct{ groupsPort }

type groupsPort = Groups

func (noGroups) GroupsOf(context.Context, []string) (map[string][]sb.Who, error) { return nil, nil }

// town is a server whose people live in a real database.
type town struct {
	*bench
	store *store.Store
	ids   map[string]string // by name
}

// everybody are the users of a town: one for each role, whose name is the role, and a second admin.
var everybody = append([]sb.Role{"second admin"}, sb.Roles...)

func inTown(t *testing.T) *town {
	t.Helper()
	s := storetest.SQLite(t)
	people := identity.New(s, nil)
	b := setup(t, func(d *Deps) { d.Identity, d.Users, d.Groups, d.Facts, d.Datasets = people, people, people, s, s })
	w := &town{b, s, map[string]string{}}
	for _, role := range everybody {
		name := string(role)
		if !role.Valid() {
			role = sb.Admin
		}
		p, err := s.CreatePrincipal(t.Context(), sb.Principal{
			Kind: sb.User, Name: name, Email: strings.ReplaceAll(name, " ", ".") + "@Example.org", Role: role,
		})
		require.NoError(t, err)
		w.ids[name] = p.ID
	}
	for _, role := range []string{"admin", "second admin", "member"} {
		w.ids["key of "+role] = w.key(t, w.ids[role])
	}
	return w
}

func (w *town) key(t *testing.T, owner string) string {
	t.Helper()
	secret, hash := identity.NewAPIKey()
	_, err := w.store.CreateKey(t.Context(), sb.Key{Owner: owner, Name: "k"}, hash)
	require.NoError(t, err)
	return secret
}

// as asks as the user of that name, in a path below the base; {name} in it becomes the id of that name.
func (w *town) as(who, method, path, body string) reply {
	w.t.Helper()
	for name, id := range w.ids {
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(id))
	}
	return w.do(w.ids["key of "+who], method, base+path, body)
}

// made does something and remembers the id of the answer by its name.
func (w *town) made(path, name, rest string) {
	w.t.Helper()
	got := w.as("admin", "POST", path, `{"name":"`+name+`"`+rest+`}`)
	require.Equal(w.t, 201, got.StatusCode, got.body)
	w.ids[name] = got.json(w.t)["id"].(string)
}

func TestUsersAreListedSearchedAndShown(t *testing.T) {
	t.Parallel()
	w := inTown(t)
	w.made("/groups", "labelling", "")
	require.Equal(t, 204, w.as("admin", "PUT", "/groups/labelling/members/{labeler}", "").StatusCode)

	for search, want := range map[string][]string{
		"":                           {"admin", "collaborator", "guest", "labeler", "member", "second admin"},
		"ADMIN":                      {"admin", "second admin"},
		"guest@EXAMPLE":              {"guest"},
		"%":                          {},
		"nobody is called like that": {},
	} {
		got := w.as("admin", "GET", "/users?search="+url.QueryEscape(search), "")
		require.Equal(t, 200, got.StatusCode, got.body)
		names := []string{}
		for _, item := range got.json(t)["items"].([]any) {
			names = append(names, item.(map[string]any)["name"].(string))
		}
		require.Equal(t, want, names, search)
	}

	page := w.as("admin", "GET", "/users?limit=4", "").json(t)
	rest := w.as("admin", "GET", "/users?limit=4&cursor="+page["next_cursor"].(string), "").json(t)
	require.Len(t, rest["items"], 2)
	require.Nil(t, rest["next_cursor"])

	for _, way := range []string{"{labeler}", "labeler", "labeler%40example.org", "Labeler@EXAMPLE.org"} {
		got := w.as("admin", "GET", "/users/"+way, "")
		require.Equal(t, 200, got.StatusCode, got.body)
		user := got.json(t)
		delete(user, "created_at")
		require.Equal(t, map[string]any{
			"id": w.ids["labeler"], "kind": "user", "name": "labeler", "email": "labeler@example.org", "role": "labeler",
			"role_locked_by": nil, "groups": []any{map[string]any{"id": w.ids["labelling"], "name": "labelling"}}, "last_seen_at": nil,
		}, user)
	}
	w.made("/service-accounts", "nightly", `,"role":"member"`)
	require.Equal(t, 404, w.as("admin", "GET", "/users/{nightly}", "").StatusCode, "a service account is no user")
}

func TestOnlyAdminsSeeAndChangePeople(t *testing.T) {
	t.Parallel()
	w := inTown(t)
	w.made("/groups", "g", "")
	for _, call := range []string{
		"GET /users", "GET /users/{guest}", "PATCH /users/{member}", "DELETE /users/{guest}", "GET /groups", "POST /groups", "GET /groups/{g}",
		"PATCH /groups/{g}", "DELETE /groups/{g}", "GET /groups/{g}/members", "PUT /groups/{g}/members/{guest}", "DELETE /groups/{g}/members/{guest}",
	} {
		method, path, _ := strings.Cut(call, " ")
		body := map[string]string{"PATCH": `{"name":"x"}`, "POST": `{"name":"x"}`}[method]
		require.Equal(t, 403, w.as("member", method, path, body).StatusCode, call)
	}
}

func TestWhatCannotBeDoneToUsers(t *testing.T) {
	t.Parallel()
	w := inTown(t)
	locked, err := w.store.CreatePrincipal(t.Context(), sb.Principal{Kind: sb.User, Name: "eve", Role: sb.Guest, LockedBy: "corporate"})
	require.NoError(t, err)
	w.ids["eve"] = locked.ID
	for name, row := range map[string]struct {
		call, body string
		status     int
		detail     string
	}{
		"a role that does not exist":         {"PATCH /users/{guest}", `{"role":"owner"}`, 422, ""},
		"a name that is none":                {"PATCH /users/{guest}", `{"name":".."}`, 422, "not valid"},
		"nobody of that name":                {"PATCH /users/nobody", `{"role":"guest"}`, 404, ""},
		"a role that a provider decides":     {"PATCH /users/{eve}", `{"role":"member"}`, 409, "the login provider corporate decides the role of eve"},
		"an email, which the provider gives": {"PATCH /users/{guest}", `{"email":"a@b.c"}`, 422, ""},
	} {
		t.Run(name, func(t *testing.T) {
			method, path, _ := strings.Cut(row.call, " ")
			got := w.as("admin", method, path, row.body)
			require.Equal(t, row.status, got.StatusCode, got.body)
			require.Contains(t, got.body, row.detail)
		})
	}
	require.Equal(t, 200, w.as("admin", "PATCH", "/users/{eve}", `{"name":"Eve"}`).StatusCode, "her name is not locked")
	require.Equal(t, 204, w.as("admin", "DELETE", "/users/{second admin}", "").StatusCode)
	require.Equal(t, 409, w.as("admin", "PATCH", "/users/{admin}", `{"role":"member"}`).StatusCode, "the last admin")
	require.Equal(t, 409, w.as("admin", "DELETE", "/users/{admin}", "").StatusCode, "the last admin")
}

// Between the check at the door and the change, somebody else may have taken the role.
func TestNobodyRaisesHisOwnRole(t *testing.T) {
	t.Parallel()
	w := inTown(t)
	people := identity.New(w.store, nil)
	role := sb.Admin
	as := func(name string) context.Context {
		return sb.WithOrigin(t.Context(), sb.Origin{Actor: sb.Who{ID: w.ids[name], Name: name}, Kind: sb.User})
	}
	_, err := people.UpdateUser(as("member"), w.ids["member"], nil, &role)
	require.Equal(t, sb.Forbidden, sb.CodeOf(err), "%v", err)
	_, err = people.UpdateUser(as("admin"), w.ids["member"], nil, &role)
	require.NoError(t, err)
	role = sb.Guest
	_, err = people.UpdateUser(as("admin"), w.ids["admin"], nil, &role)
	require.NoError(t, err, "anybody may lower his own")
}

func TestARoleCountsFromTheNextRequest(t *testing.T) {
	t.Parallel()
	w := inTown(t)
	require.Equal(t, 403, w.as("member", "GET", "/users", "").StatusCode)
	got := w.as("admin", "PATCH", "/users/{member}", `{"role":"admin"}`)
	require.Equal(t, 200, got.StatusCode, got.body)
	require.Equal(t, "admin", got.json(t)["role"])
	require.Equal(t, 200, w.as("member", "GET", "/users", "").StatusCode)
	require.Equal(t, 200, w.as("admin", "PATCH", "/users/{member}", `{"role":"guest"}`).StatusCode)
	require.Equal(t, 401, w.as("member", "GET", "/me", "").StatusCode, "guests may not use keys")
	require.Equal(t, 200, w.as("admin", "PATCH", "/users/{member}", `{"role":"member"}`).StatusCode)
	require.Equal(t, 200, w.as("member", "GET", "/me", "").StatusCode, "the key works again when the role does")
	require.Equal(t, 204, w.as("admin", "DELETE", "/users/{member}", "").StatusCode)
	require.Equal(t, 401, w.as("member", "GET", "/me", "").StatusCode, "it ended with its owner")
}

func TestGroups(t *testing.T) {
	t.Parallel()
	w := inTown(t)
	w.made("/groups", "vision", `,"description":"cameras"`)
	w.made("/service-accounts", "nightly", `,"role":"member"`)
	require.Equal(t, 409, w.as("admin", "POST", "/groups", `{"name":"vision"}`).StatusCode)
	require.Equal(t, 422, w.as("admin", "POST", "/groups", `{"name":".."}`).StatusCode)
	for range 2 { // who is in it stays in it
		require.Equal(t, 204, w.as("admin", "PUT", "/groups/vision/members/{guest}", "").StatusCode)
	}
	require.Equal(t, 204, w.as("admin", "PUT", "/groups/{vision}/members/nightly", "").StatusCode)
	require.Equal(t, 404, w.as("admin", "PUT", "/groups/{vision}/members/nobody", "").StatusCode)
	require.Equal(t, 404, w.as("admin", "PUT", "/groups/none/members/nightly", "").StatusCode)

	group := w.as("admin", "GET", "/groups/vision", "").json(t)
	require.EqualValues(t, 2, group["member_count"])
	require.Equal(t, []any{
		map[string]any{"id": w.ids["guest"], "name": "guest", "kind": "user", "email": "guest@example.org", "locked_by": nil},
		map[string]any{"id": w.ids["nightly"], "name": "nightly", "kind": "service_account", "email": "", "locked_by": nil},
	}, group["members"])
	first := w.as("admin", "GET", "/groups/vision/members?limit=1", "").json(t)
	second := w.as("admin", "GET", "/groups/vision/members?limit=1&cursor="+first["next_cursor"].(string), "").json(t)
	require.Equal(t, group["members"], append(first["items"].([]any), second["items"].([]any)...))
	account := w.as("admin", "GET", "/service-accounts/nightly", "").json(t)
	require.Equal(t, []any{map[string]any{"id": w.ids["vision"], "name": "vision"}}, account["groups"])

	got := w.as("admin", "PATCH", "/groups/vision", `{"name":"Vision & sound"}`)
	require.Equal(t, 200, got.StatusCode, got.body)
	require.Equal(t, "cameras", got.json(t)["description"])
	require.Equal(t, 204, w.as("admin", "DELETE", "/groups/{vision}/members/{guest}", "").StatusCode)
	require.Equal(t, 404, w.as("admin", "DELETE", "/groups/{vision}/members/{guest}", "").StatusCode)
	list := w.as("admin", "GET", "/groups?search=sound", "").json(t)["items"].([]any)
	require.Len(t, list, 1)
	require.EqualValues(t, 1, list[0].(map[string]any)["member_count"])
	require.Equal(t, 204, w.as("admin", "DELETE", "/groups/{vision}", "").StatusCode)
	require.Equal(t, 404, w.as("admin", "GET", "/groups/{vision}", "").StatusCode)
	require.Empty(t, w.as("admin", "GET", "/service-accounts/nightly", "").json(t)["groups"])
}

func TestIKnowMyGroups(t *testing.T) {
	t.Parallel()
	w := inTown(t)
	for _, name := range []string{"b", "a"} {
		w.made("/groups", name, "")
		require.Equal(t, 204, w.as("admin", "PUT", "/groups/"+name+"/members/{member}", "").StatusCode)
	}
	who := func(name string) map[string]any { return map[string]any{"id": w.ids[name], "name": name} }
	require.Equal(t, []any{who("a"), who("b")}, w.as("member", "GET", "/me", "").json(t)["groups"])
}

func TestKeysAreMadeOnlyForRolesThatMayUseThem(t *testing.T) {
	t.Parallel()
	w := inTown(t)
	w.made("/service-accounts", "camera", `,"role":"guest"`)
	got := w.as("admin", "POST", "/service-accounts/camera/keys", `{"name":"k"}`)
	require.Equal(t, 409, got.StatusCode, got.body)
	require.Contains(t, got.body, "api_key_roles")
	_, _, err := identity.New(w.store, nil).CreateKey(t.Context(), w.ids["guest"], "k", nil)
	require.Equal(t, sb.Forbidden, sb.CodeOf(err), "%v", err)

	require.Equal(t, 200, w.as("admin", "PATCH", "/service-accounts/camera", `{"role":"member"}`).StatusCode)
	got = w.as("admin", "POST", "/service-accounts/camera/keys", `{"name":"k"}`)
	require.Equal(t, 201, got.StatusCode, got.body)
	key := got.json(t)
	w.ids["key of camera"] = key["key"].(string)
	require.Equal(t, 200, w.as("camera", "GET", "/me", "").StatusCode)
	require.Equal(t, 204, w.as("admin", "DELETE", "/service-accounts/camera/keys/"+key["id"].(string), "").StatusCode)
	require.Equal(t, 401, w.as("camera", "GET", "/me", "").StatusCode, "revoked at once")
}

func TestAFaultyGroupListsEveryFault(t *testing.T) {
	t.Parallel()
	w := inTown(t)
	_, err := identity.New(w.store, nil).CreateGroup(t.Context(), "..", strings.Repeat("x", 1001))
	var e *sb.Error
	require.ErrorAs(t, err, &e)
	require.Len(t, e.Faults, 2)
	body, err := json.Marshal(map[string]string{"name": "a\nb", "description": "d"})
	require.NoError(t, err)
	got := w.as("admin", "POST", "/groups", string(body))
	require.Equal(t, 422, got.StatusCode)
	require.Contains(t, got.body, fmt.Sprintf("%q", "body.name"))
}
