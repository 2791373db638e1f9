package db_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"crm/auth"
	"crm/db"
	"crm/db/entity"
	"crm/db/store"
)

// logged writes planned events to the log, which happen now.
func logged(t *testing.T, engine store.Store, carrier *db.Customer, entityID store.ID, data string, eventTypes ...string) {
	t.Helper()
	for _, eventType := range eventTypes {
		logEvent(t, engine, carrier, &store.Event{Type: eventType, Entity: entityID, At: time.Now(), Data: data, Planned: true})
	}
}

// logEvent writes an event to the log, carried by a customer.
func logEvent(t *testing.T, engine store.Store, carrier *db.Customer, event *store.Event) {
	t.Helper()
	event.ID, event.At = store.NewID(), event.At.UTC().Truncate(time.Millisecond)
	err := engine.Update(t.Context(), db.Customers.Collection, carrier.ID, store.Filter{},
		[]store.Assignment{{Field: "version", Value: 2}}, event)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := engine.MoveEvents(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
}

// TestErasureOfSeveralAccounts checks that an account is erased although old events were removed from the log since its
// deletion began, and that an account whose erasure fails doesn't keep others from being erased.
func TestErasureOfSeveralAccounts(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, engine store.Store) {
		carrier := customer(t, engine)
		accounts := []store.ID{store.NewID(), store.NewID(), store.NewID()}
		for i, id := range accounts {
			tombstone := &db.Tombstone{ID: id, Account: auth.AccountKey(auth.Customer, id), Name: "Carl", Email: "carl@customer.example"}
			if err := engine.Insert(t.Context(), db.Tombstones.Collection, tombstone); err != nil {
				t.Fatal(err)
			}
			state, err := json.Marshal(entity.Envelope{State: map[string]json.RawMessage{"title": json.RawMessage(`"Carl's meeting"`)}})
			if err != nil {
				t.Fatal(err)
			}
			logged(t, engine, carrier, id, string(state), db.EventCustomerCreated)
			logged(t, engine, carrier, store.NewID(), "{}", "comet.sighted")
			if i != 1 { // the deletion of the second one isn't complete
				logged(t, engine, carrier, id, string(state), db.EventCustomerDeleted)
			}
		}
		if _, err := engine.Purge(t.Context(), store.Events, store.Eq("type", "comet.sighted"), 10); err != nil {
			t.Fatal(err)
		}
		broken := &brokenErasure{Store: engine, account: accounts[0]}
		d := db.New(broken, nil, db.Options{})
		if left, err := d.EraseDeleted(t.Context()); err == nil || left != 2 {
			t.Errorf("with one account that fails, %d are left, error %v", left, err)
		}
		broken.account = store.ID{}
		if left, err := d.EraseDeleted(t.Context()); err != nil || left != 1 {
			t.Errorf("%d are left, want the one whose deletion isn't complete; error %v", left, err)
		}
	})
}

// TestErasedAddresses checks that the address of a deleted account is erased from messages however it was written there, and nobody
// else's.
func TestErasedAddresses(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, engine store.Store) {
		const erased = "deleted@account.invalid"
		d := db.New(engine, nil, db.Options{})
		carrier, id, ticket := customer(t, engine), store.NewID(), store.NewID()
		cleo, other := auth.AccountKey(auth.Customer, id), auth.AccountKey(auth.User, store.NewID())
		tombstone := &db.Tombstone{ID: id, Account: cleo, Name: "Cleo", Email: "cleo@example.com"}
		if err := engine.Insert(t.Context(), db.Tombstones.Collection, tombstone); err != nil {
			t.Fatal(err)
		}
		concerned, err := json.Marshal(entity.Envelope{State: map[string]json.RawMessage{}, Concerned: []entity.Party{{Role: "customer", Account: cleo}}})
		if err != nil {
			t.Fatal(err)
		}
		logged(t, engine, carrier, ticket, string(concerned), db.EventTicketDeleted)
		logged(t, engine, carrier, id, "{}", db.EventCustomerDeleted)
		want := map[store.ID]string{}
		for _, test := range []struct {
			account   auth.AudienceKey
			copied    bool
			recipient string
			about     store.ID
			want      string
		}{
			{account: cleo, recipient: "cleo@example.com", want: erased},
			{account: cleo, recipient: "former@example.com", want: erased},
			{recipient: "cleo@example.com", want: erased}, // of an earlier version
			{recipient: "Cleo@Example.com", want: erased},
			{recipient: "dan@example.com", want: "dan@example.com"},
			{account: other, recipient: "bob@crm.example", about: ticket, want: "bob@crm.example"},
			{account: other, copied: true, recipient: "cleo@example.com", about: ticket, want: erased},
			{account: other, copied: true, recipient: "Cleo@Example.com", about: ticket, want: erased},
			{account: other, copied: true, recipient: "dan@example.com", about: ticket, want: "dan@example.com"},
		} {
			event := &store.Event{ID: store.NewID(), Type: db.EventTicketMessageCreated, Entity: test.about}
			delivery := d.NewDelivery(event, "mail", test.account)
			if test.copied {
				delivery = d.NewCopy(event, "mail", test.account, test.recipient)
			}
			delivery.Recipient, delivery.Subject, delivery.Status, delivery.EntityID = test.recipient, "A ticket", db.DeliverySent, test.about
			if err := engine.Insert(t.Context(), db.Deliveries.Collection, delivery); err != nil {
				t.Fatal(err)
			}
			want[delivery.ID] = test.want
		}
		if left, err := d.EraseDeleted(t.Context()); err != nil || left != 0 {
			t.Errorf("%d accounts are left, error %v", left, err)
		}
		deliveries, err := d.RecentDeliveries(t.Context(), 100)
		if err != nil || len(deliveries) != len(want) {
			t.Fatalf("there are %d deliveries, error %v", len(deliveries), err)
		}
		for _, delivery := range deliveries {
			if delivery.Recipient != want[delivery.ID] || delivery.IsCopy() && delivery.Recipient == erased && delivery.CopyTo != erased {
				t.Errorf("a message is to %s, want %s; it is a copy to %q", delivery.Recipient, want[delivery.ID], delivery.CopyTo)
			}
		}
	})
}

// brokenErasure is a store that panics when a tombstone is removed.
type brokenErasure struct {
	store.Store

	account store.ID
}

func (s *brokenErasure) Purge(ctx context.Context, c *store.Collection, where store.Filter, limit int) (int, error) {
	if c == db.Tombstones.Collection && where.Value == s.account {
		panic("a fault")
	}
	return s.Store.Purge(ctx, c, where, limit)
}
