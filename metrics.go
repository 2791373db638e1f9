package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"

	"crm/config"
	"crm/db/entity"
	"crm/graph"
	"crm/graph/metrics"
	"crm/graph/tracing"
	"crm/graph/transport"
	"crm/notify"
)

// metricsSettings say where metrics are served, and to whom. They are off if both are empty.
type metricsSettings struct {
	// addr is the address of a port of their own; empty for the main port.
	addr string
	// token is what a request for them must have; empty if anybody may read them, which needs a port of their own.
	token string
}

// minTokenLength is the length of the shortest METRICS_TOKEN.
const minTokenLength = 12

func (s *metricsSettings) settings() []config.Setting {
	return []config.Setting{
		{
			Name: "METRICS_ADDR", Value: config.Parsed(&s.addr, "address with a port", parseMetricsAddr),
			Description: "serve metrics at `/metrics` on a port of their own, such as `127.0.0.1:9464`; see [Watching it](operations.md)",
		},
		{
			Name: "METRICS_TOKEN", Value: config.Parsed(&s.token, "token", parseMetricsToken), Secret: true,
			Description: "the token that a request for metrics needs, of at least 12 characters; " +
				"without `METRICS_ADDR`, metrics are served at `/metrics` on `PORT`",
		},
	}
}

func parseMetricsAddr(text string) (string, error) {
	if _, _, err := net.SplitHostPort(text); err != nil {
		return "", errors.New("must be an address with a port, such as :9464 or 127.0.0.1:9464")
	}
	return text, nil
}

func parseMetricsToken(text string) (string, error) {
	if len(text) < minTokenLength {
		return "", fmt.Errorf("must have at least %d characters", minTokenLength)
	}
	return text, nil
}

func (s metricsSettings) onMainPort() bool { return s.addr == "" && s.token != "" }

// observers are told what the server does, for metrics and traces. Those that nobody wants are nil.
type observers struct {
	metrics    *metrics.Metrics
	calls      entity.CallObserver
	operations graph.Observer
	deliveries notify.Observer

	tracing         *tracing.Tracing
	operationTraces graph.Tracer
	deliveryTraces  notify.Tracer
	// traceparent returns the traceparent of what is done with a context.
	traceparent func(ctx context.Context) string
}

func newObservers(s metricsSettings) observers {
	if s == (metricsSettings{}) {
		return observers{}
	}
	m := metrics.New(version(), revision())
	return observers{metrics: m, calls: m, operations: m, deliveries: m}
}

// metricsServer serves metrics on a port of their own, if they have one.
type metricsServer struct {
	// listener is nil if they have none.
	listener net.Listener
	http     http.Server
}

// serve makes the metrics ask the program, and serves them if they have a port of their own.
func (o observers) serve(
	ctx context.Context, s metricsSettings, c *crm, operations *transport.Handler, log *slog.Logger,
) (*metricsServer, error) {
	if o.metrics == nil {
		return new(metricsServer), nil
	}
	o.metrics.Watch(metrics.Program{DB: c.db, Store: c.store, Streams: operations.Streams, Log: log})
	if s.addr == "" {
		return new(metricsServer), nil
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.addr)
	if err != nil {
		return nil, fmt.Errorf("METRICS_ADDR: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET "+metrics.Path, o.metrics.Handler(s.token, log))
	m := &metricsServer{listener: listener, http: http.Server{
		Handler: mux, ReadHeaderTimeout: headerTime, ReadTimeout: headerTime, WriteTimeout: readTime, IdleTimeout: idleTime,
		MaxHeaderBytes: headerBytes, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}}
	go func() {
		if err := m.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("metrics are no longer served", "error", err)
		}
	}()
	return m, nil
}

// url returns where the metrics are; empty if they aren't served.
func (m *metricsServer) url() string {
	if m.listener == nil {
		return ""
	}
	address := m.listener.Addr().(*net.TCPAddr)
	host := "localhost"
	if !address.IP.IsUnspecified() {
		host = address.IP.String()
	}
	return "http://" + net.JoinHostPort(host, fmt.Sprint(address.Port)) + metrics.Path
}

// close ends the server. Metrics are served until the very end, since how the program stops is worth knowing, too.
func (m *metricsServer) close() { _ = m.http.Close() }
