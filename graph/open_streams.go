package graph

import (
	"context"
	"net/http"
	"net/netip"
	"runtime"
	"strconv"
	"sync"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"crm/auth"
	"crm/db"
)

// openStreams counts the sockets and event streams that are open, and ends them when the server stops.
type openStreams struct {
	limits StreamLimits
	// turn is held by the one whose stream may be opened now; opened counts them.
	turn   chan struct{}
	opened int
	// ending is closed when the server stops.
	ending chan struct{}

	mutex sync.Mutex
	// waiting is how many are about to be opened, by their network.
	waiting    map[netip.Prefix]int
	open       map[*openStream]struct{}
	perAddress map[netip.Prefix]int
	stopping   bool
	// none is closed when the server stops and no stream is open any more.
	none chan struct{}
}

// openTime is how long a client may have to wait until its stream is opened.
const openTime = 10 * time.Second

// wait waits until a stream may be opened, or says why it can't be. As many as there are processors are opened, then there
// is a rest: clients that all come back after a restart would keep the processors busy otherwise, and again whenever they
// are asked whether they are still there. Who leaves the queue leaves no gap in it.
func (s *openStreams) wait(ctx context.Context, address string) *db.Error {
	network := auth.Network(address)
	if !s.queue(network, 1) {
		return &db.Error{
			Code: db.RateLimited, Message: "too many streams are being opened from your address", RetryAfter: openTime,
		}
	}
	defer s.queue(network, -1)
	if err := s.takeTurn(ctx); err != nil {
		return err
	}
	if s.opened++; s.opened%runtime.GOMAXPROCS(0) == 0 {
		rest()
	}
	<-s.turn
	return nil
}

func (s *openStreams) takeTurn(ctx context.Context) *db.Error {
	select {
	case s.turn <- struct{}{}: // even if the server is stopping: what opens a stream then says so in its own way
		return nil
	default:
	}
	patience := time.NewTimer(openTime)
	defer patience.Stop()
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-s.ending:
		return errStreamsEnd()
	case <-patience.C:
	case <-ctx.Done():
	}
	return &db.Error{Code: db.Unavailable, Message: "too many streams are being opened", RetryAfter: openTime}
}

// errStreamsEnd refuses a stream because the server is stopping.
func errStreamsEnd() *db.Error {
	return &db.Error{Code: db.Unavailable, Message: "the server is stopping", RetryAfter: retryStream}
}

// retryStream is when a client may try again whose stream isn't opened.
const retryStream = 5 * time.Second

// queue changes how many streams wait of a network, unless they would be more than may be open.
func (s *openStreams) queue(network netip.Prefix, change int) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	number := s.waiting[network] + change
	switch {
	case number > s.limits.PerAddress:
		return false
	case number == 0:
		delete(s.waiting, network)
	default:
		s.waiting[network] = number
	}
	return true
}

// openStream is one of them.
type openStream struct {
	network netip.Prefix
	end     func()
}

func newOpenStreams(limits StreamLimits) *openStreams {
	return &openStreams{
		limits: limits, turn: make(chan struct{}, 1), ending: make(chan struct{}),
		waiting: map[netip.Prefix]int{}, open: map[*openStream]struct{}{}, perAddress: map[netip.Prefix]int{},
		none: make(chan struct{}),
	}
}

// add registers a stream, or says why there can be no other. end is called, by a goroutine of its own, when the server
// stops; remove is to be called when the stream has ended.
func (s *openStreams) add(address string, end func()) (remove func(), err *db.Error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	network := auth.Network(address)
	switch {
	case s.stopping:
		return nil, errStreamsEnd()
	case len(s.open) >= s.limits.Open:
		return nil, &db.Error{Code: db.Unavailable, Message: "too many streams are open", RetryAfter: retryStream}
	case s.perAddress[network] >= s.limits.PerAddress:
		return nil, &db.Error{
			Code: db.RateLimited, Message: "too many streams are open from your address", RetryAfter: retryStream,
		}
	}
	stream := &openStream{network: network, end: end}
	s.open[stream] = struct{}{}
	s.perAddress[network]++
	return func() { s.remove(stream) }, nil
}

func (s *openStreams) remove(stream *openStream) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.open, stream)
	if s.perAddress[stream.network]--; s.perAddress[stream.network] == 0 {
		delete(s.perAddress, stream.network)
	}
	s.closeIfNone()
}

func (s *openStreams) closeIfNone() {
	if s.stopping && len(s.open) == 0 {
		close(s.none)
	}
}

// shutdown ends all streams, lets no other begin, and returns when none is left or ctx is done. It is called once.
func (s *openStreams) shutdown(ctx context.Context) {
	s.mutex.Lock()
	s.stopping = true
	close(s.ending)
	for stream := range s.open {
		go stream.end()
	}
	s.closeIfNone()
	s.mutex.Unlock()
	select {
	case <-s.none:
	case <-ctx.Done():
	}
}

// count returns how many streams are open.
func (s *openStreams) count() int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return len(s.open)
}

// refuseStream answers a request for a stream that can't be opened.
func (e *Executor) refuseStream(w http.ResponseWriter, r *http.Request, err *db.Error) {
	status := http.StatusServiceUnavailable
	switch err.Code {
	case db.Forbidden:
		status = http.StatusForbidden
	case db.RateLimited:
		status = http.StatusTooManyRequests
	}
	if err.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(err.RetryAfter.Seconds())))
	}
	writeResponse(w, answerFormat{media: mediaJSON}, status, e.DispatchError(r.Context(), gqlerror.List{codedError(err)}))
}
