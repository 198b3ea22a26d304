package apitest

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/client"
	"signalbox/controlplane/identity"
	"signalbox/controlplane/runs/runstest"
)

// formOf is where an operator is asked for its form.
func formOf(operator string) string { return "/operators/" + url.PathEscape(operator) + "/form" }

func TestAnOperatorWithACommandShowsItsManifest(t *testing.T) {
	t.Parallel()
	o := setup(t)
	form := o.must(200, o.keyed(o.Ann), "POST", formOf(runstest.Hello), `{"dataset":"cats","params":{"times":0}}`)
	require.Equal(t, "json_schema", form["inputs_schema"].(map[string]any)["kind"])
	require.Equal(t, []any{}, form["unmapped"])
	require.Equal(t, map[string]any{}, form["hints"])
	require.Nil(t, form["inputs"])
	require.Equal(t, "body.params.times", form["errors"].([]any)[0].(map[string]any)["location"])
}

// resolver asks as a worker of a pool does.
func (o *org) resolver() *client.Work {
	o.t.Helper()
	_, key, err := identity.New(o.Store, nil).CreateOrchestratorKey(o.t.Context(), o.Builtin.ID, "pool")
	require.NoError(o.t, err)
	w, err := client.NewWork(client.Options{URL: o.url, Key: key})
	require.NoError(o.t, err)
	return w
}

func TestAnOperatorInFiftyOneAnswersThroughAWorker(t *testing.T) {
	t.Parallel()
	o := setup(t)
	resolver := o.resolver()
	ann := o.keyed(o.Ann)
	got := make(chan reply, 1)
	go func() {
		got <- o.ask(ann.key, "POST", formOf(runstest.Embed), `{"dataset":"cats","params":{"z":1,"a":2},"view":[{"_cls":"x"}],"selection":{"samples":["1"]}}`)
	}()
	q, err := resolver.Forms(t.Context(), sb.FormsRequest{Pool: "default"})
	require.NoError(t, err)
	require.Equal(t, runstest.Embed, q.Operator)
	require.JSONEq(t, `{"z":1,"a":2}`, string(q.Params))
	require.JSONEq(t, `{"selected":["1"],"selected_labels":[]}`, string(q.FiftyOne.Request))
	var archive strings.Builder
	require.NoError(t, resolver.FormPlugin(t.Context(), q.ID, &archive))
	require.NotEmpty(t, archive.String())

	form := sb.Form{
		Inputs: json.RawMessage(`{"type":{"name":"Object"}}`), Schema: json.RawMessage(`{"type":"object","properties":{"z":{},"a":{}}}`),
		Errors: []sb.FormError{{Path: "a", Message: "Required property"}}, Label: "Embed", Dynamic: true, Warning: "careful",
	}
	large := form
	large.Hints = json.RawMessage(`"` + strings.Repeat("x", sb.MaxForm) + `"`)
	_, err = resolver.Forms(t.Context(), sb.FormsRequest{Pool: "default", Answer: &sb.FormAnswer{ID: q.ID, Form: large}})
	require.Equal(t, sb.TooLarge, sb.CodeOf(err))
	_, err = resolver.Forms(t.Context(), sb.FormsRequest{Pool: "Not A Pool"})
	require.Equal(t, sb.Invalid, sb.CodeOf(err))
	go func() {
		_, _ = resolver.Forms(t.Context(), sb.FormsRequest{Pool: "default", Answer: &sb.FormAnswer{ID: q.ID, Form: form}})
	}()
	said := <-got
	require.Equal(t, 200, said.StatusCode, said.body)
	require.Contains(t, said.body, `"properties":{"z":{},"a":{}}`, "the order is kept")
	require.Contains(t, said.body, `"errors":[{"location":"body.params.a","message":"Required property"}]`)
	require.Contains(t, said.body, `"dynamic":true,"warning":"careful","failure":null`)
	_, err = resolver.Forms(t.Context(), sb.FormsRequest{Pool: "default", Answer: &sb.FormAnswer{ID: q.ID, Form: form}})
	require.Equal(t, sb.Conflict, sb.CodeOf(err))
}

func TestThatNoFormCouldBeMadeSaysWhatToDo(t *testing.T) {
	t.Parallel()
	o := setup(t)
	o.must(200, o.root, "PATCH", "/orchestrators/builtin", `{"routes":[{"operators":["@other/*"],"target":{"pool":"default"}}]}`)
	said := o.ask(o.keyed(o.Ann).key, "POST", formOf(runstest.Embed), "")
	require.Equal(t, 503, said.StatusCode)
	require.Contains(t, said.body, "the form could not be made: no pool of workers has a route for @acme/tools/embed; an admin can add one")
}
