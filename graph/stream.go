package graph

import (
	"context"
	"sync"
)

// streamFailure holds why a subscription ended, for its transport to tell the client: a resolver's channel can only
// be closed.
type streamFailure struct {
	mutex sync.Mutex
	err   error
}

type streamKey struct{}

// withStreamFailure returns a context for one subscription in which its resolver can say why it ends.
func withStreamFailure(ctx context.Context) (context.Context, *streamFailure) {
	failure := new(streamFailure)
	return context.WithValue(ctx, streamKey{}, failure), failure
}

// FailStream says why the subscription that ctx belongs to ends; the resolver calls it before it closes its channel. Of
// several reasons the first counts. Outside a subscription it does nothing.
func FailStream(ctx context.Context, err error) {
	failure, ok := ctx.Value(streamKey{}).(*streamFailure)
	if !ok {
		return
	}
	failure.mutex.Lock()
	defer failure.mutex.Unlock()
	if failure.err == nil {
		failure.err = err
	}
}

// cause returns why the subscription ended, or nil if it came to its end.
func (f *streamFailure) cause() error {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.err
}
