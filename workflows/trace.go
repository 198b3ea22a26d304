package workflows

import (
	"context"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.temporal.io/sdk/contrib/opentelemetry"
	"go.temporal.io/sdk/interceptor"
)

// workflowKey is the attribute under which the interceptor names a workflow.
const workflowKey = "temporalWorkflowID"

// tracing makes spans of starts, workflows and activities, and hands the trace on with them; none without a tracer.
func tracing(t trace.Tracer) []interceptor.ClientInterceptor {
	if t == nil {
		return nil
	}
	// It only fails without a tracer.
	made, err := opentelemetry.NewTracingInterceptor(opentelemetry.TracerOptions{
		Tracer: t, TextMapPropagator: propagation.TraceContext{}, DisableQueryTracing: true, AllowInvalidParentSpans: true, SpanStarter: startSpan,
	})
	if err != nil {
		return nil
	}
	return []interceptor.ClientInterceptor{made}
}

// startSpan starts a span that names the run, as all spans about one do.
func startSpan(ctx context.Context, t trace.Tracer, name string, options ...trace.SpanStartOption) trace.Span {
	config := trace.NewSpanStartConfig(options...)
	for _, a := range config.Attributes() {
		if parts := strings.Split(a.Value.AsString(), ":"); string(a.Key) == workflowKey && len(parts) == 3 {
			options = append(options, trace.WithAttributes(attribute.String("signalbox.run", parts[1])))
		}
	}
	_, span := t.Start(ctx, name, options...)
	return span
}
