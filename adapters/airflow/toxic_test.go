package airflow

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/adapters/adaptertest"
	"signalbox/adapters/airflow/airflowtest"
)

// What holds on a bad network: a call succeeds or says to try again, nothing is called gone or ended, and a run starts once.
func TestABadNetwork(t *testing.T) {
	t.Parallel()
	for name, trouble := range adaptertest.Troubles {
		for _, version := range versions {
			t.Run(name+", "+version, func(t *testing.T) {
				t.Parallel()
				s := airflowtest.Start(t, version)
				net := adaptertest.NewNetwork(t, s.URL)
				a := registered(t, net.URL, "")
				before := submit(t, a, airflowtest.Sleep, "before")
				a.out.CloseIdle() // the next connection is a bad one
				net.Bad(t, trouble)
				_, err := a.Submit(t.Context(), submission(airflowtest.Sleep, "x"))
				orAgain(t, err)
				view, err := a.Look(t.Context(), []sb.Place{before}, installation, "")
				orAgain(t, err)
				for _, seen := range view.Places {
					require.False(t, seen.Sight.Over(), seen.Word)
				}
				orAgain(t, a.Stop(t.Context(), before, "stop"))
				net.Well(t)
				a.out.CloseIdle()
				at := whenWell(t, a, "x")
				require.False(t, see(t, a, "", at).Places[0].Sight.Over())
				require.Equal(t, 1, s.Runs(airflowtest.Sleep, prefix+"x"))
			})
		}
	}
}

func orAgain(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		require.Equal(t, sb.Unavailable, sb.CodeOf(err), err)
	}
}

// whenWell submits until the network has got over what it had, and the adapter over its rest.
func whenWell(t *testing.T, a *Adapter, name string) sb.Place {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; {
		at, err := a.Submit(t.Context(), submission(airflowtest.Sleep, name))
		if err == nil {
			return at
		}
		require.Equal(t, sb.Unavailable, sb.CodeOf(err), err)
		require.True(t, time.Now().Before(deadline), err)
	}
}

func TestAnAnswerThatNeverComes(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			s := airflowtest.Start(t, version)
			net := adaptertest.NewNetwork(t, s.URL)
			a := registered(t, net.URL, "")
			before := submit(t, a, airflowtest.Sleep, "before")
			a.out.CloseIdle()
			net.Bad(t, adaptertest.NeverAnswered)
			for what, ask := range map[string]func(ctx context.Context) error{
				"start": func(ctx context.Context) error {
					_, err := a.Submit(ctx, submission(airflowtest.Sleep, "x"))
					return err
				},
				"look": func(ctx context.Context) error {
					_, err := a.Look(ctx, []sb.Place{before}, installation, "")
					return err
				},
				"stop":  func(ctx context.Context) error { return a.Stop(ctx, before, "stop") },
				"tally": func(ctx context.Context) error { _, err := a.Tally(ctx, []sb.Place{before}); return err },
			} {
				ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
				require.Equal(t, sb.Unavailable, sb.CodeOf(ask(ctx)), what)
				cancel()
			}
			net.Well(t)
			a.out.CloseIdle()
			whenWell(t, a, "x")
			require.Equal(t, 1, s.Runs(airflowtest.Sleep, prefix+"x"))
		})
	}
}
