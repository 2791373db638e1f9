package transport

import (
	"context"
	"errors"
	"time"

	"crm/db/store"
)

// turns has those who would keep a processor busy wait for each other, so that they leave one to everybody else.
type turns struct {
	// held has room for as many as may have their turn at the same time.
	held chan struct{}
	// patience is how long one waits, and busy is what one is told who has waited for so long.
	patience time.Duration
	busy     store.Error
}

func newTurns(number int, patience time.Duration, busy store.Error) turns {
	return turns{held: make(chan struct{}, max(1, number)), patience: patience, busy: busy}
}

// take waits for a turn, which ends when done is called. Its error is UNAVAILABLE.
func (t turns) take(ctx context.Context) (done func(), err *store.Error) {
	patience := time.NewTimer(t.patience)
	defer patience.Stop()
	select {
	case t.held <- struct{}{}:
		return func() { <-t.held }, nil
	case <-patience.C:
		return nil, &t.busy
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return nil, store.Errorf(store.Unavailable, "the request took too long")
		}
		return nil, store.Errorf(store.Unavailable, "the request was cancelled")
	}
}

// rest lets those go first who wait for a processor, and those who don't yet: Go's scheduler looks for what has come from
// the network when a processor has nothing else to do, otherwise every 10 ms, so that work without a pause would keep
// normal requests waiting for that long. runtime.Gosched lets only goroutines go first that can run already.
func rest() { time.Sleep(time.Millisecond) }
