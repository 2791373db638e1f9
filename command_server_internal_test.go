package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crm/db"
)

// commandsIn serves the commands of a new store, whose folder it returns.
func commandsIn(t *testing.T, log *slog.Logger) (dataDir string, stop func(context.Context)) {
	t.Helper()
	s := newSettings()
	s.dataDir = t.TempDir()
	c, err := open(t.Context(), s, log, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	return s.dataDir, serveCommands(t.Context(), s.dataDir, c, log)
}

// TestStopDuringCommand stops the server when a command has taken too long.
func TestStopDuringCommand(t *testing.T) {
	t.Parallel()
	dataDir, stop := commandsIn(t, slog.New(slog.DiscardHandler))
	server, err := reach(t.Context(), dataDir)
	if err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	out := writerFunc(func() { stop(ended) })
	err = send(t.Context(), server, call{Name: "demo", Arguments: []string{"--customers", "1000000"}, Terminal: true}, out)
	if err == nil || err.Error() != errStopping.Error() {
		t.Errorf("got error %v", err)
	}
	if _, err := reach(t.Context(), dataDir); !errors.Is(err, errNoServer) {
		t.Errorf("the stopped server is reached with %v", err)
	}
}

// writerFunc is called at each write.
type writerFunc func()

func (f writerFunc) Write(p []byte) (int, error) {
	f()
	return len(p), nil
}

// TestOtherVersion sends commands that this version doesn't know.
func TestOtherVersion(t *testing.T) {
	t.Parallel()
	dataDir, stop := commandsIn(t, slog.New(slog.DiscardHandler))
	defer stop(t.Context())
	for _, c := range []call{{Name: "later"}, {Name: "demo", Arguments: []string{"--later"}}} {
		server, err := reach(t.Context(), dataDir)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		err = send(t.Context(), server, c, &out)
		if err == nil || !strings.Contains(err.Error(), "of another version") || out.Len() > 0 {
			t.Errorf("%v got error %v and %q", c, err, &out)
		}
	}
}

// TestNoSocket serves where there can be no socket: the log says so.
func TestNoSocket(t *testing.T) {
	t.Parallel()
	var logged bytes.Buffer
	folder := t.TempDir()
	if err := os.MkdirAll(filepath.Join(socketPath(folder), "occupied"), 0o700); err != nil {
		t.Fatal(err)
	}
	serveCommands(t.Context(), folder, nil, slog.New(slog.NewJSONHandler(&logged, nil)))(t.Context())
	if !strings.Contains(logged.String(), "commands can't be used") {
		t.Errorf("the log is %s", &logged)
	}
}

// TestPrivateSocket checks the permissions of a socket in a folder that others may read.
func TestPrivateSocket(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o777); err != nil { //nolint:gosec // that is the case
		t.Fatal(err)
	}
	listener, err := listen(t.Context(), socketPath(folder))
	if err != nil {
		t.Fatal(err)
	}
	defer func(l net.Listener) { _ = l.Close() }(listener)
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 1 || entries[0].Type() != os.ModeSocket {
		t.Fatalf("the folder has %v, %v", entries, err)
	}
	if info, err := entries[0].Info(); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket has mode %v, %v", info.Mode(), err)
	}
}
