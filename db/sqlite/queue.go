package sqlite

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// operation is a change of the database on its way through the writer.
type operation struct {
	// run makes the change. If it fails, spoilt says that it may have left a part of it in the transaction.
	run func(w *conn) (spoilt bool, err error)
	// came is when it began to wait.
	came time.Time
	// err is how it ended. One that queues knows when done is closed.
	err  error
	done chan struct{}
}

// panicked is the panic of an operation. Another goroutine than its own may have run it, so the stack goes along.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("%v\n\n%s", p.value, p.stack) }

// submit returns when the operation is on disk, or has failed.
//
// To sync the disk costs several times what a change costs, so the operations that wait for the writer share one
// transaction and its sync. None waits for company: whoever finds the writer free leads a group, of its own operation
// and of those that queue by the time it has run that. Who comes during the sync queues, and the first of them leads
// the next group.
func (s *Store) submit(ctx context.Context, op *operation) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	op.came = time.Now()
	select {
	case s.writing <- struct{}{}:
		s.lead(ctx, op)
	default:
		if err := s.enqueue(ctx, op); err != nil {
			return err
		}
	}
	if p, ok := op.err.(*panicked); ok { //nolint:errorlint // never wrapped: it ends here
		panic(p)
	}
	return op.err
}

// enqueue returns nil once the operation is done. It may leave the queue until a leader takes it, who then finishes it.
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
			<-s.writing // the leader before finished this operation just now
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

// queue holds the operations that wait, in the order in which they came.
type queue struct {
	mu      sync.Mutex
	waiting []*operation
}

func (q *queue) join(op *operation) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, op)
}

// leave returns false if the operation is not in the queue any more.
func (q *queue) leave(op *operation) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.waiting, op)
	if i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
	}
	return i >= 0
}

// next takes out the operation that came first; it returns nil if there is none.
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
