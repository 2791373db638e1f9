package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"crm/auth"
)

// The close codes of graphql-transport-ws. The graphql-ws client reconnects after closeForbidden and closeInitTime, and
// gives up after the others.
const (
	closeBadMessage  websocket.StatusCode = 4400
	closeNotReady    websocket.StatusCode = 4401
	closeForbidden   websocket.StatusCode = 4403
	closeSubprotocol websocket.StatusCode = 4406
	closeInitTime    websocket.StatusCode = 4408
	closeDuplicate   websocket.StatusCode = 4409
	closeTooMany     websocket.StatusCode = 4429
)

// closeTime is how long a client may take to confirm the closing of a socket.
const closeTime = time.Second

// socket is a client's graphql-transport-ws connection. One goroutine reads it, and each operation has one while it writes
// its responses: an idle subscription has none. There is no queue of messages: a writer that can't proceed waits, and so
// does the source of a subscription, which decides what to do about it.
type socket struct {
	exec    *runner
	conn    *websocket.Conn
	network net.Conn
	// raw is the connection for writing without waiting; it is nil if the platform can't.
	raw syscall.RawConn
	// headers are the request headers that operations can read.
	headers http.Header

	// writing is held while messages are written; closing means that none may follow.
	writing sync.Mutex
	closing bool
	// pinging means that the WebSocket package may be writing a ping.
	pinging atomic.Bool
	// These are used only while a message is handled, one message at a time.
	ready   bool
	refused int
	started int

	mutex      sync.Mutex
	identity   identity
	operations map[string]*socketOperation
	// leaving means that no further operation may begin.
	leaving bool
	// running waits for the operations' goroutines; runs counts them.
	running sync.WaitGroup
	runs    int
	// heartbeat checks that the client is alive after connection_init; before that, it is the timeout of connection_init.
	heartbeat *time.Timer
	// expiry ends the socket when the access token expires.
	expiry *time.Timer
}

func newSocket(exec *runner, conn *websocket.Conn, network net.Conn, from identity, cost string) *socket {
	s := &socket{exec: exec, conn: conn, network: network, identity: from, operations: map[string]*socketOperation{}}
	if system, ok := network.(syscall.Conn); ok {
		s.raw, _ = system.SyscallConn()
	}
	if cost != "" {
		s.headers = http.Header{}
		s.headers.Set(CostHeader, cost)
	}
	return s
}

// messagesPerPause is the number of messages between two pauses of a socket. A client that sends thousands at once, each of
// which takes about 30 µs, thereby occupies only a fifth of a processor.
const messagesPerPause = 8

// serve reads messages until the socket is closed. It handles each in a separate goroutine and waits for it: the stack of
// that goroutine is freed, whereas this one would keep the size of its deepest call while the socket is idle.
func (s *socket) serve(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer s.end(cancel)
	s.set(&s.heartbeat, s.exec.limits.Streams.Init, func() { s.close(closeInitTime, "Connection initialisation timeout") })
	handled := make(chan bool)
	for count := 1; ; count++ {
		kind, text, err := s.read()
		if err != nil {
			return
		}
		go func() { handled <- s.handle(ctx, kind, text) }()
		if !<-handled {
			return
		}
		if count%messagesPerPause == 0 {
			pause()
		}
	}
}

// read reads one message. A client may be silent for long, but not in the middle of a message.
func (s *socket) read() (websocket.MessageType, []byte, error) {
	kind, reader, err := s.conn.Reader(context.Background())
	if err != nil {
		return 0, nil, err
	}
	_ = s.network.SetReadDeadline(time.Now().Add(s.exec.limits.Streams.Transfer))
	text, err := io.ReadAll(reader)
	_ = s.network.SetReadDeadline(time.Time{})
	return kind, text, err
}

// handle processes a message. It returns false if the socket has been closed.
func (s *socket) handle(ctx context.Context, kind websocket.MessageType, text []byte) (open bool) {
	defer func() {
		if cause := recover(); cause != nil {
			s.fail(ctx, cause)
		}
	}()
	switch {
	case kind != websocket.MessageText:
		s.close(websocket.StatusUnsupportedData, "Messages must be text")
		return false
	case !utf8.Valid(text):
		s.close(websocket.StatusInvalidFramePayloadData, "Messages must be UTF-8")
		return false
	}
	message, problem := parseSocketMessage(text)
	switch {
	case problem != "":
		s.close(closeBadMessage, problem)
		return false
	case message.Type == messageInit:
		return s.initialize(ctx, message)
	case message.Type == messagePing:
		return s.write(marshalMessage(messagePong, "", message.Payload))
	case message.Type == messageSubscribe && !s.ready:
		s.close(closeNotReady, "Unauthorized")
		return false
	case message.Type == messageSubscribe:
		return s.subscribe(ctx, message)
	case message.Type == messageComplete:
		s.complete(message.ID)
	}
	return true
}

// initialize authenticates the client. A token here takes precedence over one in the request that opened the socket.
func (s *socket) initialize(ctx context.Context, message socketMessage) bool {
	if s.ready {
		s.close(closeTooMany, "Too many initialisation requests")
		return false
	}
	authorization, ok := message.authorization()
	if !ok {
		s.close(closeBadMessage, "Authorization must be a string")
		return false
	}
	known, err := s.identity.as(ctx, authorization)
	switch {
	case errors.Is(err, auth.ErrInvalidToken):
		s.close(closeForbidden, "Forbidden")
		return false
	case err != nil:
		s.exec.log.ErrorContext(ctx, "cannot authenticate", "requestId", RequestID(ctx), "error", err)
		s.close(websocket.StatusTryAgainLater, "The database can't be reached")
		return false
	}
	s.mutex.Lock()
	s.identity, s.ready = known, true
	inTime := s.heartbeat != nil && s.heartbeat.Stop() // nil if the server stopped before the socket was served
	s.mutex.Unlock()
	if !inTime {
		return false // the socket is being closed
	}
	s.set(&s.heartbeat, s.exec.limits.Streams.Heartbeat, func() { s.checkAlive(ctx) })
	if expires := known.viewer.Expires; !expires.IsZero() {
		s.set(&s.expiry, time.Until(expires), func() { s.leave(closeForbidden, "Forbidden", errExpired()) })
	}
	return s.write(marshalMessage(messageAck, "", nil))
}

// set sets one of the timers, unless the socket is about to be closed.
func (s *socket) set(timer **time.Timer, after time.Duration, do func()) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if !s.leaving {
		*timer = time.AfterFunc(after, do)
	}
}
