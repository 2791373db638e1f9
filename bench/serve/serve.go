// Package serve runs the hand-written handlers that the server is compared with.
package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Handler answers requests from a data file.
type Handler interface {
	// Routes returns the handler of all requests.
	Routes() http.Handler
	Close() error
}

// Main serves the file that the program's argument names, on a free port, until it is told to stop.
func Main[H Handler](open func(ctx context.Context, file string) (H, error)) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, open)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run[H Handler](ctx context.Context, arguments []string, out io.Writer, open func(context.Context, string) (H, error)) error {
	if len(arguments) != 1 {
		return errors.New("the argument must be a data file")
	}
	handler, err := open(ctx, arguments[0])
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, handler.Close())
	}
	if _, err := fmt.Fprintf(out, "Peer http://%s/\n", listener.Addr()); err != nil {
		return errors.Join(err, handler.Close())
	}
	server := &http.Server{Handler: handler.Routes(), ReadHeaderTimeout: 5 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err = <-failed:
	case <-ctx.Done():
		err = server.Shutdown(context.WithoutCancel(ctx))
	}
	return errors.Join(err, handler.Close())
}
