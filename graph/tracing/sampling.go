package tracing

import (
	"context"
	"encoding/binary"
	"math/rand/v2"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// unsampled stands for the span of a request that isn't traced. It is put into the context so that what belongs to the request isn't
// traced either; spans of the SDK would do the same, but cost several microseconds each.
type unsampled struct{ noop.Span }

// sample decides whether a new span is recorded, before there is one. The context that it returns makes the SDK decide the same, or
// says that nothing is recorded.
func (t *Tracing) sample(ctx context.Context) (context.Context, bool) {
	id := trace.SpanContextFromContext(ctx).TraceID()
	begins := !id.IsValid()
	if begins {
		id = newTraceID()
	}
	decided := t.sampler.ShouldSample(sdk.SamplingParameters{ParentContext: ctx, TraceID: id})
	if decided.Decision != sdk.RecordAndSample {
		return trace.ContextWithSpan(ctx, t.unsampled), false
	}
	if begins {
		ctx = context.WithValue(ctx, traceIDKey{}, id)
	}
	return ctx, true
}

// traceIDKey is the context key of the id for the trace that begins next.
type traceIDKey struct{}

// ids makes the ids of spans, random as those of the SDK are, and of traces, unless sample has made it.
type ids struct{}

func (ids) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	id, ok := ctx.Value(traceIDKey{}).(trace.TraceID)
	if !ok {
		id = newTraceID()
	}
	return id, ids{}.NewSpanID(ctx, id)
}

func (ids) NewSpanID(context.Context, trace.TraceID) (id trace.SpanID) {
	for !id.IsValid() {
		binary.NativeEndian.PutUint64(id[:], rand.Uint64())
	}
	return id
}

func newTraceID() (id trace.TraceID) {
	for !id.IsValid() {
		binary.NativeEndian.PutUint64(id[:8], rand.Uint64())
		binary.NativeEndian.PutUint64(id[8:], rand.Uint64())
	}
	return id
}
