// Command ferretdb serves a MongoDB-compatible database for tests, FerretDB v1 on SQLite. It prints its URI on one line
// and serves until its standard input closes, so that it never outlives the process that started it.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/FerretDB/FerretDB/ferretdb"
)

// stopTimeout bounds the wait for FerretDB to close its files.
const stopTimeout = 3 * time.Second

// garbagePercent is how much garbage may accumulate before a collection, in percent of the live heap.
const garbagePercent = 800

func main() {
	dir := flag.String("dir", "", "data directory; the default is a temporary one that is removed at the end")
	listen := flag.String("listen", "127.0.0.1:0", "address to serve on")
	flag.Parse()
	// An interrupt at the terminal ends the tests, and so standard input, and nobody reads the output any more.
	signal.Ignore(os.Interrupt, syscall.SIGPIPE)
	if err := run(*dir, *listen); err != nil {
		fmt.Fprintln(os.Stderr, "ferretdb:", err)
		os.Exit(1)
	}
}

func run(dir, listen string) error {
	if dir == "" {
		temporary, err := os.MkdirTemp("", "crm-ferretdb-")
		if err != nil {
			return fmt.Errorf("cannot make data directory: %w", err)
		}
		defer func() { _ = os.RemoveAll(temporary) }()
		dir = temporary
	}
	server, err := start(dir)
	if err != nil {
		return err
	}
	defer server.stop()
	// FerretDB makes a lot of garbage for each document that it scans; its data is small.
	debug.SetGCPercent(garbagePercent)
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("cannot listen: %w", err)
	}
	proxy := &proxy{upstream: server.address}
	defer proxy.stop()
	go proxy.serve(listener)
	fmt.Printf("mongodb://%s/\n", listener.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin)
	return nil
}

// server is a running FerretDB.
type server struct {
	address string
	cancel  context.CancelFunc
	done    chan struct{}
}

// start runs FerretDB on a free port. Acknowledged writes survive a crash of the process, but not of the machine: tests
// need no more, and it is many times faster.
func start(dir string) (*server, error) {
	f, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: "127.0.0.1:0"},
		Handler:   "sqlite",
		SQLiteURL: "file:" + filepath.ToSlash(dir) + "/?_pragma=synchronous(off)",
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
	})
	if err != nil {
		return nil, fmt.Errorf("cannot start FerretDB: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &server{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		if err := f.Run(ctx); err != nil {
			fmt.Fprintln(os.Stderr, "ferretdb:", err)
		}
	}()
	uri, err := url.Parse(f.MongoDBURI())
	if err != nil {
		s.stop()
		return nil, fmt.Errorf("cannot read FerretDB's URI: %w", err)
	}
	s.address = uri.Host
	return s, nil
}

func (s *server) stop() {
	s.cancel()
	select {
	case <-s.done:
	case <-time.After(stopTimeout):
	}
}
