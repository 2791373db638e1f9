// Command sender writes the messages of a subscription to all sockets, and does nothing else: the time that the kernel
// needs, which bench --live compares servers with. POST /change carries the payload of the next message.
package main

import (
	"bufio"
	"crypto/sha1" //nolint:gosec // RFC 6455 asks for it
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"sync"
	"syscall"
)

func main() {
	fmt.Fprintln(os.Stderr, "sender:", run())
	os.Exit(1)
}

// run serves until that fails.
func run() error {
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT")) //nolint:noctx // until the process ends
	if err != nil {
		return err
	}
	fmt.Printf("Sender http://%s/\n", listener.Addr())
	var lanes []*lane
	for range runtime.GOMAXPROCS(0) {
		l := &lane{wake: make(chan struct{}, 1)}
		lanes = append(lanes, l)
		go l.run()
	}
	for number := 0; ; number++ {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		go serve(conn.(*net.TCPConn), lanes, lanes[number%len(lanes)])
	}
}

// lane writes what has been published to its sockets, all that waits with one call for each.
type lane struct {
	wake chan struct{}

	mutex   sync.Mutex
	sockets []int
	waiting []byte
}

func (l *lane) publish(frame []byte) {
	l.mutex.Lock()
	l.waiting = append(l.waiting, frame...)
	l.mutex.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *lane) run() {
	for range l.wake {
		l.mutex.Lock()
		sockets, text := l.sockets, l.waiting
		l.waiting = nil
		l.mutex.Unlock()
		for _, socket := range sockets {
			for rest := text; len(rest) > 0; {
				n, err := syscall.Write(socket, rest)
				if err != nil && err != syscall.EAGAIN {
					break
				}
				rest = rest[max(n, 0):]
			}
		}
	}
}

// serve answers the requests of a connection until it becomes a socket of the lane.
func serve(conn *net.TCPConn, lanes []*lane, own *lane) {
	defer conn.Close()
	reader := bufio.NewReader(conn)
	for {
		request, err := http.ReadRequest(reader)
		if err != nil {
			return
		}
		if key := request.Header.Get("Sec-Websocket-Key"); key != "" {
			subscribe(conn, reader, key, own)
			return
		}
		payload, _ := io.ReadAll(request.Body)
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
		frame := frameOf(`{"type":"next","id":"1","payload":{"data":{"ticketChanged":` + string(payload) + `}}}`)
		for _, l := range lanes {
			l.publish(frame)
		}
	}
}

// subscribe opens a socket. It acknowledges what the benchmark sends first, without reading it.
func subscribe(conn *net.TCPConn, reader *bufio.Reader, key string, own *lane) {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) //nolint:gosec // see above
	_, _ = fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Protocol: graphql-transport-ws\r\nSec-WebSocket-Accept: %s\r\n\r\n", base64.StdEncoding.EncodeToString(sum[:]))
	if awaitMessages(reader) != nil {
		return
	}
	_, _ = conn.Write(frameOf(`{"type":"connection_ack"}`))
	if awaitMessages(reader) != nil {
		return
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(socket uintptr) {
		own.mutex.Lock()
		own.sockets = append(own.sockets, int(socket))
		own.mutex.Unlock()
	})
	_, _ = conn.Write(frameOf(`{"type":"pong"}`))
	_, _ = io.Copy(io.Discard, reader)
}

// awaitMessages waits for messages and drops them.
func awaitMessages(reader *bufio.Reader) error {
	if _, err := reader.Peek(1); err != nil {
		return err
	}
	_, err := reader.Discard(reader.Buffered())
	return err
}

// frameOf returns an unmasked text frame.
func frameOf(text string) []byte {
	frame := []byte{0x81}
	if len(text) < 126 {
		frame = append(frame, byte(len(text)))
	} else {
		frame = append(frame, 126, byte(len(text)>>8), byte(len(text)))
	}
	return append(frame, text...)
}
