package notify

import (
	"context"
	"errors"
	"testing"
	"time"

	"crm/db"
	"crm/db/store"
	"crm/notify/mail"
	"crm/notify/mail/mailtest"
)

// TestMalformedEvents checks that an event that can't be decoded causes no mail and blocks nothing.
func TestMalformedEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, kind := range []string{db.EventInteractionCreated, db.EventTicketMoved, "comet.sighted"} {
		for _, data := range []string{"", "not JSON", "{}", "[]", `{"interaction":7}`, `{"ticket":null}`} {
			event := w.event(kind, w.as(w.ada), content{})
			event.Data = data
			w.insert(db.Interactions.Collection, &db.Interaction{ID: store.NewID()}, event)
		}
	}
	w.announce("Yearly review")
	start(t, w.db, mail.Development{})
	w.settled(2)
	eventually(t, func() bool {
		events, err := w.db.UnplannedEvents(t.Context(), 100)
		return err == nil && len(events) == 0
	})
}

// TestStuckEvent checks that an event whose deliveries the store refuses doesn't block later ones, and is planned once
// the store accepts them.
func TestStuckEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	engine := &troubledStore{Store: w.store}
	engine.set(func(op string, doc store.Document) error {
		if d, ok := doc.(*db.Delivery); ok && d.Subject == "New meeting: Stuck" {
			return errors.New("the document is too large")
		}
		return nil
	})
	w.announce("Stuck")
	w.announce("Free")
	w.announce("Free, too")
	start(t, db.New(engine, nil, db.Options{}), mail.Development{})
	w.settled(4)
	engine.set(nil)
	w.settled(6)
}

// TestStoreDown checks that nothing is lost while the store can't be reached.
func TestStoreDown(t *testing.T) {
	t.Parallel()
	for _, down := range []string{"insert", "update", "move", "claim"} {
		t.Run(down, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			server := mailtest.NewServer(t)
			engine := &troubledStore{Store: w.store}
			tries := make(chan struct{}, 3)
			engine.set(func(op string, _ store.Document) error {
				if op != down {
					return nil
				}
				select {
				case tries <- struct{}{}:
				default:
				}
				return store.Errorf(store.Unavailable, "the database is not available")
			})
			w.announce("Yearly review")
			start(t, db.New(engine, nil, db.Options{}), newMailer(t, server), func(s *settings) { s.lease = time.Minute })
			eventually(t, func() bool { return len(tries) == cap(tries) })
			engine.set(nil)
			w.settled(2)
			once(t, server, 2)
		})
	}
}

// TestStop checks that a stopped service finishes the mail that it is sending, and releases claims that it hasn't begun
// to send.
func TestStop(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.announceToCarl("Yearly review")
	mailer := &heldMailer{begun: make(chan struct{}), free: make(chan struct{})}
	stop := run(t, New(w.db, mailer, discard(), quick))
	<-mailer.begun
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	close(mailer.free)
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if d := w.deliveries()[0]; d.Status != db.DeliverySent {
		t.Errorf("status %s", d.Status)
	}
	w.announceToCarl("Yearly review")
	service := New(w.db, mailer, discard(), quick)
	w.planAll(service)
	delivery, err := w.db.ClaimDelivery(t.Context(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	service.dispatcher.deliver(done, t.Context(), delivery)
	if d, err := w.db.ClaimDelivery(t.Context(), time.Hour); err != nil || d.ID != delivery.ID || d.Attempts != 0 {
		t.Errorf("claimed %v, error %v", d, err)
	}
}

// TestLostLease checks that a worker that exceeds its lease doesn't overwrite the result of the next one.
func TestLostLease(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.announceToCarl("Yearly review")
	service := New(w.db, acceptingMailer{}, discard(), quick)
	w.planAll(service)
	slow, err := w.db.ClaimDelivery(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	next, err := w.db.ClaimDelivery(t.Context(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	service.dispatcher.deliver(t.Context(), t.Context(), next)
	service.dispatcher.mailer = failingMailer{}
	service.dispatcher.deliver(t.Context(), t.Context(), slow)
	if d := w.deliveries()[0]; d.Status != db.DeliverySent || d.Attempts != 1 || d.LastError != nil {
		t.Errorf("status %s after %d attempts, error %v", d.Status, d.Attempts, d.LastError)
	}
}

type failingMailer struct{}

func (failingMailer) Send(context.Context, *mail.Message) error {
	return &mail.PermanentError{Err: errors.New("no such mailbox")}
}

// heldMailer blocks until free is closed.
type heldMailer struct{ begun, free chan struct{} }

func (m *heldMailer) Send(context.Context, *mail.Message) error {
	close(m.begun)
	<-m.free
	return nil
}
