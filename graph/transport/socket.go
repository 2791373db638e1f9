package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"crm/auth"
)

// The close codes of graphql-transport-ws. The graphql-ws client connects again after closeForbidden and closeInitTime,
// and gives up after the others.
const (
	closeBadMessage  websocket.StatusCode = 4400
	closeNotReady    websocket.StatusCode = 4401
	closeForbidden   websocket.StatusCode = 4403
	closeSubprotocol websocket.StatusCode = 4406
	closeInitTime    websocket.StatusCode = 4408
	closeDuplicate   websocket.StatusCode = 4409
	closeTooMany     websocket.StatusCode = 4429
)

// closeTime is how long a client may take to answer that a socket is closed.
const closeTime = time.Second

// socket is one client's connection that speaks graphql-transport-ws. One goroutine reads it, and each operation has one
// while it writes what comes of it: an idle subscription has none. There is no queue of messages: a writer that can't proceed
// waits, and in the end so does the source of a subscription, which decides what to do about it.
type socket struct {
	exec    *runner
	conn    *websocket.Conn
	network net.Conn
	// headers are those of the request that operations know.
	headers http.Header

	// writing is held while a message is written.
	writing sync.Mutex
	// These belong to the message that is being handled; there is one at a time.
	ready   bool
	refused int
	started int

	mutex      sync.Mutex
	identity   identity
	operations map[string]*socketOperation
	// leaving says that no operation may begin any more.
	leaving bool
	// running are the operations' goroutines; runs is how many they are.
	running sync.WaitGroup
	runs    int
	// heartbeat makes sure that the client is there, once it has said connection_init; before, it limits the time for that.
	heartbeat *time.Timer
	// expiry ends the socket with the access token.
	expiry *time.Timer
}

func newSocket(exec *runner, conn *websocket.Conn, network net.Conn, from identity, cost string) *socket {
	s := &socket{exec: exec, conn: conn, network: network, identity: from, operations: map[string]*socketOperation{}}
	if cost != "" {
		s.headers = http.Header{CostHeader: {cost}}
	}
	return s
}

// messagesToRest is after how many messages a socket rests. The messages of a client that sends thousands at once,
// each of which takes some 30 µs, occupy a fifth of a processor that way.
const messagesToRest = 8

// serve reads messages until the socket is closed. Each is handled by a goroutine of its own that is waited for: its
// stack goes with it, while this one would keep, as long as the socket is idle, what the deepest call has needed.
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
		if count%messagesToRest == 0 {
			rest()
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

// handle does what a message asks for. It returns false if the socket has been closed.
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

// initialize finds out who the client is. A token here takes precedence over one in the request that opened the socket.
func (s *socket) initialize(ctx context.Context, message socketMessage) bool {
	if s.ready {
		s.close(closeTooMany, "Too many initialisation requests")
		return false
	}
	authorization, ok := message.authorization()
	if !ok {
		s.close(closeBadMessage, "Authorization must be a text")
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
	inTime := s.heartbeat != nil && s.heartbeat.Stop() // it is nil if the server stopped before the socket was served
	s.mutex.Unlock()
	if !inTime {
		return false // it is being closed
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

// write writes a message, and closes a socket that doesn't take it. It returns false if the socket is closed.
func (s *socket) write(text []byte) bool {
	s.writing.Lock()
	defer s.writing.Unlock()
	_ = s.network.SetWriteDeadline(time.Now().Add(s.exec.limits.Streams.Transfer))
	err := s.conn.Write(context.Background(), websocket.MessageText, text)
	if err != nil {
		_ = s.network.Close()
		return false
	}
	_ = s.network.SetWriteDeadline(time.Time{})
	return true
}
