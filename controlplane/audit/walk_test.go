package audit_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/adapters/fiftyone"
	"signalbox/blobs"
	"signalbox/controlplane/access"
	"signalbox/controlplane/api"
	"signalbox/controlplane/audit"
	"signalbox/controlplane/catalog"
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

// notAudited says of operations that take a body, or could change something, why they leave no entry.
var notAudited = map[string]string{
	"POST /access/explain":             "it only answers a question",
	"POST /operators/{uri}/form":       "likewise",
	"POST /orchestrators/{name}/probe": "likewise",
	"POST /work/claim":                 "work, not people; the run's events tell it",
	"POST /work/workers":               "likewise",
	"POST /work/forms":                 "likewise",
	"POST /work/{run}/start":           "likewise",
	"POST /work/{run}/heartbeat":       "likewise",
	"POST /work/{run}/progress":        "likewise",
	"POST /work/{run}/logs":            "likewise",
	"POST /work/{run}/log-path":        "likewise",
	"POST /work/{run}/environment":     "likewise",
	"POST /work/{run}/complete":        "likewise",
	"POST /work/{run}/fail":            "likewise",
	"POST /work/{run}/end":             "likewise",
}

// judge is controlplane/access as the API wants it.
type judge struct{}

func (judge) Check(f sb.Facts, a sb.Action) error            { return access.Check(f, a) }
func (judge) Explain(f sb.Facts, a sb.Action) sb.Explanation { return access.Explain(f, a) }
func (judge) Basis(f sb.Facts) (bool, string)                { return access.Basis(f) }
func (judge) MayGrant(f sb.Facts, p sb.Permission) error     { return access.MayGrant(f, p) }
func (judge) Effective(f sb.Facts) sb.Permission             { return access.Effective(f) }
func (judge) Viewer(p sb.Principal, s sb.Settings) sb.Viewer { return access.Viewer(p, s) }

// uncounted counts nothing.
type uncounted struct{ queue.Metrics }

// walker calls a real API on a real database, as an admin.
type walker struct {
	*runstest.World
	t       *testing.T
	url     string
	key     string
	acts    int
	log     bytes.Buffer
	covered map[string]bool // operations that were done
	secrets []string        // that were planted
	people  *identity.Identity
	stop    func() // of the server
	output  *logs.Logs

	refusals *audit.Refusals
}

func walk(t *testing.T) *walker {
	t.Helper()
	w := &walker{World: runstest.New(t), t: t, covered: map[string]bool{}}
	keyset := t.TempDir() + "/keyset.json"
	keys, err := secrets.Create(t.Context(), keyset)
	require.NoError(t, err)
	signer, err := keys.Derive(audit.Purpose)
	require.NoError(t, err)
	log := logrus.New()
	log.SetOutput(&w.log)
	log.SetLevel(logrus.TraceLevel)
	log.SetFormatter(&logrus.JSONFormatter{})
	entry := logrus.NewEntry(log)
	people := identity.New(w.Store, signer)
	logins := identity.NewLogins(w.Store, keys, identity.LoginSettings{})
	objects, err := blobs.Open(t.Context(), "file://"+t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, objects.Close()) })
	w.refusals = audit.NewRefusals(w.Store, entry)
	elsewhere := logplaces.New(blobs.NewForeign(http.DefaultTransport), logplaces.Options{})
	places := orchestrators.New(w.Store, keys, map[sb.OrchestratorKind]orchestrators.Build{
		sb.Airflow: func(json.RawMessage, json.RawMessage) (sb.Adapter, error) { return watchtest.New(), nil },
	}, elsewhere)
	output := logs.New(w.Store, objects, w.Store, logs.Options{})
	w.output = output
	server := httptest.NewServer(api.New(api.Deps{
		Gate: api.Gate{
			Identity: people, Logins: logins, Users: people, Groups: people, Access: judge{}, Facts: w.Store, Organisation: w.Store,
			Invitations: identity.NewInvitations(w.Store, access.Check, identity.InvitationSettings{Home: "https://here.example"}),
		},
		Life: api.Life{Runs: w.Life, Queue: queue.New(w.Store, w.Store, access.Check, uncounted{}, entry), Work: w.Work, Logs: output, Notes: w.Store},
		Stock: api.Stock{
			Catalog: catalog.New(w.Store, objects, catalog.Limits{}), Datasets: w.Store, Sharing: w.Store, Orchestrators: w.Store,
			Registrar: places, Bridge: watch.New(w.Store, w.Work, places, watch.Logs{Kept: output, Elsewhere: elsewhere}, watch.Options{Log: entry}),
			Secrets: secrets.NewVault(w.Store, keys), Sources: w.Store, SourceRegistrar: sources.New(w.Store, keys, fiftyone.Driver{}),
		},
		Record:  api.Record{Audit: w.Store, Refusals: w.refusals, Seal: audit.New(w.Store, signer, &heads{}, entry), Clock: w.Store},
		Options: api.Options{Log: log},
	}))
	t.Cleanup(server.Close)
	w.url, w.stop, w.people = server.URL, server.Close, people
	_, w.key, err = people.CreateKey(t.Context(), w.Admin.ID, "walk", nil)
	require.NoError(t, err)
	return w
}

// answer is what an operation answered.
type answer struct {
	status int
	body   string
}

// field reads a text of the answer.
func (a answer) field(t *testing.T, name string) string {
	t.Helper()
	var all map[string]any
	require.NoError(t, json.Unmarshal([]byte(a.body), &all), a.body)
	s, _ := all[name].(string)
	require.NotEmpty(t, s, "%s of %s", name, a.body)
	return s
}

func (w *walker) call(method, path, body, request string) answer {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.url+"/api/v1"+path, strings.NewReader(body))
	require.NoError(w.t, err)
	req.Header.Set("X-Request-Id", request)
	req.Header.Set("Authorization", "Bearer "+w.key)
	switch {
	case strings.HasPrefix(body, "PK"):
		req.Header.Set("Content-Type", "application/zip")
	case body != "":
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(w.t, err)
	read, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	require.NoError(w.t, resp.Body.Close())
	return answer{resp.StatusCode, string(read)}
}

// act does one operation and demands the entry it leaves. The operation is written as in the document; words fill its
// parameters in their order.
func (w *walker) act(operation, action, body string, words ...string) answer {
	w.t.Helper()
	w.Clock.Pass(time.Second)
	method, path, _ := strings.Cut(operation, " ")
	for _, word := range words {
		before, rest, _ := strings.Cut(path, "{")
		_, after, found := strings.Cut(rest, "}")
		require.True(w.t, found, operation)
		path = before + strings.ReplaceAll(word, "/", "%2F") + after
	}
	w.acts++
	request := fmt.Sprintf("walk-%04d", w.acts)
	got := w.call(method, path, body, request)
	require.Less(w.t, got.status, 300, "%s: %s", operation, got.body)
	w.covered[operation] = true
	page, err := w.Store.Audit(w.t.Context(), sb.AuditQuery{Limit: 20})
	require.NoError(w.t, err)
	var done []string
	for _, e := range page.Items {
		if e.Origin.Request == request {
			done = append(done, e.Action)
			require.Equal(w.t, w.Admin.Name, e.Origin.Actor.Name, operation)
			require.NotEmpty(w.t, e.Origin.Address, operation)
			require.NotEmpty(w.t, e.Object.Kind, operation)
		}
	}
	require.Equal(w.t, []string{action}, done, "%s left these entries", operation)
	return got
}

func archive(t *testing.T, version string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f, err := z.Create("fiftyone.yml")
	require.NoError(t, err)
	_, err = io.WriteString(f, "name: \"@walk/plugin\"\ntype: plugin\nversion: \""+version+"\"\noperators: [one]\n"+
		"signalbox:\n  operators:\n    one: {label: One, command: [\"true\"]}\n")
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return b.String()
}

func TestEveryChangeThroughTheAPIIsAudited(t *testing.T) {
	t.Parallel()
	w := walk(t)
	w.walkPeople()
	w.walkSessions()
	w.walkDatasets()
	w.walkPlugins()
	w.walkRuns()
	w.walkSharing()
	w.walkOrganisation()
	w.walkOrchestrators()
	w.walkSources()
	w.walkInvitations()
	for _, operation := range w.operations() {
		if notAudited[operation] == "" {
			require.True(t, w.covered[operation], "%s is not in this test: call it and demand its entry, or say why it leaves none", operation)
		}
	}
	w.nothingLeaks()
}

func (w *walker) walkPeople() {
	key := w.act("POST /me/keys", "key.create", `{"name":"mine"}`)
	w.act("DELETE /me/keys/{id}", "key.delete", "", key.field(w.t, "id"))
	w.planted(key.field(w.t, "key"))
	bot := w.act("POST /service-accounts", "service_account.create", `{"name":"bot","role":"member"}`).field(w.t, "id")
	w.act("PATCH /service-accounts/{id}", "service_account.update", `{"description":"a robot"}`, bot)
	key = w.act("POST /service-accounts/{id}/keys", "key.create", `{"name":"ci"}`, bot)
	w.planted(key.field(w.t, "key"))
	w.act("DELETE /service-accounts/{id}/keys/{key}", "key.delete", "", bot, key.field(w.t, "id"))
	group := w.act("POST /groups", "group.create", `{"name":"team"}`).field(w.t, "id")
	w.act("PATCH /groups/{id}", "group.update", `{"description":"all"}`, group)
	w.act("PUT /groups/{id}/members/{principal}", "group.add_member", "", group, bot)
	w.act("DELETE /groups/{id}/members/{principal}", "group.remove_member", "", group, bot)
	w.act("DELETE /groups/{id}", "group.delete", "", group)
	w.act("DELETE /service-accounts/{id}", "service_account.delete", "", bot)
	w.act("PATCH /users/{id}", "user.update", `{"role":"labeler"}`, w.Gil.ID)
	w.act("DELETE /users/{id}", "user.delete", "", w.Gil.ID)
}
