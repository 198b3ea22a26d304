// Package apitest holds the API to who may do what: over HTTP, on a real database, with the real rules.
package apitest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	sb "signalbox"
	"signalbox/adapters/fiftyone"
	"signalbox/blobs"
	"signalbox/controlplane/access"
	"signalbox/controlplane/api"
	"signalbox/controlplane/audit"
	"signalbox/controlplane/catalog"
	"signalbox/controlplane/forms"
	"signalbox/controlplane/identity"
	"signalbox/controlplane/logplaces"
	"signalbox/controlplane/orchestrators"
	"signalbox/controlplane/queue"
	"signalbox/controlplane/runs/runstest"
	"signalbox/controlplane/secrets"
	"signalbox/controlplane/sources"
	"signalbox/controlplane/watch"
	"signalbox/controlplane/watch/watchtest"
	"signalbox/logs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const base = "/api/v1"

// org is an organisation behind its API.
type org struct {
	*runstest.World
	t    *testing.T
	url  string
	root person

	bridge *watch.Bridge
	there  *watchtest.Fake // every Airflow
}

// person is a principal with a key.
type person struct {
	sb.Principal
	key string
}

type rules struct{}

func (rules) Check(f sb.Facts, a sb.Action) error            { return access.Check(f, a) }
func (rules) Explain(f sb.Facts, a sb.Action) sb.Explanation { return access.Explain(f, a) }
func (rules) Basis(f sb.Facts) (bool, string)                { return access.Basis(f) }
func (rules) MayGrant(f sb.Facts, p sb.Permission) error     { return access.MayGrant(f, p) }
func (rules) Effective(f sb.Facts) sb.Permission             { return access.Effective(f) }
func (rules) Viewer(p sb.Principal, s sb.Settings) sb.Viewer { return access.Viewer(p, s) }

type meters struct{}

func (meters) Admitted(string, time.Duration) {}
func (meters) Rejected(string)                {}
func (meters) AuditHead(sb.AuditHead)         {}

// setup makes an organisation whose every role may use keys.
func setup(t *testing.T, change ...func(*identity.InvitationSettings)) *org {
	t.Helper()
	w := runstest.New(t)
	path := t.TempDir() + "/keyset"
	keys, err := secrets.Create(t.Context(), path)
	require.NoError(t, err)
	signer, err := keys.Derive("test")
	require.NoError(t, err)
	log := logrus.New()
	log.SetOutput(io.Discard)
	people := identity.New(w.Store, signer)
	inviting := identity.InvitationSettings{Home: "https://here.example/"}
	for _, f := range change {
		f(&inviting)
	}
	there := watchtest.New()
	elsewhere := logplaces.New(blobs.NewForeign(http.DefaultTransport), logplaces.Options{})
	places := orchestrators.New(w.Store, keys, map[sb.OrchestratorKind]orchestrators.Build{
		sb.Airflow: func(json.RawMessage, json.RawMessage) (sb.Adapter, error) { return there, nil },
	}, elsewhere)
	output := logs.New(w.Store, w.Blobs, w.Store, logs.Options{})
	asking := forms.New(w.Store, access.Check, catalog.Params, runstest.Archives{Store: w.Store}, w.Secrets)
	var running sync.WaitGroup
	running.Go(func() { _ = asking.Run(t.Context()) })
	t.Cleanup(running.Wait)
	bridge := watch.New(w.Store, w.Work, places, watch.Logs{Kept: output, Elsewhere: elsewhere}, watch.Options{Log: logrus.NewEntry(log)})
	s := httptest.NewServer(api.New(api.Deps{
		Gate: api.Gate{
			Identity: people, Logins: identity.NewLogins(w.Store, keys, identity.LoginSettings{Providers: []identity.Provider{idp{name: "idp"}}}), Users: people, Groups: people,
			Access: rules{}, Facts: w.Store, Organisation: w.Store,
			Invitations: identity.NewInvitations(w.Store, access.Check, inviting),
		},
		Life: api.Life{
			Runs: w.Life, Forms: asking, Queue: queue.New(w.Store, w.Store, access.Check, meters{}, logrus.NewEntry(log)), Work: w.Work,
			Logs: output, Notes: w.Store,
		},
		Stock: api.Stock{
			Catalog: catalog.New(w.Store, w.Blobs, catalog.Limits{}), Datasets: w.Store, Sharing: w.Store, Orchestrators: w.Store, Registrar: places, Bridge: bridge,
			Secrets: secrets.NewVault(w.Store, keys), Sources: w.Store, SourceRegistrar: sources.New(w.Store, keys, fiftyone.Driver{}),
		},
		Record: api.Record{Audit: w.Store, Refusals: audit.NewRefusals(w.Store, log), Seal: audit.New(w.Store, signer, meters{}, log), Clock: w.Store},
	}))
	t.Cleanup(s.Close)
	o := &org{World: w, t: t, url: s.URL, bridge: bridge, there: there}
	o.root = o.keyed(w.Admin)
	o.must(200, o.root, "PATCH", "/settings", `{"api_key_roles":["guest","labeler","collaborator","member","admin"]}`)
	return o
}

// keyed gives a principal a key.
func (o *org) keyed(p sb.Principal) person {
	o.t.Helper()
	secret, hash := identity.NewAPIKey()
	_, err := o.CreateKey(o.t.Context(), sb.Key{Owner: p.ID, Name: "test"}, hash)
	require.NoError(o.t, err)
	return person{p, secret}
}

// someone is a new user.
func (o *org) someone(name string, role sb.Role) person {
	o.t.Helper()
	p, err := o.CreatePrincipal(o.t.Context(), sb.Principal{Kind: sb.User, Name: name, Email: name + "@example.net", Role: role})
	require.NoError(o.t, err)
	return o.keyed(p)
}

// robot is a new service account.
func (o *org) robot(name string, role sb.Role) person {
	o.t.Helper()
	p, err := o.CreatePrincipal(o.t.Context(), sb.Principal{Kind: sb.ServiceAccount, Name: name, Role: role})
	require.NoError(o.t, err)
	return o.keyed(p)
}

// reply is an answer, read to its end.
type reply struct {
	*http.Response
	body string
}

// ask sends a request with a key, "" for none.
func (o *org) ask(key, method, path, body string) reply {
	o.t.Helper()
	req, err := http.NewRequestWithContext(o.t.Context(), method, o.url+base+path, strings.NewReader(body))
	require.NoError(o.t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(o.t, err)
	defer resp.Body.Close()
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") { // goes on for ever
		return reply{resp, ""}
	}
	text, err := io.ReadAll(resp.Body)
	require.NoError(o.t, err)
	return reply{resp, string(text)}
}

// must demands a status and gives the answer.
func (o *org) must(status int, who person, method, path, body string) map[string]any {
	o.t.Helper()
	got := o.ask(who.key, method, path, body)
	require.Equal(o.t, status, got.StatusCode, "%s %s: %s", method, path, got.body)
	out := map[string]any{}
	if got.body != "" {
		require.NoError(o.t, json.Unmarshal([]byte(got.body), &out))
	}
	return out
}

// dataset makes a dataset of root's and gives its id.
func (o *org) dataset(name string, standard sb.Permission) string {
	o.t.Helper()
	made := o.must(201, o.root, "POST", "/datasets", jsonOf(map[string]any{"name": name, "default_permission": standard}))
	return made["id"].(string)
}

// share shares a dataset with users or groups, named so.
func (o *org) share(dataset, kind, id string, p sb.Permission) {
	o.t.Helper()
	o.must(204, o.root, "PUT", "/datasets/"+dataset+"/access/"+kind+"/"+id, jsonOf(map[string]any{"permission": p}))
}

func (o *org) group(name string, members ...person) string {
	o.t.Helper()
	id := o.must(201, o.root, "POST", "/groups", jsonOf(map[string]any{"name": name}))["id"].(string)
	for _, p := range members {
		o.must(204, o.root, "PUT", "/groups/"+id+"/members/"+p.ID, "")
	}
	return id
}

func (o *org) role(p person, role sb.Role) {
	o.t.Helper()
	o.must(200, o.root, "PATCH", "/users/"+p.ID, jsonOf(map[string]any{"role": role}))
}

// explain asks whether someone may do something on a dataset, "" for none.
func (o *org) explain(who person, about, action, dataset, operator string) map[string]any {
	o.t.Helper()
	ask := map[string]any{"principal": about, "action": action}
	if dataset != "" {
		ask["dataset"] = dataset
	}
	if operator != "" {
		ask["operator"] = operator
	}
	return o.must(200, who, "POST", "/access/explain", jsonOf(ask))
}

func jsonOf(v any) string {
	b, _ := json.Marshal(v) // texts, numbers and lists of them
	return string(b)
}

func escaped(s string) string { return url.PathEscape(s) }
