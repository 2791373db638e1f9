package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
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

// server is the HTTP server with functions that end what Shutdown doesn't: streams, for which it would wait, and commands.
type server struct {
	http.Server
	ends []func(ctx context.Context)
}

// newServer returns a server of HTTP/1.1 and HTTP/2, with TLS if there is a configuration of it.
func newServer(handler http.Handler, secure *tls.Config, log *slog.Logger, ends ...func(ctx context.Context)) *server {
	// HTTP/2 without TLS is for proxies that speak it with the servers behind them.
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(secure != nil)
	protocols.SetUnencryptedHTTP2(secure == nil)
	return &server{ends: ends, Server: http.Server{
		Handler: handler, TLSConfig: secure, ReadHeaderTimeout: headerTime, ReadTimeout: readTime, WriteTimeout: writeTime,
		IdleTimeout: idleTime, MaxHeaderBytes: headerBytes, Protocols: &protocols, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}}
}

// belowBase serves next below a path, too, which a proxy passes on or takes away. The path itself leads to the page below it.
func belowBase(base string, next http.Handler) http.Handler {
	if base == "" {
		return next
	}
	below := http.StripPrefix(base, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == base && (r.Method == http.MethodGet || r.Method == http.MethodHead):
			http.Redirect(w, r, base+"/", http.StatusPermanentRedirect)
		case strings.HasPrefix(r.URL.Path, base+"/"):
			below.ServeHTTP(w, r)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// basePath matches a path of plain segments.
var basePath = regexp.MustCompile(`^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$`)

func parseBasePath(text string) (string, error) {
	text = strings.TrimSuffix(text, "/")
	if text != "" && !basePath.MatchString(text) {
		return "", errors.New("must be a path such as /crm")
	}
	return text, nil
}

// hostName matches the names of machines.
var hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$`)

func parseListenHost(text string) (string, error) {
	text = strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
	if _, err := netip.ParseAddr(text); err != nil && !hostName.MatchString(text) {
		return "", errors.New("must be an address or a name of this machine, such as 127.0.0.1, ::1 or localhost, without a port")
	}
	return text, nil
}

// reachable returns a host at which a server can be reached on this machine that listens on one, which is empty for all.
func reachable(host, otherwise string) string {
	address, err := netip.ParseAddr(host)
	if host == "" || err == nil && address.IsUnspecified() {
		return otherwise
	}
	return host
}

// baseURL returns the server's address for a person on its machine.
func (s *settings) baseURL(port int) string {
	scheme, host := "http", reachable(s.host, "localhost")
	if s.tls.on() {
		scheme = "https"
	}
	if len(s.tls.domains) > 0 {
		host = s.tls.domains[0]
	}
	return scheme + "://" + net.JoinHostPort(host, strconv.Itoa(port)) + s.basePath
}

// listen opens the port that clients connect to.
func (s *settings) listen(ctx context.Context) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(s.host, strconv.Itoa(s.port)))
	if err != nil {
		return nil, fmt.Errorf("cannot listen on HOST and PORT: %w", err)
	}
	if s.proxyProtocol {
		listener = s.proxies.Listen(listener)
	}
	return listener, nil
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
	go func() { failed <- server.serve(listener) }()
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
		log.Info("stopping")
	}
	err = errors.Join(err, server.shutDown(context.WithoutCancel(ctx)))
	stopNotifying()
	running.Wait()
	return errors.Join(err, notified)
}

func (s *server) serve(listener net.Listener) error {
	if s.TLSConfig == nil {
		return s.Serve(listener)
	}
	return s.ServeTLS(listener, "", "") // the configuration has the certificate
}

// shutDown ends streams and waits for requests and commands.
func (s *server) shutDown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, shutdownTime)
	defer cancel()
	var ending sync.WaitGroup
	for _, end := range s.ends {
		ending.Go(func() { end(ctx) })
	}
	err := s.Shutdown(ctx)
	ending.Wait()
	return err
}
