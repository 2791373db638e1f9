// Package stream is the little that resolvers need to serve a subscription: they announce what comes, and say why it ends.
package stream

import (
	"context"
	"sync"
)

// Source is what a subscription's resolver tells its transport beside the channel that it returns.
type Source struct {
	// resume goes on with the subscription, which has found nothing to take.
	resume func()

	mutex sync.Mutex
	err   error
	// announced says that the resolver announces what comes; waiting is how much of it hasn't been taken.
	announced bool
	waiting   int
	idle      bool
}

// NewSource returns the source of a subscription that is resumed by that function. It has one element: what the
// resolver itself answers.
func NewSource(resume func()) *Source { return &Source{resume: resume, waiting: 1} }

type sourceKey struct{}

// WithSource returns a context for one subscription in which its resolver can say how it goes on and ends.
func WithSource(ctx context.Context, source *Source) context.Context {
	return context.WithValue(ctx, sourceKey{}, source)
}

// Announce lets a resolver announce what comes on the channel that it returns, so that no goroutine needs to wait there:
// announce is to be called for each element, once it can be received, and when the channel has been closed or there is
// an error instead of it. It doesn't block. The channel has to be closed when ctx is done.
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

// Announces reports whether the resolver announces what comes.
func (s *Source) Announces() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.announced
}

// Take reports whether there is something to receive; if not, the subscription is resumed when there is. A resolver that
// announces nothing has to be waited for.
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

// Fail says why the subscription that ctx belongs to ends; the resolver calls it before it closes its channel. Of
// several reasons the first counts. Outside a subscription it does nothing.
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

// Cause returns why the subscription ended, or nil if it came to its end.
func (s *Source) Cause() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.err
}
