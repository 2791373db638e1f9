package notify

import (
	"context"
	"math/rand/v2"

	"crm/auth"
	"crm/db"
)

// history is a random sequence of changes to a meeting, its tickets and the accounts that these concern. Nobody else changes
// them, so the history knows who has to be told of each change.
type history struct {
	name    string
	world   *world
	random  *rand.Rand
	servers []*db.DB
	// erases is called with an account whose deletion is complete.
	erases func(*person)

	customer, ada *person
	users         []*person
	meeting       meeting
	tickets       []*ticket
}

func newHistory(w *world, name string, random *rand.Rand) *history {
	h := &history{
		name: name, world: w, random: random, meeting: meeting{record: newRecord(name + "m")},
		ada: &person{name: "ada", scope: w.as(w.ada)}, customer: newPerson(name+"c", auth.Customer),
		users: []*person{newPerson(name+"u", auth.User), newPerson(name+"v", auth.User)},
	}
	c := h.customer
	w.insert(db.Customers.Collection, &db.Customer{ID: *c.id(), Name: c.name, Email: c.addresses[0]})
	for _, u := range h.users {
		w.insert(db.Users.Collection, &db.User{ID: *u.id(), Name: u.name, Email: u.addresses[0], Role: auth.User})
	}
	return h
}

// play plays the history.
func (h *history) play(ctx context.Context) error {
	if err := h.plan(ctx); err != nil {
		return err
	}
	endings := []change{h.deleteMeeting, h.deleteCustomer, h.leave, h.dismiss, nil, nil, nil}
	for n := 2 + h.random.IntN(8); ; n = h.random.IntN(3) {
		for do := range h.changes(n) {
			if err := do(ctx); err != nil {
				return err
			}
		}
		i := h.random.IntN(len(endings))
		if endings[i] == nil {
			return nil
		}
		if err := endings[i](ctx); err != nil {
			return err
		}
		endings[i] = nil
	}
}

// change is one change, in whatever state the history is.
type change func(context.Context) error

// changes yields n random changes that are possible.
func (h *history) changes(n int) func(yield func(change) bool) {
	return func(yield func(change) bool) {
		for range n {
			possible := append([]change{h.moveHouse}, h.meetingChanges()...)
			for _, t := range h.tickets {
				possible = append(possible, h.ticketChanges(t)...)
			}
			if !yield(possible[h.random.IntN(len(possible))]) {
				return
			}
		}
	}
}

// server returns one of the servers.
func (h *history) server() *db.DB { return h.servers[h.random.IntN(len(h.servers))] }

// oneOf returns one of those people who have an account.
func (h *history) oneOf(people ...*person) *person {
	var present []*person
	for _, p := range people {
		if p != nil && !p.deleted {
			present = append(present, p)
		}
	}
	return present[h.random.IntN(len(present))]
}

// colleague returns the other user, nil if that one was deleted.
func (h *history) colleague(of *person) *person {
	for _, u := range h.users {
		if u != of && !u.deleted {
			return u
		}
	}
	return nil
}

// moveHouse gives somebody another address.
func (h *history) moveHouse(ctx context.Context) error {
	p := h.oneOf(h.customer, h.users[0], h.users[1])
	address, by := p.nextAddress(), h.ada // people need a mailed link to change their own
	if p == h.customer {
		_, err := h.server().UpdateCustomer(ctx, by.scope, *p.id(), nil, db.CustomerChanges{Email: &address})
		return err
	}
	_, err := h.server().UpdateUser(ctx, by.scope, *p.id(), nil, db.UserChanges{Email: &address})
	return err
}
