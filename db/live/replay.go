package live

import (
	"context"
	"time"

	"crm/db/eventlog"
	"crm/db/store"
)

// How long a subscriber may read nothing while changes wait for it, and how often a replay checks whether it does.
const (
	readTimeout = 3 * time.Second
	readPoll    = 10 * time.Millisecond
)

// replay tells what the subscriber wasn't told, as fast as it reads, and then makes the subscription live.
func (s *subscription[T]) replay(ctx context.Context, over <-chan struct{}) {
	for {
		// A panic ends this subscription only.
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

// replayOver ends the subscription if the subscriber left or there is an error, and reports whether it is over.
func (s *subscription[T]) replayOver(ctx context.Context, err error) bool {
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

// replayBatch tells the next events there are. live is true when there are no more and the subscription became live.
func (s *subscription[T]) replayBatch(ctx context.Context, over <-chan struct{}) (live bool, err error) {
	events, err := s.broker.log.After(ctx, s.at, batchSize)
	if err != nil {
		return false, err
	}
	updates, err := s.group.updates(ctx, s.broker.changeEvents(events)[s.group.reader.Definition()])
	if err != nil {
		return false, err
	}
	for _, u := range updates {
		if err := s.untilRead(over, bufferSize-1); err != nil {
			return false, err
		}
		select {
		case s.changes <- &Change[T]{update: u}: // there is room, since nobody else sends
			s.announce()
		case <-over:
			return false, nil
		}
	}
	if len(events) > 0 {
		s.at = events[len(events)-1].Seq
	}
	if len(events) == batchSize {
		return false, nil
	}
	// A live subscription needs room for what happens all at once.
	if err := s.untilRead(over, bufferSize/2); err != nil {
		return false, err
	}
	return s.goLive(), nil
}

// untilRead waits until at most some changes wait for the subscriber, or the subscription is over. A subscriber who reads
// nothing for readTimeout is a SLOW_CONSUMER.
func (s *subscription[T]) untilRead(over <-chan struct{}, most int) error {
	waiting := len(s.changes)
	if waiting <= most {
		return nil
	}
	poll := time.NewTicker(readPoll)
	defer poll.Stop()
	read := time.Now()
	for waiting > most {
		select {
		case <-over:
			return nil
		case <-poll.C:
		}
		left := len(s.changes)
		switch {
		case left < waiting:
			read = time.Now()
		case time.Since(read) > readTimeout:
			return store.Errorf(store.SlowConsumer, "changes were not read for %s; subscribe again after the last seq", readTimeout)
		}
		waiting = left
	}
	return nil
}

// goLive makes the subscription live if it has been told as much as those that are.
func (s *subscription[T]) goLive() bool {
	s.broker.mutex.Lock()
	defer s.broker.mutex.Unlock()
	if s.over || !s.join(s.at) {
		return false
	}
	s.replaying = nil
	return true
}
