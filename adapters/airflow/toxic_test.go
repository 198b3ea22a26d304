package airflow

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/adapters/airflow/airflowtest"
)

// wire is a network that can be made bad.
type wire struct{ *toxiproxy.Proxy }

func network(t *testing.T, to string) wire {
	t.Helper()
	p := toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), "airflow", "127.0.0.1:0", strings.TrimPrefix(to, "http://"))
	require.NoError(t, p.Start())
	t.Cleanup(p.Stop)
	return wire{p}
}

func (w wire) bad(t *testing.T, kind, stream, attributes string) {
	t.Helper()
	_, err := w.Toxics.AddToxicJson(strings.NewReader(fmt.Sprintf(`{"type": %q, "stream": %q, "attributes": %s}`, kind, stream, attributes)))
	require.NoError(t, err)
}

// What holds on a bad network: a call succeeds or says to try again, nothing is called gone or ended, and a run starts once.
func TestABadNetwork(t *testing.T) {
	t.Parallel()
	for name, toxic := range map[string][3]string{
		"the answer is lost":               {"timeout", "downstream", `{"timeout": 20}`},
		"the question is lost":             {"timeout", "upstream", `{"timeout": 20}`},
		"the connection is reset":          {"reset_peer", "downstream", `{"timeout": 0}`},
		"it is reset before it is sent":    {"reset_peer", "upstream", `{"timeout": 0}`},
		"the answer breaks off in a head":  {"limit_data", "downstream", `{"bytes": 20}`},
		"the answer breaks off in a body":  {"limit_data", "downstream", `{"bytes": 400}`},
		"the question breaks off":          {"limit_data", "upstream", `{"bytes": 300}`},
		"a line of a few bytes a second":   {"bandwidth", "downstream", `{"rate": 4}`},
		"bytes come slowly":                {"slicer", "downstream", `{"average_size": 100, "size_variation": 50, "delay": 100}`},
		"everything is late":               {"latency", "downstream", `{"latency": 50, "jitter": 20}`},
		"the connection stays open for it": {"slow_close", "downstream", `{"delay": 20}`},
	} {
		for _, version := range versions {
			t.Run(name+", "+version, func(t *testing.T) {
				t.Parallel()
				s := airflowtest.Start(t, version)
				net := network(t, s.URL)
				a := registered(t, "http://"+net.Listen, "")
				before := submit(t, a, airflowtest.Sleep, "before")
				a.out.CloseIdle() // the next connection is a bad one
				net.bad(t, toxic[0], toxic[1], toxic[2])
				_, err := a.Submit(t.Context(), submission(airflowtest.Sleep, "x"))
				orAgain(t, err)
				view, err := a.Look(t.Context(), []sb.Place{before}, installation, "")
				orAgain(t, err)
				for _, seen := range view.Places {
					require.False(t, seen.Sight.Over(), seen.Word)
				}
				orAgain(t, a.Stop(t.Context(), before, "stop"))
				net.Toxics.ResetToxics(t.Context())
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
			net := network(t, s.URL)
			a := registered(t, "http://"+net.Listen, "")
			before := submit(t, a, airflowtest.Sleep, "before")
			a.out.CloseIdle()
			net.bad(t, "timeout", "downstream", `{"timeout": 0}`) // the connection stays open
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
			net.Toxics.ResetToxics(t.Context())
			a.out.CloseIdle()
			whenWell(t, a, "x")
			require.Equal(t, 1, s.Runs(airflowtest.Sleep, prefix+"x"))
		})
	}
}
