package resolvers_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"crm/auth"
	"crm/db"
	"crm/db/entity"
	"crm/db/store"
)

// family is a customer and a user with two interactions and three tickets, and related objects of others.
type family struct {
	people
	// kept is an interaction of others, and keptTicket a ticket on it that is assigned to the user.
	kept, keptTicket string
}

func (s *server) family() family {
	s.t.Helper()
	f := family{people: s.people()}
	s.createTicket(f.user, f.interaction, "It is lost")
	s.createTicket(f.admin, s.createInteraction(f.user, f.customer, "Another demo"), "It is late")
	f.kept = s.createInteraction(f.admin, f.stranger, "Somebody else's")
	f.keptTicket = s.createTicket(f.stranger, f.kept, "Somebody else's")
	for _, ticket := range []string{f.keptTicket, f.ticket} {
		if a := s.mutate(f.admin.token, "assignTicket", variables{"id": ticket, "assigneeId": f.user.id}, "ticket { id }"); len(a.Errors) > 0 {
			s.t.Fatal(a.raw)
		}
	}
	return f
}

// wantNothingDangling checks that no stored document refers to a missing one.
func (s *server) wantNothingDangling(admin account) {
	s.t.Helper()
	a := s.must(admin.token, `{ interactions(first: 100) { nodes { id user { id } customer { id } } }
		tickets(first: 100) { nodes { id interaction { id } customer { id } assignee { id } } }
		assigned: tickets(first: 100, where: {assigneeId: {isNull: false}}) { totalCount } }`, nil)
	assigned := 0.0
	for _, ticket := range a.at("tickets.nodes").([]any) {
		ticket := ticket.(map[string]any)
		if ticket["interaction"] == nil || ticket["customer"] == nil {
			s.t.Errorf("a ticket is orphaned: %v", ticket)
		}
		if ticket["assignee"] != nil {
			assigned++
		}
	}
	for _, interaction := range a.at("interactions.nodes").([]any) {
		if interaction := interaction.(map[string]any); interaction["user"] == nil || interaction["customer"] == nil {
			s.t.Errorf("an interaction is orphaned: %v", interaction)
		}
	}
	if a.at("assigned.totalCount") != assigned {
		s.t.Errorf("a ticket is assigned to a missing user: %s", a.raw)
	}
}

// TestDeletion deletes documents of the three kinds with dependents: without cascade each deletion is refused with the
// counts, with cascade it deletes the dependents too.
func TestDeletion(t *testing.T) {
	for _, test := range []struct {
		mutation string
		id       func(f family) string
		refusal  string
		payload  string
		deleted  map[string]any
		// left is the number of interactions and tickets that remain.
		left [2]float64
	}{
		{"deleteInteraction", func(f family) string { return f.interaction }, "the interaction has 2 tickets;", "deletedId deletedTickets",
			map[string]any{"deletedTickets": 2.0}, [2]float64{2, 2}},
		{"deleteCustomer", func(f family) string { return f.customer.id }, "2 interactions and 3 tickets", "deletedId deletedInteractions deletedTickets",
			map[string]any{"deletedInteractions": 2.0, "deletedTickets": 3.0}, [2]float64{1, 1}},
		{"deleteUser", func(f family) string { return f.user.id }, "2 interactions and 3 tickets", "deletedId deletedInteractions deletedTickets",
			map[string]any{"deletedInteractions": 2.0, "deletedTickets": 3.0}, [2]float64{1, 1}},
	} {
		t.Run(test.mutation, func(t *testing.T) {
			onEachEngine(t, func(t *testing.T, s *server) {
				f := s.family()
				id := test.id(f)
				for _, cascade := range []variables{{}, {"cascade": false}} {
					a := s.mutate(f.admin.token, test.mutation, with(variables{"id": id}, cascade), test.payload)
					s.wantProblem(a, store.Conflict, "", test.refusal)
				}
				if count := s.must(f.admin.token, `{ interactions { totalCount } tickets { totalCount } }`, nil); count.at("interactions.totalCount") != 3.0 || count.at("tickets.totalCount") != 4.0 {
					t.Fatalf("a refused deletion deleted something: %s", count.raw)
				}
				a := s.mutate(f.admin.token, test.mutation, variables{"id": id, "cascade": true}, test.payload)
				test.deleted["deletedId"] = id
				if len(a.Errors) > 0 || fmt.Sprint(a.at(test.mutation)) != fmt.Sprint(test.deleted) {
					t.Fatalf("the deletion got %s, want %v", a.raw, test.deleted)
				}
				s.wantNothingDangling(f.admin)
				if count := s.must(f.admin.token, `{ interactions { totalCount } tickets { totalCount } }`, nil); count.at("interactions.totalCount") != test.left[0] || count.at("tickets.totalCount") != test.left[1] {
					t.Errorf("%s remain, want %v", count.raw, test.left)
				}
				s.refused(f.admin.token, `query($id: ID!) { node(id: $id) { id } }`, variables{"id": id}, "NOT_FOUND")
				for _, cascade := range []bool{false, true} {
					a := s.mutate(f.admin.token, test.mutation, variables{"id": id, "cascade": cascade}, test.payload)
					s.wantProblem(a, store.NotFound, "", "no such")
				}
			})
		})
	}
}

// TestDeletedAccount checks that a deleted account is logged out at once, its address becomes available, and objects that
// were only assigned to it remain.
func TestDeletedAccount(t *testing.T) {
	alwaysOnEachEngine(t, func(t *testing.T, s *server) {
		f := s.family()
		for _, deletion := range []struct {
			who      account
			mutation string
		}{{f.user, "deleteUser"}, {f.customer, "deleteCustomer"}} {
			a := s.mutate(f.admin.token, deletion.mutation, variables{"id": deletion.who.id, "cascade": true}, "deletedId")
			if len(a.Errors) > 0 {
				t.Fatal(a.raw)
			}
			if a := s.ask(deletion.who.token, `{ viewer { __typename } }`, nil); a.Status != 401 {
				t.Errorf("after %s the account's token got %d %s", deletion.mutation, a.Status, a.raw)
			}
			s.refused("", `mutation($in: RefreshInput!) { refresh(input: $in) { viewer { __typename } } }`,
				variables{"in": variables{"refreshToken": deletion.who.refresh}}, "UNAUTHENTICATED")
		}
		for _, mutation := range []string{"logInUser", "logInCustomer"} {
			a := s.mutate("", mutation, variables{"email": f.user.email, "password": password}, "__typename")
			s.wantProblem(a, store.Unauthenticated, "", "wrong address or password")
		}
		kept := s.must(f.admin.token, `query($id: ID!) { ticket(id: $id) { status assignee { id } interaction { id } } }`, variables{"id": f.keptTicket})
		if kept.at("ticket.assignee") != nil || kept.text("ticket.interaction.id") != f.kept {
			t.Errorf("the ticket that was only assigned is %s", kept.raw)
		}
		if again := s.signUpCustomer("Rahul"); again.id == f.customer.id {
			t.Error("the new account has the deleted one's id")
		}
		again := s.hire(f.admin, "Uma")
		if seen := s.must(again.token, `{ interactions { totalCount } tickets { totalCount } }`, nil); seen.at("interactions.totalCount") != 0.0 || seen.at("tickets.totalCount") != 0.0 {
			t.Errorf("the new account sees the deleted one's objects: %s", seen.raw)
		}
	})
}

// TestOwnDeletion checks that customers may delete themselves, which keeps what the staff have recorded, but not the last admin.
func TestOwnDeletion(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		f := s.family()
		a := s.mutate(f.customer.token, "deleteCustomer", variables{"id": f.customer.id, "cascade": true}, "deletedId deletedInteractions deletedTickets")
		if a.at("deleteCustomer.deletedTickets") != 0.0 {
			t.Errorf("deleting themselves got %s", a.raw)
		}
		s.wantProblem(s.mutate(f.admin.token, "deleteUser", variables{"id": f.admin.id, "cascade": true}, "deletedId"), store.Conflict, "", "last admin")
		if a := s.must(f.admin.token, `{ interactions { totalCount } viewer { ... on User { active } } }`, nil); a.at("interactions.totalCount") != 3.0 || a.at("viewer.active") != true {
			t.Errorf("a refused deletion of the last admin left %s", a.raw)
		}
	})
}

// interrupter is a store that cancels the context at one of its writes, just before or just after it.
type interrupter struct {
	store.Store
	cut   context.CancelFunc
	left  int
	after bool
}

// write performs a write, cancels the context after it, or cancels it instead.
func (c *interrupter) write(ctx context.Context, do func() error) error {
	c.left--
	if c.left == 0 && !c.after {
		c.cut()
		return ctx.Err()
	}
	err := do()
	if c.left == 0 {
		c.cut()
		return ctx.Err()
	}
	return err
}

func (c *interrupter) Update(ctx context.Context, in *store.Collection, id store.ID, where store.Filter, set []store.Assignment, events ...*store.Event) error {
	return c.write(ctx, func() error { return c.Store.Update(ctx, in, id, where, set, events...) })
}

func (c *interrupter) Delete(ctx context.Context, in *store.Collection, id store.ID, where store.Filter, events ...*store.Event) error {
	return c.write(ctx, func() error { return c.Store.Delete(ctx, in, id, where, events...) })
}

// TestInterruptedDeletion interrupts a deletion at each of its writes, and checks that calling it again completes it: no
// interruption may leave documents that the next call can't find.
func TestInterruptedDeletion(t *testing.T) {
	alwaysOnEachEngine(t, func(t *testing.T, s *server) {
		f := s.family()
		for _, test := range []struct {
			id       string
			deletion func(d *db.DB) func(context.Context, auth.Scope, store.ID, *int, bool) (entity.Removed, error)
		}{
			{f.user.id, func(d *db.DB) func(context.Context, auth.Scope, store.ID, *int, bool) (entity.Removed, error) {
				return d.DeleteUser
			}},
			{f.stranger.id, func(d *db.DB) func(context.Context, auth.Scope, store.ID, *int, bool) (entity.Removed, error) {
				return d.DeleteCustomer
			}},
		} {
			_, id, err := db.ParseGlobalID(test.id)
			if err != nil {
				t.Fatal(err)
			}
			cuts := 0
			for ; cuts < 50; cuts++ {
				ctx, cancel := context.WithCancel(t.Context())
				// The first write of each attempt succeeds, so each makes progress.
				engine := &interrupter{Store: s.store, cut: cancel, left: 1 + cuts%2, after: cuts%2 == 0}
				_, err := test.deletion(db.New(engine, nil, db.Options{}))(ctx, auth.SystemScope(), id, nil, true)
				cancel()
				if err == nil || store.CodeOf(err) == store.NotFound {
					break
				}
				if !errors.Is(err, context.Canceled) {
					t.Fatalf("interrupted after %d attempts: %v", cuts, err)
				}
			}
			if cuts < 3 {
				t.Errorf("the deletion was interrupted only %d times", cuts)
			}
			s.wantNothingDangling(f.admin)
			s.refused(f.admin.token, `query($id: ID!) { node(id: $id) { id } }`, variables{"id": test.id}, "NOT_FOUND")
		}
		if a := s.must(f.admin.token, `{ interactions { totalCount } tickets { totalCount } }`, nil); a.at("interactions.totalCount") != 0.0 || a.at("tickets.totalCount") != 0.0 {
			t.Errorf("%s remain, want nothing", a.raw)
		}
	})
}

// TestUserDeletesInteraction has a user delete interactions of their own: those with tickets, which they may not delete, stay.
func TestUserDeletesInteraction(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		uma := w.people["uma"].token
		for _, cascade := range []bool{false, true} {
			w.ids["free"] = s.createInteraction(w.people["uma"], w.people["cleo"], "free")
			if a := s.mutate(uma, "deleteInteraction", variables{"id": w.ids["free"], "cascade": cascade}, "deletedTickets"); len(a.Errors) > 0 || a.at("deleteInteraction.deletedTickets") != 0.0 {
				t.Errorf("a user who deletes an interaction without tickets gets %s", a.raw)
			}
		}
		const refusal = "only an admin may delete tickets, and the interaction has 1"
		s.wantProblem(s.mutate(uma, "deleteInteraction", variables{"id": w.ids["plan"], "cascade": true}, "deletedId"), store.Forbidden, "input.cascade", refusal)
		s.wantProblem(s.mutate(uma, "deleteInteraction", variables{"id": w.ids["plan"]}, "deletedId"), store.Conflict, "", refusal)
		if got := w.titlesSeen("uma"); got != "leak plan" {
			t.Errorf("uma still sees %q", got)
		}
		if a := s.mutate(w.people["ada"].token, "deleteInteraction", variables{"id": w.ids["plan"], "cascade": true}, "deletedTickets"); a.at("deleteInteraction.deletedTickets") != 1.0 {
			t.Errorf("an admin gets %s", a.raw)
		}
	})
}
