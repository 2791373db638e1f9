package metrics

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"crm/db"
	"crm/db/store"
)

// backlogTime is how long reading the backlog may take.
const backlogTime = 5 * time.Second

// Program is what a running program can be asked about.
type Program struct {
	DB    *db.DB
	Store store.Store
	// Streams returns how many sockets and event streams are open.
	Streams func() int
	Log     *slog.Logger
}

// Watch makes the metrics ask a program at each scrape.
func (m *Metrics) Watch(p Program) {
	gauge := func(name, help string, value func() int) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, func() float64 { return float64(value()) })
	}
	m.registry.MustRegister(
		gauge("streams", "Open WebSockets and event streams.", p.Streams),
		gauge("subscriptions", "Subscriptions under way.", p.DB.Broker.Subscriptions),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Namespace: namespace, Name: "subscription_panics_total", Help: "Panics that were recovered while an event was handled for subscribers.",
		}, func() float64 { return float64(p.DB.Broker.Panics()) }),
		backlog{db: p.DB, log: p.Log},
	)
	if measured, ok := p.Store.(store.Measured); ok {
		m.registry.MustRegister(measures{Measured: measured})
	}
}

// unchecked is the part of a prometheus.Collector whose metrics are only known when it collects them.
type unchecked struct{}

// Describe implements prometheus.Collector.
func (unchecked) Describe(chan<- *prometheus.Desc) {}

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, labels, nil)
}

// measures collects the figures of a store.
type measures struct {
	unchecked
	store.Measured
}

// Collect implements prometheus.Collector.
func (m measures) Collect(metrics chan<- prometheus.Metric) {
	for _, measure := range m.Measures() {
		desc := describe(measure.Name, measure.Help)
		switch {
		case measure.Sizes != nil:
			buckets := make(map[float64]uint64, len(measure.Sizes))
			for i, count := range measure.Sizes {
				buckets[float64(uint64(1)<<i)] = count
			}
			metrics <- prometheus.MustNewConstHistogram(desc, measure.Sizes[len(measure.Sizes)-1], measure.Value, buckets)
		case strings.HasSuffix(measure.Name, "_total"):
			metrics <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, measure.Value)
		default:
			metrics <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, measure.Value)
		}
	}
}

// backlog collects what is still to do. All servers on one store show the same.
type backlog struct {
	unchecked
	db  *db.DB
	log *slog.Logger
}

// Collect implements prometheus.Collector.
func (b backlog) Collect(metrics chan<- prometheus.Metric) {
	gauge := func(name, help string, value float64) {
		metrics <- prometheus.MustNewConstMetric(describe(name, help), prometheus.GaugeValue, value)
	}
	ctx, cancel := context.WithTimeout(context.Background(), backlogTime)
	defer cancel()
	found, err := b.db.Backlog(ctx)
	if err != nil {
		b.log.Warn("cannot read the backlog for metrics", "error", err)
		gauge("store_up", "Whether the store answers.", 0)
		return
	}
	gauge("store_up", "Whether the store answers.", 1)
	gauge("sessions", "Log-ins that haven't expired.", float64(found.Sessions))
	gauge("events_last_seq", "Position of the newest event in the log.", float64(found.LastSeq))
	gauge("events_lag_seconds", "How long ago the oldest event happened whose messages aren't planned yet.", secondsSince(found.UnplannedSince))
	gauge("deliveries_pending_seconds", "How long the oldest message has waited that isn't sent yet.", secondsSince(found.PendingSince))
	gauge("deliveries_held_seconds", "How long the mail server has refused messages because of the sender.", secondsSince(found.Mail.HeldSince))
	deliveries := describe("deliveries", "Messages that are pending, are held (these are pending, too), have failed, or are kept.", "status")
	for status, count := range map[string]int{
		"pending": found.Mail.Pending, "held": found.Mail.Held, "failed": found.Mail.Failed, "kept": found.Mail.Kept,
	} {
		metrics <- prometheus.MustNewConstMetric(deliveries, prometheus.GaugeValue, float64(count), status)
	}
}

// secondsSince returns how long ago a time was, zero if there is none.
func secondsSince(at *time.Time) float64 {
	if at == nil {
		return 0
	}
	return max(0, time.Since(*at).Seconds())
}
