package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
)

// maxSocketPath is the length of a socket's path that all systems allow; Linux allows 107 bytes, macOS 103.
const maxSocketPath = 100

var errNoServer = errors.New("no server is running on this folder")

// socketPath returns the path of the socket of the server on a folder.
func socketPath(dataDir string) string { return filepath.Join(dataDir, "crm.sock") }

// listen opens the socket at path for its owner only. The socket of a server that was killed is replaced; the caller has
// the lock of the data file, so no other server is running.
func listen(ctx context.Context, path string) (net.Listener, error) {
	// In a folder of its own nobody else can connect before the socket has its permissions.
	private := path + ".new"
	if err := os.RemoveAll(private); err != nil {
		return nil, fmt.Errorf("cannot open the socket: %w", err)
	}
	if err := os.Mkdir(private, 0o700); err != nil {
		return nil, fmt.Errorf("cannot open the socket: %w", err)
	}
	defer func() { _ = os.RemoveAll(private) }()
	draft := filepath.Join(private, "s")
	var listener *net.UnixListener
	err := withShortPath(draft, func(short string) error {
		opened, err := new(net.ListenConfig).Listen(ctx, "unix", short)
		if err == nil {
			listener = opened.(*net.UnixListener)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("cannot open the socket: %w", err)
	}
	listener.SetUnlinkOnClose(false) // it is moved
	if err = os.Chmod(draft, 0o600); err == nil {
		err = os.Rename(draft, path)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("cannot open the socket: %w", err), listener.Close())
	}
	return listener, nil
}

// reach connects to the server on a folder. If there is none, the error is errNoServer.
func reach(ctx context.Context, dataDir string) (net.Conn, error) {
	var conn net.Conn
	err := withShortPath(socketPath(dataDir), func(short string) error {
		var err error
		conn, err = new(net.Dialer).DialContext(ctx, "unix", short)
		return err
	})
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("DATA_DIR: only the user who runs the server may use commands: %w", err)
	}
	if err != nil {
		return nil, errNoServer
	}
	return conn, nil
}

// withShortPath calls use with a path to the file that is short enough for a socket.
func withShortPath(path string, use func(short string) error) error {
	if len(path) <= maxSocketPath {
		return use(path)
	}
	folder, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return err
	}
	links, err := os.MkdirTemp("", "crm-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(links) }()
	link := filepath.Join(links, "data")
	if err := os.Symlink(folder, link); err != nil {
		return err
	}
	return use(filepath.Join(link, filepath.Base(path)))
}
