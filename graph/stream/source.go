// Package stream lets resolvers of subscriptions announce events and report why a subscription ends.
package stream

import (
	"context"
	"sync"
)

// Source is the connection from a subscription's resolver to its transport, besides the channel that it returns.
type Source struct {
	// resume continues a subscription that found nothing to take. It doesn't block.
	resume func()

	mutex sync.Mutex
	err   error
	// announced means that the resolver announces elements; waiting is how many have not been taken.
	announced bool
	waiting   int
	idle      bool
	queue     Queue
}

// Queue is where the elements of a subscription wait until the transport sends them; see Serve.
type Queue interface {
	// Next takes the next element, which was announced, and returns false at the end. Like Encoded, it calls wait before
	// anything that may take long.
	Next(ctx context.Context, wait func()) bool
	// Encoded returns the response for the element that was taken last. It calls encode to make it, unless another
	// subscription has already made the same. encode reports whether others may share its result. Encoded returns nil if
	// encode does, or if ctx is done while another subscription makes the response.
	Encoded(ctx context.Context, wait func(), encode func() (response []byte, shared bool)) []byte
	// Deliver sends the element that was taken last on the channel that the resolver returned. encode calls it.
	Deliver()
}

// NewSource returns the source of a subscription that resume continues. It starts with one element: the result of the
// resolver itself.
func NewSource(resume func()) *Source { return &Source{resume: resume, waiting: 1} }

type sourceKey struct{}

// WithSource returns a context for the resolver of one subscription, which then can use Announce and Fail.
func WithSource(ctx context.Context, source *Source) context.Context {
	return context.WithValue(ctx, sourceKey{}, source)
}

// Announce lets a resolver announce elements of the channel that it returns, so no goroutine needs to wait for them. Call
// announce with the number of elements as soon as they can be received, and with 1 when the channel has been closed or the
// resolver returns an error instead of it. announce doesn't block. The resolver must close the channel when ctx is done.
func Announce(ctx context.Context) (announce func(elements int)) {
	source, ok := ctx.Value(sourceKey{}).(*Source)
	if !ok {
		return func(int) {}
	}
	source.mutex.Lock()
	defer source.mutex.Unlock()
	source.announced = true
	return source.announce
}

// Serve makes the transport take the announced elements from a queue, which can share the responses to them with other
// subscriptions. It returns false if there is no transport that can do that: the resolver then sends all elements on its
// channel itself.
func Serve(ctx context.Context, queue Queue) bool {
	source, ok := ctx.Value(sourceKey{}).(*Source)
	if !ok {
		return false
	}
	source.mutex.Lock()
	defer source.mutex.Unlock()
	source.queue = queue
	return true
}

// Queue returns the queue of the resolver's elements, or nil.
func (s *Source) Queue() Queue {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.queue
}

func (s *Source) announce(elements int) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.waiting += elements
	if s.idle {
		s.idle = false
		s.resume()
	}
}

// Announces reports whether the resolver announces elements.
func (s *Source) Announces() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.announced
}

// Take returns how many elements the transport should receive from the channel now. If there are none, the subscription is
// resumed at the next announcement. It always returns 1 if the resolver announces nothing: the transport then has to wait.
func (s *Source) Take() int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	taken := s.waiting
	s.waiting = 0
	switch {
	case taken > 0:
	case s.announced:
		s.idle = true
	default:
		taken = 1
	}
	return taken
}

// Fail sets the reason why the subscription of ctx ends. The resolver calls it before it closes its channel; only the first
// call counts. Outside a subscription it does nothing.
func Fail(ctx context.Context, err error) {
	source, ok := ctx.Value(sourceKey{}).(*Source)
	if !ok {
		return
	}
	source.mutex.Lock()
	defer source.mutex.Unlock()
	if source.err == nil {
		source.err = err
	}
}

// Cause returns why the subscription ended, or nil if it ended normally.
func (s *Source) Cause() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.err
}
