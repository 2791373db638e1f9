// Package metrics serves figures about the program to Prometheus. Other packages don't know Prometheus: they declare small
// observers, which Metrics implements, or are asked at each scrape.
//
// No label has an id or an address, and every label has few values, whatever clients send; see names.
package metrics

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"crm/db/entity"
	"crm/db/store"
	"crm/graph"
	"crm/graph/apierror"
)

// namespace begins the name of each metric.
const namespace = "crm"

// Metrics are the figures about a program.
type Metrics struct {
	registry *prometheus.Registry
	names    *names

	operations, complexity, operationCalls *prometheus.CounterVec
	operationTime, callTime                *prometheus.HistogramVec
	callErrors, deliveries                 *prometheus.CounterVec
}

// durations are the buckets of durations, in seconds. Many reads take less than a millisecond, and an operation is cancelled
// after half a minute by default.
func durations() []float64 {
	return []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
}

// New returns the figures of a program of that version.
func New(version, revision string) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
	}
	histogram := func(name, help string, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Name: name, Help: help, Buckets: durations(),
		}, labels)
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: namespace, Name: "build_info", Help: "The version of the program; the value is 1.",
		ConstLabels: prometheus.Labels{"version": version, "revision": revision},
	})
	build.Set(1)
	m := &Metrics{
		registry: prometheus.NewRegistry(), names: newNames(),
		operations: counter("operations_total",
			"Operations by name, kind and result, which is ok or an error's code. Subscriptions count with each change that they send, once for all that share the response.",
			"operation", "kind", "result"),
		complexity: counter("operation_complexity_total", "The complexity of operations, as in extensions.cost.", "operation", "kind"),
		operationCalls: counter("operation_store_calls_total", "The calls to the store of operations, as in extensions.cost.",
			"operation", "kind"),
		operationTime: histogram("operation_duration_seconds", "How long queries and mutations take.", "operation", "kind"),
		callTime:      histogram("store_call_duration_seconds", "How long calls to the store take, including its cache.", "call"),
		callErrors:    counter("store_call_errors_total", "Calls to the store that failed, by code.", "call", "code"),
		deliveries: counter("deliveries_total",
			"Attempts to deliver a message, and messages that were cancelled or superseded instead.", "channel", "result"),
	}
	m.registry.MustRegister(
		build, m.operations, m.complexity, m.operationCalls, m.operationTime, m.callTime, m.callErrors, m.deliveries,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

// Operation implements graph.Observer.
func (m *Metrics) Operation(o graph.Operation) {
	kind := string(o.Kind)
	if kind == "" {
		kind = "unknown"
	}
	name := m.names.label(o)
	m.operations.WithLabelValues(name, kind, resultOf(o.Codes)).Inc()
	m.complexity.WithLabelValues(name, kind).Add(float64(o.Complexity))
	m.operationCalls.WithLabelValues(name, kind).Add(float64(o.StoreCalls))
	if o.Duration > 0 {
		m.operationTime.WithLabelValues(name, kind).Observe(o.Duration.Seconds())
	}
}

// resultOf returns ok or the code that tells an operator most: that of a fault of the server, otherwise the first.
func resultOf(codes []store.Code) string {
	switch {
	case len(codes) == 0:
		return "ok"
	case slices.Contains(codes, apierror.InternalError):
		return string(apierror.InternalError)
	}
	return string(codes[0])
}

// StoreCall implements entity.CallObserver.
func (m *Metrics) StoreCall(_ context.Context, c entity.Call) {
	m.callTime.WithLabelValues(c.Method).Observe(c.Took.Seconds())
	if code := failure(c.Err); code != "" {
		m.callErrors.WithLabelValues(c.Method, code).Inc()
	}
}

// failure returns the code of a call's error; empty if it is none, or is what such a call may well answer.
func failure(err error) string {
	code := store.CodeOf(err)
	switch {
	case err == nil || code == store.NotFound || code == store.Conflict:
		return ""
	case code != "":
		return string(code)
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return "CANCELLED"
	}
	return string(apierror.InternalError)
}

// Delivered implements notify.Observer.
func (m *Metrics) Delivered(channel, result string) {
	m.deliveries.WithLabelValues(channel, strings.ToLower(result)).Inc()
}
