package tracing_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"crm/config"
	"crm/db/entity"
	"crm/graph"
	"crm/graph/tracing"
)

// BenchmarkUnsampled measures what tracing adds to a request that isn't traced, with one operation and four calls to the store.
func BenchmarkUnsampled(b *testing.B) {
	var c tracing.Config
	config.Read(config.Declaration{{Settings: c.Settings()}}, []string{
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:1", "OTEL_TRACES_SAMPLER=parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG=0",
	}, "")
	t, err := tracing.New(b.Context(), c, "test", slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	defer t.Close()
	handler := t.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		ctx, end := t.Begin(r.Context(), time.Now())
		for range 4 {
			t.StoreCall(ctx, entity.Call{Method: "Find", Collection: "tickets"})
		}
		end(graph.Operation{})
	}), func(*http.Request) bool { return false })
	r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/graphql", http.NoBody)
	b.ReportAllocs()
	for b.Loop() {
		handler.ServeHTTP(nil, r)
	}
}
