package transport

import (
	"context"
	"runtime"
	"time"

	"crm/db/store"
)

// largeRequest is the minimum size in bytes of a text that needs a slot: parsing and checking that much takes about half a
// millisecond.
const largeRequest = 16 << 10

// largeRequestTimeout is how long a large request waits, which is less than clients may wait for a pong.
const largeRequestTimeout = 3 * time.Second

// largeRequests limits the decoding, parsing and checking of large texts to half of the processors: that work grows with
// their size, and a client that sends many at once would delay all others. Running operations needs no slot.
type largeRequests struct{ semaphore }

func newLargeRequests() largeRequests {
	return largeRequests{newSemaphore(runtime.GOMAXPROCS(0)/2, largeRequestTimeout, store.Error{
		Code: store.Unavailable, Message: "the server is busy with other large requests", RetryAfter: time.Second,
	})}
}

// acquire waits for a slot unless the text is small. It pauses before it returns, so requests that have arrived in the
// meantime run first even if the next large one is already waiting.
func (l largeRequests) acquire(ctx context.Context, size int) (release func(), err *store.Error) {
	if size < largeRequest {
		return func() {}, nil
	}
	if release, err = l.semaphore.acquire(ctx); err == nil {
		pause()
	}
	return release, err
}
