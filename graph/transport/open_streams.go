package transport

import (
	"context"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"crm/auth"
	"crm/db/store"
)

// openStreams counts the open sockets and event streams, and ends them when the server stops.
type openStreams struct {
	limits StreamLimits
	// opening is held while a stream is opened.
	opening semaphore

	mutex sync.Mutex
	// waiting is how many streams of a network wait for opening; opened is how many have held it.
	waiting    map[netip.Prefix]int
	opened     int
	open       map[*openStream]struct{}
	perAddress map[netip.Prefix]int
	stopping   bool
	// none is closed when the server is stopping and no stream is open.
	none chan struct{}
}

// openTimeout is how long a client waits for its stream to be opened.
const openTimeout = 10 * time.Second

// wait waits until a stream may be opened, or returns why it can't be. It pauses after every GOMAXPROCS streams: otherwise
// clients that all reconnect after a restart would keep the processors busy, and so would their heartbeats, which would
// coincide from then on. A client that leaves the queue doesn't delay the others.
func (s *openStreams) wait(ctx context.Context, address string) *store.Error {
	network := auth.Network(address)
	if !s.queue(network, 1) {
		return &store.Error{
			Code: store.RateLimited, Message: "too many streams are being opened from your address", RetryAfter: openTimeout,
		}
	}
	defer s.queue(network, -1)
	release, err := s.opening.acquire(ctx)
	if err != nil {
		return err
	}
	defer release()
	if s.countOpened() {
		pause()
	}
	return nil
}

// countOpened counts a stream, and reports whether to pause, which a stopping server doesn't need.
func (s *openStreams) countOpened() (pausing bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.opened++
	return s.opened%runtime.GOMAXPROCS(0) == 0 && !s.stopping
}

// queue changes the number of waiting streams of a network, unless it would exceed the limit of open streams.
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

// openStream is an open socket or event stream.
type openStream struct {
	network netip.Prefix
	end     func()
}

func newOpenStreams(limits StreamLimits) *openStreams {
	return &openStreams{
		limits: limits,
		opening: newSemaphore(1, openTimeout, store.Error{
			Code: store.Unavailable, Message: "too many streams are being opened", RetryAfter: openTimeout,
		}),
		waiting: map[netip.Prefix]int{}, open: map[*openStream]struct{}{}, perAddress: map[netip.Prefix]int{},
		none: make(chan struct{}),
	}
}

// add registers a stream, or returns why there can't be another. A separate goroutine calls end when the server stops; call
// remove when the stream has ended.
func (s *openStreams) add(address string, end func()) (remove func(), err *store.Error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	const retryAfter = 5 * time.Second
	network := auth.Network(address)
	switch {
	case s.stopping:
		return nil, &store.Error{Code: store.Unavailable, Message: "the server is stopping", RetryAfter: retryAfter}
	case len(s.open) >= s.limits.Open:
		return nil, &store.Error{Code: store.Unavailable, Message: "too many streams are open", RetryAfter: retryAfter}
	case s.perAddress[network] >= s.limits.PerAddress:
		return nil, &store.Error{
			Code: store.RateLimited, Message: "too many streams are open from your address", RetryAfter: retryAfter,
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

// shutdown ends all streams, refuses new ones, and returns when none is left or ctx is done. Call it only once.
func (s *openStreams) shutdown(ctx context.Context) {
	s.mutex.Lock()
	s.stopping = true
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
