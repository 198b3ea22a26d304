package metrics_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	sb "signalbox"
	"signalbox/controlplane/metrics"
	"signalbox/controlplane/runs/runstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// scrape reads the metrics as Prometheus does.
func scrape(t *testing.T, registry *prometheus.Registry) string {
	t.Helper()
	answer := httptest.NewRecorder()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(answer, request)
	require.Equal(t, http.StatusOK, answer.Code)
	return answer.Body.String()
}

func requireLines(t *testing.T, text string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		require.Contains(t, "\n"+text, "\n"+line+"\n")
	}
}

func TestAScrapeTellsHowFullTheQueuesAre(t *testing.T) {
	t.Parallel()
	w := runstest.New(t)
	registry := prometheus.NewPedanticRegistry()
	m := metrics.New(w.Store, registry)
	w.Observe(m.Changed)
	w.Orchestrate(t, func(o *sb.Orchestrator) { o.Quota = 2 })
	requireLines(t, scrape(t, registry),
		"# HELP signalbox_queue_age_seconds Age of the oldest Scheduled run, 0 for an empty queue.",
		"# TYPE signalbox_queue_age_seconds gauge",
		`signalbox_queue_age_seconds{orchestrator="builtin"} 0`,
		`signalbox_queue_depth{orchestrator="builtin"} 0`,
		`signalbox_slots_held{orchestrator="builtin"} 0`,
		`signalbox_slots_quota{orchestrator="builtin"} 2`,
	)
	run, p := w.Running(t, runstest.Of(runstest.Once))
	w.Schedule(t)
	w.Clock.Pass(90 * time.Second)
	_, err := w.Life.Mark(t.Context(), w.Ann, run.ID)
	require.NoError(t, err)
	requireLines(t, scrape(t, registry), `signalbox_slots_held{orchestrator="builtin"} 1`)
	require.NoError(t, w.Work.End(t.Context(), p, runstest.Exit(0)))
	requireLines(t, scrape(t, registry),
		`signalbox_queue_age_seconds{orchestrator="builtin"} 90`,
		`signalbox_queue_depth{orchestrator="builtin"} 1`,
		`signalbox_slots_held{orchestrator="builtin"} 0`,
		`signalbox_run_transitions_total{failure="",from="queued",to="running"} 1`,
		`signalbox_run_transitions_total{failure="",from="scheduled",to="queued"} 1`,
		`signalbox_run_transitions_total{failure="marked",from="running",to="failed"} 1`,
	)
}

func TestWhatIsCounted(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewPedanticRegistry()
	m := metrics.New(runstest.New(t).Store, registry)
	m.Admitted("builtin", 4*time.Millisecond)
	m.Rejected("builtin")
	m.WorkflowFailed("start")
	requireLines(t, scrape(t, registry),
		`signalbox_admission_wait_seconds_count{orchestrator="builtin"} 1`,
		`signalbox_admission_wait_seconds_bucket{orchestrator="builtin",le="0.0025"} 0`,
		`signalbox_admission_wait_seconds_bucket{orchestrator="builtin",le="0.005"} 1`,
		`signalbox_admission_rejections_total{orchestrator="builtin"} 1`,
		`signalbox_workflow_failures_total{call="start"} 1`,
	)
}

// away is a store whose reads fail.
type away struct{ depths, now error }

func (a away) Depths(context.Context) ([]sb.Depth, error) { return nil, a.depths }
func (a away) Now(context.Context) (time.Time, error)     { return time.Time{}, a.now }

func TestAScrapeWithoutADatabaseFails(t *testing.T) {
	t.Parallel()
	gone := errors.New("away")
	for name, store := range map[string]away{"no depths": {depths: gone}, "no time": {now: gone}} {
		registry := prometheus.NewPedanticRegistry()
		metrics.New(store, registry)
		_, err := registry.Gather()
		require.ErrorContains(t, err, "away", name)
	}
}
