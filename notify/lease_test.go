package notify

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"crm/db"
	"crm/db/store"
	"crm/notify/mail"
)

// slowMailer counts the messages that it is given. It sends none before free is closed, and reports its context's end.
type slowMailer struct {
	begun atomic.Int32
	free  chan struct{}
	ended chan error
}

func (m *slowMailer) Send(ctx context.Context, _ *mail.Message) error {
	m.begun.Add(1)
	select {
	case <-m.free:
		return nil
	case <-ctx.Done():
		m.ended <- context.Cause(ctx)
		return context.Cause(ctx)
	}
}

func newSlowMailer() *slowMailer {
	return &slowMailer{free: make(chan struct{}), ended: make(chan error, 1)}
}

// TestRenewedLease checks that a message whose transfer takes longer than the lease is sent once, by the worker that claimed
// it first.
func TestRenewedLease(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mailer := newSlowMailer()
	lease := func(s *settings) { s.lease = 8 * time.Second } // so long that a busy machine renews it in time
	for range 2 {
		start(t, db.New(w.store, nil, db.Options{}), mailer, lease)
	}
	w.announceToCarl("Yearly review")
	eventually(t, func() bool { return mailer.begun.Load() > 0 })
	first := w.deliveries()[0].NextAttemptAt
	eventually(t, func() bool { return w.deliveries()[0].NextAttemptAt.After(first.Add(time.Second)) })
	close(mailer.free)
	if d := w.settled(1)[0]; d.Status != db.DeliverySent || d.Attempts != 1 || mailer.begun.Load() != 1 {
		t.Errorf("status %s after %d attempts, sent %d times", d.Status, d.Attempts, mailer.begun.Load())
	}
}

// TestLeaseTaken checks that a worker stops sending when its lease is lost, and leaves the delivery alone.
func TestLeaseTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mailer := newSlowMailer()
	start(t, w.db, mailer, func(s *settings) { s.lease = 100 * time.Millisecond })
	w.announceToCarl("Yearly review")
	eventually(t, func() bool { return mailer.begun.Load() > 0 })
	taken := []store.Assignment{{Field: "lease", Value: store.NewID()}, {Field: "next_attempt_at", Value: time.Now().Add(time.Hour)}}
	if err := w.store.Update(t.Context(), db.Deliveries.Collection, w.deliveries()[0].ID, store.Filter{}, taken); err != nil {
		t.Fatal(err)
	}
	if err := <-mailer.ended; !errors.Is(err, errLeaseLost) {
		t.Errorf("sending ended with %v", err)
	}
	if d := w.deliveries()[0]; d.Status != db.DeliveryPending || d.Attempts != 0 || d.LastError != nil {
		t.Errorf("status %s after %d attempts, error %v", d.Status, d.Attempts, d.LastError)
	}
}

// TestClockSetForward checks that a process doesn't send a message twice whose lease ends while it is sent, because the clock was set
// forward or the machine was asleep.
func TestClockSetForward(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mailer := newSlowMailer()
	start(t, w.db, mailer, func(s *settings) { s.lease = time.Hour })
	w.announceToCarl("Yearly review")
	eventually(t, func() bool { return mailer.begun.Load() == 1 })
	ended := []store.Assignment{{Field: "next_attempt_at", Value: time.Now().Add(-24 * time.Hour)}}
	if err := w.store.Update(t.Context(), db.Deliveries.Collection, w.deliveries()[0].ID, store.Filter{}, ended); err != nil {
		t.Fatal(err)
	}
	w.announceToCarl("Contract")
	eventually(t, func() bool { return mailer.begun.Load() > 1 })
	eventually(t, func() bool {
		return !slices.ContainsFunc(w.deliveries(), func(d *db.Delivery) bool { return d.Lease.IsZero() })
	})
	close(mailer.free)
	for _, d := range w.settled(2) {
		if d.Status != db.DeliverySent || d.Attempts != 1 {
			t.Errorf("status %s after %d attempts", d.Status, d.Attempts)
		}
	}
	if n := mailer.begun.Load(); n != 2 {
		t.Errorf("%d messages were sent, want 2", n)
	}
}
