package graph

import (
	"context"
	"sync"
)

// streamSource is what a subscription's resolver tells its transport beside the channel that it returns.
type streamSource struct {
	// resume goes on with the subscription, which has found nothing to take.
	resume func()

	mutex sync.Mutex
	err   error
	// announced says that the resolver announces what comes; waiting is how much of it hasn't been taken.
	announced bool
	waiting   int
	idle      bool
}

type streamKey struct{}

// withStreamSource returns a context for one subscription in which its resolver can say how it goes on and ends.
func withStreamSource(ctx context.Context, source *streamSource) context.Context {
	return context.WithValue(ctx, streamKey{}, source)
}

// AnnounceStream lets a resolver announce what comes on the channel that it returns, so that nobody needs to wait there:
// announce is to be called for each element, once it can be received, and when the channel has been closed or there is
// an error instead of it. It doesn't block. The channel has to be closed when ctx is done.
func AnnounceStream(ctx context.Context) (announce func()) {
	source, ok := ctx.Value(streamKey{}).(*streamSource)
	if !ok {
		return func() {}
	}
	source.mutex.Lock()
	defer source.mutex.Unlock()
	source.announced = true
	return source.announce
}

func (s *streamSource) announce() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.waiting++
	if s.idle {
		s.idle = false
		go s.resume()
	}
}

func (s *streamSource) announces() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.announced
}

// take reports whether there is something to receive; if not, the subscription is resumed when there is. Who doesn't
// announce anything has to be waited for.
func (s *streamSource) take() bool {
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

// FailStream says why the subscription that ctx belongs to ends; the resolver calls it before it closes its channel. Of
// several reasons the first counts. Outside a subscription it does nothing.
func FailStream(ctx context.Context, err error) {
	source, ok := ctx.Value(streamKey{}).(*streamSource)
	if !ok {
		return
	}
	source.mutex.Lock()
	defer source.mutex.Unlock()
	if source.err == nil {
		source.err = err
	}
}

// cause returns why the subscription ended, or nil if it came to its end.
func (s *streamSource) cause() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.err
}
