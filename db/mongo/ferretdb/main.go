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

	"github.com/FerretDB/FerretDB/ferretdb"
)

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
	upstream, err := start(dir)
	if err != nil {
		return err
	}
	// FerretDB makes a lot of garbage for each document that it scans; its data is small.
	debug.SetGCPercent(garbagePercent)
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("cannot listen: %w", err)
	}
	proxy := &proxy{upstream: upstream}
	defer proxy.stop()
	go proxy.serve(listener)
	fmt.Printf("mongodb://%s/\n", listener.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin)
	return nil
}

// start runs FerretDB on a free port until this process ends, and returns its address. Nothing waits for FerretDB to stop,
// which takes seconds: acknowledged writes survive the end of the process. They may not survive a crash of the machine, which tests
// don't need, and so it is many times faster.
func start(dir string) (address string, err error) {
	f, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: "127.0.0.1:0"},
		Handler:   "sqlite",
		SQLiteURL: "file:" + filepath.ToSlash(dir) + "/?_pragma=synchronous(off)",
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
	})
	if err != nil {
		return "", fmt.Errorf("cannot start FerretDB: %w", err)
	}
	go func() {
		if err := f.Run(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, "ferretdb:", err)
		}
	}()
	uri, err := url.Parse(f.MongoDBURI())
	if err != nil {
		return "", fmt.Errorf("cannot read FerretDB's URI: %w", err)
	}
	return uri.Host, nil
}
