// Package metrics counts what the control plane does, for Prometheus.
package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	sb "signalbox"
)

// Store tells how full the queues are.
type Store interface {
	// Depths reads the queue and the slots of every orchestrator, in one query.
	Depths(ctx context.Context) ([]sb.Depth, error)
	Now(ctx context.Context) (time.Time, error)
}

// scrapeWithin bounds the reads of one scrape.
const scrapeWithin = 5 * time.Second

var (
	buckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200}
	by      = []string{"orchestrator"}
)

// Metrics are the control plane's counters. Gauges of queues and slots are read from the database at each scrape, so
// that every replica tells the same.
type Metrics struct {
	store       Store
	depth       *prometheus.Desc
	age         *prometheus.Desc
	held        *prometheus.Desc
	quota       *prometheus.Desc
	waited      *prometheus.HistogramVec
	rejected    *prometheus.CounterVec
	transitions *prometheus.CounterVec
	workflows   *prometheus.CounterVec
	head        *prometheus.GaugeVec
}

// New makes the metrics and registers them.
func New(store Store, registry prometheus.Registerer) *Metrics {
	m := &Metrics{
		store:       store,
		depth:       prometheus.NewDesc("signalbox_queue_depth", "Scheduled runs.", by, nil),
		age:         prometheus.NewDesc("signalbox_queue_age_seconds", "Age of the oldest Scheduled run, 0 for an empty queue.", by, nil),
		held:        prometheus.NewDesc("signalbox_slots_held", "Slots held by runs whose work has not ended.", by, nil),
		quota:       prometheus.NewDesc("signalbox_slots_quota", "Slots there are.", by, nil),
		waited:      histogram("signalbox_admission_wait_seconds", "From Scheduled to Queued.", by...),
		rejected:    counter("signalbox_admission_rejections_total", "Runs not allowed any more when their turn came.", by...),
		transitions: counter("signalbox_run_transitions_total", "Changes of a run's status, with the kind of failure.", "from", "to", "failure"),
		head:        prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "signalbox_audit_head", Help: "The place of the newest sealed entry of the audit log, with its MAC."}, []string{"mac"}),
		workflows:   counter("signalbox_workflow_failures_total", "Calls to Temporal that failed.", "call"),
	}
	registry.MustRegister(m, m.waited, m.rejected, m.transitions, m.workflows, m.head)
	return m
}

func histogram(name, help string, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

// Admitted counts a run that got a slot.
func (m *Metrics) Admitted(orchestrator string, waited time.Duration) {
	m.waited.WithLabelValues(orchestrator).Observe(waited.Seconds())
}

// Rejected counts a run that was not allowed any more when its turn came.
func (m *Metrics) Rejected(orchestrator string) { m.rejected.WithLabelValues(orchestrator).Inc() }

// Changed counts a committed change of a run.
func (m *Metrics) Changed(before, after sb.Run) {
	if before.Status == after.Status {
		return
	}
	var failure string
	if after.Failure != nil {
		failure = string(after.Failure.Kind)
	}
	m.transitions.WithLabelValues(string(before.Status), string(after.Status), failure).Inc()
}

// WorkflowFailed counts a call to Temporal that failed.
func (m *Metrics) WorkflowFailed(call string) { m.workflows.WithLabelValues(call).Inc() }

// AuditHead shows the newest link of the audit log's chain, in place of the one before. Kept by who scrapes, it tells
// later whether the log was cut off.
func (m *Metrics) AuditHead(h sb.AuditHead) {
	m.head.Reset()
	if h.Chain > 0 {
		m.head.WithLabelValues(h.MAC).Set(float64(h.Chain))
	}
}

// Describe is part of prometheus.Collector.
func (m *Metrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.depth, m.age, m.held, m.quota} {
		out <- d
	}
}

// Collect is part of prometheus.Collector.
func (m *Metrics) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeWithin) //nolint:forbidigo // a collector is given no context
	defer cancel()
	depths, err := m.store.Depths(ctx)
	if err != nil {
		out <- prometheus.NewInvalidMetric(m.depth, err)
		return
	}
	now, err := m.store.Now(ctx)
	if err != nil {
		out <- prometheus.NewInvalidMetric(m.age, err)
		return
	}
	gauge := func(d *prometheus.Desc, value float64, orchestrator string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, orchestrator)
	}
	for _, d := range depths {
		gauge(m.depth, float64(d.Scheduled), d.Orchestrator)
		gauge(m.held, float64(d.Held), d.Orchestrator)
		gauge(m.quota, float64(d.Quota), d.Orchestrator)
		var age float64
		if d.Scheduled > 0 {
			age = max(0, now.Sub(d.Oldest).Seconds())
		}
		gauge(m.age, age, d.Orchestrator)
	}
}
