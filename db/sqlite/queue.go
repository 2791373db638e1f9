package sqlite

import (
	"context"
	"slices"
	"sync"
	"time"

	"crm/db/store"
)

// operation is a change of the database that waits for the writer or uses it.
type operation struct {
	// run makes the change. If it fails, dirty says that it may have left part of it in the transaction.
	run func(w *conn) (dirty bool, err error)
	// enqueuedAt is when the operation began to wait.
	enqueuedAt time.Time
	// err is the operation's result. If the operation queues, it is valid once done is closed.
	err  error
	done chan struct{}
}

// submit returns when the operation is on disk, or has failed.
//
// Syncing the disk costs several times as much as a change, so the operations that wait for the writer share one
// transaction and its sync. One that finds the writer free leads a group, which consists of itself and the operations that
// have queued by the time it has run. Operations that arrive during the sync queue, and the first of them leads the next group.
//
// A group waits for as many operations as took part in the last one or queued at its end, since their callers are likely to come
// back, but no longer than the last commit took. Otherwise the callers would form two halves that take turns. So one caller alone
// doesn't wait, and when callers stop, only one group waits for them in vain.
func (s *Store) submit(ctx context.Context, op *operation) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	op.enqueuedAt = time.Now()
	select {
	case s.writing <- struct{}{}:
		s.lead(ctx, op)
	default:
		if err := s.enqueue(ctx, op); err != nil {
			return err
		}
	}
	if p, ok := op.err.(*store.PanicError); ok { //nolint:errorlint // never wrapped: it goes on here
		panic(p)
	}
	return op.err
}

// enqueue returns nil once the operation is done. The operation can leave the queue until a leader takes it, which then
// finishes it.
func (s *Store) enqueue(ctx context.Context, op *operation) error {
	op.done = make(chan struct{})
	s.queue.join(op)
	ended, closed := ctx.Done(), s.closed
	for {
		select {
		case <-op.done:
			return nil
		case s.writing <- struct{}{}:
			if s.queue.leave(op) {
				s.lead(ctx, op)
				return nil
			}
			<-s.writing // the previous leader has just finished this operation
		case <-ended:
			if s.queue.leave(op) {
				return ctx.Err()
			}
			ended = nil
		case <-closed:
			if s.queue.leave(op) {
				return errClosed()
			}
			closed = nil
		}
	}
}

// queue holds the waiting operations, in the order of their arrival.
type queue struct {
	mu      sync.Mutex
	waiting []*operation
	// joined receives a value after an operation has joined, for a leader that waits for it.
	joined chan struct{}
}

// length returns how many operations wait.
func (q *queue) length() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting)
}

func (q *queue) join(op *operation) {
	q.mu.Lock()
	q.waiting = append(q.waiting, op)
	q.mu.Unlock()
	select {
	case q.joined <- struct{}{}:
	default:
	}
}

// leave returns false if the operation is no longer in the queue.
func (q *queue) leave(op *operation) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.waiting, op)
	if i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
	}
	return i >= 0
}

// next removes and returns the first operation; it returns nil if there is none.
func (q *queue) next() *operation {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		return nil
	}
	op := q.waiting[0]
	q.waiting = slices.Delete(q.waiting, 0, 1)
	return op
}
