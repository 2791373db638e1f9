package db_test

import (
	"testing"

	"crm/auth"
	"crm/db"
	"crm/db/store"
)

// TestBouncingCopies checks that what becomes of copies for others says nothing about the customer's address.
func TestBouncingCopies(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, engine store.Store) {
		d, carl := db.New(engine, nil, db.Options{}), customer(t, engine)
		account := auth.AccountKey(auth.Customer, carl.ID)
		bounce := func(copied bool, recipient string) *db.Delivery {
			event := &store.Event{ID: store.NewID(), Type: db.EventTicketMessageCreated, Entity: store.NewID()}
			delivery := d.NewDelivery(event, "mail", account)
			if copied {
				delivery = d.NewCopy(event, "mail", account, recipient)
			}
			delivery.MessageID, delivery.Recipient, delivery.Status = delivery.ID.String()+"@crm.example", recipient, db.DeliverySent
			if err := engine.Insert(t.Context(), db.Deliveries.Collection, delivery); err != nil {
				t.Fatal(err)
			}
			if known, err := d.ReportBounce(t.Context(), delivery.MessageID, "550 no"); !known || err != nil {
				t.Fatalf("the message is known: %t, error %v", known, err)
			}
			return delivery
		}
		isBouncing := func() bool {
			now, err := d.Customers.Get(t.Context(), auth.SystemScope(), carl.ID)
			if err != nil {
				t.Fatal(err)
			}
			return now.Bouncing()
		}
		for range 4 {
			bounce(true, "eve@other.example")
		}
		if isBouncing() {
			t.Error("the customer's address bounces because somebody else's does")
		}
		for range 3 {
			bounce(false, carl.Email)
		}
		if err := d.ClearBouncing(t.Context(), bounce(true, "jo@other.example")); err != nil || !isBouncing() {
			t.Errorf("the customer's address works again because somebody else's does; error %v", err)
		}
	})
}
