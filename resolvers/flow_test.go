package resolvers_test

import "testing"

// TestFlow follows the walkthrough in the old application's README.
func TestFlow(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		admin := s.must("", `mutation { signUpUser(input: {name: "Rohan", email: "rohan@gmail.com", password: "rohan-secret"}) {
			user { id role active } tokens { accessToken } } }`, nil)
		if role := admin.text("signUpUser.user.role"); role != "ADMIN" {
			t.Fatalf("the first user has role %q", role)
		}
		token := admin.text("signUpUser.tokens.accessToken")
		customer := s.must("", `mutation { signUpCustomer(input: {
			name: "Rahul", email: "rahul@domain.com", password: "rahul-secret", company: "TCS", phone: "+91 22 6778 9999"}) {
			customer { id company } tokens { accessToken } } }`, nil)
		customerToken := customer.text("signUpCustomer.tokens.accessToken")

		created := s.must(token, `mutation($customer: ID!) { createInteraction(input: {
			customerId: $customer, title: "demo title", startTime: "2024-08-27T20:03:00Z", durationMinutes: 30}) {
			interaction { id title startTime endTime kind status user { email } customer { name } viewerCan version } } }`,
			variables{"customer": customer.at("signUpCustomer.customer.id")})
		id := created.text("createInteraction.interaction.id")
		for path, want := range map[string]string{
			"title": "demo title", "startTime": "2024-08-27T20:03:00Z", "endTime": "2024-08-27T20:33:00Z",
			"kind": "MEETING", "status": "PLANNED", "user.email": "rohan@gmail.com", "customer.name": "Rahul",
		} {
			if got := created.text("createInteraction.interaction." + path); got != want {
				t.Errorf("the interaction's %s is %q, want %q", path, got, want)
			}
		}

		own := s.must(token, `{ viewer { ... on User { interactions { totalCount nodes { id } } } } }`, nil)
		all := s.must(token, `{ interactions { totalCount edges { cursor node { id customer { company } } } } }`, nil)
		if own.text("viewer.interactions.nodes.0.id") != id || all.text("interactions.edges.0.node.id") != id {
			t.Errorf("the interaction isn't listed: %s, %s", own.raw, all.raw)
		}
		if all.text("interactions.edges.0.node.customer.company") != "TCS" {
			t.Errorf("the customer isn't nested: %s", all.raw)
		}

		ticket := s.must(customerToken, `mutation($id: ID!) { createTicket(input: {interactionId: $id, description: "It is broken"}) {
			ticket { id status priority allowedTransitions viewerCan interaction { title } } } }`, variables{"id": id})
		ticketID := ticket.text("createTicket.ticket.id")
		if ticket.text("createTicket.ticket.status") != "OPEN" || ticket.text("createTicket.ticket.priority") != "MEDIUM" {
			t.Errorf("a new ticket is %s", ticket.raw)
		}
		mine := s.must(customerToken, `{ viewer { ... on Customer { tickets { nodes { id } } } } tickets { totalCount } }`, nil)
		if mine.text("viewer.tickets.nodes.0.id") != ticketID || mine.at("tickets.totalCount") != 1.0 {
			t.Errorf("the customer's tickets are %s", mine.raw)
		}
		s.must(customerToken, `mutation($id: ID!) { updateTicket(input: {id: $id, description: "It is still broken"}) {
			ticket { description version } } }`, variables{"id": ticketID})
		for _, status := range []string{"IN_PROGRESS", "RESOLVED"} {
			moved := s.must(token, `mutation($id: ID!, $status: TicketStatus!) { moveTicket(input: {id: $id, status: $status}) {
				ticket { status } } }`, variables{"id": ticketID, "status": status})
			if moved.text("moveTicket.ticket.status") != status {
				t.Errorf("the moved ticket is %s", moved.raw)
			}
		}
		changed := s.must(token, `mutation($id: ID!) { updateInteraction(input: {id: $id, title: "another title",
			startTime: "2024-08-28T09:00:00+02:00"}) { interaction { title startTime endTime version } } }`, variables{"id": id})
		if changed.text("updateInteraction.interaction.endTime") != "2024-08-28T07:30:00Z" {
			t.Errorf("the end didn't move with the start: %s", changed.raw)
		}
		s.must(token, `mutation($id: ID!) { cancelInteraction(input: {id: $id}) { interaction { status } } }`, variables{"id": id})
		s.refused(token, `mutation($id: ID!) { deleteInteraction(input: {id: $id}) { deletedId } }`, variables{"id": id}, "CONFLICT")
		s.must(token, `mutation($id: ID!) { deleteTicket(input: {id: $id}) { deletedId } }`, variables{"id": ticketID})
		s.must(token, `mutation($id: ID!) { deleteInteraction(input: {id: $id}) { deletedId deletedTickets } }`, variables{"id": id})
		s.refused(token, `query($id: ID!) { interaction(id: $id) { id } }`, variables{"id": id}, "NOT_FOUND")
	})
}
