//go:build unix

package resolvers_test

import (
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"syscall"
	"testing"
	"time"

	"crm/auth"
	"crm/config"
	"crm/db"
	"crm/graph"
	"crm/graph/tracing"
	"crm/resolvers"
)

// BenchmarkTraces compares the processor time of requests that may be traced with that of such that can't be, for parts of the requests that
// are. Each iteration answers some of either, so that whatever else the machine does slows both down. The ratio is more than that of a
// whole server, which also reads from the network.
func BenchmarkTraces(b *testing.B) {
	store := openBenchmarkStore(b)
	tokens, err := auth.NewTokens(auth.Keys{[]byte("users' key")}, auth.Keys{[]byte("customers' key")})
	if err != nil {
		b.Fatal(err)
	}
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	b.Cleanup(collector.Close)
	log := slog.New(slog.DiscardHandler)
	handler := func(t *tracing.Tracing) http.Handler {
		options, served := db.Options{CursorKeys: [][]byte{[]byte("a key for cursors")}}, graph.HandlerConfig{
			NewOperation: resolvers.NewOperation, Logger: log, Limits: graph.Limits{CostPerMinute: math.MaxInt32},
		}
		if t != nil {
			options.Observer, options.Trace, served.Tracer = t, t.Traceparent, t
		}
		served.Resolvers = resolvers.New(db.New(store, nil, options), tokens)
		if t == nil {
			return graph.NewHandler(served)
		}
		return t.Handler(graph.NewHandler(served), func(*http.Request) bool { return false })
	}
	without := handler(nil)
	for _, ratio := range []string{"0", "0.01", "1"} {
		b.Run(ratio, func(b *testing.B) {
			var c tracing.Config
			config.Read(config.Declaration{{Settings: c.Settings()}}, []string{
				"OTEL_EXPORTER_OTLP_ENDPOINT=" + collector.URL, "OTEL_TRACES_SAMPLER=traceidratio", "OTEL_TRACES_SAMPLER_ARG=" + ratio,
			}, "")
			t, err := tracing.New(b.Context(), c, "test", log)
			if err != nil {
				b.Fatal(err)
			}
			defer t.Close()
			with := handler(t)
			r := request{viewer: viewers()[0], randomOperation: randomOperation{query: benchmarkQueries[1].query}}
			spent := func(handler http.Handler) time.Duration {
				began := processorTime(b)
				for range 20 {
					if answered := r.post(b, handler); answered.Code != http.StatusOK {
						b.Fatal(answered.Body)
					}
				}
				return processorTime(b) - began
			}
			var times [2][]time.Duration // without and with
			for n := 0; b.Loop(); n++ {
				for _, traced := range [][2]int{{0, 1}, {1, 0}}[n%2] {
					times[traced] = append(times[traced], spent([]http.Handler{without, with}[traced]))
				}
			}
			b.ReportMetric(float64(median(times[1]))/float64(median(times[0])), "traced/untraced")
		})
	}
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}

// processorTime is how long this process has computed.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
