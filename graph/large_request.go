package graph

import (
	"context"
	"errors"
	"runtime"
	"time"

	"crm/db"
)

// largeRequest is from how many bytes on a text takes turns with the others: it takes about half a millisecond to parse
// and check.
const largeRequest = 16 << 10

// rest lets those go first who wait for a processor, and those who don't yet: Go's scheduler looks for what has come from
// the network when a processor has nothing else to do, otherwise every 10 ms, so that work without a pause would keep
// normal requests waiting for that long. runtime.Gosched lets only goroutines go first that can run already.
func rest() { time.Sleep(time.Millisecond) }

// turns lets large texts be decoded, parsed and checked on half of the processors at most: what that takes grows with
// them, and who sends many at once would keep everybody else waiting. Running what they ask for takes no turn.
type turns chan struct{}

func newTurns() turns { return make(turns, max(1, runtime.GOMAXPROCS(0)/2)) }

// turnTime is how long a request waits for its turn: less than a client may wait for the answer to its ping.
const turnTime = 3 * time.Second

// take waits for a turn, which ends when done is called; nobody waits with a text that isn't large. Each turn begins with a
// rest, and so with those who have come in the meantime, even if the next one is waiting already. Its error is UNAVAILABLE.
func (t turns) take(ctx context.Context, size int) (done func(), err *db.Error) {
	if size < largeRequest {
		return func() {}, nil
	}
	patience := time.NewTimer(turnTime)
	defer patience.Stop()
	select {
	case t <- struct{}{}:
		rest()
		return func() { <-t }, nil
	case <-patience.C:
		return nil, &db.Error{
			Code: db.Unavailable, Message: "the server is busy with other large requests", RetryAfter: time.Second,
		}
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return nil, db.Errorf(db.Unavailable, "the request took too long")
		}
		return nil, db.Errorf(db.Unavailable, "the request was cancelled")
	}
}
