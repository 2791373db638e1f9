package db_test

import (
	"testing"

	"crm/auth"
	"crm/db"
	"crm/db/store"
	"crm/db/textkey"
)

// TestChangedMeanwhile deletes a user, or hands their work over, while somebody else changes a ticket that is assigned to them: both
// succeed, and a ticket that somebody else has got meanwhile stays theirs.
func TestChangedMeanwhile(t *testing.T) {
	t.Parallel()
	admin, high := auth.Scope{Role: auth.Admin, Account: store.NewID()}, db.PriorityHigh
	for name, act := range map[string]func(t *testing.T, d *db.DB, from, to store.ID) (assignee *store.ID, err error){
		"deleted": func(t *testing.T, d *db.DB, from, _ store.ID) (*store.ID, error) {
			_, err := d.DeleteUser(t.Context(), admin, from, nil, false)
			return nil, err
		},
		"handed over": func(t *testing.T, d *db.DB, from, to store.ID) (*store.ID, error) {
			_, err := d.HandOver(t.Context(), admin, from, to)
			return &to, err
		},
	} {
		for _, reassigned := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				onEachEngine(t, func(t *testing.T, engine store.Store) {
					d, customerID := db.New(engine, nil, db.Options{}), customer(t, engine).GlobalID()
					var users []store.ID
					for _, role := range []auth.Role{auth.User, auth.User, auth.User, auth.Admin} {
						id := store.NewID()
						user := &db.User{ID: id, Name: "U", Email: id.String() + "@crm.example", Role: role, PasswordHash: "a hash", Version: 1}
						user.SetKeys(textkey.Default())
						if err := engine.Insert(t.Context(), db.Users.Collection, user); err != nil {
							t.Fatal(err)
						}
						users = append(users, user.ID)
					}
					ticket, err := d.CreateTicket(t.Context(), admin, db.NewTicket{CustomerID: &customerID, Description: "x", Priority: db.PriorityLow})
					if err == nil {
						_, err = d.AssignTicket(t.Context(), admin, ticket.ID, nil, &users[0])
					}
					if err != nil {
						t.Fatal(err)
					}
					slow := db.New(&overtaken{engine, db.Tickets.Collection, 0, func() {
						if reassigned {
							_, err = d.AssignTicket(t.Context(), admin, ticket.ID, nil, &users[2])
						} else {
							_, err = d.UpdateTicket(t.Context(), admin, ticket.ID, nil, db.TicketChanges{Priority: &high})
						}
						if err != nil {
							t.Error(err)
						}
					}}, nil, db.Options{})
					want, err := act(t, slow, users[0], users[1])
					if err != nil {
						t.Error(err)
					}
					if reassigned {
						want = &users[2]
					}
					now, err := d.Tickets.Get(t.Context(), auth.SystemScope(), ticket.ID)
					if err != nil || (want == nil) != (now.AssigneeID == nil) || want != nil && *want != *now.AssigneeID {
						t.Errorf("reassigned %t: the ticket is assigned to %v, want %v; error %v", reassigned, now.AssigneeID, want, err)
					}
				})
			})
		}
	}
}
