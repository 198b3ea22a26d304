package orchestrators_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/blobs"
	"signalbox/controlplane/logplaces"
	"signalbox/controlplane/orchestrators"
	"signalbox/controlplane/secrets"
	"signalbox/controlplane/store"
	"signalbox/controlplane/store/storetest"
	"signalbox/controlplane/watch/watchtest"
)

// world is a registry on a real database, whose adapters are fakes that remember what they were made of.
type world struct {
	*orchestrators.Registry
	another *orchestrators.Registry // of another replica
	store   *store.Store
	made    []made
	fake    *watchtest.Fake

	checking func() // what happens while an adapter is made
	read     func() // what happens after an orchestrator was read
	open     []sb.Run
}

// reads are those of the store.
type reads struct {
	*store.Store
	w *world
}

func (r reads) OpenWork(context.Context, string, string, int) ([]sb.Run, error) { return r.w.open, nil }

func (r reads) Orchestrator(ctx context.Context, idOrName string) (sb.Orchestrator, error) {
	o, err := r.Store.Orchestrator(ctx, idOrName)
	if then := r.w.read; then != nil {
		r.w.read = nil
		then()
	}
	return o, err
}

type made struct{ config, secrets string }

func setup(t *testing.T) *world {
	t.Helper()
	keys, err := secrets.Create(t.Context(), t.TempDir()+"/keyset")
	require.NoError(t, err)
	w := &world{store: storetest.Open(t, store.Options{URL: t.TempDir() + "/test.db"}), fake: watchtest.New()}
	replica := func() *orchestrators.Registry {
		return orchestrators.New(reads{w.store, w}, keys, map[sb.OrchestratorKind]orchestrators.Build{sb.Airflow: w.build}, elsewhere())
	}
	w.Registry, w.another = replica(), replica()
	return w
}

// elsewhere reads logs of others, but for those in a folder that is ours.
func elsewhere() *logplaces.Places {
	return logplaces.New(blobs.NewForeign(http.DefaultTransport), logplaces.Options{
		Own: []sb.LogRoot{{Scheme: "file", Folder: "var/ours"}}, Check: blobs.CheckRoot,
	})
}

// build refuses a config without url, and a password that is too short, both at once.
func (w *world) build(config, secrets json.RawMessage) (sb.Adapter, error) {
	w.made = append(w.made, made{string(config), string(secrets)})
	if w.checking != nil {
		w.checking()
	}
	var c struct {
		URL   string
		Token string `json:"token_url"`
	}
	var s struct{ Password string }
	if json.Unmarshal(config, &c) != nil || json.Unmarshal(secrets, &s) != nil {
		return nil, sb.Errorf(sb.Invalid, "it is not readable")
	}
	var faults []sb.Fault
	if c.URL == "" {
		faults = append(faults, sb.Fault{Location: "config.url", Message: "is missing"})
	}
	if len(s.Password) < 3 {
		faults = append(faults, sb.Fault{Location: "secrets.password", Message: "is too short", Value: s.Password})
	}
	if faults != nil {
		return nil, sb.Faulty("no", faults...)
	}
	return addressed{w.fake, []string{c.URL, c.Token}}, nil
}

// addressed is a fake whose credentials go somewhere.
type addressed struct {
	*watchtest.Fake
	origins []string
}

func (a addressed) Origins() []string { return a.origins }

func (a addressed) Home() string { return a.origins[0] }

func airflow(name string) sb.Orchestrator {
	return sb.Orchestrator{
		Name: name, Kind: sb.Airflow, Enabled: true, Quota: -1, Config: json.RawMessage(`{"url":"http://x"}`),
		Routes: []sb.Route{{Operators: []string{"*"}, Target: sb.Target{DAG: "etl"}}},
	}
}

func secret(name, value string) map[string]json.RawMessage {
	return map[string]json.RawMessage{name: json.RawMessage(value)}
}

// locations lists where the faults of an error are.
func locations(t *testing.T, err error) (list []string) {
	t.Helper()
	var e *sb.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, sb.Invalid, e.Code)
	for _, f := range e.Faults {
		list = append(list, f.Location)
		require.NotEqual(t, "ab", f.Value, "no credential is quoted")
	}
	return list
}

func TestAllFaultsAreListedAtOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	o := airflow("..")
	o.Config = nil
	o.Routes = append(o.Routes, sb.Route{Target: sb.Target{Pool: "p"}, Inputs: json.RawMessage(`{"a":"$b"}`)})
	_, err := w.Register(t.Context(), o, secret("password", `"ab"`))
	require.Equal(t, []string{
		"body.routes[1].operators", "body.routes[1].target.dag_id", "body.routes[1].target", "body.routes[1].inputs.a", "body.name",
		"body.config.url", "body.secrets.password",
	}, locations(t, err))
	for _, kind := range []sb.OrchestratorKind{sb.Builtin, sb.Flyte} {
		o := airflow("x")
		o.Kind = kind
		_, err := w.Register(t.Context(), o, nil)
		require.Equal(t, []string{"body.kind"}, locations(t, err))
	}
}

func TestWhatReachesItIsMadeAnewWhenItChanges(t *testing.T) {
	t.Parallel()
	w := setup(t)
	o, err := w.Register(t.Context(), airflow("prod"), secret("password", `"first"`))
	require.NoError(t, err)
	require.Equal(t, 8, o.Quota)
	require.Equal(t, []string{"password"}, o.Secrets)
	_, sealed, err := w.store.SealedOrchestrator(t.Context(), o.ID)
	require.NoError(t, err)
	require.NotContains(t, string(sealed["password"]), "first")
	for range 3 {
		_, adapter, err := w.Adapter(t.Context(), o.ID)
		require.NoError(t, err)
		require.Same(t, w.fake, adapter.(addressed).Fake)
	}
	require.Len(t, w.made, 2, "to check, and once to use")
	quota := 3
	_, err = w.Change(t.Context(), "prod", sb.OrchestratorPatch{Quota: &quota})
	require.NoError(t, err)
	_, _, err = w.Adapter(t.Context(), o.ID)
	require.NoError(t, err)
	require.Len(t, w.made, 2)
	o, err = w.Change(t.Context(), "prod", sb.OrchestratorPatch{Secrets: map[string]json.RawMessage{"password": json.RawMessage(`"second"`), "token": json.RawMessage(`"tok"`)}})
	require.NoError(t, err)
	require.Equal(t, []string{"password", "token"}, o.Secrets)
	_, _, err = w.Adapter(t.Context(), o.ID)
	require.NoError(t, err)
	require.JSONEq(t, `{"password":"second","token":"tok"}`, w.made[len(w.made)-1].secrets)
	o, err = w.Change(t.Context(), "prod", sb.OrchestratorPatch{Secrets: secret("token", "null")})
	require.NoError(t, err)
	require.Equal(t, []string{"password"}, o.Secrets)
	_, err = w.Change(t.Context(), "prod", sb.OrchestratorPatch{Secrets: secret("password", "null"), Config: json.RawMessage(`{}`)})
	require.Equal(t, []string{"body.config.url", "body.secrets.password"}, locations(t, err))
}

func TestTheBuiltinOneHasNoCredentials(t *testing.T) {
	t.Parallel()
	w := setup(t)
	name := "other"
	_, err := w.Change(t.Context(), "builtin", sb.OrchestratorPatch{Name: &name, Config: json.RawMessage(`{"a":1}`), Secrets: secret("a", "1")})
	require.Equal(t, []string{"body.name", "body.config", "body.secrets"}, locations(t, err))
	require.Equal(t, sb.Invalid, sb.CodeOf(w.Remove(t.Context(), "builtin")))
	_, err = w.Probe(t.Context(), "builtin")
	require.Equal(t, sb.Invalid, sb.CodeOf(err))
	_, err = w.Change(t.Context(), "none", sb.OrchestratorPatch{})
	require.Equal(t, sb.NotFound, sb.CodeOf(err))
}

func TestOneThatDoesNotAnswerCanBeRegistered(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.fake.Away(sb.Errorf(sb.Unavailable, "no answer"))
	o, err := w.Register(t.Context(), airflow("prod"), secret("password", `"first"`))
	require.NoError(t, err)
	checks, err := w.Probe(t.Context(), "prod")
	require.NoError(t, err)
	require.False(t, checks[0].OK)
	routes := []sb.Route{{Operators: []string{"@acme/*"}, Target: sb.Target{DAG: "other"}}}
	o, err = w.Change(t.Context(), o.ID, sb.OrchestratorPatch{Routes: &routes})
	require.NoError(t, err)
	require.Equal(t, routes, o.Routes)
	require.NoError(t, w.Remove(t.Context(), "prod"))
	_, _, err = w.Adapter(context.WithoutCancel(t.Context()), o.ID)
	require.Equal(t, sb.NotFound, sb.CodeOf(err))
}

func TestTargetsOfFlyte(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		target sb.Target
		fault  string
	}{
		"a launch plan":          {sb.Target{LaunchPlan: "p"}, ""},
		"a task with version":    {sb.Target{Task: "t", Version: "1"}, ""},
		"a task without":         {sb.Target{Task: "t"}, "body.routes[0].target.version"},
		"both":                   {sb.Target{LaunchPlan: "p", Task: "t", Version: "1"}, "body.routes[0].target.launch_plan"},
		"neither":                {sb.Target{}, "body.routes[0].target.launch_plan"},
		"a DAG for good measure": {sb.Target{LaunchPlan: "p", DAG: "d"}, "body.routes[0].target"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			flyte := orchestrators.New(w.store, nil, map[sb.OrchestratorKind]orchestrators.Build{sb.Flyte: func(json.RawMessage, json.RawMessage) (sb.Adapter, error) {
				return w.fake, nil
			}}, elsewhere())
			_, err := flyte.Register(t.Context(), sb.Orchestrator{
				Name: "f", Kind: sb.Flyte, Routes: []sb.Route{{Operators: []string{"*"}, Target: row.target}},
			}, nil)
			if row.fault == "" {
				require.NoError(t, err)
				return
			}
			require.Equal(t, []string{row.fault}, locations(t, err))
		})
	}
}

func TestWhereLogsLieIsCheckedForEveryKind(t *testing.T) {
	t.Parallel()
	w := setup(t)
	o := airflow("prod")
	o.Config = json.RawMessage(`{"log_roots":["file:///var/ours/logs","s3://b?secret=x","ftp://x"],"log_template":"{dag_id}","logs":"move"}`)
	_, err := w.Register(t.Context(), o, secret("password", `"no"`))
	require.ElementsMatch(t, []string{
		"body.config.log_roots", "body.config.log_roots", "body.config.log_roots[2]", "body.config.log_template", "body.config.logs", "body.config.url", "body.secrets.password",
	}, locations(t, err))
	folder := t.TempDir()
	o.Config = json.RawMessage(`{"url":"http://x","log_roots":["file://` + folder + `","file://` + folder + `/missing"]}`)
	o, err = w.Register(t.Context(), o, secret("password", `"first"`))
	require.NoError(t, err)
	require.JSONEq(t, `{"url":"http://x"}`, w.made[len(w.made)-1].config, "an adapter has nothing to do with it")
	checks, err := w.Probe(t.Context(), "prod")
	require.NoError(t, err)
	require.Len(t, checks, 3)
	require.Equal(t, sb.Check{Name: "log root file://" + folder, OK: true, Detail: "readable"}, checks[1])
	require.False(t, checks[2].OK)
	require.Contains(t, checks[2].Fix, "Mount the folder")
	_, err = w.Change(t.Context(), o.ID, sb.OrchestratorPatch{Config: json.RawMessage(`{"url":"http://x","log_roots":["file:///var/ours"]}`)})
	require.Equal(t, []string{"body.config.log_roots"}, locations(t, err))
}

func TestCredentialsAreGivenAgainForAnotherAddress(t *testing.T) {
	t.Parallel()
	w := setup(t)
	o, err := w.Register(t.Context(), airflow("prod"), map[string]json.RawMessage{"password": json.RawMessage(`"first"`), "token": json.RawMessage(`"tok"`)})
	require.NoError(t, err)
	change := func(config string, secrets map[string]json.RawMessage) error {
		_, err := w.Change(t.Context(), o.ID, sb.OrchestratorPatch{Config: json.RawMessage(config), Secrets: secrets})
		return err
	}
	require.NoError(t, change(`{"url":"http://x","poll_seconds":9}`, nil), "the address stays")
	require.Equal(t, []string{"body.secrets.password", "body.secrets.token"}, locations(t, change(`{"url":"http://other"}`, nil)))
	require.Equal(t, []string{"body.secrets.token"}, locations(t, change(`{"url":"http://other"}`, secret("password", `"first"`))))
	require.Equal(t, []string{"body.secrets.password", "body.secrets.token"}, locations(t, change(`{"url":"http://x","token_url":"http://other"}`, nil)))
	require.NoError(t, change(`{"url":"http://other"}`, map[string]json.RawMessage{"password": json.RawMessage(`"new"`), "token": json.RawMessage("null")}))
	require.NoError(t, change(`{"url":"http://other","poll_seconds":9}`, nil))
}

func TestAChangeOfWhatAnotherChangedMeanwhileIsRefused(t *testing.T) {
	t.Parallel()
	w := setup(t)
	o, err := w.Register(t.Context(), airflow("prod"), secret("password", `"first"`))
	require.NoError(t, err)
	w.checking = func() {
		w.checking = nil
		_, err := w.Change(t.Context(), o.ID, sb.OrchestratorPatch{Secrets: secret("password", `"second"`)})
		require.NoError(t, err)
	}
	_, err = w.Change(t.Context(), o.ID, sb.OrchestratorPatch{Config: json.RawMessage(`{"url":"http://other"}`), Secrets: secret("password", `"third"`)})
	require.Equal(t, sb.Conflict, sb.CodeOf(err))
}
