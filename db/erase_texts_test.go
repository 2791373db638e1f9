package db_test

import (
	"testing"

	"crm/auth"
	"crm/db"
	"crm/db/entity"
	"crm/db/store"
)

// TestErasedTexts checks which texts of a ticket are erased when its customer deletes themself: what the customer wrote last, even if
// nothing has read the event of that yet, and not what the staff write meanwhile.
func TestErasedTexts(t *testing.T) {
	t.Parallel()
	customers, staff := "written by the customer", "written by staff"
	for name, test := range map[string]struct {
		created, rewritten, meanwhile string
		byCustomer                    bool
		want                          string
	}{
		"by the customer":                      {created: customers, byCustomer: true, want: entity.ErasedText},
		"by the customer, rewritten":           {created: customers, byCustomer: true, rewritten: staff, want: staff},
		"by the customer, rewritten meanwhile": {created: customers, byCustomer: true, meanwhile: staff, want: staff},
		"by staff":                             {created: staff, want: staff},
		"by staff, rewritten":                  {created: staff, rewritten: customers, want: entity.ErasedText},
		"by staff, rewritten meanwhile":        {created: "by staff", meanwhile: staff, want: staff},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, engine store.Store) {
				carl := customer(t, engine)
				scopes := map[bool]auth.Scope{true: {Role: auth.Customer, Account: carl.ID}, false: {Role: auth.Admin, Account: store.NewID()}}
				d := db.New(engine, nil, db.Options{})
				customerID := carl.GlobalID()
				ticket, err := d.CreateTicket(t.Context(), scopes[test.byCustomer], db.NewTicket{
					CustomerID: &customerID, Description: test.created, Priority: db.PriorityLow,
				})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := engine.MoveEvents(t.Context(), 10); err != nil {
					t.Fatal(err)
				}
				write := func(by auth.Scope, text string) {
					t.Helper()
					if _, err := d.UpdateTicket(t.Context(), by, ticket.ID, nil, db.TicketChanges{Description: &text}); err != nil {
						t.Error(err)
					}
				}
				if test.rewritten != "" {
					write(scopes[!test.byCustomer], test.rewritten)
				}
				erasing := db.New(&overtaken{engine, db.Tickets.Collection, 0, func() {
					if test.meanwhile != "" {
						write(scopes[false], test.meanwhile)
					}
				}}, nil, db.Options{})
				if _, err := erasing.DeleteCustomer(t.Context(), scopes[true], carl.ID, nil, false); err != nil {
					t.Fatal(err)
				}
				left, err := d.Tickets.Get(t.Context(), auth.SystemScope(), ticket.ID)
				if err != nil || left.Title != test.want || left.Description != test.want {
					t.Errorf("the ticket is %q: %q, want %q; error %v", left.Title, left.Description, test.want, err)
				}
				found, err := engine.Count(t.Context(), db.Tickets.Collection, store.Compare(store.OpContains, "description_key", test.want))
				if err != nil || found != 1 {
					t.Errorf("a search for %q finds %d tickets, error %v", test.want, found, err)
				}
			})
		})
	}
}
