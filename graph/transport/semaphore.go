package transport

import (
	"context"
	"time"

	"crm/db/store"
	"crm/graph/apierror"
)

// semaphore limits how many goroutines do work that keeps a processor busy, to leave processors for other requests.
type semaphore struct {
	// slots has a capacity of the maximum number of holders.
	slots chan struct{}
	// timeout is how long acquire waits for a slot, and busy its error after that.
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
		return nil, apierror.Interrupted(ctx.Err())
	}
}

// pause lets other goroutines run, including those whose input has yet to be read from the network: Go's scheduler polls
// that when a processor is idle, otherwise every 10 ms, so work without a pause would delay normal requests that long.
// runtime.Gosched runs only goroutines that are already runnable.
func pause() { time.Sleep(time.Millisecond) }
