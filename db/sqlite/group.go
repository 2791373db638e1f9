package sqlite

import (
	"context"
	"errors"
	"runtime/debug"
	"slices"
	"time"
)

// Bounds of a group: its leader's operation waits for all of it.
const (
	maxGroup     = 64
	maxGroupTime = 5 * time.Millisecond
)

// errCutOff is how the members of a group end that is left in the middle.
var errCutOff = errors.New("the transaction was cut off")

// group is operations that share a transaction: its leader's, and those that join while it runs.
//
// One that fails does no harm to the others. Mostly it changed nothing: its one statement found no document, or
// violated an index and was undone. If it may have left something, or has undone everything, as an interrupted
// statement does, the others begin anew without it. That is rare; a savepoint around each operation, which would save
// the second run, measured 15 µs on top of 42.
type group struct {
	store   *Store
	members []*operation
	began   time.Time
}

// lead runs a group that begins with the leader's own operation. The leader has the writer, and gives it back.
func (s *Store) lead(ctx context.Context, own *operation) {
	defer func() { <-s.writing }()
	w := s.writer
	defer w.builder.clear()
	if own.err = s.begin(ctx, w, own.came); own.err != nil {
		return
	}
	g := &group{store: s, members: []*operation{own}, began: time.Now()}
	err := errCutOff
	// The members know that they are done before the writer is free: none of them leads the next group for nothing.
	defer func() { g.finish(err) }()
	defer w.rollback()
	err = g.run(context.WithoutCancel(ctx), w)
}

// run performs and commits the group. An error is that of all who are still its members.
func (g *group) run(ctx context.Context, w *conn) error {
	for {
		spoiler := g.perform(w)
		w.unwatch() // what follows is no member's own
		if spoiler == nil {
			return w.exec("COMMIT")
		}
		w.rollback()
		g.dismiss(spoiler)
		if len(g.members) == 0 {
			return nil
		}
		if err := g.store.begin(ctx, w, time.Now()); err != nil {
			return err
		}
	}
}

// perform runs the members one after the other, and who joins, until nobody does. It returns the one that spoilt the
// transaction, nil if none did.
func (g *group) perform(w *conn) (spoiler *operation) {
	for i := 0; ; i++ {
		if i == len(g.members) {
			op := g.admit()
			if op == nil {
				return nil
			}
			g.members = append(g.members, op)
		}
		if g.members[i].perform(w) {
			return g.members[i]
		}
	}
}

// admit takes the next operation from the queue, nil if there is none or the group is full.
func (g *group) admit() *operation {
	if len(g.members) >= maxGroup || time.Since(g.began) >= maxGroupTime {
		return nil
	}
	return g.store.queue.next()
}

// perform runs the operation. A panic is its own, not its leader's.
func (op *operation) perform(w *conn) (spoilt bool) {
	defer func() {
		if value := recover(); value != nil {
			op.err, spoilt = &panicked{value: value, stack: debug.Stack()}, true
		}
	}()
	spoilt, op.err = op.run(w)
	return spoilt
}

// finish ends all members' operations, with that error if there is one.
func (g *group) finish(err error) {
	for _, op := range g.members {
		op.finish(err)
	}
}

// dismiss ends a member's operation with the error that it has.
func (g *group) dismiss(op *operation) {
	g.members = slices.DeleteFunc(g.members, func(member *operation) bool { return member == op })
	op.finish(nil)
}

// finish ends an operation, with that error if there is one.
func (op *operation) finish(err error) {
	if err != nil {
		op.err = err
	}
	if op.done != nil {
		close(op.done)
	}
}
