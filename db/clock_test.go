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

		event := &store.Event{ID: store.NewID(), Type: db.EventCustomerCreated, Entity: store.NewID()}
		for channel, d := range map[string]*db.DB{"first": ahead, "second": at(right, 6*time.Hour)} {
			delivery := d.NewDelivery(event, channel, "")
			if err := engine.Insert(t.Context(), db.Deliveries.Collection, delivery); err != nil {
				t.Fatal(err)
			}
		}
		if err := right.NewSweeper().Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		due, err := entity.Find[db.Delivery](t.Context(), engine, db.Deliveries.Collection, store.Query{
			Where: store.Compare(store.OpLte, "next_attempt_at", time.Now()),
		})
		if err != nil || len(due) != 1 {
			t.Errorf("%d deliveries are due, want that of tomorrow: %v", len(due), err)
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
