package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"crm/notify"
)

// The timeouts of a connection, which close slow and idle ones; shutdownTime is how long requests may take to finish
// once the server is stopping.
const (
	headerTime   = 5 * time.Second
	readTime     = 30 * time.Second
	writeTime    = 60 * time.Second
	idleTime     = 2 * time.Minute
	headerBytes  = 64 << 10
	shutdownTime = 20 * time.Second
	// maxOperationTime leaves time to write the response.
	maxOperationTime = writeTime - 10*time.Second
)

// server is the HTTP server with a function that ends its streams: Shutdown alone would wait for them.
type server struct {
	http.Server
	endStreams func(ctx context.Context)
}

func newServer(handler http.Handler, endStreams func(ctx context.Context), log *slog.Logger) *server {
	// HTTP/2 without TLS is for proxies that speak it with the servers behind them.
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	return &server{endStreams: endStreams, Server: http.Server{
		Handler: handler, ReadHeaderTimeout: headerTime, ReadTimeout: readTime, WriteTimeout: writeTime,
		IdleTimeout: idleTime, MaxHeaderBytes: headerBytes, Protocols: &protocols, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}}
}

// serveUntilDone serves until ctx is done, then ends streams and waits for requests and mail that is being sent.
func serveUntilDone(
	ctx context.Context, listener net.Listener, server *server, service *notify.Service, log *slog.Logger,
) error {
	notifying, stopNotifying := context.WithCancel(context.WithoutCancel(ctx))
	defer stopNotifying()
	var notified error
	var running sync.WaitGroup
	running.Go(func() { notified = service.Run(notifying) })
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
		log.Info("stopping")
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
		var streaming sync.WaitGroup
		streaming.Go(func() { server.endStreams(ending) })
		err = server.Shutdown(ending)
		streaming.Wait()
		cancel()
	}
	stopNotifying()
	running.Wait()
	return errors.Join(err, notified)
}
