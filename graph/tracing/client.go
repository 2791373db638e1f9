package tracing

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

const (
	// sendTime bounds a request to the collector, and retryPause separates the attempts.
	sendTime   = 10 * time.Second
	retryPause = 2 * time.Second
	attempts   = 3
)

// client is an otlptrace.Client for OTLP over HTTP. The one that comes with OpenTelemetry needs gRPC's library, which would make the
// program a seventh larger.
type client struct {
	url     string
	headers http.Header
	log     *slog.Logger
	http    http.Client
	// failing is set while the collector takes no traces, which is logged once.
	failing atomic.Bool
}

func newClient(c Config, log *slog.Logger) *client {
	return &client{
		url: c.endpoint.JoinPath("v1", "traces").String(), headers: c.headers, log: log,
		http: http.Client{Timeout: sendTime, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
}

// Start implements otlptrace.Client.
func (*client) Start(context.Context) error { return nil }

// Stop implements otlptrace.Client.
func (c *client) Stop(context.Context) error {
	c.http.CloseIdleConnections()
	return nil
}

// UploadTraces implements otlptrace.Client. What can't be sent is lost, which the log says once.
func (c *client) UploadTraces(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	// An ExportTraceServiceRequest, whose generated code needs gRPC, has the same encoding.
	body, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: spans})
	if err != nil {
		return fmt.Errorf("cannot encode traces: %w", err)
	}
	for attempt := 1; ; attempt++ {
		again, err := c.send(ctx, body)
		if err == nil {
			if c.failing.Swap(false) {
				c.log.Info("traces are sent again")
			}
			return nil
		}
		if again && attempt < attempts && pause(ctx) {
			continue
		}
		if !c.failing.Swap(true) {
			c.log.Warn("traces can't be sent, and are lost until the collector takes them", "error", err)
		}
		return nil
	}
}

// send sends a request; again says that another attempt may succeed.
func (c *client) send(ctx context.Context, body []byte) (again bool, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	for name, values := range c.headers {
		request.Header[name] = values
	}
	request.Header.Set("Content-Type", "application/x-protobuf")
	response, err := c.http.Do(request)
	if err != nil {
		return true, err
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.CopyN(io.Discard, response.Body, 64<<10) // so that the connection can be used again
	switch response.StatusCode {
	case http.StatusOK, http.StatusAccepted:
		return false, nil
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		again = true
	}
	return again, fmt.Errorf("the collector answers %s", response.Status)
}

// pause waits before another attempt; it returns false if there is no time for one.
func pause(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(retryPause):
		return true
	}
}
