package audit_test

import (
	"context"
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/runs/runstest"
)

func (w *walker) walkSessions() {
	var ids []string
	for _, token := range []string{"planted-session-1", "planted-session-2", "planted-session-3"} {
		s, err := w.CreateSession(w.t.Context(), sb.Session{PrincipalID: w.Admin.ID, Provider: "demo"}, []byte(token), time.Hour)
		require.NoError(w.t, err)
		ids = append(ids, s.ID)
		w.planted(token)
	}
	w.act("DELETE /me/sessions/{id}", "session.delete", "", ids[0])
	w.act("DELETE /sessions/{id}", "session.delete", "", ids[1])
	w.act("DELETE /me/sessions", "session.delete_others", "")
	_, err := w.CreateSession(w.t.Context(), sb.Session{PrincipalID: w.Bob.ID, Provider: "demo"}, []byte("planted-session-4"), time.Hour)
	require.NoError(w.t, err)
	w.act("DELETE /users/{id}/sessions", "session.delete_others", "", w.Bob.ID)
}

func (w *walker) walkSharing() {
	group := w.act("POST /groups", "group.create", `{"name":"sharers"}`).field(w.t, "id")
	w.act("PUT /datasets/{name}/access/groups/{id}", "dataset.share", `{"permission":"view"}`, "secret", group)
	w.act("DELETE /datasets/{name}/access/groups/{id}", "dataset.share", "", "secret", group)
	w.act("PUT /datasets/{name}/access/users/{id}", "dataset.share", `{"permission":"view"}`, "secret", w.Bob.ID)
	w.act("DELETE /datasets/{name}/access/users/{id}", "dataset.share", "", "secret", w.Bob.ID)
}

func (w *walker) walkOrganisation() {
	w.act("PATCH /settings", "settings.update", `{"default_dataset_permission":"view"}`)
	w.act("POST /secrets", "secret.create", `{"key":"TOKEN","value":"planted-secret-1","description":"for tests"}`)
	w.act("PATCH /secrets/{key}", "secret.update", `{"value":"planted-secret-2"}`, "TOKEN")
	w.act("DELETE /secrets/{key}", "secret.delete", "", "TOKEN")
	w.planted("planted-secret-1")
	w.planted("planted-secret-2")
}

func (w *walker) walkOrchestrators() {
	key := w.act("POST /orchestrators/{name}/keys", "key.create", `{"name":"worker"}`, "builtin")
	w.planted(key.field(w.t, "key"))
	w.act("DELETE /orchestrators/{name}/keys/{id}", "key.delete", "", "builtin", key.field(w.t, "id"))
	w.act("PATCH /orchestrators/{name}", "orchestrator.update", `{"quota":3}`, "builtin")
	w.act("POST /orchestrators", "orchestrator.create", `{"name":"prod","kind":"airflow","config":{"url":"http://x"},"secrets":{"password":"planted-password-1"}}`)
	w.act("PATCH /orchestrators/{name}", "orchestrator.update", `{"secrets":{"password":"planted-password-2"}}`, "prod")
	w.act("POST /orchestrators/{name}/reconcile", "orchestrator.reconcile", "", "prod")
	w.act("DELETE /orchestrators/{name}", "orchestrator.delete", "", "prod")
	w.planted("planted-password-1")
	w.planted("planted-password-2")
}

func (w *walker) walkSources() {
	w.act("POST /sources", "source.create", `{"name":"vision","uri":"mongodb://u:planted-mongo-1@db.example.org/","database":"fiftyone"}`)
	w.act("PATCH /sources/{name}", "source.update", `{"uri":"mongodb://u:planted-mongo-2@db.example.org/","mirror":true}`, "vision")
	w.act("DELETE /sources/{name}", "source.delete", "", "vision")
	w.planted("planted-mongo-1")
	w.planted("planted-mongo-2")
}

func (w *walker) walkInvitations() {
	made := w.act("POST /invitations", "invitation.create", `{"email":"new@example.org","role":"member"}`)
	w.act("DELETE /invitations/{id}", "invitation.revoke", "", made.field(w.t, "id"))
	made = w.act("POST /datasets/{name}/access/invitations", "invitation.create", `{"email":"new@example.org","permission":"view"}`, "cats")
	w.act("DELETE /datasets/{name}/access/invitations/{id}", "invitation.revoke", "", "cats", made.field(w.t, "id"))
	made = w.act("POST /invitations", "invitation.create", `{"email":"later@example.org","role":"member"}`)
	_, token, _ := strings.Cut(made.field(w.t, "link"), "token=")
	w.planted(token)
	_, err := w.Store.UpdatePrincipal(w.t.Context(), w.Admin.ID, func(p sb.Principal) (sb.Principal, error) {
		p.Email = "later@example.org"
		return p, nil
	})
	require.NoError(w.t, err)
	w.act("POST /invitations/accept", "invitation.accept", `{"token":"`+token+`"}`)
}

func (w *walker) walkDatasets() {
	w.act("POST /datasets", "dataset.create", `{"name":"a/b"}`)
	w.act("PATCH /datasets/{name}", "dataset.update", `{"name":"c/d","default_permission":"view"}`, "a/b")
	w.act("POST /datasets/{name}/clone", "dataset.clone", `{"name":"copy"}`, "c/d")
	w.act("DELETE /datasets/{name}", "dataset.delete", "", "c/d")
}

func (w *walker) walkPlugins() {
	const plugin = "@walk/plugin"
	w.act("POST /plugins", "plugin.install", archive(w.t, "1"))
	_, _, err := w.Store.Install(w.t.Context(), sb.Upload{
		Manifest: sb.Manifest{Name: plugin, Version: "2", Operators: []string{"one"}}, SHA256: strings.Repeat("b", 64), Size: 1, Overwrite: true,
	})
	require.NoError(w.t, err)
	w.act("POST /plugins/{name}/rollback", "plugin.rollback", `{"revision":1}`, plugin)
	w.act("PATCH /plugins/{name}", "plugin.update", `{"enabled":false}`, plugin)
	w.act("PATCH /plugins/{name}/operators/{operator}", "operator.update", `{"minimum_role":"admin"}`, plugin, "one")
	w.act("DELETE /plugins/{name}", "plugin.uninstall", "", plugin)
}

func (w *walker) walkRuns() {
	run := w.act("POST /runs", "run.schedule", `{"operator":"`+runstest.Hello+`","dataset":"cats","params":{"name":"planted-param"}}`).field(w.t, "id")
	w.planted("planted-param")
	w.act("PATCH /runs/{id}", "run.rename", `{"label":"mine"}`, run)
	w.act("PATCH /runs/{id}", "run.pin", `{"pinned":true}`, run)
	w.act("PATCH /runs/{id}", "run.unpin", `{"pinned":false}`, run)
	w.act("POST /runs/{id}/fail", "run.mark", "", run)
	w.act("POST /runs/{id}/rerun", "run.rerun", `{}`, run)
	waiting := w.Schedule(w.t)
	w.act("POST /runs/{id}/stop", "run.stop", "", waiting.ID)
	running, p := w.Running(w.t)
	require.NoError(w.t, w.output.Append(w.t.Context(), p, 0, []byte("INFO planted-in-a-log\n"), false))
	w.act("POST /runs/{id}/logs/scrub", "run.scrub_log", `{"texts":["planted-in-a-log"]}`, running.ID)
	w.planted("planted-in-a-log")
	w.act("POST /runs/{id}/stop", "run.stop", "", running.ID)
	w.act("POST /runs/{id}/release", "run.release", "", running.ID)
	w.act("POST /runs/bulk", "run.pin", `{"action":"pin","ids":["`+run+`"]}`)
}

// planted notes a secret, which must be nowhere in the audit log at the end.
func (w *walker) planted(secret string) { w.secrets = append(w.secrets, secret) }

// nothingLeaks demands that no secret is in the audit log, in the server's log, or in a file of the database; what a run
// works with is in its row, and nowhere else.
func (w *walker) nothingLeaks() {
	export := w.call("GET", "/audit?format=jsonl", "", "leak-check")
	require.Equal(w.t, 200, export.status)
	require.Contains(w.t, export.body, "service_account.create")
	w.stop()
	places := map[string]string{"the audit log": export.body, "the server's log": w.log.String()}
	root := filepath.Dir(w.t.TempDir()) // all folders of a test lie beside each other
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		places[filepath.Base(name)] = string(text)
		return err
	})
	require.NoError(w.t, err)
	require.NotEmpty(w.t, places["test.db"])
	for place, text := range places {
		for _, secret := range append(w.secrets, w.key) {
			inRow := secret == "planted-param" && strings.HasPrefix(place, "test.db")
			require.True(w.t, inRow || !strings.Contains(text, secret), "%s is in %s", secret, place)
		}
	}
}

// operations lists what the API's document says could change something.
func (w *walker) operations() []string {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.url+"/openapi.json", nil)
	require.NoError(w.t, err)
	resp, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(w.t, err)
	defer func() { require.NoError(w.t, resp.Body.Close()) }()
	var doc struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	require.NoError(w.t, json.NewDecoder(resp.Body).Decode(&doc))
	var list []string
	for path, methods := range doc.Paths {
		for method := range methods {
			if method != "get" && method != "head" {
				list = append(list, strings.ToUpper(method)+" "+strings.TrimPrefix(path, "/api/v1"))
			}
		}
	}
	require.Greater(w.t, len(list), 20)
	slices.Sort(list)
	return list
}

func TestRefusalsThroughTheAPIAreCounted(t *testing.T) {
	t.Parallel()
	w := walk(t)
	admin := w.key
	var err error
	_, w.key, err = w.people.CreateKey(t.Context(), w.Bob.ID, "bob", nil)
	require.NoError(t, err)
	for range 3 {
		require.Equal(t, 403, w.call("DELETE", "/plugins/@acme%2Ftools", "", "refused-request").status)
		require.Equal(t, 403, w.call("DELETE", "/datasets/cats", "", "refused-request").status)
	}
	require.Equal(t, 404, w.call("DELETE", "/datasets/secret", "", "hidden-request").status)
	ended, end := context.WithCancel(t.Context())
	end()
	require.NoError(t, w.refusals.Run(ended)) // keeps what is left
	page, err := w.Store.Audit(t.Context(), sb.AuditQuery{Outcome: sb.AuditRefused})
	require.NoError(t, err)
	var told []string
	for _, e := range page.Items {
		require.Equal(t, []any{w.Bob.Who(), int64(3)}, []any{e.Origin.Actor, e.Count})
		told = append(told, e.Action+" "+e.Object.Kind+" "+e.Object.ID)
	}
	require.ElementsMatch(t, []string{"administer plugins @acme/tools", "manage_dataset datasets cats"}, told)
	w.key = admin
	require.Contains(t, w.call("GET", "/audit?outcome=refused&actor="+w.Bob.ID, "", "read-refusals").body, `"count":3`)
}
