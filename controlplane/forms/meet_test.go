package forms_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/runs/runstest"
)

// offers gives what a worker of a pool that waits is asked.
func (w *world) offers(pool, worker string) <-chan *sb.FormQuestion {
	w.t.Helper()
	if worker != "" {
		_, _, err := w.SeeWorker(w.t.Context(), sb.Worker{OrchestratorID: w.Builtin.ID, Name: worker, Incarnation: "1", Pool: pool})
		require.NoError(w.t, err)
	}
	out := make(chan *sb.FormQuestion, 1)
	ctx, cancel := context.WithCancel(w.t.Context())
	w.t.Cleanup(cancel)
	go func() {
		q, _ := w.Question(ctx, w.Builtin.ID, pool, worker)
		out <- q
	}()
	return out
}

// meets asks a worker that waits what it makes of the world's plugin.
func (w *world) meets(worker string) *sb.FormQuestion {
	w.t.Helper()
	q := <-w.offers("default", worker)
	require.NotNil(w.t, q)
	require.True(w.t, q.Tell)
	return q
}

func (w *world) tells(worker, id string, o sb.Offer) error {
	return w.Answer(w.t.Context(), w.Builtin.ID, "default", worker, sb.FormAnswer{ID: id, Environment: &o})
}

func TestAWorkerIsAskedWhatItMakesOfAPluginBeforeItsFirstRun(t *testing.T) {
	t.Parallel()
	w := setup(t)
	q := w.meets("h/1")
	require.Equal(t, &sb.FormQuestion{
		ID: q.ID, Tell: true, WithinSeconds: 60, Secrets: map[string]string{"API_KEY": "planted"},
		Plugin: sb.ClaimPlugin{Name: "@acme/tools", Revision: 1, SHA256: w.Plugin.Revision.SHA256, Root: "tools"},
	}, q, "it gets what its operators get, and no address")
	body, _, err := w.Archive(t.Context(), w.Builtin.ID, q.ID)
	require.NoError(t, err)
	require.NoError(t, body.Close())
	require.NoError(t, w.tells("h/1", q.ID, sb.Offer{FiftyOne: "1.22.1", Errors: []string{"Traceback of planted\nModuleNotFoundError: No module named 'torch'"}}))
	met, err := w.Environments(t.Context(), w.Plugin.Revision.ID)
	require.NoError(t, err)
	require.Len(t, met, 1)
	require.Equal(t, "h/1", met[0].Worker)
	require.Equal(t, map[string]string{"embed": "ModuleNotFoundError: No module named 'torch'. Install what has the module torch in the environment."}, met[0].Lacks,
		"what has a command needs no FiftyOne")
	require.Contains(t, met[0].Offer.Errors[0], "Traceback of ***")
	runstest.RequireCode(t, sb.NotFound, w.tells("h/1", q.ID, sb.Offer{}))
}

func TestAPluginIsMetOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	q := w.meets("h/1")
	asked := w.asks(w.Ann, embedding)
	form := <-w.offers("default", "h/2")
	require.Equal(t, runstest.Embed, form.Operator, "while another meets the plugin, a worker is asked for forms alone")
	require.NoError(t, w.Answer(t.Context(), w.Builtin.ID, "default", "h/2", sb.FormAnswer{ID: form.ID}))
	require.NoError(t, (<-asked).err)

	w.Clock.Pass(sb.MeetKept + time.Second)
	again := w.meets("h/2")
	require.NotEqual(t, q.ID, again.ID, "who was asked may be gone")
	require.NoError(t, w.tells("h/2", again.ID, sb.Offer{FiftyOne: "1.22.1", Operators: []sb.OfferedOperator{{Name: "embed"}}}))

	waits := w.offers("default", "h/3")
	_, err := w.EnablePlugin(t.Context(), w.Plugin.ID, false)
	require.NoError(t, err)
	w.Install(t, "2.0.0")
	select {
	case q := <-waits:
		require.Nil(t, q, "it is disabled")
	case <-time.After(50 * time.Millisecond):
	}
	_, err = w.EnablePlugin(t.Context(), w.Plugin.ID, true)
	require.NoError(t, err)
	q = <-waits
	require.True(t, q.Tell, "a worker that waits is woken for a revision that is new")
	require.Equal(t, 2, q.Plugin.Revision)
}

func TestOnlyThePoolThatRunsItMeetsAPlugin(t *testing.T) {
	t.Parallel()
	w := setup(t)
	other, nameless := w.offers("gpu", "h/1"), w.offers("default", "")
	q := w.meets("h/2")
	select {
	case q := <-other:
		require.Nil(t, q, "its operators do not run there")
	case q := <-nameless:
		require.Nil(t, q, "a worker without a name cannot tell")
	case <-time.After(50 * time.Millisecond):
	}
	for name, err := range map[string]error{
		"another pool":     w.Answer(t.Context(), w.Builtin.ID, "gpu", "h/1", sb.FormAnswer{ID: q.ID, Environment: &sb.Offer{}}),
		"no name":          w.tells("", q.ID, sb.Offer{}),
		"no such question": w.tells("h/2", "01NONE", sb.Offer{}),
	} {
		runstest.RequireCode(t, sb.NotFound, err)
		require.Contains(t, err.Error(), "question", name)
	}
	asked := w.asks(w.Ann, embedding)
	form := <-nameless
	runstest.RequireCode(t, sb.NotFound, w.tells("h/2", form.ID, sb.Offer{}))
	require.NoError(t, w.Answer(t.Context(), w.Builtin.ID, "default", "", sb.FormAnswer{ID: form.ID}))
	require.NoError(t, (<-asked).err)
}
