package db_test

import (
	"testing"
	"time"

	"crm/auth"
	"crm/db"
	"crm/db/entity"
	"crm/db/store"
)

// at returns the domain with a clock that is off by a time.
func at(d *db.DB, off time.Duration) *db.DB {
	return d.ForDemo(func() time.Time { return time.Now().Add(off).UTC().Truncate(time.Millisecond) }, samePasswords)
}

// TestClockWasAhead checks that what was done while the clock was ahead by a day holds nobody up when it is right again.
func TestClockWasAhead(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, engine store.Store) {
		right := db.New(engine, nil, db.Options{})
		ahead := at(right, day)
		asked := func(d *db.DB) error {
			_, err := d.RequestPasswordReset(t.Context(), db.KindUser, "nobody@crm.example", "192.0.2.1")
			return err
		}
		for store.CodeOf(asked(ahead)) != store.RateLimited {
		}
		if err := asked(right); err != nil {
			t.Errorf("the limit of tomorrow is applied today: %v", err)
		}

		killed, next, later := store.NewID(), store.NewID(), store.NewID()
		if _, err := ahead.LeaseMailbox(t.Context(), "support", killed, time.Minute); err != nil {
			t.Fatal(err)
		}
		if _, err := right.LeaseMailbox(t.Context(), "support", next, time.Minute); err != nil {
			t.Errorf("the mailbox stays leased until tomorrow: %v", err)
		}
		if _, err := right.LeaseMailbox(t.Context(), "support", later, time.Minute); store.CodeOf(err) != store.NotFound {
			t.Errorf("a lease is worth nothing: %v", err)
		}
	})
}

// TestMailOfWhenTheClockWasAhead checks that mail which a clock that was ahead by a day has postponed is due when the clock is right
// again, however much it is, and an hour later if it may be on its way.
func TestMailOfWhenTheClockWasAhead(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, engine store.Store) {
		right := db.New(engine, nil, db.Options{})
		ahead := at(right, day)
		plan := func(d *db.DB) {
			t.Helper()
			event := &store.Event{ID: store.NewID(), Type: db.EventCustomerCreated, Entity: store.NewID()}
			if err := engine.Insert(t.Context(), db.Deliveries.Collection, d.NewDelivery(event, "mail", "")); err != nil {
				t.Fatal(err)
			}
		}
		plan(ahead)
		claimed, err := ahead.ClaimDelivery(t.Context(), 15*time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		const more = 501 // than are read at once
		for range more {
			plan(ahead)
		}
		plan(at(right, 6*time.Hour)) // it may wait for its next attempt
		if err := right.NewSweeper().Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		dueWithin := func(d time.Duration) []*db.Delivery {
			t.Helper()
			due, err := entity.Find[db.Delivery](t.Context(), engine, db.Deliveries.Collection, store.Query{
				Where: store.Compare(store.OpLte, "next_attempt_at", time.Now().Add(d)), Sort: []store.Sort{{Field: "next_attempt_at"}, {Field: "_id"}},
			})
			if err != nil {
				t.Fatal(err)
			}
			return due
		}
		if n := len(dueWithin(0)); n != more {
			t.Errorf("%d deliveries are due, want %d", n, more)
		}
		if due := dueWithin(time.Hour); len(due) != more+1 || due[more].ID != claimed.ID || due[more].Lease != claimed.Lease {
			t.Errorf("%d deliveries are due within an hour, want %d and the claimed one", len(due), more)
		}
	})
}

// TestClockSetBack checks that a clock that is set back doesn't lengthen how long another server believes in a session that was ended, or
// how often a refresh token may be used.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, engine store.Store) {
		right, other := db.New(engine, nil, db.Options{}), db.New(engine, nil, db.Options{})
		account := customer(t, engine)
		session, token, err := right.StartSession(t.Context(), account.ID, false)
		if err != nil {
			t.Fatal(err)
		}
		viewer := auth.Viewer{Role: auth.Customer, Account: account.ID, Session: session.ID}
		isLive := func(d *db.DB) bool {
			_, ok, err := d.Live(t.Context(), viewer)
			if err != nil {
				t.Fatal(err)
			}
			return ok
		}
		if _, _, err := right.RefreshSession(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		if _, _, err := right.RefreshSession(t.Context(), token); err != nil {
			t.Errorf("the same token is refused at once: %v", err)
		}
		if !isLive(right) {
			t.Fatal("the session isn't live")
		}
		if err := other.EndSession(t.Context(), session.ID); err != nil {
			t.Fatal(err)
		}
		if isLive(at(right, -time.Hour)) {
			t.Error("an ended session is believed in for an hour")
		}

		_, token, err = right.StartSession(t.Context(), account.ID, false)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := right.RefreshSession(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		if _, _, err := at(right, -time.Hour).RefreshSession(t.Context(), token); err == nil {
			t.Error("a used refresh token is accepted for an hour")
		}
	})
}
