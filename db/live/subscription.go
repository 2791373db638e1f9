package live

import (
	"context"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// bufferSize is how many changes wait for a subscriber at most. For one that reads more slowly they wait in the log.
const bufferSize = 128

// Watch says what a subscriber wants to be told.
type Watch struct {
	// Where is the client's filter.
	Where store.Filter
	// After is the seq behind which to begin; nil means from now on.
	After *string
	// Ended is told why the subscription ends before its channel is closed, unless the subscriber left. It must not block.
	Ended func(error)
	// Announce, if not nil, is called for each change, once it can be received, and when the channel has been closed. It
	// must not block.
	Announce func()
}

// Subscribe tells a subscriber, on a channel, of every change of the documents that match and that the viewer sees, until
// ctx is done or the channel is closed. What they see is read when it happens: a document that the viewer ceases to see, or
// that ceases to match, is removed, and what they never saw is never told.
func Subscribe[T any](
	ctx context.Context, b *Broker, reader *entity.Reader[T], viewer auth.Viewer, w Watch,
) (<-chan *Change[T], error) {
	// A connection may be much older than its newest subscription, so nothing that was learned of the session before counts.
	session := auth.Viewer{Role: viewer.Role, Account: viewer.Account, Session: viewer.Session}
	dead, err := b.sessions.Ended(ctx, map[auth.Viewer]bool{session: true})
	if err != nil {
		return nil, err
	}
	if dead[session] {
		return nil, errSessionEnded()
	}
	group, key, err := newGroup(reader, viewer.Scope(), w.Where)
	if err != nil {
		return nil, err
	}
	at, newest, err := b.log.Position(ctx, w.After)
	if err != nil {
		return nil, err
	}
	s := &subscription[T]{
		broker: b, group: group, key: key, at: at, session: session,
		changes: make(chan *Change[T], bufferSize), ended: w.Ended, announced: w.Announce,
	}
	s.catchUp = func(over <-chan struct{}) { s.replay(ctx, over) }
	if err := s.begin(ctx, newest); err != nil {
		return nil, err
	}
	return s.changes, nil
}

// subscriber is a subscription, whatever it is of. Its methods are called under the broker's lock.
type subscriber interface {
	viewer() auth.Viewer
	end(err error)
}

// subscription is what one subscriber is told. It is live when the broker publishes to it. When it lags behind the broker,
// at its beginning or because its subscriber reads slowly, it replays the log by itself. All but changes is the broker's,
// under its lock; while it replays, at belongs to the replay.
type subscription[T any] struct {
	broker  *Broker
	group   *group[T]
	key     groupKey
	session auth.Viewer
	changes chan *Change[T]
	// ended and announced tell the subscriber; they may be nil.
	ended     func(error)
	announced func()
	// at is a seq up to which the subscriber has been told; if the subscription is live and hasn't told anything since, it is
	// where it became so.
	at   int
	over bool
	// cause is why it is over, if the subscriber is to know.
	cause error
	// forgetContext has the end of the subscriber's context not end the subscription, which is over already.
	forgetContext func() bool
	// catchUp is the replay, which ends early when over is closed.
	catchUp func(over <-chan struct{})
	// replaying is closed when the subscription is over while it replays; it is nil when live.
	replaying chan struct{}
}

func (s *subscription[T]) viewer() auth.Viewer { return s.session }

// begin makes the subscription live, or has it replay first what it missed.
func (s *subscription[T]) begin(ctx context.Context, newest int) error {
	b := s.broker
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.closed != nil {
		return b.closed
	}
	b.subscribers[s] = struct{}{}
	if len(b.subscribers) == 1 {
		b.Wake()
	}
	if !s.join(newest) {
		s.startReplay()
	}
	s.forgetContext = context.AfterFunc(ctx, func() {
		b.mutex.Lock()
		defer b.mutex.Unlock()
		s.end(nil)
	})
	return nil
}

// startReplay has the subscription replay what it wasn't told.
func (s *subscription[T]) startReplay() {
	s.replaying = make(chan struct{})
	go s.catchUp(s.replaying)
}

// join makes the subscription live if it has been told as much as those that are. newest is a seq that can be seen in the
// log, where a broker without live subscriptions takes up its work again.
func (s *subscription[T]) join(newest int) bool {
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
	s.group.subscriptions[s] = struct{}{}
	return true
}

// publish hands over what the group is told. A subscription whose buffer is full replays, and keeps nobody waiting.
func (s *subscription[T]) publish(updates []*update[T]) {
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
			s.startReplay()
			return
		}
	}
}

func (s *subscription[T]) announce() {
	if s.announced != nil {
		s.announced()
	}
}

// end ends the subscription. What still waits in it isn't sent: the subscriber may have lost the right to see it, and will
// otherwise get it again.
func (s *subscription[T]) end(err error) {
	if s.over {
		return
	}
	s.over = true
	s.forgetContext()
	delete(s.broker.subscribers, s)
	s.leave()
	s.cause = err
	if s.replaying != nil {
		close(s.replaying) // the replay closes the channel, on which it may just be sending
		return
	}
	s.close()
}

// leave takes the subscription from its group, which is no more when it was the last.
func (s *subscription[T]) leave() {
	delete(s.group.subscriptions, s)
	if s.group.empty() && s.broker.groups[s.key] == subscriberGroup(s.group) {
		delete(s.broker.groups, s.key)
	}
}

// close empties the channel, says why, and closes it.
func (s *subscription[T]) close() {
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
