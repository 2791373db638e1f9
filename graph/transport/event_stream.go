package transport

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// errClientGone cancels an operation whose client doesn't accept its events.
var errClientGone = errors.New("the client is gone")

// eventStream writes server-sent events.
type eventStream struct {
	writer     http.ResponseWriter
	controller *http.ResponseController
	limits     StreamLimits

	mutex     sync.Mutex
	heartbeat *time.Timer
	ended     bool
}

func newEventStream(w http.ResponseWriter, limits StreamLimits) *eventStream {
	return &eventStream{writer: w, controller: http.NewResponseController(w), limits: limits}
}

// begin sends the headers. The HTTP server's read timeout is for requests that end, so begin removes it; each event has its
// own timeout.
func (s *eventStream) begin() {
	writeEventHeaders(s.writer.Header())
	_ = s.controller.SetReadDeadline(time.Time{})
	s.send([]byte(":\n\n"))
}

// writeEventHeaders sets the headers of an event stream. The last one keeps nginx from buffering events.
func writeEventHeaders(header http.Header) {
	header.Set("Content-Type", mediaEvents+"; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Accel-Buffering", "no")
}

// appendNext implements sink.
func (s *eventStream) appendNext(to, response []byte) []byte {
	return append(append(append(to, "event: next\ndata: "...), response...), "\n\n"...)
}

// finish sends the last response, if there is one, and the event complete. Browsers deliver that only with a data line,
// which is empty.
func (s *eventStream) finish(last *graphql.Response) {
	if last == nil || s.send(s.appendNext(nil, encodeResponse(last))) {
		s.send([]byte("event: complete\ndata: \n\n"))
	}
}

// keepAlive sends a comment at each heartbeat. This keeps proxies from closing the stream, and detects a client that is
// gone, which cancels the operation. check is called before each and returns whether to continue. stop ends the
// heartbeat and all writing.
func (s *eventStream) keepAlive(check func() bool, cancel context.CancelCauseFunc) (stop func()) {
	var send func()
	set := func() {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		if !s.ended {
			s.heartbeat = time.AfterFunc(s.limits.Heartbeat, send)
		}
	}
	send = func() {
		switch {
		case !check():
		case !s.send([]byte(":\n\n")):
			cancel(errClientGone)
		default:
			set()
		}
	}
	set()
	return func() {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		s.ended = true
		s.heartbeat.Stop()
	}
}

// write implements sink. Any write may take long, because the HTTP server's writer can't say what the connection takes at once.
func (s *eventStream) write(text []byte, wait func()) bool {
	wait()
	return s.send(text)
}

// send writes and sends a part of the stream. It writes nothing after the end of the stream, when the writer belongs to the
// HTTP server again.
func (s *eventStream) send(text []byte) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.ended {
		return false
	}
	_ = s.controller.SetWriteDeadline(time.Now().Add(s.limits.Transfer))
	defer func() { _ = s.controller.SetWriteDeadline(time.Time{}) }()
	if _, err := s.writer.Write(text); err != nil {
		return false
	}
	return s.controller.Flush() == nil
}
