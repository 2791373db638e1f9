package db_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"crm/auth"
	"crm/db"
	"crm/db/entity"
	"crm/db/store"
)

// bury writes the tombstone of a customer, and returns what a title of a document of theirs looks like in an event.
func bury(t *testing.T, engine store.Store, id store.ID) (data string) {
	t.Helper()
	tombstone := &db.Tombstone{ID: id, Account: auth.AccountKey(auth.Customer, id), Name: "Carl", Email: "carl@customer.example"}
	if err := engine.Insert(t.Context(), db.Tombstones.Collection, tombstone); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(entity.Envelope{
		State:     map[string]json.RawMessage{"title": json.RawMessage(`"Carl's leak"`)},
		Concerned: []entity.Party{{Role: "customer", Account: tombstone.Account}, {Role: "author", Account: tombstone.Account}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestErasedWithAccount checks of which events an account's erasure erases the texts, and which ones it waits for, wherever they are in the
// log and whatever the clock said.
func TestErasedWithAccount(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, engine store.Store) {
		carrier, now := customer(t, engine), time.Now()
		for _, test := range []struct {
			name string
			// deleted is when the ticket was deleted, relative to the account, and account when that was, relative to now.
			deleted, account time.Duration
			// late says that the ticket's deletion follows the account's in the log.
			late bool
			// unplanned is when an event happened that isn't planned, relative to now. It is of the ticket, or of something else.
			unplanned        time.Duration
			ticket, anything bool
			waits            bool
		}{
			{name: "before the account"},
			{name: "after the account", account: -time.Hour, deleted: time.Second, late: true},
			{name: "before the account, by a clock that was ahead", deleted: day},
			{name: "while the deletion isn't planned", account: -time.Hour, deleted: time.Second, late: true, unplanned: -time.Minute, ticket: true, waits: true},
			{name: "while an earlier event isn't planned", account: -time.Hour, unplanned: -2 * time.Hour, anything: true, waits: true},
			{name: "while a later event isn't planned", account: -time.Hour, unplanned: -time.Minute, anything: true},
			{name: "while an event of when the clock was ahead isn't planned", account: -time.Hour, unplanned: day, anything: true, waits: true},
		} {
			id, ticket := store.NewID(), store.NewID()
			d, data, of := db.New(engine, nil, db.Options{}), bury(t, engine, id), now.Add(test.account)
			write := func(eventType string, about store.ID, at time.Time, planned bool) {
				t.Helper()
				logEvent(t, engine, carrier, &store.Event{Type: eventType, Entity: about, At: at, Data: data, Planned: planned})
			}
			if !test.late {
				write(db.EventTicketDeleted, ticket, of.Add(test.deleted), true)
			}
			write(db.EventCustomerDeleted, id, of, true)
			if test.late {
				write(db.EventTicketDeleted, ticket, of.Add(test.deleted), true)
			}
			switch {
			case test.ticket:
				write(db.EventTicketUpdated, ticket, now.Add(test.unplanned), false)
			case test.anything:
				write(db.EventTicketUpdated, store.NewID(), now.Add(test.unplanned), false)
			}
			left, err := d.EraseDeleted(t.Context())
			if err != nil || (left == 1) != test.waits {
				t.Errorf("%s: %d accounts are left, error %v", test.name, left, err)
			}
			events, err := d.Log.Find(t.Context(), store.Eq("entity_id", ticket), 0, 0, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, event := range events {
				if strings.Contains(event.Data, "leak") != test.waits {
					t.Errorf("%s: an event has %s", test.name, event.Data)
				}
			}
			for _, c := range []*store.Collection{db.Tombstones.Collection, store.Events} {
				if _, err := engine.Purge(t.Context(), c, store.Filter{}, 100); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

// TestErasureBehindOthers checks that an account is erased although there are more than are read at once whose deletions go on.
func TestErasureBehindOthers(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, engine store.Store) {
		const others = 501
		carrier, d := customer(t, engine), db.New(engine, nil, db.Options{})
		for range others {
			bury(t, engine, store.NewID())
		}
		last := store.NewID()
		logged(t, engine, carrier, last, bury(t, engine, last), db.EventCustomerDeleted)
		if left, err := d.EraseDeleted(t.Context()); err != nil || left != others {
			t.Errorf("%d accounts are left, want %d; error %v", left, others, err)
		}
		n, err := engine.Count(t.Context(), db.Tombstones.Collection, store.Eq("_id", last))
		if err != nil || n != 0 {
			t.Errorf("%d tombstones of the account are left, error %v", n, err)
		}
	})
}

// countedEvents is a store that counts the events that are read.
type countedEvents struct {
	store.Store
	read int
}

func (s *countedEvents) Find(ctx context.Context, c *store.Collection, q store.Query, add func() store.Document) error {
	return s.Store.Find(ctx, c, q, func() store.Document {
		if c == store.Events {
			s.read++
		}
		return add()
	})
}

// TestErasureReadsDeletions checks that of a long log an erasure reads only the deletions, and these once for all accounts that wait.
func TestErasureReadsDeletions(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, engine store.Store) {
		const accounts, deletions = 3, 10
		carrier, counted := customer(t, engine), &countedEvents{Store: engine}
		d := db.New(counted, nil, db.Options{})
		for range accounts {
			id := store.NewID()
			logged(t, engine, carrier, id, bury(t, engine, id), db.EventCustomerDeleted)
			mail := d.NewDelivery(&store.Event{ID: store.NewID(), Type: db.EventTicketDeleted}, "mail", auth.AccountKey(auth.Customer, id))
			if err := engine.Insert(t.Context(), db.Deliveries.Collection, mail); err != nil {
				t.Fatal(err)
			}
		}
		for range deletions {
			logged(t, engine, carrier, store.NewID(), "{}", db.EventCustomerCreated, db.EventCustomerUpdated, db.EventCustomerDeleted)
		}
		if left, err := d.EraseDeleted(t.Context()); err != nil || left != accounts {
			t.Errorf("%d accounts are left, error %v", left, err)
		}
		// Of each account, its own events are read twice: to see whether it is deleted, and to erase their texts.
		if want := accounts + deletions + 2*accounts; counted.read != want {
			t.Errorf("%d events are read, want %d", counted.read, want)
		}
	})
}
