//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/adapters/fiftyone/realtest"
	"signalbox/client"
)

const birds = `
dataset = fo.Dataset("birds", persistent=True)
dataset.add_samples([fo.Sample(filepath=f"/{i}.png", tags=["odd"] if i % 2 else ["even"]) for i in range(6)])
say(dataset.match_tags("odd")._serialize())
`

// form asks for a form. The first takes as long as FiftyOne needs to be imported, which may be longer than anybody waits.
func (w *world) form(operator string, ask client.FormAsk) client.Form {
	w.t.Helper()
	for late := time.Now().Add(patience); ; {
		form, err := w.client.Operators.Form(w.t.Context(), operator, ask)
		if sb.CodeOf(err) == sb.Unavailable && time.Now().Before(late) {
			require.ErrorContains(w.t, err, "the form could not be made")
			continue
		}
		require.NoError(w.t, err)
		require.Nil(w.t, form.Failure)
		return form
	}
}

func TestFormsOfOperatorsInFiftyOne(t *testing.T) {
	t.Parallel()
	const dynamic = "@tests/forms/dynamic"
	f := realtest.Start(t, true)
	var odd json.RawMessage
	f.Script(&odd, birds)
	w := newWorld(t, "SIGNALBOX_PYTHON="+realtest.Python(t))
	w.dev()
	uri := filepath.Join(t.TempDir(), "uri")
	require.NoError(t, os.WriteFile(uri, []byte(f.URI()), 0o600))
	for _, args := range [][]string{
		{"sources", "add", "vision", "--uri-file", uri, "--default-access", "edit"}, {"plugins", "install", "../sdk/python/testdata/forms"},
	} {
		out, code := w.cli(args...)
		require.Zero(t, code, out)
	}
	require.Eventually(t, func() bool {
		_, err := w.client.Datasets.Get(t.Context(), "birds")
		return err == nil
	}, patience, 20*time.Millisecond, "the dataset is to appear")

	first := w.form(dynamic, client.FormAsk{Dataset: "birds"})
	require.True(t, first.Dynamic)
	require.NotContains(t, string(first.InputsSchema.Schema), `"even"`)
	then := w.form(dynamic, client.FormAsk{Dataset: "birds", View: odd, Params: json.RawMessage(`{"field":"tags"}`)})
	require.Contains(t, string(then.InputsSchema.Schema), `"enum":["odd"]`)
	require.Equal(t, []sb.Fault{{Location: "body.params.tag", Message: "Required property"}}, then.Errors)
	chosen := w.form("@tests/forms/chosen", client.FormAsk{Dataset: "birds", Selection: &sb.Selection{Samples: []string{"65a0aaaaaaaaaaaaaaaaaaaa"}}})
	require.Contains(t, string(chosen.InputsSchema.Schema), `"selected":{"type":"integer","default":1}`)
	require.Equal(t, "chosen on birds", chosen.Label)

	draft := client.Draft{Operator: dynamic, Dataset: "birds", View: odd, Params: json.RawMessage(`{"field": "tags"}`)}
	_, err := w.client.Runs.Schedule(t.Context(), draft)
	require.Equal(t, sb.Invalid, sb.CodeOf(err), "the form has found fault with it")
	draft.Params = json.RawMessage(`{"field":"tags","tag":"odd"}`)
	require.Empty(t, w.form(dynamic, client.FormAsk{Dataset: "birds", View: odd, Params: draft.Params}).Errors)
	run, err := w.client.Runs.Schedule(t.Context(), draft)
	require.NoError(t, err)
	require.Contains(t, string(run.InputsSchema), `"kind":"fiftyone"`)
	require.Equal(t, sb.Completed, w.over(run.ID).Status)

	out, code := w.cli("operators", "form", dynamic, "--dataset", "birds", "-p", "field=tags")
	require.Zero(t, code, out)
	require.Contains(t, out, "body.params.tag: Required property")

	failed, err := w.client.Operators.Form(t.Context(), "@tests/forms/input_breaks", client.FormAsk{})
	require.NoError(t, err)
	require.Equal(t, "KeyError: 'label'", failed.Failure.Message)
	died, err := w.client.Operators.Form(t.Context(), "@tests/forms/dies", client.FormAsk{})
	require.NoError(t, err)
	require.Contains(t, died.Failure.Message, "exit status 3")
	require.Contains(t, died.Failure.Stack, "last words")
}
