package airflow

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/adapters/adaptertest"
	"signalbox/adapters/airflow/airflowtest"
	"signalbox/adapters/airflow/realtest"
)

// between stands between the adapter and a real server, and loses answers on demand.
type between struct {
	*httptest.Server
	lose atomic.Bool // of the next request that starts a run
}

func stand(t *testing.T, before string) *between {
	t.Helper()
	to, err := url.Parse(before)
	require.NoError(t, err)
	proxy := httputil.NewSingleHostReverseProxy(to)
	b := &between{}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/dagRuns") && b.lose.CompareAndSwap(true, false) {
			proxy.ServeHTTP(httptest.NewRecorder(), r)
			if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
				_ = c.Close()
			}
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(b.Close)
	return b
}

// What real Airflow is tried with. It takes minutes.
func TestRealAirflow(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real servers")
	}
	t.Parallel()
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			s := realtest.Start(t, version)
			b := stand(t, s.URL)
			a := registered(t, b.URL, "")
			t.Run("contract", func(t *testing.T) { contract(t, s, b, a) })
			t.Run("its logs lie where its template says", func(t *testing.T) { lying(t, s, a) })
			t.Run("a viewer lacks rights", func(t *testing.T) { viewer(t, b.URL) })
			t.Run("it is killed and comes back", func(t *testing.T) { killed(t, s, a) })
			t.Run("credentials are revoked", func(t *testing.T) { revoked(t, s, b.URL, a) })
		})
	}
}

func contract(t *testing.T, s *realtest.Server, b *between, a *Adapter) {
	path := func(at sb.Place) string { return "/dags/" + at.Target.DAG + "/dagRuns/" + at.Name }
	adaptertest.Run(t, func(t *testing.T) adaptertest.Subject {
		return adaptertest.Subject{
			Adapter: a, Targets: targets(), Slow: true, Patience: 2 * time.Minute, Settle: 8 * time.Second,
			Pause: func() { time.Sleep(200 * time.Millisecond) },
			Lose:  func(testing.TB, sb.Submission) { b.lose.Store(true) },
			Delete: func(_ testing.TB, at sb.Place) {
				status, body := s.Ask(t.Context(), http.MethodDelete, path(at), "")
				require.Equal(t, http.StatusNoContent, status, body)
			},
			Clear: func(_ testing.TB, at sb.Place) {
				status, body := s.Ask(t.Context(), http.MethodPost, path(at)+"/clear", `{"dry_run": false}`)
				require.Equal(t, http.StatusOK, status, body)
			},
		}
	})
}

// asViewer is an adapter that may only read.
func asViewer(t *testing.T, url string) *Adapter {
	a, err := assemble([]byte(`{"url": "`+url+`", "username": "viewer"}`), []byte(`{"password": "viewer"}`), surroundings{now: time.Now, rates: fast})
	require.NoError(t, err)
	t.Cleanup(a.out.CloseIdle)
	return a
}

func viewer(t *testing.T, url string) {
	a := asViewer(t, url)
	checks := a.Probe(t.Context(), []sb.Route{{Operators: []string{"*"}, Target: sb.Target{DAG: airflowtest.OK}}})
	last := checks[len(checks)-1]
	require.Equal(t, "rights on "+airflowtest.OK, last.Name)
	require.False(t, last.OK)
	require.Contains(t, last.Detail, "create DAG runs, change DAG runs")
	_, err := a.Submit(t.Context(), sb.Submission{AttemptRef: sb.AttemptRef{Run: "x", Attempt: 1}, Name: "signalbox-viewer-1", Target: sb.Target{DAG: airflowtest.OK}})
	require.Equal(t, sb.Forbidden, sb.CodeOf(err), err)
}

// killed is a power cut over there in the middle of a run: while it lasts there is no answer, and nothing is called gone.
func killed(t *testing.T, s *realtest.Server, a *Adapter) {
	at, err := a.Submit(t.Context(), sb.Submission{AttemptRef: sb.AttemptRef{Run: "y", Attempt: 1}, Name: "signalbox-killed-y-1", Target: sb.Target{DAG: airflowtest.Sleep}})
	require.NoError(t, err)
	look := func() (sb.Sight, error) {
		view, err := a.Look(t.Context(), []sb.Place{at}, installation, "")
		if err != nil {
			return "", err
		}
		return view.Places[0].Sight, nil
	}
	require.Eventually(t, func() bool { seen, err := look(); return err == nil && seen == sb.SeenActive }, time.Minute, 200*time.Millisecond)
	s.Kill()
	s.Rotate() // the token that the adapter has is refused afterwards, and it gets another
	_, err = look()
	require.Equal(t, sb.Unavailable, sb.CodeOf(err), err)
	require.NoError(t, s.Resume(t.Context()))
	require.Eventually(t, func() bool { seen, err := look(); return err == nil && seen != sb.SeenGone }, time.Minute, 500*time.Millisecond)
	require.Eventually(t, func() bool { return a.Stop(t.Context(), at, "the test is over") == nil }, time.Minute, time.Second)
}

// revoked is an account that is taken away while a run is on: it is told, and nothing is called gone.
func revoked(t *testing.T, s *realtest.Server, url string, admin *Adapter) {
	at, err := admin.Submit(t.Context(), sb.Submission{AttemptRef: sb.AttemptRef{Run: "z", Attempt: 1}, Name: "signalbox-revoked-z-1", Target: sb.Target{DAG: airflowtest.Sleep}})
	require.NoError(t, err)
	before := asViewer(t, url)
	require.Eventually(t, func() bool { _, err := before.Look(t.Context(), []sb.Place{at}, installation, ""); return err == nil }, time.Minute, time.Second)
	require.NoError(t, s.Revoke(t.Context()))
	after := before
	if !strings.HasPrefix(s.Version, "2.") {
		after = asViewer(t, url)
	}
	_, err = after.Look(t.Context(), []sb.Place{at}, installation, "")
	require.Equal(t, sb.Unauthenticated, sb.CodeOf(err), err)
	require.NoError(t, admin.Stop(t.Context(), at, "the test is over"))
}
