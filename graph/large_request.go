package graph

import (
	"context"
	"runtime"

	"crm/db"
)

// largeRequest is from how many bytes on a text takes turns with the others: it takes about half a millisecond to parse
// and check.
const largeRequest = 16 << 10

// turns lets large texts be decoded, parsed and checked on half of the processors at most: what that takes grows with
// them, and who sends many at once would keep everybody else waiting. Running what they ask for takes no turn.
type turns chan struct{}

func newTurns() turns { return make(turns, max(1, runtime.GOMAXPROCS(0)/2)) }

// take waits for a turn, which ends when done is called; nobody waits with a text that isn't large.
func (t turns) take(ctx context.Context, size int) (done func(), err *db.Error) {
	if size < largeRequest {
		return func() {}, nil
	}
	select {
	case t <- struct{}{}:
		return func() { <-t }, nil
	case <-ctx.Done():
		return nil, db.Errorf(db.Unavailable, "the request was cancelled")
	}
}
