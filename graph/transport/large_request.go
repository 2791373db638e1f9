package transport

import (
	"context"
	"runtime"
	"time"

	"crm/db/store"
)

// largeRequest is from how many bytes on a text takes turns with the others: it takes about half a millisecond to parse
// and check.
const largeRequest = 16 << 10

// largeRequestTime is how long a request waits for its turn: less than a client may wait for the answer to its ping.
const largeRequestTime = 3 * time.Second

// largeRequests lets large texts be decoded, parsed and checked on half of the processors at most: what that takes grows
// with them, and who sends many at once would keep everybody else waiting. Running what they ask for takes no turn.
type largeRequests struct{ turns }

func newLargeRequests() largeRequests {
	return largeRequests{newTurns(runtime.GOMAXPROCS(0)/2, largeRequestTime, store.Error{
		Code: store.Unavailable, Message: "the server is busy with other large requests", RetryAfter: time.Second,
	})}
}

// take waits for the turn of a text of that size; nobody waits with one that isn't large. Each turn begins with a rest, and
// so with those who have come in the meantime, even if the next one is waiting already.
func (l largeRequests) take(ctx context.Context, size int) (done func(), err *store.Error) {
	if size < largeRequest {
		return func() {}, nil
	}
	if done, err = l.turns.take(ctx); err == nil {
		rest()
	}
	return done, err
}
