package forms_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	sb "signalbox"
	"signalbox/controlplane/access"
	"signalbox/controlplane/catalog"
	"signalbox/controlplane/forms"
	"signalbox/controlplane/runs/runstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a small world whose operators are asked for their forms.
type world struct {
	*runstest.World
	*forms.Forms
	t     *testing.T
	times *times
}

// given is what operators are given in a world whose cats come from a source.
type given struct{ runstest.Secrets }

// ReachFor tells where the cats are.
func (given) ReachFor(_ context.Context, d sb.Dataset, _ string, at sb.Target) (*sb.Reach, error) {
	return &sb.Reach{URI: "mongodb://" + at.Pool, Database: "fiftyone", DatasetID: "65a0", Dataset: d.Name + " there"}, nil
}

func setup(t *testing.T) *world {
	t.Helper()
	w := &world{World: runstest.New(t), t: t, times: newTimes()}
	w.Secrets["API_KEY"], w.Secrets["UNASKED"] = "planted", "other"
	w.Forms = forms.New(w.Store, access.Check, catalog.Params, runstest.Archives{Store: w.Store}, given{w.Secrets})
	forms.Await(w.Forms, w.times.after)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	return w
}

// times are waits that end when the test says so.
type times struct{ patience, again chan time.Time }

func newTimes() *times {
	return &times{make(chan time.Time, 8), make(chan time.Time, 8)}
}

func (w *times) after(d time.Duration) <-chan time.Time {
	if d == sb.FormPatience {
		return w.patience
	}
	return w.again
}

// made is an answer to who asked.
type made struct {
	form sb.MadeForm
	err  error
}

// asks lets somebody ask in the background.
func (w *world) asks(who sb.Principal, ask sb.FormAsk) <-chan made {
	out := make(chan made, 1)
	go func() {
		form, err := w.Form(w.t.Context(), who, ask)
		out <- made{form, err}
	}()
	return out
}

var embedding = sb.FormAsk{
	Operator: runstest.Embed, Dataset: "cats", Params: []byte(`{"model":"clip"}`), View: []byte(`[{"_cls":"x"}]`),
	Selection: &sb.Selection{Samples: []string{"1"}},
}

func (w *world) question(pool string) *sb.FormQuestion {
	w.t.Helper()
	q, err := w.Question(w.t.Context(), w.Builtin.ID, pool, "")
	require.NoError(w.t, err)
	require.NotNil(w.t, q)
	return q
}

func TestAnOperatorWithACommandAnswersByItsManifest(t *testing.T) {
	t.Parallel()
	w := setup(t)
	got, err := w.Form(t.Context(), w.Ann, sb.FormAsk{Operator: runstest.Hello, Dataset: "cats", Params: []byte(`{"times":0,"what":1}`)})
	require.NoError(t, err)
	require.Equal(t, "Say hello", got.Label)
	require.Equal(t, 1, got.Revision)
	require.Contains(t, string(got.Schema), `"default":"World"`)
	require.False(t, got.Dynamic)
	require.Len(t, got.Errors, 2)
	require.ElementsMatch(t, []string{"times", "what"}, []string{got.Errors[0].Path, got.Errors[1].Path})

	got, err = w.Form(t.Context(), w.Ann, sb.FormAsk{Operator: runstest.Once})
	require.NoError(t, err)
	require.JSONEq(t, `{"type":"object"}`, string(got.Schema), "anything goes")
	require.Empty(t, got.Errors)
}

func TestTheRightsAreThoseOfScheduling(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for name, c := range map[string]struct {
		who  sb.Principal
		ask  sb.FormAsk
		code sb.Code
	}{
		"a guest":                     {w.Gil, sb.FormAsk{Operator: runstest.Embed}, sb.Forbidden},
		"a dataset that is hidden":    {w.Bob, sb.FormAsk{Operator: runstest.Embed, Dataset: "secret"}, sb.NotFound},
		"a dataset that is not there": {w.Bob, sb.FormAsk{Operator: runstest.Embed, Dataset: "dogs"}, sb.NotFound},
		"an operator that is not":     {w.Ann, sb.FormAsk{Operator: "@acme/tools/none"}, sb.NotFound},
		"a URI that is none":          {w.Ann, sb.FormAsk{Operator: "none"}, sb.Invalid},
		"params that are too large":   {w.Ann, sb.FormAsk{Operator: runstest.Hello, Params: make([]byte, sb.MaxFormInput+1)}, sb.Invalid},
		"a selection that is too large": {w.Ann, sb.FormAsk{Operator: runstest.Embed, Selection: &sb.Selection{
			Samples: []string{string(make([]byte, sb.MaxFormInput+1))},
		}}, sb.Invalid},
	} {
		_, err := w.Form(t.Context(), c.who, c.ask)
		require.Equal(t, c.code, sb.CodeOf(err), name)
	}
	_, err := w.EnablePlugin(t.Context(), w.Plugin.ID, false)
	require.NoError(t, err)
	_, err = w.Form(t.Context(), w.Ann, embedding)
	runstest.RequireCode(t, sb.Conflict, err)
}

func TestAResolverOfThePoolAnswers(t *testing.T) {
	t.Parallel()
	w := setup(t)
	asked := w.asks(w.Ann, embedding)
	q := w.question("default")
	require.Equal(t, &sb.FormQuestion{
		ID: q.ID, WithinSeconds: 5, Operator: runstest.Embed, Params: embedding.Params, View: embedding.View,
		Dataset: &sb.ClaimDataset{ID: w.Cats.ID, Name: "cats"}, Secrets: map[string]string{"API_KEY": "planted"},
		Plugin: sb.ClaimPlugin{Name: "@acme/tools", Revision: 1, SHA256: w.Plugin.Revision.SHA256, Root: "tools"},
		FiftyOne: sb.ClaimFiftyOne{
			DatabaseURI: "mongodb://default", DatabaseName: "fiftyone", DatasetID: "65a0", DatasetName: "cats there",
			Request: []byte(`{"selected":["1"],"selected_labels":[]}`),
		},
	}, q)
	body, size, err := w.Archive(t.Context(), w.Builtin.ID, q.ID)
	require.NoError(t, err)
	require.NoError(t, body.Close())
	require.Positive(t, size)

	form := sb.Form{Inputs: []byte(`{"type":{"name":"Object"}}`), Schema: []byte(`{"type":"object"}`), Label: "Embed"}
	runstest.RequireCode(t, sb.NotFound, w.Answer(t.Context(), w.Builtin.ID, "gpu", "", sb.FormAnswer{ID: q.ID, Form: sb.Form{Label: "forged"}}))
	require.NoError(t, w.Answer(t.Context(), w.Builtin.ID, "default", "", sb.FormAnswer{ID: q.ID, Form: form}))
	runstest.RequireCode(t, sb.Conflict, w.Answer(t.Context(), w.Builtin.ID, "default", "", sb.FormAnswer{ID: q.ID}))
	got := <-asked
	require.NoError(t, got.err)
	require.Equal(t, sb.MadeForm{Form: form, Operator: runstest.Embed, Revision: 1}, got.form)
}

func TestAResolverThatWaitsIsWoken(t *testing.T) {
	t.Parallel()
	w := setup(t)
	waits := make(chan *sb.FormQuestion, 1)
	go func() {
		q, _ := w.Question(t.Context(), w.Builtin.ID, "default", "")
		waits <- q
	}()
	other, cancel := context.WithCancel(t.Context())
	none := make(chan *sb.FormQuestion, 1)
	go func() {
		q, _ := w.Question(other, w.Builtin.ID, "gpu", "")
		none <- q
	}()
	asked := w.asks(w.Ann, embedding)
	q := <-waits
	require.NotNil(t, q)
	require.NoError(t, w.Answer(t.Context(), w.Builtin.ID, "default", "", sb.FormAnswer{ID: q.ID}))
	require.NoError(t, (<-asked).err)
	cancel()
	require.Nil(t, <-none, "another pool is not asked")
}

func TestAQuestionIsAskedAgainWhenItsResolverDies(t *testing.T) {
	t.Parallel()
	w := setup(t)
	asked := w.asks(w.Ann, embedding)
	first := w.question("default")
	w.times.again <- time.Time{}
	second := w.question("default")
	require.Equal(t, first.ID, second.ID)
	require.NoError(t, w.Answer(t.Context(), w.Builtin.ID, "default", "", sb.FormAnswer{ID: second.ID, Form: sb.Form{Label: "second"}}))
	require.Equal(t, "second", (<-asked).form.Label)
	runstest.RequireCode(t, sb.Conflict, w.Answer(t.Context(), w.Builtin.ID, "default", "", sb.FormAnswer{ID: first.ID}))
}

func TestNobodyWaitsLong(t *testing.T) {
	t.Parallel()
	w := setup(t)
	asked := w.asks(w.Ann, embedding)
	w.times.patience <- time.Time{}
	got := <-asked
	runstest.RequireCode(t, sb.Unavailable, got.err)
	require.Contains(t, got.err.Error(), "the form could not be made: no worker of pool default was free for the question")

	asked = w.asks(w.Ann, embedding)
	q := w.question("default")
	w.times.patience <- time.Time{}
	got = <-asked
	runstest.RequireCode(t, sb.Unavailable, got.err)
	require.Contains(t, got.err.Error(), "did not answer")
	_, _, err := w.Archive(t.Context(), w.Builtin.ID, q.ID)
	require.NoError(t, err, "its resolver may go on to fetch the plugin")
}

func TestAQuestionOfWhoIsGoneIsForgotten(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	asked := make(chan error, 1)
	go func() {
		_, err := w.Form(ctx, w.Ann, embedding)
		asked <- err
	}()
	q := w.question("default")
	cancel()
	runstest.RequireCode(t, sb.Unavailable, <-asked)
	runstest.RequireCode(t, sb.NotFound, w.Answer(t.Context(), w.Builtin.ID, "default", "", sb.FormAnswer{ID: q.ID}))
}

func TestWhoLostHisRightsGetsNoForm(t *testing.T) {
	t.Parallel()
	w := setup(t)
	notes := w.Notes(t.Context())
	asked := w.asks(w.Bob, embedding)
	for n := range notes {
		if n.Topic == sb.TopicForm {
			break
		}
	}
	_, err := w.UpdatePrincipal(t.Context(), w.Bob.ID, func(p sb.Principal) (sb.Principal, error) {
		p.Role = sb.Guest
		return p, nil
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	none := make(chan *sb.FormQuestion, 1)
	go func() {
		q, _ := w.Question(ctx, w.Builtin.ID, "default", "")
		none <- q
	}()
	got := <-asked
	require.NoError(t, got.err)
	require.Contains(t, got.form.Failure.Message, "you have no access to it")
	cancel()
	require.Nil(t, <-none)
}

func TestWithoutAPoolThereIsNoForm(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, err := w.UpdateOrchestrator(t.Context(), w.Builtin.ID, func(o sb.Orchestrator) (sb.Orchestrator, error) {
		o.Enabled = false
		return o, nil
	})
	require.NoError(t, err)
	_, err = w.Form(t.Context(), w.Ann, embedding)
	runstest.RequireCode(t, sb.Unavailable, err)
}
