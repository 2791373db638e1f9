// Package tracing sends traces to an OpenTelemetry collector. Other packages don't know OpenTelemetry: they declare small tracers and
// observers, which Tracing implements.
//
// A trace has the request, its operations, their calls to the store and, joined by the traceparent in their events, the attempts to
// deliver the messages about what they changed. No span has variables, ids or texts of documents, or addresses.
package tracing

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"crm/db/entity"
	"crm/db/store"
	"crm/graph"
	"crm/graph/apierror"
	"crm/graph/transport"
)

// closeTime is how long Close waits for the collector.
const closeTime = 5 * time.Second

// Tracing makes spans and sends them, some at a time.
type Tracing struct {
	provider  *sdk.TracerProvider
	tracer    trace.Tracer
	sampler   sdk.Sampler
	unsampled trace.Span
}

// New returns what traces a program of that version. It doesn't wait for the collector.
func New(ctx context.Context, c Config, version string, log *slog.Logger) (*Tracing, error) {
	exporter, err := otlptrace.New(ctx, newClient(c, log))
	if err != nil {
		return nil, fmt.Errorf("cannot send traces: %w", err)
	}
	described, err := resource.New(ctx, resource.WithTelemetrySDK(), resource.WithAttributes(
		attribute.String("service.name", c.service), attribute.String("service.version", version)), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	sampler := c.newSampler()
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithSampler(sampler), sdk.WithIDGenerator(ids{}), sdk.WithResource(described))
	return &Tracing{provider: provider, tracer: provider.Tracer("crm"), sampler: sampler, unsampled: &unsampled{}}, nil
}

// Close sends what hasn't been sent yet.
func (t *Tracing) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	_ = t.provider.Shutdown(ctx) // the client has logged it
}

// Handler returns a handler whose requests are traced. Those that open a stream aren't: they take as long as somebody listens.
// A request from a trusted proxy may belong to a trace that has begun already; a stranger's may not, because it would decide what is
// traced.
func (t *Tracing) Handler(next http.Handler, trusted func(r *http.Request) bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "" || strings.Contains(r.Header.Get("Accept"), "text/event-stream") {
			next.ServeHTTP(w, r)
			return
		}
		ctx := r.Context()
		if r.Header.Get("traceparent") != "" && trusted(r) {
			ctx = propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(r.Header))
		}
		ctx, sampled := t.sample(ctx)
		if !sampled {
			next.ServeHTTP(w, r.WithContext(ctx))
			return
		}
		ctx, span := t.tracer.Start(ctx, r.Method+" /graphql", trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		span.SetAttributes(attribute.String("http.request.method", r.Method), attribute.String("http.route", "/graphql"),
			attribute.String("crm.request_id", transport.RequestID(ctx)))
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// Begin implements graph.Tracer.
func (t *Tracing) Begin(ctx context.Context, began time.Time) (running context.Context, end func(o graph.Operation)) {
	parent := trace.SpanFromContext(ctx)
	if parent == t.unsampled {
		return ctx, func(graph.Operation) {}
	}
	if !parent.IsRecording() { // an operation on a socket
		var sampled bool
		if ctx, sampled = t.sample(ctx); !sampled {
			return ctx, func(graph.Operation) {}
		}
	}
	ctx, span := t.tracer.Start(ctx, "operation", trace.WithTimestamp(began))
	return ctx, func(o graph.Operation) {
		defer span.End()
		kind := string(o.Kind)
		if kind == "" {
			kind = "invalid operation"
		}
		span.SetName(strings.TrimSpace(kind + " " + apierror.Shorten(o.Name)))
		span.SetAttributes(attribute.String("graphql.operation.type", kind), attribute.String("graphql.operation.name", apierror.Shorten(o.Name)),
			attribute.Int("crm.complexity", o.Complexity), attribute.Int("crm.store_calls", o.StoreCalls))
		for _, code := range o.Codes {
			span.SetAttributes(attribute.String("error.type", string(code)))
			if code == apierror.InternalError || code == store.Unavailable {
				span.SetStatus(codes.Error, string(code))
				break
			}
		}
	}
}

// StoreCall implements entity.CallObserver. Calls that belong to nothing that is traced, such as those of a timer, are left out.
func (t *Tracing) StoreCall(ctx context.Context, c entity.Call) {
	if !trace.SpanFromContext(ctx).IsRecording() {
		return
	}
	_, span := t.tracer.Start(ctx, strings.TrimSpace(c.Method+" "+c.Collection), trace.WithTimestamp(c.Began),
		trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
			attribute.String("db.operation.name", c.Method), attribute.String("db.collection.name", c.Collection)))
	if code := store.CodeOf(c.Err); code != "" {
		span.SetAttributes(attribute.String("error.type", string(code)))
	} else if c.Err != nil {
		span.SetStatus(codes.Error, "") // its text may have what a document has
	}
	span.End(trace.WithTimestamp(c.Began.Add(c.Took)))
}

// Traceparent returns the W3C traceparent of what is done with a context; empty if that isn't traced.
func (*Tracing) Traceparent(ctx context.Context) string {
	if !trace.SpanContextFromContext(ctx).IsSampled() {
		return ""
	}
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier.Get("traceparent")
}

// Deliver implements notify.Tracer.
func (t *Tracing) Deliver(ctx context.Context, traceparent, channel, eventType string) (context.Context, func(result string)) {
	parent := propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": traceparent})
	ctx, span := t.tracer.Start(parent, "deliver "+channel, trace.WithSpanKind(trace.SpanKindProducer), trace.WithAttributes(
		attribute.String("crm.event.type", eventType)))
	return ctx, func(result string) {
		span.SetAttributes(attribute.String("crm.delivery.result", strings.ToLower(result)))
		span.End()
	}
}
