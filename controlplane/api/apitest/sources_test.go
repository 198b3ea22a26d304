package apitest

import (
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

const aSource = `{"name":"vision","kind":"fiftyone","uri":"mongodb://user:planted-password@db.example.org/?authSource=admin","database":"fiftyone"}`

func TestASourceFromRegistrationToRemoval(t *testing.T) {
	t.Parallel()
	o := setup(t)
	made := o.ask(o.root.key, "POST", "/sources", aSource)
	require.Equal(t, 201, made.StatusCode, made.body)
	require.NotContains(t, made.body, "planted")
	require.NotContains(t, made.body, "db.example.org")
	require.Contains(t, made.body, `"default_permission":"none"`)
	require.Contains(t, made.body, `"intake":false,"mirror":false,"pools":["builtin/default"],"rules":[]`)
	require.Contains(t, made.Header.Get("Location"), base+"/sources/")
	require.Equal(t, 409, o.ask(o.root.key, "POST", "/sources", aSource).StatusCode)

	o.robot("intake", sb.Member)
	o.must(201, o.root, "POST", "/orchestrators", anAirflow)
	changed := o.must(200, o.root, "PATCH", "/sources/vision", `{"principal":"intake","intake":true,"mirror":true,"default_permission":"view",
		"pools":["builtin/gpu","prod"],"rules":[{"operators":["@acme/*"],"datasets":["train-*"],"orchestrator":"prod"},{"orchestrator":"builtin"}]}`)
	require.Equal(t, "intake", changed["principal"])
	require.Equal(t, []any{"builtin/gpu", "prod"}, changed["pools"])
	require.Equal(t, []any{
		map[string]any{"operators": []any{"@acme/*"}, "datasets": []any{"train-*"}, "orchestrator": "prod"},
		map[string]any{"operators": []any{}, "datasets": []any{}, "orchestrator": "builtin"},
	}, changed["rules"])
	require.Equal(t, false, changed["state"].(map[string]any)["connected"], "nobody has asked it yet")
	require.NotContains(t, o.ask(o.root.key, "GET", "/sources", "").body, "planted")
	require.Contains(t, o.ask(o.root.key, "GET", "/doctor", "").body, `{"name":"source vision","ok":false,"detail":"it was never asked"`)
	require.Contains(t, o.ask(o.root.key, "GET", "/sources", "").body, `"name":"vision"`)

	o.must(200, o.root, "PATCH", "/orchestrators/prod", `{"name":"flow"}`)
	require.Contains(t, o.ask(o.root.key, "GET", "/sources/vision", "").body, `"pools":["builtin/gpu","flow"]`, "it is meant by id")
	o.must(204, o.root, "DELETE", "/orchestrators/flow", "")
	require.Contains(t, o.ask(o.root.key, "GET", "/sources/vision", "").body, `"pools":["builtin/gpu"],"rules":[{"operators":[],"datasets":[],"orchestrator":"builtin"}]`)

	o.must(200, o.root, "PATCH", "/sources/vision", `{"name":"sight","uri":"mongodb+srv://user:planted-other@db.example.org/"}`)
	o.must(204, o.root, "DELETE", "/sources/sight", "")
	require.Equal(t, 404, o.ask(o.root.key, "GET", "/sources/sight", "").StatusCode)
	told := o.ask(o.root.key, "GET", "/audit?action=source", "").body
	for _, act := range []string{"source.create", "source.update", "source.delete"} {
		require.Contains(t, told, act)
	}
	require.NotContains(t, told, "planted")
}

func TestWhatIsWrongWithASourceIsListed(t *testing.T) {
	t.Parallel()
	o := setup(t)
	o.robot("boss", sb.Admin)
	got := o.ask(o.root.key, "POST", "/sources", `{"name":".","uri":"mongodb://user:planted@pass@/x?y=z","database":"a.b","principal":"boss","default_permission":"view",
		"pools":["builtin","nowhere","nowhere/default","builtin/No"],"rules":[{"operators":["["],"orchestrator":"nowhere"}]}`)
	require.Equal(t, 422, got.StatusCode, got.body)
	for _, location := range []string{
		"body.name", "body.uri", "body.database", "body.principal", "body.pools[0]", "body.pools[1]", "body.pools[2]", "body.pools[3]",
		"body.rules[0].operators[0]", "body.rules[0].orchestrator",
	} {
		require.Contains(t, got.body, `"`+location+`"`)
	}
	require.NotContains(t, got.body, "planted")
	for name, body := range map[string]string{
		"nobody takes":          `{"name":"x","uri":"mongodb://h/","database":"d","intake":true}`,
		"a person takes":        `{"name":"x","uri":"mongodb://h/","database":"d","principal":"Ann"}`,
		"who does not exist":    `{"name":"x","uri":"mongodb://h/","database":"d","principal":"nobody"}`,
		"another scheme":        `{"name":"x","uri":"http://user:planted@h/","database":"d"}`,
		"a local file":          `{"name":"x","uri":"/etc/planted","database":"d"}`,
		"MongoDB's own":         `{"name":"x","uri":"mongodb://h/","database":"admin"}`,
		"no database":           `{"name":"x","uri":"mongodb://h/"}`,
		"no address":            `{"name":"x","database":"d"}`,
		"no name":               `{"uri":"mongodb://planted/","database":"d"}`,
		"an unknown kind":       `{"name":"x","kind":"mysql","uri":"mongodb://h/","database":"d"}`,
		"an unknown permission": `{"name":"x","uri":"mongodb://h/","database":"d","default_permission":"all"}`,
	} {
		got := o.ask(o.root.key, "POST", "/sources", body)
		require.Equal(t, 422, got.StatusCode, name)
		require.NotContains(t, got.body, "planted", name)
	}
}

func TestADatasetOfASourceTellsWhereItIsFrom(t *testing.T) {
	t.Parallel()
	o := setup(t)
	id := o.must(201, o.root, "POST", "/sources", aSource)["id"].(string)
	w, err := o.TakeSourceWatch(t.Context(), id)
	require.NoError(t, err)
	n := int64(7)
	require.NoError(t, o.SyncDatasets(t.Context(), w.Ref(), []sb.SourceDataset{{Key: "65a0", Name: "dogs", Tags: []string{"train"}, Samples: &n}}))
	dogs := o.must(200, o.root, "GET", "/datasets/dogs", "")
	require.Equal(t, map[string]any{"id": id, "dataset_id": "65a0", "name": "dogs"}, dogs["source"])
	require.Equal(t, []any{"train"}, dogs["tags"])
	require.EqualValues(t, 7, dogs["samples"])
	require.Nil(t, o.must(200, o.root, "GET", "/datasets/cats", "")["source"])
	require.Equal(t, 404, o.ask(o.keyed(o.Ann).key, "GET", "/datasets/dogs", "").StatusCode, "none unless set")
	require.Equal(t, 409, o.ask(o.root.key, "DELETE", "/datasets/dogs", "").StatusCode, "it would appear again")

	run := o.must(202, o.root, "POST", "/runs", `{"operator":"@acme/tools/hello","dataset":"dogs","selection":{"samples":["s1"]}}`)["id"].(string)
	_, reach, err := o.RunSource(t.Context(), run)
	require.NoError(t, err)
	require.JSONEq(t, `{"selected":["s1"],"selected_labels":[]}`, string(reach.Request))
	require.Equal(t, 409, o.ask(o.root.key, "DELETE", "/sources/vision", "").StatusCode)
	o.must(200, o.root, "POST", "/runs/"+run+"/fail", "")
	o.must(204, o.root, "DELETE", "/sources/vision", "")
	require.Equal(t, 404, o.ask(o.root.key, "GET", "/datasets/dogs", "").StatusCode)
	o.must(200, o.root, "GET", "/runs/"+run, "")
}
