package resolvers_test

import (
	"fmt"
	"testing"
	"time"

	"crm/auth"
	"crm/db"
	"crm/db/store"
	"crm/db/textkey"
)

// TestStoreCalls checks that an operation's cost depends only on its shape: the number of store calls is the same for 1, 10
// and 100 parents, in every form of the same nested query.
func TestStoreCalls(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		admin := s.signUpUser("Rohan")
		for _, test := range []struct {
			name, query string
			calls       int
		}{
			{"nodes", `query($n: Int!) { customers(first: $n) { nodes { interactions(first: 5) { nodes {
				tickets(first: 3) { nodes { assignee { name } } } } } } } }`, 4},
			{"edges", `query($n: Int!) { customers(first: $n) { edges { node { interactions(first: 5) { edges { node {
				tickets(first: 5) { edges { node { assignee { name } } } } } } } } } } }`, 4},
			{"one alias", `query($n: Int!) { c: customers(first: $n) { n: nodes { i: interactions(first: 5) { n: nodes {
				t: tickets(first: 5) { n: nodes { a: assignee { name } } } } } } } }`, 4},
			{"the same twice", `query($n: Int!) { customers(first: $n) { nodes {
				a: interactions(first: 5) { nodes { tickets { nodes { assignee { name } } } } }
				b: interactions(first: 5) { edges { node { tickets { nodes { assignee { email } } } } } } } } }`, 4},
			{"two lists", `query($n: Int!) { customers(first: $n) { nodes {
				a: interactions(first: 2) { nodes { tickets { nodes { assignee { name } } } } }
				b: interactions(last: 1) { nodes { id } } } } }`, 5},
			{"fragments", `query($n: Int!) { customers(first: $n) { ...C } }
				fragment C on CustomerConnection { nodes { ...I ...J } }
				fragment I on Customer { interactions(first: 5) { nodes { ...T } } }
				fragment J on Customer { interactions(first: 5) { nodes { ... on Interaction { tickets(first: 5) { nodes { assignee { email } } } } } } }
				fragment T on Interaction { tickets(first: 5) { nodes { id assignee { name } } } }`, 4},
			{"up again", `query($n: Int!) { customers(first: $n) { nodes { interactions { nodes {
				customer { name } user { name } } } } } }`, 4},
			{"the same documents in two places", `query($n: Int!) { customers(first: $n) { nodes { interactions(first: 5) { nodes {
				tickets(first: 3) { nodes { customer { interactions(first: 1) { nodes { id } } } } }
				customer { tickets(first: 2) { nodes { id } } } } } } } }`, 7},
			{"the same documents in two places, the other way round", `query($n: Int!) { customers(first: $n) { nodes { interactions(first: 5) { nodes {
				customer { tickets(first: 2) { nodes { id } } }
				tickets(first: 3) { nodes { customer { interactions(first: 1) { nodes { id } } } } } } } } } }`, 7},
			{"counts", `query($n: Int!) { customers(first: $n) { totalCount nodes { interactions(first: 1) {
				totalCount pageInfo { hasNextPage } nodes { tickets { totalCount } } } } } }`, 6},
			{"node", `query($id: ID!) { node(id: $id) { ... on User { assignedTickets { nodes {
				customer { name } interaction { title } } } } } }`, 4},
		} {
			t.Run(test.name, func(t *testing.T) {
				for _, n := range []int{1, 10, 100} {
					s.fill(n)
					s := s.in(t)
					a := s.must(admin.token, test.query, variables{"n": n, "id": admin.id})
					if calls := a.Extensions.Cost.StoreCalls; calls != test.calls {
						t.Errorf("with %d customers: %d store calls, want %d", n, calls, test.calls)
					}
				}
			})
		}
	})
}

// in returns the server for a subtest.
func (s *server) in(t *testing.T) *server {
	t.Helper()
	in := *s
	in.t = t
	return &in
}

// fill creates customers until there are n, each with two interactions, each with two assigned tickets.
func (s *server) fill(n int) {
	s.t.Helper()
	ctx := s.t.Context()
	admin, err := s.db.LogInUser(ctx, db.Credentials{Email: "rohan@example.com", Password: password})
	if err != nil {
		s.t.Fatal(err)
	}
	scope := auth.Scope{Role: auth.Admin, Account: admin.ID}
	have, err := s.db.Customers.Count(ctx, scope, store.Filter{})
	if err != nil {
		s.t.Fatal(err)
	}
	for i := have; i < n; i++ {
		customer, err := s.db.CreateCustomer(ctx, scope, db.NewCustomer{Name: "C", Email: fmt.Sprintf("c%d@example.org", i)})
		if err != nil {
			s.t.Fatal(err)
		}
		for range 2 {
			s.fillInteraction(scope, customer)
		}
	}
}

// fillInteraction writes directly to the store: package db would take minutes on a slow engine.
func (s *server) fillInteraction(scope auth.Scope, customer *db.Customer) {
	s.t.Helper()
	at := time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC)
	interaction := &db.Interaction{
		ID: store.NewID(), UserID: scope.Account, CustomerID: customer.ID, Kind: db.KindTask, Title: "I",
		Status: db.InteractionPlanned, StartTime: at, CreatedAt: at, UpdatedAt: at, Version: 1,
	}
	interaction.SetKeys(textkey.Default())
	s.insert(db.Interactions.Collection, interaction)
	for range 2 {
		assignee := store.ID(scope.Account)
		s.insert(db.Tickets.Collection, &db.Ticket{
			ID: store.NewID(), InteractionID: &interaction.ID, CustomerID: customer.ID, InteractionUserID: &interaction.UserID,
			AssigneeID: &assignee, Description: "T", Status: db.TicketOpen, Priority: db.PriorityLow,
			CreatedAt: at, UpdatedAt: at, Version: 1,
		})
	}
}

func (s *server) insert(c *store.Collection, doc store.Document) {
	s.t.Helper()
	if err := s.store.Insert(s.t.Context(), c, doc); err != nil {
		s.t.Fatal(err)
	}
}
