// Package transport answers GraphQL over HTTP: as JSON, as event streams and on WebSockets. It reads requests, knows who sends
// them, and leaves what they ask for to an executor.
package transport

import (
	"context"
	"log/slog"
	"net/http"
)

// Config is what a Handler works with. Only Executor is required.
type Config struct {
	Executor Executor
	Limits   Limits
	// Logger gets what goes wrong before an operation begins; slog's default if nil.
	Logger *slog.Logger
	// Origins are those whose pages may open sockets, besides this host's own.
	Origins Origins
	// Authenticator knows the tokens that come by connection_init, and whether those of open streams are still good. If it
	// is nil, there are no tokens by connection_init.
	Authenticator Authenticator
}

// Handler answers GraphQL over HTTP: as JSON, as an event stream, or on a WebSocket, as the request has it.
type Handler struct {
	plain   http.Handler
	sockets http.Handler
	streams *openStreams
}

// NewHandler returns a handler.
func NewHandler(config Config) *Handler { return newHandler(newRunner(config), config) }

func newHandler(run *runner, config Config) *Handler {
	streams := newOpenStreams(run.limits.Streams)
	return &Handler{
		plain: &httpTransport{exec: run, compressor: newCompressor(), events: eventTransport{
			exec: run, authenticator: config.Authenticator, streams: streams,
		}},
		sockets: &socketTransport{
			exec: run, authenticator: config.Authenticator, origins: config.Origins, streams: streams,
		},
		streams: streams,
	}
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if isSocketRequest(r) {
		h.sockets.ServeHTTP(w, r)
		return
	}
	h.plain.ServeHTTP(w, r)
}

// EndStreams ends all sockets and event streams, which an HTTP server that shuts down doesn't do, and lets no other
// begin. It returns when they have ended or ctx is done. It is called once.
func (h *Handler) EndStreams(ctx context.Context) { h.streams.shutdown(ctx) }
