package live

import (
	"context"
	"time"

	"crm/db/eventlog"
	"crm/db/store"
)

// How long a subscriber may read nothing while changes wait for it, and how often a replay checks that.
const (
	readTimeout    = 3 * time.Second
	readCheckPause = 10 * time.Millisecond
)

// replay sends the events that the stream missed, as fast as they are read, and then makes the stream live.
func (s *stream[T]) replay(ctx context.Context, over <-chan struct{}) {
	for {
		live, err := eventlog.Guard(func() (bool, error) { return s.replayBatch(ctx, over) })
		if live {
			return
		}
		if s.replayOver(ctx, err) {
			s.close()
			return
		}
	}
}

// replayOver ends the stream if the subscriber left or there is an error, and reports whether it is over.
func (s *stream[T]) replayOver(ctx context.Context, err error) bool {
	s.broker.mutex.Lock()
	defer s.broker.mutex.Unlock()
	switch {
	case ctx.Err() != nil:
		s.end(nil)
	case err != nil:
		s.end(err)
	}
	return s.over
}

// replayBatch sends the next events. live is true if there were no more and the stream went live.
func (s *stream[T]) replayBatch(ctx context.Context, over <-chan struct{}) (live bool, err error) {
	events, err := s.broker.events.After(ctx, s.at, eventBatch)
	if err != nil {
		return false, err
	}
	changes, err := s.group.changes(ctx, s.broker.changeEvents(ctx, events)[s.group.source.Collection()])
	if err != nil {
		return false, err
	}
	for _, c := range changes {
		if err := s.awaitRead(over, streamBuffer-1); err != nil {
			return false, err
		}
		select {
		case s.changes <- c: // there is room, since nobody else sends
			s.announce(1)
		case <-over:
			return false, nil
		}
	}
	if len(events) > 0 {
		s.at = events[len(events)-1].Seq
	}
	if len(events) == eventBatch {
		return false, nil
	}
	// A live stream needs room for bursts.
	if err := s.awaitRead(over, streamBuffer/2); err != nil {
		return false, err
	}
	return s.goLive(), nil
}

// awaitRead waits until at most that many changes wait for the subscriber, or the stream is over. A subscriber that
// reads nothing for readTimeout is a SLOW_CONSUMER.
func (s *stream[T]) awaitRead(over <-chan struct{}, most int) error {
	waiting := len(s.changes)
	if waiting <= most {
		return nil
	}
	check := time.NewTicker(readCheckPause)
	defer check.Stop()
	lastRead := time.Now()
	for waiting > most {
		select {
		case <-over:
			return nil
		case <-check.C:
		}
		left := len(s.changes)
		switch {
		case left < waiting:
			lastRead = time.Now()
		case time.Since(lastRead) > readTimeout:
			return store.Errorf(store.SlowConsumer, "changes were not read for %s; subscribe again after the last seq", readTimeout)
		}
		waiting = left
	}
	return nil
}

// goLive makes the stream live if it has caught up with the live ones.
func (s *stream[T]) goLive() bool {
	s.broker.mutex.Lock()
	defer s.broker.mutex.Unlock()
	if s.over || !s.join(s.at) {
		return false
	}
	s.replaying = nil
	return true
}
