// Command reference is a hand-written handler for the requests of the benchmark: net/http, a few SQL statements through
// database/sql, encoding/json. It reads and writes a copy of the server's own file.
//
// It is the baseline for the server, so it must not change: it is not tuned, and it does less than the server. It has no
// GraphQL, no authentication, no permissions, no limits and no validation, and nothing processes the events that it writes.
package main

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

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "reference:", err)
		os.Exit(1)
	}
}

// run serves the file that the argument names until ctx is done.
func run(ctx context.Context, arguments []string, out io.Writer) error {
	if len(arguments) != 1 {
		return errors.New("usage: reference FILE")
	}
	store, err := openStore(ctx, arguments[0])
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "Reference   http://%s/\n", listener.Addr()); err != nil {
		return err
	}
	server := &http.Server{Handler: store.handler(), ReadHeaderTimeout: 5 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err = <-failed:
	case <-ctx.Done():
		err = server.Shutdown(context.WithoutCancel(ctx))
	}
	return errors.Join(err, store.close())
}

// handler returns the handler of all requests.
func (s *store) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /customers", s.serveCustomers)
	mux.HandleFunc("GET /companies/{name}", s.serveCompany)
	mux.HandleFunc("GET /interactions/{id}", s.serveInteraction)
	mux.HandleFunc("GET /tickets/open", s.serveOpenTickets)
	mux.HandleFunc("POST /tickets", s.serveCreateTicket)
	mux.HandleFunc("POST /login", s.serveLogIn)
	return mux
}
