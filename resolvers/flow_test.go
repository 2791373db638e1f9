package resolvers_test

import "testing"

// signUpBoth signs up the walkthrough's user, who becomes an admin, and its customer.
func (s *server) signUpBoth() (token, customerToken, customerID string) {
	s.t.Helper()
	admin := s.must("", `mutation { signUpUser(input: {name: "Rohan", email: "rohan@gmail.com", password: "rohan-secret"}) {
		user { id role active } tokens { accessToken } } }`, nil)
	if role := admin.text("signUpUser.user.role"); role != "ADMIN" {
		s.t.Fatalf("the first user has role %q", role)
	}
	customer := s.must("", `mutation { signUpCustomer(input: {
		name: "Rahul", email: "rahul@domain.com", password: "rahul-secret", company: "TCS", phone: "+91 22 6778 9999"}) {
		customer { id company } tokens { accessToken } } }`, nil)
	return admin.text("signUpUser.tokens.accessToken"), customer.text("signUpCustomer.tokens.accessToken"),
		customer.text("signUpCustomer.customer.id")
}

// planDemo creates the walkthrough's interaction and checks that it is listed. It returns its id.
func (s *server) planDemo(token, customerID string) string {
	s.t.Helper()
	created := s.must(token, `mutation($customer: ID!) { createInteraction(input: {
		customerId: $customer, title: "demo title", startTime: "2024-08-27T20:03:00Z", durationMinutes: 30}) {
		interaction { id title startTime endTime kind status user { email } customer { name } viewerCan version } } }`,
		variables{"customer": customerID})
	id := created.text("createInteraction.interaction.id")
	for path, want := range map[string]string{
		"title": "demo title", "startTime": "2024-08-27T20:03:00.000Z", "endTime": "2024-08-27T20:33:00.000Z",
		"kind": "MEETING", "status": "PLANNED", "user.email": "rohan@gmail.com", "customer.name": "Rahul",
	} {
		if got := created.text("createInteraction.interaction." + path); got != want {
			s.t.Errorf("the interaction's %s is %q, want %q", path, got, want)
		}
	}

	own := s.must(token, `{ viewer { ... on User { interactions { totalCount nodes { id } } } } }`, nil)
	all := s.must(token, `{ interactions { totalCount edges { cursor node { id customer { company } } } } }`, nil)
	if own.text("viewer.interactions.nodes.0.id") != id || all.text("interactions.edges.0.node.id") != id {
		s.t.Errorf("the interaction isn't listed: %s, %s", own.raw, all.raw)
	}
	if all.text("interactions.edges.0.node.customer.company") != "TCS" {
		s.t.Errorf("the customer isn't nested: %s", all.raw)
	}
	return id
}

// resolveTicket lets the customer create and change a ticket on the interaction, and the user resolve it. It returns its id.
func (s *server) resolveTicket(token, customerToken, id string) string {
	s.t.Helper()
	ticket := s.must(customerToken, `mutation($id: ID!) { createTicket(input: {interactionId: $id, description: "It is broken"}) {
		ticket { id status priority allowedTransitions viewerCan interaction { title } } } }`, variables{"id": id})
	ticketID := ticket.text("createTicket.ticket.id")
	if ticket.text("createTicket.ticket.status") != "OPEN" || ticket.text("createTicket.ticket.priority") != "MEDIUM" {
		s.t.Errorf("a new ticket is %s", ticket.raw)
	}
	mine := s.must(customerToken, `{ viewer { ... on Customer { tickets { nodes { id } } } } tickets { totalCount } }`, nil)
	if mine.text("viewer.tickets.nodes.0.id") != ticketID || mine.at("tickets.totalCount") != 1.0 {
		s.t.Errorf("the customer's tickets are %s", mine.raw)
	}
	s.must(customerToken, `mutation($id: ID!) { updateTicket(input: {id: $id, description: "It is still broken"}) {
		ticket { description version } } }`, variables{"id": ticketID})
	for _, status := range []string{"IN_PROGRESS", "RESOLVED"} {
		moved := s.must(token, `mutation($id: ID!, $status: TicketStatus!) { moveTicket(input: {id: $id, status: $status}) {
			ticket { status } } }`, variables{"id": ticketID, "status": status})
		if moved.text("moveTicket.ticket.status") != status {
			s.t.Errorf("the moved ticket is %s", moved.raw)
		}
	}
	return ticketID
}

// TestFlow follows the walkthrough in the old application's README.
func TestFlow(t *testing.T) {
	alwaysOnEachEngine(t, func(t *testing.T, s *server) {
		token, customerToken, customerID := s.signUpBoth()
		id := s.planDemo(token, customerID)
		ticketID := s.resolveTicket(token, customerToken, id)
		changed := s.must(token, `mutation($id: ID!) { updateInteraction(input: {id: $id, title: "another title",
			startTime: "2024-08-28T09:00:00+02:00"}) { interaction { title startTime endTime version } } }`, variables{"id": id})
		if changed.text("updateInteraction.interaction.endTime") != "2024-08-28T07:30:00.000Z" {
			t.Errorf("the end didn't move with the start: %s", changed.raw)
		}
		s.must(token, `mutation($id: ID!) { cancelInteraction(input: {id: $id}) { interaction { status } } }`, variables{"id": id})
		s.refused(token, `mutation($id: ID!) { deleteInteraction(input: {id: $id}) { deletedId } }`, variables{"id": id}, "CONFLICT")
		s.must(token, `mutation($id: ID!) { deleteTicket(input: {id: $id}) { deletedId } }`, variables{"id": ticketID})
		s.must(token, `mutation($id: ID!) { deleteInteraction(input: {id: $id}) { deletedId deletedTickets } }`, variables{"id": id})
		s.refused(token, `query($id: ID!) { interaction(id: $id) { id } }`, variables{"id": id}, "NOT_FOUND")
	})
}
