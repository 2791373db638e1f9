package metrics

import (
	"crypto/sha256"
	"crypto/subtle"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Path is where Prometheus finds the metrics by default.
const Path = "/metrics"

// A scrape reads from the store: only so many are answered at once, and each within this time.
const (
	maxScrapes = 2
	scrapeTime = 10 * time.Second
)

// Handler serves the metrics, to whoever has the token unless it is empty.
func (m *Metrics) Handler(token string, log *slog.Logger) http.Handler {
	scrapes := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelError), ErrorHandling: promhttp.ContinueOnError,
		MaxRequestsInFlight: maxScrapes, Timeout: scrapeTime, EnableOpenMetrics: true,
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if token != "" && !hasToken(r, token) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="metrics"`)
			http.Error(w, "the metrics need the header Authorization: Bearer METRICS_TOKEN", http.StatusUnauthorized)
			return
		}
		scrapes.ServeHTTP(w, r)
	})
}

// hasToken reports whether a request has the token, in the same time however much of it is right.
func hasToken(r *http.Request, token string) bool {
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	got, want := sha256.Sum256([]byte(strings.TrimSpace(given))), sha256.Sum256([]byte(token))
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(got[:], want[:]) == 1
}
