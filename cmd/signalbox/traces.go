package main

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	sb "signalbox"
	"signalbox/controlplane/config"
)

// flushWithin bounds the sending of the last spans when the process ends.
const flushWithin = 5 * time.Second

// traces are the spans of this process, sent by OTLP over HTTP where OTEL_EXPORTER_OTLP_ENDPOINT says; nil when nothing
// is traced.
type traces struct{ provider *sdktrace.TracerProvider }

type tracesKey struct{}

// tracesOf are those that traced has begun, or nil.
func tracesOf(ctx context.Context) *traces {
	t, _ := ctx.Value(tracesKey{}).(*traces)
	return t
}

// traced lets a process make spans, which tracesOf finds in its context.
func traced(f func(context.Context, config.Config) error) func(context.Context, config.Config) error {
	return func(ctx context.Context, c config.Config) error {
		if !tracesWanted() {
			return f(ctx, c)
		}
		t, err := newTraces(ctx)
		if err != nil {
			return err
		}
		log := newLog(c)
		otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.WithError(err).Warn("traces cannot be sent") }))
		defer func() {
			last, done := context.WithTimeout(context.WithoutCancel(ctx), flushWithin)
			defer done()
			_ = t.provider.Shutdown(last)
		}()
		return f(context.WithValue(ctx, tracesKey{}, t), c)
	}
}

// tracesWanted tells whether OpenTelemetry's own variables name a place for traces.
func tracesWanted() bool {
	off, _ := strconv.ParseBool(os.Getenv("OTEL_SDK_DISABLED"))
	return !off && os.Getenv("OTEL_TRACES_EXPORTER") != "none" &&
		os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT")+os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != ""
}

// newTraces reads OpenTelemetry's own variables: where to, how often, which part of all traces, and how we are named.
func newTraces(ctx context.Context) (*traces, error) {
	for _, name := range []string{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"} {
		if p := os.Getenv(name); p != "" && p != "http/protobuf" {
			return nil, sb.Errorf(sb.Invalid, "%s is %q: traces are sent by http/protobuf only", name, p)
		}
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, sb.Wrap(err, sb.Invalid, "the settings of OpenTelemetry (OTEL_…) cannot be used")
	}
	about, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "signalbox"), attribute.String("service.version", version)),
		resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil && !errors.Is(err, resource.ErrPartialResource) {
		return nil, sb.Wrap(err, sb.Invalid, "OTEL_RESOURCE_ATTRIBUTES cannot be used")
	}
	return &traces{sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about))}, nil
}

// tracer makes spans; nil when nothing is traced.
func (t *traces) tracer() trace.Tracer {
	if t == nil {
		return nil
	}
	return t.provider.Tracer("signalbox")
}

// changed makes a span of the time that a run had the status it leaves.
func (t *traces) changed(before, after sb.Run) {
	if t == nil || after.Trace == "" || before.Status == after.Status {
		return
	}
	since := before.ScheduledAt
	for _, at := range []*time.Time{before.QueuedAt, before.StartedAt} {
		if at != nil {
			since = *at
		}
	}
	about := []attribute.KeyValue{
		attribute.String("signalbox.run", after.ID), attribute.Int("signalbox.attempt", after.Attempt), attribute.String("signalbox.status", string(after.Status)),
	}
	if after.Failure != nil {
		about = append(about, attribute.String("signalbox.failure", string(after.Failure.Kind)))
	}
	_, span := t.tracer().Start(inTraceOf(context.Background(), after), "run "+string(before.Status), trace.WithTimestamp(since), trace.WithAttributes(about...))
	span.End()
}

// around makes spans of the calls that the worker makes for an attempt, and hands its trace on with them. Signs of life,
// progress and log chunks make none.
func (t *traces) around(next http.RoundTripper) http.RoundTripper {
	if t == nil {
		return next
	}
	return otelhttp.NewTransport(next, otelhttp.WithTracerProvider(t.provider), otelhttp.WithPropagators(propagation.TraceContext{}),
		otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string {
			return "call " + r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
		}),
		otelhttp.WithFilter(func(r *http.Request) bool {
			for _, end := range []string{"/heartbeat", "/progress", "/logs"} {
				if strings.HasSuffix(r.URL.Path, end) {
					return false
				}
			}
			return trace.SpanContextFromContext(r.Context()).IsValid()
		}))
}

// inTraceOf goes on with the trace of the request that scheduled a run.
func inTraceOf(ctx context.Context, run sb.Run) context.Context {
	if run.Trace == "" {
		return ctx
	}
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": run.Trace})
}
