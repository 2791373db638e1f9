package eventlog_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"crm/db/eventlog"
	"crm/db/store"
)

// notifyingStore runs one step of its script for each call of Notify.
type notifyingStore struct {
	store.Store

	began  time.Time
	calls  []int // seconds after the begin
	script []func(wake func()) error
}

func (s *notifyingStore) Notify(ctx context.Context, wake func()) error {
	s.calls = append(s.calls, int(time.Since(s.began)/time.Second))
	if len(s.calls) > len(s.script) {
		<-ctx.Done()
		return ctx.Err()
	}
	return s.script[len(s.calls)-1](wake)
}

// TestListen checks that Listen survives errors and panics, waits longer after each, and starts over once it was notified.
func TestListen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fail := func(func()) error { return errors.New("the connection is lost") }
		s := &notifyingStore{began: time.Now(), script: []func(func()) error{
			fail, fail, func(func()) error { panic("a fault") },
			func(wake func()) error { wake(); wake(); return fail(nil) },
			fail,
		}}
		wakes := 0
		ctx, stop := context.WithTimeout(t.Context(), time.Hour)
		defer stop()
		eventlog.Listen(ctx, s, slog.New(slog.DiscardHandler), func() { wakes++ })
		if want := []int{0, 1, 3, 7, 8, 10}; !slices.Equal(s.calls, want) || wakes != 2 {
			t.Errorf("listened at %v, was woken %d times; want %v and 2", s.calls, wakes, want)
		}
	})
}

// TestListenUnsupported checks that Listen returns at once for a store that can't notify.
func TestListenUnsupported(t *testing.T) {
	t.Parallel()
	unsupported := &notifyingStore{script: []func(func()) error{func(func()) error { return errors.ErrUnsupported }}}
	for _, s := range []store.Store{new(logStore), unsupported} {
		eventlog.Listen(t.Context(), s, slog.New(slog.DiscardHandler), func() { t.Error("woken") })
	}
}
