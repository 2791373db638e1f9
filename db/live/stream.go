package live

import (
	"context"

	"crm/auth"
)

// streamBuffer is how many changes wait for a subscriber at most. If it reads more slowly they wait in the log.
const streamBuffer = 128

// subscriber is a stream, whatever it is of. Its methods are called under the broker's lock.
type subscriber interface {
	viewer() auth.Viewer
	end(err error)
}

// stream is what one subscriber is told. It is live while the broker publishes to it. When it lags behind the broker, at
// its beginning or because its subscriber reads slowly, it replays the log by itself. All but changes is the broker's,
// under its lock; while the stream replays, at belongs to the replay.
type stream[T any] struct {
	broker  *Broker
	group   *group[T]
	key     groupKey
	session auth.Viewer
	changes chan *Change[T]
	// ended and announced tell the subscriber; they may be nil.
	ended     func(error)
	announced func()
	// at is a seq up to which the stream has been told everything. While it is live, it is that of its last change, or where
	// it went live.
	at   int
	over bool
	// cause is why it is over, if the subscriber is to know.
	cause error
	// forgetContext has the end of the subscriber's context not end the stream, which is over already.
	forgetContext func() bool
	// catchUp is the replay, which ends early when over is closed.
	catchUp func(over <-chan struct{})
	// replaying is closed when the stream is over while it replays; it is nil when the stream is live.
	replaying chan struct{}
}

func (s *stream[T]) viewer() auth.Viewer { return s.session }

// begin makes the stream live, or has it first replay what it missed.
func (s *stream[T]) begin(ctx context.Context, newest int) error {
	b := s.broker
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.closed != nil {
		return b.closed
	}
	b.streams[s] = struct{}{}
	if len(b.streams) == 1 {
		b.Wake()
	}
	if !s.join(newest) {
		s.fallBack()
	}
	s.forgetContext = context.AfterFunc(ctx, func() {
		b.mutex.Lock()
		defer b.mutex.Unlock()
		s.end(nil)
	})
	return nil
}

// fallBack has the stream replay what it wasn't told.
func (s *stream[T]) fallBack() {
	s.replaying = make(chan struct{})
	go s.catchUp(s.replaying)
}

// join makes the stream live if it has been told as much as the live ones. newest is a seq that can be seen in the log,
// from where a broker without live streams goes on.
func (s *stream[T]) join(newest int) bool {
	b := s.broker
	if len(b.groups) == 0 && b.at < newest {
		b.at = newest
	}
	if s.at < b.at {
		return false
	}
	if known, ok := b.groups[s.key].(*group[T]); ok {
		s.group = known
	} else {
		b.groups[s.key] = s.group
	}
	s.group.streams[s] = struct{}{}
	return true
}

// publish hands the updates over. A stream whose buffer is full falls back to a replay, and blocks nobody.
func (s *stream[T]) publish(updates []*update[T]) {
	for _, u := range updates {
		if u.seq <= s.at {
			continue
		}
		select {
		case s.changes <- &Change[T]{update: u}:
			s.at = u.seq
			s.announce()
		default:
			s.leave()
			s.fallBack()
			return
		}
	}
}

func (s *stream[T]) announce() {
	if s.announced != nil {
		s.announced()
	}
}

// end ends the stream. What still waits in it isn't sent: the subscriber may have lost the right to see it, and otherwise
// gets it after it has subscribed again.
func (s *stream[T]) end(err error) {
	if s.over {
		return
	}
	s.over = true
	s.forgetContext()
	delete(s.broker.streams, s)
	s.leave()
	s.cause = err
	if s.replaying != nil {
		close(s.replaying) // the replay closes the channel, since it may be sending on it just now
		return
	}
	s.close()
}

// leave takes the stream from its group, which ends with its last stream.
func (s *stream[T]) leave() {
	delete(s.group.streams, s)
	if s.group.empty() && s.broker.groups[s.key] == subscriberGroup(s.group) {
		delete(s.broker.groups, s.key)
	}
}

// close empties the channel, says why the stream is over, and closes the channel.
func (s *stream[T]) close() {
	for {
		select {
		case <-s.changes:
		default:
			if s.cause != nil && s.ended != nil {
				s.ended(s.cause)
			}
			close(s.changes)
			s.announce()
			return
		}
	}
}
