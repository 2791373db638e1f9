package db_test

import (
	"slices"
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

// TestMailPostponedByClockAhead checks that mail which a clock that was ahead by a day has postponed is due when the clock is right
// again, however much it is, and what may be on its way an hour later, if nobody is sending it.
func TestMailPostponedByClockAhead(t *testing.T) {
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
		const lease = 15 * time.Minute
		claim := func() *db.Delivery {
			t.Helper()
			plan(ahead)
			claimed, err := ahead.ClaimDelivery(t.Context(), lease)
			if err != nil {
				t.Fatal(err)
			}
			return claimed
		}
		abandoned, beingSent := claim(), claim()
		const more = 501 // than are read at once
		for range more {
			plan(ahead)
		}
		plan(at(right, 6*time.Hour)) // it may wait for its next attempt
		sweeper := right.NewSweeper()
		for _, want := range []int{more, more + 1} {
			if err := sweeper.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			due, err := entity.Find[db.Delivery](t.Context(), engine, db.Deliveries.Collection, store.Query{
				Where: store.Compare(store.OpLte, "next_attempt_at", time.Now()),
			})
			isDue := slices.ContainsFunc(due, func(d *db.Delivery) bool { return d.ID == abandoned.ID })
			if err != nil || len(due) != want || isDue != (want > more) {
				t.Errorf("%d deliveries are due, want %d: %v", len(due), want, err)
			}
			if err := ahead.RenewLease(t.Context(), beingSent, lease); err != nil {
				t.Fatal(err)
			}
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

// TestRepliesAfterTheClockWasAhead checks that what is written on a ticket after the clock was put right has its effect, although the ticket
// was raised, resolved, and its draft saved, at times that are still to come.
func TestRepliesAfterTheClockWasAhead(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, engine store.Store) {
		right := db.New(engine, nil, db.Options{})
		ahead := at(right, day)
		cleo, asha := auth.Scope{Role: auth.Customer, Account: customer(t, engine).ID}, auth.Scope{Role: auth.Admin, Account: store.NewID()}
		ticket, err := ahead.CreateTicket(t.Context(), cleo, db.NewTicket{Description: "It is slow", Priority: db.PriorityLow})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ahead.MarkTicketSeen(t.Context(), asha, ticket.ID, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := ahead.MoveTicket(t.Context(), asha, ticket.ID, nil, db.TicketResolved); err != nil {
			t.Fatal(err)
		}
		draft := db.TicketDraft{Body: "It still is", Visibility: db.MessagePublic}
		if _, err := ahead.SaveDraft(t.Context(), cleo, ticket.ID, draft); err != nil {
			t.Fatal(err)
		}
		_, replied, err := right.ReplyToTicket(t.Context(), cleo, ticket.ID, db.NewReply{BodyText: draft.Body})
		if err != nil {
			t.Fatal(err)
		}
		if replied.Status != db.TicketOpen || replied.WaitingSince == nil {
			t.Errorf("after the customer's reply, the ticket is %s, waiting since %v", replied.Status, replied.WaitingSince)
		}
		if drafts, err := right.Drafts(t.Context(), cleo, []store.ID{ticket.ID}); err != nil || len(drafts) > 0 {
			t.Errorf("the sent draft stays: %v, %v", drafts, err)
		}
		if unread, err := right.Unread(t.Context(), asha, []*db.Ticket{replied}); err != nil || !unread[ticket.ID] {
			t.Errorf("the reply counts as seen: %v", err)
		}
		solved := db.TicketResolved
		if _, replied, err = right.ReplyToTicket(t.Context(), asha, ticket.ID, db.NewReply{BodyText: "Mended", Status: &solved}); err != nil || replied.Status != solved {
			t.Errorf("after the staff's reply, the ticket is %s: %v", replied.Status, err)
		}
	})
}
