package db_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"crm/db"
	"crm/db/entity"
	"crm/db/mongo/mongotest"
	"crm/db/sqlite/sqlitetest"
	"crm/db/store"
	"crm/db/textkey"
	"crm/files"
)

const day = 24 * time.Hour

func onEachEngine(t *testing.T, test func(t *testing.T, engine store.Store)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, sqlitetest.OpenNew(t, db.Collections()))
	})
	t.Run("mongo", func(t *testing.T) {
		t.Parallel()
		mongotest.SkipOnStandIn(t)
		test(t, mongotest.Open(t, db.Collections()...))
	})
}

// TestSweepEvents: the events of an entity are kept while it lives, and then for the retention that was chosen.
func TestSweepEvents(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, engine store.Store) {
		d := db.New(engine, nil, db.Options{EventRetention: 100 * day})
		living, gone, goneLately := customer(t, engine), customer(t, engine), customer(t, engine)
		other := &db.Customer{ID: store.NewID()}
		for _, event := range []struct {
			of        *db.Customer
			eventType string
			age       time.Duration
			unplanned bool
		}{
			{living, db.EventCustomerCreated, 900 * day, false},
			{gone, db.EventCustomerCreated, 800 * day, false},
			{gone, db.EventCustomerUpdated, 110 * day, true},
			{gone, db.EventCustomerDeleted, 101 * day, false},
			{living, db.EventCustomerUpdated, -3650 * day, false}, // the clock was ahead
			{goneLately, db.EventCustomerCreated, 700 * day, false},
			{other, db.EventDeliveryFailed, 101 * day, false},
			{other, "comet.sighted", 101 * day, false},
			{goneLately, db.EventCustomerDeleted, 99 * day, false},
			{living, db.EventCustomerUpdated, 40 * day, false},
		} {
			err := engine.Update(t.Context(), db.Customers.Collection, living.ID, store.Filter{},
				[]store.Assignment{{Field: "version", Value: 2}}, &store.Event{
					ID: store.NewID(), Type: event.eventType, Entity: event.of.ID, At: time.Now().Add(-event.age).UTC().Truncate(time.Millisecond),
					Data: "{}", Planned: !event.unplanned,
				})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := engine.MoveEvents(t.Context(), 10); err != nil {
				t.Fatal(err)
			}
		}
		sweeper := d.NewSweeper()
		for range 2 {
			if err := sweeper.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			wantKept(t, engine, map[int]string{
				1: db.EventCustomerCreated, 3: db.EventCustomerUpdated, 5: db.EventCustomerUpdated, 6: db.EventCustomerCreated,
				9: db.EventCustomerDeleted, 10: db.EventCustomerUpdated,
			})
		}
	})
}

func customer(t *testing.T, engine store.Store) *db.Customer {
	t.Helper()
	customer := &db.Customer{ID: store.NewID(), Name: "Carl", Email: store.NewID().String() + "@customer.example", Version: 1}
	customer.SetKeys(textkey.Default())
	if err := engine.Insert(t.Context(), db.Customers.Collection, customer); err != nil {
		t.Fatal(err)
	}
	return customer
}

// wantKept checks which events are in the log, by their seq.
func wantKept(t *testing.T, engine store.Store, want map[int]string) {
	t.Helper()
	events, err := entity.Find[store.Event](t.Context(), engine, store.Events, store.Query{
		Sort: []store.Sort{{Field: "seq"}, {Field: "_id"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := map[int]string{}
	for _, event := range events {
		got[event.Seq] = event.Type
	}
	if len(got) != len(want) {
		t.Errorf("kept %v, want %v", got, want)
	}
	for seq, eventType := range want {
		if got[seq] != eventType {
			t.Errorf("kept %v, want %v", got, want)
			return
		}
	}
}

// unreachable are files that can't be reached.
type unreachable struct{ files.Store }

var errUnreachable = errors.New("the files can't be reached")

func (unreachable) Delete(context.Context, string) error { return errUnreachable }

// TestSweepWithoutFiles sweeps while the files of uploads can't be removed: old events go all the same.
func TestSweepWithoutFiles(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, engine store.Store) {
		long := time.Now().Add(-30 * day).UTC().Truncate(time.Millisecond)
		upload := &db.Upload{ID: store.NewID(), Scan: db.FileClean, CreatedAt: long, StoredAt: &long, ExpiresAt: long}
		if err := engine.Insert(t.Context(), db.Uploads.Collection, upload); err != nil {
			t.Fatal(err)
		}
		carrier := customer(t, engine)
		logged(t, engine, carrier, store.NewID(), "{}", db.EventCustomerDeleted)
		logged(t, engine, carrier, carrier.ID, "{}", db.EventCustomerUpdated)
		d := db.New(engine, nil, db.Options{Files: unreachable{}}).ForDemo(func() time.Time { return time.Now().Add(500 * day) }, samePasswords)
		if err := d.NewSweeper().Sweep(t.Context()); !errors.Is(err, errUnreachable) {
			t.Errorf("the error is %v", err)
		}
		wantKept(t, engine, map[int]string{2: db.EventCustomerUpdated})
	})
}
