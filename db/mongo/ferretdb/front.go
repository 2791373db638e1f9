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
	upstream, err := wireclient.Connect(ctx, f.upstream, slog.New(slog.DiscardHandler))
	if err != nil {
		fmt.Fprintln(os.Stderr, "ferretdb: cannot connect:", err)
		return
	}
	defer func() { _ = upstream.Close() }()
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
	ctx context.Context, upstream *wireclient.Conn, header *wire.MsgHeader, request wire.MsgBody,
) (*wire.MsgHeader, wire.MsgBody, error) {
	f.working.RLock()
	defer f.working.RUnlock()
	write := writeOf(request)
	if write != nil {
		f.writing.Lock()
		defer f.writing.Unlock()
	}
	if err := upstream.Write(ctx, header, request); err != nil {
		return nil, nil, err
	}
	header, answer, err := upstream.Read(ctx)
	message, ok := answer.(*wire.OpMsg)
	if err != nil || write == nil || !ok {
		return header, answer, err
	}
	mended, err := mend(ctx, upstream, write, message)
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
