package resolvers_test

import (
	"strings"
	"testing"
)

// titlesSeen returns the titles of the interactions and tickets that an account sees, sorted by type and then by title.
func (w *world) titlesSeen(who string) string {
	w.s.t.Helper()
	a := w.s.must(w.people[who].token, `{ interactions(orderBy: {field: TITLE}) { nodes { id } } tickets { nodes { id } } }`, nil)
	return w.namesIn(a.Data)
}

// TestHandOver deactivates a user and hands the open work over, in each possible way.
func TestHandOver(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		w.ids["done"] = s.createInteraction(w.people["uma"], w.people["cleo"], "done")
		w.ids["past"] = s.createInteraction(w.people["uma"], w.people["cleo"], "past")
		w.ids["open"] = s.createTicket(w.people["cleo"], w.ids["past"], "open")
		for _, id := range []string{"done", "past"} {
			s.must(w.people["uma"].token, `mutation($id: ID!) { updateInteraction(input: {id: $id, status: DONE}) { interaction { id } } }`, variables{"id": w.ids[id]})
		}
		w.assign("noise", "uma")
		const deactivate = `mutation($in: DeactivateUserInput!) { deactivateUser(input: $in) { user { active }
			openInteractions openTickets handedOverInteractions handedOverTickets } }`
		counts := func(a answer, want ...float64) {
			t.Helper()
			for i, field := range []string{"openInteractions", "openTickets", "handedOverInteractions", "handedOverTickets"} {
				if got := a.at("deactivateUser." + field); got != want[i] {
					t.Errorf("%s is %v, want %v", field, got, want[i])
				}
			}
		}
		counts(s.must(w.people["ada"].token, deactivate, variables{"in": variables{"id": w.ids["uma"]}}), 1, 3, 0, 0)
		for _, to := range []string{"uma", "cleo"} {
			s.refused(w.people["ada"].token, deactivate, variables{"in": variables{"id": w.ids["uma"], "handOverTo": w.ids[to]}}, bad)
		}
		counts(s.must(w.people["ada"].token, deactivate, variables{"in": variables{"id": w.ids["uma"], "handOverTo": w.ids["otto"]}}), 0, 0, 2, 1)
		if got := w.titlesSeen("otto"); got != "call leak noise open past plan" {
			t.Errorf("otto sees %q", got)
		}
		s.must(w.people["ada"].token, `mutation($id: ID!) { reactivateUser(input: {id: $id}) { user { id } } }`, variables{"id": w.ids["uma"]})
		w.people["uma"] = s.logInUser(w.people["uma"].email)
		if got := w.titlesSeen("uma"); got != "done" {
			t.Errorf("uma still sees %q", got)
		}
		// A user hands an interaction over, and then everything.
		s.must(w.people["otto"].token, worldMutation(w, `updateInteraction(input: {id: $plan, userId: $uma}) { interaction { user { id } } }`), w.variables())
		if got := w.titlesSeen("uma"); got != "done leak plan" {
			t.Errorf("uma sees %q", got)
		}
		s.refused(w.people["uma"].token, worldMutation(w, `handOver(input: {from: $otto, to: $uma}) { handedOverTickets }`), w.variables(), deny)
		a := s.must(w.people["otto"].token, worldMutation(w, `handOver(input: {from: $otto, to: $uma}) { handedOverInteractions handedOverTickets }`), w.variables())
		if a.at("handOver.handedOverInteractions") != 2.0 || a.at("handOver.handedOverTickets") != 1.0 || w.titlesSeen("otto") != "" {
			t.Errorf("handed over %s, and otto sees %q", a.raw, w.titlesSeen("otto"))
		}
		// What others work on isn't deleted with its user.
		w.assign("leak", "otto")
		problem := s.refused(w.people["ada"].token, `mutation($id: ID!) { deleteUser(input: {id: $id, cascade: true}) { deletedId } }`, variables{"id": w.ids["uma"]}, "CONFLICT")
		if !strings.Contains(problem.Message, "others work on a ticket on") {
			t.Errorf("the refusal says %s", problem.Message)
		}
		s.must(w.people["ada"].token, worldMutation(w, `handOver(input: {from: $uma, to: $otto}) { handedOverTickets }`), w.variables())
		s.must(w.people["ada"].token, `mutation($id: ID!) { deleteUser(input: {id: $id, cascade: true}) { deletedId } }`, variables{"id": w.ids["uma"]})
		if got := w.titlesSeen("otto"); got != "call leak noise open past plan" {
			t.Errorf("otto sees %q", got)
		}
	})
}

// TestAssigneeSeesTheInteraction assigns a ticket on another's interaction, and checks what its assignee may see and do.
func TestAssigneeSeesTheInteraction(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		runBroker(t, s.db)
		s.settle()
		otto := s.subscribe(w.people["otto"], `subscription { interactionChanged { seq kind interactionId interaction { title } } }`, nil)
		ada := s.subscribe(w.people["ada"], `subscription { interactionChanged { seq kind interactionId interaction { title } } }`, nil)
		expect := func(l *listener, want string) {
			t.Helper()
			if got := l.change(w); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		rename := func(title string) {
			s.must(w.people["uma"].token, `mutation($in: UpdateInteractionInput!) { updateInteraction(input: $in) { interaction { id } } }`,
				variables{"in": variables{"id": w.ids["plan"], "title": title}})
		}
		w.assign("leak", "otto")
		expect(otto, "UPDATED plan")
		rename("plan B")
		expect(otto, "UPDATED plan")
		expect(ada, "UPDATED plan")
		a := s.must(w.people["otto"].token, worldQuery(w, `ticket(id: $leak) { interaction { title viewerCan } } interactions { totalCount }`), w.variables())
		if a.text("ticket.interaction.title") != "plan B" || words(a.at("ticket.interaction.viewerCan")) != "" || a.at("interactions.totalCount") != 2.0 {
			t.Errorf("the assignee sees %s", a.raw)
		}
		for _, mutation := range []string{
			`updateInteraction(input: {id: $plan, title: "x"}) { interaction { id } }`, `cancelInteraction(input: {id: $plan}) { interaction { id } }`,
			`updateInteraction(input: {id: $plan, userId: $otto}) { interaction { id } }`, `deleteInteraction(input: {id: $plan, cascade: true}) { deletedId }`,
			`createTicket(input: {interactionId: $plan, description: "x"}) { ticket { id } }`,
		} {
			s.refused(w.people["otto"].token, worldMutation(w, mutation), w.variables(), deny)
		}
		w.assign("leak", "uma")
		expect(otto, "REMOVED plan null")
		rename("plan C")
		expect(ada, "UPDATED plan")
		s.refused(w.people["otto"].token, worldQuery(w, `interaction(id: $plan) { id }`), w.variables(), hide)
		w.assign("leak", "otto")
		expect(otto, "UPDATED plan")
	})
}
