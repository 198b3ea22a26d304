package runs_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/runs/runstest"
)

func TestAClaimGetsTheSecretsOfItsManifest(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	w.Secrets["API_KEY"], w.Secrets["NOT_DECLARED"] = "planted-value", "planted-other"
	run := w.Dispatched(t)
	got, err := w.Work.Claim(t.Context(), w.Builtin.ID, w.ClaimOf(runstest.Main(run)))
	require.NoError(t, err)
	require.Equal(t, map[string]string{"API_KEY": "planted-value"}, got.Secrets)
	require.Equal(t, []string{"OTHER_KEY"}, got.Missing, "it goes on without")
}

func TestWhatWorkSaysIsKeptWithoutItsSecrets(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		say  func(context.Context, *runstest.World, sb.Process) error
		kept func(sb.Run) string
		want string
	}{
		"progress": {
			func(ctx context.Context, w *runstest.World, p sb.Process) error {
				_, err := w.Work.Progress(ctx, p, nil, "with planted-value")
				return err
			}, func(r sb.Run) string { return r.Work.Progress.Label }, "with ***",
		},
		"a result": {
			func(ctx context.Context, w *runstest.World, p sb.Process) error {
				return w.Work.Complete(ctx, p, []byte(`{"b":"planted\u002dvalue","a":1}`), []byte(`{"title":"planted-value"}`))
			}, func(r sb.Run) string { return string(r.Result) + string(r.OutputsSchema) }, `{"b":"***","a":1}{"title":"***"}`,
		},
		"a failure": {
			func(ctx context.Context, w *runstest.World, p sb.Process) error {
				return w.Work.Fail(ctx, p, "no planted-value", "at planted-value")
			}, func(r sb.Run) string { return r.Failure.Message + ", " + r.Failure.Stack }, "no ***, at ***",
		},
		"the end": {
			func(ctx context.Context, w *runstest.World, p sb.Process) error {
				e := runstest.Exit(1)
				e.Stack = "at planted-value"
				return w.Work.End(ctx, p, e)
			}, func(r sb.Run) string { return r.Failure.Stack }, "at ***",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := runstest.New(t)
			w.Secrets["API_KEY"] = "planted-value"
			p := running(t, w)
			require.NoError(t, row.say(t.Context(), w, p))
			if name != "progress" {
				require.NoError(t, w.Work.End(t.Context(), p, runstest.Exit(1)))
			}
			require.Equal(t, row.want, row.kept(w.Get(t, p.Run)))
		})
	}
	w := runstest.New(t)
	w.Secrets["API_KEY"] = "planted-value"
	_, p := w.Running(t)
	text, err := w.Work.Masked(t.Context(), p, []byte("a planted-value\n"), false)
	require.NoError(t, err)
	require.Equal(t, "a ***\n", string(text))
	text, err = w.Work.Masked(t.Context(), p, []byte("{\"message\":\"planted\\u002dvalue\"}\nplain planted-value\n"), true)
	require.NoError(t, err)
	require.Equal(t, "{\"message\":\"***\"}\nplain ***\n", string(text))
}

func TestWhatWasHandedOutIsMaskedToTheEnd(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(runstest.Secrets){
		"a secret that was replaced": func(s runstest.Secrets) { s["API_KEY"] = "planted-later" },
		"a secret that was removed":  func(s runstest.Secrets) { delete(s, "API_KEY") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := runstest.New(t)
			w.Secrets["API_KEY"] = "planted-value"
			_, p := w.Running(t, runstest.Of(runstest.Once))
			change(w.Secrets)
			says := func(p sb.Process) string {
				text, err := w.Work.Masked(t.Context(), p, []byte("a planted-value\n"), false)
				require.NoError(t, err)
				return string(text)
			}
			require.Equal(t, "a ***\n", says(p))
			got, err := w.Work.Claim(t.Context(), w.Builtin.ID, w.ClaimOf(p))
			require.NoError(t, err)
			require.Equal(t, "planted-value", got.Secrets["API_KEY"], "the same nonce gets the same answer")
			other := p
			other.Source = "second"
			_, err = w.Work.Claim(t.Context(), w.Builtin.ID, w.ClaimOf(other))
			require.NoError(t, err)
			require.Equal(t, "a ***\n", says(other), "what one process of the attempt was given, another may say")

			require.NoError(t, w.Work.Fail(t.Context(), p, "no planted-value", ""))
			require.NoError(t, w.Work.End(t.Context(), p, runstest.Exit(1)))
			require.Equal(t, "no ***", w.Get(t, p.Run).Failure.Message)
			w.Clock.Pass(sb.ReportGrace)
			require.NoError(t, w.ForgetLent(t.Context()))
			require.Equal(t, "a ***\n", says(p), "its log is still taken")
			require.NoError(t, w.Work.MayLog(t.Context(), p))
			w.Clock.Pass(time.Second)
			require.NoError(t, w.ForgetLent(t.Context()))
			lent, err := w.Lent(t.Context(), p.AttemptRef)
			require.NoError(t, err)
			for _, l := range lent {
				require.Nil(t, l.Secrets, "nothing is kept of it")
			}
			require.Equal(t, sb.Conflict, sb.CodeOf(w.Work.MayLog(t.Context(), p)))
		})
	}
}

func TestAProcessThatWasGivenNothingIsGivenNothingLater(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	p := runstest.Main(w.Dispatched(t))
	claim := w.ClaimOf(p)
	first, err := w.Work.Claim(t.Context(), w.Builtin.ID, claim)
	require.NoError(t, err)
	require.Empty(t, first.Secrets)
	w.Secrets["API_KEY"] = "planted-value"
	again, err := w.Work.Claim(t.Context(), w.Builtin.ID, claim)
	require.NoError(t, err)
	require.Empty(t, again.Secrets, "the same nonce gets the same answer")
	require.Equal(t, first.Missing, again.Missing)
}
