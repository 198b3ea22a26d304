package flyte

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/adapters/adaptertest"
	"signalbox/adapters/flyte/flytetest"
)

func TestABadNetworkToFlyte1(t *testing.T) {
	t.Parallel()
	for name, trouble := range adaptertest.Troubles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := flytetest.Start(t)
			net := adaptertest.NewNetwork(t, s.URL)
			a := registered(t, net.URL, "", "")
			before, err := a.Submit(t.Context(), submission(flytetest.Sleep, "b", 1))
			require.NoError(t, err)
			a.out.CloseIdle() // the next connection is a bad one
			net.Bad(t, trouble)
			_, err = a.Submit(t.Context(), submission(flytetest.OK, "x", 1))
			orAgain(t, err)
			view, err := a.Look(t.Context(), []sb.Place{before}, installation, "")
			orAgain(t, err)
			for _, seen := range view.Places {
				require.False(t, seen.Sight.Over(), seen.Word)
			}
			net.Well(t)
			a.out.CloseIdle()
			whenWell(t, a)
			require.Equal(t, 1, s.Executions(flytetest.OK))
			require.False(t, see(t, a, "", before).Places[0].Sight.Over())
		})
	}
}

func orAgain(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		require.Equal(t, sb.Unavailable, sb.CodeOf(err), err)
	}
}

// whenWell submits until the network has got over what it had, and the adapter over its rest.
func whenWell(t *testing.T, a *Adapter) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; {
		_, err := a.Submit(t.Context(), submission(flytetest.OK, "x", 1))
		if err == nil {
			return
		}
		require.Equal(t, sb.Unavailable, sb.CodeOf(err), err)
		require.True(t, time.Now().Before(deadline), err)
	}
}

func TestAnAnswerOfFlyte1ThatNeverComes(t *testing.T) {
	t.Parallel()
	s := flytetest.Start(t)
	net := adaptertest.NewNetwork(t, s.URL)
	a := registered(t, net.URL, "", "")
	before, err := a.Submit(t.Context(), submission(flytetest.Sleep, "b", 1))
	require.NoError(t, err)
	a.out.CloseIdle()
	net.Bad(t, adaptertest.NeverAnswered)
	for what, ask := range map[string]func(ctx context.Context) error{
		"start": func(ctx context.Context) error {
			_, err := a.Submit(ctx, submission(flytetest.OK, "x", 1))
			return err
		},
		"look": func(ctx context.Context) error {
			_, err := a.Look(ctx, []sb.Place{before}, installation, "")
			return err
		},
		"stop": func(ctx context.Context) error { return a.Stop(ctx, before, "stop") },
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		require.Equal(t, sb.Unavailable, sb.CodeOf(ask(ctx)), what)
		cancel()
	}
	net.Well(t)
	a.out.CloseIdle()
	whenWell(t, a)
	require.Equal(t, 1, s.Executions(flytetest.OK))
}

// A page, or another answer that is not FlyteAdmin's, ends nothing and starts nothing, and nothing of it is quoted.
func TestAnAnswerThatIsNotFlyte1sIsNoEnd(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct {
		status     int
		kind, body string
		code       sb.Code
	}{
		"a proxy's 404":         {404, "text/html", "<html>no such backend", sb.Unavailable},
		"a proxy's 404 in JSON": {404, "application/json", `{"message": "<html>no such backend"}`, sb.Unavailable},
		"a proxy's page":        {200, "text/html", "<html>log in", sb.Unavailable},
		"a redirect":            {302, "text/html", "<html>log in", sb.Unavailable},
		"a 401":                 {401, "application/json", `{"code": 16, "message": "<html>token"}`, sb.Unauthenticated},
		"a 502":                 {502, "text/html", "<html>bad gateway", sb.Unavailable},
		"a 503":                 {503, "application/json", `{"code": 14, "message": "<html>"}`, sb.Unavailable},
		"a 429":                 {429, "text/html", "<html>slow down", sb.Unavailable},
		"JSON that breaks off":  {200, "application/json", `{"executions": [{"id`, sb.Unavailable},
		"a list of another API": {200, "application/json", `["<html>"]`, sb.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, bad := flytetest.Start(t), false
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !bad {
					s.ServeHTTP(w, r)
					return
				}
				w.Header().Set("Content-Type", one.kind)
				w.WriteHeader(one.status)
				_, _ = io.WriteString(w, one.body)
			}))
			t.Cleanup(server.Close)
			a := registered(t, server.URL, "", "")
			at, err := a.Submit(t.Context(), submission(flytetest.Sleep, "b", 1))
			require.NoError(t, err)
			bad = true
			_, err = a.Look(t.Context(), []sb.Place{at}, installation, "")
			require.Equal(t, one.code, sb.CodeOf(err), err)
			require.NotContains(t, err.Error(), "<html>")
			_, err = a.Submit(t.Context(), submission(flytetest.OK, "x", 1))
			require.Error(t, err)
			require.NotEqual(t, sb.NotFound, sb.CodeOf(err), "which would hand the attempt back")
			bad = false
			require.Equal(t, 0, s.Executions(flytetest.OK))
			require.False(t, see(t, a, "", at).Places[0].Sight.Over())
		})
	}
}
