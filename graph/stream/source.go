// Package stream lets resolvers of subscriptions announce events and report why a subscription ends.
package stream

import (
	"context"
	"sync"
)

// Source is the connection from a subscription's resolver to its transport, besides the channel that it returns.
type Source struct {
	// resume continues a subscription that found nothing to take.
	resume func()

	mutex sync.Mutex
	err   error
	// announced means that the resolver announces elements; waiting is how many have not been taken.
	announced bool
	waiting   int
	idle      bool
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
// announce for each element as soon as it can be received, and once when the channel has been closed or the resolver
// returns an error instead of it. announce doesn't block. The resolver must close the channel when ctx is done.
func Announce(ctx context.Context) (announce func()) {
	source, ok := ctx.Value(sourceKey{}).(*Source)
	if !ok {
		return func() {}
	}
	source.mutex.Lock()
	defer source.mutex.Unlock()
	source.announced = true
	return source.announce
}

func (s *Source) announce() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.waiting++
	if s.idle {
		s.idle = false
		go s.resume()
	}
}

// Announces reports whether the resolver announces elements.
func (s *Source) Announces() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.announced
}

// Take reports whether the transport should receive from the channel. If not, the subscription is resumed at the next
// announcement. It is always true if the resolver announces nothing: the transport then has to wait.
func (s *Source) Take() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	switch {
	case s.waiting > 0:
		s.waiting--
	case s.announced:
		s.idle = true
		return false
	}
	return true
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
