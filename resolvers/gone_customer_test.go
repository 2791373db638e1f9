package resolvers_test

import (
	"fmt"
	"slices"
	"testing"
)

// TestWorkOfGoneCustomer lets cleo delete herself: what is planned with her is cancelled, and her tickets wait for nobody and take no reply.
func TestWorkOfGoneCustomer(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		for name, in := range map[string]variables{
			"ahead":  {"startTime": "2050-01-01T00:00:00Z"},
			"secret": {"startTime": "2050-01-01T00:00:00Z", "internal": true},
			"past":   {"startTime": "2020-01-01T00:00:00Z"},
			"done":   {"startTime": "2050-01-01T00:00:00Z", "status": "DONE"},
		} {
			in["customerId"], in["title"], in["kind"] = w.ids["cleo"], name, "MEETING"
			w.ids[name] = s.must(w.people["uma"].token, `mutation($in: CreateInteractionInput!) { createInteraction(input: $in) { interaction { id } } }`,
				variables{"in": in}).text("createInteraction.interaction.id")
		}
		w.ids["asked"] = s.createTicket(w.people["cleo"], w.ids["ahead"], "asked")
		s.must(w.people["cleo"].token, worldMutation(w, `deleteCustomer(input: {id: $cleo}) { deletedId }`), w.variables())

		uma := w.people["uma"].token
		for name, want := range map[string]string{"ahead": "CANCELLED", "secret": "PLANNED", "past": "PLANNED", "done": "DONE"} {
			if got := s.must(uma, `query($id: ID!) { interaction(id: $id) { status } }`, variables{"id": w.ids[name]}).text("interaction.status"); got != want {
				t.Errorf("what was %s is %s, want %s", name, got, want)
			}
		}
		const state = `query($id: ID!) { ticket(id: $id) { status waitingSince viewerCan } tickets(where: {waitingSince: {isNull: false}}) { nodes { id } } }`
		checkNobodyWaits := func() {
			t.Helper()
			got := s.must(uma, state, variables{"id": w.ids["asked"]})
			can, _ := got.at("ticket.viewerCan").([]any)
			if got.at("ticket.waitingSince") != nil || slices.Contains(got.ids("tickets"), w.ids["asked"]) || slices.Contains(can, any("REPLY")) || !slices.Contains(can, any("ADD_NOTE")) {
				t.Errorf("the ticket is %s", got.raw)
			}
		}
		checkNobodyWaits()
		s.refused(uma, `mutation($id: ID!) { replyToTicket(input: {ticketId: $id, body: "Hello"}) { ticket { id } } }`, variables{"id": w.ids["asked"]}, "CONFLICT")
		s.must(uma, `mutation($id: ID!) { addTicketNote(input: {ticketId: $id, body: "She is gone."}) { message { id } } }`, variables{"id": w.ids["asked"]})
		for _, status := range []string{"PENDING", "OPEN", "CLOSED", "OPEN"} {
			s.must(uma, fmt.Sprintf(`mutation($id: ID!) { moveTicket(input: {id: $id, status: %s}) { ticket { id } } }`, status), variables{"id": w.ids["asked"]})
		}
		checkNobodyWaits()
	})
}
