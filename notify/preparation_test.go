package notify

import (
	"bytes"
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"crm/db"
	"crm/db/store"
	"crm/files"
)

// unreadableStore is a store in which what fails says can't be found.
type unreadableStore struct {
	store.Store
	fails func(c *store.Collection, q store.Query) error
}

func (s *unreadableStore) Find(ctx context.Context, c *store.Collection, q store.Query, next func() store.Document) error {
	if err := s.fails(c, q); err != nil {
		return err
	}
	return s.Store.Find(ctx, c, q, next)
}

// TestUnpreparedMail checks that mail that can't be prepared isn't failed, however often that happens, and that staff don't see why; a
// message that makes the program panic again and again is failed at last, since the later ones to its recipient wait for it.
func TestUnpreparedMail(t *testing.T) {
	t.Parallel()
	broken := func() error { return errors.New("SQLITE_IOERR: disk I/O error") }
	panics := func() error { panic("the store has a fault") }
	const often = 30
	for _, test := range []struct {
		name string
		// collection is where nothing can be found.
		collection *store.Collection
		fail       func() error
		times      int64
		status     db.DeliveryStatus
		attempts   int
		age        time.Duration
	}{
		{"the recipient", db.Customers.Collection, broken, often, db.DeliverySent, 1, 0},
		{"earlier mail", db.Deliveries.Collection, broken, often, db.DeliverySent, 1, 0},
		{"the conversation", db.TicketMessages.Collection, broken, often, db.DeliverySent, 1, 0},
		{"the files", db.Attachments.Collection, broken, often, db.DeliverySent, 1, 0},
		{"the files, for days", db.Attachments.Collection, broken, often, db.DeliveryFailed, 8, giveUpAfter},
		{"the recipient, with a panic", db.Customers.Collection, panics, often, db.DeliveryFailed, 8, 0},
		{"the files, with a panic", db.Attachments.Collection, panics, often, db.DeliveryFailed, 8, 0},
		{"the files, with a panic for a moment", db.Attachments.Collection, panics, 2, db.DeliverySent, 3, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			options := db.Options{Files: files.NewFolder(t.TempDir())}
			w.db = db.New(w.store, nil, options)
			w.insert(db.Interactions.Collection, w.interaction)
			w.insert(db.Tickets.Collection, w.ticket)
			upload, err := w.db.StoreUpload(t.Context(), w.as(w.bob), db.NewUpload{FileName: "a.txt", Size: 1}, bytes.NewReader([]byte("a")))
			if err != nil {
				t.Fatal(err)
			}
			reply := db.NewReply{BodyText: "It is out.", Attachments: []store.ID{upload}}
			if _, _, err := w.db.ReplyToTicket(t.Context(), w.as(w.bob), w.ticket.ID, reply); err != nil {
				t.Fatal(err)
			}
			w.planAll(New(w.db, acceptingMailer{}, discard(), quick))
			for _, d := range w.deliveries() {
				older := []store.Assignment{{Field: "created_at", Value: d.CreatedAt.Add(-test.age)}}
				if err := w.store.Update(t.Context(), db.Deliveries.Collection, d.ID, store.Filter{}, older); err != nil {
					t.Fatal(err)
				}
			}
			var failures atomic.Int64
			engine := &unreadableStore{w.store, func(c *store.Collection, q store.Query) error {
				if c != test.collection || failures.Add(1) > test.times {
					return nil
				}
				return test.fail()
			}}
			start(t, db.New(engine, nil, options), acceptingMailer{})
			eventually(t, func() bool {
				if d := w.deliveries()[0]; d.LastError != nil && *d.LastError != "the server failed unexpectedly; its log has the details" {
					t.Errorf("staff see %q", *d.LastError)
				}
				return w.deliveries()[0].Status != db.DeliveryPending
			})
			if d := w.deliveries()[0]; d.Status != test.status || d.Attempts != test.attempts {
				t.Errorf("status %s after %d attempts, error %v", d.Status, d.Attempts, d.LastError)
			}
		})
	}
}

// TestPauseBeforePreparation checks that mail that can't be prepared isn't tried again at once, and that it is no attempt.
func TestPauseBeforePreparation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.announceToCarl("Yearly review")
	w.planAll(New(w.db, acceptingMailer{}, discard(), quick))
	engine := &unreadableStore{w.store, func(c *store.Collection, _ store.Query) error {
		if c == db.Customers.Collection {
			return errors.New("the connection was lost")
		}
		return nil
	}}
	before := time.Now()
	start(t, db.New(engine, nil, db.Options{}), acceptingMailer{}, func(s *settings) { s.longest = time.Hour })
	eventually(t, func() bool {
		d := w.deliveries()[0]
		return d.Lease.IsZero() && d.NextAttemptAt.After(before.Add(time.Hour))
	})
	if d := w.deliveries()[0]; d.Status != db.DeliveryPending || d.Attempts != 0 || d.LastError != nil {
		t.Errorf("status %s after %d attempts, error %v", d.Status, d.Attempts, d.LastError)
	}
}
