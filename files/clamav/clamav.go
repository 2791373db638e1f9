// Package clamav has files scanned for viruses by clamd, the daemon of ClamAV.
package clamav

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

const (
	// replyTimeout is how long clamd may take to accept or answer something.
	replyTimeout = 2 * time.Minute
	// chunkBytes is how much is sent to clamd at a time.
	chunkBytes = 64 << 10
	// maxReply is the length of the longest reply.
	maxReply = 4 << 10
)

// Scanner scans files with a clamd, over TCP.
type Scanner struct{ address string }

// New returns a scanner that uses the clamd at that address, HOST:PORT.
func New(address string) *Scanner { return &Scanner{address} }

// ParseAddress checks the address of a clamd.
func ParseAddress(text string) (string, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil || host == "" || port == "" {
		return "", errors.New("must be a host and a port, such as localhost:3310")
	}
	return text, nil
}

// Scan returns the name of the threat in a content, empty if clamd found none. An error says that clamd couldn't be asked, or couldn't
// scan it.
func (s *Scanner) Scan(ctx context.Context, content io.Reader) (threat string, err error) {
	connection, err := new(net.Dialer).DialContext(ctx, "tcp", s.address)
	if err != nil {
		return "", fmt.Errorf("cannot reach clamd: %w", err)
	}
	defer func() { _ = connection.Close() }()
	defer context.AfterFunc(ctx, func() { _ = connection.Close() })()
	sent := send(connection, content)
	if errors.Is(sent, errUnread) {
		return "", sent
	}
	// When a content is too large, clamd answers and closes the connection; its answer says more than the failed write.
	reply, err := receive(connection)
	switch {
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case err != nil:
		return "", errors.Join(sent, err)
	}
	return verdict(reply, sent)
}

// errUnread is returned if the content itself can't be read.
var errUnread = errors.New("cannot read the file to scan")

// send sends a content in the chunks of clamd's command INSTREAM: each after its length, and an empty one at the end.
func send(connection net.Conn, content io.Reader) error {
	buffer := make([]byte, 4+chunkBytes)
	message := append(buffer[:0], "zINSTREAM\x00"...)
	for ended := false; ; {
		_ = connection.SetDeadline(time.Now().Add(replyTimeout)) // it fails only once the connection is closed
		if _, err := connection.Write(message); err != nil {
			return fmt.Errorf("cannot send a file to clamd: %w", err)
		}
		if ended {
			return nil
		}
		n, err := io.ReadFull(content, buffer[4:])
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return fmt.Errorf("%w: %w", errUnread, err)
		}
		ended = n == 0
		binary.BigEndian.PutUint32(buffer, uint32(n))
		message = buffer[:4+n]
	}
}

func receive(connection net.Conn) (string, error) {
	_ = connection.SetDeadline(time.Now().Add(replyTimeout)) // as above
	reply, err := bufio.NewReader(io.LimitReader(connection, maxReply)).ReadString(0)
	if err != nil {
		return "", fmt.Errorf("cannot read the reply of clamd: %w", err)
	}
	return strings.TrimSpace(strings.TrimSuffix(reply, "\x00")), nil
}

// verdict reads a reply: "stream: OK", "stream: NAME FOUND" or a text that ends with ERROR.
func verdict(reply string, sent error) (threat string, err error) {
	result, isResult := strings.CutPrefix(reply, "stream: ")
	name, found := strings.CutSuffix(result, " FOUND")
	switch {
	case isResult && found && name != "":
		return name, nil
	case isResult && result == "OK" && sent == nil:
		return "", nil
	case sent != nil && isResult:
		return "", sent
	}
	return "", errors.Join(fmt.Errorf("clamd can't scan a file: %q", reply), sent)
}
