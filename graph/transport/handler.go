// Package transport serves GraphQL over HTTP: as JSON, as event streams and on WebSockets. It reads and authenticates
// requests, and passes their operations to an executor.
package transport

import (
	"context"
	"log/slog"
	"net/http"
)

// Config configures a Handler. Only Executor is required.
type Config struct {
	Executor Executor
	Limits   Limits
	// Logger logs errors before an operation begins; slog's default if nil.
	Logger *slog.Logger
	// Batching lets a request contain a list of operations.
	Batching bool
	// Origins are the origins whose pages may open sockets, besides this host's own.
	Origins Origins
	// Authenticator checks the tokens of connection_init, and whether those of open streams are still valid. If it is nil,
	// connection_init takes no tokens.
	Authenticator Authenticator
}

// Handler serves GraphQL over HTTP: as JSON, as an event stream, or on a WebSocket, depending on the request.
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
		plain: &httpTransport{exec: run, batching: config.Batching, compressor: newCompressor(), events: eventTransport{
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

// EndStreams ends all sockets and event streams, which the shutdown of an HTTP server doesn't do, and refuses new ones. It
// returns when they have ended or ctx is done. Call it only once.
func (h *Handler) EndStreams(ctx context.Context) { h.streams.shutdown(ctx) }

// Streams returns how many sockets and event streams are open.
func (h *Handler) Streams() int { return h.streams.count() }
