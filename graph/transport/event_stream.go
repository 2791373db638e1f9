package transport

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// errClientGone ends the operation whose client doesn't take its events.
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

// begin sends the headers. The last one keeps nginx from collecting events. The HTTP server's limits of time are for
// requests that have an end; each event has its own.
func (s *eventStream) begin() {
	header := s.writer.Header()
	header.Set("Content-Type", mediaEvents+"; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Accel-Buffering", "no")
	_ = s.controller.SetReadDeadline(time.Time{})
	s.write([]byte(":\n\n"))
}

// next sends a response.
func (s *eventStream) next(response *graphql.Response) bool {
	data, err := marshalResponse(response)
	if err != nil {
		panic(err)
	}
	event := append([]byte("event: next\ndata: "), data.joined()...)
	return s.write(append(event, "\n\n"...))
}

// finish sends the last response, if there is one, and says that it was the last. The empty data make browsers deliver
// the event.
func (s *eventStream) finish(last *graphql.Response) {
	if last == nil || s.next(last) {
		s.write([]byte("event: complete\ndata: \n\n"))
	}
}

// keepAlive sends a comment now and then, so that no proxy takes the stream for dead and a client that is gone is
// noticed, which cancels the operation. check says each time whether to go on. stop ends it, and all writing.
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
		case !s.write([]byte(":\n\n")):
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

// write writes and sends a piece of the stream. After the end of the stream nothing is written any more, for the
// writer is the HTTP server's again.
func (s *eventStream) write(text []byte) bool {
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
