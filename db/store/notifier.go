package store

import "context"

// Notifier is a Store that may be able to notify its caller when another process adds events to the log, so that
// followers of the log needn't poll all the time.
type Notifier interface {
	// Notify calls wake once it has begun to listen, and then whenever any process has added events to Events; one call
	// may stand for many events. wake must not block. Notify runs until ctx ends or it can't listen any more, and
	// always returns an error: ctx's; errors.ErrUnsupported if this database never notifies, so that its caller has to
	// poll; or any other, after which the next call may succeed and its caller has to poll until then.
	//
	// It covers only the log. Only MoveEvents finds events that another process, such as one that was killed, has
	// written but not moved, so it still has to be called now and then.
	Notify(ctx context.Context, wake func()) error
}
