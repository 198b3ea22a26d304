package apitest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/identity"
	"signalbox/controlplane/runs/runstest"
)

// who is what an operation needs of a person.
type who string

const (
	everyone who = "everyone with a key"
	admins   who = "an admin"
	makers   who = "a role that makes datasets"
	viewers  who = "Can view on the dataset"
	managers who = "Can manage on the dataset"
	seers    who = "seeing the run"
	enders   who = "Can manage on the run's dataset"
	editors  who = "Can edit on the run's dataset"
	runners  who = "what the operator needs"
	workers  who = "an orchestrator key"
	work     who = "a run token"
)

// operation is what is known of one: who may, and a body that gets past the checks of its form.
type operation struct {
	who  who
	body string
}

// operations are all that the API has. A new one fails the test below until its right stands here.
var operations = map[string]operation{
	"GET /me": {everyone, ""}, "GET /me/keys": {everyone, ""}, "POST /me/keys": {everyone, `{"name":"k"}`}, "DELETE /me/keys/{id}": {everyone, ""},
	"GET /me/sessions": {everyone, ""}, "DELETE /me/sessions": {everyone, ""}, "DELETE /me/sessions/{id}": {everyone, ""},
	"GET /sessions": {admins, ""}, "DELETE /sessions/{id}": {admins, ""}, "DELETE /users/{id}/sessions": {admins, ""},
	"GET /roles": {everyone, ""}, "GET /settings": {everyone, ""}, "PATCH /settings": {admins, `{}`},
	"GET /operators": {everyone, ""}, "GET /events": {everyone, ""}, "GET /datasets": {everyone, ""}, "GET /runs": {everyone, ""},
	"POST /access/explain": {everyone, `{"action":"administer"}`}, "POST /runs/bulk": {everyone, `{"action":"fail","ids":["none"]}`},

	"GET /users": {admins, ""}, "GET /users/{id}": {admins, ""}, "PATCH /users/{id}": {admins, `{}`}, "DELETE /users/{id}": {admins, ""},
	"GET /invitations": {admins, ""}, "POST /invitations": {admins, `{}`}, "DELETE /invitations/{id}": {admins, ""},
	"POST /invitations/accept": {everyone, `{"token":"none"}`},
	"GET /groups":              {admins, ""}, "POST /groups": {admins, `{"name":""}`}, "GET /groups/{id}": {admins, ""}, "PATCH /groups/{id}": {admins, `{}`},
	"DELETE /groups/{id}": {admins, ""}, "GET /groups/{id}/members": {admins, ""}, "PUT /groups/{id}/members/{principal}": {admins, ""},
	"DELETE /groups/{id}/members/{principal}": {admins, ""},
	"GET /service-accounts":                   {admins, ""}, "POST /service-accounts": {admins, `{}`}, "GET /service-accounts/{id}": {admins, ""},
	"PATCH /service-accounts/{id}": {admins, `{}`}, "DELETE /service-accounts/{id}": {admins, ""}, "GET /service-accounts/{id}/keys": {admins, ""},
	"POST /service-accounts/{id}/keys": {admins, `{"name":"k"}`}, "DELETE /service-accounts/{id}/keys/{key}": {admins, ""},
	"GET /secrets": {admins, ""}, "POST /secrets": {admins, `{}`}, "PATCH /secrets/{key}": {admins, `{}`}, "DELETE /secrets/{key}": {admins, ""},
	"GET /audit": {admins, ""}, "GET /audit/actions": {admins, ""}, "GET /doctor": {admins, ""}, "POST /runs/{id}/release": {admins, ""}, "POST /runs/{id}/logs/scrub": {admins, `{"texts":["nowhere in it"]}`},
	"GET /plugins": {admins, ""}, "POST /plugins": {admins, `{}`}, "GET /plugins/{name}": {admins, ""}, "PATCH /plugins/{name}": {admins, `{}`},
	"DELETE /plugins/{name}": {admins, ""}, "GET /plugins/{name}/archive": {admins, ""}, "GET /plugins/{name}/revisions": {admins, ""},
	"POST /plugins/{name}/rollback": {admins, `{"revision":1}`}, "PATCH /plugins/{name}/operators/{operator}": {admins, `{}`},
	"GET /orchestrators": {admins, ""}, "POST /orchestrators": {admins, `{}`}, "GET /orchestrators/{name}": {admins, ""},
	"PATCH /orchestrators/{name}": {admins, `{}`}, "DELETE /orchestrators/{name}": {admins, ""}, "GET /orchestrators/{name}/workers": {admins, ""},
	"POST /orchestrators/{name}/probe": {admins, ""}, "POST /orchestrators/{name}/reconcile": {admins, ""},
	"GET /orchestrators/{name}/work": {admins, ""}, "GET /orchestrators/{name}/keys": {admins, ""},
	"POST /orchestrators/{name}/keys": {admins, `{"name":"k"}`}, "DELETE /orchestrators/{name}/keys/{id}": {admins, ""},
	"GET /sources": {admins, ""}, "POST /sources": {admins, `{}`}, "GET /sources/{name}": {admins, ""}, "PATCH /sources/{name}": {admins, `{}`},
	"DELETE /sources/{name}": {admins, ""},

	"POST /datasets": {makers, `{"name":"."}`}, "POST /datasets/{name}/clone": {makers, `{"name":"."}`},
	"GET /datasets/{name}": {viewers, ""}, "PATCH /datasets/{name}": {managers, `{}`}, "DELETE /datasets/{name}": {managers, ""},
	"GET /datasets/{name}/access": {managers, ""}, "GET /datasets/{name}/access/groups": {managers, ""}, "GET /datasets/{name}/access/candidates": {managers, ""},
	"PUT /datasets/{name}/access/users/{id}": {managers, `{"permission":"view"}`}, "DELETE /datasets/{name}/access/users/{id}": {managers, ""},
	"GET /datasets/{name}/access/invitations": {managers, ""}, "DELETE /datasets/{name}/access/invitations/{id}": {managers, ""},
	"POST /datasets/{name}/access/invitations": {managers, `{"email":"stranger@example.net","permission":"view"}`},
	"PUT /datasets/{name}/access/groups/{id}":  {managers, `{"permission":"view"}`}, "DELETE /datasets/{name}/access/groups/{id}": {managers, ""},

	"POST /operators/{uri}/form": {runners, ""},

	"POST /runs": {runners, ""}, "POST /runs/{id}/rerun": {runners, `{}`}, "GET /runs/{id}": {seers, ""}, "GET /runs/{id}/wait": {seers, ""},
	"GET /runs/{id}/events": {seers, ""}, "GET /runs/{id}/logs": {seers, ""}, "GET /runs/{id}/logs/download": {seers, ""},
	"GET /runs/{id}/logs/lines": {seers, ""}, "GET /runs/{id}/logs/index": {seers, ""}, "GET /runs/{id}/logs/stream": {seers, ""},
	"PATCH /runs/{id}": {editors, `{"label":"x","pinned":true}`}, "POST /runs/{id}/fail": {enders, ""}, "POST /runs/{id}/stop": {enders, ""},

	"POST /work/claim": {workers, ""}, "POST /work/workers": {workers, ""},
	"POST /work/forms": {workers, ""}, "GET /work/forms/{id}/plugin": {workers, ""},
	"GET /work/{run}/plugin": {work, ""}, "POST /work/{run}/start": {work, ""}, "POST /work/{run}/heartbeat": {work, ""},
	"POST /work/{run}/progress": {work, ""}, "POST /work/{run}/logs": {work, ""}, "POST /work/{run}/log-path": {work, ""},
	"POST /work/{run}/environment": {work, ""}, "POST /work/{run}/complete": {work, ""}, "POST /work/{run}/fail": {work, ""}, "POST /work/{run}/end": {work, ""},
}

// documented lists the operations of the API's own document.
func (o *org) documented() []string {
	o.t.Helper()
	req, err := http.NewRequestWithContext(o.t.Context(), http.MethodGet, o.url+"/openapi.json", nil)
	require.NoError(o.t, err)
	resp, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(o.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(o.t, err)
	var doc struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	require.NoError(o.t, json.Unmarshal(text, &doc))
	var list []string
	for path, methods := range doc.Paths {
		for method := range methods {
			list = append(list, strings.ToUpper(method)+" "+strings.TrimPrefix(path, base))
		}
	}
	return list
}

// allowed is the table of rights: who of those with the most that their role may have on a dataset may do what.
func (w who) allowed(r sb.Role) bool {
	switch w {
	case everyone, viewers:
		return true
	case admins:
		return r == sb.Admin
	case makers, managers, enders, seers, runners: // others' runs are seen, and operators run, from Member on
		return r.AtLeast(sb.Member)
	case editors:
		return r.AtLeast(sb.Member) // for the run is another's, which is seen from Member on
	case workers, work:
	}
	return false
}

// onDataset and onRun tell what hides itself from who has no access.
func (w who) onDataset() bool { return w == viewers || w == managers }
func (w who) onRun() bool     { return w == seers || w == editors || w == enders }

func TestEveryOperationHasARight(t *testing.T) {
	t.Parallel()
	o := setup(t)
	list := o.documented()
	for _, op := range list {
		require.Contains(t, operations, op, "say in this test who may do it")
	}
	require.Len(t, operations, len(list), "an operation that is gone")

	everybody := map[string]person{}
	for _, role := range sb.Roles {
		everybody[string(role)] = o.someone("user "+string(role), sb.Member)
		everybody["account "+string(role)] = o.robot("account "+string(role), sb.Member)
	}
	roles := map[string]sb.Role{}
	for name, p := range everybody {
		roles[name] = sb.Role(strings.TrimPrefix(name, "account "))
		path := "/users/"
		if p.Kind == sb.ServiceAccount {
			path = "/service-accounts/"
		}
		o.must(200, o.root, "PATCH", path+p.ID, jsonOf(map[string]any{"role": roles[name]}))
	}
	_, secret, err := identity.New(o.Store, nil).CreateOrchestratorKey(t.Context(), o.Builtin.ID, "pool")
	require.NoError(t, err)
	keys := map[string]string{"nobody": "", "an orchestrator key": secret, "a run token": "sbr_x", "an unknown key": "sbk_x"}
	n := 0
	for _, op := range list {
		kind := operations[op].who
		for name, key := range keys {
			if name == "an orchestrator key" && kind == workers {
				continue
			}
			got := o.try(op, key, o.Cats.ID, "none")
			require.Contains(t, wrongKey, got.StatusCode, "%s with %s: %s", op, name, got.body)
		}
		for name, p := range everybody {
			n++
			o.checkOne(t, op, kind, name, p, roles[name], n)
		}
	}
}

// wrongKey is what a door answers to a key of another; at last, that there were too many of them.
var wrongKey = []int{401, 429}

// checkOne asks for an operation as someone with the most his role may have on a dataset, and as the same without access.
func (o *org) checkOne(t *testing.T, op string, kind who, name string, p person, role sb.Role, n int) {
	t.Helper()
	if kind == work || kind == workers {
		require.Contains(t, wrongKey, o.try(op, p.key, o.Cats.ID, "none").StatusCode, "%s as %s", op, name)
		return
	}
	dataset, run := o.Cats.ID, "none"
	if kind != everyone && kind != admins {
		dataset, run = o.fresh(t, p, role, n)
	}
	if kind.onDataset() || kind.onRun() {
		hidden, lost := o.hidden(t, n)
		want := 404
		if role == sb.Admin {
			want = 0
		}
		got := o.try(op, p.key, hidden, lost)
		require.Equal(t, want == 404, got.StatusCode == 404, "%s as %s without access: %d %s", op, name, got.StatusCode, got.body)
	}
	got := o.try(op, p.key, dataset, run)
	refused := got.StatusCode == 403 || kind != admins && kind != everyone && got.StatusCode == 404
	require.Equal(t, kind.allowed(role), !refused, "%s as %s: %d %s", op, name, got.StatusCode, got.body)
	require.NotEqual(t, 401, got.StatusCode, "%s as %s", op, name)
	require.Less(t, got.StatusCode, 500, "%s as %s: %s", op, name, got.body)
}

// fresh makes a dataset on which someone has all that his role may have, and a run of Ann's on it.
func (o *org) fresh(t *testing.T, p person, role sb.Role, n int) (dataset, run string) {
	t.Helper()
	d, err := o.CreateDataset(t.Context(), sb.Dataset{Name: fmt.Sprint("fresh ", n), DefaultPermission: sb.NoAccess, Creator: o.Ann.Who()})
	require.NoError(t, err)
	highest := map[sb.Role]sb.Permission{sb.Member: sb.CanManage, sb.Collaborator: sb.CanEdit, sb.Labeler: sb.CanTag, sb.Guest: sb.CanView}
	if role != sb.Admin {
		o.share(d.ID, "users", p.ID, highest[role])
	}
	r := o.Schedule(t, func(draft *sb.Draft) { draft.Dataset = d.ID })
	return d.ID, r.ID
}

// hidden makes a dataset that only Ann sees, with a run.
func (o *org) hidden(t *testing.T, n int) (dataset, run string) {
	t.Helper()
	d, err := o.CreateDataset(t.Context(), sb.Dataset{Name: fmt.Sprint("hidden ", n), DefaultPermission: sb.NoAccess, Creator: o.Ann.Who()})
	require.NoError(t, err)
	return d.ID, o.Schedule(t, func(draft *sb.Draft) { draft.Dataset = d.ID }).ID
}

// try asks for an operation about a dataset and a run.
func (o *org) try(op, key, dataset, run string) reply {
	o.t.Helper()
	method, path, _ := strings.Cut(op, " ")
	body := operations[op].body
	name := "none"
	switch {
	case strings.HasSuffix(path, "/invitations/{id}") && strings.HasPrefix(path, "/datasets/"):
		path, name = strings.ReplaceAll(path, "{id}", o.invited(key, dataset)), dataset
	case strings.HasPrefix(path, "/datasets/"):
		path = strings.ReplaceAll(path, "{id}", map[bool]string{true: o.Gil.ID, false: o.some()}[strings.Contains(path, "/users/")])
		name = dataset
	case op == "POST /operators/{uri}/form":
		path, body = strings.ReplaceAll(path, "{uri}", url.PathEscape(runstest.Hello)), jsonOf(map[string]any{"dataset": dataset})
	case op == "POST /runs":
		body = jsonOf(map[string]any{"operator": runstest.Hello, "dataset": dataset})
	}
	if strings.HasSuffix(path, "/candidates") {
		path += "?search=an"
	}
	if op == "DELETE /me/sessions" || op == "DELETE /me/sessions/{id}" || op == "DELETE /me/keys/{id}" {
		run = "none"
	}
	path = strings.NewReplacer("{name}", name, "{id}", run, "{key}", "none", "{operator}", "none", "{principal}", "none", "{run}", "none").Replace(path)
	return o.ask(key, method, path, body)
}

// invited is an invitation to a dataset by whose key it is, "none" of who may not invite.
func (o *org) invited(key, dataset string) string {
	o.t.Helper()
	got := o.ask(key, "POST", "/datasets/"+dataset+"/access/invitations", `{"email":"asked@example.net","permission":"view"}`)
	var made struct {
		ID string `json:"id"`
	}
	if got.StatusCode != 201 || json.Unmarshal([]byte(got.body), &made) != nil {
		return "none"
	}
	return made.ID
}

// some is a group that there is.
func (o *org) some() string {
	o.t.Helper()
	g, err := o.Group(o.t.Context(), "some")
	if sb.CodeOf(err) == sb.NotFound {
		g, err = o.CreateGroup(o.t.Context(), "some", "")
	}
	require.NoError(o.t, err)
	return g.ID
}
