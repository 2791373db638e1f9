package live

import (
	"context"

	"crm/auth"
)

// streamBuffer is the maximum number of changes buffered for a subscriber. Further ones stay in the log.
const streamBuffer = 128

// subscriber is a stream of any document type. Its methods are called under the broker's lock.
type subscriber interface {
	viewer() auth.Viewer
	end(err error)
}

// stream delivers changes to one subscriber. It is live while the broker publishes to it. When it lags behind the
// broker, at its beginning or because its subscriber reads slowly, it replays the log by itself. The broker's lock
// guards all fields but changes; while the stream replays, at belongs to the replay.
type stream[T any] struct {
	broker  *Broker
	group   *group[T]
	key     groupKey
	session auth.Viewer
	changes chan *Change[T]
	// ended and announced notify the subscriber; they may be nil.
	ended     func(error)
	announced func(changes int)
	// at is a seq up to which the stream has got everything. While the stream is live, that is the seq of its last
	// change, or the one where it went live.
	at   int
	over bool
	// cause is the reason why the stream is over, if the subscriber should get one.
	cause error
	// forgetContext stops the end of the subscriber's context from ending the stream.
	forgetContext func() bool
	// catchUp is the replay, which ends early when over is closed.
	catchUp func(over <-chan struct{})
	// replaying is closed when the stream is over while it replays; it is nil when the stream is live.
	replaying chan struct{}
}

func (s *stream[T]) viewer() auth.Viewer { return s.session }

// begin makes the stream live, or starts a replay of what it missed.
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

// fallBack starts a replay of what the stream missed.
func (s *stream[T]) fallBack() {
	s.replaying = make(chan struct{})
	go s.catchUp(s.replaying)
}

// join makes the stream live if it has caught up with the live ones. newest is a seq that is visible in the log; a
// broker without live streams continues from there.
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

// publish sends the changes. A stream whose buffer is full falls back to a replay, so that it blocks nobody.
func (s *stream[T]) publish(changes []*Change[T]) {
	sent := 0
	defer func() { s.announce(sent) }()
	for _, c := range changes {
		if c.seq <= s.at {
			continue
		}
		select {
		case s.changes <- c:
			s.at = c.seq
			sent++
		default:
			s.leave()
			s.fallBack()
			return
		}
	}
}

func (s *stream[T]) announce(changes int) {
	if s.announced != nil && changes > 0 {
		s.announced(changes)
	}
}

// end ends the stream. Changes still buffered aren't sent: the subscriber may have lost the right to see them, and
// otherwise gets them after subscribing again.
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

// leave removes the stream from its group, and the group from the broker if it is empty.
func (s *stream[T]) leave() {
	delete(s.group.streams, s)
	if s.group.empty() && s.broker.groups[s.key] == subscriberGroup(s.group) {
		delete(s.broker.groups, s.key)
	}
}

// close empties the channel, reports why the stream is over, and closes the channel.
func (s *stream[T]) close() {
	for {
		select {
		case <-s.changes:
		default:
			if s.cause != nil && s.ended != nil {
				s.ended(s.cause)
			}
			close(s.changes)
			s.announce(1)
			return
		}
	}
}
