package db

import (
	"context"
	"time"

	"crm/db/store"
)

// How long a subscriber may read nothing while changes wait for it, and how often a replay looks whether it does.
const (
	readerPatience = 3 * time.Second
	readerLook     = 10 * time.Millisecond
)

// replay tells what the stream wasn't told, as fast as it is read, and then makes it live.
func (s *stream[T]) replay(ctx context.Context, over <-chan struct{}) {
	for {
		live, err := s.replayBatch(ctx, over)
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
	s.feed.mutex.Lock()
	defer s.feed.mutex.Unlock()
	switch {
	case ctx.Err() != nil:
		s.end(nil)
	case err != nil:
		s.end(err)
	}
	return s.over
}

// replayBatch tells the next events there are. live is true when there are no more and the stream became live.
func (s *stream[T]) replayBatch(ctx context.Context, over <-chan struct{}) (live bool, err error) {
	events, err := s.feed.db.eventsBehind(ctx, s.at, feedBatch)
	if err != nil {
		return false, err
	}
	sights, err := s.audience.sights(ctx, occurrences(events)[s.audience.entities.Definition()])
	if err != nil {
		return false, err
	}
	for _, seen := range sights {
		if err := s.untilRead(over, streamBuffer-1); err != nil {
			return false, err
		}
		select {
		case s.changes <- &Change[T]{sight: seen}: // there is room, since nobody else sends
			s.announce()
		case <-over:
			return false, nil
		}
	}
	if len(events) > 0 {
		s.at = events[len(events)-1].Seq
	}
	if len(events) == feedBatch {
		return false, nil
	}
	// A live stream needs room for what happens all at once.
	if err := s.untilRead(over, streamBuffer/2); err != nil {
		return false, err
	}
	return s.goLive(), nil
}

// untilRead waits until at most some changes wait for the subscriber, or the stream is over. A subscriber who reads
// nothing meanwhile is SLOW_CONSUMER after a while.
func (s *stream[T]) untilRead(over <-chan struct{}, most int) error {
	waiting := len(s.changes)
	if waiting <= most {
		return nil
	}
	look := time.NewTicker(readerLook)
	defer look.Stop()
	read := time.Now()
	for waiting > most {
		select {
		case <-over:
			return nil
		case <-look.C:
		}
		left := len(s.changes)
		switch {
		case left < waiting:
			read = time.Now()
		case time.Since(read) > readerPatience:
			return store.Errorf(store.SlowConsumer, "changes were not read for %s; subscribe again after the last seq", readerPatience)
		}
		waiting = left
	}
	return nil
}

// goLive makes the stream live if it has been told as much as those that are.
func (s *stream[T]) goLive() bool {
	s.feed.mutex.Lock()
	defer s.feed.mutex.Unlock()
	if s.over || !s.join(s.at) {
		return false
	}
	s.replaying = nil
	return true
}
