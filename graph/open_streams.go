package graph

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"crm/auth"
	"crm/db"
)

// openStreams counts the sockets and event streams that are open, and ends them when the server stops.
type openStreams struct {
	limits StreamLimits

	mutex      sync.Mutex
	open       map[*openStream]struct{}
	perAddress map[netip.Prefix]int
	stopping   bool
	// none is closed when the server stops and no stream is open any more.
	none chan struct{}
}

// openStream is one of them.
type openStream struct {
	network netip.Prefix
	end     func()
}

func newOpenStreams(limits StreamLimits) *openStreams {
	return &openStreams{
		limits: limits, open: map[*openStream]struct{}{}, perAddress: map[netip.Prefix]int{}, none: make(chan struct{}),
	}
}

// add registers a stream, or says why there can be no other. end is called, by a goroutine of its own, when the server
// stops; remove is to be called when the stream has ended.
func (s *openStreams) add(address string, end func()) (remove func(), err *db.Error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	const retryAfter = 5 * time.Second
	network := auth.Network(address)
	switch {
	case s.stopping:
		return nil, &db.Error{Code: db.Unavailable, Message: "the server is stopping", RetryAfter: retryAfter}
	case len(s.open) >= s.limits.Open:
		return nil, &db.Error{Code: db.Unavailable, Message: "too many streams are open", RetryAfter: retryAfter}
	case s.perAddress[network] >= s.limits.PerAddress:
		return nil, &db.Error{
			Code: db.RateLimited, Message: "too many streams are open from your address", RetryAfter: retryAfter,
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
