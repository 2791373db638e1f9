package transport

import (
	"context"
	"errors"
	"time"

	"crm/db/store"
)

// semaphore bounds how many do at the same time what would keep a processor busy, so that one is left to everybody else.
type semaphore struct {
	// slots has room for as many as may hold the semaphore.
	slots chan struct{}
	// timeout is how long one waits for a slot, and busy the error of a wait that has taken so long.
	timeout time.Duration
	busy    store.Error
}

func newSemaphore(slots int, timeout time.Duration, busy store.Error) semaphore {
	return semaphore{slots: make(chan struct{}, max(1, slots)), timeout: timeout, busy: busy}
}

// acquire waits for a slot, which release frees. Its error is UNAVAILABLE.
func (s semaphore) acquire(ctx context.Context) (release func(), err *store.Error) {
	timeout := time.NewTimer(s.timeout)
	defer timeout.Stop()
	select {
	case s.slots <- struct{}{}:
		return func() { <-s.slots }, nil
	case <-timeout.C:
		return nil, &s.busy
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return nil, store.Errorf(store.Unavailable, "the request took too long")
		}
		return nil, store.Errorf(store.Unavailable, "the request was cancelled")
	}
}

// rest lets other goroutines run, also those whose input is still in the network: Go's scheduler looks for that when a
// processor has nothing else to do, otherwise every 10 ms, so that work without a pause would keep normal requests waiting
// for that long. After runtime.Gosched only goroutines run that are ready already.
func rest() { time.Sleep(time.Millisecond) }
