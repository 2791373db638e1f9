package store

import "context"

// Notifier is a Store that may be able to tell when another process adds events to the log, so that whoever follows the
// log need not ask for new ones all the time.
type Notifier interface {
	// Notify calls wake once it has begun to listen, and from then on after events have been added to Events by any
	// process; one call may stand for many events. wake must not block. Notify goes on until ctx ends or it can listen no
	// more, and always returns an error: ctx's; one that is errors.ErrUnsupported where this database never notifies,
	// so that its caller has to poll; any other where the next call may succeed, until when its caller has to poll.
	//
	// It tells of the log alone. Events that another process has written but not moved yet, as one that was killed, are
	// found by MoveEvents only, which therefore has to be called now and then all the same.
	Notify(ctx context.Context, wake func()) error
}
