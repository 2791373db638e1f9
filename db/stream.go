package db

import (
	"context"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// streamBuffer is how many changes wait for a subscriber at most. For who reads more slowly they wait in the log.
const streamBuffer = 128

// Watch says what a subscriber wants to be told.
type Watch struct {
	// Where is the client's filter.
	Where store.Filter
	// After is the seq behind which to begin; nil means from now on.
	After *string
	// Ended is told why the stream ends before its channel is closed, unless the subscriber left. It must not block.
	Ended func(error)
	// Announce, if not nil, is called for each change, once it can be received, and when the channel has been closed. It
	// must not block.
	Announce func()
}

// Subscribe tells a subscriber, on a channel, of every change of the documents that match and that the viewer sees, until ctx is
// done or the channel is closed. What they see is looked up when it happens: a document that leaves their sight, or
// ceases to match, is removed, and what they never saw is never told.
func Subscribe[T any](ctx context.Context, d *DB, e *entity.Reader[T], viewer auth.Viewer, w Watch) (<-chan *Change[T], error) {
	// A connection may be much older than its newest subscription, so nothing is remembered of the session here.
	session := auth.Viewer{Role: viewer.Role, Account: viewer.Account, Session: viewer.Session}
	dead, err := d.deadSessions(ctx, map[auth.Viewer]bool{session: true})
	if err != nil {
		return nil, err
	}
	if dead[session] {
		return nil, errSessionEnded()
	}
	audience, key, err := newAudience(e, viewer.Scope(), w.Where)
	if err != nil {
		return nil, err
	}
	at, newest, err := d.place(ctx, w.After)
	if err != nil {
		return nil, err
	}
	s := &stream[T]{
		feed: d.Feed, audience: audience, key: key, at: at, session: session,
		changes: make(chan *Change[T], streamBuffer), ended: w.Ended, announced: w.Announce,
	}
	s.catchUp = func(over <-chan struct{}) { s.replay(ctx, over) }
	if err := s.begin(ctx, newest); err != nil {
		return nil, err
	}
	return s.changes, nil
}

// subscriber is a stream, whatever it is of. Its methods are called under the feed's lock.
type subscriber interface {
	viewer() auth.Viewer
	end(err error)
}

// stream is what one subscriber is told. It is live when the feed tells it what happens. When it lags behind the feed, at
// its beginning or because its subscriber reads slowly, it replays the log by itself. All but changes is the feed's,
// under its lock; while it replays, at belongs to the replay.
type stream[T any] struct {
	feed     *Feed
	audience *audience[T]
	key      audienceKey
	session  auth.Viewer
	changes  chan *Change[T]
	// ended and announced tell the subscriber; they may be nil.
	ended     func(error)
	announced func()
	// at is a seq up to which the stream has been told; if it is live and hasn't been told of anything since, it is where
	// it became so.
	at   int
	over bool
	// cause is why it is over, if the subscriber is to know.
	cause error
	// forgetContext has the end of the subscriber's context not end the stream, which is over already.
	forgetContext func() bool
	// catchUp is the replay, which ends early when over is closed.
	catchUp func(over <-chan struct{})
	// replaying is closed when the stream is over while it replays; it is nil when live.
	replaying chan struct{}
}

func (s *stream[T]) viewer() auth.Viewer { return s.session }

// begin makes the stream live, or has it replay first what it missed.
func (s *stream[T]) begin(ctx context.Context, newest int) error {
	f := s.feed
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.closed != nil {
		return f.closed
	}
	f.streams[s] = struct{}{}
	if len(f.streams) == 1 {
		f.wake()
	}
	if !s.join(newest) {
		s.fallBack()
	}
	s.forgetContext = context.AfterFunc(ctx, func() {
		f.mutex.Lock()
		defer f.mutex.Unlock()
		s.end(nil)
	})
	return nil
}

// fallBack has the stream replay what it wasn't told.
func (s *stream[T]) fallBack() {
	s.replaying = make(chan struct{})
	go s.catchUp(s.replaying)
}

// join makes the stream live if it has been told as much as those that are. newest is a seq that can be seen in the
// log, where a feed without live streams takes up its work again.
func (s *stream[T]) join(newest int) bool {
	f := s.feed
	if len(f.audiences) == 0 && f.at < newest {
		f.at = newest
	}
	if s.at < f.at {
		return false
	}
	if known, ok := f.audiences[s.key].(*audience[T]); ok {
		s.audience = known
	} else {
		f.audiences[s.key] = s.audience
	}
	s.audience.streams[s] = struct{}{}
	return true
}

// tell hands over what the audience saw. A stream whose buffer is full falls back, and keeps nobody waiting.
func (s *stream[T]) tell(sights []*sight[T]) {
	for _, seen := range sights {
		if seen.seq <= s.at {
			continue
		}
		select {
		case s.changes <- &Change[T]{sight: seen}:
			s.at = seen.seq
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

// end ends the stream. What still waits in it isn't sent: the subscriber may have lost the right to see it, and will
// otherwise get it again.
func (s *stream[T]) end(err error) {
	if s.over {
		return
	}
	s.over = true
	s.forgetContext()
	delete(s.feed.streams, s)
	s.leave()
	s.cause = err
	if s.replaying != nil {
		close(s.replaying) // the replay closes the channel, on which it may just be sending
		return
	}
	s.close()
}

// leave takes the stream from its audience, which is no more when it was the last.
func (s *stream[T]) leave() {
	delete(s.audience.streams, s)
	if s.audience.empty() && s.feed.audiences[s.key] == listeners(s.audience) {
		delete(s.feed.audiences, s.key)
	}
}

// close empties the channel, says why, and closes it.
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
