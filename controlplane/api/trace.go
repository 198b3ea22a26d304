package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// untraced are the ends of routes that are called again and again while work goes on: a trace of hours would consist of them.
var untraced = []string{"/work/workers", "/heartbeat", "/progress", "/logs", "/events"}

// runKey names the run in spans. Nothing of its inputs, outputs or names goes into one.
const runKey = "signalbox.run"

// traced goes on with the caller's trace, or begins one, and gives the log lines of the request its id.
func (s *server) traced(c *gin.Context) {
	if s.Tracer == nil || !worthASpan(c.FullPath()) {
		c.Next()
		return
	}
	propagator := propagation.TraceContext{}
	ctx := propagator.Extract(c.Request.Context(), propagation.HeaderCarrier(c.Request.Header))
	r := requestOf(ctx)
	ctx, span := s.Tracer.Start(ctx, c.Request.Method+" "+c.FullPath(), trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
		attribute.String("http.request.method", c.Request.Method), attribute.String("http.route", c.FullPath()),
		attribute.String("signalbox.request", r.id),
	))
	defer span.End()
	if run := runOf(c); run != "" {
		span.SetAttributes(attribute.String(runKey, run))
	}
	place := propagation.MapCarrier{}
	propagator.Inject(ctx, place)
	r.trace = place.Get("traceparent")
	r.log = r.log.WithField("trace_id", span.SpanContext().TraceID().String())
	c.Request = c.Request.WithContext(ctx)
	c.Next()
	span.SetAttributes(attribute.Int("http.response.status_code", c.Writer.Status()))
	if c.Writer.Status() >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, "")
	}
}

// tellRun names the run that a request turned out to be about.
func tellRun(ctx context.Context, id string) {
	trace.SpanFromContext(ctx).SetAttributes(attribute.String(runKey, id))
}

func worthASpan(route string) bool {
	if !strings.HasPrefix(route, base) {
		return false
	}
	for _, end := range untraced {
		if strings.HasSuffix(route, end) {
			return false
		}
	}
	return true
}
