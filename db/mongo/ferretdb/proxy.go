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
	"github.com/FerretDB/wire/wirebson"
	"github.com/FerretDB/wire/wireclient"
)

// proxy forwards commands to FerretDB and adds two guarantees of MongoDB that it lacks: a write is atomic (FerretDB
// reads, changes and writes back without a lock, so concurrent updates get lost), and a violation of a unique index
// names the index. It also makes finds by id fast: see findByID.
type proxy struct {
	upstream string
	writing  sync.Mutex
	// working is read-locked by each running command.
	working sync.RWMutex
}

// stop waits for running commands and lets no other begin, so that the data can be removed.
func (p *proxy) stop() { p.working.Lock() }

func (p *proxy) serve(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			fmt.Fprintln(os.Stderr, "ferretdb: cannot accept:", err)
			return
		}
		go p.serveClient(client)
	}
}

// serveClient forwards one connection, message by message, until either side closes it.
func (p *proxy) serveClient(client net.Conn) {
	defer func() { _ = client.Close() }()
	ctx := context.Background()
	server, err := new(net.Dialer).DialContext(ctx, "tcp", p.upstream)
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
		header, answer, err := p.forward(ctx, upstream, header, request)
		if err != nil {
			fmt.Fprintln(os.Stderr, "ferretdb: cannot forward:", err)
			return
		}
		if send(writer, header, answer) != nil {
			return
		}
	}
}

func (p *proxy) forward(
	ctx context.Context, upstream *upstream, header *wire.MsgHeader, request wire.MsgBody,
) (*wire.MsgHeader, wire.MsgBody, error) {
	p.working.RLock()
	defer p.working.RUnlock()
	message, command := commandOf(request)
	isWrite := command != nil && slices.Contains(writes, command.Command())
	if isWrite {
		p.writing.Lock()
		defer p.writing.Unlock()
	}
	if command != nil && command.Command() == "find" {
		request = findByID(message, command)
	}
	header, answer, err := upstream.pass(header, request)
	reply, ok := answer.(*wire.OpMsg)
	if err != nil || !isWrite || !ok {
		return header, answer, err
	}
	fixed, err := fix(ctx, upstream.client, message, reply)
	if err != nil {
		return nil, nil, err
	}
	return header, fixed, nil
}

// upstream is a connection to FerretDB.
type upstream struct {
	reader *bufio.Reader
	writer *bufio.Writer
	// client sends the proxy's own commands over the same connection. It formats every message for its log, even if
	// that is discarded, so forwarded messages bypass it.
	client *wireclient.Conn
}

func newUpstream(conn net.Conn) *upstream {
	return &upstream{
		reader: bufio.NewReader(conn), writer: bufio.NewWriter(conn),
		client: wireclient.New(conn, slog.New(slog.DiscardHandler)),
	}
}

// pass sends a message and returns its answer.
func (u *upstream) pass(header *wire.MsgHeader, request wire.MsgBody) (*wire.MsgHeader, wire.MsgBody, error) {
	if err := send(u.writer, header, request); err != nil {
		return nil, nil, err
	}
	return wire.ReadMessage(u.reader)
}

// send sends a message. It corrects the length in the header, which may be another message's.
func send(w *bufio.Writer, header *wire.MsgHeader, message wire.MsgBody) error {
	body, err := message.MarshalBinary()
	if err != nil {
		return err
	}
	header.MessageLength = int32(wire.MsgHeaderLen + len(body))
	if err := wire.WriteMessage(w, header, message); err != nil {
		return err
	}
	return w.Flush()
}

// writes are the commands that change something.
var writes = []string{"insert", "update", "findAndModify", "delete", "createIndexes"}

// commandOf returns the message and the command in it, with nested values as they are encoded; nil if it is another kind of message.
func commandOf(request wire.MsgBody) (*wire.OpMsg, *wirebson.Document) {
	message, ok := request.(*wire.OpMsg)
	if !ok {
		return nil, nil
	}
	command, err := message.RawSection0().Decode()
	if err != nil {
		return nil, nil
	}
	return message, command
}
