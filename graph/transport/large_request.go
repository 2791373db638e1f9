package transport

import (
	"context"
	"runtime"
	"time"

	"crm/db/store"
)

// largeRequest is the size in bytes from which on a text needs the semaphore: parsing and checking that much takes about
// half a millisecond.
const largeRequest = 16 << 10

// largeRequestTimeout is how long a large request waits: less than a client may wait for the answer to its ping.
const largeRequestTimeout = 3 * time.Second

// largeRequests lets large texts be decoded, parsed and checked on half of the processors at most: that work grows with
// their size, and a client that sends many at once would keep everybody else waiting. Running operations needs no slot.
type largeRequests struct{ semaphore }

func newLargeRequests() largeRequests {
	return largeRequests{newSemaphore(runtime.GOMAXPROCS(0)/2, largeRequestTimeout, store.Error{
		Code: store.Unavailable, Message: "the server is busy with other large requests", RetryAfter: time.Second,
	})}
}

// acquire waits for a slot for a text of that size; one that isn't large needs none. It rests before it returns, so that
// requests that have arrived in the meantime run first, even if the next large one is waiting already.
func (l largeRequests) acquire(ctx context.Context, size int) (release func(), err *store.Error) {
	if size < largeRequest {
		return func() {}, nil
	}
	if release, err = l.semaphore.acquire(ctx); err == nil {
		rest()
	}
	return release, err
}
