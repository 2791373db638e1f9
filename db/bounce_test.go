package db_test

import (
	"strings"
	"testing"
	"time"

	"crm/auth"
	"crm/db"
	"crm/db/store"
)

// TestBouncing checks when the address of a customer counts as bouncing: after three messages that came back within two weeks, until
// another is sent later, or there is another address. Another spelling isn't one.
func TestBouncing(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, engine store.Store) {
		d, carl := db.New(engine, nil, db.Options{}), customer(t, engine)
		var returned []*db.Delivery
		deliver := func() *db.Delivery {
			event := &store.Event{ID: store.NewID(), Type: db.EventTicketMessageCreated, Entity: store.NewID()}
			delivery := d.NewDelivery(event, "mail", auth.AccountKey(auth.Customer, carl.ID))
			delivery.MessageID, delivery.Recipient, delivery.Status = delivery.ID.String()+"@crm.example", carl.Email, db.DeliverySent
			if len(returned)%2 == 1 {
				delivery.Recipient = strings.ToUpper(carl.Email)
			}
			if err := engine.Insert(t.Context(), db.Deliveries.Collection, delivery); err != nil {
				t.Fatal(err)
			}
			return delivery
		}
		bounce := func() {
			delivery := deliver()
			if known, err := d.ReportBounce(t.Context(), delivery.MessageID, "550 5.1.1 no such user"); !known || err != nil {
				t.Fatalf("the message is known: %t, error %v", known, err)
			}
			returned = append(returned, delivery)
		}
		age := func(delivery *db.Delivery) {
			set := []store.Assignment{{Field: "bounced_at", Value: time.Now().Add(-15 * day).UTC().Truncate(time.Millisecond)}}
			if err := engine.Update(t.Context(), db.Deliveries.Collection, delivery.ID, store.Filter{}, set); err != nil {
				t.Fatal(err)
			}
		}
		send := func() {
			if err := d.ClearBouncing(t.Context(), deliver()); err != nil {
				t.Fatal(err)
			}
		}
		want := func(what string, want bool) {
			t.Helper()
			now, err := d.Customers.Get(t.Context(), auth.SystemScope(), carl.ID)
			if err != nil || now.Bouncing() != want {
				t.Errorf("%s: bouncing is %t, error %v", what, now.Bouncing(), err)
			}
		}
		bounce()
		bounce()
		age(returned[0])
		bounce()
		want("after two lately and one long ago", false)
		bounce()
		want("after three lately", true)
		send()
		want("after the server has accepted another", true)
		age(returned[1])
		send()
		want("after another one later", false)
		bounce()
		want("after three again", true)
		former := carl.Email
		for _, email := range []string{"other@customer.example", former} {
			if _, err := d.UpdateCustomer(t.Context(), auth.SystemScope(), carl.ID, nil, db.CustomerChanges{Email: &email}); err != nil {
				t.Fatal(err)
			}
			want("with the address "+email, false)
		}
	})
}
