package resolvers_test

import (
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"crm/db"
)

const takeTicket = `mutation($id: ID!) { takeTicket(input: {id: $id}) { ticket { id assignee { name } } } }`

// raise raises a ticket of a customer without an interaction.
func (w *world) raise(by, customer, title string) {
	w.s.t.Helper()
	in := variables{"description": title}
	if by != customer {
		in["customerId"] = w.ids[customer]
	}
	a := w.s.must(w.people[by].token, `mutation($in: CreateTicketInput!) { createTicket(input: $in) { ticket { id } } }`, variables{"in": in})
	w.ids[title] = a.text("createTicket.ticket.id")
	tick()
}

// tick waits for the clock's next millisecond: a merge orders the messages of several tickets by their times, of which equal ones would
// leave their order to chance.
func tick() {
	for now := time.Now().UnixMilli(); time.Now().UnixMilli() == now; {
		runtime.Gosched()
	}
}

// TestTicketsWithoutAnInteraction asks for a ticket that nobody is responsible for, and for the same ticket when somebody has taken
// it, in every way.
func TestTicketsWithoutAnInteraction(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		w.raise("cleo", "cleo", "lost")
		a := s.must(w.people["cleo"].token, worldQuery(w, `ticket(id: $lost) { number status interaction { id } customer { name } assignee { id }
			waitingSince createdAt viewerCan }`), w.variables())
		if a.at("ticket.number") == nil || a.at("ticket.interaction") != nil || a.text("ticket.customer.name") != "Cleo" ||
			a.text("ticket.waitingSince") != a.text("ticket.createdAt") || words(a.at("ticket.viewerCan")) != "UPDATE MOVE REPLY DELETE" {
			t.Errorf("the customer's ticket is %s", a.raw)
		}
		see := func(when string, want map[string]string) {
			t.Helper()
			for _, selection := range []string{
				`tickets(where: {interactionId: {isNull: true}}) { nodes { id } totalCount }`,
				`nodes(ids: [$lost]) { id }`,
				`tickets(where: {not: {interaction: {title: {startsWith: "p"}}}, title: {eq: "lost"}}) { nodes { id } totalCount }`,
			} {
				for viewer, names := range want {
					a := s.must(w.people[viewer].token, worldQuery(w, selection), w.variables())
					if got := w.namesIn(a.Data); got != names {
						t.Errorf("%s, %s sees %q by %s, want %q", when, viewer, got, selection, names)
					}
					checkCounts(t, selection, a.Data)
				}
			}
		}
		see("in the queue", map[string]string{"cleo": "lost", "cato": "", "uma": "lost", "otto": "lost", "ada": "lost"})
		for viewer, want := range map[string]string{"otto": "lost noise", "ada": "leak lost noise", "cleo": "leak lost"} {
			a := s.must(w.people[viewer].token, `{ tickets(where: {assigneeId: {isNull: true}}) { nodes { id } } }`, nil)
			if got := w.namesIn(a.Data); got != want {
				t.Errorf("%s sees %q without an assignee, want %q", viewer, got, want)
			}
		}
		if a := s.must(w.people["otto"].token, takeTicket, variables{"id": w.ids["lost"]}); a.text("takeTicket.ticket.assignee.name") != "Otto" {
			t.Errorf("taking the ticket answers %s", a.raw)
		}
		see("taken by otto", map[string]string{"cleo": "lost", "cato": "", "uma": "", "otto": "lost", "ada": "lost"})
		s.must(w.people["otto"].token, takeTicket, variables{"id": w.ids["lost"]}) // again, which changes nothing
		if a := s.must(w.people["otto"].token, worldQuery(w, `ticket(id: $lost) { version viewerCan }`), w.variables()); a.at("ticket.version") != 2.0 ||
			words(a.at("ticket.viewerCan")) != "UPDATE MOVE ASSIGN REPLY ADD_NOTE MERGE" {
			t.Errorf("the taken ticket is %s", a.raw)
		}
		for viewer, code := range map[string]string{"uma": "CONFLICT", "ada": "CONFLICT", "cleo": deny} {
			s.refused(w.people[viewer].token, takeTicket, variables{"id": w.ids["lost"]}, code)
		}
		// It returns to the queue when it is assigned to nobody, and when its assignee is deleted.
		s.must(w.people["otto"].token, worldMutation(w, `assignTicket(input: {id: $lost, assigneeId: null}) { ticket { id } }`), w.variables())
		see("given back", map[string]string{"uma": "lost", "otto": "lost"})
		w.people["eve"] = s.hire(w.people["ada"], "Eve")
		s.must(w.people["eve"].token, takeTicket, variables{"id": w.ids["lost"]})
		see("taken by eve", map[string]string{"uma": "", "otto": "", "eve": "lost"})
		s.must(w.people["ada"].token, `mutation($id: ID!) { deleteUser(input: {id: $id}) { deletedId } }`, variables{"id": w.people["eve"].id})
		see("left behind", map[string]string{"uma": "lost", "otto": "lost"})
		s.must(w.people["cleo"].token, worldMutation(w, `deleteTicket(input: {id: $lost}) { deletedId }`), w.variables())
		see("deleted", map[string]string{"cleo": "", "uma": "", "ada": ""})
	})
}

// TestTwoTakeATicket lets two users take the same tickets at the same time, again and again.
func TestTwoTakeATicket(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		for range 5 {
			w.raise("cleo", "cleo", "lost")
			var running sync.WaitGroup
			var answers [2]answer
			for i, who := range []string{"uma", "otto"} {
				running.Go(func() { answers[i] = s.ask(w.people[who].token, takeTicket, variables{"id": w.ids["lost"]}) })
			}
			running.Wait()
			won := 0
			for i, name := range []string{"Uma", "Otto"} {
				a := answers[i]
				if a.text("takeTicket.ticket.assignee.name") == name {
					won++
				} else if len(a.Errors) != 1 || a.Errors[0].Extensions.Code != "CONFLICT" {
					t.Errorf("%s gets %s", name, a.raw)
				}
			}
			if won != 1 {
				t.Errorf("%d have taken one ticket", won)
			}
		}
	})
}

// TestChangesOfQueuedTickets lets staff and the customer watch a ticket that waits in the queue and is taken.
func TestChangesOfQueuedTickets(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		runBroker(t, s.db)
		s.settle()
		listeners := map[string]*listener{}
		for _, who := range []string{"cleo", "uma", "otto", "ada"} {
			listeners[who] = s.subscribe(w.people[who], ticketChanges, nil)
		}
		expect := func(want map[string]string) {
			t.Helper()
			for who, change := range want {
				if got := listeners[who].change(w); got != change {
					t.Errorf("%s gets %q, want %q", who, got, change)
				}
			}
		}
		w.raise("cleo", "cleo", "lost")
		expect(map[string]string{"cleo": "CREATED lost", "uma": "CREATED lost", "otto": "CREATED lost", "ada": "CREATED lost"})
		s.must(w.people["uma"].token, takeTicket, variables{"id": w.ids["lost"]})
		expect(map[string]string{"cleo": "ASSIGNED lost", "uma": "ASSIGNED lost", "otto": "REMOVED lost null", "ada": "ASSIGNED lost"})
		s.must(w.people["uma"].token, worldMutation(w, `moveTicket(input: {id: $lost, status: PENDING}) { ticket { id } }`), w.variables())
		expect(map[string]string{"cleo": "MOVED lost", "uma": "MOVED lost", "ada": "MOVED lost"})
		s.must(w.people["uma"].token, worldMutation(w, `assignTicket(input: {id: $lost, assigneeId: null}) { ticket { id } }`), w.variables())
		expect(map[string]string{"cleo": "ASSIGNED lost", "uma": "ASSIGNED lost", "otto": "ASSIGNED lost", "ada": "ASSIGNED lost"})
	})
}

// TestWithoutASharedQueue serves with SHARED_QUEUE=false: only admins see what waits.
func TestWithoutASharedQueue(t *testing.T) {
	t.Parallel()
	test := func(t *testing.T, s *server) {
		w := s.newWorld()
		runBroker(t, s.db)
		s.settle()
		otto := s.subscribe(w.people["otto"], ticketChanges, nil)
		w.raise("cleo", "cleo", "lost")
		w.raise("uma", "cleo", "called") // uma is its assignee, or she wouldn't see it
		for viewer, want := range map[string]string{"cleo": "called lost", "uma": "called", "otto": "", "ada": "called lost"} {
			a := s.must(w.people[viewer].token, `{ tickets(where: {interactionId: {isNull: true}}) { nodes { id } totalCount } }`, nil)
			if got := w.namesIn(a.Data); got != want {
				t.Errorf("%s sees %q, want %q", viewer, got, want)
			}
		}
		for _, id := range []string{"lost", "called"} {
			s.refused(w.people["otto"].token, takeTicket, variables{"id": w.ids[id]}, hide)
		}
		w.assign("lost", "otto")
		if got := otto.change(w); got != "ASSIGNED lost" {
			t.Errorf("otto first gets %q", got)
		}
	}
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, serve(t, openSQLite(t), db.Options{NoSharedQueue: true}))
	})
	t.Run("mongo", func(t *testing.T) {
		t.Parallel()
		test(t, serve(t, openMongo(t), db.Options{NoSharedQueue: true}))
	})
}

// TestWhoseTicket raises tickets for customers and on interactions, also contradictory ones.
func TestWhoseTicket(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		for _, test := range []struct{ by, input, want string }{
			{"uma", `customerId: $cato`, ""},
			{"uma", `interactionId: $plan, customerId: $cleo`, ""},
			{"cleo", `interactionId: $plan, customerId: $cleo`, ""},
			{"cleo", `customerId: $cleo`, ""},
			{"uma", ``, "BAD_USER_INPUT input.customerId"},
			{"uma", `interactionId: null, customerId: null`, "BAD_USER_INPUT input.customerId"},
			{"uma", `interactionId: $plan, customerId: $cato`, "BAD_USER_INPUT input.customerId"},
			{"uma", `customerId: $plan`, "BAD_USER_INPUT input.customerId"},
			{"uma", `interactionId: $call, customerId: $cato`, "NOT_FOUND input.interactionId"},
			{"cleo", `customerId: $cato`, "NOT_FOUND input.customerId"},
			{"cleo", `interactionId: $call`, "NOT_FOUND input.interactionId"},
		} {
			a := s.ask(w.people[test.by].token, worldMutation(w, `createTicket(input: {description: "x", `+test.input+`}) {
				ticket { id customer { id } interaction { id } } }`), w.variables())
			got := ""
			for _, problem := range a.Errors {
				got = problem.Extensions.Code + " " + problem.Extensions.Fields[0].Path
			}
			if got != test.want {
				t.Errorf("%s raises a ticket with {%s} and gets %s, want %q", test.by, test.input, a.raw, test.want)
			}
		}
	})
}

// TestTicketTimes moves a ticket and checks since when its customer waits, and when it was resolved and closed.
func TestTicketTimes(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		w.raise("uma", "cleo", "lost")
		for _, test := range []struct{ status, want string }{
			{"IN_PROGRESS", "waitingSince"}, {"PENDING", ""}, {"OPEN", "waitingSince"}, {"RESOLVED", "resolvedAt"},
			{"CLOSED", "resolvedAt closedAt"}, {"OPEN", "waitingSince"}, {"CLOSED", "closedAt"}, {"PENDING", ""}, {"RESOLVED", "resolvedAt"},
		} {
			a := s.must(w.people["uma"].token, `mutation($id: ID!, $status: TicketStatus!) { moveTicket(input: {id: $id, status: $status}) {
				ticket { status waitingSince resolvedAt closedAt } } }`, variables{"id": w.ids["lost"], "status": test.status})
			var has []string
			for _, field := range []string{"waitingSince", "resolvedAt", "closedAt"} {
				if a.at("moveTicket.ticket."+field) != nil {
					has = append(has, field)
				}
			}
			if got := strings.Join(has, " "); got != test.want {
				t.Errorf("a ticket that became %s has %q, want %q", test.status, got, test.want)
			}
		}
		a := s.must(w.people["ada"].token, `{ waiting: tickets(where: {waitingSince: {isNull: false}}) { nodes { id } }
			pending: tickets(where: {status: {eq: RESOLVED}}) { nodes { id } } }`, nil)
		if got := w.namesIn(a.at("waiting")) + ", " + w.namesIn(a.at("pending")); got != "leak noise, lost" {
			t.Errorf("waiting and resolved are %q", got)
		}
	})
}
