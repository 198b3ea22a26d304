package apitest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/identity"
)

// unsealed seals nothing; these logins have nothing to seal.
type unsealed struct{ identity.Sealer }

// idp is a login provider that lets in one person, whoever comes.
type idp struct {
	identity.Provider
	name, email string
}

func (p idp) About() sb.Provider { return sb.Provider{Name: p.name, Kind: sb.SAML} }

func (p idp) Finish(context.Context, sb.Answer, *sb.Pending) (sb.Proof, error) {
	return sb.Proof{Login: sb.Login{Subject: p.email, Email: p.email, Verified: true}}, nil
}

// loggedIn is a person with a session in the place of a key, by a provider.
func (o *org) loggedIn(p person, provider string) person {
	o.t.Helper()
	logins := identity.NewLogins(o.Store, unsealed{}, identity.LoginSettings{Providers: []identity.Provider{idp{name: provider, email: p.Email}}})
	w, err := logins.Finish(o.t.Context(), provider, "", "a browser", sb.Answer{Unsolicited: true})
	require.NoError(o.t, err)
	require.Equal(o.t, p.ID, w.User.ID)
	return person{w.User, w.Token}
}

// letIn is a program with a session of a person.
func (o *org) letIn(p person) person {
	o.t.Helper()
	logins := identity.NewLogins(o.Store, unsealed{}, identity.LoginSettings{})
	asked, err := logins.AskDevice(o.t.Context(), "a program")
	require.NoError(o.t, err)
	require.NoError(o.t, logins.AnswerDevice(o.t.Context(), asked.UserCode, p.Principal, true))
	w, err := logins.EnterDevice(o.t.Context(), asked.DeviceCode)
	require.NoError(o.t, err)
	return person{p.Principal, w.Token}
}

func (o *org) demoAdmin() person {
	o.t.Helper()
	w, err := identity.NewLogins(o.Store, unsealed{}, identity.LoginSettings{Demo: true}).EnterDemo(o.t.Context(), sb.Admin, "/", "")
	require.NoError(o.t, err)
	return person{w.User, w.Token}
}

const withoutAdmins = `{"api_key_roles":["member"],"default_user_role":"guest"}`

// Whoever shuts the keys of admins out must have another way in, to let them in again.
func TestAnAdminDoesNotShutEverybodyOut(t *testing.T) {
	t.Parallel()
	o := setup(t)
	boss := o.someone("boss", sb.Admin)
	for name, who := range map[string]person{
		"with a key": o.root, "as a demonstration user": o.demoAdmin(), "by a provider that is set up no more": o.loggedIn(boss, "gone"),
	} {
		for _, path := range []string{"/settings", "/settings?dry_run=true"} {
			fault := o.must(422, who, "PATCH", path, withoutAdmins)["errors"].([]any)[0].(map[string]any)
			require.Equal(t, "body.api_key_roles", fault["location"], "%s, %s", name, path)
		}
	}
	require.Equal(t, "member", o.must(200, o.root, "GET", "/settings", "")["default_user_role"], "nothing of it was done")
	for name, who := range map[string]person{"by a provider": o.loggedIn(boss, "idp"), "as a program that he let in": o.letIn(boss)} {
		o.must(200, who, "PATCH", "/settings", `{"api_key_roles":["member"]}`)
		require.Equal(t, 401, o.ask(o.root.key, "GET", "/me", "").StatusCode, name)
		o.must(200, who, "PATCH", "/settings", `{"api_key_roles":["member","admin"]}`)
		o.must(200, o.root, "PATCH", "/settings", `{"api_key_roles":["admin"]}`)
	}
}

// A change of settings tells at once which roles gain or lose what, and how many people and keys that are.
func TestForetoldSettings(t *testing.T) {
	t.Parallel()
	o := setup(t)
	before := o.must(200, o.root, "GET", "/settings", "")
	o.must(200, o.root, "PATCH", "/settings", `{"api_key_roles":["member","admin"]}`)
	lee := o.someone("lee", sb.Collaborator)
	o.keyed(lee.Principal)
	o.robot("bot", sb.Collaborator)
	e := o.must(200, o.root, "PATCH", "/settings?dry_run=true", `{"api_key_roles":["collaborator","admin"],"all_runs_minimum_role":"collaborator"}`)
	gains := map[string]any{}
	for _, item := range e["gain"].([]any) {
		x := item.(map[string]any)
		require.Equal(t, "collaborator", x["role"])
		gains[x["right"].(string)] = []any{x["users"], x["service_accounts"], x["keys"]}
	}
	require.Equal(t, map[string]any{"api_keys": []any{1., 1., 3.}, "all_runs": []any{1., 1., 3.}}, gains)
	lost := e["lose"].([]any)[0].(map[string]any)
	require.Equal(t, []any{"member", "api_keys"}, []any{lost["role"], lost["right"]})
	require.Equal(t, before["all_runs_minimum_role"], o.must(200, o.root, "GET", "/settings", "")["all_runs_minimum_role"], "nothing changed")
	e = o.must(200, o.root, "PATCH", "/settings?dry_run=true", `{"default_user_role":"guest"}`)
	require.Empty(t, e["gain"], "a default counts for what comes later")
	require.Empty(t, e["lose"])
}

func TestAnAdminSeesAndEndsEverybodysSessions(t *testing.T) {
	t.Parallel()
	o := setup(t)
	boss, lee := o.someone("boss", sb.Admin), o.someone("lee", sb.Member)
	mine, first, second := o.loggedIn(boss, "idp"), o.loggedIn(lee, "idp"), o.loggedIn(lee, "idp")
	list := o.must(200, mine, "GET", "/sessions?limit=2", "")
	require.Len(t, list["items"], 2)
	rest := o.must(200, mine, "GET", "/sessions?limit=2&cursor="+list["next_cursor"].(string), "")
	require.Nil(t, rest["next_cursor"])
	require.Len(t, rest["items"], 1)

	found := o.must(200, mine, "GET", "/sessions?search=LEE@", "")["items"].([]any)
	require.Len(t, found, 2)
	newest := found[0].(map[string]any)
	require.Equal(t, map[string]any{"id": lee.ID, "name": "lee", "email": "lee@example.net", "role": "member"}, newest["user"])
	require.Equal(t, false, newest["current"])
	o.must(204, mine, "DELETE", "/sessions/"+newest["id"].(string), "")
	require.ElementsMatch(t, []int{200, 401}, []int{o.ask(first.key, "GET", "/me", "").StatusCode, o.ask(second.key, "GET", "/me", "").StatusCode})
	o.must(404, mine, "DELETE", "/sessions/"+newest["id"].(string), "")

	o.must(204, mine, "DELETE", "/users/lee@example.net/sessions", "")
	require.Empty(t, o.must(200, mine, "GET", "/sessions?search=lee", "")["items"])
	o.loggedIn(boss, "idp")
	o.must(204, mine, "DELETE", "/users/"+boss.ID+"/sessions", "")
	left := o.must(200, mine, "GET", "/sessions", "")["items"].([]any)
	require.Len(t, left, 1)
	require.Equal(t, true, left[0].(map[string]any)["current"], "of oneself this one is kept")
	for _, path := range []string{"/sessions", "/audit/actions"} {
		o.must(403, lee, "GET", path, "")
	}
	require.Subset(t, o.must(200, mine, "GET", "/audit/actions", "")["items"], []any{"session.create", "session.delete", "session.delete_others"})
}

// Who has access is found by part of a name or an email.
func TestWhoHasAccessIsSearched(t *testing.T) {
	t.Parallel()
	o := setup(t)
	d := o.dataset("searched", sb.NoAccess)
	lee, kim := o.someone("lee", sb.Guest), o.someone("kim", sb.Guest)
	for _, p := range []person{lee, kim} {
		o.share(d, "users", p.ID, sb.CanView)
	}
	found := func(search string) []string {
		var names []string
		for _, item := range o.must(200, o.root, "GET", "/datasets/"+d+"/access?search="+search, "")["items"].([]any) {
			names = append(names, item.(map[string]any)["name"].(string))
		}
		return names
	}
	require.Equal(t, []string{"kim"}, found("KI"))
	require.Equal(t, []string{"kim", "lee"}, found("example.net"))
	require.Empty(t, found(o.Bob.Name), "he has no access")
}
