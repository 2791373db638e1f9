package main

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"sync"

	"github.com/FerretDB/wire"
	"github.com/FerretDB/wire/wireclient"
)

// front stands between the clients and FerretDB and makes it keep two promises of MongoDB that it breaks: a write is
// atomic (FerretDB reads, changes and writes back without a lock, so concurrent updates get lost), and a violation of
// a unique index names the index.
type front struct {
	upstream string
	writing  sync.Mutex
	// working is held for reading by each command under way.
	working sync.RWMutex
}

// stop waits for the commands under way and lets no other begin, so that the data may be removed.
func (f *front) stop() { f.working.Lock() }

func (f *front) serve(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			fmt.Fprintln(os.Stderr, "ferretdb: cannot accept:", err)
			return
		}
		go f.serveClient(client)
	}
}

// serveClient forwards one connection, message by message, until either side closes it.
func (f *front) serveClient(client net.Conn) {
	defer func() { _ = client.Close() }()
	ctx := context.Background()
	server, err := new(net.Dialer).DialContext(ctx, "tcp", f.upstream)
	if err != nil {
		fmt.Fprintln(os.Stderr, "ferretdb: cannot connect:", err)
		return
	}
	defer func() { _ = server.Close() }()
	upstream := newUpstream(server)
	reader, writer := bufio.NewReader(client), bufio.NewWriter(client)
	for {
		header, request, err := wire.ReadMessage(reader)
		if err != nil {
			return
		}
		header, answer, err := f.forward(ctx, upstream, header, request)
		if err != nil {
			fmt.Fprintln(os.Stderr, "ferretdb: cannot forward:", err)
			return
		}
		if wire.WriteMessage(writer, header, answer) != nil || writer.Flush() != nil {
			return
		}
	}
}

func (f *front) forward(
	ctx context.Context, upstream *upstream, header *wire.MsgHeader, request wire.MsgBody,
) (*wire.MsgHeader, wire.MsgBody, error) {
	f.working.RLock()
	defer f.working.RUnlock()
	write := writeOf(request)
	if write != nil {
		f.writing.Lock()
		defer f.writing.Unlock()
	}
	header, answer, err := upstream.pass(header, request)
	message, ok := answer.(*wire.OpMsg)
	if err != nil || write == nil || !ok {
		return header, answer, err
	}
	mended, err := mend(ctx, upstream.client, write, message)
	if err != nil {
		return nil, nil, err
	}
	body, err := mended.MarshalBinary()
	if err != nil {
		return nil, nil, err
	}
	header.MessageLength = int32(wire.MsgHeaderLen + len(body))
	return header, mended, nil
}

// upstream is a connection to FerretDB.
type upstream struct {
	reader *bufio.Reader
	writer *bufio.Writer
	// client sends commands of the front's own over the same connection. It writes every message out for a log, even for one
	// that is discarded, so what is only passed on goes past it.
	client *wireclient.Conn
}

func newUpstream(conn net.Conn) *upstream {
	return &upstream{
		reader: bufio.NewReader(conn), writer: bufio.NewWriter(conn),
		client: wireclient.New(conn, slog.New(slog.DiscardHandler)),
	}
}

// pass sends a message and returns the answer to it.
func (u *upstream) pass(header *wire.MsgHeader, request wire.MsgBody) (*wire.MsgHeader, wire.MsgBody, error) {
	if err := wire.WriteMessage(u.writer, header, request); err != nil {
		return nil, nil, err
	}
	if err := u.writer.Flush(); err != nil {
		return nil, nil, err
	}
	return wire.ReadMessage(u.reader)
}

// writeOf returns the message if it is a command that writes, else nil.
func writeOf(request wire.MsgBody) *wire.OpMsg {
	message, ok := request.(*wire.OpMsg)
	if !ok {
		return nil
	}
	command, err := message.RawSection0().Decode()
	if err != nil {
		return nil
	}
	if slices.Contains([]string{"insert", "update", "findAndModify", "delete", "createIndexes"}, command.Command()) {
		return message
	}
	return nil
}
