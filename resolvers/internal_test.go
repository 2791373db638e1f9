package resolvers_test

import (
	"strings"
	"testing"
)

// setInternal changes whether an interaction of the world is internal.
func (w *world) setInternal(interaction string, internal bool) {
	w.s.t.Helper()
	w.s.must(w.people["uma"].token, `mutation($in: UpdateInteractionInput!) { updateInteraction(input: $in) { interaction { id } } }`,
		variables{"in": variables{"id": w.ids[interaction], "internal": internal}})
}

// TestInternalInteractionsAreHiddenFromCustomers asks for an internal interaction of cleo, and for its ticket, in every way.
func TestInternalInteractionsAreHiddenFromCustomers(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		w.ids["secret"] = s.must(w.people["uma"].token, `mutation($in: CreateInteractionInput!) {
			createInteraction(input: $in) { interaction { id } } }`, variables{"in": variables{
			"customerId": w.ids["cleo"], "title": "ask legal", "startTime": "2050-01-01T00:00:00Z", "kind": "TASK", "internal": true,
		}}).text("createInteraction.interaction.id")
		w.ids["suit"] = s.createTicket(w.people["uma"], w.ids["secret"], "suit")
		for _, test := range []struct{ selection, cleo, uma string }{
			{`interactions { nodes { id } }`, "plan", "plan secret"},
			{`interactions(where: {internal: true}) { nodes { id } }`, "", "secret"},
			{`interactions(where: {internal: false}) { nodes { id } }`, "plan", "plan"},
			{`interactions(where: {not: {internal: false}}) { nodes { id } }`, "", "secret"},
			{`interactions(where: {title: {contains: "legal"}}) { nodes { id } }`, "", "secret"},
			{`nodes(ids: [$secret, $suit]) { id }`, "", "secret suit"},
			{`tickets { nodes { id } }`, "leak", "leak suit"},
			{`tickets(where: {interaction: {internal: true}}) { nodes { id } }`, "", "suit"},
			{`tickets(where: {interactionId: {eq: $secret}}) { nodes { id } }`, "", "suit"},
			{`viewer { ... on Customer { interactions { nodes { id } } tickets { nodes { id } } } }`, "leak plan", ""},
			{`customers { nodes { interactions { nodes { id } } tickets { nodes { id } } } }`, "leak plan", "leak plan secret suit"},
			{`users(where: {name: {eq: "Uma"}}) { nodes { interactions { nodes { id } } tickets { nodes { id } } } }`,
				"leak plan", "leak plan secret suit"},
		} {
			selection := strings.ReplaceAll(test.selection, "{ nodes { id } }", "{ nodes { id } totalCount }")
			for viewer, want := range map[string]string{"cleo": test.cleo, "uma": test.uma} {
				a := s.must(w.people[viewer].token, worldQuery(w, selection), w.variables())
				got := strings.Join(strings.Fields(strings.NewReplacer("ada", "", "cleo", "", "cato", "").Replace(w.namesIn(a.Data))), " ")
				if got != want {
					t.Errorf("%s sees %q by %s, want %q", viewer, got, selection, want)
				}
				checkCounts(t, selection, a.Data)
			}
		}
		for _, refused := range []string{
			`query($id: ID!) { interaction(id: $id) { id } }`, `query($id: ID!) { node(id: $id) { id } }`,
			`mutation($id: ID!) { createTicket(input: {interactionId: $id, description: "x"}) { ticket { id } } }`,
		} {
			s.refused(w.people["cleo"].token, refused, variables{"id": w.ids["secret"]}, hide)
		}
		s.refused(w.people["cleo"].token, `mutation($id: ID!) { moveTicket(input: {id: $id, status: CLOSED}) { ticket { id } } }`,
			variables{"id": w.ids["suit"]}, hide)
		// A user whom the customer knows only by an internal interaction is hidden, too.
		s.createTicket(w.people["cato"], w.ids["call"], "visible")
		w.setInternal("plan", true)
		if a := s.must(w.people["cleo"].token, `{ users { totalCount } tickets { totalCount } interactions { totalCount } }`, nil); a.at("users.totalCount") != 0.0 ||
			a.at("tickets.totalCount") != 0.0 || a.at("interactions.totalCount") != 0.0 {
			t.Errorf("the customer still sees %s", a.raw)
		}
		w.setInternal("plan", false)
		if a := s.must(w.people["cleo"].token, worldQuery(w, `ticket(id: $leak) { interaction { id internal } }`), w.variables()); a.text("ticket.interaction.id") != w.ids["plan"] {
			t.Errorf("the customer doesn't see the interaction again: %s", a.raw)
		}
	})
}

// TestChangesOfInternalInteractions lets an interaction become internal and back while its customer and its user watch.
func TestChangesOfInternalInteractions(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		runBroker(t, s.db)
		s.settle()
		const interactions = `subscription { interactionChanged { seq kind interactionId interaction { title } } }`
		listeners := map[string][2]*listener{}
		for _, who := range []string{"cleo", "uma"} {
			listeners[who] = [2]*listener{s.subscribe(w.people[who], interactions, nil), s.subscribe(w.people[who], ticketChanges, nil)}
		}
		expect := func(who, interaction, ticket string) {
			t.Helper()
			for i, want := range []string{interaction, ticket} {
				if got := listeners[who][i].change(w); got != want {
					t.Errorf("%s gets %q, want %q", who, got, want)
				}
			}
		}
		w.setInternal("plan", true)
		expect("cleo", "REMOVED plan null", "REMOVED leak null")
		expect("uma", "UPDATED plan", "UPDATED leak")
		s.must(w.people["uma"].token, worldMutation(w, `updateInteraction(input: {id: $plan, title: "secret"}) { interaction { id } }`), w.variables())
		s.must(w.people["uma"].token, worldMutation(w, `moveTicket(input: {id: $leak, status: IN_PROGRESS}) { ticket { id } }`), w.variables())
		expect("uma", "UPDATED plan", "MOVED leak")
		w.setInternal("plan", false)
		expect("cleo", "UPDATED plan", "UPDATED leak")
		expect("uma", "UPDATED plan", "UPDATED leak")
	})
}
