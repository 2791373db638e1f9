package sqlite

import (
	"context"
	"errors"
	"slices"
	"time"

	"crm/db/store"
)

// Bounds of a group: its leader's operation waits for the whole group.
const (
	maxGroup     = 64
	maxGroupTime = 5 * time.Millisecond
)

// errCutOff is the error of the members of a group whose leader panics.
var errCutOff = errors.New("the transaction was cut off")

// group is a set of operations that share a transaction: its leader's, and those that join while it runs.
//
// An operation that fails does no harm to the others. Usually it changed nothing: its one statement found no document,
// or violated an index and was undone. If it may have left changes, or has rolled back the transaction, as an
// interrupted statement does, the others run again without it. That is rare; a savepoint around each operation, which
// would avoid the second run, measured 15 µs on top of 42.
type group struct {
	store   *Store
	members []*operation
	began   time.Time
	// expected is how many members it waits for, until due.
	expected int
	due      *time.Timer
}

// lead runs a group that begins with the leader's own operation. The leader holds the writer, and releases it.
func (s *Store) lead(ctx context.Context, own *operation) {
	defer func() { <-s.writing }()
	w := s.writer
	defer w.builder.clear()
	if own.err = s.begin(ctx, w, own.enqueuedAt); own.err != nil {
		return
	}
	g := &group{store: s, members: []*operation{own}, began: time.Now(), expected: s.concurrent}
	err := errCutOff
	defer s.checkpoint(w)
	defer s.indexSoon()
	// The members are finished before the writer is free, so that none of them leads the next group needlessly.
	defer func() { g.finish(err) }()
	defer func() { s.concurrent = len(g.members) + s.queue.length() }()
	defer s.changed()
	defer w.rollback()
	err = g.run(context.WithoutCancel(ctx), w)
}

// run performs and commits the group. Its error applies to all remaining members.
func (g *group) run(ctx context.Context, w *conn) error {
	for {
		failed := g.perform(w)
		w.unwatch() // the commit belongs to no single member
		if failed == nil {
			g.store.groupSizes.add(len(g.members))
			began := time.Now()
			err := g.store.commit(w)
			g.store.commitTime = time.Since(began)
			return err
		}
		w.rollback()
		g.dismiss(failed)
		if len(g.members) == 0 {
			return nil
		}
		if err := g.store.begin(ctx, w, time.Now()); err != nil {
			return err
		}
	}
}

// perform runs the members one after the other, including those that join, until none is left. It returns the one that
// left the transaction dirty, nil if none did.
func (g *group) perform(w *conn) (failed *operation) {
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
	for len(g.members) < maxGroup && time.Since(g.began) < maxGroupTime {
		if op := g.store.queue.next(); op != nil || !g.wait() {
			return op
		}
	}
	return nil
}

// wait waits until another operation may be in the queue; it returns false if the group has as many members as expected, or has
// waited as long as the last commit took.
func (g *group) wait() bool {
	if len(g.members) >= g.expected {
		return false
	}
	if g.due == nil {
		g.due = time.NewTimer(min(g.store.commitTime, maxGroupTime))
	}
	select {
	case <-g.store.queue.joined:
		return true
	case <-g.due.C:
		g.expected = 0
		return false
	}
}

// perform runs the operation. A panic becomes its error, so that it doesn't hit the leader.
func (op *operation) perform(w *conn) (dirty bool) {
	defer func() {
		if value := recover(); value != nil {
			op.err, dirty = store.Recovered(value), true
		}
	}()
	dirty, op.err = op.run(w)
	return dirty
}

// finish finishes all members, with that error if there is one.
func (g *group) finish(err error) {
	for _, op := range g.members {
		op.finish(err)
	}
}

// dismiss removes a member and finishes it with its own error.
func (g *group) dismiss(op *operation) {
	g.members = slices.DeleteFunc(g.members, func(member *operation) bool { return member == op })
	op.finish(nil)
}

// finish unblocks the operation's caller, with that error if there is one.
func (op *operation) finish(err error) {
	if err != nil {
		op.err = err
	}
	if op.done != nil {
		close(op.done)
	}
}
