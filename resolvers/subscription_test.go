package resolvers_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"crm/db"
	"crm/db/store"
	"crm/graph"
)

const ticketChanges = `subscription($where: TicketWhere, $after: String) {
	ticketChanged(where: $where, after: $after) { seq at kind ticketId ticket { id status description assignee { name } viewerCan } } }`

// step is an event, and the changes that each viewer receives.
type step struct {
	name string
	do   func(w *world)
	want map[string]string
}

func byMutation(who, query string, vars func(w *world) variables) func(w *world) {
	return func(w *world) { w.s.must(w.people[who].token, query, variables{"in": vars(w)}) }
}

func moveLeak(who, status string) func(w *world) {
	return byMutation(who, `mutation($in: MoveTicketInput!) { moveTicket(input: $in) { ticket { id } } }`,
		func(w *world) variables { return variables{"id": w.ids["leak"], "status": status} })
}

func describeLeak(who, description string) func(w *world) {
	return byMutation(who, `mutation($in: UpdateTicketInput!) { updateTicket(input: $in) { ticket { id } } }`,
		func(w *world) variables { return variables{"id": w.ids["leak"], "description": description} })
}

func assignLeak(who string, assignee string) func(w *world) {
	return byMutation(who, `mutation($in: AssignTicketInput!) { assignTicket(input: $in) { ticket { id } } }`,
		func(w *world) variables {
			if assignee == "" {
				return variables{"id": w.ids["leak"], "assigneeId": nil}
			}
			return variables{"id": w.ids["leak"], "assigneeId": w.ids[assignee]}
		})
}

func deleteLeak(w *world) {
	w.s.must(w.people["ada"].token, `mutation($in: DeleteTicketInput!) { deleteTicket(input: $in) { deletedId } }`,
		variables{"in": variables{"id": w.ids["leak"]}})
}

func raise(name, by, on string) func(w *world) {
	return func(w *world) { w.ids[name] = w.s.createTicket(w.people[by], w.ids[on], name) }
}

// received maps viewers to changes, given as "ada", "MOVED leak", "uma" and so on.
func received(pairs ...string) map[string]string {
	want := make(map[string]string)
	for i := 0; i < len(pairs); i += 2 {
		want[pairs[i]] = pairs[i+1]
	}
	return want
}

// Everybody receives the last step of each story, which shows that nobody received anything else before.
var stories = map[string]struct {
	where variables
	steps []step
}{
	"everybody receives changes of what they see": {nil, []step{
		{"raised", raise("leak", "cleo", "plan"), received("ada", "CREATED leak", "uma", "CREATED leak", "cleo", "CREATED leak")},
		{"moved", moveLeak("uma", "IN_PROGRESS"), received("ada", "MOVED leak", "uma", "MOVED leak", "cleo", "MOVED leak")},
		{"described", describeLeak("cleo", "worse"), received("ada", "UPDATED leak", "uma", "UPDATED leak", "cleo", "UPDATED leak")},
		{"comes into sight", assignLeak("uma", "otto"), received(
			"ada", "ASSIGNED leak", "uma", "ASSIGNED leak", "otto", "ASSIGNED leak", "cleo", "ASSIGNED leak")},
		{"in sight", moveLeak("otto", "RESOLVED"), received("ada", "MOVED leak", "uma", "MOVED leak", "otto", "MOVED leak", "cleo", "MOVED leak")},
		{"leaves sight", assignLeak("uma", ""), received(
			"ada", "ASSIGNED leak", "uma", "ASSIGNED leak", "otto", "REMOVED leak null", "cleo", "ASSIGNED leak")},
		{"out of sight", describeLeak("uma", "secret"), received("ada", "UPDATED leak", "uma", "UPDATED leak", "cleo", "UPDATED leak")},
		{"deleted", deleteLeak, received("ada", "REMOVED leak null", "uma", "REMOVED leak null", "cleo", "REMOVED leak null")},
		{"elsewhere", raise("end", "cato", "call"), received("ada", "CREATED end", "otto", "CREATED end", "cato", "CREATED end")},
		{"here", raise("end2", "cleo", "plan"), received("ada", "CREATED end2", "uma", "CREATED end2", "cleo", "CREATED end2")},
	}},
	"a list is kept right": {variables{"status": variables{"eq": "OPEN"}}, []step{
		{"raised", raise("leak", "cleo", "plan"), received("ada", "CREATED leak", "uma", "CREATED leak", "cleo", "CREATED leak")},
		{"ceases to match", moveLeak("uma", "IN_PROGRESS"), received(
			"ada", "REMOVED leak null", "uma", "REMOVED leak null", "cleo", "REMOVED leak null")},
		{"does not match", describeLeak("uma", "worse"), nil},
		{"comes into sight, does not match", assignLeak("uma", "otto"), nil},
		{"matches again", moveLeak("otto", "OPEN"), received("ada", "MOVED leak", "uma", "MOVED leak", "otto", "MOVED leak", "cleo", "MOVED leak")},
		{"leaves sight", assignLeak("uma", ""), received(
			"ada", "ASSIGNED leak", "uma", "ASSIGNED leak", "otto", "REMOVED leak null", "cleo", "ASSIGNED leak")},
		{"deleted", deleteLeak, received("ada", "REMOVED leak null", "uma", "REMOVED leak null", "cleo", "REMOVED leak null")},
		{"elsewhere", raise("end", "cato", "call"), received("ada", "CREATED end", "otto", "CREATED end", "cato", "CREATED end")},
		{"here", raise("end2", "cleo", "plan"), received("ada", "CREATED end2", "uma", "CREATED end2", "cleo", "CREATED end2")},
	}},
	"a filter looks through relations": {variables{"customer": variables{"company": variables{"eq": "Cleo Ltd"}}}, []step{
		{"another's", raise("noise2", "cato", "call"), nil},
		{"raised", raise("leak", "cleo", "plan"), received("ada", "CREATED leak", "uma", "CREATED leak", "cleo", "CREATED leak")},
		{"moved", moveLeak("uma", "IN_PROGRESS"), received("ada", "MOVED leak", "uma", "MOVED leak", "cleo", "MOVED leak")},
		{"matches no more", func(w *world) { moveCompany(w, "Elsewhere"); moveLeak("uma", "RESOLVED")(w) }, received(
			"ada", "REMOVED leak null", "uma", "REMOVED leak null", "cleo", "REMOVED leak null")},
		{"matches again", func(w *world) { moveCompany(w, "Cleo Ltd"); moveLeak("uma", "IN_PROGRESS")(w) }, received(
			"ada", "MOVED leak", "uma", "MOVED leak", "cleo", "MOVED leak")},
	}},
}

func moveCompany(w *world, to string) {
	w.s.must(w.people["ada"].token, `mutation($in: UpdateCustomerInput!) { updateCustomer(input: $in) { customer { id } } }`,
		variables{"in": variables{"id": w.ids["cleo"], "company": to}})
}

func TestWhoReceivesChangesOfATicket(t *testing.T) {
	t.Parallel()
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			onEachEngine(t, func(t *testing.T, s *server) {
				w := s.newWorld()
				runBroker(t, s.db)
				s.settle()
				listeners := make(map[string]*listener)
				for _, who := range []string{"ada", "uma", "otto", "cleo", "cato"} {
					listeners[who] = s.subscribe(w.people[who], ticketChanges, variables{"where": story.where})
				}
				// All subscriber groups process an event together, so when the witness receives it, the outcome is final.
				witness := s.subscribe(w.people["ada"], ticketChanges, nil)
				for _, step := range story.steps {
					step.do(w)
					witness.next()
					for _, who := range []string{"ada", "uma", "otto", "cleo", "cato"} {
						want, ok := step.want[who]
						if !ok {
							continue
						}
						if got := listeners[who].change(w); got != want {
							t.Errorf("%s: %s gets %q, want %q", step.name, who, got, want)
						}
					}
				}
			})
		})
	}
}

// settle waits until all events are in the log.
func (s *server) settle() {
	s.t.Helper()
	for range 1000 {
		moved, err := s.store.MoveEvents(s.t.Context(), 100)
		if err != nil {
			s.t.Fatal(err)
		}
		if moved == 0 {
			return
		}
	}
	s.t.Fatal("the events are not moved into the log")
}

// TestEverySubscriptionForEveryRole is the role matrix of subscriptions: it changes all objects and checks who receives the
// changes.
func TestEverySubscriptionForEveryRole(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		w.ids["mail"] = s.giveUp(w.ids["plan"])
		s.settle()
		runBroker(t, s.db)
		schema := graph.NewExecutableSchema(graph.Config{}).Schema()
		for _, test := range subscriptionRows {
			field := schema.Subscription.Fields.ForName(test.field)
			for i, want := range test.want {
				l := s.subscribe(w.asks(column(i)), subscriptionOf(schema, field), variables{"after": "0"})
				if got := w.outcomeOf(l, test.field, want); got != want {
					t.Errorf("%s: %s gets %q, want %q", test.field, column(i), got, want)
				}
				l.leave()
			}
		}
	})
}

// giveUp creates a failed message about an interaction.
func (s *server) giveUp(about string) string {
	s.t.Helper()
	now := time.Now().UTC().Truncate(time.Millisecond)
	delivery := &db.Delivery{
		ID: store.NewID(), EventID: store.NewID(), EntityID: idOf(s.t, about), Channel: "mail", Recipient: "cleo@example.org",
		Status: db.DeliveryPending, Lease: store.NewID(), NextAttemptAt: now.Add(time.Hour), CreatedAt: now,
	}
	s.insert(db.Deliveries.Collection, delivery)
	if err := s.db.SettleFailed(s.t.Context(), delivery, "550 no such user"); err != nil {
		s.t.Fatal(err)
	}
	return delivery.GlobalID()
}

func subscriptionOf(schema *ast.Schema, field *ast.FieldDefinition) string {
	id := ""
	for _, candidate := range schema.Types[field.Type.Name()].Fields {
		if strings.HasSuffix(candidate.Name, "Id") {
			id = candidate.Name
		}
	}
	return "subscription($after: String) { " + field.Name + "(after: $after) { id: " + id + " } }"
}

// outcomeOf reads as many changes as expected.
func (w *world) outcomeOf(l *listener, field, want string) string {
	l.t.Helper()
	var names []string
	for range strings.Fields(want) {
		a := l.next()
		if len(a.Errors) > 0 {
			return a.Errors[0].Extensions.Code
		}
		names = append(names, w.nameOf(a.text(field+".id")))
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}
