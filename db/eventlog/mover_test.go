package eventlog_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"crm/db/eventlog"
	"crm/db/store"
)

// pendingStore is a store that only counts pending events.
type pendingStore struct {
	store.Store

	pending, calls atomic.Int64
	// fail, if not nil, is called before events are moved.
	fail func(call int64) error
}

func (s *pendingStore) MoveEvents(_ context.Context, limit int) (int, error) {
	call := s.calls.Add(1)
	if s.fail != nil {
		if err := s.fail(call); err != nil {
			return 0, err
		}
	}
	moved := min(s.pending.Load(), int64(limit))
	s.pending.Add(-moved)
	return int(moved), nil
}

// run runs a mover on the store until the test ends.
func run(t *testing.T, s store.Store, options ...eventlog.MoverOption) *eventlog.Mover {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	m := eventlog.NewMover(s, slog.New(slog.DiscardHandler), options...)
	ended := make(chan struct{})
	go func() {
		m.Run(ctx)
		close(ended)
	}()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	return m
}

func TestMoverMovesAllAndCallsOnMoved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, moved := new(pendingStore), 0
		s.pending.Store(250)
		m := run(t, s, eventlog.OnMoved(func() { moved++ }))
		synctest.Wait()
		if s.pending.Load() != 0 || moved != 3 {
			t.Errorf("%d events are pending after %d calls of OnMoved, want 0 after 3", s.pending.Load(), moved)
		}
		s.pending.Store(1)
		m.Wake()
		synctest.Wait()
		if s.pending.Load() != 0 || moved != 4 {
			t.Errorf("a wake left %d events pending, and %d calls of OnMoved, want 0 and 4", s.pending.Load(), moved)
		}
		m.Wake() // for events that the engine has moved itself
		synctest.Wait()
		if moved != 5 {
			t.Errorf("a wake without pending events made %d calls of OnMoved, want 5", moved)
		}
	})
}

func TestMoverIsWokenBySignal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, written := new(pendingStore), eventlog.NewSignal()
		run(t, s, eventlog.WokenBy(written))
		synctest.Wait()
		s.pending.Store(1)
		written.Raise()
		synctest.Wait()
		if s.pending.Load() != 0 {
			t.Error("the event is still pending")
		}
	})
}

func TestIdleMoverPollsRarely(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := new(pendingStore)
		run(t, s)
		time.Sleep(time.Minute)
		if calls := s.calls.Load(); calls > 40 {
			t.Errorf("an idle mover makes %d calls a minute", calls)
		}
		s.pending.Store(1) // by another process, which ended before it moved it
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if s.pending.Load() != 0 {
			t.Error("the event is still pending")
		}
	})
}

func TestMoverSurvives(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(call int64) error{
		"errors": func(call int64) error {
			if call < 5 {
				return errors.New("the store is not available")
			}
			return nil
		},
		"panics": func(call int64) error {
			if call < 5 {
				panic("a bad document")
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &pendingStore{fail: fail}
				s.pending.Store(1)
				m := run(t, s)
				for range 100 { // wakes don't shorten the pauses
					m.Wake()
					synctest.Wait()
				}
				if calls := s.calls.Load(); calls != 1 {
					t.Errorf("%d calls before the first pause has passed", calls)
				}
				time.Sleep(time.Minute)
				if s.pending.Load() != 0 {
					t.Error("the event is still pending")
				}
			})
		})
	}
}
