package resolvers_test

import (
	"strings"
	"testing"

	"crm/db"
	"crm/db/store"
)

// TestCustomerDeletesThemself checks that the staff's records stay, and that nothing that the customer wrote does.
func TestCustomerDeletesThemself(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		s.must(w.people["cleo"].token, worldMutation(w, `updateTicket(input: {id: $leak, description: "my own words"}) { ticket { id } }`), w.variables())
		w.ids["ours"] = s.createTicket(w.people["uma"], w.ids["plan"], "written by staff")
		w.ids["answered"] = s.createTicket(w.people["cleo"], w.ids["plan"], "my own words")
		s.must(w.people["uma"].token, worldMutation(w, `updateTicket(input: {id: $answered, title: "rewritten by staff", description: "rewritten by staff"}) { ticket { id } }`), w.variables())
		s.settle()
		a := s.must(w.people["cleo"].token, worldMutation(w, `deleteCustomer(input: {id: $cleo, cascade: true}) { deletedId deletedInteractions deletedTickets }`), w.variables())
		if a.at("deleteCustomer.deletedInteractions") != 0.0 || a.at("deleteCustomer.deletedTickets") != 0.0 {
			t.Errorf("deleted %s", a.raw)
		}
		a = s.must(w.people["uma"].token, worldQuery(w, `interaction(id: $plan) { title customer { name } }
			leak: ticket(id: $leak) { title description customer { name } } ours: ticket(id: $ours) { title description } answered: ticket(id: $answered) { description }`), w.variables())
		for path, want := range map[string]any{
			"interaction.title": "plan", "interaction.customer": nil, "leak.title": "[deleted]", "leak.description": "[deleted]",
			"leak.customer": nil, "ours.title": "written by staff", "ours.description": "written by staff",
			"answered.description": "rewritten by staff",
		} {
			if got := a.at(path); got != want {
				t.Errorf("%s is %v, want %v", path, got, want)
			}
		}
		if a := s.must(w.people["uma"].token, `{ tickets(where: {title: {contains: "own"}}) { totalCount } }`, nil); a.at("tickets.totalCount") != 0.0 {
			t.Errorf("the erased text is found: %s", a.raw)
		}
		s.settle()
		unplanned, err := s.db.UnplannedEvents(t.Context(), 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, event := range unplanned {
			if err := s.db.PlanDeliveries(t.Context(), &db.Plan{Event: event}); err != nil {
				t.Fatal(err)
			}
		}
		if left, err := s.db.EraseDeleted(t.Context()); err != nil || left > 0 {
			t.Fatalf("%d accounts are left: %v", left, err)
		}
		events, err := s.db.Log.Find(t.Context(), store.Filter{}, 0, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, event := range events {
			if strings.Contains(event.Data, "own words") {
				t.Errorf("an event contains the erased text: %s", event.Data)
			}
		}
	})
}
